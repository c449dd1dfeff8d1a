"""The migrations make exactly the tables and defences that the models declare, and can be taken back, on both databases."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import MetaData, create_engine, insert, inspect, text
from sqlalchemy.exc import IntegrityError

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
        assert connection.execute(text("select what from known_from")).all() == []
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


def test_documents_that_name_each_other_outlive_the_migrations(empty_app: Flask) -> None:
    """SQLite writes a table once more to change its rules: its rows, and those that refer to them, are still there after it."""
    upgrade(revision="a71c5e0d9b42")
    before = MetaData()
    with db.engine.begin() as connection:
        before.reflect(connection)

        def add(name: str, **given: Any) -> None:
            table = before.tables[name]
            usual = {"String": "x", "Integer": 0, "Boolean": False, "Date": date(2026, 1, 1), "JSON": {}}
            row: dict[str, Any] = {}
            for column in table.columns:
                if column.nullable or column.server_default is not None or column.name in ("id", *given):
                    continue
                kinds = [kind for kind in type(column.type).__mro__ if kind.__name__ in usual]
                row[column.name] = usual[kinds[0].__name__] if kinds else datetime(2026, 1, 1, tzinfo=UTC)
            connection.execute(insert(table).values(**{**row, **given}))

        add("instrument_type", code="t")
        add("user", id=1)
        add("instrument", id=1, type_code="t", state="in_use", is_assembly=False)
        for key, replaces in ((1, None), (2, 1)):
            add("verification", id=key, number=str(key), instrument_id=1, type_code="t", kind="initial", state="approved",
                verdict="conforms", verifier_id=1, replaces_id=replaces)  # fmt: skip
        issued = {"kind": "verification_certificate", "instrument_id": 1}
        add("certificate", id=2, number="2", code="2", verification_id=2, standing="valid", **issued)
        add("certificate", id=1, number="1", code="1", verification_id=1, standing="superseded", replaced_by_id=2,
            ended_on=date(2026, 2, 1), **issued)  # fmt: skip
    upgrade()
    _are_there()
    with db.engine.begin() as connection:
        # in use before: what instruments were is known from the day of the migration on
        assert connection.execute(text("select what from known_from")).scalars().all() == ["instrument_then"]
        made = insert(db.metadata.tables["certificate"]).values(
            id=3, number="3", code="3", verification_id=2, reissue=1, standing="revoked", end_reason="", validity_rule="",
            verified_on=date(2026, 1, 1), issued_on=date(2026, 1, 1), ended_on=date(2026, 2, 1), payload={},
            issued_at=datetime(2026, 1, 1, tzinfo=UTC), **issued,
        )  # fmt: skip
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(made.values(id=4, number="4", code="4", reissue=0))
    downgrade(revision="a71c5e0d9b42")
    _are_there()


def _are_there() -> None:
    with db.engine.connect() as connection:
        rows = connection.execute(
            text("select id, number, replaced_by_id, verification_id from certificate order by id")
        )
        assert [tuple(row) for row in rows] == [(1, "1", 2, 1), (2, "2", None, 2)]
        assert connection.execute(text("select replaces_id from verification where id = 2")).scalar() == 1
        if db.engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("pragma foreign_keys").scalar() == 1
            assert connection.exec_driver_sql("pragma foreign_key_check").all() == []


def test_ready_only_after_the_migrations(empty_app: Flask) -> None:
    client = empty_app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    upgrade()
    assert client.get("/readyz").status_code == 200
