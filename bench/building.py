"""Fills an empty registry with a city: rows by ``executemany`` or COPY, indexes and counts afterwards.

Only what is measured must take the registry's own way. Each instrument is made once, with its document, records, certificates and
entries; indexes and references are set aside and made again from whole tables, which is many times quicker and checks them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any

import click
from sqlalchemy import text

from bench.payloads import real_payload
from bench.rows import INSTANT, TODAY, Chain, City
from metrology.persistence import defences, tallies
from metrology.persistence.database import Model, db, transaction
from metrology.persistence.journal import JournalHead
from metrology.persistence.people import Institute, User
from metrology.services import preparing

VERIFICATIONS = 4
CERTIFICATES = 2
FULL_UP_TO = 100_000
"""Up to this size one record of each instrument has its readings and judgement; beyond, they would fill the disk."""
_BATCH = 5_000
Rows = Mapping[str, list[dict[str, Any]]]


def build(size: int, *, only_records: bool) -> None:
    """A registry of so many instruments in the database of this application."""
    dialect = db.engine.dialect.name
    _empty(dialect)
    with transaction(db.session()) as session:
        preparing.prepare(session)
        _people(session)
    head = db.session.get_one(JournalHead, 1)
    chain = Chain(head.seq, head.hash)
    db.session.remove()
    city = City(size, real_payload())
    bulk = _Bulk(dialect)
    try:
        bulk.set_aside()
        for table, rows in (("holder", city.holders()), ("place", city.places())):
            for chunk in _chunks(rows):
                bulk.insert(table, chunk)
        with click.progressbar(length=size, label="  rows") as bar:
            for first in range(1, size + 1, _BATCH):
                numbers = range(first, min(first + _BATCH, size + 1))
                for table, chunk in _all_of(city, numbers, chain, only_records=only_records).items():
                    bulk.insert(table, chunk)
                bar.update(len(numbers))
        bulk.put_back()
    finally:
        bulk.close()
    _finish(dialect, chain)


def _chunks(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while chunk := list(itertools.islice(rows, _BATCH)):
        yield chunk


def _empty(dialect: str) -> None:
    with db.engine.begin() as connection:
        if dialect == "postgresql":
            connection.execute(text("drop schema public cascade"))
            connection.execute(text("create schema public"))
            connection.execute(text("create extension if not exists pg_trgm"))
        Model.metadata.drop_all(connection)
        Model.metadata.create_all(connection)


def _people(session: Any) -> None:
    session.add(Institute(id=1, name="新乡市计量技术检测中心", name_en="Xinxiang Metrology Institute", short_code="XX"))
    session.flush()
    for number, name in enumerate(("检定员甲", "核验员乙", "批准人丙"), start=1):
        session.add(
            User(
                id=number, email=f"bench{number}@example.cn", name=name, password="!", active=True, institute_id=1,  # noqa: S106
                fs_uniquifier=f"bench{number}", created_at=INSTANT,
            )
        )  # fmt: skip


def _all_of(city: City, numbers: Iterable[int], chain: Chain, *, only_records: bool) -> Rows:
    """Rows of some instruments, by table: records oldest first, so many of the last ones whole; certificates of the last records."""
    full = VERIFICATIONS if only_records else 1 if city.instruments <= FULL_UP_TO else 0
    tables = ("instrument", "verification", "search_document", "certificate", "journal_entry")
    rows: dict[str, list[dict[str, Any]]] = {table: [] for table in tables}
    for number in numbers:
        instrument = city.instrument(number)
        rows["instrument"].append(instrument)
        for nth in range(VERIFICATIONS):
            ago, key = VERIFICATIONS - 1 - nth, (number - 1) * VERIFICATIONS + nth + 1
            rows["verification"].append(city.verification(key, instrument, years_ago=ago, is_full=ago < full))
        if only_records:
            continue
        rows["search_document"].append(city.document(number, instrument))
        for nth in range(CERTIFICATES):
            ago, key = CERTIFICATES - 1 - nth, (number - 1) * CERTIFICATES + nth + 1
            certificate = city.certificate(key, instrument, of=number * VERIFICATIONS - ago, years_ago=ago)
            rows["certificate"].append(certificate)
            rows["journal_entry"].append(chain.issued(certificate))
    return {table: made for table, made in rows.items() if made}


class _Bulk:
    """Rows of one registry on their way in, by the driver's own means."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.raw = db.engine.raw_connection()
        self.driver: Any = self.raw.driver_connection
        self.aside: list[str] = []
        self._known: dict[str, tuple[str, Callable[[dict[str, Any]], tuple[Any, ...]], tuple[Any, ...]]] = {}
        settings = (
            (
                "PRAGMA foreign_keys=OFF",
                "PRAGMA synchronous=OFF",
                "PRAGMA journal_mode=OFF",
                "PRAGMA cache_size=-2000000",
            )
            if dialect == "sqlite"
            else (
                "set session_replication_role = replica",
                "set timezone to 'UTC'",
                "set maintenance_work_mem to '1GB'",
            )
        )
        for setting in settings:
            self.driver.execute(setting)

    def set_aside(self) -> None:
        """Take away indexes, and references and constraints where the database can, and remember how to make them."""
        away: list[str] = []
        if self.dialect == "sqlite":
            found = self.driver.execute("select name, sql from sqlite_master where type = 'index' and sql is not null")
            for name, sql in found.fetchall():
                away.append(f'drop index "{name}"')
                self.aside.append(sql)
        else:
            away += self._constraints()
            found = self.driver.execute(
                "select indexname, indexdef from pg_indexes where schemaname = 'public' and not exists "
                "(select 1 from pg_constraint where conname = indexname)"
            )
            for name, sql in found.fetchall():
                away.append(f'drop index "{name}"')
                self.aside.insert(0, sql)
        for statement in away:
            self.driver.execute(statement)
        self.driver.commit()

    def _constraints(self) -> list[str]:
        found = self.driver.execute(
            "select conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype from pg_constraint "
            "where contype in ('u', 'f') and connamespace = 'public'::regnamespace order by contype desc"
        ).fetchall()
        self.aside += [f'alter table {table} add constraint "{name}" {sql}' for table, name, sql, _kind in found]
        return [f'alter table {table} drop constraint "{name}"' for table, name, _sql, _kind in reversed(found)]

    def put_back(self) -> None:
        """Make indexes, constraints and references of the whole tables."""
        with click.progressbar(self.aside, label="  indexes") as statements:
            for statement in statements:
                self.driver.execute(statement)
        self.driver.commit()

    def insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Rows of one table, all with the same columns."""
        if table not in self._known:
            self._known[table] = self._way_in(table, rows[0])
        statement, told, defaults = self._known[table]
        values = (told(row) + defaults for row in rows)
        if self.dialect == "sqlite":
            self.driver.execute("begin")
            self.driver.executemany(statement, values)
        else:
            with self.driver.cursor().copy(statement) as copy:
                for value in values:
                    copy.write_row(value)
        self.driver.commit()

    def _way_in(self, table: str, row: dict[str, Any]) -> tuple[str, Callable[..., tuple[Any, ...]], tuple[Any, ...]]:
        """The statement, and every column that is told or must have a value: how it is told, and the defaults of the others."""
        told, others, defaults = [], [], []
        for column in Model.metadata.tables[table].columns:
            if column.name in row:
                told.append(column.name)
            elif not column.nullable:
                default: Any = column.default.arg if column.default is not None else ""  # type: ignore[attr-defined]
                others.append(column.name)
                defaults.append(("{}" if "dict" in repr(default) else "[]") if callable(default) else default)
        names = ", ".join(f'"{name}"' for name in (*told, *others))
        if self.dialect == "sqlite":
            statement = f"insert into {table} ({names}) values ({', '.join('?' * len(told + others))})"
        else:
            statement = f"copy {table} ({names}) from stdin"
        return statement, itemgetter(*told), tuple(defaults)

    def close(self) -> None:
        """Give the connection back to nobody."""
        if self.dialect == "sqlite":
            self.driver.execute("PRAGMA journal_mode=WAL")
        self.raw.close()
        db.engine.dispose()


def _finish(dialect: str, chain: Chain) -> None:
    """Defences and search index, tallies, sequences, statistics; then the mark that it is whole."""
    click.echo("  search index, counts, statistics …")
    with db.engine.begin() as connection:
        connection.execute(
            text("update journal_head set seq = :seq, hash = :hash"), {"seq": chain.seq, "hash": chain.hash}
        )
        defences.apply(connection)
        if dialect == "sqlite":
            connection.execute(text("insert into search_index(search_index) values ('rebuild')"))
    with transaction(db.session()) as session:
        tallies.fill(session, TODAY)
    db.session.remove()
    with db.engine.begin() as connection:
        for table in _COUNTED if dialect == "postgresql" else ():
            last = f'(select coalesce(max(id), 1) from "{table}")'
            connection.execute(text(f"select setval(pg_get_serial_sequence('\"{table}\"', 'id'), {last})"))
        connection.execute(text("create table bench_built (at integer)"))
        connection.execute(text("insert into bench_built values (1)"))
    with db.engine.begin() as connection:
        connection.execute(text("analyze"))


_COUNTED = ("holder", "place", "instrument", "search_document", "verification", "certificate", "institute", "user")
