"""Numbers of our own: given out in order, never reused, gaps only where a transaction was undone."""

from __future__ import annotations

from sqlalchemy.orm import Session

from metrology.persistence.database import insert_into
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
    """The next ``count`` numbers of a sequence. The row stays locked until the transaction ends.

    One statement makes the row or counts on, so two who take the first number of a year at once both get one.
    """
    statement = (
        insert_into(session, NumberSequence)
        .values(name=name, last=count)
        .on_conflict_do_update(index_elements=[NumberSequence.name], set_={"last": NumberSequence.last + count})
        .returning(NumberSequence.last)
    )
    taken = int(session.execute(statement.execution_options(synchronize_session=False)).scalar_one())
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
