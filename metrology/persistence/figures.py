"""Figures of past days, kept so that a trend can be shown: how many were in use and how many overdue, by district and type."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from metrology.persistence.columns import Code, Key
from metrology.persistence.database import Model


class OverdueFigure(Model):
    """One day's figures of one district and one type. Written once a day; a day without figures is shown as such."""

    __tablename__ = "overdue_figure"
    __table_args__ = (
        Index("ix_overdue_figure_day_district_code_type_code", "day", "district_code", "type_code", unique=True),
    )

    id: Mapped[Key]
    day: Mapped[date] = mapped_column(Date)
    district_code: Mapped[str] = mapped_column(String(12), default="", comment="empty: no district known")
    type_code: Mapped[Code] = mapped_column(String(60))
    in_use: Mapped[int] = mapped_column(default=0)
    overdue: Mapped[int] = mapped_column(default=0)


class StateFigure(Model):
    """As a day ended: how many instruments were in use and how many of them valid, of one group. Kept once the day is well over.

    The same count as the day's tallies give; it is read instead of them, so that a past month costs as much as its groups.
    """

    __tablename__ = "state_figure"
    __table_args__ = (Index("ix_state_figure_group", "day", "district_code", "type_code", "purpose", unique=True),)

    id: Mapped[Key]
    day: Mapped[date] = mapped_column(Date)
    district_code: Mapped[str] = mapped_column(String(12), comment="empty: none")
    type_code: Mapped[Code] = mapped_column(String(60))
    purpose: Mapped[str] = mapped_column(String(20))
    in_use: Mapped[int] = mapped_column()
    valid: Mapped[int] = mapped_column(comment="verified, and not past the last valid day")
