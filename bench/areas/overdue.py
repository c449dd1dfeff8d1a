"""The overdue report and what past days cost, beside a scan of the instruments: the report follows groups, not instruments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select, text

from bench.measuring import Measure, in_turn, several
from bench.registries import Registry
from bench.rows import TODAY
from metrology.domain.authority import Actor
from metrology.persistence import tallies
from metrology.persistence.database import db, reading
from metrology.services.reporting import OverdueFilter, overdue_report

AREA = "overdue"
_WHO = Actor(None, "bench", frozenset({"manager"}))
_SCAN = text(
    "select district_code, type_code, count(*) from instrument where state = 'in_use' and due_date < :today "
    "group by district_code, type_code"
)


def measure(registry: Registry) -> Iterator[Measure]:
    """The whole report, one district's, and as a past day ended."""
    with registry.app.test_request_context(), reading():
        session = db.session()
        groups = session.scalar(select(func.count()).select_from(tallies.due_tally))

        def report(chosen: OverdueFilter | None = None, days_ago: int | None = None) -> object:
            session.expunge_all()
            day = None if days_ago is None else TODAY - timedelta(days=days_ago)
            return overdue_report(session, _WHO, today=TODAY, chosen=chosen, as_of=day)

        seconds, bare = in_turn(report, lambda: session.execute(_SCAN, {"today": TODAY}).all(), rounds=7)
        yield Measure(
            AREA, "the report; bare: one grouping by scan", registry.name, registry.database, seconds, bare, per="reports",
            note=f"{groups:,} groups",
        )  # fmt: skip
        district = OverdueFilter(district_code="410703")
        seconds = several(lambda: report(district))
        yield Measure(AREA, "one district", registry.name, registry.database, seconds, per="reports")
        seconds = several(lambda: report(days_ago=30))
        yield Measure(AREA, "as a day a month ago ended", registry.name, registry.database, seconds, per="reports")
        db.session.remove()
