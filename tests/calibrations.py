"""Calibrations for tests: a caliper of a catalogue kind outside mandatory control, and records of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.verifications import Verification
from metrology.services import verifying
from metrology.services.verifying import DraftChanges
from tests.conftest import NOW, TODAY
from tests.records import Team, create_scale, create_standard, create_team, finish

SAID = {"document": "JJG 30-2012", "measurand": "长度", "unit": "mm", "resolution": "0.01 mm", "rule": "none"}
POINTS = [
    {"reference": "0 mm", "r1": "0.00 mm", "r2": "0.00 mm", "r3": "0.01 mm"},
    {"reference": "50 mm", "r1": "50.01 mm", "r2": "50.02 mm", "r3": "50.01 mm"},
    {"reference": "150 mm", "r1": "150.02 mm", "r2": "150.02 mm", "r3": "150.03 mm"},
]


def create_calibrating_team(session: Session) -> Team:
    """A team whose standard serves calipers: U = 0.002 mm with k = 2."""
    team = create_team(session)
    team.standard = create_standard(
        session, team.institute, "BZ-LK-01", name="五等量块", name_en="Gauge blocks, grade 5", range_low="", range_high="",
        range_text="(0.5~150) mm", accuracy="0.002 mm", accuracy_text="U = 0.002 mm, k = 2", type_codes=["vernier_caliper"],
        certificate_issuer="河南省计量测试科学研究院",
    )  # fmt: skip
    return team


def create_caliper(session: Session, serial: str = "KC-1", **said: Any) -> Instrument:
    usual: dict[str, Any] = {
        "type_code": "vernier_caliper", "model": "0-150", "manufacturer": "示范量具厂", "is_onsite": False,
        "nameplate": {"range": "(0~150) mm", "accuracy_class": "0.01 mm"},
    }  # fmt: skip
    return create_scale(session, serial, **{**usual, **said})


def readings(draft: Verification, points: list[dict[str, str]] | None = None, **said: str) -> dict[str, Any]:
    return {
        **draft.readings,
        "environment": {"temperature": "20.1", "humidity": "50"},
        "method": {**SAID, **said},
        "points": POINTS if points is None else points,
    }


def start(session: Session, team: Team, instrument: Instrument) -> Verification:
    draft = verifying.start_draft(session, team.actor("verifier"), instrument, today=TODAY, now=NOW)
    return verifying.save_draft(
        session, team.actor("verifier"), draft, DraftChanges(standard_ids=[team.standard.id]), now=NOW
    )


def hand_in(session: Session, team: Team, instrument: Instrument, given: Any = None, **said: str) -> Verification:
    draft = start(session, team, instrument)
    changes = DraftChanges(readings={**readings(draft, **said), **(given or {})})
    verifying.save_draft(session, team.actor("verifier"), draft, changes, now=NOW)
    return verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW)


def calibrate(session: Session, team: Team, instrument: Instrument, given: Any = None, **said: str) -> Certificate:
    certificate = finish(session, team, hand_in(session, team, instrument, given, **said))
    assert certificate is not None
    return certificate
