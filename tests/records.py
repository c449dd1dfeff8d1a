"""Verifications for tests: a body, its three people, a standard, instruments, and records taken any part of the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from metrology import regulations
from metrology.domain.authority import Actor
from metrology.persistence.authorisations import Authorisation
from metrology.persistence.certificates import Certificate
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import Institute, Qualification, User
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.verifications import Verification
from metrology.services import certifying, verifying
from metrology.services.registering import InstrumentFacts, register_instrument
from metrology.services.verifying import DraftChanges
from tests.conftest import NOW, TODAY
from tests.people import create_user

OFFICER = Actor(None, "Wang", frozenset({"officer"}))
SCALE_PLATE = {"max": "30 kg", "e": "10 g", "accuracy_class": "III"}
CONDITIONS = {"temperature": "21.5", "humidity": "45"}


@dataclass
class Team:
    """A body with three people who may verify, check and approve everything, and a standard that serves scales."""

    institute: Institute
    verifier: User
    checker: User
    approver: User
    standard: MeasurementStandard

    def actor(self, role: str) -> Actor:
        return actor_of(getattr(self, role))


def actor_of(user: User) -> Actor:
    return Actor(user.id, user.name, user.role_names, user.district_code, user.holder_id, user.institute_id)


def create_team(session: Session, code: str = "XXJL", **qualification: Any) -> Team:
    """``qualification`` says otherwise what verifier and checker are qualified for and when; the body is authorised for all."""
    institute = Institute(
        name="新乡市计量技术检测中心", name_en="Xinxiang Metrology Institute", short_code=code, authorisation_number="（豫）法计（2024）07001号",
        authorised_until=date(2029, 12, 31), address="新乡市示范路 1 号", phone="0373-0000000",
    )  # fmt: skip
    session.add(institute)
    session.flush()
    people = {
        role: create_user(session, role, name=name, institute_id=institute.id)
        for role, name in (("verifier", "检定员甲"), ("checker", "核验员乙"), ("approver", "批准人丙"))
    }
    for role in ("verifier", "checker"):
        qualify(session, people[role], **qualification)
    session.add(
        Authorisation(
            institute_id=institute.id, number=institute.authorisation_number, type_code="*",
            valid_from=date(1990, 1, 1), valid_until=date(2049, 12, 31), recorded_at=NOW,
        )
    )  # fmt: skip
    return Team(
        institute, people["verifier"], people["checker"], people["approver"], create_standard(session, institute)
    )


def qualify(session: Session, user: User, **said: Any) -> Qualification:
    """Let a person verify and check: everything, for years, unless said otherwise."""
    usual = {
        "type_code": "*", "certificate_number": "ZC-001", "valid_from": date(2020, 1, 1), "valid_until": date(2030, 12, 31),
    }  # fmt: skip
    row = Qualification(user_id=user.id, **{**usual, **said})
    session.add(row)
    return row


def create_standard(
    session: Session, institute: Institute | None, number: str = "BZ-M1-01", **fields: Any
) -> MeasurementStandard:
    given: dict[str, Any] = {
        "name": "M1 等级砝码组", "name_en": "Weights, class M1", "serial_number": f"FM-{number}",
        "range_low": "1 g", "range_high": "50 kg", "range_text": "1 g … 50 kg", "accuracy": "0.005 %",
        "accuracy_text": "M1 等级", "type_codes": ["digital_indicating_scale", "fuel_dispenser", "cold_water_meter"],
        "certificate_number": "LX-2026-0001", "valid_from": date(2020, 1, 1), "valid_until": date(2027, 6, 30),
    }  # fmt: skip
    standard = MeasurementStandard(
        number=number,
        institute_id=institute.id if institute else None,
        created_at=NOW,
        updated_at=NOW,
        **{**given, **fields},
    )
    session.add(standard)
    session.flush()
    return standard


def create_holder(session: Session, name: str = "示范超市有限公司", kind: str = "enterprise") -> Holder:
    holder = Holder(number=f"DW-{name}", name=name, kind=kind, identity_key=name, created_at=NOW, updated_at=NOW)
    session.add(holder)
    session.flush()
    return holder


def create_scale(session: Session, serial: str = "SC100001", **said: Any) -> Instrument:
    usual: dict[str, Any] = {
        "type_code": "digital_indicating_scale", "serial_number": serial, "manufacturer": "示范衡器有限公司",
        "model": "ACS-30", "nameplate": SCALE_PLATE,
    }  # fmt: skip
    if "holder_id" not in said:
        usual["holder_id"] = (session.query(Holder).first() or create_holder(session)).id
    return register_instrument(session, OFFICER, InstrumentFacts(**{**usual, **said}), today=TODAY, now=NOW)


def scale_readings(added: dict[str, str] | None = None, kind: str = "subsequent", **plate: str) -> dict[str, Any]:
    """Readings of a scale that shows every load right; ``added`` gives another additional load at a row of weighing."""
    sheet = regulations.get("digital_indicating_scale").editions[-1].reading_sheet({**SCALE_PLATE, **plate}, kind)
    readings: dict[str, Any] = {
        "items": {one.key: True for one in sheet.table("items").fields}, "environment": CONDITIONS,
        "zero": {"load": "100 g", "indication": "100 g", "additional_load": "5 g"},
    }  # fmt: skip
    for key in ("weighing", "eccentricity", "repeatability"):
        readings[key] = [
            {**row.values, "indication": row.values["load"], "additional_load": "5 g"} for row in sheet.table(key).rows
        ]
    readings["discrimination"] = [
        {**row.values, "indication": row.values["load"], "indication_after": _plus_ten(row.values["load"])}
        for row in sheet.table("discrimination").rows
    ]
    for row, load in (added or {}).items():
        readings["weighing"][int(row)]["additional_load"] = load
    return readings


def _plus_ten(load: str) -> str:
    number, _, unit = load.partition(" ")
    return f"{int(number) + 10} {unit}"


def start(session: Session, team: Team, instrument: Instrument, **given: Any) -> Verification:
    today = given.pop("today", TODAY)
    draft = verifying.start_draft(session, team.actor("verifier"), instrument, today=today, now=NOW, **given)
    verifying.save_draft(session, team.actor("verifier"), draft, DraftChanges(standard_ids=[team.standard.id]), now=NOW)
    return draft


def fill(
    session: Session, team: Team, draft: Verification, readings: dict[str, Any] | None = None, **changes: Any
) -> Verification:
    given = DraftChanges(readings=scale_readings(kind=draft.kind) if readings is None else readings, **changes)
    return verifying.save_draft(session, team.actor("verifier"), draft, given, now=NOW)


def hand_in(
    session: Session, team: Team, instrument: Instrument, readings: dict[str, Any] | None = None, **given: Any
) -> Verification:
    today = given.get("today", TODAY)
    draft = fill(session, team, start(session, team, instrument, **given), readings)
    return verifying.submit(session, team.actor("verifier"), draft, today=today, now=NOW)


def finish(session: Session, team: Team, record: Verification, today: date = TODAY) -> Certificate | None:
    verifying.check(session, team.actor("checker"), record, now=NOW)
    verifying.approve(session, team.actor("approver"), record, today=today, now=NOW)
    return certifying.document_of(session, record.id)


def certify(
    session: Session, team: Team, instrument: Instrument, readings: dict[str, Any] | None = None, **given: Any
) -> Certificate:
    """A record taken all the way; today is the day it was verified."""
    certificate = finish(
        session, team, hand_in(session, team, instrument, readings, **given), given.get("today", TODAY)
    )
    assert certificate is not None
    return certificate


REJECTING = {"1": "11 g"}
"""An additional load that puts the scale outside at 5 kg: E = 5 − 11 = −6 g, limit 5 g. See ``scale_readings``."""


def days(count: int) -> timedelta:
    return timedelta(days=count)
