"""Complaints of the public about instruments (投诉举报): told without an account, followed by a code, answered in steps."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Instant, Key, Line, Words, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.districts import District
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import User

KINDS = ("short_measure", "other_serial", "seal_broken", "label_suspect", "expired", "display", "other")
STATES = ("received", "accepted", "inspected", "closed", "declined")


class Complaint(Model):
    """What somebody told of an instrument, or of a code that belongs to none. The words told never change."""

    __tablename__ = "complaint"
    __table_args__ = (
        CheckConstraint("kind in " + str(KINDS), name="kind_known"),
        CheckConstraint("state in " + str(STATES), name="state_known"),
        CheckConstraint("(state = 'received') = (decided_at is null)", name="decided_when_left"),
        CheckConstraint("state not in ('inspected', 'closed') or inspected_on is not null", name="inspected_has_day"),
        CheckConstraint("(state in ('closed', 'declined')) = (closed_at is not null)", name="closed_has_time"),
        Index("ix_complaint_state_id", "state", "id"),
        Index(
            "ix_complaint_undecided",
            "accept_by",
            "id",
            sqlite_where=text("state = 'received'"),
            postgresql_where=text("state = 'received'"),
        ),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    receipt: Mapped[str] = mapped_column(String(20), unique=True, comment="secret of the one who told; follows it")
    instrument_id: Mapped[int | None] = reference("instrument.id", nullable=True)
    scanned_code: Mapped[str] = mapped_column(String(60), default="", comment="what was scanned, as it was")
    district_code: Mapped[str | None] = mapped_column(ForeignKey("district.code"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[Words]
    seller: Mapped[Line] = mapped_column(String(200), default="", comment="where it happened, in the reporter's words")
    contact: Mapped[str] = mapped_column(String(120), default="", comment="personal; emptied 90 days after the end")
    received_at: Mapped[Instant]
    accept_by: Mapped[date] = mapped_column(Date, comment="last day to decide on acceptance: seven working days")
    state: Mapped[str] = mapped_column(String(12), default="received")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    inspected_on: Mapped[date | None] = mapped_column(Date)
    finding: Mapped[Words]
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[Words]

    instrument: Mapped[Instrument | None] = relationship()
    district: Mapped[District | None] = relationship()
    decided_by: Mapped[User | None] = relationship()
