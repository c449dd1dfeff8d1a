"""Calibrations from the draft to the certificate: no verdict, no interval but at the customer's wish, and what it states."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from metrology.domain.problems import Problem
from metrology.services import certifying, ending, judging, paper, rechecking, scanning, verifying
from metrology.services.paper import Press
from metrology.services.verifying import DraftChanges, RecordRefused
from tests.calibrations import (
    POINTS,
    calibrate,
    create_calibrating_team,
    create_caliper,
    hand_in,
    readings,
    start,
)
from tests.conftest import NOW, TODAY
from tests.documents.dcc import faults, needs_schema, texts
from tests.documents.paper import page_texts
from tests.records import create_scale, create_team

BARE = Press("https://jl.example.cn")


def test_the_form_proposes_unit_document_and_the_standards_uncertainty(session: Session) -> None:
    team = create_calibrating_team(session)
    draft = start(session, team, create_caliper(session))
    assert (draft.kind, draft.readings["method"]["unit"], draft.readings["method"]["document"]) == (
        "calibration",
        "mm",
        "JJG 30",
    )
    verifying.save_draft(session, team.actor("verifier"), draft, DraftChanges(readings=readings(draft)), now=NOW)
    budget = judging.drawn(session, draft).sheet.table("budget")
    proposed = [
        (row.values["source"], row.values["value"], row.values["distribution"]) for row in budget.rows if row.values
    ]
    assert proposed == [("标准器 五等量块", "0.002 mm", "normal"), ("被校器具分辨力", "0.005 mm", "rectangular")]


def test_a_calibration_from_draft_to_certificate(session: Session) -> None:
    team = create_calibrating_team(session)
    caliper = create_caliper(session)
    before = (caliper.state, caliper.due_date)
    certificate = calibrate(session, team, caliper)
    record = certificate.verification
    assert (record.verdict, record.kind, record.edition_code) == (None, "calibration", "JJF 1059.1-2012")
    assert [one["error"] for one in record.judgement["calibration"]["points"]] == ["0.003", "0.013", "0.023"]
    assert (certificate.kind, certificate.valid_until, certificate.number) == (
        "calibration_certificate", None, "XXJL-XZ-2026-000001",
    )  # fmt: skip
    assert (caliper.state, caliper.due_date, caliper.last_verified_on) == (*before, TODAY)
    assert certifying.standing(certificate, caliper, TODAY, 30) == "calibrated"
    assert certifying.holds(certificate, TODAY) is False


def test_the_certificate_states_what_iso_17025_asks_for(session: Session) -> None:
    team = create_calibrating_team(session)
    certificate = calibrate(session, team, create_caliper(session))
    facts = paper.facts_of(session, certificate, BARE.public_url)
    (statements,) = facts.calibration
    rows = facts.tables[0].rows
    assert [(row.reference, row.error, row.uncertainty, row.coverage_factor) for row in rows] == [
        ("0", "+0.003", "0.011", "2.52"), ("50", "+0.013", "0.011", "2.52"), ("150", "+0.023", "0.011", "2.52"),
    ]  # fmt: skip
    assert {(row.mpe, row.within) for row in rows} == {("", None)}
    assert [one.number for one in facts.regulations] == ["JJG 30-2012", "JJF 1059.1-2012"]
    assert (facts.conclusion.zh, statements.decision_rule.zh, statements.next_on) == (
        "给出校准结果，不作符合性判定",
        "",
        "",
    )
    assert "河南省计量测试科学研究院" in statements.traceability.zh
    assert [line.source.zh for line in statements.budget.lines] == ["测量重复性", "标准器 五等量块", "被校器具分辨力"]
    pages = page_texts(paper.pdf(session, certificate, "zh", BARE))
    for words in (
        "校准证书", "校准日期2026年11月22日", "校准员检定员甲", "扩展不确定度U", "包含因子k", "不作符合性判定", "溯源性",
        "不确定度评估（150mm）", "被校器具分辨力",
    ):  # fmt: skip
        assert words in "".join(pages), words
    assert "有效期至" not in pages[0]
    assert "合格" not in "".join(pages)


def test_a_decision_rule_is_stated_with_its_outcome(session: Session) -> None:
    team = create_calibrating_team(session)
    points = [{**one, "mpe": "0.05 mm"} for one in POINTS]
    certificate = calibrate(session, team, create_caliper(session), {"points": points}, rule="jjf_1094")
    facts = paper.facts_of(session, certificate, BARE.public_url)
    assert facts.conclusion.zh == "所校准各点符合最大允许误差要求"
    assert "JJF 1094-2002" in facts.calibration[0].decision_rule.zh
    assert {(row.mpe, row.within) for row in facts.tables[0].rows} == {("±0.05", True)}


@needs_schema
@pytest.mark.parametrize("rule", ["none", "jjf_1094"])
def test_its_dcc_is_valid_and_holds_u_and_k(session: Session, rule: str) -> None:
    team = create_calibrating_team(session)
    given = {
        "points": [{**one, "mpe": "0.05 mm"} for one in POINTS],
        "before": [{"reference": "50 mm", "r1": "50.09 mm"}],
    }
    certificate = calibrate(session, team, create_caliper(session), given, rule=rule)
    xml = paper.dcc(session, certificate, BARE)
    assert faults(xml) == []
    facts = paper.facts_of(session, certificate, BARE.public_url)
    results = facts.tables[1].rows
    assert texts(xml, "//si:valueExpandedMUXMLList/text()") == [" ".join(row.uncertainty for row in results)]
    assert texts(xml, "//si:coverageFactorXMLList/text()") == [" ".join(row.coverage_factor for row in results)]
    conformity = texts(xml, "//dcc:statement[@refType='basic_conformity']/dcc:conformity/text()")
    assert conformity == ([] if rule == "none" else ["pass"])
    assert texts(xml, "//dcc:influenceCondition/dcc:status/text()") == ["beforeAdjustment", "afterAdjustment"]


def test_before_and_after_an_adjustment(session: Session) -> None:
    team = create_calibrating_team(session)
    given = {"before": [{"reference": "50 mm", "r1": "50.09 mm"}]}
    facts = paper.facts_of(session, calibrate(session, team, create_caliper(session), given), BARE.public_url)
    assert [(table.status, len(table.rows)) for table in facts.tables] == [
        ("before_adjustment", 1),
        ("after_adjustment", 3),
    ]
    assert facts.tables[0].rows[0].error == "+0.09"


def test_the_next_day_is_set_only_where_the_customer_asked(session: Session) -> None:
    team = create_calibrating_team(session)
    caliper = create_caliper(session)
    certificate = calibrate(session, team, caliper, next_months="12")
    assert (caliper.due_date, caliper.due_basis) == (date(2027, 11, 21), "certificate")
    assert certificate.valid_until is None
    assert "建议于2027-11-21前复校" in "".join(page_texts(paper.pdf(session, certificate, "zh", BARE)))
    calibrate(session, team, caliper)
    assert (caliper.due_date, caliper.due_basis) == (None, None)


def test_a_later_calibration_takes_the_place_of_the_earlier(session: Session) -> None:
    team = create_calibrating_team(session)
    caliper = create_caliper(session)
    first, second = calibrate(session, team, caliper), calibrate(session, team, caliper)
    session.refresh(first)
    assert (first.standing, first.replaced_by_id, second.standing) == ("superseded", second.id, "valid")


def test_a_corrected_calibration_names_what_it_replaces(session: Session) -> None:
    team = create_calibrating_team(session)
    first = calibrate(session, team, create_caliper(session))
    draft = verifying.correct(
        session, team.actor("verifier"), first.verification, today=TODAY, now=NOW, reason="读数抄错"
    )
    verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW)
    verifying.check(session, team.actor("checker"), draft, now=NOW)
    verifying.approve(session, team.actor("approver"), draft, today=TODAY, now=NOW)
    second = certifying.document_of(session, draft.id)
    assert second is not None
    assert (second.kind, second.payload["replaces"]) == ("calibration_certificate", first.number)


def test_taking_it_back_lets_the_instrument_be(session: Session) -> None:
    team = create_calibrating_team(session)
    caliper = create_caliper(session)
    certificate = calibrate(session, team, caliper)
    ending.take_back(session, team.actor("approver"), certificate, "标准器有误", today=TODAY, now=NOW)
    assert (certificate.standing, caliper.state) == ("revoked", "in_use")


def test_what_must_be_verified_is_not_calibrated(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    with pytest.raises(Problem, match="must_be_verified"):
        verifying.start_draft(session, team.actor("verifier"), scale, kind="calibration", today=TODAY, now=NOW)
    free = create_scale(session, "S2", purpose="other")
    draft = verifying.start_draft(session, team.actor("verifier"), free, kind="calibration", today=TODAY, now=NOW)
    assert draft.kind == "calibration"
    assert judging.kinds_of(session, free)[-1] == "calibration"
    assert judging.kinds_of(session, create_caliper(session)) == ("calibration",)


def test_it_is_refused_while_something_lacks(session: Session) -> None:
    team = create_calibrating_team(session)
    draft = start(session, team, create_caliper(session))
    given = readings(draft, [{"reference": "50 mm", "r1": "50.01 mm"}])
    verifying.save_draft(session, team.actor("verifier"), draft, DraftChanges(readings=given), now=NOW)
    with pytest.raises(RecordRefused, match="incomplete_readings"):
        verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW)


def test_the_database_knows_no_verdict_of_a_calibration(session: Session) -> None:
    team = create_calibrating_team(session)
    record = hand_in(session, team, create_caliper(session))
    session.commit()
    with pytest.raises(DBAPIError):
        session.execute(text(f"update verification set verdict = 'conforms' where id = {record.id}"))
    session.rollback()


def test_a_calibration_is_recomputed_with_all_records(session: Session) -> None:
    team = create_calibrating_team(session)
    record = hand_in(session, team, create_caliper(session))
    start(session, team, create_caliper(session, "KC-2"))
    assert [(one.number, one.kind, one.was) for one in rechecking.recheck(session)] == [
        (record.number, "same", "calibration")
    ]
    assert rechecking.count(session) == 1
    kept = record.judgement["calibration"]
    points = [{**kept["points"][0], "expanded": "0.010"}, *kept["points"][1:]]
    altered = SimpleNamespace(
        id=1, number="X", type_code=record.type_code, edition_code=record.edition_code, kind="calibration", verdict=None,
        nameplate=record.nameplate, readings=record.readings, judgement={"calibration": {**kept, "points": points}},
    )  # fmt: skip
    found = rechecking.Rejudging(session).outcome(altered)  # type: ignore[arg-type]
    assert (found.kind, found.difference.startswith("points: ")) == ("figures", True)


def test_the_public_page_says_calibrated_and_never_conforms(session: Session) -> None:
    team = create_calibrating_team(session)
    certificate = calibrate(session, team, create_caliper(session))
    facts = scanning.by_certificate(session, certificate.code, today=TODAY, warn_days=30)
    assert facts is not None
    assert (facts.standing, [one.verdict for one in facts.history]) == ("calibrated", [""])
