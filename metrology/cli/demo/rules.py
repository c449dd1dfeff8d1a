"""Rules an institute of the example city has entered: one kind in force, one that waits for its second person.

The figures are examples, typed without a source; every page says that nobody has confirmed them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.services import rules_versions

_EAR: dict[str, Any] = {
    "document": "JJG 1164-2019", "title": {"zh": "红外耳温计检定规程", "en": "Verification Regulation of Infrared Ear Thermometers"},
    "measurand": {"zh": "温度", "en": "temperature"}, "unit": "°C", "low": "35", "high": "42",
    "points": ["35", "37", "41"], "readings": "3", "judge": "each", "limits": [{"absolute": "0.2"}], "repeatability": "0.1",
    "items": [
        {"zh": "外观与标志", "en": "appearance and marks", "clause": ""},
        {"zh": "显示", "en": "display", "clause": ""},
    ],
    "conditions": {"temperature": ["18", "28"], "humidity": ["", "85"]}, "interval": "12", "mode": "periodic",
    "standard": {"zh": "黑体辐射源", "en": "blackbody source", "ratio": "1/3"},
}  # fmt: skip
_CLINICAL: dict[str, Any] = {
    **_EAR, "document": "JJG 1162-2019",
    "title": {"zh": "医用电子体温计检定规程", "en": "Verification Regulation of Electronic Clinical Thermometers"},
    "limits": [{"up_to": "39", "absolute": "0.1"}, {"absolute": "0.2"}],
    "standard": {"zh": "标准铂电阻温度计", "en": "standard platinum resistance thermometer", "ratio": "1/3"},
}  # fmt: skip


def enter_rules(session: Session, people: Mapping[str, Actor], *, today: date, now: datetime) -> None:
    """Enter both; the first is approved by another person."""
    for code, rules, is_approved in (
        ("infrared_ear_thermometer", _EAR, True),
        ("electronic_clinical_thermometer", _CLINICAL, False),
    ):
        row = rules_versions.start(session, people["verifier"], code, now=now)
        rules_versions.save(session, people["verifier"], row, rules, today, now=now)
        rules_versions.propose(session, people["verifier"], row, today=today, now=now)
        if is_approved:
            seen = rules_versions.digest(row)
            rules_versions.approve(session, people["approver"], row, {}, seen=seen, today=today, now=now)
    session.commit()
