"""The figures of each indicator for a period: one figure, its groups, its past months, its target. Definitions: ``domain.indicator``.

All of them are sums of summary rows; none looks at an instrument or a verification. ``as_of`` is a past day: then they say what
was known when it ended.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.indicator import BY_CODE, MANDATORY_PURPOSES, Indicator
from metrology.domain.period import Period, add_months
from metrology.domain.proportion import is_too_few, quantile, wilson
from metrology.persistence import outcome_tallies as kept
from metrology.persistence.districts import District
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.outcome_reading import sums
from metrology.persistence.people import User
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.statements import IndicatorTarget
from metrology.persistence.tally_reading import TallyScope, first_day, grouped

_NOWHERE = "-"
_FIRST_KINDS = ("initial", "subsequent")
_COLUMNS = {
    "district": "district_code", "type": "type_code", "maker": "manufacturer", "model": "model", "kind": "kind",
    "verifier": "subject_id", "standard": "subject_id", "complaint_kind": "kind",
}  # fmt: skip
_OF_A_DAY = ("coverage", "complaints")
"""Those that need to know how many were in use on a day."""
_PERCENTILE = {"turnaround": 50, "turnaround_90": 90}
Counts = dict[tuple[Any, ...], tuple[int, int | None]]
"""Group → counted and against; None: against nothing."""


@dataclass(frozen=True)
class Asked:
    """What figures are asked for."""

    period: Period
    today: date
    as_of: date | None = None
    district_code: str | None = None
    type_code: str | None = None
    manufacturer: str | None = None

    @property
    def day(self) -> date:
        """The day whose knowledge counts."""
        return self.today if self.as_of is None else min(self.as_of, self.today)

    @property
    def past(self) -> date | None:
        """The same, where it is past; None for now."""
        return None if self.day == self.today else self.day

    @property
    def end(self) -> date:
        """The day as which a state is asked for: the end of the period, or the day itself before it."""
        return min(self.period.last, self.day)


@dataclass(frozen=True)
class Measure:
    """A figure. ``value`` is in the unit of the indicator (per cent for a share); None where nothing is known or counted."""

    counted: int
    against: int | None
    value: float | None
    low: float | None = None
    high: float | None = None
    is_known: bool = True

    @property
    def is_too_few(self) -> bool:
        """Whether a share rests on too few to say anything."""
        return self.against is not None and is_too_few(self.against)


@dataclass(frozen=True)
class GroupMeasure:
    """The figure of one group."""

    key: str
    name_zh: str
    name_en: str
    measure: Measure


@dataclass(frozen=True)
class Standing:
    """An indicator as the dashboard shows it."""

    indicator: Indicator
    now: Measure
    year_before: Measure
    target: float | None
    trend: tuple[tuple[Period, Measure], ...]

    @property
    def change(self) -> float | None:
        """Against the same months a year before; None where one of the two is not known."""
        if self.now.value is None or self.year_before.value is None:
            return None
        return self.now.value - self.year_before.value

    @property
    def meets(self) -> bool | None:
        """Whether the target is reached; None without one, or where neither way is better."""
        if self.target is None or self.now.value is None or self.indicator.direction == "none":
            return None
        return self.now.value >= self.target if self.indicator.direction == "higher" else self.now.value <= self.target


def measure(session: Session, actor: Actor, code: str, asked: Asked) -> Measure:
    """One figure of an indicator."""
    found = _by(session, actor, code, asked, ()).get(())
    if found is not None:
        return found
    is_known = code not in _OF_A_DAY or _is_known(session, asked.end)
    return replace(_measure(code, 0, _nothing(code), {}), is_known=is_known)


def groups(session: Session, actor: Actor, code: str, asked: Asked, by: str) -> list[GroupMeasure]:
    """Its figures by one of what it can be broken down by, the largest first."""
    if by not in BY_CODE[code].by:
        raise KeyError(by)
    keys = ("type_code", "manufacturer", "model") if by == "model" else (_COLUMNS[by],)
    found = _by(session, actor, code, asked, keys)
    names = _names(session, by, [key[0] for key in found])
    rows = []
    for key, one in found.items():
        zh, en = names.get(key[0], (str(key[0] or ""), str(key[0] or "")))
        if by == "model":
            words = " · ".join(word for word in key[1:] if word)
            zh, en = f"{words} · {zh}", f"{words} · {en}"
        rows.append(GroupMeasure("|".join(str(part) for part in key), zh, en, one))
    return sorted(rows, key=lambda row: (-(row.measure.against or row.measure.counted), row.key))


def trend(
    session: Session, actor: Actor, code: str, asked: Asked, months: int = 12
) -> tuple[tuple[Period, Measure], ...]:
    """The single months up to the end of the period, or up to today before it."""
    last = asked.end.replace(day=1)
    rows = []
    for back in range(months - 1, -1, -1):
        month = Period(add_months(last, -back), 1)
        rows.append((month, measure(session, actor, code, replace(asked, period=month))))
    return tuple(rows)


def standing(session: Session, actor: Actor, code: str, asked: Asked, months: int = 12) -> Standing:
    """An indicator with the year before, its target, and its trend."""
    before = replace(asked, period=asked.period.year_before())
    if asked.end < asked.period.last:  # what is compared is as long
        before = replace(before, as_of=_year_back(asked.end))
    return Standing(
        BY_CODE[code], measure(session, actor, code, asked), measure(session, actor, code, before),
        target_of(session, code, asked.end), trend(session, actor, code, asked, months),
    )  # fmt: skip


def target_of(session: Session, code: str, day: date) -> float | None:
    """The target in force on a day."""
    statement = select(IndicatorTarget.value).where(
        IndicatorTarget.indicator == code, IndicatorTarget.valid_from <= day
    )
    found: float | None = session.scalar(
        statement.order_by(IndicatorTarget.valid_from.desc(), IndicatorTarget.id.desc()).limit(1)
    )
    return found


def _year_back(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)


# -- what is counted


def _district(actor: Actor, asked: Asked) -> str | None:
    if actor.is_holder:
        return _NOWHERE
    if actor.district_code is None:
        return asked.district_code
    return actor.district_code if asked.district_code in (None, actor.district_code) else _NOWHERE


def _by(
    session: Session, actor: Actor, code: str, asked: Asked, keys: tuple[str, ...]
) -> dict[tuple[Any, ...], Measure]:
    asked = replace(asked, district_code=_district(actor, asked))
    if code in _PERCENTILE:
        return {
            key: _measure(code, sum(days.values()), None, days) for key, days in _days(session, asked, keys).items()
        }
    counted = _COUNTED[code](session, code, asked, keys)
    known = code not in _OF_A_DAY or _is_known(session, asked.end)
    found = {key: _measure(code, number, against, {}) for key, (number, against) in counted.items()}
    return (
        found
        if known
        else {key: replace(one, value=None, low=None, high=None, is_known=False) for key, one in found.items()}
    )


def _is_known(session: Session, day: date) -> bool:
    first = first_day(session)
    return first is not None and day >= first


def _nothing(code: str) -> int | None:
    return 0 if BY_CODE[code].unit in ("share", "per_10000") or code.startswith("workload") else None


def _measure(code: str, counted: int, against: int | None, days: Mapping[int, int]) -> Measure:
    indicator = BY_CODE[code]
    if indicator.unit == "days":
        found = quantile(days, _PERCENTILE[code])
        return Measure(counted, None, None if found is None else float(found))
    if against is None:
        return Measure(counted, None, float(counted))
    if against == 0:
        return Measure(counted, 0, None)
    factor = {"share": 100, "per_10000": 10_000}.get(indicator.unit, 1)
    low = high = None
    if indicator.has_interval:
        low, high = (100 * end for end in wilson(counted, against))
    return Measure(counted, against, factor * counted / against, low, high)


def _outcomes(session: Session, code: str, asked: Asked, keys: tuple[str, ...]) -> Counts:
    is_fine = asked.manufacturer is not None or bool({"manufacturer", "model"} & set(keys))
    table = kept.MAKER.table if is_fine else kept.OUTCOME.table
    equal = {"district_code": asked.district_code, "type_code": asked.type_code}
    if asked.manufacturer is not None:
        equal["manufacturer"] = asked.manufacturer
    among = {"kind": {"first_pass": _FIRST_KINDS, "repaired": ("after_repair",)}.get(code)}
    rows = sums(
        session, table, (*keys, "verdict"), first=asked.period.first, last=asked.period.last, equal=equal,
        among={key: value for key, value in among.items() if value}, day=asked.past,
    )  # fmt: skip
    wanted = {"rejected": ("rejected",), "verified": ("conforms", "rejected")}.get(code, ("conforms",))
    found: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    for key, number in rows:
        found[key[:-1]][0] += number if key[-1] in wanted else 0
        found[key[:-1]][1] += number
    has_share = BY_CODE[code].unit == "share"
    return {key: (one, all_ if has_share else None) for key, (one, all_) in found.items() if has_share or one}


def _work(session: Session, code: str, asked: Asked, keys: tuple[str, ...]) -> Counts:
    role = "verifier" if code == "workload_verifier" else "standard"
    rows = sums(
        session, kept.work_tally, ("subject_id",), first=asked.period.first, last=asked.period.last,
        equal={"role": role, "district_code": asked.district_code}, day=asked.past,
    )  # fmt: skip
    if keys:
        return {key: (number, None) for key, number in rows}
    return {(): (sum(number for _key, number in rows), len(rows))}


def _timely(session: Session, code: str, asked: Asked, keys: tuple[str, ...]) -> Counts:  # noqa: ARG001 - as all of them
    last = min(asked.period.last, asked.day - timedelta(days=1))
    found: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    if last >= asked.period.first:
        equal = {"district_code": asked.district_code, "type_code": asked.type_code}
        rows = sums(
            session, kept.TIMELY.table, (*keys, "is_late"), first=asked.period.first, last=last, equal=equal,
            day=asked.past, over="due_on",
        )  # fmt: skip
        for key, number in rows:
            found[key[:-1]][0] += 0 if key[-1] else number
            found[key[:-1]][1] += number
        scope = TallyScope(
            district_code=asked.district_code, type_code=asked.type_code, due_kind="verification", day=asked.past
        )
        for key, counts in grouped(session, scope, keys, ((asked.period.first, last),)):
            found[key][1] += counts[0]
    return {key: (one, all_) for key, (one, all_) in found.items()}


def _covered(session: Session, code: str, asked: Asked, keys: tuple[str, ...]) -> Counts:  # noqa: ARG001 - as all of them
    scope = TallyScope(
        district_code=asked.district_code,
        type_code=asked.type_code,
        day=None if asked.end == asked.today else asked.end,
    )
    mandatory = set(session.scalars(select(TypeEntry.code).where(TypeEntry.is_mandatory)))
    full = ("district_code", "type_code", "purpose")
    places = [full.index(key) for key in keys]
    found: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])

    def add(rows: Iterable[tuple[tuple[Any, ...], tuple[int, ...]]], counted: int, against: int) -> None:
        for key, counts in rows:
            if key[1] in mandatory and key[2] in MANDATORY_PURPOSES:
                group = tuple(key[place] for place in places)
                found[group][0] += counted * counts[0]
                found[group][1] += against * counts[0]

    verified = replace(scope, is_verified=True)
    add(grouped(session, scope, full), 0, 1)
    add(grouped(session, verified, full), 1, 0)
    add(grouped(session, verified, full, ((None, asked.end - timedelta(days=1)),)), -1, 0)
    return {key: (one, all_) for key, (one, all_) in found.items()}


def _complained(session: Session, code: str, asked: Asked, keys: tuple[str, ...]) -> Counts:  # noqa: ARG001 - as all of them
    rows = dict(
        sums(
            session, kept.complaint_tally, keys, first=asked.period.first, last=asked.period.last,
            equal={"district_code": asked.district_code}, day=asked.past,
        )
    )  # fmt: skip
    scope = TallyScope(district_code=asked.district_code, day=None if asked.end == asked.today else asked.end)
    if keys == ("district_code",):
        used = {key: counts[0] for key, counts in grouped(session, scope, keys)}
        return {key: (rows.get(key, 0), used.get(key, 0)) for key in {*rows, *used}}
    total = sum(counts[0] for _key, counts in grouped(session, scope, ()))
    return {key: (number, total) for key, number in rows.items()} if keys else {(): (rows.get((), 0), total)}


def _days(session: Session, asked: Asked, keys: tuple[str, ...]) -> dict[tuple[Any, ...], Counter[int]]:
    rows = sums(
        session, kept.TURNAROUND.table, (*keys, "days"), first=asked.period.first, last=asked.period.last,
        equal={"district_code": asked.district_code, "type_code": asked.type_code}, day=asked.past,
    )  # fmt: skip
    found: dict[tuple[Any, ...], Counter[int]] = defaultdict(Counter)
    for key, number in rows:
        found[key[:-1]][key[-1]] += number
    return found


def turnaround_days(session: Session, actor: Actor, asked: Asked) -> dict[int, int]:
    """How many took how many days."""
    asked = replace(asked, district_code=_district(actor, asked))
    return dict(_days(session, asked, ()).get((), Counter()))


_COUNTED: dict[str, Any] = {
    "coverage": _covered, "on_time": _timely, "first_pass": _outcomes, "rejected": _outcomes, "repaired": _outcomes,
    "verified": _outcomes, "workload_verifier": _work, "workload_standard": _work, "complaints": _complained,
}  # fmt: skip


def _names(session: Session, by: str, keys: Iterable[Any]) -> dict[Any, tuple[str, str]]:
    wanted = list(dict.fromkeys(keys))
    if by == "district":
        return {one.code: (one.name_zh, one.name_en) for one in session.scalars(select(District))}
    if by in ("type", "model"):
        rows = session.scalars(select(TypeEntry).where(TypeEntry.code.in_(wanted)))
        return {one.code: (one.name_zh, one.name_en) for one in rows}
    if by == "verifier":
        return {
            key: (name, name) for key, name in session.execute(select(User.id, User.name).where(User.id.in_(wanted)))
        }
    if by == "standard":
        standards = session.scalars(select(MeasurementStandard).where(MeasurementStandard.id.in_(wanted)))
        return {one.id: (f"{one.number} {one.name}", f"{one.number} {one.name_en or one.name}") for one in standards}
    return {}
