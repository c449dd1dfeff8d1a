"""What a certificate is worth on each day, how it ends, and that its paper says what was fixed at issue."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.services import certifying, settings
from tests.conftest import NOW, TODAY
from tests.records import OFFICER, REJECTING, certify, create_scale, create_team, days, scale_readings

INITIAL = scale_readings(kind="initial")
UNTIL = date(2027, 11, 21)


def document(**fields: object) -> Certificate:
    given = {"kind": "verification_certificate", "standing": "valid", "end_reason": "", "valid_until": UNTIL, **fields}
    return Certificate(**given)


def worth(certificate: Certificate | None, day: date = TODAY, state: str = "in_use") -> str:
    return certifying.standing(certificate, Instrument(state=state), day, 30)


# -- the edges of days


@pytest.mark.parametrize(
    ("day", "word"),
    [
        (date(2027, 10, 21), "valid"),  # 31 days left
        (date(2027, 10, 22), "due_soon"),  # 30 days left
        (date(2027, 11, 20), "due_soon"),
        (date(2027, 11, 21), "due_soon"),  # the last valid day is valid all day
        (date(2027, 11, 22), "expired"),
        (date(2032, 1, 1), "expired"),
    ],
)
def test_a_certificate_by_day(day: date, word: str) -> None:
    assert worth(document(), day) == word
    assert certifying.holds(document(), day) is (word != "expired")


@pytest.mark.parametrize(
    ("certificate", "state", "word"),
    [
        (None, "in_use", "unknown"),
        (document(valid_until=None), "in_use", "valid"),
        (document(standing="superseded", end_reason="superseded"), "in_use", "superseded"),
        (document(standing="superseded", end_reason="corrected"), "rejected", "superseded"),
        (document(standing="revoked", end_reason="rejected"), "rejected", "rejected"),
        (document(standing="revoked", end_reason="rejected"), "in_use", "rejected"),
        (document(standing="revoked", end_reason="seal_broken"), "awaiting_verification", "revoked"),
        (document(standing="revoked", end_reason="出厂编号写错"), "in_use", "revoked"),
        (document(standing="revoked", end_reason="annulled"), "awaiting_verification", "annulled"),
        (
            document(kind="rejection_notice", valid_until=None, standing="revoked", end_reason="annulled"),
            "in_use",
            "annulled",
        ),
        (document(kind="rejection_notice", valid_until=None), "rejected", "rejected"),
        (document(kind="rejection_notice", valid_until=None), "under_repair", "rejected"),
        (document(kind="rejection_notice", valid_until=None, standing="superseded"), "in_use", "superseded"),
        (document(kind="rejection_notice", valid_until=None, standing="revoked"), "in_use", "revoked"),
    ],
)
def test_a_document_by_what_became_of_it(certificate: Certificate | None, state: str, word: str) -> None:
    assert worth(certificate, state=state) == word


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("in_use", "valid"),
        ("suspended", "suspended"),
        ("rejected", "rejected"),
        ("under_repair", "revoked"),
        ("awaiting_verification", "revoked"),
        ("retired", "revoked"),
        ("lost", "revoked"),
    ],
)
def test_never_valid_when_the_instrument_may_not_be_used(state: str, word: str) -> None:
    assert worth(document(), state=state) == word


@pytest.mark.parametrize(
    ("certificate", "state", "word"),
    [
        (document(under_review=True), "in_use", "under_review"),
        (document(under_review=True, valid_until=date(2026, 1, 1)), "in_use", "under_review"),
        (document(under_review=True, valid_until=None), "in_use", "under_review"),
        (document(under_review=True, standing="superseded", end_reason="superseded"), "in_use", "superseded"),
        (document(under_review=True, standing="revoked", end_reason="rejected"), "in_use", "rejected"),
        (document(under_review=True, kind="rejection_notice", valid_until=None), "rejected", "rejected"),
        (document(under_review=True), "suspended", "suspended"),
        (document(under_review=True), "retired", "revoked"),
        (document(under_review=False), "in_use", "valid"),
    ],
)
def test_a_doubted_certificate_is_under_review_unless_it_has_ended(
    certificate: Certificate, state: str, word: str
) -> None:
    assert worth(certificate, state=state) == word
    assert certifying.holds(certificate, TODAY) is (word == "valid")


# -- numbers and codes


def test_numbers_count_by_body_kind_and_year(session: Session) -> None:
    team = create_team(session)
    made = [certify(session, team, create_scale(session, f"S{i}"), INITIAL) for i in range(2)]
    notice = certify(session, team, create_scale(session, "S9"), scale_readings(REJECTING, kind="initial"))
    assert [one.number for one in (*made, notice)] == [
        "XXJL-JD-2026-000001",
        "XXJL-JD-2026-000002",
        "XXJL-TZ-2026-000001",
    ]
    old = certify(session, team, create_scale(session, "S3"), INITIAL, today=date(2025, 3, 1))
    assert old.number == "XXJL-JD-2025-000001"


def test_codes_hold_128_random_bits(session: Session) -> None:
    team = create_team(session)
    codes = {certify(session, team, create_scale(session, f"S{i}"), INITIAL).code for i in range(3)}
    assert len(codes) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", code) for code in codes)


def test_the_validity_rule_is_the_bureaus_and_is_printed(session: Session) -> None:
    team = create_team(session)
    settings.change(session, OFFICER, {"validity_rule": "anniversary"}, now=NOW)
    certificate = certify(session, team, create_scale(session), INITIAL)
    assert certificate.valid_until == date(2027, 11, 22)
    assert (
        certificate.payload["validity_rule"]["zh"] == "检定周期 12 个月（JJG 539-2016），自检定之日起计，至周年日当日止"
    )


# -- ending


def test_what_stands_is_ended_when_a_seal_breaks(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale, INITIAL)
    ended = certifying.end_current(session, OFFICER, scale, "seal_broken", today=TODAY, now=NOW)
    assert ended is certificate
    assert (certificate.standing, scale.due_date) == ("revoked", TODAY - days(1))
    assert certifying.end_current(session, OFFICER, scale, "seal_broken", today=TODAY, now=NOW) is None


def test_what_was_issued_cannot_be_changed(session: Session) -> None:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), INITIAL)
    session.commit()
    for change in ("valid_until = '2099-01-01'", "payload = '{}'", "number = 'X'", "code = 'X'"):
        with pytest.raises(DBAPIError, match="is fixed"):
            session.execute(text(f"update certificate set {change} where id = {certificate.id}"))
        session.rollback()


# -- what it says


def test_a_notice_lists_what_failed_and_by_how_much(session: Session) -> None:
    team = create_team(session)
    notice = certify(session, team, create_scale(session), scale_readings(REJECTING, kind="initial"))
    assert [item["zh"] for item in notice.payload["failed_items"]] == [
        "称量 允差改变点 1 (5000 g) 加载：示值误差 -6 g，最大允许误差 ±5 g"
    ]


def test_the_pages_hold_readings_limits_and_trace(session: Session) -> None:
    team = create_team(session)
    payload = certify(session, team, create_scale(session), INITIAL).payload
    weighing = next(table for table in payload["tables"] if table["title"]["zh"] == "称量")
    first = weighing["rows"][0]
    assert (weighing["unit"], weighing["error_unit"]) == ("g", "g")
    assert (first["reference"], first["indication"], first["error"], first["mpe"], first["within"]) == (
        "200",
        "200",
        "0",
        "±5",
        True,
    )
    assert first["formula"] == "P = I + ½e − ΔL; Ec = P − L − E0"
    assert [one["value"] for one in payload["environment"]] == ["21.5 °C", "45 %RH"]
    assert payload["standards"][0]["certificate_number"] == "LX-2026-0001"
    assert [check["item"]["zh"] for check in payload["checks"]][:2] == ["外观与结构", "计量法制标志与铭牌"]
    assert (payload["verifier"], payload["checker"], payload["approver"]) == ("检定员甲", "核验员乙", "批准人丙")
