"""The public page of a certificate, beside a bare Flask view with one point query on the same server in the same run.

The certificates of a built registry have no journal entries, so what is shown is that they cannot be vouched for: the figure is no
answer yet to what a page costs that vouches.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator

from flask import Flask, Response
from sqlalchemy import select

from bench.measuring import Measure, in_turn
from bench.registries import Registry
from bench.rows import code
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db

AREA = "public page"
_TIMES = 60


def measure(registry: Registry) -> Iterator[Measure]:
    """Certificates all over the registry, each asked for once: nothing is warm but what many share."""
    count = registry.size * 2
    step = max(1, count // 7919)
    keys = itertools.cycle(range(2, count, step * 2))
    ours, bare = _asker(registry.app, "/c/", keys), _asker(_bare(registry), "/bare/", keys)
    seconds, reference = in_turn(ours, bare, rounds=11)
    yield Measure(
        AREA, "a certificate's page", registry.name, registry.database, seconds, reference, per="pages", count=_TIMES,
        target=1 / 0.6, note=f"{count:,} certificates, not journalled",
    )  # fmt: skip


def _asker(app: Flask, prefix: str, keys: Iterator[int]) -> Callable[[], None]:
    client = app.test_client()

    def ask() -> None:
        for _time in range(_TIMES):
            answer = client.get(prefix + code("c", next(keys)))
            assert answer.status_code == 200, answer.status

    return ask


def _bare(registry: Registry) -> Flask:
    """A Flask application with one view that does one point query and says what it found."""
    app = Flask("bare")
    with registry.app.app_context():
        engine = db.engine
    table = Certificate.__table__
    query = select(table.c.number, table.c.standing, table.c.valid_until)

    @app.get("/bare/<wanted>")
    def bare(wanted: str) -> Response:
        with engine.connect() as connection:
            row = connection.execute(query.where(table.c.code == wanted)).one()
        return Response(json.dumps([row.number, row.standing, str(row.valid_until)]), mimetype="application/json")

    return app
