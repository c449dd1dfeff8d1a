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

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.schedule import AGEING, overdue_between
from metrology.persistence.districts import District
from metrology.persistence.figures import OverdueFigure
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.keyset import among
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.persistence.tally_reading import Counted, Span, TallyScope, grouped, oldest, total
from metrology.persistence.visits import VisitItem

SOON = timedelta(days=30)
AHEAD = (30, 60, 90)
MONTHS_OF_TREND = 12
_NOBODY, _NOWHERE = -1, "-"
_CHUNK = 5000


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
    ahead: tuple[tuple[int, int], ...] = ()
    """Days ahead and how many more will be overdue by then if nothing is verified."""
    is_past: bool = False
    """What was so when that day ended; visits of that day are not kept."""

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

    ``as_of`` is a past day: then it says what was so when that day ended. What was planned then is not kept.
    """
    chosen = chosen or OverdueFilter()
    day = today if as_of is None or as_of > today else as_of
    scope = _scope(session, actor, chosen, None if day == today else day)
    spans = _spans(day)
    by_pair = grouped(session, scope, ("district_code", "type_code"), spans)
    in_use = {keys: counts[0] for keys, counts in grouped(session, scope, ("district_code", "type_code"))}
    plan = _Plan(session, actor, chosen, day) if day == today else None
    ageing = _sum([counts for _keys, counts in by_pair])
    ahead = _ahead(day)
    soon = grouped(session, scope, (), ahead)
    trend = _trend(session, actor, chosen, day)
    waiting = replace(scope.in_state("awaiting_verification"), is_verified=False)
    return OverdueReport(
        day=day,
        chosen=chosen,
        total=sum(ageing),
        in_use=sum(in_use.values()),
        planned=plan.overdue if plan else 0,
        soon=soon[0][1][0] if soon else 0,
        soon_planned=plan.soon if plan else 0,
        ahead=tuple(
            (days, count) for days, count in zip(AHEAD, soon[0][1] if soon else (0,) * len(AHEAD), strict=True)
        ),
        never_verified=total(session, waiting),
        previous=trend[-1] if trend else None,
        ageing=ageing,
        districts=_by_district(session, by_pair, in_use, plan.by_district if plan else {}),
        types=_by_type(session, by_pair, in_use),
        holders=_by_holder(session, scope, spans, plan.by_holder if plan else {}, top),
        places=_by_place(session, scope, spans, plan.by_place if plan else {}, top),
        trend=trend,
        is_past=day < today,
    )


def overdue_trend(session: Session, actor: Actor, *, today: date) -> tuple[TrendPoint, ...]:
    """The overdue of the last twelve month ends, from the figures kept."""
    return _trend(session, actor, OverdueFilter(), today)


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


def _spans(day: date) -> tuple[Span, ...]:
    """The due dates of each class of ageing."""
    return tuple(overdue_between(bucket, day) for bucket in AGEING)


def _ahead(day: date) -> tuple[Span, ...]:
    """The due dates that will have passed so many days from a day on."""
    return tuple((day, day + timedelta(days=days - 1)) for days in AHEAD)


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


class _Plan:
    """Of what is overdue or falls due soon, what stands on an open visit: as many rows as visits hold."""

    def __init__(self, session: Session, actor: Actor, chosen: OverdueFilter, today: date) -> None:
        columns: tuple[Any, ...] = (Instrument.due_date, Instrument.district_code, Instrument.holder_id, Place.path)
        statement = (
            select(*columns)
            .join(VisitItem, VisitItem.open_key == Instrument.id)
            .outerjoin(Place, Place.id == Instrument.place_id)
            .where(Instrument.state == "in_use", Instrument.due_date < today + SOON)
        )
        self.overdue = self.soon = 0
        self.by_district: dict[str, int] = defaultdict(int)
        self.by_holder: dict[int, int] = defaultdict(int)
        self.by_place: dict[int, int] = defaultdict(int)
        for due, district, holder, path in session.execute(_narrow(statement, session, actor, chosen)):
            if due >= today:
                self.soon += 1
                continue
            self.overdue += 1
            self.by_district[district or ""] += 1
            if holder is not None:
                self.by_holder[holder] += 1
            if path:
                self.by_place[_root(path)] += 1


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
    session: Session, by_pair: Counted, in_use: dict[tuple[Any, ...], int], planned: dict[str, int]
) -> tuple[OverdueGroup, ...]:
    late = _folded(by_pair, 0)
    used: dict[str, int] = defaultdict(int)
    for (district, _type), count in in_use.items():
        used[district] += count
    rows = session.execute(select(District).order_by(District.position)).scalars()
    groups = [
        OverdueGroup(row.code, row.name_zh, row.name_en, sum(counts), counts, used[row.code], planned.get(row.code, 0))
        for row in rows
        if (counts := late.get(row.code, (0,) * len(AGEING))) and (row.code in used or row.code in late)
    ]
    if "" in late:
        groups.append(OverdueGroup("", "", "", sum(late[""]), late[""], used[""], planned.get("", 0)))
    return tuple(groups)


def _by_type(session: Session, by_pair: Counted, in_use: dict[tuple[Any, ...], int]) -> tuple[OverdueGroup, ...]:
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


def _by_holder(
    session: Session, scope: TallyScope, spans: Sequence[Span], planned: dict[int, int], top: int
) -> tuple[OverdueGroup, ...]:
    counted = {keys[0]: counts for keys, counts in grouped(session, scope, ("holder_id",), spans) if keys[0]}
    worst = _worst(counted, top)
    late: Span = (None, max(last for _first, last in spans if last is not None))
    first = oldest(session, scope, "holder_id", late) if worst else {}
    groups = []
    for one in session.scalars(select(Holder).where(Holder.id.in_(worst))):
        where = one.district
        groups.append(
            OverdueGroup(
                str(one.id), one.name, "", sum(worst[one.id]), worst[one.id],
                in_use=total(session, replace(scope, holder_id=one.id)), planned=planned.get(one.id, 0),
                oldest=first.get(one.id), district_zh=where.name_zh if where else "", district_en=where.name_en if where else "",
            )
        )  # fmt: skip
    return _worst_first(groups)


def _by_place(
    session: Session, scope: TallyScope, spans: Sequence[Span], planned: dict[int, int], top: int
) -> tuple[OverdueGroup, ...]:
    """By the topmost place: a market with all its stalls, a station with its islands."""
    counted = {keys[0]: counts for keys, counts in grouped(session, scope, ("place_id",), spans) if keys[0]}
    roots: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for key, path in _paths(session, counted):
        roots[_root(path)].append(counted[key])
    worst = _worst({key: _sum(counts) for key, counts in roots.items()}, top)
    groups = [
        OverdueGroup(
            str(one.id),
            one.name,
            "",
            sum(worst[one.id]),
            worst[one.id],
            planned=planned.get(one.id, 0),
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
