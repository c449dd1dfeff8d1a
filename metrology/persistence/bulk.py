"""Writing many new rows at once: keys taken beforehand, one ``executemany``, and the objects known to the session as if read.

The unit of work asks each object for its history and each row for its key; for a ledger of a million rows that costs more than
the database does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session, class_mapper, make_transient_to_detached

from metrology.persistence.database import Model

T = TypeVar("T")


def take_keys(session: Session, model: type[Any], count: int) -> range | list[int]:
    """Keys for so many new rows, nobody else's.

    On SQLite the transaction that writes is the only one, so the next ones after the last are free.
    """
    if session.get_bind().dialect.name == "sqlite":
        last: int = session.scalar(select(func.max(model.id))) or 0
        return range(last + 1, last + 1 + count)
    sequence = func.pg_get_serial_sequence(f'"{model.__tablename__}"', "id")
    statement = select(func.nextval(sequence)).select_from(func.generate_series(1, count))
    return list(session.scalars(statement))


def as_read(model: type[T], values: dict[str, Any]) -> T:
    """An object with these columns as if it had been read: no history is kept of it, which is most of what making one costs.

    Only for ``insert_new``: the unit of work never learns that it is new. Set what is decided later in ``vars()`` too.
    """
    made: T = class_mapper(model).class_manager.new_instance()
    vars(made).update(values)
    return made


def insert_new(session: Session, model: type[Any], rows: Sequence[Model], values: Sequence[dict[str, Any]]) -> None:
    """Write new rows; each object has its key in ``values`` and belongs to the session afterwards."""
    session.execute(insert(model.__table__), list(values))
    for row in rows:
        make_transient_to_detached(row)
    session.add_all(rows)
