"""Brings the good rows of a ledger into the registry, chunk by chunk, each in one transaction with its journal.

The record of each row is written with it and is the bookmark: work that was cut off goes on after the last row done. A
chunk that somebody else's work gets in the way of is done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from metrology.domain.problems import Problem
from metrology.persistence import bulk
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.ledgers import LedgerBatch, LedgerRow
from metrology.services import searching
from metrology.services.ledger_batches import Clock, OpenBatch, Step, fail, mapping_of, move, open_batch
from metrology.services.ledger_chunks import Settled, collector_at_rest
from metrology.services.ledger_contacts import LedgerContacts
from metrology.services.ledger_duplicates import Duplicates, SeenKeys, seen_before
from metrology.services.ledger_lines import LedgerLine
from metrology.services.ledger_outcomes import Counts, changed, made_keys, row_values
from metrology.services.registering import Outcome, Registrar
from metrology.services.revising import revise

if TYPE_CHECKING:
    from sqlalchemy import Table

_ATTEMPTS = 3
_FOLLOWED = ("holder_id", "place_id", "district_code")
"""A dispenser goes where its nozzle goes."""


def run(session: Session, batch_id: int, *, today: date, now: Clock, step: Step) -> dict[str, Any]:
    """Import a batch that was confirmed, or go on with one that was cut off; answers its counts."""
    batch = session.get_one(LedgerBatch, batch_id)
    if batch.state == "queued":
        move(session, batch, ("queued",), "running", started_at=now(), counts={})
        session.execute(delete(LedgerRow).where(LedgerRow.batch_id == batch_id, LedgerRow.done_at.is_(None)))
        step(0)
    batch = session.get_one(LedgerBatch, batch_id)
    if batch.state != "running":
        return dict(batch.counts)
    try:
        opened = open_batch(session, batch, now=now())
    except Problem as problem:
        fail(session, batch_id, problem, ("running",), now=now())
        return {"problem": problem.code}
    batch.mapping = mapping_of(opened, batch.mapping)
    counts, total = Counts.from_dict(batch.counts), opened.reading.source.size()
    seen, done = seen_before(session, batch_id), _last_rows(session, batch_id)
    for chunk in opened.reading.chunks(done):
        with collector_at_rest():
            _chunk(session, opened, chunk, seen, counts, today=today, now=now)
            step(min(sum(counts.by_outcome.values()), total), total)
    batch = session.get_one(LedgerBatch, batch_id)
    move(session, batch, ("running",), "done", finished_at=now())
    return counts.to_dict()


def _last_rows(session: Session, batch_id: int) -> dict[int, int]:
    """The bookmark: the last row done of each sheet."""
    statement = select(LedgerRow.sheet, func.max(LedgerRow.row)).where(LedgerRow.batch_id == batch_id)
    return {found.sheet: found[1] for found in session.execute(statement.group_by(LedgerRow.sheet))}


def _chunk(
    session: Session,
    opened: OpenBatch,
    chunk: Sequence[tuple[int, LedgerLine]],
    seen: SeenKeys,
    counts: Counts,
    *,
    today: date,
    now: Clock,
) -> None:
    """One chunk; committed by the step that follows. Done again when somebody else was faster with the same thing."""
    for attempt in range(1, _ATTEMPTS + 1):
        duplicates = Duplicates(session, seen)
        try:
            settled, values = _save(session, opened, chunk, duplicates, today=today, now=now())
            break
        except (IntegrityError, StaleDataError):
            session.rollback()
            if attempt == _ATTEMPTS:
                raise
    duplicates.keep()
    for one in settled:
        counts.add(outcome_of(one), one.problem)
        if one.answer is not None:
            counts.made.update(thing.__tablename__ for thing in one.answer.made)
    bulk.write(session, cast("Table", LedgerRow.__table__), values)
    session.execute(update(LedgerBatch).where(LedgerBatch.id == opened.batch_id).values(counts=counts.to_dict()))


def _save(
    session: Session,
    opened: OpenBatch,
    chunk: Sequence[tuple[int, LedgerLine]],
    duplicates: Duplicates,
    *,
    today: date,
    now: datetime,
) -> tuple[list[Settled[Outcome]], list[dict[str, Any]]]:
    registrar = Registrar(session, opened.actor, today=today, now=now, are_objects=False)
    settled = opened.reading.settle(chunk, registrar, duplicates, registrar.save)
    registrar.flush()
    contacts = _add_contacts(session, opened, settled, now)
    wholes: list[Instrument] = []
    values = [_done_values(session, opened, one, contacts.get(id(one)), wholes, now) for one in settled]
    searching.index(session, *wholes)
    _journal(session, opened, settled, now)
    session.flush()
    return settled, values


def _add_contacts(
    session: Session, opened: OpenBatch, settled: Sequence[Settled[Outcome]], now: datetime
) -> dict[int, Contact]:
    """The contacts that a chunk names and the registry does not have; a row that brings one has changed something."""
    named = [
        (one, one.answer, one.contact, holder_id)
        for one in settled
        if one.answer and one.contact and (holder_id := one.answer.instrument.holder_id) is not None
    ]
    added: dict[int, Contact] = {}
    if not named:
        return added
    book = LedgerContacts(session, opened.actor, now=now)
    book.prefetch(holder_id for _one, _answer, _contact, holder_id in named)
    for one, answer, contact, holder_id in named:
        if book.is_new(holder_id, contact):
            added[id(one)] = book.add(session.get_one(Holder, holder_id), contact)
            answer.result = "updated" if answer.result == "unchanged" else answer.result
    return added


def outcome_of(one: Settled[Outcome]) -> str:
    """The outcome of a settled row."""
    return one.answer.result if one.answer else "rejected"


def _done_values(
    session: Session,
    opened: OpenBatch,
    one: Settled[Outcome],
    contact: Contact | None,
    wholes: list[Instrument],
    now: datetime,
) -> dict[str, Any]:
    values = row_values(one, outcome_of(one), opened.batch_id, now)
    if one.answer is None:
        return values
    instrument = one.answer.instrument
    values["instrument_id"] = instrument.id
    made = made_keys(one.answer) | ({"contact": [contact.id]} if contact else {})
    values["made"] = made or None
    if one.answer.result == "updated":
        values["changes"] = changed(session, one.answer) + ([("contact", None, contact.name)] if contact else [])
        values["before"] = {str(instrument.id): one.answer.before}
        if instrument.parent_id is not None and set(_FOLLOWED) & set(one.answer.before):
            whole = session.get_one(Instrument, instrument.parent_id)
            said = {name: getattr(instrument, name) for name in _FOLLOWED}
            if before := revise(session, opened.actor, whole, said, now=now):
                values["before"][str(whole.id)] = before
                wholes.append(whole)
    return values


def _journal(session: Session, opened: OpenBatch, settled: Sequence[Settled[Outcome]], now: datetime) -> None:
    counts = Counts()
    for one in settled:
        counts.add(outcome_of(one), one.problem)
    first, last = settled[0], settled[-1]
    figures = {name: [None, value] for name, value in counts.to_dict().items() if isinstance(value, int)}
    figures |= {"first_row": [None, first.line.row], "last_row": [None, last.line.row]}
    record(session, opened.actor, "ledger.imported", ("ledger_batch", opened.batch_id), at=now, changes=figures)
