"""What falls due, in the groups that a visit takes: by market, station or community, by holder, or by district and week.

A group is named by a key that a form can send back (``place:12``, ``holder:7``, ``week:410702:2026-11-23``), so that planning
"all scales of one market on one day" is one step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, false, func, literal, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor, sees
from metrology.persistence import due
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.places import Place
from metrology.persistence.scope import within

GROUPINGS = ("place", "holder", "week")
HORIZONS = (0, 7, 30, 60, 90)
NONE = "none"
OVERDUE = "overdue"
WAITING = "waiting"


@dataclass(frozen=True)
class DueFilter:
    """What the due list is asked about."""

    within_days: int = 30
    """Days ahead; 0 asks for the overdue (and what falls due today) only."""
    district_code: str | None = None
    type_code: str | None = None
    place_id: int | None = None
    holder_id: int | None = None
    with_planned: bool = False
    """Whether what is on an open visit counts too."""


@dataclass(frozen=True)
class DueGroup:
    """One group: what it is, how much of it is overdue, falls due, waits for a first verification, is planned."""

    key: str
    kind: str
    name: str
    name_en: str = ""
    district: tuple[str, str] = ("", "")
    week: date | None = None
    overdue: int = 0
    soon: int = 0
    waiting: int = 0
    planned: int = 0
    earliest: date | None = None
    types: tuple[tuple[str, str, int], ...] = ()
    """Names (zh, en) and counts, the most first."""

    @property
    def total(self) -> int:
        """All of it."""
        return self.overdue + self.soon + self.waiting

    @property
    def left(self) -> int:
        """What no visit has yet."""
        return self.total - self.planned


@dataclass(frozen=True)
class DueList:
    """A page of groups and the sums over all of them."""

    groups: tuple[DueGroup, ...]
    count: int
    overdue: int
    soon: int
    waiting: int
    planned: int


@dataclass
class _Sum:
    overdue: int = 0
    soon: int = 0
    waiting: int = 0
    planned: int = 0
    earliest: date | None = None

    def add(self, row: Sequence[Any]) -> None:
        """Add a row of counts."""
        late, soon, waiting, on_visit, first = row
        self.overdue += int(late or 0)
        self.soon += int(soon or 0)
        self.waiting += int(waiting or 0)
        self.planned += int(on_visit or 0)
        if first is not None and (self.earliest is None or first < self.earliest):
            self.earliest = first

    def values(self) -> dict[str, Any]:
        """As fields of a group."""
        return dict(vars(self))

    @property
    def total(self) -> int:
        """All of it."""
        return self.overdue + self.soon + self.waiting


def due_groups(
    session: Session,
    actor: Actor,
    chosen: DueFilter,
    by: str,
    *,
    today: date,
    offset: int = 0,
    limit: int = 50,
    only_left: bool = False,
) -> DueList:
    """The groups with most to do first. ``only_left`` leaves out those that are planned altogether."""
    rows = _counted(session, selection(session, actor, chosen, today=today), by, today)
    sums: dict[str, _Sum] = defaultdict(_Sum)
    types: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    whole = _Sum()
    for row in rows:
        owner, district, is_late, code, *counted = row
        key = _key(by, owner, district, is_late)
        sums[key].add(counted)
        whole.add(counted)
        types[key][code] += sum(int(value or 0) for value in counted[:3])
    keys = [key for key, one in sums.items() if not only_left or one.total > one.planned]
    keys.sort(key=lambda key: _rank(by, key, sums[key]))
    page = keys[offset : offset + limit]
    names = _names(session, page)
    words = _type_names(session, {code for key in page for code in types[key]})
    groups = tuple(
        DueGroup(key=key, types=_ranked(types[key], words), **names[key], **sums[key].values())
        for key in page
        if key in names
    )
    return DueList(groups, len(keys), whole.overdue, whole.soon, whole.waiting, whole.planned)


def selection(session: Session, actor: Actor, chosen: DueFilter, *, today: date) -> Select[Any]:
    """The instruments a due list is about, within the actor's scope."""
    statement = within(select(Instrument.id), actor).where(due.falling_due(today + timedelta(days=chosen.within_days)))
    for column, value in (
        (Instrument.district_code, chosen.district_code),
        (Instrument.type_code, chosen.type_code),
        (Instrument.holder_id, chosen.holder_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if chosen.place_id is not None:
        place = session.get(Place, chosen.place_id)
        statement = statement.where(Instrument.place_id.in_(due.under(place.path)) if place else false())
    if not chosen.with_planned:
        statement = statement.where(~due.planned())
    return statement


def of_group(session: Session, key: str, *, today: date) -> ColumnElement[bool]:
    """The condition that an instrument belongs to a group. A key that makes no sense names nothing."""
    kind, _colon, rest = key.partition(":")
    if kind == "place":
        if rest.startswith(NONE):
            return Instrument.place_id.is_(None) & _district(rest.partition("-")[2])
        place = session.get(Place, int(rest)) if rest.isdecimal() else None
        return Instrument.place_id.in_(due.under(place.path)) if place is not None else false()
    if kind == "holder":
        if rest.startswith(NONE):
            return Instrument.holder_id.is_(None) & _district(rest.partition("-")[2])
        return Instrument.holder_id == int(rest) if rest.isdecimal() else false()
    if kind == "week":
        return _of_week(rest, today)
    return false()


def ids_of(
    session: Session, actor: Actor, chosen: DueFilter, keys: Iterable[str], *, today: date, limit: int
) -> list[int]:
    """The instruments of some groups that no visit has, in the order of a walk: place by place. At most ``limit``."""
    unplanned = DueFilter(chosen.within_days, chosen.district_code, chosen.type_code, chosen.place_id, chosen.holder_id)
    found: dict[int, None] = {}
    for key in keys:
        statement = selection(session, actor, unplanned, today=today).where(of_group(session, key, today=today))
        statement = statement.outerjoin(Place, Place.id == Instrument.place_id).order_by(
            Place.full_name, Instrument.type_code, Instrument.serial_key, Instrument.part_label, Instrument.id
        )
        found |= dict.fromkeys(session.scalars(statement.limit(limit - len(found))))
        if len(found) >= limit:
            break
    return list(found)


def name_of(session: Session, actor: Actor, key: str) -> DueGroup | None:
    """A group by its key, without its counts; None when there is no such group in the actor's scope."""
    names = _names(session, [key])
    if key not in names:
        return None
    kind, _colon, rest = key.partition(":")
    code: str | None = rest.partition(":")[0] if kind == "week" else rest.partition("-")[2]
    if rest.isdecimal():
        owner: Any = session.get(Place if kind == "place" else Holder, int(rest))
        code = owner.district_code
    if not sees(actor, district_code=code or None, holder_id=None):
        return None
    return DueGroup(key=key, **names[key])


def rotations(session: Session, actor: Actor, *, until: date) -> int:
    """How many meters come to the end of their service life until a day: they are replaced, not visited."""
    statement = within(select(func.count()).select_from(Instrument), actor).where(
        Instrument.state == "in_use", Instrument.due_date <= until, Instrument.due_kind == "rotation"
    )
    return session.scalar(statement) or 0


def monday(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def _district(code: str) -> ColumnElement[bool]:
    return Instrument.district_code == code if code else Instrument.district_code.is_(None)


def _of_week(rest: str, today: date) -> ColumnElement[bool]:
    code, _colon, week = rest.partition(":")
    if week == OVERDUE:
        return _district(code) & (Instrument.due_date < today)
    if week == WAITING:
        return _district(code) & Instrument.due_date.is_(None)
    try:
        first = date.fromisoformat(week)
    except ValueError:
        return false()
    return (
        _district(code)
        & (Instrument.due_date >= max(first, today))
        & (Instrument.due_date <= first + timedelta(days=6))
    )


def _counted(session: Session, statement: Select[Any], by: str, today: date) -> Sequence[Any]:
    """Owner (or day), district, type and counts. Grouped outside a subquery, for expressions with parameters group badly."""
    owner: Any
    if by == "place":
        statement = statement.outerjoin(Place, Place.id == Instrument.place_id)
        owner, has_none = due.root_key(session), Instrument.place_id.is_(None)
    elif by == "holder":
        owner, has_none = Instrument.holder_id, Instrument.holder_id.is_(None)
    else:
        owner = case((Instrument.due_date < today, None), else_=Instrument.due_date)
        has_none = Instrument.id.is_not(None)
    district = case(
        (has_none, Instrument.district_code), else_=None
    )  # without a place there is still a district to go to
    is_late = case((Instrument.due_date < today, 1), else_=0) if by == "week" else literal(0)
    inner = statement.with_only_columns(
        owner.label("owner"),
        district.label("district"),
        is_late.label("is_late"),
        Instrument.type_code,
        Instrument.due_date,
        due.on_visit().label("visits"),
    ).subquery()
    keys = (inner.c.owner, inner.c.district, inner.c.is_late)
    grouped = select(*keys, inner.c.type_code, *due.counts(inner.c.due_date, inner.c.visits, today))
    return session.execute(grouped.group_by(*keys, inner.c.type_code)).all()


def _key(by: str, owner: Any, district: str | None, is_late: int) -> str:
    if by in ("place", "holder"):
        return f"{by}:{NONE}-{district or ''}" if owner is None else f"{by}:{owner}"
    day = date.fromisoformat(owner) if isinstance(owner, str) else owner
    week = OVERDUE if is_late else WAITING if day is None else monday(day).isoformat()
    return f"week:{district or ''}:{week}"


def _rank(by: str, key: str, one: _Sum) -> tuple[Any, ...]:
    if by == "week":
        code, week = key.split(":")[1:]
        return ({OVERDUE: "0", WAITING: "1"}.get(week, week), code)
    return (-(one.overdue + one.waiting), -one.soon, key)


def _names(session: Session, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    districts = {row.code: (row.name_zh, row.name_en) for row in session.scalars(select(District))}
    owners: dict[str, dict[int, Any]] = {}
    for kind, model in (("place", Place), ("holder", Holder)):
        wanted = [
            int(rest) for one, _c, rest in (key.partition(":") for key in keys) if one == kind and rest.isdecimal()
        ]
        rows: Any = session.scalars(select(model).where(model.id.in_(wanted))) if wanted else ()
        owners[kind] = {row.id: row for row in rows}
    found: dict[str, dict[str, Any]] = {}
    for key in keys:
        kind, _colon, rest = key.partition(":")
        if kind == "week":
            code, _colon, week = rest.partition(":")
            day = None if week in (OVERDUE, WAITING) else _day(week)
            if day is not None or week in (OVERDUE, WAITING):
                kind_of = week if day is None else "week"
                found[key] = {"kind": kind_of, "name": "", "week": day, "district": districts.get(code, ("", ""))}
        elif rest.startswith(NONE):
            found[key] = {"kind": f"no_{kind}", "name": "", "district": districts.get(rest.partition("-")[2], ("", ""))}
        elif rest.isdecimal() and (row := owners.get(kind, {}).get(int(rest))) is not None:
            where = districts.get(row.district_code or "", ("", ""))
            found[key] = {"kind": row.kind if kind == "place" else "holder", "name": row.name, "district": where}
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _type_names(session: Session, codes: set[str]) -> dict[str, tuple[str, str]]:
    rows = session.execute(
        select(TypeEntry.code, TypeEntry.name_zh, TypeEntry.name_en).where(TypeEntry.code.in_(codes))
    )
    return {code: (zh, en) for code, zh, en in rows}


def _ranked(counted: dict[str, int], words: dict[str, tuple[str, str]]) -> tuple[tuple[str, str, int], ...]:
    ranked = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return tuple((*words[code], number) for code, number in ranked)
