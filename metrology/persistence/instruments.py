"""Instruments, their catalogue types, seals, and the files kept with them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from metrology.persistence.columns import (
    Code,
    Day,
    Facts,
    Instant,
    Json,
    Key,
    Line,
    Name,
    Words,
    reference,
    sparse_index,
)
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.places import Place

STATES = ("in_use", "suspended", "under_repair", "awaiting_verification", "rejected", "retired", "lost")
DUE_BASES = ("certificate", "ledger")
DUE_KINDS = ("verification", "rotation")


class TypeEntry(Model):
    """A kind of instrument the city keeps: loaded from ``metrology.regulations`` at every start, never edited by hand."""

    __tablename__ = "instrument_type"

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    name_zh: Mapped[Name]
    name_en: Mapped[Name]
    group_zh: Mapped[Line]
    group_en: Mapped[Line]
    mode: Mapped[str] = mapped_column(
        String(24), comment="periodic, first_only_rotate, first_only_scrap or calibration"
    )
    supervision: Mapped[str] = mapped_column(
        String(8), default="", comment="V, P or P+V in announcement 2020-42; empty outside it"
    )
    interval_months: Mapped[int | None]
    purposes: Mapped[Any] = mapped_column(Json, default=list)
    regulation: Mapped[Line]
    has_rules: Mapped[bool] = mapped_column(
        Boolean, default=False, comment="a file in regulations/ computes its verdict"
    )
    is_mandatory: Mapped[bool] = mapped_column(Boolean, default=True)
    is_confirmed: Mapped[bool] = mapped_column(Boolean, default=False)
    is_current: Mapped[bool] = mapped_column(
        Boolean, default=True, comment="false when its file has gone: records keep it"
    )
    position: Mapped[int] = mapped_column(default=0)


class Instrument(Model):
    """A measuring instrument. A dispenser is an assembly whose nozzles are its parts; each nozzle is verified.

    ``due_date`` is the last day on which it may be used without a new verification (or rotation); it is overdue from the
    day after. ``due_basis`` says who says so: a certificate of ours, or the holder's ledger, which proves nothing.
    """

    __tablename__ = "instrument"
    __table_args__ = (
        CheckConstraint("state in " + str(STATES), name="state_known"),
        CheckConstraint("length(serial_number) > 0", name="has_serial_number"),
        CheckConstraint("due_date is null or due_basis is not null", name="due_date_has_basis"),
        CheckConstraint("not is_assembly or due_date is null", name="assembly_is_not_due"),
        UniqueConstraint("type_code", "manufacturer_key", "serial_key", "part_label", name="uq_instrument_identity"),
        sparse_index("ix_instrument_parent_id", "parent_id"),
        Index("ix_instrument_state_due_date_id", "state", "due_date", "id"),
        Index("ix_instrument_district_code_state_due_date_id", "district_code", "state", "due_date", "id"),
        Index("ix_instrument_holder_id_state_due_date_id", "holder_id", "state", "due_date", "id"),
        Index("ix_instrument_place_id_state_due_date_id", "place_id", "state", "due_date", "id"),
        Index("ix_instrument_type_code_state_due_date_id", "type_code", "state", "due_date", "id"),
        Index("ix_instrument_due_date_id", "due_date", "id"),
        Index("ix_instrument_lot_code_id", "lot_code", "id"),
        Index("ix_instrument_last_verified_on_id", "last_verified_on", "id"),
        Index(
            "ix_instrument_unusual_purpose",
            "purpose",
            "state",
            "due_date",
            "id",
            sqlite_where=text("purpose <> 'trade'"),
            postgresql_where=text("purpose <> 'trade'"),
        ),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    public_code: Mapped[str] = mapped_column(String(24), unique=True, comment="unguessable; on the label for life")
    type_code: Mapped[str] = mapped_column(ForeignKey("instrument_type.code"))
    model: Mapped[Line]
    manufacturer: Mapped[Line]
    manufacturer_key: Mapped[Line]
    serial_number: Mapped[Name]
    serial_key: Mapped[str] = mapped_column(String(200), index=True, comment="normalised, for duplicates and look-up")
    part_label: Mapped[str] = mapped_column(String(40), default="", comment="nozzle number of a part; empty otherwise")
    parent_id: Mapped[int | None] = reference("instrument.id", nullable=True, index=False)
    is_assembly: Mapped[bool] = mapped_column(Boolean, default=False, comment="its parts are verified, not itself")
    nameplate: Mapped[Facts]
    purpose: Mapped[str] = mapped_column(String(20), default="trade")
    holder_id: Mapped[int | None] = reference("holder.id", nullable=True, index=False)
    place_id: Mapped[int | None] = reference("place.id", nullable=True, index=False)
    district_code: Mapped[str | None] = mapped_column(
        ForeignKey("district.code"), comment="of its place, else of its holder"
    )
    location: Mapped[str] = mapped_column(String(200), default="", comment="within its place: door, counter, room")
    is_onsite: Mapped[bool] = mapped_column(Boolean, default=True, comment="verified where it stands, or brought in")
    type_approval_number: Mapped[Line]
    identification_code: Mapped[Line] = mapped_column(String(200), default="", comment="GB/T 36377 code")
    factory_code: Mapped[Line] = mapped_column(String(200), default="", comment="生产码")
    repair_code: Mapped[Line] = mapped_column(String(200), default="", comment="维修码")
    lot_code: Mapped[Line]
    manufactured_on: Mapped[date | None] = mapped_column(Date)
    installed_on: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(24))
    last_verified_on: Mapped[date | None] = mapped_column(Date)
    due_date: Mapped[date | None] = mapped_column(Date)
    due_basis: Mapped[str | None] = mapped_column(String(20))
    due_kind: Mapped[str] = mapped_column(String(20), default="verification")
    notes: Mapped[Words]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1)

    # "unnested": behind an outer join SQLite would work out (instrument join instrument_type) whole before it looks for one row
    type: Mapped[TypeEntry] = relationship(lazy="joined", innerjoin="unnested")  # type: ignore[arg-type]
    holder: Mapped[Holder | None] = relationship()
    place: Mapped[Place | None] = relationship()
    district: Mapped[District | None] = relationship()
    parent: Mapped[Instrument | None] = relationship(remote_side="Instrument.id", back_populates="parts")
    parts: Mapped[list[Instrument]] = relationship(back_populates="parent", order_by="Instrument.part_label")
    seals: Mapped[list[Seal]] = relationship(back_populates="instrument", order_by="Seal.id")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


class Seal(Model):
    """A sealing mark on an instrument (铅封). A broken one ends the verification it protects."""

    __tablename__ = "seal"
    __table_args__ = (CheckConstraint("state in ('intact', 'broken', 'removed')", name="state_known"),)

    id: Mapped[Key]
    instrument_id: Mapped[int] = reference("instrument.id")
    number: Mapped[Name] = mapped_column(String(200), index=True)
    position: Mapped[Line]
    state: Mapped[str] = mapped_column(String(12), default="intact")
    applied_on: Mapped[Day | None]
    verification_id: Mapped[int | None] = reference("verification.id", nullable=True)
    ended_on: Mapped[Day | None]
    end_reason: Mapped[Line]

    instrument: Mapped[Instrument] = relationship(back_populates="seals")


class StoredFile(Model):
    """The bytes of a file, kept once by their hash."""

    __tablename__ = "stored_file"

    id: Mapped[Key]
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int]
    data: Mapped[bytes] = deferred(mapped_column(LargeBinary))


class Attachment(Model):
    """A photograph or document kept with an instrument, a standard or a verification."""

    __tablename__ = "attachment"
    __table_args__ = (Index("ix_attachment_object", "object_kind", "object_id"),)

    id: Mapped[Key]
    object_kind: Mapped[Code]
    object_id: Mapped[int]
    file_id: Mapped[int] = reference("stored_file.id")
    name: Mapped[Name]
    media_type: Mapped[Name]
    caption: Mapped[Line]
    added_by_id: Mapped[int | None] = reference("user.id", nullable=True)
    added_at: Mapped[Instant]
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    file: Mapped[StoredFile] = relationship()
