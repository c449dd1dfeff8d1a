"""Watches from how many networks the codes of an instrument are opened in a day: a copied label is scanned in many places.

No address is kept: networks are counted by a keyed hash of their first sixteen bits (thirty-two of IPv6) and the day, so that
not even two days can be laid beside each other. Counts are kept for seven days; of a busy day, only how busy it was.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from metrology.domain.authority import Actor
from metrology.persistence.database import insert_into
from metrology.persistence.instruments import Instrument
from metrology.persistence.scans import ScanCount, ScanPeak
from metrology.persistence.scope import within
from metrology.services import settings

KEPT: Final = timedelta(days=7)
HINT_KEPT: Final = timedelta(days=30)
Scan = tuple[int, date, str]
"""Instrument, day, network."""


@dataclass(frozen=True)
class Busy:
    """The busiest day of a code that was opened from unusually many networks."""

    day: date
    networks: int
    scans: int


def network_key(address: str | None, day: date, secret: str) -> str:
    """A network by its first bits, for one day: the same network on another day is another key.

    >>> network_key("192.0.2.7", date(2026, 1, 1), "s") == network_key("192.0.99.1", date(2026, 1, 1), "s")
    True
    >>> network_key("192.0.2.7", date(2026, 1, 1), "s") == network_key("192.0.2.7", date(2026, 1, 2), "s")
    False
    """
    try:
        parsed = ipaddress.ip_address(address or "")
        mapped = getattr(parsed, "ipv4_mapped", None) or parsed
        coarse = str(ipaddress.ip_network((mapped, 16 if mapped.version == 4 else 32), strict=False))
    except ValueError:
        coarse = "unknown"
    return hmac.new(secret.encode(), f"{day.isoformat()}|{coarse}".encode(), hashlib.sha256).hexdigest()[:20]


def count(session: Session, scans: Mapping[Scan, int]) -> None:
    """Add scans to what was counted; one atomic upsert each, so that processes may count at once."""
    for (instrument_id, day, network), number in sorted(scans.items()):
        session.execute(
            insert_into(session, ScanCount)
            .values(instrument_id=instrument_id, day=day, network=network, scans=number)
            .on_conflict_do_update(
                index_elements=[ScanCount.instrument_id, ScanCount.day, ScanCount.network],
                set_={"scans": ScanCount.scans + number},
            )
        )
    _keep_peaks(session, scans)


def _keep_peaks(session: Session, scans: Mapping[Scan, int]) -> None:
    """Remember the instruments that are now over the usual."""
    limit = settings.read(session).scan_alarm_networks
    for instrument_id, day in Counter((key, on) for key, on, _network in scans):
        networks, total = session.execute(
            select(func.count(), func.coalesce(func.sum(ScanCount.scans), 0)).where(
                ScanCount.instrument_id == instrument_id, ScanCount.day == day
            )
        ).one()
        if networks < limit:
            continue
        peak = session.get(ScanPeak, instrument_id)
        if peak is None:
            session.add(ScanPeak(instrument_id=instrument_id, day=day, networks=networks, scans=int(total)))
        elif networks >= peak.networks or day > peak.day:
            peak.day, peak.networks, peak.scans = day, networks, int(total)
        session.flush()


def warning(session: Session, instrument_id: int, *, today: date) -> Busy | None:
    """That an instrument's code was opened from unusually many networks within the last thirty days."""
    peak = session.get(ScanPeak, instrument_id)
    return Busy(peak.day, peak.networks, peak.scans) if peak is not None and peak.day >= today - HINT_KEPT else None


def unusual(session: Session, actor: Actor, *, today: date, limit: int = 20) -> list[tuple[Instrument, Busy]]:
    """The instruments with such a warning, the latest first."""
    statement: Any = (
        select(Instrument, ScanPeak)
        .join(ScanPeak, ScanPeak.instrument_id == Instrument.id)
        .where(ScanPeak.day >= today - HINT_KEPT)
        .options(joinedload(Instrument.holder))
        .order_by(ScanPeak.day.desc(), ScanPeak.networks.desc(), Instrument.id)
        .limit(limit)
    )
    rows: Any = session.execute(within(statement, actor)).all()
    return [(one, Busy(peak.day, peak.networks, peak.scans)) for one, peak in rows]


def sweep(session: Session, *, today: date) -> int:
    """Remove counts older than seven days, and hints older than thirty; tell how many counts went."""
    gone = session.execute(
        delete(ScanCount).where(ScanCount.day < today - KEPT).execution_options(synchronize_session=False)
    )
    session.execute(
        delete(ScanPeak).where(ScanPeak.day < today - HINT_KEPT).execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
