"""How often something may be tried in a window of time: counted in rows that all processes share.

A count is one atomic upsert, so it holds across processes on both databases; a window that has passed is swept later.
Who tries is kept only as a keyed hash.
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from metrology.persistence.database import insert_into
from metrology.persistence.people import RateBucket
from metrology.services.networks import address_of

KEPT = timedelta(days=2)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Limit:
    """At most ``count`` tries in each window of ``window``."""

    name: str
    count: int
    window: timedelta

    def start(self, now: datetime) -> datetime:
        """Beginning of the window an instant lies in."""
        return _EPOCH + self.window * ((now - _EPOCH) // self.window)

    def retry_after(self, now: datetime) -> int:
        """Seconds until the next window, at least one."""
        return max(1, int((self.start(now) + self.window - now).total_seconds()))


def network_of(address: str | None) -> str:
    """Whose address counts together: an IPv4 address, or the /64 that one IPv6 customer commands.

    >>> network_of("2001:db8:1:2:3::4")
    '2001:db8:1:2::/64'
    >>> network_of("192.0.2.7")
    '192.0.2.7'
    """
    found = address_of(address)
    if found is None:
        return "unknown"
    return str(found) if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))


def key_of(limit: Limit, who: str, secret: str) -> str:
    """Name of a bucket: the limit, and a keyed hash of who tries."""
    return f"{limit.name}:{hmac.digest(secret.encode(), f'{limit.name}|{who}'.encode(), 'sha256').hex()[:40]}"


def spend(session: Session, limit: Limit, key: str, *, now: datetime, amount: int = 1) -> int:
    """Count tries and tell how many there are now in this window. Commit soon: the row stays locked until then."""
    statement = (
        insert_into(session, RateBucket)
        .values(key=key, window_start=limit.start(now), count=amount)
        .on_conflict_do_update(
            index_elements=[RateBucket.key, RateBucket.window_start], set_={"count": RateBucket.count + amount}
        )
        .returning(RateBucket.count)
    )
    return int(session.execute(statement).scalar_one())


def spent(session: Session, limit: Limit, key: str, *, now: datetime) -> int:
    """How many tries there were in this window."""
    statement = select(RateBucket.count).where(RateBucket.key == key, RateBucket.window_start == limit.start(now))
    return session.execute(statement).scalar_one_or_none() or 0


def sweep(session: Session, *, now: datetime) -> int:
    """Remove windows long past; tell how many."""
    gone = session.execute(
        delete(RateBucket).where(RateBucket.window_start < now - KEPT).execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
