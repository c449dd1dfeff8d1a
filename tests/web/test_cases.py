"""Pages of cases, equipment and authorisations: opened by one, decided by two, seen by the public, undone."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.jobs import worker
from metrology.persistence.authorisations import Authorisation
from metrology.persistence.certificates import Certificate
from metrology.persistence.standard_cases import CaseDecision, StandardCase
from metrology.services import case_gathering
from tests.conftest import TODAY
from tests.people import create_user, sign_in
from tests.records import Team, certify, create_scale, create_team, scale_readings
from tests.standards import certify_equipment, create_equipment, create_upstream, gather

INITIAL = scale_readings(kind="initial")
FOUND = {"defective_from": "2026-11-01", "finding": "期间核查超差", "reverify_by": "2026-12-31", "error": "0.6 g"}
ZH = {"Accept-Language": "zh-CN"}


@pytest.fixture(autouse=True)
def _today(set_today: Any) -> None:
    set_today(TODAY)


@pytest.fixture
def team(session: Session) -> Team:
    return create_team(session)


def browser(client: FlaskClient, session: Session, *roles: str) -> FlaskClient:
    mine = client.application.test_client()
    sign_in(mine, create_user(session, *roles))
    return mine


def test_a_case_from_the_finding_to_the_public_page_and_back(client: FlaskClient, session: Session, team: Team) -> None:
    certificate = certify(session, team, create_scale(session), INITIAL)
    one, other = browser(client, session, "approver", "officer"), browser(client, session, "manager")
    refused = one.post(f"/cases/standards/{team.standard.id}/new", data={**FOUND, "finding": ""})
    assert (refused.status_code, 'value="2026-11-01"' in refused.text) == (422, True)
    assert one.post(f"/cases/standards/{team.standard.id}/new", data=FOUND).location == "/cases/1"
    case = session.get_one(StandardCase, 1)
    gather(session, case)
    page = one.get("/cases/1", headers=ZH).text
    assert certificate.number in page
    assert "100.0 %" in page
    assert "结论不变" in page
    assert "审查中" in client.get(f"/c/{certificate.code}", headers=ZH).text
    assert "失准" in one.get(f"/standards/{team.standard.id}", headers=ZH).text
    assert "SZ00000001" in one.get(f"/certificates/{certificate.id}", headers=ZH).text
    asked = {"kind": "clear", "which": "stays", "reason": "误差不影响结论"}
    assert one.post("/cases/1/propose", data=asked).status_code == 302
    decision = session.query(CaseDecision).one()
    one.post(f"/cases/decisions/{decision.id}/confirm")
    session.refresh(decision)
    assert decision.state == "proposed"
    other.post(f"/cases/decisions/{decision.id}/confirm")
    session.refresh(decision)
    assert (decision.state, session.get_one(StandardCase, 1).state) == ("done", "closed")
    assert "检定有效" in client.get(f"/c/{certificate.code}", headers=ZH).text


def test_the_background_finds_what_a_case_doubts(
    app: Any, client: FlaskClient, session: Session, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_gathering, "CHUNK", 2)
    made = [certify(session, team, create_scale(session, f"S{i}"), INITIAL) for i in range(3)]
    officer = browser(client, session, "officer")
    officer.post(f"/cases/standards/{team.standard.id}/new", data=FOUND)
    from metrology.persistence.database import db

    session.commit()
    worker.run_all(db.session, app.config["METROLOGY"])
    session.expire_all()
    assert session.get_one(StandardCase, 1).state == "open"
    assert [one.under_review for one in session.query(Certificate).order_by(Certificate.id)] == [True] * len(made)
    assert officer.get("/tasks/").status_code == 200


def test_nothing_is_decided_by_who_may_not(client: FlaskClient, session: Session, team: Team) -> None:
    verifier = browser(client, session, "verifier")
    assert verifier.post(f"/cases/standards/{team.standard.id}/new", data=FOUND).status_code == 403
    assert verifier.get("/cases/").status_code == 200


def test_a_visit_is_planned_and_a_notice_sent_from_the_case(client: FlaskClient, session: Session, team: Team) -> None:
    certify(session, team, create_scale(session), INITIAL)
    officer = browser(client, session, "officer")
    officer.post(f"/cases/standards/{team.standard.id}/new", data=FOUND)
    gather(session, session.get_one(StandardCase, 1))
    assert 'name="place" value="0"' in officer.get("/cases/1").text
    wrong = officer.post("/cases/1/visits", data={"place": "0", "first_day": "morgen"}, follow_redirects=True)
    assert "morgen" in wrong.text
    planned = officer.post("/cases/1/visits", data={"place": "0", "first_day": "2026-11-23"}, follow_redirects=True)
    assert "2026-11-23" in planned.text
    assert officer.post("/cases/1/notices").status_code == 302


def test_equipment_is_entered_certified_with_its_file_and_put_in(
    client: FlaskClient, session: Session, team: Team
) -> None:
    above = create_upstream(session)
    session.commit()
    officer = browser(client, session, "officer")
    assert officer.post("/equipment/new", data={"name": "M1 砝码", "check_months": "6"}).location == "/equipment/1"
    said = {
        "number": "豫计 1", "kind": "verification", "outside_standard_id": str(above.id), "valid_from": "2026-01-01",
        "valid_until": "2026-12-31", "accuracy": "0.003 %", "file": (BytesIO(b"%PDF-1.7\n%%EOF"), "证书.pdf"),
    }  # fmt: skip
    wrong = officer.post("/equipment/1/certify", data={**said, "accuracy": "gut", "file": (BytesIO(b""), "")})
    assert (wrong.status_code, 'id="accuracy-error"' in wrong.text, "豫计 1" in wrong.text) == (422, True, True)
    assert officer.post("/equipment/1/certify", data=said).status_code == 302
    place = {"standard_id": str(team.standard.id), "role": "main", "since": "2026-01-01"}
    assert officer.post("/equipment/1/place", data=place).status_code == 302
    page = officer.get("/equipment/1", headers=ZH).text
    assert "证书.pdf" in page
    assert "2026-07-01" in page
    file = officer.get("/equipment/files/1")
    assert (file.status_code, file.mimetype, file.data) == (200, "application/pdf", b"%PDF-1.7\n%%EOF")
    chain = officer.get(f"/standards/{team.standard.id}", headers=ZH).text
    assert chain.count('<svg class="chain') == 2
    assert "千克国家计量基准" in chain
    assert "M1 砝码" in officer.get(f"/outside/standards/{above.id}").text


def test_a_failed_check_is_told_on_its_page(client: FlaskClient, session: Session, team: Team) -> None:
    row = create_equipment(session, team.standard)
    certify_equipment(session, row, create_upstream(session))
    session.commit()
    officer = browser(client, session, "officer")
    officer.post(f"/equipment/{row.id}/check", data={"checked_on": "2026-11-20", "result": "unsatisfactory"})
    assert "2026-11-20 期间核查不合格" in officer.get(f"/equipment/{row.id}", headers=ZH).text


def test_the_chain_of_a_record_is_drawn_and_listed(client: FlaskClient, session: Session, team: Team) -> None:
    row = create_equipment(session, team.standard)
    certify_equipment(session, row, create_upstream(session))
    certificate = certify(session, team, create_scale(session), INITIAL)
    auditor = browser(client, session, "auditor")
    page = auditor.get(f"/verifications/{certificate.verification_id}/traceability", headers=ZH).text
    for shown in ("SC100001", "M1 等级砝码组", "豫计字 2026-001", "河南省计量测试科学研究院", "千克国家计量基准"):
        assert page.count(shown) >= 3, shown  # both drawings and the list say it
    assert "<script" not in page.split("chain-figure")[1].split("</figure>")[0]


def test_an_institutes_authorisations_and_the_view_of_capability(
    client: FlaskClient, session: Session, team: Team
) -> None:
    create_scale(session)
    session.commit()
    admin = browser(client, session, "administrator")
    kept = session.query(Authorisation).one()
    item = {
        "number": "（豫）法计", "type_codes": ["digital_indicating_scale"], "valid_from": "2026-01-01",
        "valid_until": "2026-12-31", "characteristic": "max", "high": "15 kg", "district_code": "",
    }  # fmt: skip
    assert admin.post(f"/institutes/authorisations/{kept.id}/replace", data=item).status_code == 302
    page = admin.get(f"/institutes/{team.institute.id}", headers=ZH).text
    assert "15 kg" in page
    view = admin.get("/capability/", headers=ZH).text
    assert "限定范围内可检" in view
    assert admin.get("/capability/?purpose=medical&group=x").status_code == 200
    sheet = admin.get("/capability/capability.xlsx")
    assert (sheet.status_code, sheet.data[:2]) == (200, b"PK")


def test_what_of_ours_ends_shows_on_its_page_and_today(client: FlaskClient, session: Session, team: Team) -> None:
    team.standard.valid_until = TODAY
    session.commit()
    officer = browser(client, session, "officer")
    for address in ("/validity/", "/"):
        assert "M1 等级砝码组" in officer.get(address).text, address
    assert 'href="/validity/"' in officer.get("/plan/due").text.split("<main")[1]
