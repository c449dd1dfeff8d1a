"""The overdue page: what a figure says is what the list behind it holds, of today and of a past day; each sees its own."""

from __future__ import annotations

import html
import re
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from metrology.documents.spreadsheet_in import read_workbook
from metrology.persistence import clock
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.instruments_then import KnownFrom
from metrology.persistence.places import Place
from metrology.persistence.visits import Visit, VisitItem
from tests.conftest import NOW, TODAY
from tests.documents.paper import page_texts
from tests.people import create_user, sign_in

YESTERDAY = TODAY - timedelta(days=1)
WEEK_AGO = TODAY - timedelta(days=7)
_numbers = count(1)


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_utc", lambda: NOW)


def _add(session: Session, late: int, since: date = WEEK_AGO, **facts: Any) -> Instrument:
    """An instrument overdue for so many days (below nothing: due in so many), known since a day."""
    number = next(_numbers)
    at = datetime(since.year, since.month, since.day, 4, tzinfo=NOW.tzinfo)
    due = TODAY - timedelta(days=late)
    values: dict[str, Any] = {
        "number": f"P{number}", "public_code": f"pcode{number}", "type_code": "fuel_dispenser", "serial_number": f"S{number}",
        "serial_key": f"ps{number}", "district_code": "410702", "state": "in_use", "due_date": due, "due_basis": "ledger",
        "last_verified_on": due - timedelta(days=180), "created_at": at, "updated_at": at,
    }  # fmt: skip
    instrument = Instrument(**{**values, **facts})
    session.add(instrument)
    session.flush()
    return instrument


@pytest.fixture
def city(session: Session) -> dict[str, int]:
    """A market with a stall, a holder, one without a district, an assembly, what waits, what is planned."""
    holder = Holder(
        number="H1", name="甲商行", identity_key="h1", district_code="410702", created_at=NOW, updated_at=NOW
    )
    market = Place(
        kind="market", name="示范市场", full_name="示范市场", identity_key="m", district_code="410702", created_at=NOW, updated_at=NOW
    )  # fmt: skip
    session.add_all([holder, market])
    session.flush()
    market.path = f"/{market.id}/"
    stall = Place(
        kind="stall", name="A1", full_name="示范市场 A1", identity_key="a1", parent=market, created_at=NOW, updated_at=NOW
    )  # fmt: skip
    session.add(stall)
    session.flush()
    stall.path = f"{market.path}{stall.id}/"
    for late in (1, 30, 31, 181):
        _add(session, late, holder_id=holder.id, place_id=stall.id)
    planned = [_add(session, 5, district_code="410783"), _add(session, -3)]
    _add(session, 100, district_code=None, purpose="medical")
    for days in (0, 29, 30, 59, 60, 89, 90):
        _add(session, -days)
    _add(session, 9, state="suspended")
    nothing: dict[str, Any] = {"due_date": None, "due_basis": None, "last_verified_on": None}
    _add(session, 0, state="awaiting_verification", **nothing)
    _add(session, 0, state="awaiting_verification", is_assembly=True, **nothing)
    _add(session, 0, is_assembly=True, **nothing)
    visit = Visit(number="V1", title="v", planned_on=TODAY, created_at=NOW, updated_at=NOW)
    visit.items.extend(
        VisitItem(instrument=one, open_key=one.id, changed_at=NOW - timedelta(days=2)) for one in planned
    )
    session.add(visit)
    session.flush()
    return {"holder": holder.id, "market": market.id}


def _manager(client: FlaskClient, session: Session, **fields: Any) -> FlaskClient:
    sign_in(client, create_user(session, "manager", **fields))
    return client


def _page(client: FlaskClient, address: str) -> str:
    answer = client.get(address + ("&" if "?" in address else "?") + "lang=en")
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def _figures(page: str) -> list[tuple[str, int]]:
    """Every figure that opens a list of instruments: (address, figure)."""
    links = re.findall(r'<a href="(/instruments/(?:then)?\?[^"]*)">(?:all )?([\d,]+)(?: in use)?</a>', page)
    return [(address, int(figure.replace(",", ""))) for address, figure in links]


def _listed(client: FlaskClient, address: str) -> int:
    """How many rows the list has."""
    return len(set(re.findall(r'href="/instruments/(\d+)"', _page(client, address))))


@pytest.mark.parametrize("narrowed", ["", "?district=410702", "?district=none", "?age=31-90", "?purpose=medical"])
def test_every_figure_is_what_its_list_holds(
    client: FlaskClient, session: Session, city: dict[str, int], narrowed: str
) -> None:
    manager = _manager(client, session)
    figures = _figures(_page(manager, "/reports/overdue" + narrowed))
    assert len(figures) > 12
    for address, figure in dict(figures).items():
        assert _listed(manager, address) == figure, address


def test_the_first_line_says_what_is_overdue_and_what_of_it_is_planned(
    client: FlaskClient, session: Session, city: dict[str, int]
) -> None:
    page = _page(_manager(client, session), "/reports/overdue")
    figures = dict(_figures(page))
    assert figures["/instruments/?due=overdue&state=in_use"] == 6
    assert figures["/instruments/?due=overdue&state=in_use&planned=yes"] == 1
    assert figures["/instruments/?due=overdue&state=in_use&planned=no"] == 5
    assert figures["/instruments/?state=awaiting_verification&counted=never"] == 1
    ahead = [figure for address, figure in _figures(page) if "due_from" in address and "planned" not in address]
    assert ahead[-3:] == [3, 5, 7]


def test_a_market_and_a_holder_narrow_the_report(client: FlaskClient, session: Session, city: dict[str, int]) -> None:
    manager = _manager(client, session)
    for key, name in (("market", "place"), ("holder", "holder")):
        page = _page(manager, f"/reports/overdue?{name}={city[key]}")
        assert dict(_figures(page))[f"/instruments/?{name}={city[key]}&due=overdue&state=in_use"] == 4


def test_an_address_that_names_nothing_finds_nothing(
    client: FlaskClient, session: Session, city: dict[str, int]
) -> None:
    manager = _manager(client, session)
    for query in ("holder=abc", "holder=999999", "district=419999", "type=nothing", "purpose=fun", "age=7", "place=-"):
        assert "Nothing is overdue" in _page(manager, f"/reports/overdue?{query}"), query


def _change_today(session: Session, city: dict[str, int]) -> None:
    """Today one is verified, one moves, one goes, one is registered, the visit ends; until yesterday all was as in ``city``."""
    rows = list(session.scalars(select(Instrument).where(Instrument.state == "in_use").order_by(Instrument.id)))
    changes: list[dict[str, Any]] = [
        {"due_date": date(2027, 5, 1)}, {"district_code": "410783", "holder_id": None}, {"state": "retired"},
        {"place_id": None, "purpose": "medical"},
    ]  # fmt: skip
    for row, values in zip(rows, changes, strict=False):
        session.execute(update(Instrument).where(Instrument.id == row.id).values(**values, updated_at=NOW))
    _add(session, 8, since=TODAY, holder_id=city["holder"], place_id=city["market"])
    for item in session.scalars(select(VisitItem)):
        item.take_off(NOW)
    session.flush()


@pytest.mark.parametrize("narrowed", ["", "&district=410702", "&district=none", "&age=31-90", "&holder={holder}"])
def test_every_figure_of_a_past_day_is_what_its_list_holds(
    client: FlaskClient, session: Session, city: dict[str, int], narrowed: str
) -> None:
    address = f"/reports/overdue?as_of={YESTERDAY}{narrowed.format(**city)}"
    manager = _manager(client, session)
    before = [figure for _address, figure in _figures(_page(manager, f"/reports/overdue?as_of={WEEK_AGO}"))]
    _change_today(session, city)
    figures = _figures(_page(manager, address))
    assert len(figures) > 6
    for behind, figure in dict(figures).items():
        assert f"as_of={YESTERDAY}" in behind
        assert _listed(manager, behind) == figure, behind
    assert before == [figure for _address, figure in _figures(_page(manager, f"/reports/overdue?as_of={WEEK_AGO}"))]


def test_a_past_day_knows_what_was_planned(client: FlaskClient, session: Session, city: dict[str, int]) -> None:
    _change_today(session, city)
    manager = _manager(client, session)
    behind = f"/instruments/then?as_of={YESTERDAY}&due=overdue&state=in_use&planned="
    figures = dict(_figures(_page(manager, f"/reports/overdue?as_of={YESTERDAY}")))
    assert (figures[behind + "yes"], figures[behind + "no"]) == (1, 4)
    assert [figure for address, figure in figures.items() if "due_from" in address and "planned=yes" in address] == [
        1,
        1,
        1,
    ]
    assert figures[behind + "yes&district=410783"] == 1
    earlier = _page(manager, f"/reports/overdue?as_of={TODAY - timedelta(days=3)}")
    assert dict(_figures(earlier))[behind.replace(str(YESTERDAY), str(TODAY - timedelta(days=3))) + "yes"] == 0
    answer = manager.get(f"/reports/overdue.xlsx?as_of={YESTERDAY}&lang=en")
    rows = [list(row.cells) for row in read_workbook(answer.data, "a.xlsx").sheets[0].rows]
    assert [row[6] for row in rows if row[1] in ("Planned", "All", "Changyuan City")] == ["Planned", 1, 1][1:]


def test_a_list_of_a_past_day_says_what_was_so_then(
    client: FlaskClient, session: Session, city: dict[str, int]
) -> None:
    _change_today(session, city)
    manager = _manager(client, session)
    address = f"/instruments/then?as_of={YESTERDAY}&due=overdue&state=in_use&holder={city['holder']}"
    page = _page(manager, address)
    assert f"A past day: {YESTERDAY}" in page
    assert "示范市场 A1" in page
    assert str(TODAY - timedelta(days=31)) in page
    assert "2027-05-01" not in page
    assert "30 days overdue" in page  # as that day ended, not as it stands today
    assert f'name="as_of" value="{YESTERDAY}" min="{WEEK_AGO}" max="{TODAY}"' in page
    assert f'<input type="hidden" name="holder" value="{city["holder"]}">' in page
    answer = manager.get(address.replace("/instruments/then", "/lists/instruments_then/export.csv") + "&lang=en")
    lines = answer.get_data(as_text=True).splitlines()
    assert len(lines) == 4
    assert sum("甲商行" in line for line in lines) == 3
    assert f"instruments_then-{YESTERDAY}.csv" in answer.headers["Content-Disposition"]


def test_pages_of_a_past_day_hold_each_instrument_once(
    client: FlaskClient, session: Session, city: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _change_today(session, city)
    monkeypatch.setattr("metrology.web.listing.PAGE_SIZE", 2)
    manager = _manager(client, session)
    address, seen = f"/instruments/then?as_of={YESTERDAY}&due=overdue&state=in_use", []
    for _each in range(5):
        page = _page(manager, address)
        seen += re.findall(r'href="/instruments/(\d+)"', page)
        more = re.search(r'href="(/instruments/then\?[^"]*after=[^"]*)"', page)
        if not more:
            break
        address = more[1]
    assert (len(seen), len(set(seen))) == (5, 5)


def test_a_list_of_a_past_day_shows_what_was_and_is_within_reach(
    client: FlaskClient, session: Session, city: dict[str, int]
) -> None:
    _change_today(session, city)
    local = _manager(client, session, district_code="410783")
    address = f"/instruments/then?as_of={YESTERDAY}&due=overdue&state=in_use"
    page = _page(local, address)
    assert _listed(local, address) == 1
    assert "What has left your reach since is not shown" in page
    assert "甲商行" not in page
    assert _listed(local, address + "&district=410702") == 0


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("yesterday", "“yesterday” is no day."),
        ((TODAY + timedelta(days=1)).isoformat(), "The day lies in the future"),
        ((WEEK_AGO - timedelta(days=1)).isoformat(), f"what each was is kept from {WEEK_AGO} on"),
    ],
)
def test_a_day_that_no_list_is_known_of_is_refused_and_exports_nothing(
    client: FlaskClient, session: Session, city: dict[str, int], day: str, words: str
) -> None:
    manager = _manager(client, session)
    answer = manager.get(f"/instruments/then?as_of={day}&lang=en")
    assert answer.status_code == 422
    assert words in html.unescape(answer.text)
    assert manager.get(f"/lists/instruments_then/export.csv?as_of={day}&state=all").status_code == 422


def test_today_has_a_list_of_its_own(client: FlaskClient, session: Session, city: dict[str, int]) -> None:
    answer = _manager(client, session).get(f"/instruments/then?as_of={TODAY}&due=overdue&state=in_use&state=rejected")
    assert answer.location == "/instruments/?due=overdue&state=in_use&state=rejected"


def test_a_past_day_says_so_and_opens_its_own_lists(
    client: FlaskClient, session: Session, city: dict[str, int]
) -> None:
    manager = _manager(client, session)
    page = _page(manager, f"/reports/overdue?as_of={YESTERDAY}&district=410702")
    assert f"A past day: {YESTERDAY}" in page
    assert f"Figures exist from {WEEK_AGO} on" in page
    assert "The figures open the instruments as they were" in page
    assert f"/reports/overdue?district=410702&as_of={YESTERDAY}&type=fuel_dispenser" in page


def test_before_it_was_kept_what_each_was_a_past_day_opens_no_list(
    client: FlaskClient, session: Session, city: dict[str, int]
) -> None:
    """A registry that was in use before the release that keeps it."""
    session.add(KnownFrom(what="instrument_then", day=YESTERDAY))
    manager = _manager(client, session)
    page = _page(manager, f"/reports/overdue?as_of={YESTERDAY - timedelta(days=1)}")
    assert f"what each instrument was is kept from {YESTERDAY} on" in page
    assert "/instruments/then" not in page
    assert "not kept of this day" in page
    assert _figures(_page(manager, f"/reports/overdue?as_of={YESTERDAY}"))


def test_a_past_day_tells_what_was_so(client: FlaskClient, session: Session, city: dict[str, int]) -> None:
    """Yesterday the one that is overdue since today was not, and what was verified today was still overdue."""
    at = {"updated_at": NOW}
    session.execute(
        update(Instrument).where(Instrument.district_code.is_(None)).values(due_date=date(2027, 1, 1), **at)
    )
    manager = _manager(client, session)
    assert _total(_page(manager, "/reports/overdue")) == 5
    assert _total(_page(manager, f"/reports/overdue?as_of={YESTERDAY}")) == 5
    assert _total(_page(manager, f"/reports/overdue?as_of={TODAY - timedelta(days=5)}")) == 4
    assert _total(_page(manager, f"/reports/overdue?as_of={TODAY}")) == 5


def _total(page: str) -> int:
    found = re.search(r'Overdue (?:now|as the day ended)</p>\s*<p class="stat-value">(?:<a[^>]*>)?(\d+)', page)
    assert found, page
    return int(found[1])


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-13-01", "“2026-13-01” is no day."),
        ("yesterday", "“yesterday” is no day."),
        ((TODAY + timedelta(days=1)).isoformat(), f"The day lies in the future: today is {TODAY}."),
        ((WEEK_AGO - timedelta(days=1)).isoformat(), f"figures are kept from {WEEK_AGO} on"),
    ],
)
def test_a_day_that_cannot_be_answered_is_refused_and_what_was_asked_stays(
    client: FlaskClient, session: Session, city: dict[str, int], day: str, words: str
) -> None:
    manager = _manager(client, session)
    answer = manager.get(f"/reports/overdue?as_of={day}&district=410702&lang=en")
    page = html.unescape(answer.text)
    assert answer.status_code == 422
    assert words in page
    assert f'name="as_of" value="{day}"' in page
    assert 'value="410702" selected' in page
    assert "stat-value" not in page
    assert manager.get(f"/reports/overdue.xlsx?as_of={day}").status_code == 422


def test_the_first_day_known_is_answered(client: FlaskClient, session: Session, city: dict[str, int]) -> None:
    assert "stat-value" in _page(_manager(client, session), f"/reports/overdue?as_of={WEEK_AGO}")


def test_a_district_sees_its_own_on_page_and_paper(client: FlaskClient, session: Session, city: dict[str, int]) -> None:
    local = _manager(client, session, district_code="410783")
    page = _page(local, "/reports/overdue")
    assert _total(page) == 1
    assert "410702" not in page
    assert "甲商行" not in page
    assert "Nothing is overdue" in _page(local, "/reports/overdue?district=410702")
    assert "甲商行" not in _page(local, f"/reports/overdue?holder={city['holder']}")
    texts = "".join(page_texts(local.get("/reports/overdue.pdf").data))
    assert "甲商行" not in texts
    assert "长垣市" in texts


def test_districts_are_tiles_with_their_share_in_words(
    client: FlaskClient, session: Session, city: dict[str, int]
) -> None:
    page = _page(_manager(client, session), "/reports/overdue")
    tile = re.search(
        r'<li class="tile ([^"]*)">\s*<a href="/reports/overdue\?district=410783">(.*?)</li>', page, re.DOTALL
    )
    assert tile
    assert tile[1] == "at-row-3 at-column-5 is-step-5"
    assert "100.0 %" in tile[2]
    assert "Changyuan City" in tile[2]


def test_a_manager_begins_with_the_overdue(client: FlaskClient, session: Session, city: dict[str, int]) -> None:
    manager = _manager(client, session)
    page = _page(manager, "/")
    assert _total(page) == 6
    assert 'href="/reports/overdue"' in page
    for address, figure in dict(_figures(page)).items():
        assert _listed(manager, address) == figure, address


def test_the_workbook_has_numbers_days_and_what_they_mean(
    client: FlaskClient, session: Session, city: dict[str, int]
) -> None:
    answer = _manager(client, session).get(f"/reports/overdue.xlsx?as_of={YESTERDAY}&lang=en")
    table, meaning = ([list(row.cells) for row in sheet.rows] for sheet in read_workbook(answer.data, "a.xlsx").sheets)
    assert table[0][:6] == ["Grouped by", "Name", "District", "In use", "Overdue", "Share overdue, %"]
    assert table[1][4] == 5
    oldest = [row[7] for row in table if row[1] == "甲商行"]
    assert [str(day)[:10] for day in oldest] == [str(TODAY - timedelta(days=181))]
    assert {row[0] for row in meaning} >= {"Day", "What it covers", "Overdue", "Never verified", "Overdue and planned"}


def test_every_figure_has_its_definition_one_click_away(
    client: FlaskClient, session: Session, city: dict[str, int]
) -> None:
    manager = _manager(client, session)
    page, definitions = _page(manager, "/reports/overdue"), _page(manager, "/reports/definitions/")
    anchors = re.findall(r'href="/reports/definitions/#([a-z_]+)"', page)
    assert {"overdue", "overdue_change", "overdue_planned", "overdue_ahead", "never_verified"} == set(anchors)
    for anchor in anchors:
        assert f'id="{anchor}"' in definitions
