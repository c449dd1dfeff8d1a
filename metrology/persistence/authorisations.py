"""What an institute is authorised to verify (计量授权): which types, within which range, in which district, from when until when."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Day, Instant, Key, Line, Name, Words, reference
from metrology.persistence.database import Model
from metrology.persistence.districts import District
from metrology.persistence.people import Institute


class Authorisation(Model):
    """One item of an authorisation. Kept for ever: it ends early by ``ended_on``, and what was wrong is replaced by another."""

    __tablename__ = "authorisation"
    __table_args__ = (
        CheckConstraint("valid_until >= valid_from", name="days_in_order"),
        CheckConstraint("characteristic <> '' or (low = '' and high = '')", name="range_of_something"),
        Index("ix_authorisation_institute_id_type_code", "institute_id", "type_code"),
        Index("ix_authorisation_valid_until_id", "valid_until", "id"),
    )

    id: Mapped[Key]
    institute_id: Mapped[int] = reference("institute.id", index=False)
    number: Mapped[Name]
    type_code: Mapped[str] = mapped_column(String(60), comment="of the catalogue; * for all types")
    characteristic: Mapped[str] = mapped_column(String(60), default="", comment="of the nameplate that the range is of")
    low: Mapped[Line] = mapped_column(String(60), default="", comment="as the nameplate has it; empty: no limit")
    high: Mapped[Line] = mapped_column(String(60), default="")
    district_code: Mapped[str | None] = mapped_column(ForeignKey("district.code"), comment="empty: the whole city")
    valid_from: Mapped[Day]
    valid_until: Mapped[Day]
    ended_on: Mapped[date | None] = mapped_column(Date, comment="first day on which it holds no more")
    end_reason: Mapped[Line]
    replaced_by_id: Mapped[int | None] = reference("authorisation.id", nullable=True, index=False)
    notes: Mapped[Words]
    recorded_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    institute: Mapped[Institute] = relationship()
    district: Mapped[District | None] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form
