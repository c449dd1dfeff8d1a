"""The form of a calibration and what pages say of it."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.persistence.verifications import Verification
from tests.calibrations import calibrate, create_calibrating_team, create_caliper, start
from tests.people import sign_in

READ = {
    "r.environment.temperature": "20.1", "r.environment.humidity": "50", "r.method.unit": "mm", "r.method.resolution": "0.01",
    "r.method.rule": "jjf_1094", "r.points.0.reference": "50", "r.points.0.r1": "50.01", "r.points.0.r2": "50.02",
    "r.points.0.r3": "50.01", "r.points.0.mpe": "0.05",
}  # fmt: skip


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the form."""
    found = {}
    for name in ("token", "sheet_key"):
        found[name] = page.split(f'name="{name}" value="', 1)[1].split('"', 1)[0]
    return {**found, "standards_shown": "1"}


def test_a_caliper_is_found_calibrated_and_certified(session: Session, app: Flask, client: FlaskClient) -> None:
    team = create_calibrating_team(session)
    caliper = create_caliper(session)
    session.commit()
    sign_in(client, team.verifier)
    assert "校准" in client.get(f"/verifications/new?q={caliper.number}").text
    answer = client.post(f"/verifications/start?instrument_id={caliper.id}")
    edit = answer.headers["Location"]
    page = client.get(edit).text
    assert "r.budget.0.source" in page
    assert '<option value="initial"' not in page
    kept = client.post(
        edit.replace("/edit", "/draft"), data={**form_of(page), **READ, "standard": str(team.standard.id)}
    )
    assert kept.status_code == 200
    panel = kept.get_json()["html"]["panel"]
    assert "0.013" in panel
    assert "0.011" in panel or "0.012" in panel
    page = client.get(edit).text
    sent = {**form_of(page), **READ, "standard": str(team.standard.id), "do": "submit"}
    budget = {name: value for name, value in _values(page).items() if name.startswith("r.budget.")}
    answer = client.post(edit, data={**budget, **sent})
    assert answer.status_code == 302, answer.text[:3000]
    record = session.query(Verification).one()
    assert (record.state, record.verdict) == ("submitted", None)
    for role, verb in ((team.checker, "check"), (team.approver, "approve")):
        browser = app.test_client()
        sign_in(browser, role)
        detail = browser.get(f"/verifications/{record.id}").text
        assert "0.013" in detail
        assert "尚无判定" not in detail
        assert browser.post(f"/verifications/{record.id}/{verb}").status_code == 302
    assert "校准证书" in client.get("/certificates/").text


def _values(page: str) -> dict[str, str]:
    """What stands in the inputs of the budget."""
    inputs = re.findall(r'<input[^>]*name="(r\.budget\.[^"]+)"[^>]*value="([^"]*)"', page)
    chosen = re.findall(r'<select[^>]*name="(r\.budget\.[^"]+)".*?<option value="([^"]*)" selected', page, re.DOTALL)
    return dict([*inputs, *chosen])


def test_the_public_page_and_lists(session: Session, client: FlaskClient) -> None:
    team = create_calibrating_team(session)
    certificate = calibrate(session, team, create_caliper(session))
    session.commit()
    public = client.get(f"/c/{certificate.code}").text
    assert "已校准" in public
    assert "检定有效" not in public
    assert "合格" not in public
    sign_in(client, team.verifier)
    assert certificate.number in client.get("/certificates/?standing=calibrated").text
    assert certificate.number not in client.get("/certificates/?standing=valid").text
    for page in (
        "/verifications/",
        f"/instruments/{certificate.instrument_id}",
        f"/instruments/{certificate.instrument_id}/history",
    ):
        assert client.get(page).status_code == 200, page


def test_a_draft_that_was_begun_shows_no_verdict(session: Session, client: FlaskClient) -> None:
    team = create_calibrating_team(session)
    draft = start(session, team, create_caliper(session))
    session.commit()
    sign_in(client, team.verifier)
    page = client.get(f"/verifications/{draft.id}/edit").text
    assert "尚无结果" in page
    assert "校准" in page
