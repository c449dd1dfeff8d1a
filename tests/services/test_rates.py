"""Counts of tries are shared, exact, and forgotten."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from metrology.persistence.people import RateBucket
from metrology.services import rates
from metrology.services.rates import Limit
from tests.conftest import NOW

LIMIT = Limit("login", 3, timedelta(minutes=15))


def test_each_try_counts_in_its_window(session: Session) -> None:
    assert [rates.spend(session, LIMIT, "a", now=NOW) for _try in range(3)] == [1, 2, 3]
    assert rates.spend(session, LIMIT, "b", now=NOW) == 1
    assert rates.spend(session, LIMIT, "a", now=NOW + timedelta(minutes=15)) == 1
    assert rates.spent(session, LIMIT, "a", now=NOW) == 3
    assert rates.spend(session, LIMIT, "a", now=NOW, amount=-1) == 2


def test_windows_begin_at_the_same_instant_everywhere() -> None:
    assert LIMIT.start(datetime(2026, 11, 22, 2, 14, 59, tzinfo=UTC)) == datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    assert LIMIT.start(datetime(2026, 11, 22, 2, 15, tzinfo=UTC)) == datetime(2026, 11, 22, 2, 15, tzinfo=UTC)
    assert LIMIT.retry_after(datetime(2026, 11, 22, 2, 14, 59, tzinfo=UTC)) == 1
    assert LIMIT.retry_after(datetime(2026, 11, 22, 2, 0, tzinfo=UTC)) == 900


def test_one_customer_is_one_network() -> None:
    assert rates.network_of("2001:db8:1:2::1") == rates.network_of("2001:db8:1:2:ffff::9")
    assert rates.network_of("2001:db8:1:2::1") != rates.network_of("2001:db8:1:3::1")
    assert rates.network_of("::ffff:192.0.2.7") == rates.network_of("192.0.2.7")
    assert rates.network_of(None) == rates.network_of("nonsense") == "unknown"


def test_who_tries_cannot_be_read_from_the_key() -> None:
    key = rates.key_of(LIMIT, "192.0.2.7", "secret")
    assert "192.0.2.7" not in key
    assert key != rates.key_of(LIMIT, "192.0.2.7", "another secret")
    assert len(key) <= 120


def test_old_windows_are_swept(session: Session) -> None:
    rates.spend(session, LIMIT, "a", now=NOW - timedelta(days=3))
    rates.spend(session, LIMIT, "a", now=NOW)
    assert rates.sweep(session, now=NOW) == 1
    assert session.query(RateBucket).count() == 1
