"""The real server on a built registry, and beside it, in the same process, bare Flask views with one point query each.

``python -m bench.serving`` with the settings of the registry in its environment; ``Server`` starts it and stops it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from flask import Flask, Response
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine, select
from sqlalchemy.engine import Engine

from metrology import create_app
from metrology.cli.serving import serve
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db, engine_options, sqlite_library
from metrology.settings import ROOT, Settings, load

BARE = "/bare/"
MAPPED = "/bare-sqlalchemy/"
SESSION = "/bare-flask-sqlalchemy/"
_START = 120


class Server:
    """A server of its own process on a free port."""

    def __init__(self, instance: Path, database_url: str) -> None:
        self.port = _free_port()
        environment = {
            **os.environ, "METROLOGY_INSTANCE": str(instance), "DATABASE_URL": database_url, "METROLOGY_SCHEDULER": "0",
            "METROLOGY_PORT": str(self.port), "METROLOGY_PROXY_HOPS": "1",
        }  # fmt: skip
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the server
        command = [sys.executable, "-m", "bench.serving"]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command, cwd=ROOT, env=environment, stdout=self._said, stderr=self._said
        )

    def __enter__(self) -> Self:
        until = time.monotonic() + _START
        while time.monotonic() < until and self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return self
            time.sleep(0.05)
        self.__exit__()
        self._said.seek(0)
        raise RuntimeError(f"the server did not start: {self._said.read()[-2000:].decode()}")

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.wait(30)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def bare(settings: Settings) -> Flask:
    """An application with views that do the same point query: by the driver alone, an engine of SQLAlchemy, Flask-SQLAlchemy's session."""
    app = Flask("bare")
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    usual = SQLAlchemy(app)
    ask = _by_driver(settings.database_url)
    engine = create_engine(settings.database_url, **_ENGINE)
    if engine.dialect.name == "sqlite":
        engine = create_engine(settings.database_url, module=sqlite_library(), **_ENGINE)
    table = Certificate.__table__
    query = select(table.c.number, table.c.standing, table.c.valid_until)

    @app.get(f"{BARE}<code>")
    def by_driver(code: str) -> Response:
        return _answer(ask(code))

    @app.get(f"{MAPPED}<code>")
    def by_engine(code: str) -> Response:
        with engine.connect() as connection:
            return _answer(connection.execute(query.where(table.c.code == code)).one())

    @app.get(f"{SESSION}<code>")
    def by_session(code: str) -> Response:
        return _answer(usual.session.execute(query.where(table.c.code == code)).one())

    return app


_ENGINE: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_size": 10}


def _answer(row: Iterable[Any]) -> Response:
    return Response(json.dumps([str(value) for value in row]), mimetype="application/json")


def _by_driver(url: str) -> Callable[[str], Iterable[Any]]:
    """Asks on a connection kept by each thread, as a hand-written view would."""
    kept = threading.local()
    words = "select number, standing, valid_until from certificate where code = "
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")

        def connect() -> Any:
            return sqlite_library().connect(path, isolation_level=None)

        statement = f"{words}?"
    else:
        import psycopg

        def connect() -> Any:
            return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)

        statement = f"{words}%s"

    def ask(code: str) -> Iterable[Any]:
        if not hasattr(kept, "connection"):
            kept.connection = connect()
        row: Iterable[Any] = kept.connection.execute(statement, (code,)).fetchone()
        return row

    return ask


def engine_url(engine: Engine) -> str:
    """The address of a database with its password."""
    return engine.url.render_as_string(hide_password=False)


def main() -> None:
    """Serve until terminated; what is not bare goes the registry's own way, from the first byte."""
    app = create_app(load())
    own, other = app.wsgi_app, bare(app.config["METROLOGY"]).wsgi_app
    paths = (BARE, MAPPED, SESSION)

    def choose(environ: Any, start: Any) -> Any:
        return (other if environ["PATH_INFO"].startswith(paths) else own)(environ, start)

    app.wsgi_app = choose  # type: ignore[method-assign]
    with app.app_context():
        db.session.remove()
    serve(app)


if __name__ == "__main__":
    main()
