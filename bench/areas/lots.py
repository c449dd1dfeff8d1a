"""A lot of a thousand water meters verified and certified as one: readings of the bench's table, three people's steps, the certificate.

Each meter has its own record, verdict, journal entries and code. Bare are records of single instruments (price-computing scales), each
handed in, checked and approved by itself through the same services, as their pages do it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from sqlalchemy.orm import Session

from bench import measuring
from bench.measuring import Measure
from bench.registries import Registry, scratch
from metrology.persistence import defences
from metrology.persistence.database import Model, db, transaction
from metrology.services.preparing import prepare
from tests import lots
from tests.records import Team, certify, create_scale, create_team, scale_readings

AREA = "lots"
MOST = 10_000
_METERS, _ALONE = 1_000, 30


def measure(registry: Registry) -> Iterator[Measure]:
    """Each step of a lot in a registry of its own; once for each database."""
    if registry.size > MOST:
        return
    meters, alone = (3, 1) if measuring.ONLY_ONCE else (_METERS, _ALONE)
    with scratch(registry.database) as (ours, _other), ours.app_context():
        with db.engine.begin() as connection:
            Model.metadata.create_all(connection)
            defences.apply(connection)
        session = db.session()
        with transaction(session):
            prepare(session)
            team = create_team(session)
        bare = _timed(lambda: [_one(session, team, number) for number in range(alone)]) / alone
        lot = lots.create_lot(session, team, meters)
        session.commit()
        steps: list[tuple[str, Callable[[], object]]] = [
            ("readings of the table", lambda: lots.load(session, team, lot, lots.good(range(1, meters + 1)))),
            *((name, lambda step=step, who=who: lots.work(session, team, lot, step, who)) for name, step, who in _STEPS),
        ]  # fmt: skip
        total = 0.0
        for name, work in steps:
            taken = _timed(work)
            total += taken
            yield Measure(AREA, name, registry.name, registry.database, taken, per="meters", count=meters)
        yield Measure(
            AREA, "all of it; bare: single records, one by one", registry.name, registry.database, total, bare * meters,
            per="meters", count=meters, note=f"{meters:,} meters; single scales, {alone} of them",
        )  # fmt: skip
        db.session.remove()


_STEPS = (
    ("handed in", "submit", "verifier"),
    ("checked", "check", "checker"),
    ("approved, with certificates", "approve", "approver"),
)


def _one(session: Session, team: Team, number: int) -> None:
    certify(session, team, create_scale(session, f"SC{number:06d}"), scale_readings(kind="initial"))
    session.commit()


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
