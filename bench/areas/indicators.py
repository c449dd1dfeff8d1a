"""The indicators the city is examined on, from summary rows: the page, a past month as it was known, a year's trend, groups by model.

Bare is one of the ten figures counted from the records themselves, which looks at every record of the month.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bench.measuring import Measure, once, several
from bench.registries import Registry
from bench.rows import TODAY
from metrology.domain.authority import Actor
from metrology.domain.indicator import INDICATORS
from metrology.domain.period import Period
from metrology.persistence import outcome_tallies
from metrology.persistence.database import db, reading
from metrology.services.indicators import Asked, groups, standing, trend

AREA = "indicators"
_WHO = Actor(None, "bench", frozenset({"manager"}))
_SCAN = text(
    "select type_code, verdict, count(*) from verification where state = 'approved' and kind <> 'calibration' "
    "and verified_on >= :first and verified_on <= :last group by type_code, verdict"
)
_MONTH = Period.of_month(TODAY)


def measure(registry: Registry) -> Iterator[Measure]:
    """Each way the figures are asked for."""
    with registry.app.test_request_context(), reading():
        session = db.session()
        rows = sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in outcome_tallies.TABLES)
        scan = once(lambda: session.execute(_SCAN, {"first": _MONTH.first, "last": _MONTH.last}).all())
        for name, work in _ways(session):
            bare = scan if name.startswith("the page") else None
            note = f"{rows:,} summary rows of days and months" if bare else ""
            yield Measure(
                AREA, name, registry.name, registry.database, several(work, rounds=5), bare, per="pages", note=note
            )
        db.session.remove()


def _ways(session: Session) -> Iterator[tuple[str, partial[object]]]:
    now = Asked(_MONTH, TODAY)
    past = Asked(_MONTH.before(2), TODAY, as_of=TODAY - timedelta(days=30))
    yield "the page, with trends and the year before; bare: one figure by scan", partial(_page, session, now)
    yield "the page of a past month, as known a month ago", partial(_page, session, past)
    year = Asked(Period.parse("2026"), TODAY)
    yield "the page of the year", partial(_page, session, year)
    yield "coverage: the trend of three years", partial(trend, session, _WHO, "coverage", now, 36)
    yield "first pass by model, the year", partial(groups, session, _WHO, "first_pass", year, "model")
    yield "on time by district, the year", partial(groups, session, _WHO, "on_time", year, "district")


def _page(session: Session, asked: Asked) -> object:
    session.expunge_all()
    return [standing(session, _WHO, one.code, asked) for one in INDICATORS]
