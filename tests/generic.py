"""Rules of a kind without a file, for tests: entered, approved, and an instrument judged by them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.rules_versions import RulesVersion
from metrology.services import rules_versions
from tests.conftest import NOW, TODAY
from tests.people import create_user

KIND = "infrared_ear_thermometer"
RULES: dict[str, Any] = {
    "document": "JJG 1164-2019", "title": {"zh": "红外耳温计检定规程", "en": "Infrared ear thermometers"},
    "measurand": {"zh": "温度", "en": "temperature"}, "unit": "°C", "low": "35", "high": "42", "points": "35, 37, 41.5",
    "readings": "1", "limits": [{"absolute": "0.2"}], "rounding": "0.01",
    "items": [{"zh": "外观", "en": "appearance", "clause": "6.1"}], "conditions": {"temperature": ["15", "35"]},
    "interval": "6", "mode": "periodic", "standard": {"zh": "黑体辐射源", "en": "blackbody source", "ratio": "1/3"},
    "parts": {"limits": {"clause": "5.1", "source": "JJG 1164-2019"}},
}  # fmt: skip
PLATE = {"range": "35~42 ℃"}


def actor_with(session: Session, *roles: str, name: str = "") -> Actor:
    user = create_user(session, *roles, **({"name": name} if name else {}))
    return Actor(user.id, user.name, frozenset(roles))


def proposed(
    session: Session, actor: Actor, *, in_force: date = date(2020, 1, 1), kind: str = KIND, **changes: Any
) -> RulesVersion:
    draft = rules_versions.start(session, actor, kind, now=NOW)
    rules_versions.save(session, actor, draft, {**RULES, **changes}, in_force, now=NOW)
    return rules_versions.propose(session, actor, draft, today=TODAY, now=NOW)


def approved(
    session: Session, *, in_force: date = date(2020, 1, 1), sources: dict[str, str] | None = None, **changes: Any
) -> RulesVersion:
    """A version in force, entered by one person and approved by another."""
    version = proposed(session, actor_with(session, "verifier"), in_force=in_force, **changes)
    return rules_versions.approve(
        session, actor_with(session, "approver"), version, sources or {}, seen=rules_versions.digest(version),
        today=TODAY, now=NOW,
    )  # fmt: skip


def readings(error: str = "0.0") -> dict[str, Any]:
    """One error at every point of ``RULES``."""
    points = {"p1": "35", "p2": "37", "p3": "41.5"}
    return {
        "items": {"check_1": True}, "environment": {"temperature": "22"},
        "runs": [
            {"point": key, "actual": at, "indicated": str(Decimal(at) + Decimal(error))} for key, at in points.items()
        ],
    }  # fmt: skip
