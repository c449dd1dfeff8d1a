"""Comparisons of another system's ledger with the registry: one for each file, and what was found of each instrument."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Big, Facts, Instant, Json, Key, Line, Name, Words, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.instruments import StoredFile

STATES = ("queued", "running", "done", "failed")
FINDINGS = ("same", "different", "doubtful", "theirs_only", "ours_only", "unreadable")
DECISIONS = ("theirs", "ours", "made")


class Reconciliation(Model):
    """One comparison. It says what was so when it was made; it is never rewritten, the next comparison is a new one."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        CheckConstraint("state in " + str(STATES), name="state_known"),
        CheckConstraint("compared_with in ('holders', 'all')", name="compared_with_known"),
    )

    id: Mapped[Key]
    file_id: Mapped[int] = reference("stored_file.id")
    file_name: Mapped[Name]
    compared_with: Mapped[str] = mapped_column(
        String(10),
        comment="holders: what the holders named in the file have of the types named there; all: of these types",
    )
    state: Mapped[str] = mapped_column(String(10), default="queued")
    layouts: Mapped[Any] = mapped_column(Json, default=list, comment="how each sheet is read")
    counts: Mapped[Facts] = mapped_column(Json, default=dict, comment="findings by kind")
    error: Mapped[Line] = mapped_column(String(200), default="", comment="code of what is wrong with the file")
    error_params: Mapped[Facts]
    task_id: Mapped[int | None] = reference("task.id", nullable=True, index=False)
    created_by_id: Mapped[int | None] = reference("user.id", nullable=True)
    created_at: Mapped[Instant]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    file: Mapped[StoredFile] = relationship()


class ReconciliationRow(Model):
    """What was found of one instrument: a row of theirs, or one of ours that they do not have."""

    __tablename__ = "reconciliation_row"
    __table_args__ = (
        CheckConstraint("finding in " + str(FINDINGS), name="finding_known"),
        CheckConstraint("decision is null or decision in " + str(DECISIONS), name="decision_known"),
        CheckConstraint("decision is null or decided_at is not null", name="decided_has_instant"),
        Index("ix_reconciliation_row_finding", "reconciliation_id", "finding", "id"),
        Index("ix_reconciliation_row_instrument", "reconciliation_id", "instrument_id"),
        Index("ix_reconciliation_row_holder", "reconciliation_id", "holder_id"),
    )

    id: Mapped[Key]
    reconciliation_id: Mapped[int] = reference("reconciliation.id", index=False)
    finding: Mapped[str] = mapped_column(String(12))
    sheet: Mapped[int] = mapped_column(default=0)
    row: Mapped[int | None] = mapped_column(comment="as a person sees it in their file; empty: only ours")
    label: Mapped[Line] = mapped_column(String(200), default="")
    type_code: Mapped[Line]
    holder_id: Mapped[int | None] = mapped_column(Big, comment="holder of ours whom the row names")
    instrument_id: Mapped[int | None] = mapped_column(Big, comment="ours; of a doubtful one, the likeliest")
    differences: Mapped[Any] = mapped_column(
        Json, default=list, comment="field, ours, theirs, and whether theirs can be taken"
    )
    reasons: Mapped[Any] = mapped_column(Json, default=list, comment="why a match is doubtful: key of ours, reason")
    column: Mapped[Line]
    code: Mapped[Line]
    params: Mapped[Facts]
    cells: Mapped[Any] = mapped_column(Json, default=list, comment="their cells as read")
    decision: Mapped[str | None] = mapped_column(String(8))
    note: Mapped[Words]
    decided_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
