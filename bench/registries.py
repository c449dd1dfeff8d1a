"""Registries of ten thousand, a million and five million instruments, built once and kept in ``build/bench``.

Rows go in by ``executemany`` or COPY with indexes, triggers and journal set aside, and the search index and the tallies are built at the
end: only what is measured must take the registry's own way. A registry belongs to a revision of the database; another makes a new one.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import click
from flask import Flask
from sqlalchemy import create_engine, text

from bench.rows import INSTANT, TODAY, City
from metrology import create_app
from metrology.persistence import defences, tallies
from metrology.persistence.database import Model, db, transaction
from metrology.persistence.people import Institute, User
from metrology.services import preparing
from metrology.settings import ROOT, load
from metrology.web.health import head_revision

FOLDER = ROOT / "build" / "bench"
SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000, "5m": 5_000_000, "records": 250_000}
RECORDS = "records"
"""A registry of a million whole records and nothing else, for judging them again."""
VERIFICATIONS = 4
CERTIFICATES = 2
FULL_UP_TO = 100_000
"""Up to this size one record of each instrument has its readings and judgement; beyond, they would fill the disk."""
_BATCH = 20_000
POSTGRES = os.environ.get("BENCH_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


@dataclass(frozen=True)
class Registry:
    """A built registry, and the application on it."""

    name: str
    size: int
    database: str
    app: Flask


def open_registry(name: str, database: str) -> Registry:
    """The registry of a size on a database; built when it is not there."""
    size = SIZES[name]
    url = _sqlite_url(name) if database == "sqlite" else _postgres_url(name)
    folder = FOLDER / f"instance-{name}-{database}"
    folder.mkdir(parents=True, exist_ok=True)
    settings = load({"METROLOGY_INSTANCE": str(folder), "DATABASE_URL": url})
    app = create_app(dataclasses.replace(settings, scheduler=False))
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    with app.app_context():
        if not _is_built():
            click.echo(f"Building the registry of {size:,} instruments on {database} …")
            _build(size, only_records=name == RECORDS)
    return Registry(name, size, database, app)


def _sqlite_url(name: str) -> str:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}-{head_revision()}.db"
    for old in FOLDER.glob(f"{name}-*.db*"):
        if not old.name.startswith(path.name):
            old.unlink()
    return f"sqlite:///{path}"


def _postgres_url(name: str) -> str:
    wanted = f"metrology_bench_{name}_{head_revision()}"
    engine = create_engine(POSTGRES.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        names = set(connection.execute(text("select datname from pg_database")).scalars())
        for old in names:
            if old.startswith(f"metrology_bench_{name}_") and old != wanted:
                connection.execute(text(f'drop database "{old}" with (force)'))
        if wanted not in names:
            connection.execute(text(f'create database "{wanted}"'))
    engine.dispose()
    return POSTGRES.rsplit("/", 1)[0] + "/" + wanted


def _is_built() -> bool:
    with db.engine.connect() as connection:
        try:
            return connection.execute(text("select count(*) from bench_built")).scalar() == 1
        except Exception:
            return False


def _build(size: int, *, only_records: bool) -> None:
    dialect = db.engine.dialect.name
    with db.engine.begin() as connection:
        if dialect == "postgresql":
            connection.execute(text("drop schema public cascade"))
            connection.execute(text("create schema public"))
            connection.execute(text("create extension if not exists pg_trgm"))
        Model.metadata.drop_all(connection)
        Model.metadata.create_all(connection)
    with transaction(db.session()) as session:
        preparing.prepare(session)
        _people(session)
    db.session.remove()
    city = City(size)
    with _Bulk(dialect) as insert:
        insert("holder", city.holders(), city.stalls)
        insert("place", city.places(), city.communities + city.stalls)
        insert("instrument", (city.instrument(n) for n in range(1, size + 1)), size)
        full = VERIFICATIONS if only_records else 1 if size <= FULL_UP_TO else 0
        records = ((city.instrument(n), k) for n in range(1, size + 1) for k in range(VERIFICATIONS))
        insert("verification", _verifications(city, records, full), size * VERIFICATIONS)
        if not only_records:
            insert("search_document", (city.document(n, city.instrument(n)) for n in range(1, size + 1)), size)
            papers = ((city.instrument(n), k) for n in range(1, size + 1) for k in range(CERTIFICATES))
            insert("certificate", _certificates(city, papers), size * CERTIFICATES)
    _finish(dialect)


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


def _verifications(city: City, records: Iterable[tuple[dict[str, Any], int]], full: int) -> Iterator[dict[str, Any]]:
    """Oldest first for each instrument; so many of the last ones are whole."""
    for row, number in records:
        key = (row["id"] - 1) * VERIFICATIONS + number + 1
        ago = VERIFICATIONS - 1 - number
        yield city.verification(key, row, years_ago=ago, is_full=ago < full)


def _certificates(city: City, papers: Iterable[tuple[dict[str, Any], int]]) -> Iterator[dict[str, Any]]:
    for row, number in papers:
        key = (row["id"] - 1) * CERTIFICATES + number + 1
        ago = CERTIFICATES - 1 - number
        of = city.verification(row["id"] * VERIFICATIONS - ago, row, years_ago=ago, is_full=False)
        yield city.certificate(key, of, row, stands=number == CERTIFICATES - 1)


# -- writing many rows


def _columns_and_defaults(table: str, row: dict[str, Any]) -> tuple[list[str], list[Any]]:
    """Every column that is told or must have a value, and what stands in those that are not told."""
    names, defaults = [], []
    for column in Model.metadata.tables[table].columns:
        if column.name in row:
            names.append(column.name)
            defaults.append(None)
        elif not column.nullable:
            names.append(column.name)
            default = column.default.arg if column.default is not None else ""
            if callable(default):
                default = "{}" if "dict" in repr(default) else "[]"
            defaults.append(default)
    return names, defaults


class _Bulk:
    """Rows of one registry on their way in, by the driver's own means."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.raw = db.engine.raw_connection()
        self.driver: Any = self.raw.driver_connection
        if dialect == "sqlite":
            cursor = self.driver.cursor()
            for pragma in ("foreign_keys=OFF", "synchronous=OFF", "journal_mode=OFF", "cache_size=-1000000"):
                cursor.execute(f"PRAGMA {pragma}")

    def __enter__(self) -> Callable[[str, Iterable[dict[str, Any]], int], None]:
        return self.insert

    def __exit__(self, *_error: object) -> None:
        self.driver.commit()
        if self.dialect == "sqlite":
            self.driver.execute("PRAGMA journal_mode=WAL")
        self.raw.close()
        db.engine.dispose()

    def insert(self, table: str, rows: Iterable[dict[str, Any]], total: int) -> None:
        iterator = iter(rows)
        first = next(iterator)
        names, defaults = _columns_and_defaults(table, first)
        every = itertools.chain([first], iterator)
        values = (tuple(row.get(n, d) for n, d in zip(names, defaults, strict=True)) for row in every)
        with click.progressbar(length=total, label=f"  {table:<16}") as bar:
            write = self._sqlite if self.dialect == "sqlite" else self._postgresql
            write(table, names, values, bar.update)

    def _sqlite(self, table: str, names: list[str], values: Iterator[Any], step: Callable[[int], None]) -> None:
        marks = ", ".join("?" * len(names))
        statement = f"insert into {table} ({_quoted(names)}) values ({marks})"
        self.driver.execute("begin")
        while chunk := list(itertools.islice(values, _BATCH)):
            self.driver.executemany(statement, chunk)
            step(len(chunk))
        self.driver.execute("commit")

    def _postgresql(self, table: str, names: list[str], values: Iterator[Any], step: Callable[[int], None]) -> None:
        with self.driver.cursor() as cursor:
            cursor.execute("set session_replication_role = replica")
            with cursor.copy(f"copy {table} ({_quoted(names)}) from stdin") as copy:
                for number, row in enumerate(values, start=1):
                    copy.write_row(row)
                    if number % _BATCH == 0:
                        step(_BATCH)
        self.driver.commit()


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _finish(dialect: str) -> None:
    """Defences and search index, tallies, sequences, statistics; then the mark that it is whole."""
    click.echo("  search index, counts, statistics …")
    with db.engine.begin() as connection:
        defences.apply(connection)
        if dialect == "sqlite":
            connection.execute(text("insert into search_index(search_index) values ('rebuild')"))
    with transaction(db.session()) as session:
        tallies.fill(session, TODAY)
    db.session.remove()
    with db.engine.begin() as connection:
        if dialect == "postgresql":
            for table in (
                "holder",
                "place",
                "instrument",
                "search_document",
                "verification",
                "certificate",
                "institute",
                "user",
            ):
                last = f'(select max(id) from "{table}")'
                connection.execute(text(f"select setval(pg_get_serial_sequence('\"{table}\"', 'id'), {last})"))
        connection.execute(text("create table bench_built (at integer)"))
        connection.execute(text("insert into bench_built values (1)"))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))
