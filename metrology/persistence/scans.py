"""How often a label's page was opened, by day and coarse network, to tell a code that was copied to many places."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from metrology.persistence.columns import Big, reference
from metrology.persistence.database import Model


class ScanCount(Model):
    """Scans of one instrument's codes on one day from one network; kept for seven days."""

    __tablename__ = "scan_count"
    __table_args__ = (Index("ix_scan_count_day", "day"),)

    instrument_id: Mapped[int] = reference("instrument.id", primary_key=True, index=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    network: Mapped[str] = mapped_column(
        String(20), primary_key=True, comment="keyed hash of a /16 or /32 and the day: no address is kept"
    )
    scans: Mapped[int] = mapped_column(Big, default=0)


class ScanPeak(Model):
    """The busiest day of an instrument whose code was opened from more networks than usual."""

    __tablename__ = "scan_peak"
    __table_args__ = (Index("ix_scan_peak_day", "day"),)

    instrument_id: Mapped[int] = reference("instrument.id", primary_key=True, index=False)
    day: Mapped[date] = mapped_column(Date)
    networks: Mapped[int]
    scans: Mapped[int] = mapped_column(Big)
