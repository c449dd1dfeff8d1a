"""Signed checkpoints of the journal, and where each was taken: outside, where who administers the database cannot rewrite them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Big, Instant, Key, Words
from metrology.persistence.database import Model, UtcDateTime


class Checkpoint(Model):
    """The journal as it was at an instant: how many entries, and the hash of the last, signed. Never changed."""

    __tablename__ = "checkpoint"

    size: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False, comment="number of the last entry")
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[Instant]
    kid: Mapped[str] = mapped_column(String(40), comment="key that signed")
    note: Mapped[str] = mapped_column(Text, comment="the signed note as it goes out")


class CheckpointDelivery(Model):
    """A checkpoint on its way to one place outside; tried again until it is there."""

    __tablename__ = "checkpoint_delivery"
    __table_args__ = (
        CheckConstraint("state in ('queued', 'sent')", name="state_known"),
        UniqueConstraint("checkpoint_size", "sink"),
        Index("ix_checkpoint_delivery_state_not_before_id", "state", "not_before", "id"),
        Index("ix_checkpoint_delivery_sink_checkpoint_size", "sink", "checkpoint_size"),
    )

    id: Mapped[Key]
    checkpoint_size: Mapped[int] = mapped_column(ForeignKey("checkpoint.size"))
    sink: Mapped[str] = mapped_column(String(500), comment="dir:…, mailto:… or https://…")
    state: Mapped[str] = mapped_column(String(12), default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[Instant]
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[Words]

    checkpoint: Mapped[Checkpoint] = relationship()
