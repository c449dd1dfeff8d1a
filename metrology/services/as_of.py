"""Was an instrument legal on a day, with the proof: documents, entries of the journal with their hashes, and the next checkpoint.

What the documents were comes from their rows (each held against its fingerprint), how they ended and what state the instrument
was in from the journal. Nothing is answered from a document that was touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, undefer

from metrology.domain.as_of import AsOf, Document, DocumentEnd, Doubt, StateChange, judge
from metrology.domain.problems import Problem
from metrology.persistence import clock
from metrology.persistence.certificates import Certificate
from metrology.persistence.checkpoints import Checkpoint
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalEntry
from metrology.services.journal import head
from metrology.services.record_digest import altered

ENTRIES = ("certificate.issued", "certificate.ended", "certificate.doubted", "certificate.cleared")


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry of the journal that the answer rests on."""

    seq: int
    at: datetime
    action: str
    hash: str


@dataclass(frozen=True, slots=True)
class DayAnswer:
    """The answer about a day, and what it rests on."""

    instrument: Instrument
    on: date
    known: datetime
    answer: AsOf
    certificate: Certificate | None
    then: AsOf
    """What the registry itself knew at the end of that day."""
    proofs: tuple[Proof, ...]
    checkpoint: Checkpoint | None
    """The first checkpoint that vouches for all these entries; None when none does yet."""
    head: tuple[int, str]


def end_of(day: date) -> datetime:
    """The last instant of a day in Shanghai."""
    return clock.day_is_over(day) - timedelta(microseconds=1)


def of_day(
    session: Session, instrument: Instrument, on: date, *, today: date, now: datetime, known: date | None = None
) -> DayAnswer:
    """What is known of a day (a calibration proves nothing about it); with ``known``, what was known at the end of that other day.

    Refused: days to come, whole assemblies (their parts are verified), and documents that are not what was issued.
    """
    if on > today or (known is not None and known > today):
        raise Problem("day_to_come", "on" if on > today else "known", today=today.isoformat())
    if instrument.is_assembly:
        raise Problem("assembly_is_not_verified", "on", number=instrument.number)
    instant = now if known is None else min(now, end_of(known))
    rows = list(
        session.scalars(
            select(Certificate)
            .where(Certificate.instrument_id == instrument.id, Certificate.kind != "calibration_certificate")
            .options(undefer(Certificate.payload))
            .order_by(Certificate.id)
        )
    )
    broken = altered(session, rows)
    if broken:
        raise Problem("certificate_altered", "on", number=next(one.number for one in rows if one.id in broken))
    entries = _entries(session, instrument, rows)
    documents = {one.id: _document(one, entries) for one in rows}
    states = _states(entries)
    answer = judge(documents.values(), states, on, instant)
    found = next((one for one in rows if answer.document is not None and one.id == answer.document.key), None)
    proofs = _proofs(entries, found, answer, instant)
    return DayAnswer(
        instrument=instrument, on=on, known=instant, answer=answer, certificate=found,
        then=judge(documents.values(), states, on, min(now, end_of(on))), proofs=proofs,
        checkpoint=_vouching(session, max((one.seq for one in proofs), default=0)), head=head(session),
    )  # fmt: skip


def _entries(session: Session, instrument: Instrument, rows: list[Certificate]) -> list[JournalEntry]:
    """Entries about the instrument's state and its documents, in their order."""
    of_instrument = (JournalEntry.object_kind == "instrument") & (JournalEntry.object_id == str(instrument.id))
    keys = [str(one.id) for one in rows]
    of_documents = (
        (JournalEntry.object_kind == "certificate")
        & JournalEntry.object_id.in_(keys)
        & JournalEntry.action.in_(ENTRIES)
    )
    statement = select(JournalEntry).where(or_(of_instrument, of_documents) if keys else of_instrument)
    return list(session.scalars(statement.order_by(JournalEntry.seq)))


def _document(row: Certificate, entries: list[JournalEntry]) -> Document:
    told = [
        DocumentEnd(one.at, str(one.changes["end_reason"][1]))
        for one in entries
        if one.action == "certificate.ended" and one.object_id == str(row.id)
    ]
    if row.ended_at is not None and row.ended_at == row.issued_at and not told:  # it had ended when it was issued
        told = [DocumentEnd(row.issued_at, row.end_reason)]
    return Document(
        key=row.id, kind=row.kind, verified_on=row.verified_on, valid_until=row.valid_until, issued_at=row.issued_at,
        ended_on=row.ended_on, ends=tuple(told), is_stated=bool(row.valid_until or row.validity_rule),
        doubts=tuple(
            Doubt(one.at, one.action == "certificate.doubted")
            for one in entries
            if one.object_id == str(row.id) and one.action in ("certificate.doubted", "certificate.cleared")
        ),
    )  # fmt: skip


def _states(entries: list[JournalEntry]) -> list[StateChange]:
    return [
        StateChange(one.at, clock.day_cn(one.at), str(pair[1]))
        for one in entries
        if one.object_kind == "instrument" and isinstance(pair := (one.changes or {}).get("state"), list)
    ]


def _proofs(entries: list[JournalEntry], row: Certificate | None, answer: AsOf, known: datetime) -> tuple[Proof, ...]:
    """The entries that issued and ended the document, and that set the state, as far as they count."""

    def counts(one: JournalEntry) -> bool:
        if one.at > known:
            return False
        if one.object_kind == "certificate":
            return row is not None and one.object_id == str(row.id)
        pair: Any = (one.changes or {}).get("state")
        state = answer.state
        return state is not None and isinstance(pair, list) and (one.at, pair[1]) == (state.at, state.state)

    return tuple(Proof(one.seq, one.at, one.action, one.hash) for one in entries if counts(one))


def _vouching(session: Session, seq: int) -> Checkpoint | None:
    return session.scalar(select(Checkpoint).where(Checkpoint.size >= max(seq, 1)).order_by(Checkpoint.size).limit(1))
