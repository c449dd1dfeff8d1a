"""The overdue report: how many, where, whose, how old, what is planned and what is not, and how it moved.

An instrument is overdue when it is in use and its due date has passed: from the day after the last valid day. Instruments
never verified are counted apart, for nobody can say since when.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, delete, func, insert, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.schedule import AGEING, overdue_between
from metrology.persistence.districts import District
from metrology.persistence.figures import OverdueFigure
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.persistence.visits import VisitItem

SOON = timedelta(days=30)
MONTHS_OF_TREND = 12


@dataclass(frozen=True)
class OverdueFilter:
    """What the report is asked about; everything when empty."""

    district_code: str | None = None
    type_code: str | None = None
    holder_id: int | None = None
    place_id: int | None = None
    """A market, station or community: its whole subtree."""
    purpose: str | None = None


@dataclass(frozen=True)
class OverdueGroup:
    """One row of the report."""

    key: str
    name: str
    name_en: str
    total: int
    ageing: tuple[int, ...]
    """Counts by ``domain.schedule.AGEING``."""
    in_use: int = 0
    planned: int = 0
    """Of the overdue, those on an open visit."""
    oldest: date | None = None
    """The earliest due date among them."""
    district_zh: str = ""
    district_en: str = ""


@dataclass(frozen=True)
class TrendPoint:
    """Overdue on a past day; None where no figures were kept."""

    day: date
    overdue: int | None
    in_use: int | None


@dataclass(frozen=True)
class OverdueReport:
    """The report as shown, printed and exported."""

    day: date
    chosen: OverdueFilter
    total: int
    in_use: int
    planned: int
    soon: int
    soon_planned: int
    never_verified: int
    previous: TrendPoint | None
    ageing: tuple[int, ...]
    districts: tuple[OverdueGroup, ...]
    types: tuple[OverdueGroup, ...]
    holders: tuple[OverdueGroup, ...]
    places: tuple[OverdueGroup, ...]
    trend: tuple[TrendPoint, ...] = field(default=())

    @property
    def change(self) -> int | None:
        """Against the end of last month; None where no figure was kept."""
        if self.previous is None or self.previous.overdue is None:
            return None
        return self.total - self.previous.overdue


def overdue_report(
    session: Session, actor: Actor, *, today: date, chosen: OverdueFilter | None = None, top: int = 20
) -> OverdueReport:
    """Compute the report for what an actor may see. ``top`` limits holders and places to the worst."""
    chosen = chosen or OverdueFilter()
    overdue = _narrow(_overdue(today), session, actor, chosen)
    falling_due = _narrow(_falling_due(today), session, actor, chosen)
    by_pair = _grouped(session, overdue, today, Instrument.district_code, Instrument.type_code)
    in_use = _in_use(session, actor, chosen)
    planned = _planned_by(session, overdue, Instrument.district_code)
    ageing = _sum([counts for _keys, counts in by_pair])
    trend = _trend(session, actor, chosen, today)
    return OverdueReport(
        day=today,
        chosen=chosen,
        total=sum(ageing),
        in_use=sum(in_use.values()),
        planned=sum(planned.values()),
        soon=_count(session, falling_due),
        soon_planned=_planned(session, falling_due),
        never_verified=_count(session, _narrow(_never_verified(), session, actor, chosen)),
        previous=trend[-1] if trend else None,
        ageing=ageing,
        districts=_by_district(session, by_pair, in_use, planned),
        types=_by_type(session, by_pair, in_use),
        holders=_by_holder(session, actor, overdue, today, top),
        places=_by_place(session, overdue, today, top),
        trend=trend,
    )


def overdue_trend(session: Session, actor: Actor, *, today: date) -> tuple[TrendPoint, ...]:
    """The overdue of the last twelve month ends, from the figures kept."""
    return _trend(session, actor, OverdueFilter(), today)


def keep_figures(session: Session, *, today: date) -> int:
    """Keep the day's figures for the trend (written again when run again the same day). The number of rows."""
    district = func.coalesce(Instrument.district_code, "")
    late = func.sum(case((Instrument.due_date < today, 1), else_=0))
    rows = session.execute(
        select(district.label("district"), Instrument.type_code, func.count(), late)
        .where(Instrument.state == "in_use", Instrument.is_assembly.is_(False))
        .group_by(district, Instrument.type_code)
    ).all()
    session.execute(delete(OverdueFigure).where(OverdueFigure.day == today))
    if rows:
        session.execute(
            insert(OverdueFigure),
            [
                {"day": today, "district_code": one, "type_code": code, "in_use": count, "overdue": overdue or 0}
                for one, code, count, overdue in rows
            ],
        )
    return len(rows)


def _overdue(today: date) -> Select[Any]:
    return select(Instrument.id).where(Instrument.state == "in_use", Instrument.due_date < today)


def _falling_due(today: date) -> Select[Any]:
    return select(Instrument.id).where(
        Instrument.state == "in_use", Instrument.due_date >= today, Instrument.due_date < today + SOON
    )


def _never_verified() -> Select[Any]:
    return select(Instrument.id).where(
        Instrument.state == "awaiting_verification",
        Instrument.last_verified_on.is_(None),
        Instrument.is_assembly.is_(False),
    )


def _narrow(statement: Select[Any], session: Session, actor: Actor, chosen: OverdueFilter) -> Select[Any]:
    statement = within(statement, actor)
    for column, value in (
        (Instrument.district_code, chosen.district_code),
        (Instrument.type_code, chosen.type_code),
        (Instrument.holder_id, chosen.holder_id),
        (Instrument.purpose, chosen.purpose),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if chosen.place_id is not None:
        place = session.get(Place, chosen.place_id)
        path = place.path if place else "/0/"
        statement = statement.where(Instrument.place_id.in_(select(Place.id).where(Place.path.startswith(path))))
    return statement


def _buckets(today: date) -> list[ColumnElement[int]]:
    sums: list[ColumnElement[int]] = []
    for bucket in AGEING:
        first, last = overdue_between(bucket, today)
        within_bucket = Instrument.due_date <= last
        if first is not None:
            within_bucket = within_bucket & (Instrument.due_date >= first)
        sums.append(func.sum(case((within_bucket, 1), else_=0)))
    return sums


Counted = list[tuple[tuple[Any, ...], tuple[int, ...]]]


def _grouped(session: Session, overdue: Select[Any], today: date, *columns: Any) -> Counted:
    statement = overdue.with_only_columns(*columns, *_buckets(today)).group_by(*columns)
    width = len(columns)
    return [(tuple(row[:width]), tuple(int(value) for value in row[width:])) for row in session.execute(statement)]


def _sum(counts: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*counts, strict=True))) if counts else (0,) * len(AGEING)


def _count(session: Session, statement: Select[Any]) -> int:
    return session.scalar(statement.with_only_columns(func.count())) or 0


def _planned(session: Session, statement: Select[Any]) -> int:
    return _count(
        session, statement.where(Instrument.id.in_(select(VisitItem.open_key).where(VisitItem.open_key.is_not(None))))
    )


def _planned_by(session: Session, overdue: Select[Any], column: Any) -> dict[Any, int]:
    statement = overdue.where(Instrument.id.in_(select(VisitItem.open_key).where(VisitItem.open_key.is_not(None))))
    return _pairs(session, statement.with_only_columns(column, func.count()).group_by(column))


def _in_use(session: Session, actor: Actor, chosen: OverdueFilter) -> dict[tuple[str | None, str], int]:
    statement = select(Instrument.id).where(Instrument.state == "in_use", Instrument.is_assembly.is_(False))
    narrowed = _narrow(statement, session, actor, chosen).with_only_columns(
        Instrument.district_code, Instrument.type_code, func.count()
    )
    rows = session.execute(narrowed.group_by(Instrument.district_code, Instrument.type_code))
    return {(row[0], row[1]): row[2] for row in rows}


def _folded(by_pair: Counted, position: int) -> dict[Any, tuple[int, ...]]:
    groups: dict[Any, list[tuple[int, ...]]] = defaultdict(list)
    for keys, counts in by_pair:
        groups[keys[position]].append(counts)
    return {key: _sum(counts) for key, counts in groups.items()}


def _worst_first(groups: list[OverdueGroup], top: int | None = None) -> tuple[OverdueGroup, ...]:
    return tuple(sorted(groups, key=lambda group: (-group.total, group.name))[:top])


def _by_district(
    session: Session, by_pair: Counted, in_use: dict[tuple[str | None, str], int], planned: dict[str | None, int]
) -> tuple[OverdueGroup, ...]:
    late = _folded(by_pair, 0)
    used: dict[str | None, int] = defaultdict(int)
    for (district, _type), count in in_use.items():
        used[district] += count
    rows = session.execute(select(District).order_by(District.position)).scalars()
    groups = [
        OverdueGroup(row.code, row.name_zh, row.name_en, sum(counts), counts, used[row.code], planned.get(row.code, 0))
        for row in rows
        if (counts := late.get(row.code, (0,) * len(AGEING))) and (row.code in used or row.code in late)
    ]
    if None in late:
        groups.append(OverdueGroup("", "", "", sum(late[None]), late[None], used[None], planned.get(None, 0)))
    return tuple(groups)


def _by_type(session: Session, by_pair: Counted, in_use: dict[tuple[str | None, str], int]) -> tuple[OverdueGroup, ...]:
    late = _folded(by_pair, 1)
    used: dict[str, int] = defaultdict(int)
    for (_district, code), count in in_use.items():
        used[code] += count
    rows = session.execute(select(TypeEntry).where(TypeEntry.code.in_(late))).scalars()
    return _worst_first(
        [
            OverdueGroup(row.code, row.name_zh, row.name_en, sum(late[row.code]), late[row.code], used[row.code])
            for row in rows
        ]
    )


def _by_holder(session: Session, actor: Actor, overdue: Select[Any], today: date, top: int) -> tuple[OverdueGroup, ...]:
    counted = [one for one in _grouped(session, overdue, today, Instrument.holder_id) if one[0][0] is not None]
    worst = {keys[0]: counts for keys, counts in sorted(counted, key=lambda one: (-sum(one[1]), one[0]))[:top]}
    planned = _planned_by(session, overdue.where(Instrument.holder_id.in_(worst)), Instrument.holder_id)
    oldest = _oldest_by(session, overdue.where(Instrument.holder_id.in_(worst)), Instrument.holder_id)
    counting: Any = select(Instrument.holder_id, func.count())
    used = within(counting, actor).where(
        Instrument.holder_id.in_(worst), Instrument.state == "in_use", Instrument.is_assembly.is_(False)
    )
    in_use = _pairs(session, used.group_by(Instrument.holder_id))
    holders = session.scalars(select(Holder).where(Holder.id.in_(worst)))
    groups = [
        OverdueGroup(
            str(one.id),
            one.name,
            "",
            sum(worst[one.id]),
            worst[one.id],
            in_use.get(one.id, 0),
            planned.get(one.id, 0),
            oldest.get(one.id),
            one.district.name_zh if one.district else "",
            one.district.name_en if one.district else "",
        )
        for one in holders
    ]
    return _worst_first(groups)


def _pairs(session: Session, statement: Select[Any]) -> dict[Any, Any]:
    return {row[0]: row[1] for row in session.execute(statement)}


def _oldest_by(session: Session, overdue: Select[Any], column: Any) -> dict[Any, date]:
    statement = overdue.with_only_columns(column, func.min(Instrument.due_date)).group_by(column)
    return _pairs(session, statement)


def _by_place(session: Session, overdue: Select[Any], today: date, top: int) -> tuple[OverdueGroup, ...]:
    """By the topmost place: a market with all its stalls, a station with its islands."""
    joined = overdue.join(Place, Place.id == Instrument.place_id)
    roots: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for (path,), counts in _grouped(session, joined, today, Place.path):
        roots[_root(path)].append(counts)
    worst = dict(
        sorted(((key, _sum(counts)) for key, counts in roots.items()), key=lambda one: (-sum(one[1]), one[0]))[:top]
    )
    planned: dict[int, int] = defaultdict(int)
    for path, count in _planned_by(session, joined, Place.path).items():
        planned[_root(path)] += count
    places = session.scalars(select(Place).where(Place.id.in_(worst)))
    groups = [
        OverdueGroup(
            str(one.id),
            one.name,
            "",
            sum(worst[one.id]),
            worst[one.id],
            planned=planned[one.id],
            district_zh=one.district.name_zh if one.district else "",
            district_en=one.district.name_en if one.district else "",
        )
        for one in places
    ]
    return _worst_first(groups)


def _root(path: str) -> int:
    return int(path.split("/")[1])


def _month_ends(today: date) -> list[date]:
    ends: list[date] = []
    first = today.replace(day=1)
    for _month in range(MONTHS_OF_TREND):
        last = first - timedelta(days=1)
        ends.append(last)
        first = last.replace(day=1)
    return ends[::-1]


def _trend(session: Session, actor: Actor, chosen: OverdueFilter, today: date) -> tuple[TrendPoint, ...]:
    """Figures at the ends of the last twelve months; of the last day kept in a month when its end is missing.

    Figures are kept by district and type: a report narrowed to a holder, place or purpose has no trend.
    """
    if actor.is_holder or chosen.holder_id or chosen.place_id or chosen.purpose:
        return ()
    ends = _month_ends(today)
    statement = select(OverdueFigure.day, func.sum(OverdueFigure.overdue), func.sum(OverdueFigure.in_use)).where(
        OverdueFigure.day > ends[0].replace(day=1) - timedelta(days=1), OverdueFigure.day <= ends[-1]
    )
    district = chosen.district_code or actor.district_code
    if district:
        statement = statement.where(OverdueFigure.district_code == district)
    if chosen.type_code:
        statement = statement.where(OverdueFigure.type_code == chosen.type_code)
    kept: dict[tuple[int, int], TrendPoint] = {}
    for day, late, used in session.execute(statement.group_by(OverdueFigure.day).order_by(OverdueFigure.day)):
        kept[(day.year, day.month)] = TrendPoint(day, int(late), int(used))
    return tuple(kept.get((end.year, end.month), TrendPoint(end, None, None)) for end in ends)
