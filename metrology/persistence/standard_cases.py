"""Cases of a standard found defective (量值失准): what is doubted, each certificate judged with it, and what was decided by two people."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Index, String, Table, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.certificates import Certificate
from metrology.persistence.columns import Big, Instant, Json, Key, Line, Words, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.equipment import Equipment
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import User
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.verifications import Verification

STATES = ("gathering", "open", "closed", "falling", "fallen")
ITEM_STATES = ("open", "cleared", "revoked", "ended", "fallen")
OUTLOOKS = ("turns", "stays", "unknown")
DECISIONS = ("clear", "revoke", "fall")
DECISION_STATES = ("proposed", "confirmed", "done", "withdrawn")
PPM = 1_000_000
"""Margins are kept in millionths of the limit: whole numbers, which both databases sort alike."""

case_visit = Table(
    "case_visit",
    Model.metadata,
    Column("case_id", Big, ForeignKey("standard_case.id"), primary_key=True),
    Column("visit_id", Big, ForeignKey("visit.id"), primary_key=True, index=True),
)
"""Visits planned for a case: called off when its finding falls."""
case_notice = Table(
    "case_notice",
    Model.metadata,
    Column("case_id", Big, ForeignKey("standard_case.id"), primary_key=True),
    Column("notice_id", Big, ForeignKey("notice.id"), primary_key=True, index=True),
)
"""Notices drafted for a case: withdrawn, or followed by another, when its finding falls."""


class StandardCase(Model):
    """A standard, or one piece of its equipment, found defective from a day on.

    Everything judged with it since is under review until two people have decided; while the case is not fallen it serves in
    no record of a day from ``defective_from`` until it is ``fit_from`` again.
    """

    __tablename__ = "standard_case"
    __table_args__ = (
        CheckConstraint("state in " + str(STATES), name="state_known"),
        CheckConstraint("(standard_id is null) <> (equipment_id is null)", name="one_subject"),
        CheckConstraint("fit_from is null or fit_from > defective_from", name="fit_later"),
        Index("ix_standard_case_state_id", "state", "id"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    standard_id: Mapped[int | None] = reference("measurement_standard.id", nullable=True)
    equipment_id: Mapped[int | None] = reference("equipment.id", nullable=True)
    defective_from: Mapped[date] = mapped_column(Date)
    fit_from: Mapped[date | None] = mapped_column(Date, comment="first day on which it may serve again")
    finding: Mapped[Words]
    error: Mapped[Line] = mapped_column(
        String(60),
        default="",
        comment="value it gave less the true value, as quantity text with its sign; empty: unknown",
    )
    reverify_by: Mapped[date] = mapped_column(Date, comment="day by which what is doubted is verified again")
    state: Mapped[str] = mapped_column(String(12), default="gathering")
    state_before: Mapped[str] = mapped_column(
        String(20), default="in_use", comment="of the standard, put back when it falls"
    )
    found: Mapped[int] = mapped_column(default=0, comment="certificates found, those ended before among them")
    moved: Mapped[int] = mapped_column(default=0, comment="instruments made due earlier")
    drafted: Mapped[int] = mapped_column(default=0, comment="notices drafted")
    unreachable: Mapped[int] = mapped_column(default=0, comment="holders without a contact who is told")
    task_id: Mapped[int | None] = reference("task.id", nullable=True, index=False)
    opened_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    opened_at: Mapped[Instant]
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    standard: Mapped[MeasurementStandard | None] = relationship()
    equipment: Mapped[Equipment | None] = relationship()
    opened_by: Mapped[User | None] = relationship()
    decisions: Mapped[list[CaseDecision]] = relationship(back_populates="case", order_by="CaseDecision.id.desc()")

    @property
    def subject(self) -> MeasurementStandard | Equipment:
        """What is doubted."""
        found = self.standard or self.equipment
        assert found is not None
        return found


class ReviewItem(Model):
    """A certificate or notice that a case doubts, with how near to the limit it was judged."""

    __tablename__ = "review_item"
    __table_args__ = (
        UniqueConstraint("case_id", "certificate_id", name="uq_review_item_once"),
        CheckConstraint("state in " + str(ITEM_STATES), name="state_known"),
        CheckConstraint("outlook in " + str(OUTLOOKS), name="outlook_known"),
        Index("ix_review_item_case_id_rank_id", "case_id", "rank", "id"),
        Index("ix_review_item_case_id_state_rank_id", "case_id", "state", "rank", "id"),
        Index("ix_review_item_certificate_id_state", "certificate_id", "state"),
        Index(
            "ix_review_item_open_instrument",
            "instrument_id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[Key]
    case_id: Mapped[int] = reference("standard_case.id", index=False)
    certificate_id: Mapped[int] = reference("certificate.id", index=False)
    instrument_id: Mapped[int] = reference("instrument.id", index=False)
    verification_id: Mapped[int] = reference("verification.id", index=False)
    verdict: Mapped[str] = mapped_column(String(12))
    margin: Mapped[int | None] = mapped_column(Big, comment="distance to the nearest limit in millionths of it")
    rank: Mapped[int] = mapped_column(Big, comment="the margin; below every margin where none is known")
    point: Mapped[Line] = mapped_column(String(200), default="", comment="the finding nearest to its limit")
    outlook: Mapped[str] = mapped_column(String(8), default="unknown", comment="of its verdict, with the error found")
    state: Mapped[str] = mapped_column(String(8), default="open")
    was_due: Mapped[date | None] = mapped_column(Date, comment="due date of the instrument before the case")
    made_due: Mapped[date | None] = mapped_column(Date, comment="what the case made it; empty: left as it was")
    decision_id: Mapped[int | None] = reference("case_decision.id", nullable=True)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    case: Mapped[StandardCase] = relationship()
    certificate: Mapped[Certificate] = relationship()
    instrument: Mapped[Instrument] = relationship()
    verification: Mapped[Verification] = relationship()


class CaseDecision(Model):
    """What one person proposes about items of a case, or about the whole finding, and another confirms."""

    __tablename__ = "case_decision"
    __table_args__ = (
        CheckConstraint("kind in " + str(DECISIONS), name="kind_known"),
        CheckConstraint("state in " + str(DECISION_STATES), name="state_known"),
        CheckConstraint("confirmed_by_id is null or confirmed_by_id <> proposed_by_id", name="two_people"),
        CheckConstraint(
            "state not in ('confirmed', 'done') or confirmed_by_id is not null", name="confirmed_by_someone"
        ),
    )

    id: Mapped[Key]
    case_id: Mapped[int] = reference("standard_case.id")
    kind: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(12), default="proposed")
    selection: Mapped[Any] = mapped_column(
        Json, default=dict, comment="which items: their keys, or what they have in common"
    )
    reason: Mapped[Words]
    count: Mapped[int] = mapped_column(default=0, comment="items when it was proposed")
    done: Mapped[int] = mapped_column(default=0)
    is_bulk: Mapped[bool] = mapped_column(Boolean, default=False)
    proposed_by_id: Mapped[int] = reference("user.id", index=False)
    proposed_at: Mapped[Instant]
    confirmed_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    case: Mapped[StandardCase] = relationship(back_populates="decisions")
    proposed_by: Mapped[User] = relationship(foreign_keys=[proposed_by_id])
    confirmed_by: Mapped[User | None] = relationship(foreign_keys=[confirmed_by_id])
