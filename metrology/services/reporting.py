"""The overdue report: how many, where, whose, how old, what is planned and what is not, and how it moved.

An instrument is overdue when it is in use and its due date has passed: from the day after the last valid day. Instruments
never verified are counted apart, for nobody can say since when.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.domain.schedule import AGEING, overdue_between
from metrology.persistence.districts import District
from metrology.persistence.figures import OverdueFigure
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.instruments_then import known_from as listed_from
from metrology.persistence.keyset import among
from metrology.persistence.places import Place
from metrology.persistence.tally_reading import Counted, Span, TallyScope, first_day, grouped, oldest, total
from metrology.services.overdue_plan import AHEAD, OverdueFilter, Plan, root_of
from metrology.services.overdue_trend import TrendPoint, kept_trend

_NOBODY, _NOWHERE = -1, "-"
_CHUNK = 5000


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
    planned: int | None = 0
    """Of the overdue, those on an open visit; None where it is not known."""
    oldest: date | None = None
    """The earliest due date among them."""
    district_zh: str = ""
    district_en: str = ""


@dataclass(frozen=True)
class Ahead:
    """What will fall overdue within so many days if nothing is verified, and how much of it is on an open visit."""

    days: int
    count: int
    planned: int | None
    """None where it is not known."""

    @property
    def unplanned(self) -> int | None:
        """What nobody has planned."""
        return None if self.planned is None else self.count - self.planned


@dataclass(frozen=True)
class OverdueReport:
    """The report as shown, printed and exported."""

    day: date
    chosen: OverdueFilter
    total: int
    in_use: int
    planned: int | None
    """Of the overdue, those on an open visit; None on a past day of which it is not known."""
    never_verified: int
    previous: TrendPoint | None
    ageing: tuple[int, ...]
    districts: tuple[OverdueGroup, ...]
    types: tuple[OverdueGroup, ...]
    holders: tuple[OverdueGroup, ...]
    places: tuple[OverdueGroup, ...]
    trend: tuple[TrendPoint, ...] = field(default=())
    ahead: tuple[Ahead, ...] = ()
    is_past: bool = False
    """What was so when that day ended."""
    known_from: date | None = None
    """The first day whose end is known."""
    listed_from: date | None = None
    """Of a past day: the first of which the instruments behind the figures are known as well, and what of them was planned."""

    @property
    def unplanned(self) -> int | None:
        """Of the overdue, those no visit has."""
        return None if self.planned is None else self.total - self.planned

    @property
    def is_known_one_by_one(self) -> bool:
        """Whether it is known which instruments the figures count, and what of them was planned."""
        return self.planned is not None

    @property
    def soon(self) -> Ahead:
        """What falls overdue soonest."""
        return self.ahead[0]

    @property
    def change(self) -> int | None:
        """Against the end of last month; None where no figure was kept."""
        if self.previous is None or self.previous.overdue is None:
            return None
        return self.total - self.previous.overdue


def overdue_report(
    session: Session,
    actor: Actor,
    *,
    today: date,
    chosen: OverdueFilter | None = None,
    top: int = 20,
    as_of: date | None = None,
) -> OverdueReport:
    """Compute the report for what an actor may see. ``top`` limits holders and places to the worst.

    ``as_of`` is a past day: then it says what was so when that day ended.
    """
    chosen = chosen or OverdueFilter()
    day = today if as_of is None or as_of > today else as_of
    scope = _scope(session, actor, chosen, None if day == today else day)
    spans = _spans(day, chosen.age)
    by_pair = grouped(session, scope, ("district_code", "type_code"), spans)
    in_use = {keys: counts[0] for keys, counts in grouped(session, scope, ("district_code", "type_code"))}
    is_past = day < today
    first_listed = listed_from(session) if is_past else None
    is_known = not is_past or (first_listed is not None and first_listed <= day)
    plan = Plan(session, actor, chosen, day, is_past=is_past) if is_known else None
    ageing = _sum([counts for _keys, counts in by_pair])
    trend = kept_trend(session, actor, chosen, day)
    known_from = first_day(session)
    waiting = replace(scope.in_state("awaiting_verification"), is_verified=False)
    return OverdueReport(
        day=day,
        chosen=chosen,
        total=sum(ageing),
        in_use=sum(in_use.values()),
        planned=plan.overdue if plan else None,
        ahead=_ahead(session, scope, day, plan),
        never_verified=total(session, waiting),
        previous=_previous(session, scope, day, chosen, trend, known_from),
        ageing=ageing,
        districts=_by_district(session, by_pair, in_use, plan),
        types=_by_type(session, by_pair, in_use, plan),
        holders=_by_holder(session, scope, spans, plan, top),
        places=_by_place(session, scope, spans, plan, top),
        trend=trend,
        is_past=is_past,
        known_from=known_from,
        listed_from=first_listed,
    )


def report_of_day(
    session: Session, actor: Actor, day: date | None, *, today: date, chosen: OverdueFilter, top: int = 20
) -> OverdueReport:
    """The report of a day asked for, or of today. Refused: days to come, and days before counting began."""
    if day is not None and day > today:
        raise Problem("day_to_come", "as_of", today=today.isoformat())
    first = first_day(session)
    if day is not None and day < today and (first is None or day < first):
        raise Problem("day_before_figures", "as_of", day=day.isoformat(), first=(first or today).isoformat())
    return overdue_report(session, actor, today=today, chosen=chosen, as_of=day, top=top)


def overdue_trend(session: Session, actor: Actor, *, today: date) -> tuple[TrendPoint, ...]:
    """The overdue of the last twelve month ends, from the figures kept."""
    return kept_trend(session, actor, OverdueFilter(), today)


def keep_figures(session: Session, *, today: date) -> int:
    """Keep the day's figures for the trend (written again when run again the same day). The number of rows."""
    keys = ("district_code", "type_code")
    late = {pair: counts[0] for pair, counts in grouped(session, TallyScope(), keys, (_late(today),))}
    in_use = grouped(session, TallyScope(), keys)
    session.execute(delete(OverdueFigure).where(OverdueFigure.day == today))
    if in_use:
        session.execute(
            insert(OverdueFigure),
            [
                {"day": today, "district_code": pair[0], "type_code": pair[1], "in_use": counts[0], "overdue": late.get(pair, 0)}
                for pair, counts in in_use
            ],
        )  # fmt: skip
    return len(in_use)


# -- what is counted


def _late(day: date) -> Span:
    return None, day - timedelta(days=1)


_NEVER: Span = (date.max, date.min)
"""Due dates that nothing has."""


def _spans(day: date, age: str | None) -> tuple[Span, ...]:
    """The due dates of each class of ageing; of one class alone, when it is asked for."""
    return tuple(overdue_between(bucket, day) if age in (None, bucket.code) else _NEVER for bucket in AGEING)


def _ahead(session: Session, scope: TallyScope, day: date, plan: Plan | None) -> tuple[Ahead, ...]:
    """Those whose last valid day is one of the days from a day on: the day after it they are overdue."""
    spans: list[Span] = [(day, day + timedelta(days=days - 1)) for days in AHEAD]
    found = grouped(session, scope, (), spans)
    counts = found[0][1] if found else (0,) * len(AHEAD)
    planned = plan.ahead if plan else [None] * len(AHEAD)
    return tuple(Ahead(*one) for one in zip(AHEAD, counts, planned, strict=True))


def _previous(
    session: Session,
    scope: TallyScope,
    day: date,
    chosen: OverdueFilter,
    trend: Sequence[TrendPoint],
    known_from: date | None,
) -> TrendPoint | None:
    """The end of last month: as it was kept, or worked out from what changed since, where that is known."""
    if trend and trend[-1].overdue is not None:
        return trend[-1]
    end = day.replace(day=1) - timedelta(days=1)
    if known_from is None or end < known_from:
        return None
    then = replace(scope, day=end)
    late = grouped(session, then, (), _spans(end, chosen.age))
    return TrendPoint(end, sum(late[0][1]) if late else 0, total(session, then))


def _scope(session: Session, actor: Actor, chosen: OverdueFilter, day: date | None) -> TallyScope:
    """What an actor may see of what is chosen. A district or holder that is not the actor's own finds nothing."""
    district, holder = chosen.district_code, chosen.holder_id
    if actor.is_holder:
        holder = actor.holder_id if holder in (None, actor.holder_id) and actor.holder_id is not None else _NOBODY
    elif actor.district_code is not None:
        district = actor.district_code if district in (None, actor.district_code) else _NOWHERE
    path = None
    if chosen.place_id is not None:
        place = session.get(Place, chosen.place_id)
        path = place.path if place else "/0/"
    return TallyScope(
        district_code=district, type_code=chosen.type_code, purpose=chosen.purpose, holder_id=holder, place_path=path, day=day
    )  # fmt: skip


def _sum(counts: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*counts, strict=True))) if counts else (0,) * len(AGEING)


def _folded(by_pair: Counted, position: int) -> dict[Any, tuple[int, ...]]:
    groups: dict[Any, list[tuple[int, ...]]] = defaultdict(list)
    for keys, counts in by_pair:
        groups[keys[position]].append(counts)
    return {key: _sum(counts) for key, counts in groups.items()}


def _worst(counted: dict[int, tuple[int, ...]], top: int) -> dict[int, tuple[int, ...]]:
    return dict(sorted(counted.items(), key=lambda one: (-sum(one[1]), one[0]))[:top])


def _worst_first(groups: list[OverdueGroup], top: int | None = None) -> tuple[OverdueGroup, ...]:
    return tuple(sorted(groups, key=lambda group: (-group.total, group.name))[:top])


# -- by whom and where


def _by_district(
    session: Session, by_pair: Counted, in_use: dict[tuple[Any, ...], int], plan: Plan | None
) -> tuple[OverdueGroup, ...]:
    late = _folded(by_pair, 0)
    used: dict[str, int] = defaultdict(int)
    for (district, _type), count in in_use.items():
        used[district] += count
    rows = session.execute(select(District).order_by(District.position)).scalars()
    groups = [
        OverdueGroup(
            row.code,
            row.name_zh,
            row.name_en,
            sum(counts),
            counts,
            used[row.code],
            plan.by_district[row.code] if plan else None,
        )
        for row in rows
        if (counts := late.get(row.code, (0,) * len(AGEING))) and (row.code in used or row.code in late)
    ]
    if "" in late:
        groups.append(
            OverdueGroup("", "", "", sum(late[""]), late[""], used[""], plan.by_district[""] if plan else None)
        )
    return tuple(groups)


def _by_type(
    session: Session, by_pair: Counted, in_use: dict[tuple[Any, ...], int], plan: Plan | None
) -> tuple[OverdueGroup, ...]:
    late = _folded(by_pair, 1)
    used: dict[str, int] = defaultdict(int)
    for (_district, code), count in in_use.items():
        used[code] += count
    rows = session.execute(select(TypeEntry).where(TypeEntry.code.in_(late))).scalars()
    return _worst_first(
        [
            OverdueGroup(
                row.code,
                row.name_zh,
                row.name_en,
                sum(late[row.code]),
                late[row.code],
                used[row.code],
                plan.by_type[row.code] if plan else None,
            )
            for row in rows
        ]
    )


def _by_holder(
    session: Session, scope: TallyScope, spans: Sequence[Span], plan: Plan | None, top: int
) -> tuple[OverdueGroup, ...]:
    worst = {keys[0]: counts for keys, counts in grouped(session, scope, ("holder_id",), spans, most=top)}
    first = oldest(session, scope, "holder_id", _whole(spans), list(worst)) if worst else {}
    groups = []
    for one in session.scalars(select(Holder).where(Holder.id.in_(worst))):
        where = one.district
        groups.append(
            OverdueGroup(
                str(one.id), one.name, "", sum(worst[one.id]), worst[one.id],
                in_use=total(session, replace(scope, holder_id=one.id)), planned=plan.by_holder[one.id] if plan else None,
                oldest=first.get(one.id), district_zh=where.name_zh if where else "", district_en=where.name_en if where else "",
            )
        )  # fmt: skip
    return _worst_first(groups)


def _whole(spans: Sequence[Span]) -> Span:
    """From the earliest due date of the classes asked for to the last."""
    asked = [span for span in spans if span != _NEVER]
    starts = [first for first, _last in asked]
    return (
        None if None in starts else min(first for first in starts if first is not None),
        max(last for _first, last in asked if last is not None),
    )


def _by_place(
    session: Session, scope: TallyScope, spans: Sequence[Span], plan: Plan | None, top: int
) -> tuple[OverdueGroup, ...]:
    """By the topmost place: a market with all its stalls, a station with its islands."""
    counted = {keys[0]: counts for keys, counts in grouped(session, scope, ("place_id",), spans) if keys[0]}
    roots: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for key, path in _paths(session, counted):
        roots[root_of(path)].append(counted[key])
    worst = _worst({key: _sum(counts) for key, counts in roots.items()}, top)
    groups = [
        OverdueGroup(
            str(one.id),
            one.name,
            "",
            sum(worst[one.id]),
            worst[one.id],
            planned=plan.by_place[one.id] if plan else None,
            district_zh=one.district.name_zh if one.district else "",
            district_en=one.district.name_en if one.district else "",
        )
        for one in session.scalars(select(Place).where(Place.id.in_(worst)))
    ]
    return _worst_first(groups)


def _paths(session: Session, keys: Iterable[int]) -> Iterator[tuple[int, str]]:
    wanted = list(keys)
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        for row in session.execute(select(Place.id, Place.path).where(among(session, Place.id, chunk))):
            yield row[0], row[1]


__all__ = [
    "AHEAD", "Ahead", "OverdueFilter", "OverdueGroup", "OverdueReport", "TrendPoint", "keep_figures", "overdue_report",
    "overdue_trend",
]  # fmt: skip
