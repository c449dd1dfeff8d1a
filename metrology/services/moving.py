"""Moves of an instrument between its states, asked for by a person, and what follows from them.

Which moves the law allows stands in ``domain.instrument``; verdicts move instruments in ``approving``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.instrument import Cause, State, causes, check_move, moves
from metrology.domain.problems import MoveNotAllowed, Problem
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import changes_of, record
from metrology.persistence.visits import VisitItem
from metrology.services import certifying, cleaning, searching, visiting
from metrology.services.assembling import parts_of, settle
from metrology.services.locating import must_lie_within

BY_PERSON: tuple[Cause, ...] = (
    "request", "restart", "repair", "repaired", "seal_broken", "expired_rest", "relocated", "owner_changed", "found",
)  # fmt: skip
ENDS_VALIDITY: frozenset[Cause] = frozenset({"repair", "seal_broken", "relocated", "owner_changed"})
"""After these the instrument counts as not verified, whatever its certificate says (OIML V 1 2.13, JJG 539)."""
NEEDS_REASON: frozenset[State] = frozenset({"retired", "lost"})
GONE: frozenset[str] = frozenset({"retired", "lost"})
_LONGEST_REASON = 500


def verification_holds(session: Session, instrument: Instrument, today: date) -> bool:
    """Whether it may be used today by what is known of its verification: our certificate, else the ledger's word."""
    if not instrument.type.is_mandatory:
        return True
    certificate = certifying.current(session, instrument.id)
    if certificate is not None:
        return certifying.holds(certificate, today)
    return instrument.due_basis == "ledger" and instrument.due_date is not None and instrument.due_date >= today


def possible_moves(session: Session, instrument: Instrument, today: date) -> list[tuple[State, Cause]]:
    """The moves a person may ask for now, each with its causes."""
    state = cast("State", instrument.state)
    holds = instrument.is_assembly or verification_holds(session, instrument, today)
    found = []
    for to in sorted(moves(state)):
        for cause in BY_PERSON:
            if cause not in causes(state, to) or (cause == "restart" and not holds):
                continue
            # A rest that has not expired is asked for (`request`), and one that has is said to have.
            if cause == "expired_rest" and holds:
                continue
            found.append((to, cause))
    return found


def move_instrument(
    session: Session,
    actor: Actor,
    instrument: Instrument,
    to_state: State,
    *,
    cause: Cause,
    reason: str,
    today: date,
    now: datetime,
) -> Instrument:
    """Move an instrument, an assembly with its parts, as the law allows; MoveNotAllowed otherwise.

    A repair, a broken seal, another place or owner end its certificate at once. A part that cannot restart, its
    certificate having run out, awaits verification instead.
    """
    must_lie_within(actor, instrument.district_code, "state")
    reason = cleaning.words("reason", reason, _LONGEST_REASON)
    if cause not in BY_PERSON:
        raise MoveNotAllowed("state", **{"from": instrument.state, "to": to_state, "cause": cause})
    if to_state in NEEDS_REASON and not reason:
        raise Problem("reason_needed", "reason")
    parts = parts_of(session, instrument) if instrument.is_assembly else []
    movable = [part for part in parts if cause in causes(cast("State", part.state), to_state)]
    if parts and not movable:
        raise MoveNotAllowed("state", **{"from": instrument.state, "to": to_state, "cause": cause})
    for one in movable or [instrument]:
        _move(session, actor, one, to_state, cause=cause, reason=reason, today=today, now=now, is_whole=bool(movable))
    wholes = [instrument] if movable else [instrument.parent] if instrument.parent is not None else []
    settle(session, actor, wholes, now=now)
    return instrument


def _move(
    session: Session,
    actor: Actor,
    one: Instrument,
    to: State,
    *,
    cause: Cause,
    reason: str,
    today: date,
    now: datetime,
    is_whole: bool,
) -> None:
    if cause == "restart":
        holds = one.is_assembly or verification_holds(session, one, today)
        if is_whole and not holds:
            to, cause = "awaiting_verification", "expired_rest"
        check_move(cast("State", one.state), to, cause, certificate_holds=holds)
    else:
        check_move(cast("State", one.state), to, cause)
    if cause in ENDS_VALIDITY:
        end_validity(session, actor, one, cause, today=today, now=now)
    one.state, one.updated_at = to, now
    changes = {name: pair for name, pair in changes_of(one).items() if name == "state"}
    record(session, actor, "instrument.moved", one, at=now, changes={**changes, "cause": [None, cause]}, reason=reason)
    session.flush()
    if to in GONE:
        _take_off_visits(session, actor, one, now=now)
    searching.index(session, one)


def end_validity(
    session: Session, actor: Actor, instrument: Instrument, reason: str, *, today: date, now: datetime
) -> None:
    """From today on the instrument counts as not verified: its certificate ends; the ledger's word is worth nothing either."""
    certifying.end_current(session, actor, instrument, reason, today=today, now=now)
    yesterday = today - timedelta(days=1)
    if instrument.due_basis == "ledger" and instrument.due_date is not None and instrument.due_date > yesterday:
        was = instrument.due_date.isoformat()
        instrument.due_date, instrument.updated_at = yesterday, now
        changes = {"due_date": [was, yesterday.isoformat()]}
        record(session, actor, "instrument.due_now", instrument, at=now, changes=changes)


def _take_off_visits(session: Session, actor: Actor, instrument: Instrument, *, now: datetime) -> None:
    item = session.scalar(select(VisitItem).where(VisitItem.open_key == instrument.id))
    if item is not None:
        visiting.remove_item(session, actor, item, now=now)


def way_back(session: Session, instrument: Instrument, from_state: str, today: date) -> Cause | None:
    """The cause by which a move made by mistake can be taken back, where the law knows a way straight back."""
    for to, cause in possible_moves(session, instrument, today):
        if to == from_state and cause in ("restart", "request"):
            return cause
    return None


def states_after(options: Sequence[tuple[State, Cause]]) -> list[State]:
    """The states among possible moves, each once."""
    return list(dict.fromkeys(state for state, _cause in options))
