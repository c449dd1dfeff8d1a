"""Regular work that one process at a time does: a row with a lease, so that any number of processes may tick."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from metrology.persistence.tasks import Lease


def acquire(
    session: Session, name: str, owner: str, *, every: timedelta, lease: timedelta, now: datetime
) -> int | None:
    """Take the turn of a regular work if it is due and nobody holds it. The fence number, or None. Commits."""
    taken = session.execute(
        update(Lease)
        .where(
            Lease.name == name,
            or_(Lease.owner == "", Lease.until < now),
            or_(Lease.last_run_at.is_(None), Lease.last_run_at <= now - every),
        )
        .values(owner=owner, until=now + lease, fence=Lease.fence + 1)
        .returning(Lease.fence)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    session.commit()
    if taken is not None:
        return int(taken)
    return _first(session, name, owner, lease=lease, now=now)


def _first(session: Session, name: str, owner: str, *, lease: timedelta, now: datetime) -> int | None:
    if session.get(Lease, name, populate_existing=True) is not None:
        session.rollback()
        return None
    try:
        session.add(Lease(name=name, owner=owner, until=now + lease, fence=1))
        session.commit()
    except IntegrityError:  # another process was first
        session.rollback()
        return None
    return 1


def release(session: Session, name: str, owner: str, fence: int, *, now: datetime, error: str = "") -> None:
    """The turn is over. After a failure the work stays due, and is tried at the next tick. Commits."""
    values: dict[str, object] = {"owner": "", "last_error": error[:2000]}
    if not error:
        values["last_run_at"] = now
    session.execute(
        update(Lease)
        .where(Lease.name == name, Lease.owner == owner, Lease.fence == fence)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.commit()
