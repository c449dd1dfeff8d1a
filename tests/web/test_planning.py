"""Pages of planning: chosen groups become a visit in one step, a visit moves by form and by script, and only those may who may."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy.orm import Session

from metrology.persistence import clock
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.places import Place
from metrology.persistence.visits import Visit
from tests.conftest import NOW, TODAY
from tests.people import create_user, sign_in

MONDAY = date(2026, 11, 23)
SATURDAY = date(2026, 11, 28)
SCRIPT = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_utc", lambda: NOW)


@pytest.fixture
def market(session: Session) -> Place:
    """A market with three scales that fall due in ten days."""
    holder = Holder(
        number="H1", name="东方水果经营部", identity_key="h1", district_code="410702", created_at=NOW, updated_at=NOW
    )
    place = Place(
        kind="market", name="东方农贸市场", full_name="东方农贸市场", identity_key="m", district_code="410702", address="示范路 1 号",
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    session.add_all([holder, place])
    session.flush()
    place.path = f"/{place.id}/"
    for number in range(3):
        session.add(
            Instrument(
                number=f"QJ{number}", public_code=f"code{number}", type_code="digital_indicating_scale", serial_number=f"SN{number}",
                serial_key=f"sn{number}", state="in_use", due_date=TODAY + timedelta(days=10), due_basis="ledger",
                holder_id=holder.id, place_id=place.id, district_code="410702", created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip
    session.flush()
    return place


def _as(client: FlaskClient, session: Session, *roles: str, **fields: Any) -> FlaskClient:
    sign_in(client, create_user(session, *roles, **fields))
    return client


def _plan(client: FlaskClient, market: Place, **fields: Any) -> Any:
    given = {"group": f"place:{market.id}", "planned_on": MONDAY.isoformat(), **fields}
    return client.post("/visits/new", data=given, headers=SCRIPT)


def test_a_group_becomes_a_visit_in_one_step(client: FlaskClient, session: Session, market: Place) -> None:
    browser = _as(client, session, "officer")
    page = browser.get("/plan/due?by=place").get_data(as_text=True)
    assert "东方农贸市场" in page
    answer = browser.post("/visits/new", data={"group": f"place:{market.id}", "planned_on": MONDAY.isoformat()})
    visit = session.query(Visit).one()
    assert answer.location == f"/visits/{visit.id}"
    assert (visit.title, visit.planned_on, len(visit.items)) == ("东方农贸市场", MONDAY, 3)
    assert "SN0" in browser.get(f"/visits/{visit.id}").get_data(as_text=True)
    assert "东方农贸市场" not in browser.get("/plan/due?by=place").get_data(as_text=True)


def test_rows_without_a_day_show_the_form_and_plan_nothing(
    client: FlaskClient, session: Session, market: Place
) -> None:
    browser = _as(client, session, "officer")
    ids = [str(row.id) for row in session.query(Instrument)]
    page = browser.post("/visits/new", data={"id": ids[:2]})
    assert page.status_code == 200
    assert f'name="id" value="{ids[0]}"' in page.get_data(as_text=True)
    assert session.query(Visit).count() == 0


def test_all_that_match_a_list_are_planned(client: FlaskClient, session: Session, market: Place) -> None:
    browser = _as(client, session, "officer")
    browser.post(
        "/visits/new", data={"all_matching": "1", "query": f"place={market.id}", "planned_on": MONDAY.isoformat()}
    )
    assert len(session.query(Visit).one().items) == 3


def test_a_script_moves_a_visit_and_can_take_it_back(client: FlaskClient, session: Session, market: Place) -> None:
    browser = _as(client, session, "officer")
    planned = _plan(browser, market)
    visit_id = session.query(Visit).one().id
    moved = browser.post(f"/visits/{visit_id}/move", data={"planned_on": "2026-11-25"}, headers=SCRIPT)
    assert moved.status_code == 200
    assert session.get_one(Visit, visit_id).planned_on == date(2026, 11, 25)
    browser.post(moved.json["undo_url"], headers=SCRIPT)
    assert session.get_one(Visit, visit_id).planned_on == MONDAY
    browser.post(planned.json["undo_url"], headers=SCRIPT)
    assert session.get_one(Visit, visit_id).state == "cancelled"


def test_a_day_off_is_asked_about_once(client: FlaskClient, session: Session, market: Place) -> None:
    browser = _as(client, session, "officer")
    _plan(browser, market)
    visit_id = session.query(Visit).one().id
    refused = browser.post(f"/visits/{visit_id}/move", data={"planned_on": SATURDAY.isoformat()}, headers=SCRIPT)
    assert (refused.status_code, refused.json["code"]) == (422, "day_is_off")
    form = browser.post(f"/visits/{visit_id}/move", data={"planned_on": SATURDAY.isoformat()})
    assert form.status_code == 422
    assert 'name="confirmed"' in form.get_data(as_text=True)
    assert session.get_one(Visit, visit_id).planned_on == MONDAY
    sure = {"planned_on": SATURDAY.isoformat(), "confirmed": "1"}
    assert browser.post(f"/visits/{visit_id}/move", data=sure, headers=SCRIPT).status_code == 200
    assert session.get_one(Visit, visit_id).planned_on == SATURDAY


def test_a_past_day_is_refused(client: FlaskClient, session: Session, market: Place) -> None:
    browser = _as(client, session, "officer")
    refused = _plan(browser, market, planned_on="2026-11-20")
    assert (refused.status_code, refused.json["code"]) == (422, "visit_in_the_past")
    assert session.query(Visit).count() == 0


@pytest.mark.parametrize("role", ["manager", "verifier", "checker", "approver", "auditor", "administrator", "holder"])
def test_only_officers_move(app: Flask, client: FlaskClient, session: Session, market: Place, role: str) -> None:
    _plan(_as(client, session, "officer"), market)
    visit_id = session.query(Visit).one().id
    other = _as(app.test_client(), session, role)
    answer = other.post(f"/visits/{visit_id}/move", data={"planned_on": "2026-11-25"}, headers=SCRIPT)
    assert answer.status_code == 403
    assert session.get_one(Visit, visit_id).planned_on == MONDAY


def test_an_officer_of_another_district_finds_no_such_visit(
    app: Flask, client: FlaskClient, session: Session, market: Place
) -> None:
    _plan(_as(client, session, "officer"), market)
    visit_id = session.query(Visit).one().id
    other = _as(app.test_client(), session, "officer", district_code="410783")
    assert other.post(f"/visits/{visit_id}/move", data={"planned_on": "2026-11-25"}).status_code == 404
    assert other.get(f"/visits/{visit_id}").status_code == 404


def test_a_verifier_notes_what_was_not_found_on_own_visits_only(
    app: Flask, client: FlaskClient, session: Session, market: Place
) -> None:
    sent = create_user(session, "verifier")
    _plan(_as(client, session, "officer"), market, verifier_ids=str(sent.id))
    visit = session.query(Visit).one()
    url = f"/visits/{visit.id}/items/{visit.items[0].id}/note"
    other = _as(app.test_client(), session, "verifier")
    other.post(url, data={"state": "not_found", "reason": "空"})
    assert session.get_one(Visit, visit.id).items[0].state == "planned"
    browser = app.test_client()
    sign_in(browser, sent)
    browser.post(url, data={"state": "not_found", "reason": "摊位已空"})
    item = session.get_one(Visit, visit.id).items[0]
    assert (item.state, item.remark, item.open_key) == ("not_found", "摊位已空", None)


def test_the_day_sheet_is_a_pdf(client: FlaskClient, session: Session, market: Place) -> None:
    browser = _as(client, session, "officer")
    _plan(browser, market)
    answer = browser.get(f"/visits/{session.query(Visit).one().id}/sheet.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF")


def test_the_calendar_marks_days_off_and_make_up_days(client: FlaskClient, session: Session, market: Place) -> None:
    browser = _as(client, session, "officer")
    page = browser.get("/plan/calendar?day=2026-10-01&lang=en").get_data(as_text=True)
    assert "National Day" in page
    assert "Make-up workday" in page
    assert "not yet announced" not in page
    assert "not yet announced" in browser.get("/plan/calendar?day=2027-02-01&lang=en").get_data(as_text=True)


def _feed(browser: FlaskClient) -> str:
    page = browser.post("/calendar/").get_data(as_text=True)
    return page.split('value="http', 1)[1].split('"', 1)[0].split("/calendar/", 1)[1]


def test_a_calendar_address_shows_visits_until_it_ends(
    app: Flask, client: FlaskClient, session: Session, market: Place
) -> None:
    browser = _as(client, session, "officer")
    _plan(browser, market)
    name = _feed(browser)
    stranger = app.test_client()
    answer = stranger.get(f"/calendar/{name}")
    assert answer.mimetype == "text/calendar"
    events = list(Calendar.from_ical(answer.data).walk("VEVENT"))
    assert [(str(event["summary"]), event["dtstart"].dt, str(event["status"])) for event in events] == [
        ("东方农贸市场（3 台）", MONDAY, "CONFIRMED")
    ]
    assert str(events[0]["location"]) == "东方农贸市场 示范路 1 号"
    newer = _feed(browser)
    assert stranger.get(f"/calendar/{name}").status_code == 404
    browser.post("/calendar/end")
    assert stranger.get(f"/calendar/{newer}").status_code == 404


def test_a_holders_calendar_shows_its_last_valid_days(
    app: Flask, client: FlaskClient, session: Session, market: Place
) -> None:
    holder = session.query(Holder).one()
    name = _feed(_as(client, session, "holder", holder_id=holder.id))
    events = list(Calendar.from_ical(app.test_client().get(f"/calendar/{name}").data).walk("VEVENT"))
    assert [(str(event["summary"]), event["dtstart"].dt) for event in events] == [
        ("数字指示秤 3 台检定到期", TODAY + timedelta(days=10))
    ]


ROLES = {
    "officer": "Most to plan this week",
    "verifier": "My visits",
    "checker": "Waiting for your check",
    "approver": "Waiting for your approval",
    "manager": "To the overdue report",
    "auditor": "How the ticker runs",
    "administrator": "How the ticker runs",
}


@pytest.mark.parametrize(("role", "words"), ROLES.items())
def test_today_shows_what_a_role_is_for(
    client: FlaskClient, session: Session, market: Place, role: str, words: str
) -> None:
    page = _as(client, session, role).get("/?lang=en")
    assert words in page.get_data(as_text=True)


def test_today_of_a_holder_has_its_own_next_dates(client: FlaskClient, session: Session, market: Place) -> None:
    holder = session.query(Holder).one()
    page = _as(client, session, "holder", holder_id=holder.id).get("/?lang=en").get_data(as_text=True)
    assert "SN0" in page
    assert "Nobody is told" in page


def test_today_of_somebody_with_two_roles_has_both_parts(client: FlaskClient, session: Session, market: Place) -> None:
    page = _as(client, session, "checker", "approver").get("/?lang=en").get_data(as_text=True)
    assert "Waiting for your check" in page
    assert "Waiting for your approval" in page


def test_a_guest_is_sent_to_log_in(client: FlaskClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 302
    assert "/login" in answer.location


def test_a_visit_of_nothing_begins_with_choosing(client: FlaskClient, session: Session) -> None:
    sign_in(client, create_user(session, "officer"))
    answer = client.get("/visits/new")
    assert (answer.status_code, answer.location) == (302, "/plan/due")
