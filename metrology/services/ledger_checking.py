"""The dry run of a ledger: how each sheet is read, and what would become of each row. Nothing of the registry changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.ledgers import LedgerBatch, LedgerRow
from metrology.services import settings
from metrology.services.ledger_batches import (
    Clock,
    OpenBatch,
    Step,
    district_names,
    fail,
    mapping_of,
    move,
    open_batch,
    remembered_layouts,
)
from metrology.services.ledger_chunks import LedgerReading, Settled
from metrology.services.ledger_contacts import LedgerContacts
from metrology.services.ledger_duplicates import Duplicates, SeenKeys
from metrology.services.ledger_outcomes import Change, Counts, foreseen, row_values
from metrology.services.ledger_source import LedgerSource
from metrology.services.registering import Registrar, Row

SHOWN = 50
"""Rows of each outcome that a check keeps to be looked at; refused ones are all kept up to MOST_REFUSED."""
MOST_REFUSED = 20_000


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of a good row."""

    outcome: str
    changes: list[Change]


def foresee(session: Session, opened: OpenBatch, *, today: date, now: Clock) -> Iterator[list[Settled[Foreseen]]]:
    """What would become of every row, by the chunk."""
    seen, rule = SeenKeys(), settings.read(session).validity_rule
    for chunk in opened.reading.chunks():
        registrar = Registrar(session, opened.actor, today=today, now=now())
        duplicates = Duplicates(session, seen)
        settled = opened.reading.settle(chunk, registrar, duplicates, partial(_foresee, registrar, rule))
        _foresee_contacts(session, registrar, settled)
        duplicates.keep()
        yield settled


def _foresee_contacts(session: Session, registrar: Registrar, settled: Sequence[Settled[Foreseen]]) -> None:
    """A row that names a contact whom a known holder does not have changes something."""
    named = [
        (one, one.answer, one.contact, holder)
        for one in settled
        if one.row
        and one.answer
        and one.contact
        and one.row.holder
        and (holder := registrar.holders.find(one.row.holder))
    ]
    if not named:
        return
    book = LedgerContacts(session, registrar.actor, now=registrar.now)
    book.prefetch(holder.id for _one, _answer, _contact, holder in named)
    for one, answer, contact, holder in named:
        if book.is_new(holder.id, contact):
            book.note(holder.id, contact)
            if answer.outcome != "created":
                one.answer = Foreseen("updated", [*answer.changes, ("contact", None, contact.name)])


def _foresee(registrar: Registrar, rule: str, row: Row) -> Foreseen:
    outcome = registrar.outlook(row)
    return Foreseen(outcome, foreseen(registrar, row, rule) if outcome == "updated" else [])


def outcome_of(one: Settled[Foreseen]) -> str:
    """The outcome of a settled row."""
    return one.answer.outcome if one.answer else "rejected"


def preview(
    session: Session, actor: Actor, data: bytes, file_name: str, *, today: date, now: Clock
) -> tuple[Counts, list[Settled[Foreseen]]]:
    """Check a file without keeping anything of it: the counts, and the refused rows."""
    source = LedgerSource(data, file_name)
    layouts, remembered = remembered_layouts(session, source.layouts())
    if not any(layout.is_table for layout in layouts):
        raise Problem("no_table_found")
    reading = LedgerReading(source, layouts, district_names(session))
    counts, refused = Counts(), []
    for chunk in foresee(session, OpenBatch(0, actor, reading, remembered), today=today, now=now):
        for one in chunk:
            counts.add(outcome_of(one), one.problem)
            if one.problem is not None:
                refused.append(one)
    return counts, refused


def check(session: Session, batch_id: int, *, today: date, now: Clock, step: Step) -> dict[str, Any]:
    """Check a batch. A file that cannot be read makes it ``failed``, with the code of why."""
    batch = session.get_one(LedgerBatch, batch_id)
    if batch.state not in ("uploaded", "checking"):
        return {}
    move(session, batch, ("uploaded", "checking"), "checking", started_at=now(), error="", error_params={})
    session.execute(delete(LedgerRow).where(LedgerRow.batch_id == batch_id, LedgerRow.done_at.is_(None)))
    step(0)
    try:
        opened = open_batch(session, batch, now=now())
        counts = _check_all(session, opened, today=today, now=now, step=step)
    except Problem as problem:
        fail(session, batch_id, problem, ("checking",), now=now())
        return {"problem": problem.code}
    batch = session.get_one(LedgerBatch, batch_id)
    batch.counts = counts.to_dict()
    batch.mapping = mapping_of(opened, batch.mapping)
    move(session, batch, ("checking",), "checked", finished_at=now())
    return batch.counts


def _check_all(session: Session, opened: OpenBatch, *, today: date, now: Clock, step: Step) -> Counts:
    if not any(layout.is_table for layout in opened.reading.layouts):
        return Counts()
    counts, kept, total, done = Counts(), Counter[str](), opened.reading.source.size(), 0
    for chunk in foresee(session, opened, today=today, now=now):
        values = []
        for one in chunk:
            outcome = outcome_of(one)
            counts.add(outcome, one.problem)
            if kept[outcome] < (MOST_REFUSED if outcome == "rejected" else SHOWN):
                kept[outcome] += 1
                values.append(_plan_values(one, outcome, opened.batch_id))
        if values:
            session.execute(insert(LedgerRow), values)
        done += len(chunk)
        step(min(done, total), total)
    return counts


def _plan_values(one: Settled[Foreseen], outcome: str, batch_id: int) -> dict[str, Any]:
    changes = one.answer.changes if one.answer else []
    return {**row_values(one, outcome, batch_id, None), "changes": changes or None}
