"""The migrations make exactly the tables and defences that the models declare, and can be taken back, on both databases."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, inspect, text

from metrology import create_app
from metrology.persistence import defences
from metrology.persistence.database import db
from metrology.settings import load
from metrology.web.health import head_revision
from tests.conftest import DIALECTS, POSTGRES


@pytest.fixture(params=DIALECTS)
def empty_app(request: pytest.FixtureRequest, tmp_path: Path, worker_id: str) -> Iterator[Flask]:
    """An application on a database without a table."""
    name = f"metrology_migrate_{worker_id}_{os.getpid()}"
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT") if request.param == "postgresql" else None
    if admin is not None:
        url = POSTGRES.rsplit("/", 1)[0].replace("+psycopg", "") + "/" + name
        with admin.connect() as connection:
            connection.execute(text(f"drop database if exists {name} with (force)"))
            connection.execute(text(f"create database {name}"))
    app = create_app(
        dataclasses.replace(load({"METROLOGY_INSTANCE": str(tmp_path), "DATABASE_URL": url}), scheduler=False)
    )
    with app.app_context():
        yield app
        db.engine.dispose()
    if admin is not None:
        with admin.connect() as connection:
            connection.execute(text(f"drop database {name} with (force)"))
        admin.dispose()


def _triggers(dialect: str) -> set[str]:
    query = (
        "select name from sqlite_master where type = 'trigger'"
        if dialect == "sqlite"
        else "select distinct trigger_name from information_schema.triggers where trigger_schema = 'public'"
    )
    with db.engine.connect() as connection:
        return set(connection.execute(text(query)).scalars())


def test_migrations_make_what_the_models_declare(empty_app: Flask) -> None:
    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = [
            change
            for change in compare_metadata(context, db.metadata)
            if not (
                isinstance(change, tuple)
                and getattr(change[1], "name", "").startswith(("search_index", "ix_search_document_body"))
            )
        ]
    assert differences == []


def test_migrations_make_the_same_defences(empty_app: Flask) -> None:
    upgrade()
    dialect = db.engine.dialect.name
    wanted = {line.split()[2] for line in defences.statements(dialect) if line.startswith("create trigger")}
    assert _triggers(dialect) == wanted


def test_every_migration_can_be_taken_back(empty_app: Flask) -> None:
    upgrade()
    downgrade(revision="base")
    left = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    assert left == set()
    upgrade()
    with db.engine.connect() as connection:
        assert connection.execute(text("select version_num from alembic_version")).scalar() == head_revision()


def test_ready_only_after_the_migrations(empty_app: Flask) -> None:
    client = empty_app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    upgrade()
    assert client.get("/readyz").status_code == 200
