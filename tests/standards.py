"""Standards with equipment for tests, and cases taken any part of the way."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.equipment import Equipment, OutsideStandard
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.standard_cases import CaseDecision, StandardCase
from metrology.persistence.standards import MeasurementStandard
from metrology.services import case_deciding, case_gathering, case_notices, equipment, outside, standard_cases
from metrology.services.equipment import CertificateFacts, EquipmentFacts
from metrology.services.outside import OutsideInstituteFacts, OutsideStandardFacts
from metrology.services.standard_cases import CaseFacts, Selection
from tests.conftest import NOW, TODAY
from tests.people import create_user

OFFICER = Actor(None, "Wang", frozenset({"officer"}))
URL = "https://jl.example.cn"


def create_equipment(
    session: Session,
    standard: MeasurementStandard | None = None,
    number: str = "SB-1",
    *,
    role: str = "main",
    since: date = date(2020, 1, 1),
    **fields: Any,
) -> Equipment:
    """A piece of equipment, in a standard where one is named. It has no certificate yet."""
    given = {"name": "M1 等级砝码", "serial_number": f"FM-{number}", **fields}
    row = equipment.create(session, OFFICER, EquipmentFacts(number=number, **given), now=NOW)
    if standard is not None:
        equipment.put_into(session, OFFICER, row, standard, role=role, since=since, now=NOW)
    return row


def create_upstream(session: Session, name: str = "F1 等级砝码标准装置") -> OutsideStandard:
    """A provincial standard that traces to a national primary one; the same for who asks again."""
    known = session.scalar(select(OutsideStandard).where(OutsideStandard.name == name))
    if known is not None:
        return known
    national = outside.keep_institute(
        session, OFFICER, OutsideInstituteFacts(name="中国计量科学研究院", level="national"), now=NOW
    )
    province = outside.keep_institute(
        session, OFFICER, OutsideInstituteFacts(name="河南省计量测试科学研究院", level="provincial"), now=NOW
    )
    primary = outside.keep_standard(
        session,
        OFFICER,
        OutsideStandardFacts(institute_id=national.id, name="千克国家计量基准", is_primary=True),
        now=NOW,
    )
    facts = OutsideStandardFacts(
        institute_id=province.id, name=name, number="[2018]国量标豫证字第012号", traces_to_id=primary.id
    )
    return outside.keep_standard(session, OFFICER, facts, now=NOW)


def certify_equipment(
    session: Session, row: Equipment, above: OutsideStandard, number: str = "豫计字 2026-001", **said: Any
) -> Any:
    """A certificate of the provincial standard, valid from the start of 2026 for a year unless said otherwise."""
    usual = {
        "valid_from": date(2026, 1, 1), "valid_until": date(2026, 12, 31), "accuracy": "0.003 %", "coverage_factor": "2",
        "accuracy_text": "M1 等级", "outside_standard_id": above.id,
    }  # fmt: skip
    facts = CertificateFacts(number=number, **{**usual, **said})
    return equipment.certify(session, OFFICER, row, facts, now=NOW)


def two_deciders(session: Session) -> tuple[Actor, Actor]:
    """Two approvers who may propose and confirm."""
    made = [create_user(session, "approver", name=name) for name in ("提议人", "确认人")]
    return standard_cases.actor_of(made[0]), standard_cases.actor_of(made[1])


def open_case(session: Session, actor: Actor, subject: MeasurementStandard | Equipment, **said: Any) -> StandardCase:
    usual = {
        "defective_from": TODAY - timedelta(days=30), "finding": "期间核查超差", "reverify_by": TODAY + timedelta(days=30),
    }  # fmt: skip
    return standard_cases.open_case(session, actor, subject, CaseFacts(**{**usual, **said}), today=TODAY, now=NOW)


def gather(session: Session, case: StandardCase) -> StandardCase:
    """What the background does after a case was opened."""
    case_gathering.gather(session, case, now=lambda: NOW, step=lambda *_told: session.commit())
    case_notices.draft(session, case, "doubt", now=NOW, public_url=URL)
    case.state = "open"
    session.commit()
    session.expire_all()
    return case


def decide(
    session: Session, deciders: tuple[Actor, Actor], case: StandardCase, kind: str, selection: Selection | None = None
) -> CaseDecision:
    """Proposed by one, confirmed by the other, carried out."""
    proposer, confirmer = deciders
    decision = standard_cases.propose(session, proposer, case, kind, selection or Selection(), "复核结论", now=NOW)
    standard_cases.confirm(session, confirmer, decision, now=NOW)
    case_deciding.carry_out(
        session, decision, today=TODAY, now=lambda: NOW, step=lambda *_told: session.commit(), public_url=URL
    )
    session.commit()
    session.expire_all()
    return decision


def create_contact(session: Session, holder: Holder, email: str = "zhang@example.cn") -> Contact:
    contact = Contact(holder_id=holder.id, name="张经理", email=email, notify_email=True, language="zh_Hans_CN")
    session.add(contact)
    session.flush()
    return contact
