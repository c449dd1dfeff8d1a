"""The status lists' memory: which slots are given, which may have changed, and the list of each shard as it was last signed.

A change of a certificate's standing only leaves a mark, a new row: no transaction waits for another one's, and a mark that is
committed late is still found. Whoever signs a shard anew removes the marks that it saw, and looks at those certificates alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, Text, event, insert, inspect, select
from sqlalchemy.orm import Mapped, Session, deferred, mapped_column

from metrology.persistence.certificates import Certificate
from metrology.persistence.columns import Key
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.instruments import Instrument


class StatusShard(Model):
    """131,072 slots, given out in the order of a keyed permutation."""

    __tablename__ = "status_shard"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="number of the shard, from 0")
    taken: Mapped[int] = mapped_column(default=0, comment="slots given so far")
    permutation_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    version: Mapped[int] = mapped_column(BigInteger, default=0, comment="of the token; grows with each")
    bits: Mapped[bytes | None] = deferred(
        mapped_column(
            LargeBinary, comment="what the token says, to be changed slot by slot; empty: to be made from the rows"
        )
    )
    token: Mapped[str] = deferred(
        mapped_column(Text, default="", nullable=False, comment="the list as signed and served")
    )
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StatusMark(Model):
    """A certificate at this index may have changed since its shard's list was signed."""

    __tablename__ = "status_mark"

    id: Mapped[Key]
    status_index: Mapped[int] = mapped_column(BigInteger, index=True)


@event.listens_for(Session, "before_flush")
def _mark_changes(session: Session, _context: Any, _instances: Any) -> None:
    """Whoever changes a standing, a review or an instrument's state: the list follows in the same transaction."""
    indexes = {one for row in (*session.dirty, *session.new) for one in _indexes(session, row)}
    if indexes:
        session.execute(insert(StatusMark), [{"status_index": index} for index in sorted(indexes)])


def _indexes(session: Session, row: Any) -> list[int]:
    """The slots whose status a changed row may have changed. A new certificate that stands is valid, as its slot is already."""
    if isinstance(row, Certificate) and row.status_index is not None:
        is_new = row in session.new
        changed = row.standing != "valid" if is_new else _changed(row, "standing", "under_review", "status_index")
        return [row.status_index] if changed else []
    if isinstance(row, Instrument) and row.id is not None and _changed(row, "state"):
        with session.no_autoflush:
            statement = select(Certificate.status_index).where(
                Certificate.instrument_id == row.id,
                Certificate.standing == "valid",
                Certificate.status_index.is_not(None),
            )
            return [index for index in session.scalars(statement) if index is not None]
    return []


def _changed(row: Any, *names: str) -> bool:
    return any(inspect(row).attrs[name].history.has_changes() for name in names)
