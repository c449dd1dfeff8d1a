"""What indicators count: for each, how many of how many, by group or by month, from summary rows alone.

A key is a column of a tally; ``MONTH`` groups by single months, so that a year of months costs one question and not twelve.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.indicator import BY_CODE, MANDATORY_PURPOSES
from metrology.domain.period import Period, add_months
from metrology.persistence import outcome_tallies as kept
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.outcome_reading import sums
from metrology.persistence.state_reading import States, states
from metrology.persistence.tally_reading import TallyScope, by_due_date, grouped

MONTH = "month"
OF_A_DAY = ("coverage", "complaints")
"""Those that need to know how many were in use on a day."""
_FIRST_KINDS = ("initial", "subsequent")
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
    listed_from: date | None = None
    """The first day of which it is known which instruments were in use; None where no list is asked for."""

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


def months_of(asked: Asked) -> list[date]:
    """The first days of the months of the period that have begun."""
    found = [add_months(asked.period.first, step) for step in range(asked.period.months)]
    return [first for first in found if first <= asked.day]


def _ends(asked: Asked, keys: tuple[str, ...]) -> list[date]:
    """The days as which a state is asked for: the end of the period, or of each of its months."""
    if keys != (MONTH,):
        return [asked.end]
    return [min(Period.of_month(first).last, asked.day) for first in months_of(asked)]


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
    by_month = keys == (MONTH,)
    rows = sums(
        session, kept.work_tally, (MONTH, "subject_id") if by_month else ("subject_id",), first=asked.period.first,
        last=asked.period.last, equal={"role": role, "district_code": asked.district_code}, day=asked.past,
    )  # fmt: skip
    if keys and not by_month:
        return {key: (number, None) for key, number in rows}
    found: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    for key, number in rows:
        found[key[:-1]][0] += number
        found[key[:-1]][1] += 1
    return {key: (one, all_) for key, (one, all_) in found.items()}


def _timely(session: Session, code: str, asked: Asked, keys: tuple[str, ...]) -> Counts:  # noqa: ARG001 - as all of them
    last = min(asked.period.last, asked.day - timedelta(days=1))
    found: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    if last < asked.period.first:
        return {}
    by_month = keys == (MONTH,)
    rows = sums(
        session, kept.TIMELY.table, (*(("due_on",) if by_month else keys), "is_late"), first=asked.period.first, last=last,
        equal={"district_code": asked.district_code, "type_code": asked.type_code}, day=asked.past, over="due_on",
    )  # fmt: skip
    for key, number in rows:
        group = (key[0].replace(day=1),) if by_month else key[:-1]
        found[group][0] += 0 if key[-1] else number
        found[group][1] += number
    scope = TallyScope(
        district_code=asked.district_code, type_code=asked.type_code, due_kind="verification", day=asked.past
    )
    if by_month:
        for due, number in by_due_date(session, scope, (asked.period.first, last)).items():
            found[(due.replace(day=1),)][1] += number
    else:
        for key, counts in grouped(session, scope, keys, ((asked.period.first, last),)):
            found[key][1] += counts[0]
    return {key: (one, all_) for key, (one, all_) in found.items()}


def verified_late(session: Session, asked: Asked) -> int:
    """Of what fell due in the period, how many were verified after their last valid day."""
    last = min(asked.period.last, asked.day - timedelta(days=1))
    rows = sums(
        session, kept.TIMELY.table, (), first=asked.period.first, last=last, day=asked.past, over="due_on",
        equal={"district_code": asked.district_code, "type_code": asked.type_code, "is_late": True},
    )  # fmt: skip
    return rows[0][1] if rows else 0


def _by_day(
    session: Session, asked: Asked, keys: tuple[str, ...], *, with_valid: bool = True, **among: tuple[str, ...]
) -> States:
    """In use and valid by group at the end of the period, or by month at the end of each."""
    groups = () if keys == (MONTH,) else keys
    narrowed = {"district_code": asked.district_code, "type_code": asked.type_code}
    equal = {key: (value,) for key, value in narrowed.items() if value is not None}
    given = {**among, **equal}
    if "type_code" in among and asked.type_code is not None:
        given["type_code"] = tuple(set(among["type_code"]) & {asked.type_code})
    days = _ends(asked, keys)
    found = states(session, days, groups, given, with_valid=with_valid)
    if keys != (MONTH,):
        return found[days[0]]
    return {(day.replace(day=1),): counts for day, of in found.items() for counts in of.values()}


def _covered(session: Session, code: str, asked: Asked, keys: tuple[str, ...]) -> Counts:  # noqa: ARG001 - as all of them
    mandatory = tuple(session.scalars(select(TypeEntry.code).where(TypeEntry.is_mandatory)))
    found = _by_day(session, asked, keys, type_code=mandatory, purpose=MANDATORY_PURPOSES)
    return {key: (valid, used) for key, (used, valid) in found.items()}


def _complained(session: Session, code: str, asked: Asked, keys: tuple[str, ...]) -> Counts:  # noqa: ARG001 - as all of them
    rows = dict(
        sums(
            session, kept.complaint_tally, keys, first=asked.period.first, last=asked.period.last,
            equal={"district_code": asked.district_code}, day=asked.past,
        )
    )  # fmt: skip
    whole = replace(asked, type_code=None)  # a complaint is about a code that may belong to nothing
    if keys in ((), (MONTH,), ("district_code",)):
        used = {key: counts[0] for key, counts in _by_day(session, whole, keys, with_valid=False).items()}
        found: Counts = {key: (rows.get(key, 0), used.get(key, 0)) for key in {*rows, *used}}
        return found or {(): (0, 0)} if keys == () else found
    total = sum(counts[0] for counts in _by_day(session, whole, (), with_valid=False).values())
    return {key: (number, total) for key, number in rows.items()}


def days_taken(session: Session, asked: Asked, keys: tuple[str, ...]) -> dict[tuple[Any, ...], Counter[int]]:
    """How many took how many days, by group."""
    rows = sums(
        session, kept.TURNAROUND.table, (*keys, "days"), first=asked.period.first, last=asked.period.last,
        equal={"district_code": asked.district_code, "type_code": asked.type_code}, day=asked.past,
    )  # fmt: skip
    found: dict[tuple[Any, ...], Counter[int]] = defaultdict(Counter)
    for key, number in rows:
        found[key[:-1]][key[-1]] += number
    return found


COUNTED: dict[str, Callable[[Session, str, Asked, tuple[str, ...]], Counts]] = {
    "coverage": _covered, "on_time": _timely, "first_pass": _outcomes, "rejected": _outcomes, "repaired": _outcomes,
    "verified": _outcomes, "workload_verifier": _work, "workload_standard": _work, "complaints": _complained,
}  # fmt: skip
"""Indicator → how it is counted; turnaround is read by ``days_taken``."""
