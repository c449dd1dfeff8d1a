"""The pages of indicators: what a figure says is what its list holds; what opens no list says so; papers and sheets."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from metrology.documents.spreadsheet_in import read_workbook
from metrology.domain.authority import Actor
from metrology.domain.indicator import BY_CODE
from metrology.domain.period import Period
from metrology.persistence import clock
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.instruments_then import KnownFrom
from metrology.persistence.verifications import StandardUse, Verification
from metrology.services import statements
from metrology.services.indicator_counting import Asked
from metrology.services.indicators import trend
from tests.conftest import NOW, TODAY
from tests.documents.paper import page_texts
from tests.people import create_user, sign_in
from tests.records import actor_of, create_standard, create_team
from tests.services.test_indicators import Registry

LISTS = r"/(?:instruments/(?:then)?|verifications/|complaints/)\?"


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_utc", lambda: NOW)


@pytest.fixture
def city(session: Session) -> Registry:
    """Records of every kind in two districts and none: late and in time, corrected, annulled, nameless; what waits; complaints."""
    registry = Registry(session, create_team(session))
    session.execute(update(TypeEntry).where(TypeEntry.code == "digital_indicating_scale").values(is_mandatory=True))
    made = [
        registry.instrument(date(2026, 1, 5), date(2026, 6, day), ("410702", "410703", None)[day % 3], "M" if day % 4 else "")
        for day in range(1, 13)
    ]  # fmt: skip
    for place, key in enumerate(made[:9]):
        due = date(2026, 6, 1 + place)
        kind = ("subsequent", "subsequent", "after_repair", "in_service", "initial")[place % 5]
        verdict = "rejected" if place % 4 == 1 else "conforms"
        registry.verification(due + timedelta(days=place % 3), key, kind, verdict, place % 2)
    wrong = registry.verification(date(2026, 9, 2), made[0], "initial", "conforms", 0)
    registry.verification(date(2026, 9, 3), made[0], "initial", "rejected", 1, replaces_id=wrong)
    registry.annul(date(2026, 9, 9), registry.verification(date(2026, 9, 5), made[1], "initial", "conforms", 0))
    session.execute(update(Certificate).values(end_reason="annulled"))
    session.execute(update(Instrument).values(purpose="trade"))
    registry.instrument(date(2026, 9, 1), None, "410702", "M")
    for day, district in ((2, "410702"), (4, None), (21, "410703")):
        registry.complain(date(2026, 11, day), district)
    return registry


def _page(client: FlaskClient, address: str) -> str:
    answer = client.get(address + ("&" if "?" in address else "?") + "lang=en")
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def _listed(client: FlaskClient, address: str) -> int:
    """How many rows the list has."""
    kind = address.split("/")[1]
    page = _page(client, address)
    assert "more-rows" not in page
    return len(set(re.findall(rf'href="/{kind}/(\d+)"', page)))


def _counted(words: str) -> int:
    """What a figure counts: a number, or the first of “2 / 3”."""
    return int(re.match(r"[\d,]+", words)[0].replace(",", ""))  # type: ignore[index]


def _sheets(client: FlaskClient, address: str) -> list[list[list[Any]]]:
    answer = client.get(address)
    assert answer.status_code == 200
    return [[list(row.cells) for row in sheet.rows] for sheet in read_workbook(answer.data, "a.xlsx").sheets]


def _figures(page: str) -> list[tuple[str, str]]:
    return re.findall(rf'<a href="({LISTS}[^"]*)">([^<]+)</a>', page)


NARROWED = ("period=this-year", "period=2026-06", "district=410702", "type=digital_indicating_scale&period=2026-Q3")


@pytest.mark.parametrize("narrowed", NARROWED)
def test_every_part_of_a_figure_is_what_its_list_holds(
    client: FlaskClient, session: Session, city: Registry, narrowed: str
) -> None:
    sign_in(client, create_user(session, "manager"))
    followed = 0
    for code in BY_CODE:
        page = _page(client, f"/reports/indicators/{code}?{narrowed}")
        table = page.partition('indicator-behind">')[2].partition("</section>")[0]
        for address, words in _figures(table):
            if words != "the records":
                assert _listed(client, address) == _counted(words), (code, address)
            followed += 1
    assert followed >= 8
    for address, words in _figures(_page(client, f"/reports/indicators/?{narrowed}")):
        if words[0].isdigit():
            assert _listed(client, address) == _counted(words), address


@pytest.mark.parametrize("narrowed", ["", "district=410702"])
def test_every_group_and_month_opens_what_it_counts(
    client: FlaskClient, session: Session, city: Registry, narrowed: str
) -> None:
    sign_in(client, create_user(session, "manager"))
    followed = 0
    for code, indicator in BY_CODE.items():
        for by in indicator.by:
            page = _page(client, f"/reports/indicators/{code}?by={by}&{narrowed}")
            address = f"/reports/indicators/{code}.xlsx?by={by}&{narrowed}&lang=en"
            rows = [row for row in _sheets(client, address)[0][1:] if row[1] is not None]
            drawn = _figures(page.rpartition('<section class="card">')[2])
            assert len(drawn) == len(rows), (code, by)
            for (url, _words), row in zip(drawn, rows, strict=True):
                assert _listed(client, url) == row[2], (code, by, url)
                followed += 1
    assert followed >= 12


@pytest.mark.parametrize(
    "code", ["first_pass", "verified", "on_time", "complaints", "turnaround", "workload_standard", "coverage"]
)
def test_every_month_opens_what_it_counts(client: FlaskClient, session: Session, city: Registry, code: str) -> None:
    sign_in(client, create_user(session, "manager"))
    figures = (
        _page(client, f"/reports/indicators/{code}").partition('class="chart-figures"')[2].partition("</details>")[0]
    )
    months = trend(session, Actor(None, "x", frozenset({"manager"})), code, Asked(Period.parse("2026"), today=TODAY))
    known = [one for _month, one in months if one.value is not None]
    drawn = _figures(figures)
    assert len(drawn) == len(known) >= 1
    for (url, _words), one in zip(drawn, known, strict=True):
        assert _listed(client, url) == one.counted, url


def test_uses_of_standards_open_the_records_that_have_one(
    client: FlaskClient, session: Session, city: Registry
) -> None:
    """A record with two standards is two uses and one line; one without is neither."""
    sign_in(client, create_user(session, "manager"))
    of_june = select(Verification.id).where(Verification.verified_on.between(date(2026, 6, 1), date(2026, 6, 30)))
    uses = select(StandardUse).where(StandardUse.verification_id.in_(of_june)).order_by(StandardUse.id)
    with_two, with_none = session.scalars(uses.limit(2)).all()
    other = create_standard(session, None, "BZ-M1-02")
    session.add(StandardUse(verification_id=with_two.verification_id, standard_id=other.id, snapshot={}))
    session.delete(with_none)
    session.commit()
    address = "/reports/indicators/workload_standard?period=2026-06"
    behind = _page(client, address).partition('indicator-behind">')[2].partition("</section>")[0]
    ((records, words),) = _figures(behind)
    assert words == "the records"
    assert _listed(client, records) == _listed(client, records.replace("standards=yes", "")) - 1
    without = records.replace("standards=yes", "standards=no")
    assert f'/verifications/{with_none.verification_id}"' in _page(client, without)
    assert records in _page(client, "/reports/indicators/?period=2026-06")


def test_a_past_day_opens_no_records_and_says_so(client: FlaskClient, session: Session, city: Registry) -> None:
    sign_in(client, create_user(session, "manager"))
    for code in BY_CODE:
        page = _page(client, f"/reports/indicators/{code}?period=2026&as_of=2026-10-01")
        assert re.findall(r"/(?:instruments|verifications|complaints)/\?[^\"]*counted", page) == []
        assert ("so no figure here opens one" in page) is (code not in ("coverage", "complaints"))
        assert ("Complaints of a past day open no list" in page) is (code == "complaints")


@pytest.mark.parametrize("asked", ["period=2026&as_of=2026-10-01", "period=2026-06", "period=2026-06&district=410702"])
def test_instruments_in_use_on_a_past_day_are_listed_as_they_were(
    client: FlaskClient, session: Session, city: Registry, asked: str
) -> None:
    """Whatever became of them since: two moved and one was retired after it."""
    gone, *moved = session.scalars(select(Instrument).order_by(Instrument.id).limit(3)).all()
    session.execute(update(Instrument).where(Instrument.id == gone.id).values(state="retired", updated_at=NOW))
    for row in moved:
        session.execute(
            update(Instrument).where(Instrument.id == row.id).values(district_code="410783", updated_at=NOW)
        )
    sign_in(client, create_user(session, "manager"))
    followed = 0
    for code in ("coverage", "complaints"):
        behind = _page(client, f"/reports/indicators/{code}?{asked}").partition('indicator-behind">')[2]
        for address, words in _figures(behind.partition("</section>")[0]):
            assert ("/instruments/then" in address) is not address.startswith("/complaints")
            assert _listed(client, address) == _counted(words), address
            followed += 1
    assert followed >= 3
    session.add(KnownFrom(what="instrument_then", day=date(2026, 10, 2)))
    page = _page(client, "/reports/indicators/coverage?period=2026-06")
    assert "kept, not which: these figures open no list" in page
    assert "/instruments/then" not in page


def test_what_is_not_divided_by_type_says_so(client: FlaskClient, session: Session, city: Registry) -> None:
    sign_in(client, create_user(session, "manager"))
    for code in BY_CODE:
        page = _page(client, f"/reports/indicators/{code}?type=digital_indicating_scale")
        assert ("Of all types together" in page) is (code in ("complaints", "workload_verifier", "workload_standard"))


def test_the_workbook_has_numbers_and_definitions(client: FlaskClient, session: Session, city: Registry) -> None:
    sign_in(client, create_user(session, "manager"))
    figures, meanings = _sheets(client, "/reports/indicators/indicators.xlsx?period=2026-06&lang=en")
    rows = {row[0]: row for row in figures}
    assert rows["Verifications done"][2] == rows["Verifications done"][3] == 9
    assert rows["First-pass rate"][2:5] == [60, 3, 5]
    assert [len(row) for row in figures] == [23] * 12
    words = {row[0]: row[1] for row in meanings}
    assert "verifications after repair" in words["On-time rate"]
    assert words["What it covers"] == "The whole city"


@pytest.mark.parametrize(("language", "words"), [("zh", "按期检定率"), ("en", "On-time rate")])
def test_the_paper_says_figures_and_definitions(
    client: FlaskClient, session: Session, city: Registry, language: str, words: str
) -> None:
    manager = create_user(session, "manager")
    for code, value in (("on_time", "99.5"), ("first_pass", "10")):
        statements.set_target(session, actor_of(manager), code, Decimal(value), date(2026, 1, 1), now=NOW)
    sign_in(client, manager)
    answer = client.get(f"/reports/indicators/indicators.pdf?period=2026-06&lang={language}")
    pages = page_texts(answer.data)
    assert len(pages) >= 2
    first = pages[0].replace(" ", "")
    assert words.replace(" ", "") in first
    assert "3/5" in first
    assert "99.5%未达标" in first
    assert "10%达标" in first
    assert "修理后检定" in "".join(pages[1:])


def test_a_day_before_all_counting_is_passed_over(session: Session, client: FlaskClient) -> None:
    sign_in(client, create_user(session, "manager"))
    assert client.get("/reports/indicators/?as_of=0001-01-01").status_code == 200
