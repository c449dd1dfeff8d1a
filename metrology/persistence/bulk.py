"""Writing many new rows at once: keys taken beforehand, values made ready for the driver column by column, one statement.

The unit of work asks each object for its history and each row for its key; for a ledger of a million rows that costs more than
the database does. On PostgreSQL rows are sent by COPY: one statement, so what a trigger does for a statement is done once for
all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import JSON, Table, func, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, class_mapper, make_transient_to_detached

from metrology.persistence.canonical import kept
from metrology.persistence.database import Model

T = TypeVar("T")
_FEW = 8
"""So many rows are inserted one by one: a COPY has a round trip of its own."""


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

    Only for rows written by ``write``: the unit of work never learns that it is new. Set what is decided later in ``vars()`` too.
    """
    made: T = class_mapper(model).class_manager.new_instance()
    vars(made).update(values)
    return made


def attach(session: Session, rows: Iterable[Model]) -> None:
    """Objects of ``as_read`` whose rows are written now: from here on they belong to the session like those it has read."""
    rows = list(rows)
    for row in rows:
        make_transient_to_detached(row)
    session.add_all(rows)


def write(
    session: Session, table: Table, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None
) -> None:
    """Insert rows that name the same columns, with the values and faults of ``session.execute(insert(table), rows)``.

    Columns that are not named take the table's defaults (keys those of the database). ``columns`` are those to be written
    of rows that hold more. Nothing is given back.
    """
    if not rows:
        return
    session.flush()
    connection = session.connection()
    names = list(columns or rows[0])
    if len(rows) <= _FEW:
        connection.execute(insert(table), [{name: row[name] for name in names} for row in rows])
        return
    values = [_column(connection, table, name, [row[name] for row in rows]) for name in names]
    for column in table.columns:
        if column.name not in names and column.default is not None:
            names.append(column.name)
            values.append(_column(connection, table, column.name, _defaults(column, len(rows))))
    records = list(zip(*values, strict=True))
    quoted = ", ".join(connection.dialect.identifier_preparer.quote(name) for name in names)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {table.name} ({quoted}) FROM STDIN", records)
    else:
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({quoted}) VALUES ({marks})", records)  # noqa: S608 - our own names


def _defaults(column: Any, count: int) -> list[Any]:
    default = column.default
    return [default.arg(None) if default.is_callable else default.arg for _row in range(count)]


def _column(connection: Connection, table: Table, name: str, values: list[Any]) -> list[Any]:
    """The values of a column as the driver takes them."""
    ready = _ready(connection, table, name)
    if ready is None:
        return values
    if isinstance(table.columns[name].type, JSON):
        return [ready(value) for value in values]
    known: dict[Any, Any] = {}
    for value in values:  # days and instants repeat
        if value not in known:
            known[value] = ready(value)
    return [known[value] for value in values]


def _ready(connection: Connection, table: Table, name: str) -> Callable[[Any], Any] | None:
    dialect = connection.dialect
    column = table.columns[name]
    if isinstance(column.type, JSON) and dialect.name == "postgresql":
        # COPY takes the text itself; the type would wrap it for the parameters of a statement.
        return kept
    found: Callable[[Any], Any] | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    return found


def _copy(connection: Connection, statement: str, records: Sequence[tuple[Any, ...]]) -> None:
    driver: Any = connection.connection.driver_connection
    errors: Any = connection.dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for record in records:
                copy.write_row(record)
    except errors as fault:
        raise DBAPIError.instance(statement, None, fault, errors, dialect=connection.dialect) from fault
