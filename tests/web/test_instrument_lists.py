"""The list of instruments: what an address finds, how it pages, what is exported, and that nobody sees what is not theirs."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from metrology.domain.problems import Problem
from metrology.persistence.instruments import Instrument, Seal
from metrology.persistence.journal import JournalEntry
from metrology.persistence.visits import Visit, VisitItem
from metrology.services import searching
from metrology.web import listing
from metrology.web.instrument_lists import INSTRUMENTS, selected_ids
from metrology.web.list_filters import Asking
from tests.asking import asked as asked_within
from tests.conftest import NOW, TODAY
from tests.people import create_user, sign_in
from tests.services.test_searching import OFFICER, create_holder, create_instrument, create_place


def days(count: int) -> date:
    return TODAY + timedelta(days=count)


def due(session: Session, serial: str, in_days: int | None, **facts: Any) -> Instrument:
    day = None if in_days is None else days(in_days)
    return create_instrument(session, serial, due_date=day, due_basis="ledger" if day else None, **facts)


@pytest.fixture(autouse=True)
def _today(set_today: Any) -> None:
    set_today(TODAY)


@pytest.fixture
def officer(client: FlaskClient, session: Session) -> FlaskClient:
    sign_in(client, create_user(session, "officer"))
    return client


def rows(page: str) -> list[str]:
    """Serial numbers of a page, in order."""
    return re.findall(r'<span class="mono">([^<]+)</span>', page)


def listed(client: FlaskClient, query: str = "") -> list[str]:
    answer = client.get(f"/instruments/?{query}")
    assert answer.status_code == 200
    return rows(answer.text)


def links(page: str, rel: str) -> str | None:
    found = re.search(rf'<a[^>]*rel="{rel}"[^>]*href="([^"]+)"|<a[^>]*href="([^"]+)"[^>]*rel="{rel}"', page)
    return (found[1] or found[2]).replace("&amp;", "&") if found else None


# -- filters


@pytest.fixture
def city(session: Session) -> None:
    """One instrument for each filter to find."""
    holder, other = create_holder(session, "张记水产"), create_holder(session, "李记水产")
    market = create_place(session, "东湖市场")
    stall = create_place(session, "1号摊位")
    stall.path, stall.full_name = f"{market.path}{stall.id}/", "东湖市场 / 1号摊位"
    beside = create_place(session, "西湖市场")
    beside.path = f"/{market.id}0/"  # a key that begins with the market's is not below it
    due(session, "S1", -40, holder_id=holder.id, place_id=market.id, lot_code="L7", manufacturer_key="上海友声")
    due(session, "S2", -1, holder_id=other.id, place_id=stall.id, type_code="cold_water_meter", district_code="410721")
    due(session, "S3", 0, place_id=beside.id, purpose="medical")
    planned = due(session, "S4", 30, state="awaiting_verification", is_onsite=False)
    visit = Visit(number="XC1", title="西湖", planned_on=TODAY, created_at=NOW, updated_at=NOW)
    visit.items = [VisitItem(instrument_id=planned.id, open_key=planned.id, changed_at=NOW)]
    session.add(visit)
    due(session, "S5", 31, state="suspended")
    due(session, "S6", None, district_code=None)
    due(session, "S7", -200, state="retired")
    due(session, "S8", -181, due_kind="rotation", last_verified_on=date(2020, 5, 1))
    session.flush()
    searching.index(session, *session.query(Instrument))
    session.commit()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "S8 S1 S2 S3 S4 S5 S6"),
        ("state=all", "S7 S8 S1 S2 S3 S4 S5 S6"),
        ("state=suspended&state=retired", "S7 S5"),
        ("state=nonsense", ""),
        ("due=overdue", "S8 S1 S2"),
        ("due=30", "S3 S4"),
        ("due=60", "S3 S4"),
        ("due=60&state=all", "S3 S4 S5"),
        ("due=none", "S6"),
        ("due=nonsense", ""),
        ("age=1-30", "S2"),
        ("age=31-90", "S1"),
        ("age=over-180", "S8"),
        ("age=over-180&state=all", "S7 S8"),
        ("age=1-30&age=31-90&due=overdue", "S1 S2"),
        ("district=410721", "S2"),
        ("district=none", "S6"),
        ("district=410702&due=overdue", "S8 S1"),
        ("type=cold_water_meter", "S2"),
        ("type=cold_water_meter&type=fuel_dispenser", "S2"),
        ("type=nonsense", ""),
        ("holder=1", "S1"),
        ("holder=none", "S8 S3 S4 S5 S6"),
        ("holder=nonsense", ""),
        ("holder=99999999999999999999", ""),
        ("place=1", "S1 S2"),
        ("place=2", "S2"),
        ("place=99", ""),
        ("purpose=medical", "S3"),
        ("onsite=no", "S4"),
        ("lot=L7", "S1"),
        ("lot=L", ""),
        ("manufacturer=上海 友声&q=S1", "S1"),
        ("due_kind=rotation", "S8"),
        ("due_basis=certificate", ""),
        ("planned=yes", "S4"),
        ("planned=no&due=30", "S3"),
        ("mode=first_only_rotate", "S2"),
        ("due_from=2026-11-21&due_to=2026-11-22", "S2 S3"),
        ("due_from=2026-11-22", "S3 S4"),
        ("due_from=yesterday", ""),
        ("verified_to=2020-05-01", "S8"),
        ("verified_to=2020-04-30", ""),
        ("q=东湖", "S1 S2"),
        ("q=东湖&state=in_use&type=cold_water_meter", "S2"),
        ("q=东湖 水表", "S2"),
        ("q=S5", "S5"),
        ("sort=-due", "S5 S4 S3 S2 S1 S8 S6"),
        ("sort=serial", "S1 S2 S3 S4 S5 S6 S8"),
        ("sort=verified&due=overdue", "S8 S1 S2"),
        ("type=cold_water_meter&type=digital_indicating_scale&district=410721&district=none", "S2 S6"),
        ("q=冷水水表", "S2"),
        ("q=水表", "S2"),
        ("sort=-number&state=in_use", "S8 S6 S3 S2 S1"),
        ("sort=nonsense&due=overdue", "S8 S1 S2"),
    ],
)
def test_an_address_finds(officer: FlaskClient, city: None, query: str, expected: str) -> None:
    assert listed(officer, query) == expected.split()


def test_every_filter_has_a_chip_that_takes_it_away(officer: FlaskClient, city: None) -> None:
    page = officer.get("/instruments/?due=overdue&district=410702&holder=1").text
    removals = [
        unquote(url).replace("&amp;", "&") for url in re.findall(r'<li class="chip">.*?href="([^"]+)"', page, re.DOTALL)
    ]
    assert sorted(removals) == [
        "/instruments/?district=410702&due=overdue",
        "/instruments/?district=410702&holder=1",
        "/instruments/?due=overdue&holder=1",
    ]
    assert "张记水产" in page


def test_what_hides_the_retired_says_so(officer: FlaskClient, city: None) -> None:
    page = officer.get("/instruments/?lang=en").text
    assert "all but retired and lost" in page
    assert 'href="/instruments/?state=all"' in page


def test_an_empty_list_says_what_to_do(officer: FlaskClient) -> None:
    assert "No instruments yet" in officer.get("/instruments/?lang=en").text
    assert "Nothing matches" in officer.get("/instruments/?lang=en&due=overdue").text


# -- pages


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE_SIZE", 3)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("sort", ["due", "-due", "serial", "-number"])
def test_pages_follow_each_other_and_lead_back(officer: FlaskClient, session: Session, sort: str) -> None:
    for n in range(10):
        due(session, f"P{n}", None if n % 4 == 3 else n // 2, state="suspended" if n % 2 else "in_use")
    session.commit()
    monkeypatched, pages = f"/instruments/?sort={sort}&state=suspended&state=in_use", []
    url: str | None = monkeypatched
    while url:
        page = officer.get(url).text
        pages.append(rows(page))
        last, url = url, links(page, "next")
    assert [len(one) for one in pages] == [3, 3, 3, 1]
    assert len({serial for one in pages for serial in one}) == 10
    back = [rows(officer.get(last).text)]
    url = links(officer.get(last).text, "prev")
    while url:
        page = officer.get(url).text
        back.insert(0, rows(page))
        url = links(page, "prev")
    assert back == pages


@pytest.mark.usefixtures("small_pages")
def test_a_cursor_that_was_touched_or_made_for_another_order_shows_the_first_page(
    officer: FlaskClient, session: Session
) -> None:
    for n in range(5):
        due(session, f"P{n}", n)
    session.commit()
    url = links(officer.get("/instruments/").text, "next")
    assert url is not None
    assert rows(officer.get(url).text) == ["P3", "P4"]
    assert rows(officer.get(url + "x").text) == ["P0", "P1", "P2"]
    assert rows(officer.get(url + "&sort=-due").text) == ["P4", "P3", "P2"]


@pytest.mark.usefixtures("small_pages")
def test_a_row_that_comes_or_goes_between_pages_shifts_no_other(officer: FlaskClient, session: Session) -> None:
    made = [due(session, f"P{n}", n) for n in range(6)]
    session.commit()
    url = links(officer.get("/instruments/").text, "next")
    assert url is not None
    due(session, "NEW", -5)
    made[1].state = "retired"
    session.commit()
    assert rows(officer.get(url).text) == ["P3", "P4", "P5"]


def test_a_count_over_the_cap_says_over(
    officer: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        due(session, f"P{n}", n)
    session.commit()
    monkeypatch.setattr(listing.Listing, "cap", 3)
    assert "over 3 rows" in officer.get("/instruments/?lang=en").text
    monkeypatch.setattr(listing.Listing, "cap", 4)
    assert "4 rows" in officer.get("/instruments/?lang=en").text


@pytest.mark.parametrize("sort", ["due", "-number"])
def test_a_word_in_very_many_documents_finds_the_same(
    officer: FlaskClient, city: None, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    few = listed(officer, f"q=东湖&state=all&sort={sort}")
    monkeypatch.setattr("metrology.services.finding.FEW", 1)
    assert listed(officer, f"q=东湖&state=all&sort={sort}") == few
    assert "over 2 rows" in officer.get("/instruments/?q=东湖&lang=en").text
    assert "data-all-matching" not in officer.get("/instruments/?q=东湖").text


# -- whose


def test_a_holder_sees_its_own_only(client: FlaskClient, session: Session, city: None) -> None:
    sign_in(client, create_user(session, "holder", holder_id=1))
    assert listed(client) == ["S1"]
    assert listed(client, "holder=2") == []
    assert "李记" not in client.get("/instruments/?holder=2").text
    exported = client.get("/lists/instruments/export.csv", buffered=True).get_data(as_text=True)
    assert ("张记水产" in exported, "李记水产" in exported) == (True, False)


def test_an_officer_of_a_district_sees_that_district(client: FlaskClient, session: Session, city: None) -> None:
    sign_in(client, create_user(session, "officer", district_code="410721"))
    assert listed(client, "state=all") == ["S2"]
    assert listed(client, "district=410702") == []


def test_nobody_sees_it_without_an_account(client: FlaskClient) -> None:
    assert client.get("/instruments/").status_code == 302
    assert client.get("/lists/instruments/export.csv").status_code == 302


# -- exports


def exported(client: FlaskClient, query: str) -> list[list[str]]:
    answer = client.get(f"/lists/instruments/export.csv?{query}", buffered=True)
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


@pytest.mark.parametrize("query", ["", "due=overdue", "q=东湖", "sort=-serial&state=all"])
def test_an_export_is_the_list(officer: FlaskClient, city: None, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrology.web.lists.EXPORT_CHUNK", 2)
    heading, *found = exported(officer, f"{query}&lang=en")
    assert [row[heading.index("Serial number")] for row in found] == listed(officer, query)


def test_an_export_has_the_columns_one_chose(officer: FlaskClient, city: None) -> None:
    officer.post("/lists/instruments/layout", data={"column": ["serial", "lot"], "density": "dense"})
    assert exported(officer, "lang=en&lot=L7") == [["Serial number", "Lot"], ["S1", "L7"]]
    officer.post("/lists/instruments/layout", data={"default": "1"})
    assert exported(officer, "lang=en&lot=L7")[0][0] == "Number"


def test_a_spreadsheet_keeps_days_as_days_and_says_what_it_holds(officer: FlaskClient, city: None) -> None:
    answer = officer.get("/lists/instruments/export.xlsx?lang=en&due=overdue&district=410702")
    book = load_workbook(io.BytesIO(answer.get_data()))
    sheet, about = book.worksheets
    table = list(sheet.values)
    assert [row[table[0].index("Due date")].date() for row in table[1:]] == [days(-181), days(-40)]
    assert ("When due", "overdue") in list(about.values)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝"])
def test_no_cell_of_an_export_is_a_formula(officer: FlaskClient, session: Session, start: str) -> None:
    poison = f"{start}HYPERLINK(1)"
    create_instrument(session, "F1", model=poison)
    session.commit()
    heading, row = exported(officer, "lang=en")
    assert row[heading.index("Model")] == f"'{poison}"
    book = load_workbook(io.BytesIO(officer.get("/lists/instruments/export.xlsx?lang=en").get_data()))
    heading, row = list(book.worksheets[0].iter_rows())
    cell = next(cell for cell, name in zip(row, heading, strict=True) if name.value == "Model")
    assert (cell.data_type, cell.value) == ("s", poison)


def test_an_export_is_journalled(officer: FlaskClient, session: Session, city: None) -> None:
    exported(officer, "due=overdue")
    session.rollback()
    entry = session.query(JournalEntry).filter_by(action="list.exported").one()
    assert (entry.object_kind, entry.object_id) == ("list", "instruments")
    assert entry.changes["query"] == [None, "due=overdue"]


def test_an_unknown_list_or_form_is_not_found(officer: FlaskClient) -> None:
    assert officer.get("/lists/instruments/export.pdf").status_code == 404
    assert officer.get("/lists/nonsense/export.csv").status_code == 404


# -- chosen rows


@pytest.fixture
def chosen(app: Flask, session: Session, city: None) -> Any:
    """What a form of the list names for the officer."""

    def choose(**form: Any) -> list[str]:
        limit = form.pop("limit", 2000)
        with app.test_request_context():
            from flask import g

            g.actor = OFFICER
            keys = selected_ids(MultiDict(form), limit=limit)
        serials = dict(session.query(Instrument.id, Instrument.serial_number).all())
        return [serials[key] for key in keys]

    return choose


def test_single_rows_are_taken_in_their_order(chosen: Any) -> None:
    assert chosen(id=["3", "1", "3", "x", "999"]) == ["S3", "S1"]


def test_all_that_match_are_those_of_the_list(chosen: Any) -> None:
    assert chosen(all_matching="1", query="due=overdue") == ["S8", "S1", "S2"]
    assert chosen(all_matching="1", query="due=overdue", limit=3) == ["S8", "S1", "S2"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"all_matching": "1", "query": "due=overdue", "limit": 2}, "too_many_selected"),
        ({"all_matching": "1", "query": "type=nonsense"}, "nothing_selected"),
        ({"all_matching": "1", "query": "&".join(["type=x"] * 300)}, "filter_too_long"),
        ({}, "nothing_selected"),
        ({"id": ["999"]}, "nothing_selected"),
        ({"id": ["1", "2", "3"], "limit": 2}, "too_many_selected"),
    ],
)
def test_a_selection_that_cannot_be_meant_is_refused(chosen: Any, form: dict[str, Any], code: str) -> None:
    with pytest.raises(Problem) as refused:
        chosen(**form)
    assert refused.value.code == code


# -- the indexes serve it


@pytest.mark.parametrize(
    "query",
    [
        "", "state=in_use", "state=all", "due=overdue", "due=none", "age=31-90", "district=410702", "type=cold_water_meter", "holder=1",
        "place=1", "lot=L7", "q=东湖", "district=410702&type=cold_water_meter&due=30", "sort=-number", "sort=serial", "sort=-due",
    ],
)  # fmt: skip
def test_no_page_walks_the_table(app: Flask, session: Session, city: None, query: str) -> None:
    statements = recorded(app, session, query)
    sqlite = session.get_bind().dialect.name == "sqlite"
    assert statements
    for statement, values in statements:
        if not sqlite:
            session.execute(text("set local enable_seqscan = off"))
        plan = session.connection().exec_driver_sql(
            f"{'explain query plan' if sqlite else 'explain'} {statement}", values
        )
        lines = [str(row[3 if sqlite else 0]) for row in plan]
        walks = [line for line in lines if re.search(r"SCAN instrument\b(?! USING)|Seq Scan on instrument\b", line)]
        assert walks == [], (statement, lines)


def recorded(app: Flask, session: Session, query: str) -> list[tuple[str, Any]]:
    """The statements on instruments that the first page and its count make."""

    with app.test_request_context(f"/instruments/?{query}"):
        from flask import request

        asking = Asking(session, OFFICER, TODAY, request.args)
        shown = listing.Listing(INSTRUMENTS, asking)
        with asked_within(session.get_bind()) as made:
            assert shown.page is not None
            assert shown.count is not None
    return [(statement, values) for statement, values in made if "FROM instrument" in statement]


def test_seals_are_shown_when_asked_for(officer: FlaskClient, session: Session) -> None:
    instrument = create_instrument(session, "X1")
    session.add_all(
        [
            Seal(instrument_id=instrument.id, number="F-1"),
            Seal(instrument_id=instrument.id, number="F-2", state="broken"),
        ]
    )
    session.commit()
    officer.post("/lists/instruments/layout", data={"column": ["number", "seals"], "density": "usual"})
    page = officer.get("/instruments/").text
    assert ("F-1" in page, "F-2" in page) == (True, False)
