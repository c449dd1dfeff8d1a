"""Registries of ten thousand, a million and five million instruments, built once and kept in ``build/bench``.

One that an earlier release built is brought up by the migrations, as a real one would be.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from shutil import rmtree
from zlib import crc32

import click
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import stamp, upgrade
from sqlalchemy import create_engine, text

from bench.building import build
from bench.rows import TODAY
from metrology import create_app
from metrology.cli.serving import settle
from metrology.persistence.database import db, transaction
from metrology.services.keeping_states import keep_states
from metrology.services.preparing import prepare
from metrology.settings import ROOT, load
from metrology.web.health import head_revision

FOLDER = ROOT / "build" / "bench"
SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000, "5m": 5_000_000, "records": 250_000}
RECORDS = "records"
"""A registry of a million whole records and nothing else, for judging them again."""
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
            build(size, only_records=name == RECORDS)
            stamp()
        elif _revision() != head_revision():
            click.echo(f"Migrating the registry of {size:,} instruments on {database} …")
            upgrade()
        with transaction(db.session()) as session:  # what each upgrade and each night do
            prepare(session)
            keep_states(session, today=TODAY)
        db.session.remove()
    settle()  # as the server does when it starts
    return Registry(name, size, database, app)


def _sqlite_url(name: str) -> str:
    FOLDER.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{FOLDER / name}.db"


def _postgres_url(name: str) -> str:
    wanted = f"metrology_bench_{crc32(str(ROOT).encode()):x}_{name}"  # two checkouts on one server keep to their own
    engine = create_engine(POSTGRES.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if wanted not in set(connection.execute(text("select datname from pg_database")).scalars()):
            connection.execute(text(f'create database "{wanted}"'))
    engine.dispose()
    return POSTGRES.rsplit("/", 1)[0] + "/" + wanted


def _revision() -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def scratch(database: str) -> Iterator[tuple[Flask, Flask]]:
    """Two applications on two new databases, this process's own, which go afterwards."""
    mine = f"metrology_bench_{crc32(str(ROOT).encode()):x}_scratch_{os.getpid()}"
    folders = [FOLDER / f"scratch-{database}-{os.getpid()}-{number}" for number in (1, 2)]
    apps: list[Flask] = []
    try:
        for number, folder in enumerate(folders, start=1):
            rmtree(folder, ignore_errors=True)
            settings = {"METROLOGY_INSTANCE": str(folder)}
            if database != "sqlite":
                _server(f'drop database if exists "{mine}_{number}" with (force)', f'create database "{mine}_{number}"')
                settings["DATABASE_URL"] = POSTGRES.rsplit("/", 1)[0] + f"/{mine}_{number}"
            apps.append(create_app(dataclasses.replace(load(settings), scheduler=False)))
            if database != "sqlite":
                with apps[-1].app_context(), db.engine.begin() as connection:
                    connection.execute(text("create extension if not exists pg_trgm"))
        yield apps[0], apps[1]
    finally:
        for app in apps:
            with app.app_context():
                db.session.remove()
                db.engine.dispose()
        for number, folder in enumerate(folders, start=1):
            rmtree(folder, ignore_errors=True)
            if database != "sqlite":
                _server(f'drop database if exists "{mine}_{number}" with (force)')


def _server(*statements: str) -> None:
    engine = create_engine(POSTGRES.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _is_built() -> bool:
    with db.engine.connect() as connection:
        try:
            return connection.execute(text("select count(*) from bench_built")).scalar() == 1
        except Exception:
            return False
