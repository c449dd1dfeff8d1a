"""Imported ledgers: batches, what became of each row, and remembered mappings of headings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Big, Code, Facts, Instant, Json, Key, Line, Name, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.instruments import StoredFile

STATES = (
    "uploaded", "checking", "checked", "queued", "running", "done", "failed", "undoing", "undone", "discarded",
)  # fmt: skip


class LedgerBatch(Model):
    """One uploaded ledger on its way into the registry."""

    __tablename__ = "ledger_batch"
    __table_args__ = (CheckConstraint("state in " + str(STATES), name="state_known"),)

    id: Mapped[Key]
    file_id: Mapped[int] = reference("stored_file.id")
    file_name: Mapped[Name]
    state: Mapped[str] = mapped_column(String(12), default="uploaded")
    default_type_code: Mapped[Line]
    holder_id: Mapped[int | None] = reference("holder.id", nullable=True)
    mapping: Mapped[Facts] = mapped_column(
        Json, default=dict, comment="how each sheet is read, as recognised or chosen"
    )
    is_mapped_by_hand: Mapped[bool] = mapped_column(Boolean, default=False)
    counts: Mapped[Facts] = mapped_column(
        Json, default=dict, comment="rows by outcome, problems by code, names unknown"
    )
    task_id: Mapped[int | None] = reference("task.id", nullable=True, index=False)
    created_by_id: Mapped[int | None] = reference("user.id", nullable=True)
    created_at: Mapped[Instant]
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[Line] = mapped_column(String(200), default="", comment="code of what is wrong with the file")
    error_params: Mapped[Facts]

    file: Mapped[StoredFile] = relationship()


class LedgerRow(Model):
    """What became of one row of a batch: kept for the report, for continuing after a restart, and for undoing.

    A row without ``done_at`` is what a check foresaw; such rows go when the import begins.
    """

    __tablename__ = "ledger_row"
    __table_args__ = (
        CheckConstraint("outcome in ('created', 'updated', 'unchanged', 'rejected')", name="outcome_known"),
        Index("ix_ledger_row_batch_id_outcome_id", "batch_id", "outcome", "id"),
        Index("ix_ledger_row_batch_id_sheet_row", "batch_id", "sheet", "row", unique=True),
    )

    id: Mapped[Key]
    batch_id: Mapped[int] = reference("ledger_batch.id", index=False)
    sheet: Mapped[int] = mapped_column(default=0)
    row: Mapped[int] = mapped_column(comment="as a person sees it in the spreadsheet")
    outcome: Mapped[str] = mapped_column(String(10))
    label: Mapped[Line] = mapped_column(String(200), default="", comment="serial number and kind, for people")
    instrument_id: Mapped[int | None] = mapped_column(Big, index=True)
    column: Mapped[Line]
    code: Mapped[Line]
    params: Mapped[Facts] = mapped_column(Json, default=dict, comment="what the sentence of the code needs")
    cells: Mapped[Any] = mapped_column(Json, default=list, comment="cells of a refused row, for the sheet to correct")
    changes: Mapped[Any] = mapped_column(Json, nullable=True, comment="field → [old, new], for people")
    before: Mapped[Any] = mapped_column(Json, nullable=True, comment="columns as they were, for undo")
    made: Mapped[Any] = mapped_column(Json, nullable=True, comment="table → keys of what was made for this row")
    is_undone: Mapped[bool] = mapped_column(Boolean, default=False)
    done_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime,
        comment="instant of its transaction: what the journal has of its instrument later is another's work",
    )


class HeadingMapping(Model):
    """A mapping by hand, remembered for sheets with the same headings."""

    __tablename__ = "heading_mapping"

    id: Mapped[Key]
    signature: Mapped[str] = mapped_column(String(64), unique=True, comment="hash of the headings")
    headings: Mapped[Any] = mapped_column(Json, default=list)
    mapping: Mapped[Facts]
    used_count: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[Instant]
    kind: Mapped[Code] = mapped_column(String(40), default="instrument")
