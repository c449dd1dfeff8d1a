"""Indicators against a plain recount of the records, on random histories, now and as each past day ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.indicator import BY_CODE
from metrology.domain.period import Period
from metrology.domain.proportion import wilson
from metrology.persistence import outcome_tallies, tallies
from metrology.persistence.certificates import Certificate
from metrology.persistence.complaints import Complaint
from metrology.persistence.endings import Ending
from metrology.persistence.figures import StateFigure
from metrology.persistence.instruments import Instrument
from metrology.persistence.verifications import StandardUse, Verification
from metrology.services import indicator_papers, tallying
from metrology.services.indicator_counting import Asked
from metrology.services.indicators import Measure, Standing, groups, measure, trend, turnaround_days
from metrology.services.keeping_states import keep_states
from tests.asking import asked as asked_within
from tests.conftest import TODAY
from tests.records import Team, certify, create_scale, create_team

MANAGER = Actor(None, "Li", frozenset({"manager"}))
OF_HOME = Actor(None, "Li", frozenset({"manager"}), district_code="410702")
HOLDER = Actor(None, "Zhao", frozenset({"holder"}), holder_id=1)
FIRST = date(2026, 1, 5)
_numbers = count(1)


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


@dataclass
class Registry:
    """Records put in by hand, without the services: what is counted is the database's own affair."""

    session: Session
    team: Team

    def instrument(self, day: date, due: date | None, district: str | None, maker: str) -> int:
        number = next(_numbers)
        values = {
            "number": f"Q{number}", "public_code": f"q{number}", "type_code": "digital_indicating_scale", "state": "in_use",
            "serial_number": str(number), "serial_key": str(number), "manufacturer": maker, "manufacturer_key": maker,
            "model": "ACS", "due_date": due, "due_basis": "ledger" if due else None, "last_verified_on": FIRST,
            "district_code": district, "created_at": _noon(day), "updated_at": _noon(day), "nameplate": {}, "version": 1,
        }  # fmt: skip
        key: int = self.session.execute(insert(Instrument).values(values)).inserted_primary_key[0]
        return key

    def verification(self, day: date, instrument: int, kind: str, verdict: str, late: int, **more: Any) -> int:
        """Verified some days before its approval on ``day``; the instrument is due a year later from then on."""
        number = next(_numbers)
        values = {
            "number": f"J{number}", "instrument_id": instrument, "type_code": "digital_indicating_scale", "kind": kind,
            "state": "checked", "verified_on": day - timedelta(days=late), "verdict": verdict,
            "verifier_id": self.team.verifier.id, "created_at": _noon(day - timedelta(days=late)), "updated_at": _noon(day),
            "version": 1, "environment": {}, "nameplate": {}, "readings": {}, "seals": [], "judgement": {}, **more,
        }  # fmt: skip
        key: int = self.session.execute(insert(Verification).values(values)).inserted_primary_key[0]
        self.session.execute(
            insert(StandardUse).values(verification_id=key, standard_id=self.team.standard.id, snapshot={})
        )
        self.session.execute(
            update(Verification).where(Verification.id == key).values(state="approved", approved_at=_noon(day))
        )
        self.session.execute(
            update(Instrument)
            .where(Instrument.id == instrument)
            .values(due_date=day + timedelta(days=365), due_basis="certificate", updated_at=_noon(day))
        )
        return key

    def annul(self, day: date, key: int) -> None:
        number = next(_numbers)
        of = self.session.execute(select(Verification.instrument_id).where(Verification.id == key)).scalar_one()
        document = self.session.execute(
            insert(Certificate).values(
                number=f"Z{number}", code=f"z{number}", kind="verification_certificate", instrument_id=of, verification_id=key,
                verified_on=day, issued_on=day, standing="revoked", ended_on=day, payload={}, issued_at=_noon(day), reissue=number,
            )
        ).inserted_primary_key[0]  # fmt: skip
        proposed = self.session.execute(
            insert(Ending).values(
                certificate_id=document, kind="annulment", reason="x", state="proposed",
                proposed_by_id=self.team.checker.id, proposed_at=_noon(day),
            )
        ).inserted_primary_key[0]  # fmt: skip
        self.session.execute(
            update(Ending)
            .where(Ending.id == proposed)
            .values(state="confirmed", decided_by_id=self.team.approver.id, decided_at=_noon(day))
        )

    def complain(self, day: date, district: str | None) -> None:
        number = next(_numbers)
        self.session.execute(
            insert(Complaint).values(
                number=f"T{number}", receipt=f"t{number}", district_code=district, kind="other", received_at=_noon(day),
                accept_by=day, state="received", text="", contact="",
            )
        )  # fmt: skip


@pytest.fixture
def registry(session: Session) -> Registry:
    return Registry(session, create_team(session))


STANDING = """v.state = 'approved' and v.kind <> 'calibration'
  and not exists (select 1 from verification w where w.replaces_id = v.id and w.state = 'approved')
  and v.id not in (select c.verification_id from certificate c join certificate_ending e on e.certificate_id = c.id
                   where e.kind = 'annulment' and e.state = 'confirmed')"""


def _recount(session: Session, period: Period, day: date, district: str | None) -> dict[str, tuple[int, int | None]]:
    """Every figure from the records themselves, in plain SQL, as they are at this moment."""
    given = {"first": period.first, "last": period.last, "day": day, "district": district}
    verifications = (
        f"from verification v where {STANDING} and v.verified_on between :first and :last "
        "and (cast(:district as varchar) is null or v.district_code = :district)"
    )

    def one(sql: str) -> int:
        return int(session.execute(text(sql), given).scalar() or 0)

    def both(kinds: str, verdict: str) -> tuple[int, int]:
        some = f"{verifications} and v.kind in ({kinds})"
        return one(f"select count(*) {some} and v.verdict = '{verdict}'"), one(f"select count(*) {some}")

    every = "'initial', 'subsequent', 'after_repair', 'in_service'"
    fell_due = (
        f"from verification v where {STANDING} and v.kind = 'subsequent' and v.was_due_on between :first and :last "
        "and v.was_due_on < :day and (cast(:district as varchar) is null or v.district_code = :district)"
    )
    waiting = one(
        "select count(*) from instrument i where i.state = 'in_use' and i.due_date between :first and :last and i.due_date < :day "
        "and (cast(:district as varchar) is null or i.district_code = :district)"
    )
    used = one(
        "select count(*) from instrument i where i.state = 'in_use' "
        "and (cast(:district as varchar) is null or i.district_code = :district)"
    )
    valid = one(
        "select count(*) from instrument i where i.state = 'in_use' and (i.due_date is null or i.due_date >= :day) "
        "and (cast(:district as varchar) is null or i.district_code = :district)"
    )
    complaints = [
        (one_.received_at + timedelta(hours=8)).date()
        for one_ in session.scalars(select(Complaint))
        if district is None or one_.district_code == district
    ]
    return {
        "first_pass": both("'initial', 'subsequent'", "conforms"),
        "rejected": both(every, "rejected"),
        "repaired": (both("'after_repair'", "conforms")[0], None),
        "verified": (both(every, "conforms")[1], None),
        "on_time": (
            one(f"select count(*) {fell_due} and v.verified_on <= v.was_due_on"),
            one(f"select count(*) {fell_due}") + waiting,
        ),
        "coverage": (valid, used),
        "complaints": (sum(period.first <= received <= period.last for received in complaints), used),
        "workload_verifier": (both(every, "conforms")[1], one(f"select count(distinct v.verifier_id) {verifications}")),
        "workload_standard": (both(every, "conforms")[1], one(f"select count(distinct v.verifier_id) {verifications}")),
    }


def _told(session: Session, actor: Actor, asked: Asked) -> dict[str, tuple[int, int | None]]:
    codes = (
        "first_pass",
        "rejected",
        "repaired",
        "verified",
        "on_time",
        "coverage",
        "complaints",
        "workload_verifier",
        "workload_standard",
    )
    found = {code: measure(session, actor, code, asked) for code in codes}
    return {code: (one.counted, one.against) for code, one in found.items()}


_steps = st.lists(
    st.tuples(
        st.sampled_from(["instrument", "verify", "verify", "correct", "annul", "complain"]),
        st.sampled_from(["initial", "subsequent", "subsequent", "after_repair", "in_service"]),
        st.sampled_from(["conforms", "conforms", "rejected"]),
        st.integers(0, 40),
        st.sampled_from(["410702", "410703", None]),
        st.integers(0, 9),
    ),
    min_size=2,
    max_size=14,
)


@hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=_steps)
def test_every_figure_is_what_a_recount_finds_now_and_as_each_past_day_ended(
    registry: Registry, steps: list[tuple[str, str, str, int, str | None, int]]
) -> None:
    session = registry.session
    savepoint = session.begin_nested()
    session.execute(delete(Instrument))
    for table in (*outcome_tallies.TABLES, *tallies.TALLIES):
        session.execute(delete(table))
    instruments: list[int] = []
    standing: list[tuple[int, int]] = []
    known: dict[date, dict[Any, Any]] = {}
    ended: dict[date, dict[Any, Any]] = {}
    day = FIRST
    for verb, kind, verdict, shift, district, which in steps:
        for end in _month_ends(day, day + timedelta(days=9)):
            ended[end] = {where: _recount(session, Period.of_month(end), end, where) for where in (None, "410702")}
        day += timedelta(days=9)
        if which % 3 == 0:
            keep_states(session, today=day)
        if verb == "instrument" or not instruments:
            instruments.append(registry.instrument(day, day + timedelta(days=shift - 20), district, f"M{which % 2}"))
        elif verb == "correct" and standing:
            of, key = standing.pop(which % len(standing))
            standing.append((of, registry.verification(day, of, kind, verdict, shift, replaces_id=key)))
        elif verb == "annul" and standing:
            registry.annul(day, standing.pop(which % len(standing))[1])
        elif verb == "complain":
            registry.complain(day, district)
        else:
            of = instruments[which % len(instruments)]
            standing.append((of, registry.verification(day, of, kind, verdict, shift)))
        period = Period.of_month(day)
        known[day] = {district: _recount(session, period, day, district) for district in (None, "410702")}
    for past, figures in known.items():
        asked = Asked(Period.of_month(past), today=day, as_of=past)
        assert _told(session, MANAGER, asked) == figures[None]
        assert _told(session, OF_HOME, asked) == figures["410702"]
    for past in {min(known), max(known)}:
        asked = Asked(Period.of_month(past), today=day, as_of=past)
        for actor, where in ((MANAGER, None), (OF_HOME, "410702")):
            _check_trends(session, actor, asked, {end: of[where] for end, of in ended.items() if end < past})
    assert list(tallying.differences(session)) == []
    before = _tables(session)
    outcome_tallies.fill(session)
    assert _tables(session) == before
    savepoint.rollback()


def _month_ends(after: date, before: date) -> list[date]:
    """The month ends from a day on, before another."""
    days = [after + timedelta(days=step) for step in range((before - after).days)]
    return [day for day in days if (day + timedelta(days=1)).day == 1]


def _check_trends(session: Session, actor: Actor, asked: Asked, ended: dict[date, Any]) -> None:
    """Each month of a trend is what the month alone is; a state at its end is what a recount found that day."""
    for code in BY_CODE:
        months = trend(session, actor, code, asked, 3)
        for period, one in months:
            assert one == measure(session, actor, code, replace(asked, period=period)), (code, period)
            if code in ("coverage", "complaints") and period.last in ended:
                assert (one.counted, one.against) == ended[period.last][code]
        assert [period.first.month for period, _one in months][-1] == asked.end.month


def _tables(session: Session) -> dict[str, Counter[Any]]:
    """What the tables say, whoever added it."""
    found: dict[str, Counter[Any]] = {}
    for table in outcome_tallies.TABLES:
        keys = [column for column in table.primary_key.columns if column.name != "part"]
        sums: Counter[Any] = Counter()
        for row in session.execute(select(*keys, table.c.n)):
            sums[tuple(row[:-1])] += row[-1]
        found[table.name] = Counter({key: n for key, n in sums.items() if n})
    return found


def test_a_correction_counts_instead_of_what_it_corrects_from_its_approval_on(registry: Registry) -> None:
    january, march = date(2026, 1, 20), date(2026, 3, 2)
    scale = registry.instrument(date(2026, 1, 6), None, "410702", "M")
    wrong = registry.verification(january, scale, "initial", "conforms", 0)
    registry.verification(march, scale, "initial", "rejected", 41, replaces_id=wrong)
    period = Period.parse("2026-01")
    now, then = Asked(period, today=TODAY), Asked(period, today=TODAY, as_of=date(2026, 3, 1))
    assert (
        measure(registry.session, MANAGER, "first_pass", then).value,
        measure(registry.session, MANAGER, "first_pass", now).value,
    ) == (100, 0)
    assert measure(registry.session, MANAGER, "verified", now).counted == 1


def test_who_moves_later_takes_no_past_figure_along(registry: Registry) -> None:
    scale = registry.instrument(date(2026, 1, 6), None, "410702", "M")
    registry.verification(date(2026, 1, 20), scale, "initial", "conforms", 0)
    registry.session.execute(
        update(Instrument).where(Instrument.id == scale).values(district_code="410703", manufacturer="N")
    )
    asked = Asked(Period.parse("2026-01"), today=TODAY)
    assert [
        (row.key, row.measure.counted) for row in groups(registry.session, MANAGER, "verified", asked, "district")
    ] == [("410702", 1)]
    assert [row.key for row in groups(registry.session, MANAGER, "first_pass", asked, "maker")] == ["M"]
    assert list(tallying.differences(registry.session)) == []


def test_the_last_day_is_in_time_and_the_next_is_not(registry: Registry) -> None:
    due = date(2026, 3, 10)
    for late in (0, 1):
        scale = registry.instrument(date(2026, 1, 6), due, "410702", "M")
        registry.verification(due + timedelta(days=late), scale, "subsequent", "conforms", 0)
    one = measure(registry.session, MANAGER, "on_time", Asked(Period.parse("2026-03"), today=TODAY))
    assert (one.counted, one.against, one.value) == (1, 2, 50)


def test_what_is_due_on_the_day_itself_has_not_fallen_due(registry: Registry) -> None:
    registry.instrument(date(2026, 3, 1), date(2026, 3, 10), "410702", "M")
    asked = [Asked(Period.parse("2026-03"), today=TODAY, as_of=date(2026, 3, day)) for day in (10, 11)]
    assert [measure(registry.session, MANAGER, "on_time", one).against for one in asked] == [0, 1]


def test_nothing_counted_is_no_share(registry: Registry) -> None:
    asked = Asked(Period.parse("2020-01"), today=TODAY)
    assert measure(registry.session, MANAGER, "first_pass", asked).value is None
    assert not measure(registry.session, MANAGER, "coverage", asked).is_known
    assert measure(registry.session, MANAGER, "verified", asked).value == 0


def test_the_interval_is_wilsons_and_few_are_said_to_be_few(registry: Registry) -> None:
    for number in range(30):
        scale = registry.instrument(date(2026, 1, 6), None, "410702", "M")
        registry.verification(date(2026, 1, 20), scale, "initial", "rejected" if number < 3 else "conforms", 0)
    one = measure(registry.session, MANAGER, "first_pass", Asked(Period.parse("2026"), today=TODAY))
    assert (one.low, one.high) == tuple(100 * end for end in wilson(27, 30))
    assert not one.is_too_few
    registry.annul(date(2026, 2, 1), registry.session.scalars(select(Verification.id).limit(1)).one())
    assert measure(registry.session, MANAGER, "first_pass", Asked(Period.parse("2026"), today=TODAY)).is_too_few


def test_a_holder_and_another_district_find_nothing(registry: Registry) -> None:
    scale = registry.instrument(date(2026, 1, 6), None, "410703", "M")
    registry.verification(date(2026, 1, 20), scale, "initial", "conforms", 0)
    asked = Asked(Period.parse("2026"), today=TODAY)
    assert measure(registry.session, MANAGER, "verified", asked).counted == 1
    for actor in (OF_HOME, HOLDER):
        assert measure(registry.session, actor, "verified", asked).counted == 0
    foreign = Asked(Period.parse("2026"), today=TODAY, district_code="410703")
    assert measure(registry.session, OF_HOME, "verified", foreign).counted == 0


def test_turnaround_is_from_the_opened_record_to_the_approval(registry: Registry) -> None:
    scale = registry.instrument(date(2026, 1, 6), None, "410702", "M")
    for took in (0, 3, 3, 20):
        registry.verification(date(2026, 2, 25), scale, "initial", "conforms", took)
    asked = Asked(Period.parse("2026-02"), today=TODAY)
    assert turnaround_days(registry.session, MANAGER, asked) == {0: 1, 3: 2, 20: 1}
    assert measure(registry.session, MANAGER, "turnaround", asked).value == 3
    assert measure(registry.session, MANAGER, "turnaround_90", asked).value == 20


def test_what_was_taken_down_at_the_approval_is_fixed(registry: Registry) -> None:
    scale = registry.instrument(date(2026, 1, 6), None, "410702", "M")
    key = registry.verification(date(2026, 1, 20), scale, "initial", "conforms", 0)
    with pytest.raises(DBAPIError, match="verification is fixed"), registry.session.begin_nested():
        registry.session.execute(update(Verification).where(Verification.id == key).values(district_code="410703"))


def test_the_checker_finds_and_repairs_what_a_hand_did(registry: Registry) -> None:
    scale = registry.instrument(date(2026, 1, 6), None, "410702", "M")
    registry.verification(date(2026, 1, 20), scale, "initial", "conforms", 0)
    registry.session.execute(update(outcome_tallies.OUTCOME.table).values(n=5))
    found = [(one.table, one.keys["known"], one.kept, one.counted) for one in tallying.differences(registry.session)]
    assert found == [("outcome_tally", "now", 5, 1), ("outcome_tally", "by day", 5, 1)]
    assert tallying.repair(registry.session, today=TODAY) == 2
    assert list(tallying.differences(registry.session)) == []
    tallying.fold_all(registry.session)
    assert list(tallying.differences(registry.session)) == []


def test_what_the_services_approve_is_counted(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certify(session, team, scale)
    asked = Asked(Period.of_month(TODAY), today=TODAY)
    assert measure(session, MANAGER, "verified", asked).counted == 1
    assert [row.name_zh for row in groups(session, MANAGER, "workload_verifier", asked, "verifier")] == ["检定员甲"]
    assert measure(session, MANAGER, "workload_standard", asked).counted == 1
    session.refresh(record := session.scalars(select(Verification)).one())
    assert (record.manufacturer, record.model, record.days_taken) == ("示范衡器有限公司", "ACS-30", 0)


def _asked_of(session: Session, ask: Callable[[], object]) -> list[str]:
    """The statements of a question."""
    with asked_within(session.get_bind()) as made:
        ask()
    return [statement for statement, _values in made]


def test_a_trend_costs_the_same_statements_for_two_years_as_for_two_months(registry: Registry) -> None:
    registry.instrument(date(2024, 11, 1), date(2026, 3, 10), "410702", "M")
    asked = Asked(Period.parse("2026"), today=TODAY)
    for code in BY_CODE:
        short, long = (
            _asked_of(registry.session, partial(trend, registry.session, MANAGER, code, asked, months))
            for months in (2, 24)
        )
        assert len(long) == len(short) <= 5, code


def test_past_days_that_are_kept_are_not_worked_out_again(registry: Registry) -> None:
    session = registry.session
    for day, due in ((date(2026, 8, 3), date(2026, 9, 29)), (date(2026, 9, 4), date(2026, 9, 30))):
        registry.instrument(day, due, "410702", "M")
    registry.instrument(date(2026, 9, 4), None, None, "M")
    asked = Asked(Period.parse("2026-09"), today=TODAY)
    worked = trend(session, MANAGER, "coverage", asked, 2)
    assert [(one.counted, one.against) for _month, one in worked] == [(1, 1), (2, 3)]
    assert keep_states(session, today=TODAY) > 30
    assert keep_states(session, today=TODAY) == 0
    again: list[Any] = []
    said = _asked_of(session, lambda: again.extend(trend(session, MANAGER, "coverage", asked, 2)))
    assert again == list(worked)
    assert [one for one in said if "FROM tally_change" in one and "min(" not in one] == []
    keep_states(session, today=TODAY + timedelta(days=460))
    days = set(session.scalars(select(StateFigure.day)))
    assert {day for day in days if (day + timedelta(days=1)).day == 1} >= {date(2026, 8, 31), date(2026, 10, 31)}
    assert TODAY - timedelta(days=3) not in days


def test_the_day_a_year_ago_is_kept_before_it_is_compared_with(registry: Registry) -> None:
    registry.instrument(date(2024, 3, 1), None, "410702", "M")
    keep_states(registry.session, today=date(2026, 11, 22))
    days = set(registry.session.scalars(select(StateFigure.day)))
    assert {date(2025, 11, 22), date(2025, 11, 23)} <= days
    assert date(2025, 11, 21) not in days


def test_yesterday_is_not_kept_yet(registry: Registry) -> None:
    registry.instrument(TODAY - timedelta(days=9), None, "410702", "M")
    keep_states(registry.session, today=TODAY)
    assert registry.session.scalar(select(func.max(StateFigure.day))) == TODAY - timedelta(days=2)


@pytest.mark.parametrize(("passed", "of", "target", "meets"), [(997, 1000, "99.7", True), (996, 1000, "99.7", False)])
def test_a_target_is_compared_exactly(registry: Registry, passed: int, of: int, target: str, meets: bool) -> None:
    one = Measure(passed, of, Fraction(100 * passed, of))
    assert Standing(BY_CODE["first_pass"], one, one, Decimal(target), ()).meets is meets


@pytest.mark.parametrize(
    ("value", "words"), [(0.74, "+0.7"), (-1.55, "−1.6"), (0.04, "±0.0"), (-0.04, "±0.0"), (10.0, "+10.0")]
)
def test_a_difference_has_its_sign_and_what_rounds_to_nothing_has_none(value: float, words: str) -> None:
    assert indicator_papers.difference(value) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (-54.2, "count", "−54"),
        (0.4, "count", "±0"),
        (2.0, "days", "+2"),
        (0.5, "days", "+0.5"),
        (1.89, "per_10000", "+1.89"),
    ],
)
def test_a_difference_has_the_decimals_of_its_figures(value: float, unit: str, words: str) -> None:
    assert indicator_papers.difference(value, unit) == words
