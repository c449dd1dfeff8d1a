from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrology.domain.schedule import (
    AGEING,
    Interval,
    ageing_bucket,
    days_left,
    due_date,
    next_stage_on,
    overdue_between,
    stages_due,
    status_on,
)

DUE = date(2026, 3, 31)
DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))


@pytest.mark.parametrize(
    ("verified", "months", "minus_one", "same_day"),
    [
        (date(2026, 5, 22), 6, date(2026, 11, 21), date(2026, 11, 22)),
        (date(2025, 1, 1), 12, date(2025, 12, 31), date(2026, 1, 1)),
        (date(2024, 2, 29), 12, date(2025, 2, 28), date(2025, 2, 28)),
        (date(2023, 2, 28), 12, date(2024, 2, 27), date(2024, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 28), date(2028, 2, 29)),
        (date(2025, 8, 31), 6, date(2026, 2, 28), date(2026, 2, 28)),
        (date(2025, 8, 30), 6, date(2026, 2, 28), date(2026, 2, 28)),
        (date(2025, 8, 28), 6, date(2026, 2, 27), date(2026, 2, 28)),
        (date(2025, 3, 1), 12, date(2026, 2, 28), date(2026, 3, 1)),
        (date(2025, 12, 31), 6, date(2026, 6, 30), date(2026, 6, 30)),
    ],
)
def test_due_date(verified, months, minus_one, same_day):
    assert due_date(verified, months) == minus_one
    assert due_date(verified, months, "anniversary") == same_day


def test_what_is_verified_once_has_no_end():
    assert due_date(date(2026, 1, 1), Interval(months=None, mode="first_only_scrap")) is None


@given(DAYS, st.integers(1, 120))
def test_an_interval_is_never_longer_than_its_months(day, months):
    one, other = due_date(day, months), due_date(day, months, "anniversary")
    assert timedelta(0) <= other - one <= timedelta(1)
    assert (other.year - day.year) * 12 + other.month - day.month == months


def test_days_left_counts_the_last_day():
    assert [days_left(DUE, date(2026, 3, 30)), days_left(DUE, DUE), days_left(DUE, date(2026, 4, 1))] == [1, 0, -1]


def test_status_changes_the_day_after_the_last():
    assert status_on(DUE, DUE, 30) == "due_soon"
    assert status_on(DUE, date(2026, 4, 1), 30) == "expired"
    assert status_on(DUE, date(2026, 3, 1), 30) == "due_soon"
    assert status_on(DUE, date(2026, 2, 28), 30) == "valid"
    assert status_on(None, DUE, 30) == "unverified"


@pytest.mark.parametrize(
    ("overdue", "code"),
    [
        (0, None),
        (1, "1-30"),
        (30, "1-30"),
        (31, "31-90"),
        (90, "31-90"),
        (91, "91-180"),
        (180, "91-180"),
        (181, "over-180"),
        (4000, "over-180"),
    ],
)
def test_ageing(overdue, code):
    bucket = ageing_bucket(DUE, DUE + timedelta(days=overdue))
    assert (bucket.code if bucket else None) == code


@given(st.integers(1, 400))
def test_a_bucket_and_its_range_of_dates_say_the_same(overdue):
    today = date(2026, 11, 22)
    due = today - timedelta(days=overdue)
    holding = [
        b.code for b in AGEING if (overdue_between(b, today)[0] or date.min) <= due <= overdue_between(b, today)[1]
    ]
    assert holding == [ageing_bucket(due, today).code]


@pytest.mark.parametrize(
    ("today", "already", "due", "skipped"),
    [
        (date(2026, 1, 29), set(), (), ()),
        (date(2026, 1, 30), set(), ("60",), ()),
        (date(2026, 2, 28), {"60"}, (), ()),
        (date(2026, 3, 1), {"60"}, ("30",), ()),
        (date(2026, 3, 24), {"60", "30"}, ("7",), ()),
        (date(2026, 3, 31), {"60", "30", "7"}, ("0",), ()),
        (date(2026, 4, 6), {"60", "30", "7", "0"}, (), ()),
        (date(2026, 4, 7), {"60", "30", "7", "0"}, ("overdue-1",), ()),
        (date(2026, 4, 14), {"60", "30", "7", "0", "overdue-1"}, ("overdue-2",), ()),
        # after an outage, or registered late: one reminder, the rest marked
        (date(2026, 3, 27), set(), ("7",), ("60", "30")),
        (date(2026, 4, 2), {"60"}, ("0",), ("30", "7")),
        (date(2026, 5, 31), {"60"}, ("overdue-8",), ("30", "7", "0")),
        # the latest was sent although an earlier never was
        (date(2026, 3, 27), {"7"}, (), ("60", "30")),
    ],
)
def test_stages(today, already, due, skipped):
    assert stages_due(DUE, today, already) == (due, skipped)


@given(DAYS, st.integers(-100, 400), st.sets(st.sampled_from(["60", "30", "7", "0", "overdue-1", "overdue-5"])))
def test_running_twice_a_day_sends_nothing_twice(due, offset, already):
    today = due + timedelta(days=offset)
    first = stages_due(due, today, already)
    assert len(first.due) <= 1
    assert stages_due(due, today, already | set(first.due) | set(first.skipped)) == ((), ())


@given(DAYS, st.integers(-100, 400))
def test_nothing_new_is_due_before_the_next_stage(due, offset):
    today = due + timedelta(days=offset)
    done = set(stages_due(due, today).due) | {"60", "30", "7", "0"} if offset >= 0 else set(stages_due(due, today).due)
    done |= set(stages_due(due, today).skipped)
    following = next_stage_on(due, today)
    assert following > today
    assert stages_due(due, following - timedelta(days=1), done).due == ()
    assert stages_due(due, following, done).due != ()


def test_sixty_days_of_warning_unless_said_otherwise():
    assert [status_on(date(2026, 3, 31), day) for day in (date(2026, 1, 29), date(2026, 1, 30))] == [
        "valid",
        "due_soon",
    ]
