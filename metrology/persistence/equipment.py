"""What a measurement standard is made of (主标准器, 配套设备), and the certificates that join each to the standards above it.

The standards above are our own or of an outside institute (provincial, national); theirs name what they trace to in turn.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Day, Instant, Key, Line, Name, Words, reference
from metrology.persistence.database import Model
from metrology.persistence.people import Institute, User
from metrology.persistence.standards import MeasurementStandard

LEVELS = ("national", "regional", "provincial", "municipal", "other")
"""Of an outside institute: 国家级, 大区级, 省级, 市级, 其他."""
ROLES = ("main", "ancillary")
CERTIFICATE_KINDS = ("verification", "calibration")
CHECK_RESULTS = ("satisfactory", "unsatisfactory")


class OutsideInstitute(Model):
    """A body above ours that verifies or calibrates our equipment. It has no accounts here."""

    __tablename__ = "outside_institute"
    __table_args__ = (CheckConstraint("level in " + str(LEVELS), name="level_known"),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(200), unique=True)
    name_en: Mapped[Line]
    level: Mapped[str] = mapped_column(String(12))
    notes: Mapped[Words]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    standards: Mapped[list[OutsideStandard]] = relationship(
        back_populates="institute", order_by="OutsideStandard.name, OutsideStandard.id"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


class OutsideStandard(Model):
    """A standard of an outside institute, as the certificates of our equipment name it, and what it traces to in turn."""

    __tablename__ = "outside_standard"
    __table_args__ = (
        UniqueConstraint("institute_id", "name", "number", name="uq_outside_standard_named"),
        CheckConstraint("traces_to_id is null or traces_to_id <> id", name="not_to_itself"),
    )

    id: Mapped[Key]
    institute_id: Mapped[int] = reference("outside_institute.id")
    name: Mapped[Name]
    name_en: Mapped[Line]
    number: Mapped[str] = mapped_column(String(200), default="", comment="examination certificate, or of the 计量基准")
    accuracy_text: Mapped[Line]
    is_primary: Mapped[bool] = mapped_column(default=False, comment="国家计量基准: nothing stands above it")
    traces_to_id: Mapped[int | None] = reference("outside_standard.id", nullable=True)
    notes: Mapped[Words]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    institute: Mapped[OutsideInstitute] = relationship(back_populates="standards", lazy="joined", innerjoin=True)
    traces_to: Mapped[OutsideStandard | None] = relationship(remote_side="OutsideStandard.id")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


class Equipment(Model):
    """A piece of equipment: what is calibrated, checked in between, and fails. It serves in one standard or in several."""

    __tablename__ = "equipment"
    __table_args__ = (
        CheckConstraint("state in ('in_use', 'suspended', 'withdrawn')", name="state_known"),
        CheckConstraint("check_months is null or check_months between 1 and 60", name="check_months_sane"),
        Index("ix_equipment_state_valid_until_id", "state", "valid_until", "id"),
        Index("ix_equipment_state_next_check_on_id", "state", "next_check_on", "id"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[Name]
    name_en: Mapped[Line]
    model: Mapped[Line]
    serial_number: Mapped[Line]
    manufacturer: Mapped[Line]
    range_text: Mapped[Line]
    range_low: Mapped[Line] = mapped_column(String(60), default="", comment="quantity as text, empty: not limited")
    range_high: Mapped[Line] = mapped_column(String(60), default="")
    accuracy_text: Mapped[Line] = mapped_column(
        String(200), default="", comment="class or |MPE| as the maker states it"
    )
    institute_id: Mapped[int | None] = reference("institute.id", nullable=True)
    state: Mapped[str] = mapped_column(String(20), default="in_use")
    valid_until: Mapped[date | None] = mapped_column(Date, comment="of its newest certificate; the night asks for it")
    check_months: Mapped[int | None] = mapped_column(comment="months between intermediate checks; empty: none")
    next_check_on: Mapped[date | None] = mapped_column(Date)
    notes: Mapped[Words]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    institute: Mapped[Institute | None] = relationship()
    places: Mapped[list[StandardEquipment]] = relationship(
        back_populates="equipment", order_by="StandardEquipment.since.desc()"
    )
    certificates: Mapped[list[EquipmentCertificate]] = relationship(
        back_populates="equipment", order_by="EquipmentCertificate.valid_from.desc(), EquipmentCertificate.id.desc()"
    )
    checks: Mapped[list[EquipmentCheck]] = relationship(
        back_populates="equipment", order_by="EquipmentCheck.checked_on.desc(), EquipmentCheck.id.desc()"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


class StandardEquipment(Model):
    """That a piece of equipment was part of a standard from a day on; ``until`` is its last day in it."""

    __tablename__ = "standard_equipment"
    __table_args__ = (
        CheckConstraint("role in " + str(ROLES), name="role_known"),
        CheckConstraint("until is null or until >= since", name="days_in_order"),
        Index("ix_standard_equipment_equipment_id_standard_id", "equipment_id", "standard_id"),
    )

    id: Mapped[Key]
    standard_id: Mapped[int] = reference("measurement_standard.id")
    equipment_id: Mapped[int] = reference("equipment.id", index=False)
    role: Mapped[str] = mapped_column(String(12))
    since: Mapped[Day]
    until: Mapped[date | None] = mapped_column(Date)

    standard: Mapped[MeasurementStandard] = relationship()
    equipment: Mapped[Equipment] = relationship(back_populates="places")

    def serves_on(self, day: date) -> bool:
        """Whether it was part of the standard on a day."""
        return self.since <= day and (self.until is None or day <= self.until)


class EquipmentCertificate(Model):
    """One verification or calibration of a piece of equipment. Appended, never changed; a wrong one is followed by a right one."""

    __tablename__ = "equipment_certificate"
    __table_args__ = (
        CheckConstraint("kind in " + str(CERTIFICATE_KINDS), name="kind_known"),
        CheckConstraint("valid_until >= valid_from", name="days_in_order"),
        CheckConstraint("outside_standard_id is null or own_standard_id is null", name="one_upstream"),
        UniqueConstraint("equipment_id", "number", "valid_from", name="uq_equipment_certificate_once"),
        Index("ix_equipment_certificate_equipment_id_valid_from", "equipment_id", "valid_from"),
        Index("ix_equipment_certificate_number", "number"),
    )

    id: Mapped[Key]
    equipment_id: Mapped[int] = reference("equipment.id", index=False)
    kind: Mapped[str] = mapped_column(String(16))
    number: Mapped[Name]
    outside_institute_id: Mapped[int | None] = reference("outside_institute.id", nullable=True)
    outside_standard_id: Mapped[int | None] = reference("outside_standard.id", nullable=True)
    own_standard_id: Mapped[int | None] = reference("measurement_standard.id", nullable=True)
    valid_from: Mapped[Day]
    valid_until: Mapped[Day]
    accuracy: Mapped[Line] = mapped_column(String(60), default="", comment="U or |MPE| as quantity text, relative in %")
    coverage_factor: Mapped[Line] = mapped_column(
        String(20), default="", comment="k of U, as text; empty: an MPE or class"
    )
    accuracy_text: Mapped[Line] = mapped_column(String(200), default="", comment="as printed: class, U (k=2)")
    range_low: Mapped[Line] = mapped_column(
        String(60), default="", comment="calibrated range where narrower than its own"
    )
    range_high: Mapped[Line] = mapped_column(String(60), default="")
    result: Mapped[Words]
    recorded_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    recorded_at: Mapped[Instant]

    equipment: Mapped[Equipment] = relationship(back_populates="certificates")
    outside_institute: Mapped[OutsideInstitute | None] = relationship()
    outside_standard: Mapped[OutsideStandard | None] = relationship()
    own_standard: Mapped[MeasurementStandard | None] = relationship()


class EquipmentCheck(Model):
    """One intermediate check (期间核查) between two calibrations. Appended; one that fails takes the equipment out of service."""

    __tablename__ = "equipment_check"
    __table_args__ = (
        CheckConstraint("result in " + str(CHECK_RESULTS), name="result_known"),
        Index("ix_equipment_check_equipment_id_checked_on", "equipment_id", "checked_on"),
    )

    id: Mapped[Key]
    equipment_id: Mapped[int] = reference("equipment.id", index=False)
    checked_on: Mapped[Day]
    method: Mapped[Line]
    found: Mapped[Line] = mapped_column(String(200), default="", comment="what was measured, as text")
    limit: Mapped[Line] = mapped_column(String(200), default="", comment="what it was held against, as text")
    result: Mapped[str] = mapped_column(String(16))
    notes: Mapped[Words]
    checked_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    recorded_at: Mapped[Instant]

    equipment: Mapped[Equipment] = relationship(back_populates="checks")
    checked_by: Mapped[User | None] = relationship()
