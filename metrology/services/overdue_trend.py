"""How what is overdue moved: the figures kept at the ends of the last twelve months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.figures import OverdueFigure
from metrology.services.overdue_plan import OverdueFilter

MONTHS_OF_TREND = 12


@dataclass(frozen=True)
class TrendPoint:
    """Overdue on a past day; None where no figures were kept."""

    day: date
    overdue: int | None
    in_use: int | None


def month_ends(today: date) -> list[date]:
    """The last days of the twelve months before a day's own."""
    ends: list[date] = []
    first = today.replace(day=1)
    for _month in range(MONTHS_OF_TREND):
        last = first - timedelta(days=1)
        ends.append(last)
        first = last.replace(day=1)
    return ends[::-1]


def kept_trend(session: Session, actor: Actor, chosen: OverdueFilter, today: date) -> tuple[TrendPoint, ...]:
    """Figures at the ends of the last twelve months; of the last day kept in a month when its end is missing.

    Figures are kept by district and type: a report narrowed to a holder, place, purpose or age has no trend.
    """
    if actor.is_holder or chosen.holder_id or chosen.place_id or chosen.purpose or chosen.age:
        return ()
    ends = month_ends(today)
    statement = select(OverdueFigure.day, func.sum(OverdueFigure.overdue), func.sum(OverdueFigure.in_use)).where(
        OverdueFigure.day > ends[0].replace(day=1) - timedelta(days=1), OverdueFigure.day <= ends[-1]
    )
    district = actor.district_code if chosen.district_code is None else chosen.district_code
    if actor.district_code not in (None, district):
        return ()
    if district is not None:
        statement = statement.where(OverdueFigure.district_code == district)
    if chosen.type_code:
        statement = statement.where(OverdueFigure.type_code == chosen.type_code)
    kept: dict[tuple[int, int], TrendPoint] = {}
    for day, late, used in session.execute(statement.group_by(OverdueFigure.day).order_by(OverdueFigure.day)):
        kept[(day.year, day.month)] = TrendPoint(day, int(late), int(used))
    return tuple(kept.get((end.year, end.month), TrendPoint(end, None, None)) for end in ends)
