"""Scans counted by coarse network: a code opened in many places is said to be perhaps copied, and no address is kept."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.persistence.scans import ScanCount
from metrology.services import scan_watch, settings
from tests.conftest import NOW, TODAY
from tests.records import OFFICER, create_scale

SECRET = "s"


def key(address: str, day: date = TODAY) -> str:
    return scan_watch.network_key(address, day, SECRET)


def test_a_network_is_its_first_bits_and_one_day() -> None:
    assert key("198.51.100.7") == key("198.51.3.200")
    assert key("198.51.100.7") != key("198.52.100.7")
    assert key("2001:db8:1::1") == key("2001:db8:ffff::2")
    assert key("2001:db8:1::1") != key("2001:db9:1::1")
    assert key("::ffff:198.51.100.7") == key("198.51.100.7")
    assert key("198.51.100.7") != key("198.51.100.7", TODAY + timedelta(days=1))
    assert key("no address") == key("")


def test_scans_of_the_same_network_add_up(session: Session) -> None:
    scale = create_scale(session)
    for _time in range(2):
        scan_watch.count(session, {(scale.id, TODAY, key("198.51.100.7")): 3})
    assert session.scalars(select(ScanCount.scans)).all() == [6]


def test_many_networks_in_a_day_are_said_and_few_are_not(session: Session) -> None:
    settings.change(session, OFFICER, {"scan_alarm_networks": 3}, now=NOW)
    busy, quiet = create_scale(session), create_scale(session, "SC100002")
    for number in range(2):
        scan_watch.count(session, {(busy.id, TODAY, key(f"10.{number}.0.1")): 5})
    scan_watch.count(session, {(quiet.id, TODAY, key("10.0.0.1")): 500})
    assert scan_watch.warning(session, busy.id, today=TODAY) is None
    scan_watch.count(session, {(busy.id, TODAY, key("10.9.0.1")): 1})
    found = scan_watch.warning(session, busy.id, today=TODAY)
    assert found == scan_watch.Busy(TODAY, 3, 11)
    assert scan_watch.warning(session, quiet.id, today=TODAY) is None
    assert [(one.id, seen) for one, seen in scan_watch.unusual(session, OFFICER, today=TODAY)] == [(busy.id, found)]


def test_the_same_networks_over_two_days_are_no_alarm(session: Session) -> None:
    settings.change(session, OFFICER, {"scan_alarm_networks": 3}, now=NOW)
    scale = create_scale(session)
    for number in range(4):
        day = TODAY + timedelta(days=number % 2)
        scan_watch.count(session, {(scale.id, day, key(f"10.{number}.0.1", day)): 1})
    assert scan_watch.warning(session, scale.id, today=TODAY) is None


def test_counts_go_after_seven_days_and_the_hint_after_thirty(session: Session) -> None:
    settings.change(session, OFFICER, {"scan_alarm_networks": 2}, now=NOW)
    scale = create_scale(session)
    scan_watch.count(session, {(scale.id, TODAY, key(f"10.{number}.0.1")): 1 for number in range(2)})
    assert scan_watch.sweep(session, today=TODAY + timedelta(days=7)) == 0
    assert scan_watch.sweep(session, today=TODAY + timedelta(days=8)) == 2
    assert scan_watch.warning(session, scale.id, today=TODAY + timedelta(days=30)) is not None
    assert scan_watch.warning(session, scale.id, today=TODAY + timedelta(days=31)) is None


def test_the_busy_one_is_found_among_others(session: Session) -> None:
    settings.change(session, OFFICER, {"scan_alarm_networks": 2}, now=NOW)
    scales = [create_scale(session, f"SC{number:06}") for number in range(3)]
    scans = {(scale.id, TODAY, f"network {number}"): 1 for number, scale in enumerate(scales)}
    scan_watch.count(session, {**scans, (scales[1].id, TODAY, "another"): 4})
    assert [one.id for one, _seen in scan_watch.unusual(session, OFFICER, today=TODAY)] == [scales[1].id]
    assert scan_watch.warning(session, scales[1].id, today=TODAY) == scan_watch.Busy(TODAY, 2, 5)
    scan_watch.count(session, {})
