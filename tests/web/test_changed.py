"""Two people change the same thing: the second is told, sees what is kept by now, and neither loses a word. Pages and API."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from metrology.domain.problems import Problem
from metrology.persistence.authorisations import Authorisation
from metrology.persistence.database import db
from metrology.persistence.journal import plain_value
from metrology.persistence.people import User
from metrology.persistence.webhooks import WebhookEndpoint
from metrology.services import accounts, visiting, webhooks
from metrology.services import settings as bureau
from metrology.services.accounts import AccountFacts
from metrology.services.visiting import VisitFacts
from metrology.services.webhooks import WebhookFacts
from tests.conftest import NOW, TODAY
from tests.forms import form_on
from tests.hooks import ADMINISTRATOR, create_webhook, settings_for
from tests.people import create_user, sign_in
from tests.records import OFFICER, create_holder, create_scale, create_standard, create_team
from tests.standards import create_contact, create_equipment, create_upstream
from tests.tokens import Program, create_token


@dataclass(frozen=True)
class Kept:
    """Something two people may have open: where, and a field of it that both change."""

    role: str
    make: Callable[[Session], Any]
    page: str
    address: str
    field: str = "notes"
    method: str = "PATCH"
    whole: tuple[str, ...] = ()
    """What is said again by who says it anew."""

    def path(self, row: Any) -> str:
        return self.page.format(row=row)


def _contact(session: Session) -> Any:
    return create_contact(session, create_holder(session))


def _qualification(session: Session) -> Any:
    row = create_team(session).verifier.qualifications[0]
    row.notes = ""
    session.flush()
    return row


def _visit(session: Session) -> Any:
    facts = VisitFacts(planned_on=TODAY + timedelta(days=9), title="东湖")
    return visiting.plan_visit(session, OFFICER, facts, [create_scale(session).id], today=TODAY, now=NOW).visit


KEPT = {
    "standard": Kept(
        "officer", lambda session: create_standard(session, None), "/standards/{row.id}/edit", "standards/{row.id}",
        method="PUT", whole=("name", "certificate_number", "valid_from", "valid_until"),
    ),
    "equipment": Kept(
        "officer", create_equipment, "/equipment/{row.id}/edit", "equipment/{row.id}", method="PUT", whole=("name",)
    ),
    "institute above": Kept(
        "officer", lambda session: create_upstream(session).institute, "/outside/institutes/{row.id}/edit",
        "outside-institutes/{row.id}", method="PUT", whole=("name", "level"),
    ),
    "standard above": Kept(
        "officer", create_upstream, "/outside/standards/{row.id}/edit", "outside-standards/{row.id}",
        method="PUT", whole=("institute_id", "name"),
    ),
    "qualification": Kept(
        "administrator", _qualification, "/people/qualifications/{row.id}/edit", "people/qualifications/{row.id}",
        method="PUT", whole=("type_code", "certificate_number", "valid_from", "valid_until"),
    ),
    "institute": Kept(
        "administrator", lambda session: create_team(session).institute, "/institutes/{row.id}/edit", "institutes/{row.id}",
        "address", "PUT", ("name", "short_code"),
    ),
    "account": Kept(
        "administrator", lambda session: create_user(session, "officer", phone=""), "/users/{row.id}/edit", "users/{row.id}",
        "phone", "PUT", ("name", "email", "roles"),
    ),
    "visit": Kept(
        "officer", _visit, "/visits/{row.id}/edit", "visits/{row.id}/change", method="POST", whole=("planned_on", "title")
    ),
    "webhook": Kept(
        "administrator", lambda session: create_webhook(session)[0], "/webhooks/{row.id}/edit", "webhooks/{row.id}", "name"
    ),
    "contact": Kept(
        "officer", _contact, "/holders/{row.holder_id}/contacts/{row.id}", "holders/{row.holder_id}/contacts/{row.id}", "post"
    ),
}  # fmt: skip


def _said(row: Any, name: str) -> Any:
    return sorted(row.role_names) if name == "roles" else plain_value(getattr(row, name))


@pytest.fixture(autouse=True)
def _on_the_day(set_today: Any) -> None:
    set_today(TODAY)


@pytest.fixture(params=sorted(KEPT))
def kept(request: pytest.FixtureRequest) -> Kept:
    return KEPT[request.param]


def test_typed_over_somebody_elses_change_nothing_is_lost(session: Session, client: FlaskClient, kept: Kept) -> None:
    row = kept.make(session)
    sign_in(client, create_user(session, kept.role))
    path = kept.path(row)
    form = form_on(client.get(path).text)
    assert client.post(path, data={**form, kept.field: "THEIRS"}).status_code == 302
    late = client.post(f"{path}?lang=en", data={**form, kept.field: "MINE"})
    assert (late.status_code, "Someone else changed this while you typed." in late.text) == (409, True)
    assert re.findall(r"<li>[^<]*: <strong>(.*?)</strong>", late.text) == ["THEIRS"], "nothing that both left alone"
    session.expire_all()
    assert getattr(row, kept.field) == "THEIRS"
    still = form_on(late.text)
    assert still[kept.field] == "MINE"
    assert client.post(path, data=still).status_code == 302
    session.expire_all()
    assert getattr(row, kept.field) == "MINE"


def test_a_form_that_names_no_version_changes_nothing(session: Session, client: FlaskClient, kept: Kept) -> None:
    row = kept.make(session)
    sign_in(client, create_user(session, kept.role))
    form = form_on(client.get(kept.path(row)).text)
    del form["version"]
    assert client.post(kept.path(row), data={**form, kept.field: "MINE"}).status_code == 409


def test_a_program_says_what_it_read(session: Session, client: FlaskClient, kept: Kept) -> None:
    row = kept.make(session)
    program = Program(client, create_token(session, create_user(session, kept.role)))
    session.commit()
    address, tag = kept.address.format(row=row), f'"{row.version}"'
    told = {name: _said(row, name) for name in kept.whole}

    def say(text: str, match: str = "") -> Any:
        return program.ask(kept.method, address, json={**told, kept.field: text}, match=match)

    assert say("THEIRS").status_code == 428
    first = say("THEIRS", tag)
    assert (first.status_code, first.get_json()[kept.field]) == (200, "THEIRS")
    assert first.headers["ETag"] != tag
    late = say("MINE", tag)
    assert (late.status_code, late.get_json()["code"]) == (412, "changed_meanwhile")
    assert say("MINE", first.headers["ETag"]).status_code == 200


def test_of_two_who_read_it_at_once_the_second_is_refused(session: Session, kept: Kept) -> None:
    """No form in between: two hosts at the same moment."""
    row = kept.make(session)
    session.commit()
    with Session(db.engine, expire_on_commit=False) as mine, Session(db.engine, expire_on_commit=False) as theirs:
        read = []
        for one in (mine, theirs):
            read.append(one.get_one(type(row), row.id))
            one.commit()
        _save(theirs, read[1], kept.field, "THEIRS")
        theirs.commit()
        with pytest.raises((StaleDataError, Problem)):
            _save(mine, read[0], kept.field, "MINE")
        mine.rollback()
    session.expire_all()
    assert getattr(row, kept.field) == "THEIRS"


def _save(session: Session, row: Any, field: str, text: str) -> None:
    if isinstance(row, User):
        facts = AccountFacts(row.email, row.name, tuple(row.role_names), phone=text)
        accounts.change_user(session, OFFICER, row, facts, now=NOW)
    elif isinstance(row, WebhookEndpoint):
        said = WebhookFacts(text, row.url, tuple(row.kinds))
        webhooks.change(session, ADMINISTRATOR, row, said, settings=settings_for("erp.example.cn"), now=NOW)
    else:
        setattr(row, field, text)
        session.flush()


def test_logging_in_is_no_change_of_an_account(session: Session, client: FlaskClient) -> None:
    user = create_user(session, "officer")
    sign_in(client, create_user(session, "administrator"))
    form = form_on(client.get(f"/users/{user.id}/edit").text)
    user.failed_logins, user.last_login_on = 3, NOW
    session.commit()
    assert client.post(f"/users/{user.id}/edit", data={**form, "phone": "138"}).status_code == 302
    session.expire_all()
    assert (user.phone, user.failed_logins, user.version) == ("138", 3, 2)


def test_roles_given_meanwhile_are_not_taken_back_unseen(session: Session, client: FlaskClient) -> None:
    user = create_user(session, "officer")
    sign_in(client, create_user(session, "administrator"))
    path = f"/users/{user.id}/edit"
    form = form_on(client.get(path).text)
    assert client.post(path, data={**form, "roles": ["officer", "manager"]}).status_code == 302
    late = client.post(f"{path}?lang=en", data=form)
    assert (late.status_code, re.findall(r"Roles: <strong>(.*?)</strong>", late.text)) == (409, ["Manager, Officer"])


# -- what is replaced, not changed


def test_a_qualification_replaced_meanwhile_is_refused_by_that_word(session: Session, client: FlaskClient) -> None:
    row = _qualification(session)
    sign_in(client, create_user(session, "administrator"))
    path = f"/people/qualifications/{row.id}/edit"
    form = form_on(client.get(path).text)
    assert client.post(path, data={**form, "certificate_number": "THEIRS"}).status_code == 302
    late = client.post(f"{path}?lang=en", data={**form, "certificate_number": "MINE"})
    assert (late.status_code, "ended or was replaced already" in late.text) == (422, True)
    assert form_on(late.text)["certificate_number"] == "MINE"


def test_an_item_of_an_authorisation_is_replaced_once(session: Session, client: FlaskClient) -> None:
    create_team(session)
    row = session.scalars(select(Authorisation)).one()
    program = Program(client, create_token(session, create_user(session, "administrator")))
    session.commit()
    said = {"number": "豫 2026-2", "type_code": "*", "valid_from": "2026-01-01", "valid_until": "2029-12-31"}
    address = f"authorisations/{row.id}"
    assert program.ask("PUT", address, json=said).status_code == 428
    assert program.ask("PUT", address, json=said, match='"1"').status_code == 200
    late = program.ask("PUT", address, json={**said, "number": "豫 2026-3"}, match='"1"')
    assert (late.status_code, late.get_json()["code"]) == (412, "changed_meanwhile")


# -- settings


def test_settings_changed_meanwhile_are_shown(session: Session, client: FlaskClient) -> None:
    sign_in(client, create_user(session, "administrator"))
    form = form_on(client.get("/settings/").text)
    assert client.post("/settings/change", data={**form, "warn_days": "45"}).status_code == 302
    late = client.post("/settings/change?lang=en", data={**form, "complaint_phone": "0373-1"})
    assert late.status_code == 409
    assert re.findall(r"<li>([^<]*): <strong>(.*?)</strong>", late.text) == [
        ("Warn before the last day", "45"), ("Phone for complaints", "12315"),
    ]  # fmt: skip
    assert bureau.read(session).complaint_phone == "12315"
    still = form_on(late.text)
    assert client.post("/settings/change", data={**still, "warn_days": "45"}).status_code == 302
    session.expire_all()
    kept = bureau.read(session)
    assert (kept.warn_days, kept.complaint_phone) == (45, "0373-1")


def test_a_program_says_which_settings_it_read(session: Session, client: FlaskClient) -> None:
    program = Program(client, create_token(session, create_user(session, "administrator")))
    session.commit()
    read = program.get("settings")
    assert (read.headers["ETag"], read.get_json()["version"]) == ('"0"', 0)
    assert program.patch("settings", {"warn_days": 45}).status_code == 428
    changed = program.patch("settings", {"warn_days": 45}, match='"0"')
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"1"')
    late = program.patch("settings", {"warn_days": 46}, match='"0"')
    assert (late.status_code, late.get_json()["code"]) == (412, "changed_meanwhile")


@pytest.mark.parametrize("seen", [0, 1])
def test_settings_read_before_another_change_are_refused(session: Session, seen: int) -> None:
    bureau.change(session, OFFICER, {"warn_days": 45}, now=NOW)
    bureau.change(session, OFFICER, {"warn_days": 46}, now=NOW)
    with pytest.raises(Problem, match="changed_meanwhile"):
        bureau.change(session, OFFICER, {"warn_days": 47}, now=NOW, seen=seen)
    assert bureau.change(session, OFFICER, {"warn_days": 47}, now=NOW, seen=2).warn_days == 47
