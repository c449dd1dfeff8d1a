"""What holders tell the bureau of their instruments: broken, lost, given up. Nothing follows before an officer has looked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Instant, Key, Words, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import User

KINDS = ("broken", "seal_broken", "lost", "given_up", "moved", "other")


class ConditionReport(Model):
    """One thing told of one instrument, open until an officer has answered it."""

    __tablename__ = "condition_report"
    __table_args__ = (
        CheckConstraint("kind in " + str(KINDS), name="kind_known"),
        CheckConstraint("(settled_at is null) = (settled_by_id is null)", name="settled_by_someone"),
        Index(
            "ix_condition_report_open",
            "id",
            sqlite_where=text("settled_at is null"),
            postgresql_where=text("settled_at is null"),
        ),
    )

    id: Mapped[Key]
    instrument_id: Mapped[int] = reference("instrument.id")
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[Words]
    reported_by_id: Mapped[int] = reference("user.id")
    reported_at: Mapped[Instant]
    settled_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[Words]

    instrument: Mapped[Instrument] = relationship()
    reported_by: Mapped[User] = relationship(foreign_keys=[reported_by_id])
    settled_by: Mapped[User | None] = relationship(foreign_keys=[settled_by_id])
