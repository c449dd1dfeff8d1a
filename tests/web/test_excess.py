"""After an inspection in service that failed, the page of the record says whether the excess is ground for a penalty."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from metrology.services import enforcing
from tests.conftest import TODAY
from tests.people import sign_in
from tests.records import certify, create_scale, create_team, days, hand_in, scale_readings


def inspected(app: Flask, session: Session, added: dict[str, str], **given: Any) -> tuple[Any, str]:
    """A scale in use that was looked at in service, and the page of the record."""
    team = create_team(session)
    scale = create_scale(session)
    certify(session, team, scale, today=TODAY - days(30), kind="initial")
    record = hand_in(session, team, scale, scale_readings(added, kind="in_service"), kind="in_service", **given)
    session.commit()
    browser = app.test_client()
    sign_in(browser, team.verifier)
    return record, browser.get(f"/verifications/{record.id}").get_data(as_text=True)


@pytest.mark.parametrize(
    ("added", "word"),
    # in service the limit of the second load is 10 g and a third of it 3.4 g: E = 5 g − the additional load
    [("15.1 g", "not_proven"), ("18.4 g", "not_proven"), ("18.5 g", "proven")],
)
def test_an_excess_in_service_is_proven_or_not(app, session, set_today, added, word):
    set_today(TODAY)
    record, page = inspected(app, session, {"1": added})
    assert record.verdict == "rejected"
    assert enforcing.excess_of(record).word == word
    assert "处罚依据" in page
    assert ("与测量不确定度之和，超差确凿" in page) is (word == "proven")


def test_nothing_is_said_where_nothing_failed(app, session, set_today):
    set_today(TODAY)
    record, page = inspected(app, session, {})
    assert (record.verdict, enforcing.excess_of(record).word) == ("conforms", "none")
    assert "处罚依据" not in page


def test_a_verification_is_no_inspection(session):
    team = create_team(session)
    record = hand_in(
        session, team, create_scale(session), scale_readings({"1": "11 g"}, kind="initial"), kind="initial"
    )
    assert enforcing.excess_of(record) is None
