"""The overdue report beside a recount in plain SQL: random registries changed on several days, filters, scopes, past days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import insert, text, update
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.places import Place
from metrology.persistence.visits import Visit, VisitItem
from metrology.services.reporting import OverdueFilter, OverdueReport, overdue_report
from tests.conftest import NOW, TODAY

DAYS = [TODAY - timedelta(days=back) for back in (3, 2, 1, 0)]
MANAGER = Actor(None, "m", frozenset({"manager"}))
LOCAL = Actor(None, "m", frozenset({"manager"}), district_code="410783")
_numbers = count(1)

# What is asked of each registry: the filter, who asks, and the same as plain SQL.
ASKED: list[tuple[OverdueFilter, Actor, str]] = [
    (OverdueFilter(), MANAGER, "1 = 1"),
    (OverdueFilter(), LOCAL, "i.district_code = '410783'"),
    (OverdueFilter(district_code="410702"), LOCAL, "1 = 0"),
    (OverdueFilter(district_code=""), MANAGER, "i.district_code is null"),
    (
        OverdueFilter(type_code="cold_water_meter", purpose="trade"),
        MANAGER,
        "i.type_code = 'cold_water_meter' and i.purpose = 'trade'",
    ),
]
RECOUNT = """
select count(*) as in_use,
  coalesce(sum(case when i.due_date between :d30 and :d1 then 1 else 0 end), 0) as a1,
  coalesce(sum(case when i.due_date between :d90 and :d31 then 1 else 0 end), 0) as a2,
  coalesce(sum(case when i.due_date between :d180 and :d91 then 1 else 0 end), 0) as a3,
  coalesce(sum(case when i.due_date <= :d181 then 1 else 0 end), 0) as a4,
  coalesce(sum(case when i.due_date between :d0 and :p29 then 1 else 0 end), 0) as p30,
  coalesce(sum(case when i.due_date between :d0 and :p59 then 1 else 0 end), 0) as p60,
  coalesce(sum(case when i.due_date between :d0 and :p89 then 1 else 0 end), 0) as p90
from instrument i left join place p on p.id = i.place_id
where i.state = 'in_use' and {assembly} and {where}
"""
BY_GROUP = """
select {key} as k, count(*) as n, min(i.due_date) as oldest from instrument i left join place p on p.id = i.place_id
where i.state = 'in_use' and i.due_date <= :d1 and {assembly} and {where} and {key} is not null group by {key}
"""

_facts = st.fixed_dictionaries(
    {
        "district_code": st.sampled_from(["410702", "410783", None]),
        "type_code": st.sampled_from(["fuel_dispenser", "cold_water_meter"]),
        "purpose": st.sampled_from(["trade", "safety"]),
        "state": st.sampled_from(["in_use", "in_use", "in_use", "rejected", "awaiting_verification"]),
        "late": st.none()
        | st.sampled_from([-90, -89, -60, -59, -30, -29, -1, 0, 1, 2, 30, 31, 32, 90, 91, 180, 181, 400]),
        "holder": st.sampled_from([None, 0, 1]),
        "place": st.sampled_from([None, 0, 1]),
        "is_assembly": st.sampled_from([False, False, False, True]),
        "is_planned": st.booleans(),
    }
)
_registry = st.lists(st.lists(st.tuples(st.booleans(), _facts, st.integers(0, 9)), max_size=5), min_size=4, max_size=4)


@hypothesis_settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(changes=_registry)
def test_report_of_every_day_is_what_plain_sql_counted_that_day(
    session: Session, changes: list[list[tuple[bool, dict[str, Any], int]]]
) -> None:
    session.rollback()  # what an example that failed left
    holders, places = _around(session)
    keys: list[int] = []
    asked = [
        *ASKED,
        (OverdueFilter(holder_id=holders[1]), MANAGER, f"i.holder_id = {holders[1]}"),
        (OverdueFilter(place_id=places[0]), MANAGER, f"p.path like '/{places[0]}/%'"),
        (OverdueFilter(age="31-90", place_id=places[0]), LOCAL, f"p.path like '/{places[0]}/%' and i.district_code = '410783'"),
    ]  # fmt: skip
    visit = Visit(number=f"V{next(_numbers)}", title="v", planned_on=TODAY, created_at=NOW, updated_at=NOW)
    session.add(visit)
    counted: dict[date, list[dict[str, Any]]] = {}
    for day, steps in zip(DAYS, changes, strict=True):
        for is_new, facts, which in steps:
            values = _values(facts, holders, places, day)
            if is_new or not keys:
                number = next(_numbers)
                new = {
                    "number": f"R{number}", "public_code": f"r{number}", "serial_number": f"R{number}", "serial_key": f"r{number}",
                    "manufacturer_key": "", "created_at": values["updated_at"],
                }  # fmt: skip
                keys.append(
                    session.execute(insert(Instrument).values(**new, **values).returning(Instrument.id)).scalar_one()
                )
            else:
                session.execute(update(Instrument).where(Instrument.id == keys[which % len(keys)]).values(**values))
            if facts["is_planned"]:
                _plan(session, visit, keys[-which % len(keys)], day)
        counted[day] = [_recount(session, where, day, chosen.age) for chosen, _actor, where in asked]
    first = next(
        (
            day
            for day, steps in zip(DAYS, changes, strict=True)
            if any(not facts["is_assembly"] for _new, facts, _at in steps)
        ),
        None,
    )  # an assembly is not counted
    for day, expected in counted.items():
        for (chosen, actor, _where), figures in zip(asked, expected, strict=True):
            report = overdue_report(session, actor, today=TODAY, chosen=chosen, as_of=day)
            if day < (first or TODAY):
                figures |= {"planned": (None,) * 4}  # before anything is counted
            assert _said(report) == figures, (day, chosen)
            assert report.is_past == (day < TODAY)
            assert report.known_from == first
    session.rollback()


def _said(report: OverdueReport) -> dict[str, Any]:
    return {
        "in_use": report.in_use,
        "ageing": report.ageing,
        "ahead": tuple(one.count for one in report.ahead),
        "planned": (report.planned, *(one.planned for one in report.ahead)),
        "planned_by": {
            name: {group.key: group.planned for group in getattr(report, name) if group.planned}
            for name in ("districts", "types", "holders", "places")
        },
        "districts": {group.key: group.total for group in report.districts if group.total},
        "types": {group.key: group.total for group in report.types},
        "holders": {group.key: (group.total, group.oldest) for group in report.holders},
        "places": {group.key: group.total for group in report.places},
    }


def _recount(session: Session, where: str, day: date, age: str | None) -> dict[str, Any]:
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    shift: dict[str, Any] = {f"d{n}": day - timedelta(days=n) for n in (0, 1, 30, 31, 90, 91, 180, 181)}
    shift |= {f"p{n}": day + timedelta(days=n) for n in (29, 59, 89)}
    if is_sqlite:
        shift = {name: value.isoformat() for name, value in shift.items()}
    words = {"assembly": "not i.is_assembly", "where": where}
    row = session.execute(text(RECOUNT.format(**words)), shift).one()
    visits = "exists (select 1 from visit_item v where v.open_key = i.id)"
    on_visits = session.execute(text(RECOUNT.format(assembly=visits, where=where)), shift).one()
    late = "1 = 1" if age is None else "i.due_date between :d90 and :d31"
    root = (
        "cast(substr(p.path, 2, instr(substr(p.path, 2), '/') - 1) as text)"
        if is_sqlite
        else "split_part(p.path, '/', 2)"
    )
    groups: dict[str, Any] = {}
    planned_by: dict[str, Any] = {}
    for name, key in (
        ("districts", "coalesce(i.district_code, '')"),
        ("types", "i.type_code"),
        ("holders", "i.holder_id"),
        ("places", root),
    ):
        sql = BY_GROUP.format(key=key, assembly=words["assembly"], where=f"{where} and {late}")
        found = session.execute(text(sql), shift).all()
        sql = BY_GROUP.format(key=key, assembly=visits, where=f"{where} and {late}")
        planned_by[name] = {str(row.k): row.n for row in session.execute(text(sql), shift)}
        if name == "holders":
            groups[name] = {str(k): (n, _date(oldest)) for k, n, oldest in found}
        else:
            groups[name] = {str(k): n for k, n, _oldest in found}
    return {
        "in_use": row.in_use,
        "ageing": _ageing(row, age),
        "ahead": (row.p30, row.p60, row.p90),
        "planned": (sum(_ageing(on_visits, age)), on_visits.p30, on_visits.p60, on_visits.p90),
        "planned_by": planned_by,
        **groups,
    }


def _ageing(row: Any, age: str | None) -> tuple[int, ...]:
    return (row.a1, row.a2, row.a3, row.a4) if age is None else (0, row.a2, 0, 0)


def _date(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _around(session: Session) -> tuple[list[int], list[int]]:
    """Two holders; a market and its stall."""
    number = next(_numbers)
    holders = [
        Holder(number=f"H{number}{name}", name=name, identity_key=f"{number}{name}", created_at=NOW, updated_at=NOW)
        for name in ("甲", "乙")
    ]
    market = Place(kind="market", name="市场", identity_key=f"m{number}", created_at=NOW, updated_at=NOW)
    session.add_all([*holders, market])
    session.flush()
    market.path = f"/{market.id}/"
    stall = Place(kind="stall", name="A", identity_key=f"s{number}", parent=market, created_at=NOW, updated_at=NOW)
    session.add(stall)
    session.flush()
    stall.path = f"{market.path}{stall.id}/"
    session.flush()
    return [one.id for one in holders], [market.id, stall.id]


def _values(facts: dict[str, Any], holders: list[int], places: list[int], day: date) -> dict[str, Any]:
    """What the database admits of it: an assembly is never due, and a due date has its basis."""
    late = None if facts["is_assembly"] else facts["late"]
    due = None if late is None else TODAY - timedelta(days=late)
    return {
        **{key: facts[key] for key in ("district_code", "type_code", "purpose", "state", "is_assembly")},
        "due_date": due,
        "due_basis": "ledger" if due else None,
        "last_verified_on": due - timedelta(days=365) if due else None,
        "holder_id": None if facts["holder"] is None else holders[facts["holder"]],
        "place_id": None if facts["place"] is None else places[facts["place"]],
        "updated_at": _noon(day),
    }


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def _plan(session: Session, visit: Visit, key: int, day: date) -> None:
    """Put an instrument on the visit, or take it off where it stands on it."""
    at = _noon(day)
    item = next((one for one in visit.items if one.instrument_id == key), None)
    if item is None:
        item = VisitItem(instrument_id=key)
        visit.items.append(item)
    if item.open_key is None:
        item.put_on(key, at)
    else:
        item.take_off(at)
    session.flush()


def test_change_of_a_narrowed_report_is_worked_out_from_what_changed_since(session: Session) -> None:
    """No figures are kept by holder: the end of October comes from the changes since, where it is known."""
    holders, places = _around(session)
    late = {"district_code": "410702", "type_code": "fuel_dispenser", "purpose": "trade", "state": "in_use", "is_assembly": False, "holder": 0, "place": None}  # fmt: skip
    for day, days_late in ((date(2026, 10, 20), 60), (date(2026, 11, 5), 10)):
        number = next(_numbers)
        new = {"number": f"R{number}", "public_code": f"r{number}", "serial_number": "1", "serial_key": f"r{number}", "manufacturer_key": ""}  # fmt: skip
        values = _values({**late, "late": days_late}, holders, places, day)
        session.execute(insert(Instrument).values(**new, **values, created_at=values["updated_at"]))
    report = overdue_report(session, MANAGER, today=TODAY, chosen=OverdueFilter(holder_id=holders[0]))
    assert report.previous is not None
    assert (report.total, report.previous.day, report.previous.overdue, report.change) == (2, date(2026, 10, 31), 1, 1)
    before = overdue_report(
        session, MANAGER, today=TODAY, chosen=OverdueFilter(holder_id=holders[0]), as_of=date(2026, 10, 25)
    )
    assert (before.total, before.change) == (1, None)
