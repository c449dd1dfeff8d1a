"""The figures of each indicator for a period: one figure, its groups, its past months, its target. Definitions: ``domain.indicator``.

All of them are sums of summary rows; none looks at an instrument or a verification. ``as_of`` is a past day: then they say what
was known when it ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.indicator import BY_CODE, Indicator
from metrology.domain.period import Period, add_months, year_back
from metrology.domain.proportion import is_too_few, quantile, wilson
from metrology.domain.quantity import plain
from metrology.persistence.districts import District
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.people import User
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.statements import IndicatorTarget
from metrology.persistence.tally_reading import first_day
from metrology.services.indicator_counting import COUNTED, MONTH, OF_A_DAY, Asked, days_taken

_NOWHERE = "-"
_COLUMNS = {
    "district": "district_code", "type": "type_code", "maker": "manufacturer", "model": "model", "kind": "kind",
    "verifier": "subject_id", "standard": "subject_id", "complaint_kind": "kind",
}  # fmt: skip
_PERCENTILE = {"turnaround": 50, "turnaround_90": 90}


@dataclass(frozen=True)
class Measure:
    """A figure. ``exact`` is in the unit of the indicator (per cent for a share); None where nothing is known or counted."""

    counted: int
    against: int | None
    exact: Fraction | None
    low: float | None = None
    high: float | None = None
    is_known: bool = True

    @property
    def value(self) -> float | None:
        """The figure to be drawn and written; what is compared is ``exact``."""
        return None if self.exact is None else float(self.exact)

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
    target: Decimal | None
    trend: tuple[tuple[Period, Measure], ...]

    @property
    def change(self) -> float | None:
        """Against the same months a year before; None where one of the two is not known."""
        if self.now.exact is None or self.year_before.exact is None:
            return None
        return float(self.now.exact - self.year_before.exact)

    @property
    def meets(self) -> bool | None:
        """Whether the target is reached; None without one, or where neither way is better."""
        if self.target is None or self.now.exact is None or self.indicator.direction == "none":
            return None
        target = Fraction(self.target)
        return self.now.exact >= target if self.indicator.direction == "higher" else self.now.exact <= target


def measure(session: Session, actor: Actor, code: str, asked: Asked) -> Measure:
    """One figure of an indicator."""
    found = _by(session, actor, code, asked, ()).get(())
    return _nothing(session, code, asked.end) if found is None else found


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
    whole = replace(asked, period=Period(add_months(last, 1 - months), months))
    found = _by(session, actor, code, whole, (MONTH,))
    firsts = [add_months(last, -back) for back in range(months - 1, -1, -1)]
    return tuple(
        (Period(first, 1), found.get((first,)) or _nothing(session, code, _end_of(whole, first))) for first in firsts
    )


def standing(session: Session, actor: Actor, code: str, asked: Asked, months: int = 12) -> Standing:
    """An indicator with the year before, its target, and its trend."""
    before = replace(asked, period=asked.period.year_before())
    if asked.end < asked.period.last:  # what is compared is as long
        before = replace(before, as_of=year_back(asked.end))
    return Standing(
        BY_CODE[code], measure(session, actor, code, asked), measure(session, actor, code, before),
        target_of(session, code, asked.end), trend(session, actor, code, asked, months),
    )  # fmt: skip


def target_of(session: Session, code: str, day: date) -> Decimal | None:
    """The target in force on a day."""
    statement = select(IndicatorTarget.value).where(
        IndicatorTarget.indicator == code, IndicatorTarget.valid_from <= day
    )
    found: Decimal | None = session.scalar(
        statement.order_by(IndicatorTarget.valid_from.desc(), IndicatorTarget.id.desc()).limit(1)
    )
    return None if found is None else Decimal(plain(found))  # as it was set: 92.5 and not 92.5000


# -- what is counted


def reach(actor: Actor, asked: Asked) -> Asked:
    """What is asked, within what somebody may see: an account of a district asks of its own, a holder of none."""
    if actor.is_holder:
        return replace(asked, district_code=_NOWHERE)
    if actor.district_code is None:
        return asked
    is_own = asked.district_code in (None, actor.district_code)
    return replace(asked, district_code=actor.district_code if is_own else _NOWHERE)


def _by(
    session: Session, actor: Actor, code: str, asked: Asked, keys: tuple[str, ...]
) -> dict[tuple[Any, ...], Measure]:
    asked = reach(actor, asked)
    if code in _PERCENTILE:
        taken = days_taken(session, asked, keys)
        return {key: _measure(code, sum(days.values()), None, days) for key, days in taken.items()}
    counted = COUNTED[code](session, code, asked, keys)
    found = {key: _measure(code, number, against, {}) for key, (number, against) in counted.items()}
    if code not in OF_A_DAY:
        return found
    first = first_day(session)
    by_month = keys == (MONTH,)
    return {
        key: one if _is_known(first, _end_of(asked, key[0]) if by_month else asked.end) else _unknown(one)
        for key, one in found.items()
    }


def _end_of(asked: Asked, month: date) -> date:
    return min(Period.of_month(month).last, asked.day)


def _is_known(first: date | None, day: date) -> bool:
    return first is not None and day >= first


def _unknown(one: Measure) -> Measure:
    return replace(one, exact=None, low=None, high=None, is_known=False)


def _nothing(session: Session, code: str, end: date) -> Measure:
    """The figure of a period in which nothing was counted."""
    has_two = BY_CODE[code].unit in ("share", "per_10000") or code.startswith("workload")
    one = _measure(code, 0, 0 if has_two else None, {})
    return one if code not in OF_A_DAY or _is_known(first_day(session), end) else _unknown(one)


def _measure(code: str, counted: int, against: int | None, days: Mapping[int, int]) -> Measure:
    indicator = BY_CODE[code]
    if indicator.unit == "days":
        found = quantile(days, _PERCENTILE[code])
        return Measure(counted, None, None if found is None else Fraction(found))
    if against is None:
        return Measure(counted, None, Fraction(counted))
    if against == 0:
        return Measure(counted, 0, None)
    factor = {"share": 100, "per_10000": 10_000}.get(indicator.unit, 1)
    low = high = None
    if indicator.has_interval:
        low, high = (100 * end for end in wilson(counted, against))
    return Measure(counted, against, Fraction(factor * counted, against), low, high)


def turnaround_days(session: Session, actor: Actor, asked: Asked) -> dict[int, int]:
    """How many took how many days."""
    return dict(days_taken(session, reach(actor, asked), ()).get((), {}))


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
