"""Fixtures: both databases, the application, people, and factories.

A test that takes ``session`` or ``app`` runs on SQLite, and on PostgreSQL when ``TEST_POSTGRES_URL`` is set or a local
server answers. Each test gets its own copy of a prepared template database.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator
from contextvars import Context
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from metrology import create_app
from metrology.documents.key_ring import KeyRing
from metrology.persistence import clock, defences
from metrology.persistence.database import db, transaction
from metrology.services import keys
from metrology.services.preparing import prepare
from metrology.settings import load

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres").replace(
    "postgresql://", "postgresql+psycopg://"
)


def _postgres_answers() -> bool:
    try:
        with create_engine(POSTGRES, connect_args={"connect_timeout": 2}).connect():
            return True
    except Exception:  # noqa: BLE001 - whatever is wrong, there is no server to test on
        return False


POSTGRES_ANSWERS = _postgres_answers()
DIALECTS = [
    "sqlite",
    pytest.param(
        "postgresql", marks=pytest.mark.skipif(not POSTGRES_ANSWERS, reason="no PostgreSQL answers (TEST_POSTGRES_URL)")
    ),
]


class Browser(FlaskClient):
    """A client whose requests run outside the test's own application context: nothing of one is left in ``g`` for the next.

    What the test's session holds is committed first (and no lock kept); afterwards it reads anew what the request changed.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("buffered", True)  # what is streamed is read where its context is
        if not has_app_context():
            return Context().run(super().open, *args, **kwargs)
        db.session.commit()
        try:
            return Context().run(super().open, *args, **kwargs)
        finally:
            db.session.expire_all()


class Bench:
    """An application on a database that can be put back to its prepared state quickly."""

    def __init__(self, dialect: str, folder: Path, worker: str) -> None:
        self.dialect = dialect
        self.name = f"metrology_test_{worker}_{os.getpid()}"
        self.file = folder / "test.db"
        self.template = folder / "template.db"
        url = f"sqlite:///{self.file}" if dialect == "sqlite" else POSTGRES.rsplit("/", 1)[0] + "/" + self.name
        if dialect == "postgresql":
            self._admin(f"drop database if exists {self.name}_template with (force)")
            self._admin(f"drop database if exists {self.name} with (force)")
            self._admin(f"create database {self.name}_template")
            self._admin(f"create database {self.name} template {self.name}_template")
        settings = self.settings = load(
            {"METROLOGY_INSTANCE": str(folder / "instance"), "DATABASE_URL": url.replace("+psycopg", "")}
        )
        self.app = create_app(dataclasses.replace(settings, scheduler=False))
        keys.ring().ensure(NOW)  # the keys are there already: the journal of each test begins empty
        self.app.test_client_class = Browser
        self.app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
        with self.app.app_context():
            with db.engine.begin() as connection:
                if dialect == "postgresql":
                    connection.execute(text("create extension if not exists pg_trgm"))
                db.metadata.create_all(connection)
                defences.apply(connection)
            with transaction(db.session()):
                prepare(db.session())
            db.session.remove()
            self._close()
        if dialect == "sqlite":
            shutil.copyfile(self.file, self.template)
        else:
            self._admin(f"drop database {self.name}_template")
            self._admin(f"create database {self.name}_template template {self.name}")

    def _close(self) -> None:
        if self.dialect == "sqlite":
            with db.engine.connect() as connection:
                connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()

    def _admin(self, statement: str) -> None:
        with create_engine(POSTGRES, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text(statement))

    def reset(self) -> None:
        """Put the prepared state back."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        if self.dialect == "sqlite":
            for path in self.file.parent.glob("test.db*"):
                path.unlink()
            shutil.copyfile(self.template, self.file)
        else:
            self._admin(f"drop database if exists {self.name} with (force)")
            self._admin(f"create database {self.name} template {self.name}_template strategy file_copy")

    def remove(self) -> None:
        """Drop what was made."""
        with self.app.app_context():
            db.engine.dispose()
        if self.dialect == "postgresql":
            self._admin(f"drop database if exists {self.name} with (force)")
            self._admin(f"drop database if exists {self.name}_template with (force)")


_benches: dict[str, Bench] = {}


@pytest.fixture(scope="session")
def _bench_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("bench")
    for bench in _benches.values():
        bench.remove()


@pytest.fixture(params=DIALECTS)
def app(request: pytest.FixtureRequest, _bench_folder: Path) -> Iterator[Flask]:
    """The application on a fresh, prepared database of each kind."""
    dialect = str(request.param)
    if dialect not in _benches:
        folder = _bench_folder / dialect
        folder.mkdir(exist_ok=True)
        _benches[dialect] = Bench(dialect, folder, os.environ.get("PYTEST_XDIST_WORKER", "main"))
    else:
        _benches[dialect].reset()
    settings = _benches[dialect].settings
    keys.use(KeyRing(settings.instance / "keys", settings.public_url))
    return _benches[dialect].app


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A database session inside an application context; nothing is committed unless the test does."""
    with app.app_context():
        yield db.session()
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that nobody has signed in."""
    return app.test_client()


@pytest.fixture
def set_today(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the instant the clock shows: ``set_today(date(2027, 1, 1))`` is noon in Shanghai that day."""

    def set_to(day: date) -> datetime:
        instant = datetime(day.year, day.month, day.day, 4, 0, tzinfo=UTC)
        monkeypatch.setattr(clock, "now_utc", lambda: instant)
        return instant

    return set_to


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is installed (``METROLOGY_SKIP_NOTHING``), a test skipped for want of a database or browser is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("METROLOGY_SKIP_NOTHING") or reporter is None:
        return
    wanting = [
        one
        for one in reporter.stats.get("skipped", ())
        if any(word in str(one.longrepr) for word in ("PostgreSQL", "Chromium"))
    ]
    if wanting:
        reporter.write_line(f"{len(wanting)} tests were skipped for want of PostgreSQL or Chromium", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
