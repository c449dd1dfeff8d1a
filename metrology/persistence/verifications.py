"""Verifications: readings, the edition and standards that judged them, and the three people. Append only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Facts, Instant, Json, Key, Line, Words, reference, sparse_index
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import Institute, User
from metrology.persistence.standards import MeasurementStandard

KINDS = ("initial", "subsequent", "after_repair", "in_service", "calibration")
STATES = ("draft", "submitted", "checked", "approved", "returned", "discarded")


class Verification(Model):
    """One verification of one instrument.

    Only a draft may change. Once submitted, readings, nameplate, edition and standards are fixed (a trigger refuses
    otherwise); a returned record stays, and the corrected one names it in ``replaces_id``.
    """

    __tablename__ = "verification"
    __table_args__ = (
        CheckConstraint("kind in " + str(KINDS), name="kind_known"),
        CheckConstraint("state in " + str(STATES), name="state_known"),
        CheckConstraint("verdict is null or verdict in ('conforms', 'rejected')", name="verdict_known"),
        CheckConstraint(
            "(kind = 'calibration' and verdict is null) or "
            "(kind <> 'calibration' and (state in ('draft', 'discarded') or verdict is not null))",
            name="submitted_has_verdict",
        ),
        CheckConstraint("checker_id is null or checker_id <> verifier_id", name="checker_is_another"),
        CheckConstraint(
            "approver_id is null or (approver_id <> verifier_id and approver_id <> checker_id)",
            name="approver_is_a_third",
        ),
        Index("ix_verification_instrument_id_verified_on_id", "instrument_id", "verified_on", "id"),
        sparse_index("ix_verification_replaces_id", "replaces_id"),
        sparse_index("ix_verification_visit_id", "visit_id"),
        Index("ix_verification_state_id", "state", "id"),
        Index("ix_verification_verifier_id_state_id", "verifier_id", "state", "id"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    client_key: Mapped[str | None] = mapped_column(
        String(64), unique=True, comment="a form sent twice makes one record"
    )
    instrument_id: Mapped[int] = reference("instrument.id", index=False)
    type_code: Mapped[str] = mapped_column(ForeignKey("instrument_type.code"))
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default="draft")
    verified_on: Mapped[date] = mapped_column(Date)
    place_text: Mapped[Line]
    environment: Mapped[Facts]
    nameplate: Mapped[Facts]
    readings: Mapped[Facts]
    seals: Mapped[Any] = mapped_column(
        Json,
        default=list,
        comment="number, position and finding: applied; of an earlier one intact, broken, missing, replaced",
    )
    edition_code: Mapped[Line]
    verdict: Mapped[str | None] = mapped_column(String(12))
    judgement: Mapped[Facts] = mapped_column(
        Json, default=dict, comment="Verdict.to_dict(): findings and trace as judged; never recomputed in place"
    )
    institute_id: Mapped[int | None] = reference("institute.id", nullable=True)
    verifier_id: Mapped[int] = reference("user.id", index=False)
    checker_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    approver_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    returned_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    return_reason: Mapped[Words]
    replaces_id: Mapped[int | None] = reference("verification.id", nullable=True, index=False)
    visit_id: Mapped[int | None] = reference("visit.id", nullable=True, index=False)
    notes: Mapped[Words]
    # Taken down by a trigger when it is approved, fixed from then on (``persistence.outcome_tallies``).
    district_code: Mapped[str | None] = mapped_column(
        String(12), comment="where the instrument stood at the approval; empty: nowhere known"
    )
    manufacturer: Mapped[str | None] = mapped_column(String(200), comment="of the instrument, at the approval")
    model: Mapped[str | None] = mapped_column(String(200), comment="of the instrument, at the approval")
    was_due_on: Mapped[date | None] = mapped_column(
        Date, comment="last valid day before it; empty: none, or not in use"
    )
    days_taken: Mapped[int | None] = mapped_column(
        comment="from taking the work on to the document; empty: a correction"
    )
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1)

    instrument: Mapped[Instrument] = relationship()
    institute: Mapped[Institute | None] = relationship()
    verifier: Mapped[User] = relationship(foreign_keys=[verifier_id])
    checker: Mapped[User | None] = relationship(foreign_keys=[checker_id])
    approver: Mapped[User | None] = relationship(foreign_keys=[approver_id])
    standards: Mapped[list[StandardUse]] = relationship(back_populates="verification", order_by="StandardUse.id")
    replaces: Mapped[Verification | None] = relationship(remote_side="Verification.id")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


class StandardUse(Model):
    """A standard used in a verification, as it was that day."""

    __tablename__ = "standard_use"
    __table_args__ = (
        UniqueConstraint("verification_id", "standard_id"),
        Index("ix_standard_use_standard_id_id", "standard_id", "id"),
    )

    id: Mapped[Key]
    verification_id: Mapped[int] = reference("verification.id")
    standard_id: Mapped[int] = reference("measurement_standard.id", index=False)
    snapshot: Mapped[Facts] = mapped_column(Json, default=dict, comment="what the certificate prints of it")

    verification: Mapped[Verification] = relationship(back_populates="standards")
    standard: Mapped[MeasurementStandard] = relationship()
