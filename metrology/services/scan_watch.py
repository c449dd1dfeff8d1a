"""Watches from how many networks the codes of an instrument are opened in a day: a copied label is scanned in many places.

No address is kept: networks are counted by a keyed hash of their first sixteen bits (thirty-two of IPv6) and the day, so that
not even two days can be laid beside each other. Counts are kept for seven days; of a busy day, only how busy it was.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
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
from metrology.services.networks import address_of

KEPT: Final = timedelta(days=7)
HINT_KEPT: Final = timedelta(days=30)
_AT_ONCE: Final = 500
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
    found = address_of(address)
    coarse = _coarse(found.packed) if found is not None else "unknown"
    return hmac.digest(secret.encode(), f"{day.isoformat()}|{coarse}".encode(), "sha256").hex()[:20]


def _coarse(packed: bytes) -> str:
    return f"{packed[0]}.{packed[1]}.0.0/16" if len(packed) == 4 else f"{packed[:4].hex()}/32"


def count(session: Session, scans: Mapping[Scan, int]) -> None:
    """Add scans to what was counted; one atomic upsert each, all sent at once, so that processes may count at once."""
    if not scans:
        return
    adding = insert_into(session, ScanCount)
    session.connection().execute(
        adding.on_conflict_do_update(
            index_elements=[ScanCount.instrument_id, ScanCount.day, ScanCount.network],
            set_={"scans": ScanCount.scans + adding.excluded.scans},
        ),
        [
            {"instrument_id": instrument_id, "day": day, "network": network, "scans": number}
            for (instrument_id, day, network), number in sorted(scans.items())
        ],
    )
    _keep_peaks(session, scans)


def _keep_peaks(session: Session, scans: Mapping[Scan, int]) -> None:
    """Remember the instruments that are now over the usual."""
    limit = settings.read(session).scan_alarm_networks
    for instrument_id, day, networks, total in _over(session, scans, limit):
        peak = session.get(ScanPeak, instrument_id)
        if peak is None:
            session.add(ScanPeak(instrument_id=instrument_id, day=day, networks=networks, scans=total))
        elif networks >= peak.networks or day > peak.day:
            peak.day, peak.networks, peak.scans = day, networks, total
        session.flush()


def _over(session: Session, scans: Mapping[Scan, int], limit: int) -> Iterator[tuple[int, date, int, int]]:
    """Those of the scanned instruments that were opened from so many networks on the day: instrument, day, networks, scans."""
    by_day: dict[date, set[int]] = {}
    for instrument_id, day, _network in scans:
        by_day.setdefault(day, set()).add(instrument_id)
    for day, keys in by_day.items():
        known = sorted(keys)
        for start in range(0, len(known), _AT_ONCE):
            counted = (
                select(ScanCount.instrument_id, func.count(), func.sum(ScanCount.scans))
                .where(ScanCount.instrument_id.in_(known[start : start + _AT_ONCE]), ScanCount.day == day)
                .group_by(ScanCount.instrument_id)
                .having(func.count() >= limit)
            )
            for instrument_id, networks, total in session.execute(counted).all():
                yield instrument_id, day, networks, int(total)


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
