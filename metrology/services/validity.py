"""How long a conforming verification holds: the interval of the edition in force, or the service life from the first one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import cast

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from metrology.domain.regulation import InstrumentType
from metrology.domain.schedule import DueRule, Interval, due_date
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.verifications import Verification
from metrology.services import settings

CORRECTED = "corrected"
"""Why a document ended whose record was wrong: what it said counts for nothing afterwards."""
ANNULLED = "annulled"
"""Why a document ended that two people found never to have held (自始无效): nor does the verification behind it count."""


@dataclass(frozen=True, slots=True)
class Validity:
    """The last valid day (None: no end), the interval it comes from, the day it is counted from, and the rule."""

    until: date | None
    interval: Interval
    verified_on: date
    counted_from: date
    rule: DueRule

    @property
    def has_run_out(self) -> bool:
        """Whether the service life had ended before the verification: such an instrument is replaced, not verified."""
        return self.until is not None and self.until < self.verified_on


def validity(
    session: Session,
    instrument: Instrument,
    one: InstrumentType,
    nameplate: Mapping[str, str],
    verified_on: date,
    *,
    replaces_id: int | None = None,
) -> Validity:
    """How long a verification that conforms on this day holds. The record it corrects is left out of the history."""
    rule = cast("DueRule", settings.read(session).validity_rule)
    interval = one.interval(nameplate, verified_on, instrument.purpose)
    if not interval.is_service_life:
        return Validity(due_date(verified_on, interval, rule), interval, verified_on, verified_on, rule)
    first = _first_conforming(session, instrument, replaces_id)
    start = min(verified_on, first) if first else verified_on
    until = due_date(start, interval, rule)
    earlier = _end_certified(session, instrument, replaces_id)
    if until and earlier:
        until = min(until, earlier)
    return Validity(until, interval, verified_on, start, rule)


def stands(replaces_id: int | None = None) -> ColumnElement[bool]:
    """Condition on Verification: approved, not corrected by an approved one (nor by the one that replaces this), not annulled."""
    condition = _stands()
    return condition if replaces_id is None else condition & (Verification.id != replaces_id)


@cache
def _stands() -> ColumnElement[bool]:
    """Put together once: to name the tables anew for each record costs more than to ask."""
    later = aliased(Verification)
    corrected = select(later.id).where(later.replaces_id == Verification.id, later.state == "approved").exists()
    document = aliased(Certificate)
    annulled = (
        select(document.id).where(document.verification_id == Verification.id, document.end_reason == ANNULLED).exists()
    )
    return (Verification.state == "approved") & ~corrected & ~annulled


def _first_conforming(session: Session, instrument: Instrument, replaces_id: int | None) -> date | None:
    """The first verification that conformed; the ledger's word is taken where the registry has none of its own."""
    first = session.scalar(
        select(func.min(Verification.verified_on)).where(
            Verification.instrument_id == instrument.id,
            Verification.verdict == "conforms",
            Verification.kind != "in_service",
            stands(replaces_id),
        )
    )
    if first is None and instrument.due_basis == "ledger" and instrument.due_kind == "rotation":
        return instrument.last_verified_on
    return first


def _end_certified(session: Session, instrument: Instrument, replaces_id: int | None) -> date | None:
    """The end of service life that an earlier certificate stated: a service life is never made longer."""
    statement = select(func.min(Certificate.valid_until)).where(
        Certificate.instrument_id == instrument.id, Certificate.end_reason.not_in((CORRECTED, ANNULLED))
    )
    if replaces_id is not None:
        statement = statement.where(Certificate.verification_id != replaces_id)
    return session.scalar(statement)
