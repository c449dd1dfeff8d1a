"""Numbers of our own: given out in order, never reused, gaps only where a transaction was undone."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from metrology.persistence.preferences import NumberSequence

PREFIXES = {
    "instrument": "QJ",
    "holder": "DW",
    "verification": "JD",
    "visit": "XC",
    "standard": "BZ",
    "equipment": "SB",
    "case": "SZ",
    "label_batch": "BQ",
    "complaint": "TS",
    "lot": "PC",
}


def take(session: Session, name: str, count: int = 1) -> range:
    """The next ``count`` numbers of a sequence. The row stays locked until the transaction ends."""
    taken = session.execute(
        update(NumberSequence)
        .where(NumberSequence.name == name)
        .values(last=NumberSequence.last + count)
        .returning(NumberSequence.last)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if taken is None:
        with session.begin_nested():
            session.add(NumberSequence(name=name, last=count))
        taken = count
    return range(taken - count + 1, taken + 1)


def number(kind: str, value: int) -> str:
    """A number as it is written.

    >>> number("instrument", 42)
    'QJ00000042'
    """
    return f"{PREFIXES[kind]}{value:08d}"


def next_number(session: Session, kind: str) -> str:
    """The next number of a kind, written."""
    return number(kind, take(session, kind)[0])
