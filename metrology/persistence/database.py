"""Engine, session, transaction modes, naming of constraints, and the column types of the registry.

On SQLite every transaction that may write begins with ``BEGIN IMMEDIATE``: a deferred transaction that upgrades to a write
fails at once with ``database is locked`` whatever the busy timeout, and the driver's own default forks a hash chain
(measured in docs/decisions/0002-sqlite.md). Reading requests begin deferred and refuse to write; on PostgreSQL they begin
``READ ONLY``. What a replica may answer is read there, see ``persistence.replica``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import DateTime, MetaData, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from metrology.persistence.canonical import kept

try:
    from pysqlite3 import dbapi2 as sqlite_driver
except ImportError:  # the wheel exists for Linux only; elsewhere the standard library's serves one process
    import sqlite3 as sqlite_driver

SAFE_SQLITE = (3, 51, 3)
"""First release without the bug that can corrupt a WAL database written by two connections."""

CACHE_KIB, WALK_CACHE_KIB = 64 * 1024, 8 * 1024
"""Of an SQLite database, what a connection keeps in memory, and what it keeps while it walks through much of it."""
REPLICA = "replica"
"""Name of the second engine, where there is one."""

POOL = 10
"""Connections kept open: no fewer than a server has threads, or each busy moment opens new ones, with nothing in their caches."""

_reading: ContextVar[bool] = ContextVar("reading", default=False)
_on_replica: ContextVar[bool] = ContextVar("on_replica", default=False)

naming = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    """Root of every table."""

    metadata = MetaData(naming_convention=naming)


class RoutedSession(FlaskSession):
    """A session that asks the replica while ``set_on_replica`` says so, and the primary otherwise."""

    def get_bind(
        self,
        mapper: Any | None = None,  # noqa: ARG002 - every table is in the one database
        clause: Any | None = None,  # noqa: ARG002 - the same
        bind: Engine | Connection | None = None,
        **_known: Any,
    ) -> Engine | Connection:
        """The engine for a statement."""
        if bind is not None:
            return bind
        engines = self._db.engines
        return engines[REPLICA] if _on_replica.get() and REPLICA in engines else engines[None]


db = SQLAlchemy(model_class=Model, session_options={"expire_on_commit": False, "class_": RoutedSession})


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: always aware, stored in UTC. A naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse what has no zone; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back an aware instant."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@contextmanager
def reading() -> Iterator[None]:
    """Transactions begun within only read: several run beside a writer, and a write raises."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


@contextmanager
def writing() -> Iterator[None]:
    """Transactions begun within may write, even inside a reading request."""
    token = _reading.set(False)
    try:
        yield
    finally:
        _reading.reset(token)


def set_reading(value: bool) -> None:
    """Say for the rest of this context (a web request) whether transactions only read."""
    _reading.set(value)


def is_reading() -> bool:
    """Whether transactions only read just now."""
    return _reading.get()


def set_on_replica(value: bool) -> None:
    """Say for the rest of this context (a web request) whether statements go to the replica."""
    _on_replica.set(value)


def is_on_replica() -> bool:
    """Whether statements go to the replica just now."""
    return _on_replica.get()


@contextmanager
def on_primary() -> Iterator[None]:
    """Statements within go to the primary, also in a request that reads from the replica."""
    token = _on_replica.set(False)
    try:
        yield
    finally:
        _on_replica.reset(token)


def ask(statement: str, parameters: Any) -> list[Any]:
    """The rows of one question in the words of the driver, outside any transaction and session: for pages asked for by the thousand.

    It goes where statements go just now, to the replica or the primary. On PostgreSQL it costs one round trip.
    """
    engines = db.engines
    is_replica = _on_replica.get() and REPLICA in engines
    engine = engines[REPLICA if is_replica else None]
    if engine.dialect.name != "postgresql":
        return _asked(engine, statement, parameters)
    engine = _plain(engine, is_replica=is_replica)
    try:
        return _asked(engine, statement, parameters)
    except OperationalError as fault:
        if not fault.connection_invalidated:
            raise
    engine.dispose()  # the server was started anew: none of the connections kept open leads anywhere
    return _asked(engine, statement, parameters)


def _asked(engine: Engine, statement: str, parameters: Any) -> list[Any]:
    raw = None
    try:
        raw = engine.raw_connection()
        cursor = raw.cursor()
        cursor.execute(statement, parameters)
        rows = list(cursor.fetchall())
        cursor.close()
    except engine.dialect.loaded_dbapi.Error as fault:
        is_gone = raw is not None and engine.dialect.is_disconnect(fault, raw.driver_connection, None)
        if raw is not None:
            raw.invalidate(fault)
        raise OperationalError(statement, parameters, fault, connection_invalidated=is_gone) from fault
    raw.close()
    return rows


_plain_ones: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()


def _plain(engine: Engine, *, is_replica: bool) -> Engine:
    """An engine beside this one whose connections begin no transactions and are not asked before each use whether they live."""
    found = _plain_ones.get(engine)
    if found is None:
        more = {"connect_args": replica_options()["connect_args"]} if is_replica else {}
        found = create_engine(
            engine.url, isolation_level="AUTOCOMMIT", pool_size=POOL, max_overflow=0, pool_reset_on_return=None, **more
        )
        _plain_ones[engine] = found
        event.listen(engine, "engine_disposed", partial(_dispose, found))
    return found


def _dispose(beside: Engine, _engine: Engine) -> None:
    beside.dispose()


def dialect_name() -> str:
    """``sqlite`` or ``postgresql``."""
    return db.engine.dialect.name


def insert_into(session: Session, model: type[Model]) -> Any:
    """An INSERT that knows ON CONFLICT in this database's words: both databases have it, each in its own dialect."""
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(model)


@contextmanager
def transaction(session: Session) -> Iterator[Session]:
    """One unit of work: commit at the end, roll back on any exception."""
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


@contextmanager
def small_cache(session: Session) -> Iterator[None]:
    """For a walk through much of the database, which comes to each page once: SQLite keeps 8 MiB of it in memory, not 64.

    The session must hold one connection throughout, in a transaction.
    """
    if session.get_bind().dialect.name != "sqlite":
        yield
        return
    connection = session.connection()
    connection.exec_driver_sql(f"PRAGMA cache_size=-{WALK_CACHE_KIB}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size=-{CACHE_KIB}")


def engine_options(url: str) -> dict[str, Any]:
    """Engine options for a database URL (SQLite gets the bundled, current library)."""
    if url.startswith("sqlite"):
        options: dict[str, Any] = {"module": sqlite_driver, "connect_args": {"timeout": 30, "check_same_thread": False}}
        return options | {"json_serializer": kept, "pool_size": POOL}
    return {"pool_pre_ping": True, "pool_size": POOL, "max_overflow": 10, "json_serializer": kept}


def replica_options() -> dict[str, Any]:
    """Engine options of a replica: one that is away, or whose network is, is noticed within seconds."""
    waits = {"connect_timeout": 2, "tcp_user_timeout": 5000, "keepalives_idle": 5, "keepalives_interval": 2}
    return {
        "pool_pre_ping": True,
        "pool_size": POOL,
        "max_overflow": 10,
        "connect_args": {**waits, "keepalives_count": 2},
    }


def sqlite_library() -> ModuleType:
    """The SQLite driver in use (``sqlite_version_info`` tells whether several processes are safe)."""
    return sqlite_driver  # type: ignore[no-any-return]


def listen(engine: Engine) -> None:
    """Set how connections and transactions of an engine begin. Called once per engine by the factory."""
    if engine.dialect.name != "sqlite":
        event.listen(engine, "begin", _on_begin_postgresql)
        return
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by _on_begin, not by the driver
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=30000",
        "foreign_keys=ON",
        f"cache_size=-{CACHE_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    read_only = _reading.get()
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _on_begin_postgresql(connection: Connection) -> None:
    """Say ``BEGIN READ ONLY`` or ``BEGIN``: the driver sends it with its own, so it costs nothing."""
    driver: Any = connection.connection.driver_connection
    read_only = _reading.get()
    if driver.read_only is not read_only:
        driver.read_only = read_only


__all__ = [
    "REPLICA",
    "Model",
    "UtcDateTime",
    "ask",
    "db",
    "dialect_name",
    "engine_options",
    "is_on_replica",
    "is_reading",
    "listen",
    "on_primary",
    "reading",
    "replica_options",
    "set_on_replica",
    "set_reading",
    "small_cache",
    "transaction",
    "writing",
]
