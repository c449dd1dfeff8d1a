"""Ledgers on their way into the registry: sent, checked by a dry run, confirmed, brought in, and taken back.

The long work is done by tasks (``jobs.ledgers``) or at once by the command; here is what a person decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology import regulations
from metrology.domain.authority import Actor, sees
from metrology.domain.problems import Problem
from metrology.domain.reading_sheet import folded
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import StoredFile
from metrology.persistence.journal import record
from metrology.persistence.ledgers import LedgerBatch, LedgerRow
from metrology.persistence.tasks import Task
from metrology.services import cleaning, ledger_importing, ledger_undoing
from metrology.services.ledger_batches import Clock, Step, keep_file, move, open_batch, remember, visible
from metrology.services.ledger_fields import BY_KEY, IGNORED, NAMEPLATE
from metrology.services.ledger_headings import SheetLayout, layout_at
from metrology.services.ledger_nameplates import characteristic_of_any
from metrology.services.ledger_source import LedgerSource
from metrology.services.tasks import enqueue

EDITABLE = ("checked", "failed")


def find(session: Session, actor: Actor, batch_id: int) -> LedgerBatch | None:
    """A batch within the actor's scope."""
    found: LedgerBatch | None = session.scalar(visible(select(LedgerBatch).where(LedgerBatch.id == batch_id), actor))
    return found


def upload(
    session: Session,
    actor: Actor,
    data: bytes,
    file_name: str,
    *,
    now: datetime,
    default_type_code: str = "",
    holder_id: int | None = None,
) -> LedgerBatch:
    """Keep a ledger and queue its check. What is no table by its first bytes is refused at once."""
    batch = _keep(session, actor, data, file_name, now=now, default_type_code=default_type_code, holder_id=holder_id)
    _queue_check(session, actor, batch, now=now)
    return batch


def _keep(
    session: Session,
    actor: Actor,
    data: bytes,
    file_name: str,
    *,
    now: datetime,
    default_type_code: str = "",
    holder_id: int | None = None,
) -> LedgerBatch:
    file, name = keep_file(session, data, file_name)
    if default_type_code and default_type_code not in regulations.all_types():
        raise Problem("unknown_category", "type", value=default_type_code[:64])
    batch = LedgerBatch(
        file_id=file.id,
        file_name=name,
        state="uploaded",
        default_type_code=default_type_code,
        holder_id=holder_id,
        mapping={},
        counts={},
        created_by_id=actor.user_id,
        created_at=now,
    )
    session.add(batch)
    session.flush()
    record(session, actor, "ledger.uploaded", batch, at=now, changes={"file_name": [None, batch.file_name]})
    return batch


def find_holder(session: Session, actor: Actor, text: str) -> Holder | None:
    """The holder a person names by number, credit code or full name; nothing for nothing."""
    wanted = text.strip()
    if not wanted:
        return None
    by = Holder.number == wanted.upper(), Holder.uscc == wanted.upper(), Holder.name == wanted
    found = [
        holder
        for holder in session.scalars(select(Holder).where(by[0] | by[1] | by[2]).limit(3))
        if sees(actor, district_code=holder.district_code, holder_id=holder.id)
    ]
    if len(found) != 1:
        raise Problem("unknown_holder" if not found else "holder_ambiguous", "holder", value=wanted[:64])
    return found[0]


# -- tasks


def _queue_check(session: Session, actor: Actor, batch: LedgerBatch, *, now: datetime) -> None:
    move(session, batch, ("uploaded", *EDITABLE), "checking", error="", error_params={})
    batch.task_id = enqueue(session, actor, "ledger.check", {"batch_id": batch.id}, now=now).id
    session.flush()


def confirm(session: Session, actor: Actor, batch: LedgerBatch, *, now: datetime) -> None:
    """Bring the good rows in. Only a checked batch with good rows, and only once."""
    if not batch.counts.get("accepted"):
        raise Problem("nothing_to_import")
    move(session, batch, ("checked",), "queued")
    arguments = {"batch_id": batch.id}
    task = enqueue(session, actor, "ledger.import", arguments, now=now, key=f"ledger.import:{batch.id}")
    batch.task_id = task.id
    record(session, actor, "ledger.confirmed", batch, at=now, changes={"state": ["checked", "queued"]})
    session.flush()


def discard(session: Session, actor: Actor, batch: LedgerBatch, *, now: datetime) -> None:
    """Put a batch away that was not confirmed."""
    state = batch.state
    move(session, batch, EDITABLE, "discarded", finished_at=now)
    record(session, actor, "ledger.discarded", batch, at=now, changes={"state": [state, "discarded"]})
    session.flush()


def undo(session: Session, actor: Actor, batch: LedgerBatch, *, reason: str, now: datetime) -> None:
    """Take a batch back; refused as ``batch_touched`` once somebody has worked with one of its instruments."""
    if not reason.strip():
        raise Problem("reason_needed", "reason")
    ledger_undoing.must_be_untouched(session, batch.id)
    move(session, batch, ("done",), "undoing", error="", error_params={})
    batch.task_id = enqueue(session, actor, "ledger.undo", {"batch_id": batch.id}, now=now).id
    record(
        session,
        actor,
        "ledger.undo_asked",
        batch,
        at=now,
        changes={"state": ["done", "undoing"]},
        reason=cleaning.paragraph("reason", reason, 2000),
    )
    session.flush()


def try_again(session: Session, actor: Actor, batch: LedgerBatch, *, now: datetime) -> None:
    """Queue the task of a batch again that was given up after many tries."""
    task = session.get(Task, batch.task_id) if batch.task_id is not None else None
    if task is None or task.state != "failed" or batch.state not in ("checking", "queued", "running", "undoing"):
        raise Problem("batch_state", state=batch.state)
    task.state, task.tries, task.not_before, task.error, task.finished_at = "queued", 0, now, "", None
    record(session, actor, "ledger.resumed", batch, at=now, changes={})
    session.flush()


# -- how a ledger is read


def map_by_hand(
    session: Session,
    actor: Actor,
    batch: LedgerBatch,
    choices: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
    default_type_code: str = "",
    holder_id: int | None = None,
) -> None:
    """Read the sheets as chosen, remember it for ledgers with the same headings, and check again.

    A choice has ``header_row``, ``depth``, ``type_code``, ``skipped``, ``fields`` (column → field) and ``type_names``
    (name of an instrument → type). Where the headings are moved, the columns are recognised anew.
    """
    layouts = [SheetLayout.from_dict(stored) for stored in batch.mapping.get("sheets", ())]
    moved = [
        (choice["header_row"], choice["depth"]) != (layout.header_row, layout.depth)
        for layout, choice in zip(layouts, choices, strict=True)
    ]
    source = open_batch(session, batch, now=now).reading.source if any(moved) else None
    chosen = [_chosen(index, layouts[index], choice, source) for index, choice in enumerate(choices)]
    remember(session, [layout for layout, again in zip(chosen, moved, strict=True) if not again], now=now)
    batch.mapping = {**batch.mapping, "sheets": [layout.to_dict() for layout in chosen], "remembered": []}
    batch.is_mapped_by_hand = True
    batch.default_type_code, batch.holder_id = default_type_code, holder_id
    _queue_check(session, actor, batch, now=now)


def _chosen(index: int, layout: SheetLayout, choice: Mapping[str, Any], source: LedgerSource | None) -> SheetLayout:
    names = {folded(name): code for name, code in choice["type_names"].items() if code}
    _must_be_types([choice["type_code"], *names.values()])
    kept = {"skipped": choice["skipped"], "type_names": {**layout.type_names, **names}}
    if source is not None and (choice["header_row"], choice["depth"]) != (layout.header_row, layout.depth):
        sheet = source.sheets[index]
        found = layout_at(sheet.head, sheet.merged, choice["header_row"], choice["depth"])
        return replace(found, type_code=choice["type_code"] or found.type_code, **kept)
    fields = choice["fields"]
    _must_be_fields(fields.values())
    columns = tuple(replace(column, field=fields.get(column.index, column.field)) for column in layout.columns)
    return replace(layout, columns=columns, type_code=choice["type_code"], **kept)


def _must_be_types(codes: Sequence[str]) -> None:
    for code in codes:
        if code and code not in regulations.all_types():
            raise Problem("unknown_category", "type", value=code[:64])


def _must_be_fields(fields: Any) -> None:
    for one in fields:
        is_plate = one.startswith(NAMEPLATE) and characteristic_of_any(one.removeprefix(NAMEPLATE)) is not None
        if one != IGNORED and one not in BY_KEY and not is_plate:
            raise Problem("bad_choice", "mapping", value=str(one)[:64])


# -- at once, for the command


def import_now(
    session: Session, actor: Actor, data: bytes, file_name: str, *, today: date, now: Clock, step: Step
) -> LedgerBatch:
    """Import a file at once, as recognised. A batch of the same file that was cut off is gone on with."""
    batch = _cut_off(session, data) or _keep(session, actor, data, file_name, now=now())
    batch_id = batch.id
    if batch.state == "uploaded":
        opened = open_batch(session, batch, now=now())
        if not any(layout.is_table for layout in opened.reading.layouts):
            raise Problem("no_table_found")
        move(session, batch, ("uploaded",), "queued")
        record(session, actor, "ledger.confirmed", batch, at=now(), changes={"state": ["uploaded", "queued"]})
    step(0)
    ledger_importing.run(session, batch_id, today=today, now=now, step=step)
    session.commit()
    return session.get_one(LedgerBatch, batch_id)


def _cut_off(session: Session, data: bytes) -> LedgerBatch | None:
    """A batch that a command began with the same file and did not end."""
    statement = (
        select(LedgerBatch)
        .join(StoredFile, StoredFile.id == LedgerBatch.file_id)
        .where(
            StoredFile.sha256 == hashlib.sha256(data).hexdigest(),
            LedgerBatch.state.in_(("queued", "running")),
            LedgerBatch.task_id.is_(None),
        )
    )
    return session.scalar(statement.order_by(LedgerBatch.id.desc()).limit(1))


def refused_rows(session: Session, batch_id: int) -> Sequence[LedgerRow]:
    """The refused rows of a batch, in the order of the file."""
    statement = select(LedgerRow).where(LedgerRow.batch_id == batch_id, LedgerRow.outcome == "rejected")
    return session.scalars(statement.order_by(LedgerRow.sheet, LedgerRow.row)).all()


def imported_before(session: Session, batch: LedgerBatch) -> LedgerBatch | None:
    """The batch by which the same bytes came in before."""
    statement = select(LedgerBatch).where(
        LedgerBatch.file_id == batch.file_id, LedgerBatch.id < batch.id, LedgerBatch.state == "done"
    )
    return session.scalar(statement.order_by(LedgerBatch.id.desc()).limit(1))
