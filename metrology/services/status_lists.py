"""The status list: a slot for each certificate at issue, and the signed list of a shard as it is now.

A list is made from the rows twice a day, so it cannot drift from them; in between it is changed where a mark says that something may
have changed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from metrology.documents.status_token import status_token
from metrology.domain.status_list import SLOTS, VALID, changed, notice_status_of, pack, slot, status_of
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.status_lists import StatusMark, StatusShard
from metrology.services import keys

RENEW_AFTER = timedelta(hours=12)
"""Half of what the list promises (``ttl``): who asks once a day always gets one that is fresh."""
BATCH = 500
MOST_MARKS = 20_000
"""From here on reading the whole shard is quicker."""


def take_index(session: Session) -> int:
    """The next certificate's slot: one step of a counter, whatever the number of certificates."""
    taken = _step(session)
    while taken is None:
        _open_shard(session)
        taken = _step(session)
    shard, count, key = taken
    return shard * SLOTS + slot(key, count - 1)


def _step(session: Session) -> tuple[int, int, bytes] | None:
    newest = select(func.max(StatusShard.id)).scalar_subquery()
    row = session.execute(
        update(StatusShard)
        .where(StatusShard.id == newest, StatusShard.taken < SLOTS)
        .values(taken=StatusShard.taken + 1)
        .returning(StatusShard.id, StatusShard.taken, StatusShard.permutation_key)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return (row.id, row.taken, row.permutation_key) if row else None


def _open_shard(session: Session) -> None:
    last = session.scalar(select(func.max(StatusShard.id)))
    try:
        with session.begin_nested():
            session.add(StatusShard(id=0 if last is None else last + 1, permutation_key=secrets.token_bytes(32)))
    except IntegrityError:  # another process opened it in the same moment
        session.expire_all()


def close_shard(session: Session) -> None:
    """Give no more slots of the newest shard: after a restored backup, those given since then are not known any more."""
    newest = select(func.max(StatusShard.id)).scalar_subquery()
    session.execute(update(StatusShard).where(StatusShard.id == newest).values(taken=SLOTS))


def shards(session: Session) -> list[StatusShard]:
    """Every shard, without its list."""
    return list(session.scalars(select(StatusShard).order_by(StatusShard.id)))


def fresh(session: Session, shard: int, *, now: datetime) -> StatusShard | None:
    """The shard with its list, when that is as things are; None when it must be made anew, or there is no such shard."""
    marked = exists().where(_within(StatusMark.status_index, shard))
    return session.scalar(
        select(StatusShard)
        .options(undefer(StatusShard.token))
        .where(StatusShard.id == shard, StatusShard.signed_at > now - RENEW_AFTER, ~marked)
    )


def renew(session: Session, shard: int, *, now: datetime) -> StatusShard | None:
    """Make and sign the list of a shard; None when there is no such shard. Refused when no key may sign.

    A list whose time is over is made from all rows, so that it cannot drift from them; one that only has marks is changed there.
    """
    row = session.scalar(
        select(StatusShard).options(undefer(StatusShard.bits)).where(StatusShard.id == shard).with_for_update()
    )
    if row is None:
        return None
    signer = keys.signer("status", now=now)
    # the marks seen go first: one that is committed while the rows are read stays, and asks for the next list
    gone = delete(StatusMark).where(_within(StatusMark.status_index, shard)).returning(StatusMark.status_index)
    marked = set(session.scalars(gone.execution_options(synchronize_session=False)))
    is_old = row.signed_at is None or row.signed_at <= now - RENEW_AFTER
    if row.bits is None or is_old or len(marked) > MOST_MARKS:
        row.bits = pack(_statuses(session, _within(Certificate.status_index, shard), _not_valid()))
    elif marked:
        row.bits = changed(
            row.bits, dict.fromkeys((index % SLOTS for index in marked), VALID) | _marked(session, marked)
        )
    # at least the second it is made in: a database that was restored does not fall behind what checkers have seen
    row.version = max(row.version + 1, int(now.timestamp()))
    row.token = status_token(
        row.bits, origin=keys.opened(now).origins[0], shard=shard, version=row.version, issued=now, signer=signer
    )
    row.signed_at = now
    session.flush()
    return row


def _within(column: Any, shard: int) -> ColumnElement[bool]:
    return and_(column >= shard * SLOTS, column < (shard + 1) * SLOTS)


def _not_valid() -> ColumnElement[bool]:
    return or_(Certificate.standing != "valid", Certificate.under_review, Instrument.state != "in_use")


def _marked(session: Session, indexes: set[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for some in batched(sorted(indexes), BATCH):
        found |= _statuses(session, Certificate.status_index.in_(some))
    return found


def _statuses(session: Session, *which: ColumnElement[bool]) -> dict[int, int]:
    """Slot → status of certificates."""
    columns = (
        Certificate.status_index, Certificate.kind, Certificate.standing, Certificate.under_review, Instrument.state,
    )  # fmt: skip
    rows = session.execute(select(*columns).join(Instrument, Instrument.id == Certificate.instrument_id).where(*which))
    found = {}
    for index, kind, standing, under_review, state in rows:
        is_notice = kind == "rejection_notice"
        found[int(index or 0) % SLOTS] = (
            notice_status_of(standing) if is_notice else status_of(standing, under_review=under_review, state=state)
        )
    return found


def batched(values: list[int], size: int) -> Iterator[list[int]]:
    """Pieces of a list."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def renew_stale(session: Session, *, now: datetime) -> int:
    """Make every list anew that is not as things are; how many. Commits after each."""
    made = 0
    for shard in [one.id for one in shards(session)]:
        if fresh(session, shard, now=now) is None:
            renew(session, shard, now=now)
            session.commit()
            made += 1
    return made
