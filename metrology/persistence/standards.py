"""Measurement standards (计量标准) with which verifications are done, and their certificates."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Day, Instant, Json, Key, Line, Name, Words, reference
from metrology.persistence.database import Model
from metrology.persistence.people import Institute

KINDS = ("public", "department", "enterprise", "working")


class MeasurementStandard(Model):
    """A measurement standard of an institute. Whether it may serve is asked of ``domain.traceability`` for each record."""

    __tablename__ = "measurement_standard"
    __table_args__ = (CheckConstraint("state in ('in_use', 'suspended', 'withdrawn')", name="state_known"),)
    # ``kind`` has no constraint of its own: SQLite cannot add one to a table that is there; the service refuses others.

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(
        String(20),
        default="public",
        server_default="public",
        comment="one of KINDS: 社会公用, 部门, 企事业 or a working standard",
    )
    public_number: Mapped[Line] = mapped_column(
        String(200), default="", server_default="", comment="社会公用计量标准证书号"
    )
    name: Mapped[Name]
    name_en: Mapped[Line]
    serial_number: Mapped[Line]
    manufacturer: Mapped[Line]
    examination_number: Mapped[Line] = mapped_column(String(200), default="", comment="计量标准考核证书号")
    examination_valid_until: Mapped[Day | None]
    range_text: Mapped[Line]
    range_low: Mapped[Line] = mapped_column(String(60), default="", comment="quantity as text, empty: not limited")
    range_high: Mapped[Line] = mapped_column(String(60), default="")
    accuracy: Mapped[Line] = mapped_column(String(60), default="", comment="U or |MPE| as quantity text, relative in %")
    accuracy_text: Mapped[Line] = mapped_column(String(200), default="", comment="as printed: class, U (k=2) or MPE")
    type_codes: Mapped[Any] = mapped_column(Json, default=list, comment="types it is authorised for")
    certificate_number: Mapped[Name]
    certificate_issuer: Mapped[Line]
    valid_from: Mapped[Day]
    valid_until: Mapped[Day]
    state: Mapped[str] = mapped_column(String(20), default="in_use")
    institute_id: Mapped[int | None] = reference("institute.id", nullable=True)
    notes: Mapped[Words]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    institute: Mapped[Institute | None] = relationship()
    certificates: Mapped[list[StandardCertificate]] = relationship(
        back_populates="standard", order_by="StandardCertificate.valid_from.desc()"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


class StandardCertificate(Model):
    """One calibration or verification of a standard. Appended; the newest is copied onto the standard."""

    __tablename__ = "standard_certificate"

    id: Mapped[Key]
    standard_id: Mapped[int] = reference("measurement_standard.id")
    number: Mapped[Name]
    issuer: Mapped[Line]
    accuracy: Mapped[Line]
    valid_from: Mapped[Day]
    valid_until: Mapped[Day]
    recorded_at: Mapped[Instant]

    standard: Mapped[MeasurementStandard] = relationship(back_populates="certificates")
