"""Trials of the law: what would have been judged otherwise by another edition or another number, and of which records."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Big, Facts, Instant, Key, Line, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.people import User
from metrology.persistence.verifications import Verification


class WhatIf(Model):
    """One trial: the supposition, how far it is, and its counts. It changes nothing but itself."""

    __tablename__ = "what_if"
    __table_args__ = (CheckConstraint("state in ('queued', 'running', 'done')", name="state_known"),)

    id: Mapped[Key]
    type_code: Mapped[str] = mapped_column(ForeignKey("instrument_type.code"))
    edition_code: Mapped[Line] = mapped_column(
        String(200), default="", comment="empty: the one that judged each record"
    )
    numbers: Mapped[Facts] = mapped_column(comment="key → another value, as text", default=dict)
    since: Mapped[date | None] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    district_code: Mapped[str | None] = mapped_column(ForeignKey("district.code"))
    state: Mapped[str] = mapped_column(String(12), default="queued")
    counts: Mapped[Facts] = mapped_column(comment="outcome → how many records", default=dict)
    last_id: Mapped[int] = mapped_column(
        Big, default=0, comment="record judged last: a trial cut off goes on behind it"
    )
    task_id: Mapped[int | None] = reference("task.id", nullable=True, index=False)
    created_by_id: Mapped[int] = reference("user.id", index=False)
    created_at: Mapped[Instant]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    created_by: Mapped[User] = relationship()


class WhatIfRecord(Model):
    """A record that would come out otherwise in a trial."""

    __tablename__ = "what_if_record"
    __table_args__ = (Index("ix_what_if_record_what_if_id_outcome_id", "what_if_id", "outcome", "id"),)

    id: Mapped[Key]
    what_if_id: Mapped[int] = reference("what_if.id", index=False)
    verification_id: Mapped[int] = reference("verification.id", index=False)
    outcome: Mapped[str] = mapped_column(String(24), comment="would_reject, would_conform, no_verdict or not_covered")
    was: Mapped[str] = mapped_column(String(12))
    would_be: Mapped[str | None] = mapped_column(String(12))
    margin_was: Mapped[Line] = mapped_column(
        String(40), default="", comment="part of the limit used at its worst point"
    )
    margin_would_be: Mapped[Line] = mapped_column(String(40), default="")
    point: Mapped[Line] = mapped_column(
        String(200), default="", comment="where it would come out otherwise, or why not"
    )

    verification: Mapped[Verification] = relationship()
