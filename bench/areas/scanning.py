"""The public page of a certificate, beside a bare Flask view with one point query, under load from another process.

Both are views of one real server (waitress, as ``make run`` starts it), asked in turn in the same run. The certificates lie all over the
registry, are whole, hold, and are vouched for by their journal entries; a page that says otherwise ends the measure. Bare is the driver's
own connection, kept by each thread; and, since few write that, a connection of SQLAlchemy's pool, and the session of
Flask-SQLAlchemy, which is how a view of this stack is usually written.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select

from bench import load, measuring
from bench.building import CERTIFICATES
from bench.measuring import Measure, profiled
from bench.registries import Registry
from bench.rows import City
from bench.serving import BARE, MAPPED, SESSION, Server, engine_url
from metrology.persistence.certificates import Certificate
from metrology.persistence.clock import today_cn
from metrology.persistence.database import db, reading

AREA = "public page"
_ROUNDS, _SECONDS = 5, 3.0
_VALID, _NUMBER = "检定有效", "JD"
_WAYS = (("/c/", _VALID), (BARE, _NUMBER), (MAPPED, _NUMBER), (SESSION, _NUMBER))


def measure(registry: Registry) -> Iterator[Measure]:
    """Pages in a second of each way, done in turn."""
    with registry.app.app_context(), reading():
        codes, url = _codes(registry), engine_url(db.engine)
        db.session.remove()
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(codes))
        file.flush()
        with Server(Path(registry.app.instance_path), url) as server:
            ours, driver, mapped, session = _rates(server.port, Path(file.name))
    note = f"{registry.size * CERTIFICATES:,} certificates; {{:.0%}} of the bare view's throughput"
    ways = (("the driver", driver), ("SQLAlchemy Core", mapped), ("Flask-SQLAlchemy's session", session))
    for name, bare in ways:
        made = Measure(
            AREA, f"a certificate's page; bare: {name}", registry.name, registry.database, 1 / ours, 1 / bare, per="pages",
            target=1 / 0.6, note=note.format(ours / bare),
        )  # fmt: skip
        yield profiled(made, partial(_page, registry, itertools.cycle(codes)), times=200)


def _page(registry: Registry, codes: Iterator[str]) -> None:
    registry.app.test_client().get(f"/c/{next(codes)}")


def _rates(port: int, codes: Path) -> list[float]:
    """Median throughput of each way, done in turn after a warm-up."""
    rounds, seconds = (1, 0.5) if measuring.ONLY_ONCE else (_ROUNDS, _SECONDS)
    taken: list[list[float]] = [[] for _way in _WAYS]
    for number in range(rounds + (rounds > 1)):
        for (prefix, must), rates in zip(_WAYS, taken, strict=True):
            rate = load.throughput(port, prefix, must, codes, seconds=seconds)
            if number or rounds == 1:
                rates.append(rate)
    return [statistics.median(rates) for rates in taken]


def _codes(registry: Registry) -> list[str]:
    """Codes of the whole certificates that hold for long enough not to be called due soon."""
    step = City(registry.size).step
    keys = range(CERTIFICATES * step, CERTIFICATES * registry.size + 1, CERTIFICATES * step)
    late = today_cn() + timedelta(days=90)
    found: list[str] = []
    for start in range(0, len(keys), 500):
        chosen = select(Certificate.code).where(Certificate.id.in_(keys[start : start + 500]))
        found += db.session.scalars(chosen.where(Certificate.standing == "valid", Certificate.valid_until > late))
    return found
