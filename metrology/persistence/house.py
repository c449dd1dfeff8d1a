"""What the office itself must keep valid: that somebody was told of it, and how the city's nameplates are spread."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from metrology.persistence.columns import Code, Instant, Key, reference
from metrology.persistence.database import Model


class HouseReminder(Model):
    """That a stage of a day of ours (a standard, a check, a qualification) was told to an account. The key is the promise."""

    __tablename__ = "house_reminder"
    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_id", "due_date", "stage", "user_id", name="uq_house_reminder_once"),
    )

    id: Mapped[Key]
    subject_kind: Mapped[Code]
    subject_id: Mapped[int]
    due_date: Mapped[date] = mapped_column(Date)
    stage: Mapped[Code]
    user_id: Mapped[int] = reference("user.id", index=False)
    notice_id: Mapped[int | None] = reference("notice.id", nullable=True)
    created_at: Mapped[Instant]


class NameplateFigure(Model):
    """How many instruments of a type in a district have one value of a nameplate characteristic. Counted anew every night."""

    __tablename__ = "nameplate_figure"
    __table_args__ = (
        Index("ix_nameplate_figure_type_code_characteristic", "type_code", "characteristic", "district_code"),
    )

    id: Mapped[Key]
    type_code: Mapped[str] = mapped_column(String(60))
    characteristic: Mapped[str] = mapped_column(String(60), default="", comment="empty: all instruments of the type")
    district_code: Mapped[str] = mapped_column(String(12), default="", comment="empty: no district known")
    value: Mapped[str] = mapped_column(String(80), default="", comment="as the nameplate has it; empty: not recorded")
    count: Mapped[int] = mapped_column(default=0)
    counted_on: Mapped[date] = mapped_column(Date)
