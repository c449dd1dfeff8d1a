"""Targets of indicators, and the statements (计量工作报表) an office files: locked once approved, corrected by a new version."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Date, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Instant, Key, Words, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.people import User

PERIODS = ("month", "year")
STATES = ("draft", "approved", "withdrawn")
DECIMALS = 4
"""Of a target."""


class IndicatorTarget(Model):
    """What an indicator should reach from a day on. Appended only: the last row that has begun counts."""

    __tablename__ = "indicator_target"
    __table_args__ = (Index("ix_indicator_target_indicator_valid_from_id", "indicator", "valid_from", "id"),)

    id: Mapped[Key]
    indicator: Mapped[str] = mapped_column(String(40))
    value: Mapped[Decimal | None] = mapped_column(
        Numeric(12, DECIMALS), comment="in the unit of the indicator; empty: no target any more"
    )
    valid_from: Mapped[date] = mapped_column(Date)
    set_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    set_at: Mapped[Instant]

    set_by: Mapped[User | None] = relationship()


class Statement(Model):
    """The figures of a month or year. A draft holds none: they are recounted until another person approves and locks them."""

    __tablename__ = "statement"
    __table_args__ = (
        CheckConstraint("period in " + str(PERIODS), name="period_known"),
        CheckConstraint("state in " + str(STATES), name="state_known"),
        CheckConstraint("approved_by_id is null or approved_by_id <> prepared_by_id", name="two_people"),
        CheckConstraint(
            "(state = 'approved') = (digest is not null and figures is not null and approved_by_id is not null "
            "and approved_at is not null)",
            name="approved_is_locked",
        ),
        CheckConstraint("version = 1 or length(reason) > 0", name="correction_has_reason"),
        UniqueConstraint("number"),
        Index("ix_statement_first_day_id", "first_day", "id"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40))
    period: Mapped[str] = mapped_column(String(8))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    district_code: Mapped[str] = mapped_column(String(12), default="", comment="empty: the whole city")
    version: Mapped[int] = mapped_column(default=1)
    replaces_id: Mapped[int | None] = reference("statement.id", nullable=True)
    reason: Mapped[Words]
    state: Mapped[str] = mapped_column(String(12), default="draft")
    figures: Mapped[str | None] = mapped_column(
        Text, comment="what was approved: the very JSON text that the digest is of"
    )
    digest: Mapped[str | None] = mapped_column(String(64), comment="SHA-256 of figures")
    prepared_by_id: Mapped[int] = reference("user.id", index=False)
    prepared_at: Mapped[Instant]
    approved_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    prepared_by: Mapped[User] = relationship(foreign_keys=[prepared_by_id])
    approved_by: Mapped[User | None] = relationship(foreign_keys=[approved_by_id])
    replaces: Mapped[Statement | None] = relationship(remote_side="Statement.id")
