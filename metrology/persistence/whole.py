"""Every table of the registry as one: read in one snapshot, loaded in one transaction, whatever the database.

A tally is summed over who added to it (``part``), which means nothing to another database. What can be made again, or lives
for minutes, is left out (:data:`LEFT_OUT`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from alembic.migration import MigrationContext
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    Text,
    cast,
    column,
    delete,
    func,
    insert,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.schema import Column
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

from metrology.persistence.database import Model, UtcDateTime, reading

LEFT_OUT: Final[Mapping[str, str]] = {
    "search_document": "made again from what it finds",
    "lease": "who ticks at this minute",
    "rate_bucket": "who asked how often in the last minutes",
}
"""Tables that are not part of an export, and why."""
PREPARED: Final = ("role", "district", "instrument_type", "journal_head", "law_mark")
"""Tables that a new database has rows in before anybody used it; an import puts its own there."""
_AT_ONCE: Final = 2000


@dataclass(frozen=True, slots=True)
class Kept:
    """A column as an export names it."""

    name: str
    kind: str
    longest: int | None


class _JsonText(TypeDecorator[str]):
    """A JSONB column read and written as its text: what is between is nobody's business here."""

    impl = Text
    cache_ok = True

    def bind_expression(self, bindvalue: Any) -> Any:
        """The text, taken as JSONB."""
        return cast(bindvalue, JSONB)

    def column_expression(self, column: Any) -> Any:  # noqa: A002, RUF100 - SQLAlchemy's own name
        """The JSONB, as text."""
        return cast(column, Text)


def tables() -> list[Table]:
    """The tables of an export, referred ones before those that refer to them."""
    return [one for one in Model.metadata.sorted_tables if one.name not in LEFT_OUT]


def columns_of(one: Table) -> list[Kept]:
    """The columns of a table's export."""
    return [Kept(column.name, kind_of(column.type), _longest(column.type)) for column in _columns(one)]


def key_of(one: Table) -> list[str]:
    """Its primary key: the order of its rows."""
    return [column.name for column in one.primary_key.columns if column.name != "part"]


def is_summed(one: Table) -> bool:
    """Whether several processes add to rows of their own, see ``persistence.tallies``."""
    return "part" in one.primary_key.columns


def _columns(one: Table) -> list[Column[Any]]:
    return [column for column in one.columns if not (is_summed(one) and column.name == "part")]


def kind_of(kind: TypeEngine[Any]) -> str:
    """What an export calls a column type."""
    if isinstance(kind, UtcDateTime):
        return "instant"
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    for known, name in _KINDS:
        if isinstance(kind, known):
            return name
    raise TypeError(f"no export knows {kind!r}")


_KINDS: Final[tuple[tuple[type[TypeEngine[Any]], str], ...]] = (
    (JSON, "json"), (Boolean, "boolean"), (Integer, "integer"), (Date, "date"), (LargeBinary, "bytes"),
    (Float, "number"), (Numeric, "decimal"),
    (String, "text"),
)  # fmt: skip
_PLAIN: Final[dict[str, TypeEngine[Any]]] = {
    "boolean": Boolean(), "integer": BigInteger(), "date": Date(), "bytes": LargeBinary(), "instant": UtcDateTime(),
    "text": Text(),
}  # fmt: skip


def _longest(kind: TypeEngine[Any]) -> int | None:
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    return kind.length if isinstance(kind, String) else None


def _type_in(dialect: str, kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """How a column is read and written here: as the plainest type, JSON as text."""
    name = kind_of(kind)
    if name == "json":
        return _JsonText() if dialect == "postgresql" else Text()
    return _PLAIN.get(name, kind)


def _here(dialect: str, one: Table) -> Any:
    return table(one.name, *(column(c.name, _type_in(dialect, c.type)) for c in one.columns))


# -- out


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment of the whole registry for as long as it lasts, beside whatever is written."""
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with reading(), engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def rows(connection: Connection, one: Table) -> Iterator[Sequence[Any]]:
    """Every row of a table by its primary key, in pieces."""
    dialect = connection.dialect.name
    here = _here(dialect, one)
    kept = [here.c[column.name] for column in _columns(one)]
    order = [_binary(dialect, here.c[name]) for name in key_of(one)]
    if is_summed(one):
        keys = [here.c[name] for name in key_of(one)]
        sums = [
            cast(func.sum(here.c[column.name]), here.c[column.name].type).label(column.name)
            for column in _columns(one)
            if column.name not in key_of(one)
        ]
        statement = select(*keys, *sums).group_by(*keys).order_by(*order)
        if sums:
            statement = statement.having(text(" or ".join(f'sum("{one.name}") <> 0' for one in sums)))
    else:
        statement = select(*kept).order_by(*order)
    result = connection.execution_options(yield_per=_AT_ONCE).execute(statement)
    for piece in result.partitions():
        yield from piece


def _binary(dialect: str, one: Any) -> Any:
    """In the order of code points, whatever language the database sorts in."""
    return one.collate("C") if dialect == "postgresql" and isinstance(one.type, Text) else one


def migration_of(connection: Connection) -> str:
    """The revision the database's structure is at; empty when it has none."""
    return MigrationContext.configure(connection).get_current_revision() or ""


# -- in


def filled(connection: Connection) -> str | None:
    """A table that has rows already, other than what every new database has."""
    for one in tables():
        if (
            one.name not in PREPARED
            and connection.execute(select(literal_column("1")).select_from(one).limit(1)).first()
        ):
            return one.name
    return None


@contextmanager
def loading(engine: Engine) -> Iterator[Connection]:
    """One transaction in which the whole registry is loaded, its defences and references set aside and put back before its end.

    On any exception nothing of it stays. References are checked when they are put back.
    """
    work = _sqlite_loading if engine.dialect.name == "sqlite" else _postgresql_loading
    with work(engine) as connection:
        for one in reversed(Model.metadata.sorted_tables):
            if one.name in PREPARED or one.name in LEFT_OUT:
                connection.execute(delete(one))
        yield connection


def load(connection: Connection, one: Table, names: Sequence[str], found: Sequence[Sequence[Any]]) -> None:
    """Write rows of a table."""
    here = _here(connection.dialect.name, one)
    more = {"part": 0} if is_summed(one) else {}
    connection.execute(insert(here), [{**dict(zip(names, row, strict=True)), **more} for row in found])


class DanglingReference(ValueError):  # noqa: N818 - named for what is wrong, as all problems here
    """A row names another that is not there."""


@contextmanager
def _sqlite_loading(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")  # says nothing inside a transaction
        try:
            with connection.begin():
                triggers = connection.execute(text("select name, sql from sqlite_master where type = 'trigger'")).all()
                for name, _sql in triggers:
                    connection.exec_driver_sql(f'drop trigger "{name}"')
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise DanglingReference(f"{broken[0]} → {broken[2]}")
                for _name, sql in triggers:
                    connection.exec_driver_sql(sql)
        finally:
            raw.execute("PRAGMA foreign_keys=ON")


_REFERENCES = (
    "select conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) from pg_constraint "
    "where contype = 'f' and connamespace = current_schema()::regnamespace and conparentid = 0 order by 1, 2"
)
_GUARDED = (
    "select distinct t.tgrelid::regclass::text from pg_trigger t join pg_class c on c.oid = t.tgrelid "
    "where not t.tgisinternal and c.relnamespace = current_schema()::regnamespace order by 1"
)


@contextmanager
def _postgresql_loading(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        references = connection.exec_driver_sql(_REFERENCES).all()
        guarded = connection.exec_driver_sql(_GUARDED).scalars().all()
        for owner, name, _definition in references:
            connection.exec_driver_sql(f"alter table {owner} drop constraint {name}")
        for owner in guarded:
            connection.exec_driver_sql(f"alter table {owner} disable trigger user")
        yield connection
        for owner, name, definition in references:
            connection.exec_driver_sql(f"alter table {owner} add constraint {name} {definition}".replace("%", "%%"))
        for owner in guarded:
            connection.exec_driver_sql(f"alter table {owner} enable trigger user")
        _set_sequences(connection)


def _set_sequences(connection: Connection) -> None:
    """The next key of every table follows the last that was loaded."""
    for one in Model.metadata.sorted_tables:
        key = one.autoincrement_column
        if key is None:
            continue
        sequence = connection.scalar(select(func.pg_get_serial_sequence(f'"{one.name}"', key.name)))
        last = connection.scalar(select(func.max(key)))
        if sequence and last:
            connection.execute(select(func.setval(sequence, last)))


def after_loading(engine: Engine) -> None:
    """Tell the database's planner what is there now."""
    with engine.begin() as connection:
        connection.exec_driver_sql("analyze")
