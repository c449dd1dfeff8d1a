"""Registries of ten thousand, a million and five million instruments, built once and kept in ``build/bench``.

A registry belongs to a revision of the database; another makes a new one.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from zlib import crc32

import click
from flask import Flask
from sqlalchemy import create_engine, text

from bench.building import build
from metrology import create_app
from metrology.persistence.database import db
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
    return Registry(name, size, database, app)


def _sqlite_url(name: str) -> str:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}-{head_revision()}.db"
    for old in FOLDER.glob(f"{name}-*.db*"):
        if not old.name.startswith(path.name):
            old.unlink()
    return f"sqlite:///{path}"


def _postgres_url(name: str) -> str:
    mine = f"metrology_bench_{crc32(str(ROOT).encode()):x}_{name}_"  # two checkouts on one server keep to their own
    wanted = f"{mine}{head_revision()}"
    engine = create_engine(POSTGRES.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        names = set(connection.execute(text("select datname from pg_database")).scalars())
        for old in names:
            if old.startswith(mine) and old != wanted:
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
