"""Instrument labels: batches printed in advance, who took them, what each is bound to, and layouts of label stock.

A label is blank, then bound to one instrument, then void; it never goes back, and no other label is bound to that instrument
meanwhile. The code an instrument was registered with is its label until another is bound; then it is kept here, void.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Facts, Instant, Key, Line, Name, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import User


class LabelBatch(Model):
    """Blank labels ordered at once, numbered without a gap from ``first`` to ``last``."""

    __tablename__ = "label_batch"
    __table_args__ = (
        CheckConstraint("first >= 1 and last >= first", name="range_in_order"),
        UniqueConstraint("prefix", "first"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    prefix: Mapped[str] = mapped_column(String(6))
    first: Mapped[int]
    last: Mapped[int]
    layout: Mapped[Name]
    note: Mapped[Line]
    ordered_by_id: Mapped[int | None] = reference("user.id", nullable=True)
    ordered_at: Mapped[Instant]
    printed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="when its sheets were last made")
    printed_times: Mapped[int] = mapped_column(default=0)

    ordered_by: Mapped[User | None] = relationship()
    handouts: Mapped[list[LabelHandout]] = relationship(back_populates="batch", order_by="LabelHandout.id")

    @property
    def count(self) -> int:
        """How many labels it has."""
        return self.last - self.first + 1


class LabelHandout(Model):
    """A range of a batch given to a person. Appended only; a later row for the same numbers says who has them now."""

    __tablename__ = "label_handout"
    __table_args__ = (CheckConstraint("first >= 1 and last >= first", name="range_in_order"),)

    id: Mapped[Key]
    batch_id: Mapped[int] = reference("label_batch.id")
    first: Mapped[int]
    last: Mapped[int]
    taker_id: Mapped[int] = reference("user.id")
    given_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    given_at: Mapped[Instant]

    batch: Mapped[LabelBatch] = relationship(back_populates="handouts")
    taker: Mapped[User] = relationship(foreign_keys=[taker_id])
    given_by: Mapped[User | None] = relationship(foreign_keys=[given_by_id])


class InstrumentLabel(Model):
    """One label. ``batch_id`` is empty for one printed for a certain instrument, which is bound from the start."""

    __tablename__ = "instrument_label"
    __table_args__ = (
        CheckConstraint("state in ('blank', 'bound', 'void')", name="state_known"),
        CheckConstraint("(state = 'blank') = (bound_at is null and void_at is null)", name="blank_is_untouched"),
        CheckConstraint("(instrument_id is null) = (bound_at is null)", name="bound_to_something"),
        CheckConstraint("state <> 'bound' or instrument_id is not null", name="bound_has_instrument"),
        CheckConstraint("(state = 'void') = (void_at is not null)", name="void_has_time"),
        CheckConstraint("state <> 'void' or void_reason <> ''", name="void_has_reason"),
        Index(
            "uq_instrument_label_current",
            "instrument_id",
            unique=True,
            sqlite_where=text("state = 'bound'"),
            postgresql_where=text("state = 'bound'"),
        ),
        Index("ix_instrument_label_instrument_id_id", "instrument_id", "id"),
        Index("ix_instrument_label_batch_id_state_id", "batch_id", "state", "id"),
        Index("ix_instrument_label_state_id", "state", "id"),
    )

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(32), unique=True, comment="27 random digits; the address on the label")
    number: Mapped[str] = mapped_column(String(48), unique=True, comment="printed under the code; not secret")
    batch_id: Mapped[int | None] = reference("label_batch.id", nullable=True, index=False)
    state: Mapped[str] = mapped_column(String(8), default="blank")
    instrument_id: Mapped[int | None] = reference("instrument.id", nullable=True, index=False)
    bound_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bound_by_id: Mapped[int | None] = reference("user.id", nullable=True)
    void_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    void_by_id: Mapped[int | None] = reference("user.id", nullable=True)
    void_reason: Mapped[Line]

    batch: Mapped[LabelBatch | None] = relationship()
    instrument: Mapped[Instrument | None] = relationship()
    bound_by: Mapped[User | None] = relationship(foreign_keys=[bound_by_id])
    void_by: Mapped[User | None] = relationship(foreign_keys=[void_by_id])


class LabelLayout(Model):
    """Label stock of the office's own: measures in millimetres as exact text, see ``documents.label_layout``."""

    __tablename__ = "label_layout"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(80), unique=True)
    measures: Mapped[Facts]
    created_by_id: Mapped[int | None] = reference("user.id", nullable=True)
    created_at: Mapped[Instant]
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
