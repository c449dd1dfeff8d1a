"""What the local institutes may verify: types by institutes, what each lacks, and which instruments of the city go to the province.

An institute can verify a type when it is authorised, has a standard that holds and serves the type, and people who may verify
and check. Instruments beyond a range (DN > 300) are counted from figures of the nameplates that the night makes; nothing
here loads an instrument.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from metrology.domain.authorised import ALL_TYPES, Grant, within_range
from metrology.persistence.authorisations import Authorisation
from metrology.persistence.house import NameplateFigure
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.people import Institute, Qualification, Role, User
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.tallies import state_tally
from metrology.services.authorisations import grant_of

GONE = ("retired", "lost")
SOON = timedelta(days=60)
LACKS = ("authorisation", "standard", "verifier", "checker")


@dataclass(frozen=True, slots=True)
class Cell:
    """What one institute can do for one type: its items of authorisation that hold, and what it lacks."""

    grants: tuple[Grant, ...]
    lacks: tuple[str, ...]
    verifiers: int
    standards: int
    soon: date | None
    """The first day on which something it needs ends, within ``SOON``."""

    @property
    def is_able(self) -> bool:
        """Whether it can verify the type, at least within a range or a district."""
        return not self.lacks

    @property
    def is_limited(self) -> bool:
        """Whether every item of its authorisation is for a range or a district."""
        return self.is_able and all(one.characteristic or one.district_code for one in self.grants)


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Instruments of a type that no local institute may verify: their value of the limiting characteristic, where one limits."""

    characteristic: str
    values: tuple[tuple[str, int], ...]
    by_district: tuple[tuple[str, int], ...]
    count: int


@dataclass(frozen=True, slots=True)
class Line:
    """One type: how many there are in the city, what each institute can do, and what is left for the province."""

    type: TypeEntry
    total: int
    cells: tuple[Cell, ...]
    uncovered: Uncovered

    @property
    def is_covered(self) -> bool:
        """Whether some local institute can verify every one of them."""
        return self.uncovered.count == 0


@dataclass(frozen=True, slots=True)
class Capability:
    """The whole view."""

    institutes: tuple[Institute, ...]
    lines: tuple[Line, ...]
    counted_on: date | None
    """Day of the figures by nameplate; None: never counted."""

    @property
    def total(self) -> int:
        """Instruments in the city."""
        return sum(line.total for line in self.lines)

    @property
    def uncovered(self) -> int:
        """Those no local institute may verify."""
        return sum(line.uncovered.count for line in self.lines)

    @property
    def gaps(self) -> tuple[Line, ...]:
        """Types with instruments for the province, the most first; then types that nobody could verify if one came."""
        open_lines = [line for line in self.lines if not line.is_covered or not any(c.is_able for c in line.cells)]
        return tuple(sorted(open_lines, key=lambda line: (-line.uncovered.count, line.type.position)))


@dataclass(slots=True)
class _Means:
    """What an institute has: people and standards by type."""

    grants: list[Grant] = field(default_factory=list)
    standards: list[tuple[frozenset[str], date]] = field(default_factory=list)
    people: dict[str, dict[str, set[int]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    """Role → type (or *) → people."""
    ends: dict[str, list[date]] = field(default_factory=lambda: defaultdict(list))
    """Type (or *) → days on which qualifications end."""


def view(session: Session, *, today: date, purpose: str = "", group: str = "") -> Capability:
    """Types by institutes as they stand today. ``purpose`` and ``group`` narrow the types."""
    types = _types(session, purpose, group)
    institutes = tuple(session.scalars(select(Institute).where(Institute.is_active).order_by(Institute.id).limit(50)))
    means = _means(session, [one.id for one in institutes], today)
    totals = _totals(session)
    figures = _figures(session)
    lines = []
    for one in types:
        cells = tuple(_cell(means[institute.id], one, today) for institute in institutes)
        grants = [grant for cell in cells if cell.is_able for grant in cell.grants]
        uncovered = _uncovered(one.code, grants, totals.get(one.code, {}), figures)
        lines.append(Line(one, sum(totals.get(one.code, {}).values()), cells, uncovered))
    counted_on = session.scalar(select(func.max(NameplateFigure.counted_on)))
    return Capability(institutes, tuple(lines), counted_on)


def _types(session: Session, purpose: str, group: str) -> list[TypeEntry]:
    statement = (
        select(TypeEntry)
        .where(TypeEntry.is_current, TypeEntry.is_mandatory)
        .order_by(TypeEntry.position, TypeEntry.code)
    )
    if group:
        statement = statement.where(TypeEntry.group_zh == group)
    return [row for row in session.scalars(statement) if not purpose or purpose in (row.purposes or ())]


def _means(session: Session, keys: Sequence[int], today: date) -> dict[int, _Means]:
    found = {key: _Means() for key in keys}
    rows = session.scalars(
        select(Authorisation).where(Authorisation.institute_id.in_(keys), Authorisation.replaced_by_id.is_(None))
    )
    for row in rows:
        grant = grant_of(row)
        if grant.holds_on(today):
            found[row.institute_id].grants.append(grant)
    standards = session.scalars(
        select(MeasurementStandard).where(
            MeasurementStandard.state == "in_use",
            MeasurementStandard.valid_until >= today,
            (MeasurementStandard.examination_valid_until.is_(None))
            | (MeasurementStandard.examination_valid_until >= today),
        )
    )
    for standard in standards:
        ends = min(day for day in (standard.valid_until, standard.examination_valid_until) if day is not None)
        for key in keys if standard.institute_id is None else [standard.institute_id]:
            if key in found:
                found[key].standards.append((frozenset(standard.type_codes or ()), ends))
    _people(session, found, today)
    return found


def _people(session: Session, found: dict[int, _Means], today: date) -> None:
    rows = session.execute(
        select(
            User.institute_id, Role.name, Qualification.type_code, User.id, Qualification.valid_until,
            Qualification.valid_from, Qualification.ended_on,
        )
        .join(Qualification, Qualification.user_id == User.id)
        .join(User.roles)
        .where(
            User.institute_id.in_(found), User.active, Role.name.in_(("verifier", "checker")),
            Qualification.replaced_by_id.is_(None), Qualification.valid_until >= today,
        )
    )  # fmt: skip
    for institute_id, role, code, user_id, until, first, ended in rows:
        if first <= today and (ended is None or today < ended) and institute_id is not None:
            found[institute_id].people[role][code].add(user_id)
            found[institute_id].ends[code].append(until)


def _cell(means: _Means, one: TypeEntry, today: date) -> Cell:
    grants = tuple(grant for grant in means.grants if grant.is_for(one.code))
    serving = [ends for codes, ends in means.standards if one.code in codes or one.group_zh in codes]
    who = {role: means.people[role][one.code] | means.people[role][ALL_TYPES] for role in ("verifier", "checker")}
    lacks = [name for name, there in (("authorisation", grants), ("standard", serving)) if not there]
    lacks += [role for role in ("verifier", "checker") if not who[role]]
    last_days: list[date] = [
        *([max(grant.valid_until for grant in grants)] if grants else []), *([max(serving)] if serving else []),
    ]  # fmt: skip
    people_end = [*means.ends[one.code], *means.ends[ALL_TYPES]]
    last_days += [max(people_end)] if people_end else []
    first = min(last_days, default=None)
    soon = first if first is not None and first <= today + SOON and not lacks else None
    return Cell(grants, tuple(lacks), len(who["verifier"]), len(serving), soon)


def _totals(session: Session) -> dict[str, dict[str, int]]:
    """Type → district → instruments, from the tallies."""
    rows = session.execute(
        select(state_tally.c.type_code, state_tally.c.district_code, func.sum(state_tally.c.instruments))
        .where(state_tally.c.state.not_in(GONE))
        .group_by(state_tally.c.type_code, state_tally.c.district_code)
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for code, district, count in rows:
        if count:
            found[code][district] = int(count)
    return found


Figures = dict[tuple[str, str], list[tuple[str, str, int]]]


def _figures(session: Session) -> Figures:
    """(type, characteristic) → (district, value, instruments)."""
    found: Figures = defaultdict(list)
    for row in session.scalars(select(NameplateFigure)):
        found[row.type_code, row.characteristic].append((row.district_code, row.value, row.count))
    return found


def _uncovered(code: str, grants: Sequence[Grant], totals: dict[str, int], figures: Figures) -> Uncovered:
    """What none of the items covers. Where a range limits, the figures of the nameplates say how many lie outside it.

    An instrument whose nameplate does not say where it stands is not covered by a range: nobody knows.
    """
    limiting = sorted({grant.characteristic for grant in grants if grant.characteristic})
    characteristic = limiting[0] if limiting else ""
    rows: Iterable[tuple[str, str, int]] = ((district, "", count) for district, count in totals.items())
    if characteristic and (code, characteristic) in figures:
        rows = figures[code, characteristic]
    values: dict[str, int] = defaultdict(int)
    districts: dict[str, int] = defaultdict(int)
    for district, value, count in rows:
        if not any(_covers(grant, district, characteristic, value) for grant in grants):
            values[value] += count
            districts[district] += count
    return Uncovered(
        characteristic if values and set(values) != {""} else "",
        tuple(sorted(values.items(), key=lambda pair: -pair[1])),
        tuple(sorted(districts.items(), key=lambda pair: -pair[1])),
        sum(values.values()),
    )


def _covers(grant: Grant, district: str, characteristic: str, value: str) -> bool:
    if grant.district_code is not None and grant.district_code != district:
        return False
    if not grant.characteristic:
        return True
    return grant.characteristic == characteristic and within_range(grant, {characteristic: value})


# -- the night


def count_nameplates(session: Session, *, today: date) -> int:
    """Count anew how the values of the characteristics that limit an authorisation are spread; the number of rows."""
    limiting = session.execute(
        select(Authorisation.type_code, Authorisation.characteristic)
        .where(Authorisation.characteristic != "", Authorisation.replaced_by_id.is_(None))
        .distinct()
    ).all()
    session.execute(delete(NameplateFigure))
    made = 0
    for code, characteristic in limiting:
        value = func.coalesce(Instrument.nameplate[characteristic].as_string(), "")
        district = func.coalesce(Instrument.district_code, "")
        rows = session.execute(
            select(district, value, func.count())
            .where(Instrument.type_code == code, Instrument.state.not_in(GONE), Instrument.is_assembly.is_(False))
            .group_by(district, value)
        ).all()
        if rows:
            session.execute(
                insert(NameplateFigure),
                [
                    {
                        "type_code": code, "characteristic": characteristic, "district_code": where, "value": said[:80],
                        "count": count, "counted_on": today,
                    }
                    for where, said, count in rows
                ],
            )  # fmt: skip
        made += len(rows)
    session.flush()
    return made
