"""Reminders (once each, by a unique key) and the notices that carry them (an outbox with leases and retries)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Code, Facts, Instant, Key, Line, Words, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import User


class Notice(Model):
    """One message to one recipient over one channel: many reminders of a holder ride in one."""

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint(
            "state in ('draft', 'queued', 'sending', 'sent', 'failed', 'withheld', 'withdrawn')", name="state_known"
        ),
        Index("ix_notice_state_not_before_id", "state", "not_before", "id"),
        Index("ix_notice_state_id", "state", "id"),
    )

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(
        String(120), unique=True, comment="recipient, channel, day and kind: never queued twice"
    )
    kind: Mapped[Code]
    channel: Mapped[Code]
    recipient: Mapped[str] = mapped_column(String(500))
    holder_id: Mapped[int | None] = reference("holder.id", nullable=True)
    user_id: Mapped[int | None] = reference("user.id", nullable=True)
    language: Mapped[str] = mapped_column(String(20), default="zh_Hans_CN")
    subject: Mapped[Words]
    body: Mapped[Words]
    facts: Mapped[Facts]
    message_id: Mapped[str] = mapped_column(
        String(120), unique=True, comment="the same at every try: receivers can drop a copy"
    )
    state: Mapped[str] = mapped_column(String(12), default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[Instant]
    lease_owner: Mapped[Line]
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[Words]
    created_at: Mapped[Instant]
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resend_of_id: Mapped[int | None] = reference("notice.id", nullable=True)

    reminders: Mapped[list[Reminder]] = relationship(back_populates="notice")
    holder: Mapped[Holder | None] = relationship()
    user: Mapped[User | None] = relationship()

    @property
    def told(self) -> str:
        """Who is told: the holder, or the officer."""
        owner = self.holder or self.user
        return owner.name if owner is not None else ""


class Reminder(Model):
    """That a stage of an instrument's due date was told to a recipient over a channel. The key is the promise."""

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("instrument_id", "due_date", "stage", "channel", "recipient", name="uq_reminder_once"),
    )

    id: Mapped[Key]
    instrument_id: Mapped[int] = reference("instrument.id", index=False)
    due_date: Mapped[date] = mapped_column(Date)
    stage: Mapped[Code]
    channel: Mapped[Code]
    recipient: Mapped[str] = mapped_column(String(500))
    notice_id: Mapped[int | None] = reference("notice.id", nullable=True)
    is_skipped: Mapped[bool] = mapped_column(
        default=False, comment="an earlier stage overtaken by a later one after an outage"
    )
    created_at: Mapped[Instant]

    notice: Mapped[Notice | None] = relationship(back_populates="reminders")
    instrument: Mapped[Instrument] = relationship()
