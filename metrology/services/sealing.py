"""Seals of an instrument (铅封): put on, found broken or missing, taken off for a repair.

One put on by a verification comes with its record, see ``approving``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, cast

from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.instrument import State
from metrology.domain.problems import Problem
from metrology.domain.seal import consequence
from metrology.persistence.instruments import Instrument, Seal
from metrology.persistence.journal import record
from metrology.services import cleaning, moving, searching
from metrology.services.instrument_facts import SealFacts
from metrology.services.locating import must_lie_within

Found = Literal["broken", "missing", "removed_for_repair"]
FOUND: tuple[Found, ...] = ("broken", "missing", "removed_for_repair")


def add_seal(
    session: Session,
    actor: Actor,
    instrument: Instrument,
    facts: SealFacts,
    *,
    applied_on: date | None,
    today: date,
    now: datetime,
) -> Seal:
    """Note a seal that sits on an instrument."""
    must_lie_within(actor, instrument.district_code, "number")
    number = cleaning.code("number", facts.number)
    if cleaning.says_nothing(number):
        raise Problem("missing_seal_number", "number")
    key = cleaning.key_of(number)
    if any(cleaning.key_of(seal.number) == key and seal.state == "intact" for seal in instrument.seals):
        raise Problem("duplicate_seal", "number", number=number)
    seal = Seal(
        instrument=instrument,
        number=number,
        position=cleaning.words("position", facts.position),
        state="intact",
        applied_on=cleaning.day("applied_on", applied_on, today, future="future_date"),
    )
    session.add(seal)
    record(session, actor, "seal.added", seal, at=now, instrument=instrument)
    session.flush()
    searching.index(session, instrument)
    return seal


def report_seal(
    session: Session, actor: Actor, seal: Seal, found: Found, *, reason: str, today: date, now: datetime
) -> Seal:
    """Say that a seal is broken, missing or was taken off for a repair: the instrument counts as not verified from then on."""
    instrument = seal.instrument
    must_lie_within(actor, instrument.district_code, "seal")
    if seal.state != "intact":
        raise Problem("seal_has_ended", "seal", number=seal.number)
    reason = cleaning.words("reason", reason, 200)
    seal.state, seal.ended_on = ("removed" if found == "removed_for_repair" else "broken"), today
    seal.end_reason = reason or found
    record(session, actor, f"seal.{found}", seal, at=now, instrument=instrument, reason=reason)
    session.flush()
    for one in (instrument, *(part for part in instrument.parts if instrument.is_assembly)):
        _follow(session, actor, one, found, f"{seal.number} {reason}".strip(), today=today, now=now)
    return seal


def _follow(
    session: Session, actor: Actor, instrument: Instrument, found: Found, reason: str, *, today: date, now: datetime
) -> None:
    after = consequence(found, cast("State", instrument.state))
    if after.move is None or after.cause is None:
        if after.ends_certificate and instrument.state not in moving.GONE:
            moving.end_validity(session, actor, instrument, "seal_broken", today=today, now=now)
        return
    if not instrument.is_assembly:  # an assembly stands as its parts do
        moving.move_instrument(
            session, actor, instrument, after.move, cause=after.cause, reason=reason, today=today, now=now
        )
