"""What the pages of ledgers ask: batches, rows by outcome, and what stands in the first rows of a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.instruments import Instrument, StoredFile
from metrology.persistence.ledgers import LedgerBatch, LedgerRow
from metrology.persistence.people import User
from metrology.persistence.tasks import Task
from metrology.services.ledger_batches import Sent, open_batch, visible
from metrology.services.ledger_headings import SheetLayout, written_safely
from metrology.services.ledger_source import SourceSheet

BATCHES = 25
ROWS = 100
SAMPLES = 3
HEAD = 8


@dataclass(frozen=True)
class BatchLine:
    """A batch in the list, and who sent it."""

    batch: LedgerBatch
    sender: str


def batches(
    session: Session, actor: Actor, *, after: int | None = None, limit: int = BATCHES
) -> tuple[list[BatchLine], int | None]:
    """Batches, the latest first, and the key after which the next ones stand."""
    statement = visible(
        select(LedgerBatch, User.name).join(User, User.id == LedgerBatch.created_by_id, isouter=True), actor
    )
    if after is not None:
        statement = statement.where(LedgerBatch.id < after)
    found = [
        BatchLine(batch, name or "")
        for batch, name in session.execute(statement.order_by(LedgerBatch.id.desc()).limit(limit + 1))
    ]
    return found[:limit], found[limit - 1].batch.id if len(found) > limit else None


@dataclass(frozen=True)
class RowLine:
    """A row of a batch, and the number of its instrument where it has one."""

    row: LedgerRow
    number: str | None


def rows(
    session: Session, batch_id: int, outcome: str, *, after: int | None = None, limit: int = ROWS
) -> tuple[list[RowLine], int | None]:
    """Rows of one outcome in the order of the file, and the key after which the next ones stand."""
    statement = (
        select(LedgerRow, Instrument.number)
        .join(Instrument, Instrument.id == LedgerRow.instrument_id, isouter=True)
        .where(LedgerRow.batch_id == batch_id, LedgerRow.outcome == outcome)
    )
    if after is not None:
        statement = statement.where(LedgerRow.id > after)
    found = [RowLine(row, number) for row, number in session.execute(statement.order_by(LedgerRow.id).limit(limit + 1))]
    return found[:limit], found[limit - 1].row.id if len(found) > limit else None


def refused_by_sheet(session: Session, batch_id: int) -> dict[int, int]:
    """How many rows of each sheet were refused and kept."""
    statement = select(LedgerRow.sheet, func.count()).where(
        LedgerRow.batch_id == batch_id, LedgerRow.outcome == "rejected"
    )
    return {found.sheet: found[1] for found in session.execute(statement.group_by(LedgerRow.sheet))}


def task_of(session: Session, sent: Sent) -> Task | None:
    """The work that a sent file waits for."""
    return session.get(Task, sent.task_id) if sent.task_id is not None else None


def sender_of(session: Session, sent: Sent) -> str:
    """Who sent a file; nothing for the command."""
    user = session.get(User, sent.created_by_id) if sent.created_by_id is not None else None
    return user.name if user else ""


def layouts_of(batch: LedgerBatch) -> list[SheetLayout]:
    """How the sheets of a batch are read."""
    return [SheetLayout.from_dict(stored) for stored in batch.mapping.get("sheets", ())]


@dataclass(frozen=True)
class SheetPreview:
    """A sheet as it is read: its first rows, and under each heading what stands in the first lines."""

    name: str
    hidden: bool
    layout: SheetLayout
    head: list[tuple[int, str]]
    samples: dict[int, list[str]]


def previews(session: Session, batch: LedgerBatch, *, now: datetime) -> list[SheetPreview]:
    """The sheets of a batch, for choosing how they are read."""
    reading = open_batch(session, batch, now=now).reading
    return [_preview(sheet, layout) for sheet, layout in zip(reading.source.sheets, reading.layouts, strict=True)]


def _preview(sheet: SourceSheet, layout: SheetLayout) -> SheetPreview:
    first = layout.header_row + layout.depth
    below = [row for row in sheet.head if row.number >= first][:SAMPLES]
    texts = {
        column.index: [text for row in below if (text := written_safely(row.cell(column.index)))]
        for column in layout.columns
    }
    head = [(row.number, " | ".join(filter(None, map(written_safely, row.cells)))[:160]) for row in sheet.head[:HEAD]]
    return SheetPreview(sheet.name, sheet.hidden, layout, head, texts)


def bytes_of(session: Session, batch: LedgerBatch) -> bytes:
    """The file as it was sent."""
    return bytes(session.scalars(select(StoredFile.data).where(StoredFile.id == batch.file_id)).one())
