"""The pages on which two people end a certificate; what the public sees before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.persistence.certificates import Certificate
from metrology.persistence.endings import Ending
from metrology.services.revising import revise_instrument
from tests.conftest import NOW, TODAY
from tests.people import create_user, sign_in
from tests.records import OFFICER, certify, create_scale, create_team, scale_readings

WHY = "检定对象与铭牌不符"


@dataclass
class Office:
    """An officer and two approvers of one body, each in a browser of their own, and a certificate."""

    app: Flask
    session: Session
    officer: FlaskClient
    approver: FlaskClient
    certificate: Certificate

    @property
    def page(self) -> str:
        return f"/certificates/{self.certificate.id}"

    def propose(self, kind: str, reason: str = WHY) -> Ending:
        answer = self.officer.post(f"{self.page}/ending", data={"kind": kind, "reason": reason})
        assert (answer.status_code, answer.location) == (302, self.page)
        return self.session.scalars(select(Ending).order_by(Ending.id.desc())).first()  # type: ignore[return-value]

    def public(self) -> str:
        return self.app.test_client().get(f"/c/{self.certificate.code}").text


@pytest.fixture
def office(app: Flask, session: Session, set_today: Any) -> Office:
    set_today(TODAY)
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), scale_readings(kind="initial"))
    officer, approver = app.test_client(), app.test_client()
    sign_in(officer, create_user(session, "officer", name="王科员"))
    sign_in(approver, team.approver)
    return Office(app, session, officer, approver, certificate)


def test_a_revocation_goes_from_one_to_the_other(office: Office) -> None:
    proposed = office.propose("revocation")
    assert "检定有效" in office.public()
    assert WHY in office.approver.get("/verifications/queue").text
    assert WHY in office.approver.get("/").text
    assert WHY in office.approver.get(office.page).text
    assert office.approver.post(f"/certificates/endings/{proposed.id}/confirm").status_code == 302
    public = office.public()
    assert "已失效" in public
    assert WHY not in public
    assert "王科员" in office.officer.get(office.page).text
    assert "撤销" in office.officer.get("/certificates/endings").text


def test_an_annulled_certificate_is_called_so_in_public(office: Office) -> None:
    proposed = office.propose("annulment")
    office.approver.post(f"/certificates/endings/{proposed.id}/confirm")
    assert "自始无效" in office.public()
    listed = office.officer.get("/certificates/?standing=annulled").text
    assert office.certificate.number in listed
    assert office.certificate.number not in office.officer.get("/certificates/?standing=revoked").text


def test_a_replacement_shows_what_will_be_different_and_links_to_the_new_one(office: Office) -> None:
    change = {"serial_number": "SC100009"}
    revise_instrument(office.session, OFFICER, office.certificate.instrument, change, today=TODAY, now=NOW)
    office.session.commit()
    assert "SC100009" in office.officer.get(f"{office.page}/ending").text
    proposed = office.propose("replacement")
    assert "SC100009" in office.approver.get(office.page).text
    office.approver.post(f"/certificates/endings/{proposed.id}/confirm")
    new = office.session.get_one(Ending, proposed.id).successor
    assert new is not None
    assert new.number in office.officer.get(office.page).text
    public = office.public()
    assert "已被替代" in public
    assert f"/c/{new.code}" in public


def test_what_was_typed_stays_in_a_refused_form(office: Office) -> None:
    answer = office.officer.post(f"{office.page}/ending", data={"kind": "replacement", "reason": WHY})
    assert answer.status_code == 422
    assert WHY in answer.text
    assert office.officer.post(f"{office.page}/ending", data={"kind": "revocation"}).status_code == 422
    assert office.session.scalar(select(Ending)) is None


def test_the_proposer_sees_no_button_to_confirm(office: Office) -> None:
    proposed = office.propose("revocation")
    assert f"/endings/{proposed.id}/withdraw" in office.officer.get(office.page).text
    assert f"/endings/{proposed.id}/confirm" not in office.officer.get(office.page).text
    assert office.officer.post(f"/certificates/endings/{proposed.id}/confirm").status_code == 403
    assert office.officer.post(f"/certificates/endings/{proposed.id}/withdraw").status_code == 302
    assert "检定有效" in office.public()


def test_an_approver_who_proposed_is_told_that_another_must_confirm(office: Office) -> None:
    office.approver.post(f"{office.page}/ending", data={"kind": "revocation", "reason": WHY})
    proposed = office.session.scalars(select(Ending)).one()
    answer = office.approver.post(f"/certificates/endings/{proposed.id}/confirm", follow_redirects=True)
    assert "须由另一位批准人确认" in answer.text
    assert "检定有效" in office.public()


def test_a_holder_reads_nothing_of_proposals(office: Office) -> None:
    office.propose("revocation")
    holder = office.app.test_client()
    sign_in(holder, create_user(office.session, "holder", holder_id=office.certificate.instrument.holder_id))
    page = holder.get(office.page)
    assert page.status_code == 200
    assert WHY not in page.text
    assert holder.get("/certificates/endings").status_code == 403
