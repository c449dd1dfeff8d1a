"""Rules an institute enters for a kind of the catalogue that has no file: dated versions, proposed and approved by two people."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Facts, Instant, Json, Key, Line, Words, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.people import User

STATES = ("draft", "proposed", "returned", "discarded", "approved", "withdrawn")


class RulesVersion(Model):
    """One version of the rules of a kind. Once approved its content is fixed (a trigger refuses otherwise): verdicts rest on it.

    It is in force from ``in_force`` until a later version begins or ``withdrawn_from`` is reached.
    """

    __tablename__ = "rules_version"
    __table_args__ = (
        UniqueConstraint("type_code", "version"),
        CheckConstraint("state in " + str(STATES), name="state_known"),
        CheckConstraint("approver_id is null or approver_id <> proposer_id", name="approver_is_another"),
        CheckConstraint(
            "state not in ('approved', 'withdrawn') or (approver_id is not null and in_force is not null)",
            name="approved_is_complete",
        ),
        CheckConstraint("state <> 'withdrawn' or withdrawn_from >= in_force", name="withdrawn_after_start"),
        Index("ix_rules_version_state_id", "state", "id"),
    )

    id: Mapped[Key]
    type_code: Mapped[str] = mapped_column(ForeignKey("instrument_type.code"))
    version: Mapped[int]
    code: Mapped[Line] = mapped_column(
        String(200), default="", comment="names it in records, as an edition's code does"
    )
    state: Mapped[str] = mapped_column(String(12), default="draft")
    in_force: Mapped[date | None] = mapped_column(Date, comment="first day on which verdicts are by it")
    rules: Mapped[Facts] = mapped_column(Json, default=dict, comment="domain.generic: what was typed, exact text")
    sources: Mapped[Facts] = mapped_column(Json, default=dict, comment="part → what the approver compared it with")
    proposer_id: Mapped[int] = reference("user.id", index=False)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    proposed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approver_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    returned_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    return_reason: Mapped[Words]
    withdrawn_from: Mapped[date | None] = mapped_column(Date, comment="first day without it")
    withdrawn_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdraw_reason: Mapped[Words]
    row_version: Mapped[int] = mapped_column(default=1)

    proposer: Mapped[User] = relationship(foreign_keys=[proposer_id])
    approver: Mapped[User | None] = relationship(foreign_keys=[approver_id])
    returned_by: Mapped[User | None] = relationship(foreign_keys=[returned_by_id])
    withdrawn_by: Mapped[User | None] = relationship(foreign_keys=[withdrawn_by_id])

    __mapper_args__ = {"version_id_col": row_version}  # noqa: RUF012 - SQLAlchemy's own form
