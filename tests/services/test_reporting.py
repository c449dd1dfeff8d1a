"""The overdue report counts what is overdue, once, where it belongs, and agrees with a recount in plain Python."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.places import Place
from metrology.persistence.visits import Visit, VisitItem
from metrology.services.overdue_papers import paper_scope, scope_words
from metrology.services.reporting import OverdueFilter, keep_figures, overdue_report
from tests.conftest import NOW, TODAY

MANAGER = Actor(None, "manager", frozenset({"manager"}))
_numbers = count(1)


def _add(session: Session, due: date | None, **facts: Any) -> Instrument:
    number = next(_numbers)
    values: dict[str, Any] = {
        "number": f"T{number}",
        "public_code": f"code{number}",
        "type_code": "fuel_dispenser",
        "serial_number": f"S{number}",
        "serial_key": f"s{number}",
        "district_code": "410702",
        "state": "in_use",
        "due_date": due,
        "due_basis": "ledger" if due else None,
        "last_verified_on": due - timedelta(days=180) if due else None,
        "created_at": NOW,
        "updated_at": NOW,
    }
    instrument = Instrument(**{**values, **facts})
    session.add(instrument)
    session.flush()
    return instrument


def _holder(session: Session, name: str) -> Holder:
    holder = Holder(number=name, name=name, identity_key=name, created_at=NOW, updated_at=NOW)
    session.add(holder)
    session.flush()
    return holder


def _place(session: Session, name: str, parent: Place | None = None) -> Place:
    place = Place(
        kind="market" if parent is None else "stall",
        name=name,
        identity_key=f"{parent and parent.id}{name}",
        parent=parent,
        created_at=NOW,
        updated_at=NOW,
    )
    session.add(place)
    session.flush()
    place.path = f"{parent.path if parent else '/'}{place.id}/"
    session.flush()
    return place


def _report(session: Session, chosen: OverdueFilter | None = None, actor: Actor = MANAGER) -> Any:
    return overdue_report(session, actor, today=TODAY, chosen=chosen)


def test_overdue_only_after_the_day(session: Session) -> None:
    _add(session, TODAY)
    assert _report(session).total == 0
    _add(session, TODAY - timedelta(days=1))
    assert _report(session).total == 1


def test_ageing_stands_on_both_sides_of_each_edge(session: Session) -> None:
    for days in (1, 30, 31, 90, 91, 180, 181):
        _add(session, TODAY - timedelta(days=days))
    assert _report(session).ageing == (2, 2, 2, 1)


def test_only_what_is_in_use_is_overdue(session: Session) -> None:
    for state in ("suspended", "under_repair", "awaiting_verification", "rejected", "retired", "lost"):
        _add(session, TODAY - timedelta(days=5), state=state)
    assert _report(session).total == 0


def test_never_verified_is_counted_apart(session: Session) -> None:
    _add(session, None, state="awaiting_verification")
    report = _report(session)
    assert (report.total, report.never_verified) == (0, 1)


def test_falling_due_within_thirty_days(session: Session) -> None:
    for days in (0, 29, 30):
        _add(session, TODAY + timedelta(days=days))
    assert [one.count for one in _report(session).ahead] == [2, 3, 3]


def test_planned_are_told_from_unplanned(session: Session) -> None:
    first, _second = _add(session, TODAY - timedelta(days=3)), _add(session, TODAY - timedelta(days=3))
    visit = Visit(number="V1", title="v", planned_on=TODAY, created_at=NOW, updated_at=NOW)
    visit.items.append(VisitItem(instrument=first, open_key=first.id, changed_at=NOW))
    session.add(visit)
    session.flush()
    report = _report(session)
    assert (report.total, report.planned) == (2, 1)


def test_a_market_counts_all_its_stalls(session: Session) -> None:
    market = _place(session, "示范市场")
    for name in ("A1", "A2"):
        _add(session, TODAY - timedelta(days=40), place_id=_place(session, name, market).id)
    other = _place(session, "另一市场")
    _add(session, TODAY - timedelta(days=40), place_id=other.id)
    report = _report(session)
    assert [(group.name, group.total) for group in report.places] == [("示范市场", 2), ("另一市场", 1)]
    assert _report(session, OverdueFilter(place_id=market.id)).total == 2


def test_worst_holders_come_first(session: Session) -> None:
    few, many = _holder(session, "少"), _holder(session, "多")
    _add(session, TODAY - timedelta(days=1), holder_id=few.id)
    for _time in range(2):
        _add(session, TODAY - timedelta(days=1), holder_id=many.id)
    assert [(group.name, group.total) for group in _report(session).holders] == [("多", 2), ("少", 1)]


def test_a_district_sees_its_own(session: Session) -> None:
    _add(session, TODAY - timedelta(days=1))
    _add(session, TODAY - timedelta(days=1), district_code="410783")
    local = Actor(None, "m", frozenset({"manager"}), district_code="410783")
    assert _report(session, actor=local).total == 1


def test_trend_has_kept_days_and_honest_gaps(session: Session) -> None:
    _add(session, date(2026, 10, 1))
    keep_figures(session, today=date(2026, 10, 30))
    keep_figures(session, today=date(2026, 10, 31))
    _add(session, date(2026, 11, 1))
    report = _report(session)
    assert [(point.day, point.overdue) for point in report.trend[-2:]] == [
        (date(2026, 9, 30), None),
        (date(2026, 10, 31), 1),
    ]
    assert report.change == 1
    assert len(report.trend) == 12


def test_figures_of_a_day_are_kept_once(session: Session) -> None:
    _add(session, TODAY - timedelta(days=1))
    assert keep_figures(session, today=TODAY) == keep_figures(session, today=TODAY) == 1


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["410702", "410783", None]),
            st.sampled_from(["fuel_dispenser", "cold_water_meter"]),
            st.sampled_from(["in_use", "rejected"]),
            st.integers(-40, 240),
        ),
        max_size=25,
    )
)
def test_report_equals_a_recount(session: Session, rows: list[tuple[str | None, str, str, int]]) -> None:
    for district, type_code, state, days in rows:
        _add(session, TODAY - timedelta(days=days), district_code=district, type_code=type_code, state=state)
    report = _report(session)
    late = [(district, type_code) for district, type_code, state, days in rows if state == "in_use" and days > 0]
    assert report.total == len(late)
    assert {group.key: group.total for group in report.districts if group.total} == Counter(d or "" for d, _t in late)
    assert {group.key: group.total for group in report.types} == Counter(t for _d, t in late)
    session.rollback()


def test_a_paper_says_everything_it_is_narrowed_to(session: Session) -> None:
    everybody, here = Actor.system(), Actor(None, "Wang", frozenset({"officer"}), district_code="410702")
    narrowed = OverdueFilter(district_code="", age="31-90", purpose="trade")
    assert scope_words(session, everybody, narrowed, "en") == "No district recorded · Trade settlement · 31–90 days"
    assert scope_words(session, everybody, OverdueFilter(type_code="nothing"), "en") == "not known"
    assert scope_words(session, here, OverdueFilter(), "zh") == "红旗区"
    assert paper_scope(session, everybody, OverdueFilter(), "en") == "全市  The whole city"
