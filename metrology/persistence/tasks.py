"""Work in the background (rows with leases, so that it survives a restart), and the leases of the ticker."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from metrology.persistence.columns import Code, Facts, Instant, Key, Line, Words, reference
from metrology.persistence.database import Model, UtcDateTime


class Task(Model):
    """A piece of long work: claimed by a lease, retried when its worker dies, visible with its progress."""

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint("state in ('queued', 'running', 'done', 'failed', 'cancelled')", name="state_known"),
        Index("ix_task_state_not_before_id", "state", "not_before", "id"),
    )

    id: Mapped[Key]
    kind: Mapped[Code]
    key: Mapped[str | None] = mapped_column(String(120), unique=True, comment="at most one task of this key")
    arguments: Mapped[Facts]
    state: Mapped[str] = mapped_column(String(12), default="queued")
    progress: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    note: Mapped[Line]
    result: Mapped[Facts]
    error: Mapped[Words]
    tries: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[Instant]
    lease_owner: Mapped[Line]
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = reference("user.id", nullable=True)
    created_at: Mapped[Instant]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Lease(Model):
    """Who ticks now: the holder of a row until its time runs out; ``fence`` grows with every change of hands."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    owner: Mapped[str] = mapped_column(String(120), default="")
    until: Mapped[Instant]
    fence: Mapped[int] = mapped_column(default=0)
    last_run_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[Words]
