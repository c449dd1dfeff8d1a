"""Every record judged again from what was kept, streamed: how many in a second, and how much memory it takes."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from bench.building import FULL_UP_TO, VERIFICATIONS
from bench.measuring import Measure, memory, once
from bench.registries import RECORDS, Registry
from metrology.persistence.database import db, reading
from metrology.persistence.verifications import Verification
from metrology.services import rechecking

AREA = "recheck"


def measure(registry: Registry) -> Iterator[Measure]:
    """A million whole records; one of each instrument in a small registry."""
    if registry.size > FULL_UP_TO and registry.name != RECORDS:
        return
    which = Verification.id > 0 if registry.name == RECORDS else Verification.id % VERIFICATIONS == 0
    before, counted = memory(), 0

    def run() -> None:
        nonlocal counted
        session = db.session()
        judge = rechecking.Rejudging(session)
        columns = select(*rechecking.COLUMNS).where(which)
        for row in session.execute(columns.order_by(Verification.id).execution_options(yield_per=rechecking.PAGE)):
            outcome = judge.outcome(row)
            assert outcome.is_same, outcome
            counted += 1

    with registry.app.app_context(), reading():
        seconds = once(run)
        db.session.remove()
    grown = memory() - before
    yield Measure(
        AREA, "records judged again", registry.name, registry.database, seconds, per="records", count=counted,
        note=f"{counted:,} records, memory grew by {grown} MiB",
    )  # fmt: skip
