"""Takes an import back while nobody has worked with it: what was made goes, what was changed is as it was.

What goes is written whole into the journal. One instrument somebody has since verified, planned, reminded of or changed is
enough to refuse: half an import taken back would be worse than either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Date, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import Model
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.instruments import Attachment, Instrument, Seal
from metrology.persistence.journal import JournalEntry, plain_value, record
from metrology.persistence.ledgers import LedgerBatch, LedgerRow
from metrology.persistence.places import Place
from metrology.persistence.reminders import Reminder
from metrology.persistence.verifications import Verification
from metrology.persistence.visits import VisitItem
from metrology.services import searching
from metrology.services.assembling import settle
from metrology.services.ledger_batches import Clock, Step, actor_for, move
from metrology.services.revising import revise

CHUNK: Final = 200
SHOWN: Final = 5
_REFERRING: Final = (
    ("verification", Verification.instrument_id),
    ("certificate", Certificate.instrument_id),
    ("visit", VisitItem.instrument_id),
    ("reminder", Reminder.instrument_id),
)


@dataclass(frozen=True, slots=True)
class Touched:
    """An instrument of a batch that somebody has worked with since: its number, its row, and what was done."""

    number: str
    row: int
    what: str


def touched(session: Session, batch_id: int) -> list[Touched]:
    """The first few instruments of a batch that somebody has worked with since."""
    for what, column in _REFERRING:
        if found := _few(session, _rows_of(batch_id).where(exists().where(column == Instrument.id)), what):
            return found
    files = exists().where(
        Attachment.object_kind == "instrument", Attachment.object_id == Instrument.id, Attachment.removed_at.is_(None)
    )
    if found := _few(session, _rows_of(batch_id).where(files), "attachment"):
        return found
    own = select(LedgerRow.done_at).where(LedgerRow.batch_id == batch_id).distinct()
    later = exists().where(
        JournalEntry.instrument_id == Instrument.id, JournalEntry.at > LedgerRow.done_at, JournalEntry.at.not_in(own)
    )
    return _few(session, _rows_of(batch_id).where(later), "change")


def _rows_of(batch_id: int) -> Any:
    return (
        select(Instrument.number, LedgerRow.row)
        .join(LedgerRow, LedgerRow.instrument_id == Instrument.id)
        .where(
            LedgerRow.batch_id == batch_id,
            LedgerRow.outcome.in_(("created", "updated")),
            LedgerRow.done_at.is_not(None),
            LedgerRow.is_undone.is_(False),
        )
        .order_by(LedgerRow.row)
    )


def _few(session: Session, statement: Any, what: str) -> list[Touched]:
    return [Touched(number, row, what) for number, row in session.execute(statement.limit(SHOWN))]


def must_be_untouched(session: Session, batch_id: int) -> None:
    """Refuse as ``batch_touched``, naming the first instruments and what was done with them."""
    found = touched(session, batch_id)
    if found:
        numbers = ", ".join(one.number for one in found)
        raise Problem("batch_touched", numbers=numbers, what=found[0].what, row=found[0].row)


def run(session: Session, batch_id: int, *, now: Clock, step: Step) -> dict[str, Any]:
    """Take a batch back, from its last row to its first; goes on where it was cut off."""
    batch = session.get_one(LedgerBatch, batch_id)
    if batch.state != "undoing":
        return {}
    actor = actor_for(session, batch)
    total = _open_rows(session, batch_id)
    try:
        must_be_untouched(session, batch_id)
        done = 0
        while rows := _last_rows(session, batch_id):
            _undo_rows(session, actor, rows, now())
            done += len(rows)
            step(done, total)
        _undo_made(session, actor, batch_id, now())
    except Problem as problem:
        session.rollback()
        batch = session.get_one(LedgerBatch, batch_id)
        move(session, batch, ("undoing",), "done", error=problem.code, error_params=dict(problem.params))
        return {"problem": problem.code}
    batch = session.get_one(LedgerBatch, batch_id)
    record(session, actor, "ledger.undone", batch, at=now(), changes={"state": ["done", "undone"]})
    move(session, batch, ("undoing",), "undone", finished_at=now(), error="", error_params={})
    return {"undone": total}


def _open_rows(session: Session, batch_id: int) -> int:
    statement = select(func.count()).select_from(LedgerRow)
    return session.scalar(statement.where(LedgerRow.batch_id == batch_id, LedgerRow.is_undone.is_(False))) or 0


def _last_rows(session: Session, batch_id: int) -> list[LedgerRow]:
    """The next rows to be taken back. Later rows go first: a nozzle's dispenser was made for the first of its rows."""
    statement = select(LedgerRow).where(LedgerRow.batch_id == batch_id, LedgerRow.is_undone.is_(False))
    return list(session.scalars(statement.order_by(LedgerRow.id.desc()).limit(CHUNK)))


def _undo_rows(session: Session, actor: Actor, rows: Sequence[LedgerRow], now: datetime) -> None:
    changed: dict[int, Instrument] = {}
    for row in rows:
        if row.made and row.made.get("seal"):
            _take_away(session, actor, Seal, row.made["seal"], now)
        if row.outcome == "updated":
            for key, before in (row.before or {}).items():
                instrument = session.get_one(Instrument, int(key))
                revise(session, actor, instrument, _columns(before), now=now, reason=f"ledger {row.batch_id}")
                changed[instrument.id] = instrument
    session.flush()
    searching.index(session, *changed.values())
    created = [row.instrument_id for row in rows if row.outcome == "created" and row.instrument_id is not None]
    wholes = set(session.scalars(select(Instrument.parent_id).where(Instrument.id.in_(created)))) - {None}
    _take_away(session, actor, Instrument, created, now)
    settle(session, actor, session.scalars(select(Instrument).where(Instrument.id.in_(wholes))), now=now)
    session.execute(update(LedgerRow).where(LedgerRow.id.in_([row.id for row in rows])).values(is_undone=True))


def _columns(before: Mapping[str, Any]) -> dict[str, Any]:
    """Columns as they were, from JSON."""
    types = Instrument.__table__.columns
    return {
        name: date.fromisoformat(value) if value is not None and isinstance(types[name].type, Date) else value
        for name, value in before.items()
    }


def _undo_made(session: Session, actor: Actor, batch_id: int, now: datetime) -> None:
    """Assemblies, places, contacts and holders that were made for the batch and that nothing else needs."""
    made: dict[str, list[int]] = {"instrument": [], "place": [], "contact": [], "holder": []}
    statement = select(LedgerRow.made).where(LedgerRow.batch_id == batch_id, LedgerRow.made.is_not(None))
    for keys in session.scalars(statement.order_by(LedgerRow.id.desc()).execution_options(yield_per=1000)):
        for name in made:
            made[name] += reversed((keys or {}).get(name, ()))
    times = set(session.scalars(select(LedgerRow.done_at).where(LedgerRow.batch_id == batch_id).distinct()))
    for model in (Instrument, Place, Contact, Holder):
        for key in made[model.__tablename__]:
            if not _is_needed(session, model, key, times):
                _try_to_take_away(session, actor, model, key, now)


def _is_needed(session: Session, model: type[Model], key: int, times: set[Any]) -> bool:
    """Whether somebody has worked with a thing since, or something soft refers to it."""
    kind = model.__tablename__
    later = exists().where(
        JournalEntry.object_kind == kind, JournalEntry.object_id == str(key), JournalEntry.at.not_in(times)
    )
    files = exists().where(Attachment.object_kind == kind, Attachment.object_id == key)
    return bool(session.scalar(select(later))) or bool(session.scalar(select(files)))


def _try_to_take_away(session: Session, actor: Actor, model: Any, key: int, now: datetime) -> None:
    """Unless another row of the registry refers to it: then it stays."""
    row = session.get(model, key)
    if row is None:
        return
    kept = _kept(row)
    try:
        with session.begin_nested():
            session.execute(delete(model).where(model.id == key))
    except IntegrityError:
        return
    session.expunge(row)
    searching.remove(session, model.__tablename__, [key])
    _note(session, actor, model, key, kept, now)


def _take_away(
    session: Session, actor: Actor, model: type[Instrument | Seal], keys: Sequence[int], now: datetime
) -> None:
    """Rows that nothing refers to, each written whole into the journal."""
    if not keys:
        return
    rows = list(session.scalars(select(model).where(model.id.in_(keys))))
    for row in rows:
        kept = _kept(row)
        _note(session, actor, model, kept["id"], kept, now)
        session.expunge(row)
    session.execute(delete(model).where(model.id.in_(keys)).execution_options(synchronize_session=False))
    if model is Instrument:
        searching.remove(session, "instrument", list(keys))


def _kept(row: Model) -> dict[str, Any]:
    """Every column of a row that goes."""
    return {column.key: plain_value(getattr(row, column.key)) for column in type(row).__mapper__.column_attrs}


def _note(session: Session, actor: Actor, model: type[Model], key: int, kept: Mapping[str, Any], now: datetime) -> None:
    instrument = key if model is Instrument else kept.get("instrument_id")
    changes = {name: [value, None] for name, value in kept.items() if value not in (None, "")}
    kind = model.__tablename__
    record(session, actor, f"{kind}.withdrawn", (kind, key), at=now, changes=changes, instrument=instrument)
