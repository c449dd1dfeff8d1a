"""Lots (批): meters of one kind that a utility delivers by the thousand, verified and certified as one, and rotated as one.

Each meter keeps its own readings, record, certificate and code; the lot holds what they have in common.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Facts, Instant, Json, Key, Line, Words, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.people import Institute, User
from metrology.persistence.verifications import Verification

STATES = (
    "draft", "submitting", "submitted", "checking", "checked", "approving", "approved", "returning", "discarded",
)  # fmt: skip
BUSY = ("submitting", "checking", "approving", "returning")
"""States in which the background works on it, meter by meter."""
OPEN = ("draft", "submitting", "submitted", "checking", "checked", "approving", "returning")


class Lot(Model):
    """Meters of one type, manufacturer, model and nameplate that a holder delivers together, and their verification as one.

    Verifier, checker and approver are three people, as of every record in it. Its certificate lists the meters; it is fixed
    once it has a code.
    """

    __tablename__ = "lot"
    __table_args__ = (
        CheckConstraint("state in " + str(STATES), name="state_known"),
        CheckConstraint("checker_id is null or checker_id <> verifier_id", name="checker_is_another"),
        CheckConstraint(
            "approver_id is null or (approver_id <> verifier_id and approver_id <> checker_id)",
            name="approver_is_a_third",
        ),
        CheckConstraint("(code is null) = (certificate_number is null)", name="certificate_has_code"),
        CheckConstraint("code is null or state = 'approved'", name="certified_is_approved"),
        Index("ix_lot_state_id", "state", "id"),
        Index("ix_lot_holder_id_id", "holder_id", "id"),
        Index("ix_lot_district_code_id", "district_code", "id"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    holder_id: Mapped[int] = reference("holder.id", index=False)
    district_code: Mapped[str | None] = mapped_column(ForeignKey("district.code"), comment="of its holder: who sees it")
    type_code: Mapped[str] = mapped_column(ForeignKey("instrument_type.code"))
    lot_code: Mapped[Line] = mapped_column(String(200), default="", comment="the holder's or manufacturer's own number")
    model: Mapped[Line]
    manufacturer: Mapped[Line]
    nameplate: Mapped[Facts]
    state: Mapped[str] = mapped_column(String(12), default="draft")
    kind: Mapped[str] = mapped_column(String(20), default="initial")
    verified_on: Mapped[date | None] = mapped_column(Date)
    place_text: Mapped[Line]
    readings: Mapped[Facts] = mapped_column(
        Json,
        default=dict,
        comment="what was read once for all: conditions, and items where a meter has none of its own",
    )
    standard_ids: Mapped[Any] = mapped_column(Json, default=list)
    notes: Mapped[Words]
    institute_id: Mapped[int | None] = reference("institute.id", nullable=True)
    verifier_id: Mapped[int | None] = reference("user.id", nullable=True)
    checker_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    approver_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    return_reason: Mapped[Words]
    task_id: Mapped[int | None] = reference("task.id", nullable=True, index=False)
    certificate_number: Mapped[str | None] = mapped_column(String(60), unique=True)
    code: Mapped[str | None] = mapped_column(String(24), unique=True, comment="128 random bits, base64url")
    issued_on: Mapped[date | None] = mapped_column(Date)
    payload: Mapped[Any] = mapped_column(
        Json, default=dict, comment="what its certificate prints besides the table of meters"
    )
    created_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1)

    holder: Mapped[Holder] = relationship()
    type: Mapped[TypeEntry] = relationship()
    institute: Mapped[Institute | None] = relationship()
    verifier: Mapped[User | None] = relationship(foreign_keys=[verifier_id])
    checker: Mapped[User | None] = relationship(foreign_keys=[checker_id])
    approver: Mapped[User | None] = relationship(foreign_keys=[approver_id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


class LotMeter(Model):
    """A meter of a lot: its readings as they came, its verdict, the record made of them, and by what it was replaced.

    Without readings of its own it has no verdict, and no record is made of it.
    """

    __tablename__ = "lot_meter"
    __table_args__ = (
        UniqueConstraint("lot_id", "instrument_id"),
        CheckConstraint("verdict is null or verdict in ('conforms', 'rejected')", name="verdict_known"),
        CheckConstraint("verdict is null or problem = ''", name="judged_or_problem"),
        CheckConstraint("left_on is not null or replaced_by_id is null", name="replaced_has_left"),
        Index("ix_lot_meter_lot_id_position", "lot_id", "position"),
        Index("ix_lot_meter_lot_id_verdict_id", "lot_id", "verdict", "id"),
        Index("ix_lot_meter_instrument_id_id", "instrument_id", "id"),
    )

    id: Mapped[Key]
    lot_id: Mapped[int] = reference("lot.id", index=False)
    instrument_id: Mapped[int] = reference("instrument.id", index=False)
    position: Mapped[int]
    readings: Mapped[Facts] = mapped_column(Json, default=dict, comment="of this meter alone; empty: none came")
    verdict: Mapped[str | None] = mapped_column(String(12))
    problem: Mapped[Line] = mapped_column(String(200), default="", comment="code of what keeps it from a verdict")
    params: Mapped[Facts]
    verification_id: Mapped[int | None] = reference("verification.id", nullable=True)
    left_on: Mapped[date | None] = mapped_column(Date, comment="day it was taken out in the rotation of the lot")
    replaced_by_id: Mapped[int | None] = reference("instrument.id", nullable=True)

    lot: Mapped[Lot] = relationship()
    instrument: Mapped[Instrument] = relationship(foreign_keys=[instrument_id])
    replaced_by: Mapped[Instrument | None] = relationship(foreign_keys=[replaced_by_id])
    verification: Mapped[Verification | None] = relationship()
