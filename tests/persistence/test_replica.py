"""How old a replica is said to be at most: never younger than it may be, whatever is slow, away, or the wrong server."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from metrology.persistence.database import reading
from metrology.persistence.replica import AWAY, Replica

BOUND = 5.0


@dataclass
class Machines:
    """Two servers and a clock, as the test says they are."""

    at: float = 1000.0
    written: int = 100
    replayed: int | None = 100
    system: str = "7"
    copied: str = "7"
    primary_follows: bool = False
    replica_follows: bool = True
    down: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def ask(self, engine: Any, _question: Any) -> tuple[str, bool, int | None]:
        self.asked.append(engine.name)
        if engine.name in self.down:
            raise OperationalError("select", {}, Exception("away"))
        if engine.name == "primary":
            return self.system, self.primary_follows, None if self.primary_follows else self.written
        return self.copied, self.replica_follows, self.replayed


@pytest.fixture
def machines() -> Machines:
    return Machines()


@pytest.fixture
def replica(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> Replica:
    primary: Any = SimpleNamespace(name="primary")
    follower: Any = SimpleNamespace(name="replica")
    found = Replica(primary, follower, bound=BOUND, ticks=lambda: machines.at)
    monkeypatch.setattr(found, "_ask", machines.ask)
    return found


def test_a_replica_that_has_all_serves(replica: Replica) -> None:
    assert replica.serves()
    assert replica.age() == 0


def test_a_quiet_primary_makes_no_replica_late(replica: Replica, machines: Machines) -> None:
    for _minute in range(10):
        machines.at += 60
        assert replica.serves()


def test_it_is_asked_again_only_when_half_the_bound_is_over(replica: Replica, machines: Machines) -> None:
    replica.serves()
    machines.at += BOUND / 2
    assert replica.serves()
    assert machines.asked == ["primary", "replica"]
    machines.at += 0.1
    assert replica.serves()
    assert machines.asked == ["primary", "replica"] * 2


def test_a_replica_that_stands_still_serves_to_the_bound_and_no_longer(replica: Replica, machines: Machines) -> None:
    replica.serves()
    machines.written = 200
    machines.at += BOUND
    assert replica.serves(), "what is 5 s old may be shown"
    machines.at += 0.6
    assert not replica.serves()
    machines.at += 0.6
    machines.replayed = 200
    assert replica.serves()


def test_a_replica_that_keeps_some_seconds_behind_serves_and_one_too_far_behind_does_not(
    replica: Replica, machines: Machines
) -> None:
    def run(lag: int) -> list[bool]:
        """A primary that writes 10 a second, and a replica that is so many seconds behind."""
        found = []
        for second in range(30):
            machines.at, machines.written = 2000.0 + second, 20_000 + 10 * second
            machines.replayed = machines.written - 10 * lag
            found.append(replica.serves())
        return found[10:]

    assert all(run(lag=3))
    replica.failed()
    machines.at += AWAY
    machines.at += 2000
    assert not any(run(lag=7))


def test_a_place_that_was_not_passed_says_nothing(replica: Replica, machines: Machines) -> None:
    machines.replayed = 99
    assert not replica.serves()
    assert replica.age() is None


def test_a_replica_that_has_replayed_nothing_yet_does_not_serve(replica: Replica, machines: Machines) -> None:
    machines.replayed = None
    assert not replica.serves()


@pytest.mark.parametrize("down", ["primary", "replica"])
def test_when_either_is_away_nothing_is_said_beyond_the_bound(replica: Replica, machines: Machines, down: str) -> None:
    assert replica.serves()
    machines.down.add(down)
    machines.at += BOUND + 0.1
    assert not replica.serves()


def test_one_that_failed_is_left_alone_for_a_while(replica: Replica, machines: Machines) -> None:
    machines.down.add("replica")
    assert not replica.serves()
    machines.down.clear()
    asked = len(machines.asked)
    machines.at += AWAY - 0.1
    assert not replica.serves()
    assert len(machines.asked) == asked
    machines.at += 0.1
    assert replica.serves()


@pytest.mark.parametrize("wrong", [{"copied": "8"}, {"replica_follows": False}, {"primary_follows": True}])
def test_another_server_than_a_replica_of_the_primary_is_never_read(
    replica: Replica, machines: Machines, wrong: dict[str, Any]
) -> None:
    for name, value in wrong.items():
        setattr(machines, name, value)
    for _second in range(20):
        assert not replica.serves()
        machines.at += 1


def test_nobody_waits_while_another_looks(replica: Replica, machines: Machines) -> None:
    assert replica.serves()
    machines.at += BOUND - 1
    with replica._looking:
        assert replica.serves(), "what is known still holds"
        machines.at += 1.1
        assert not replica.serves()
    assert len(machines.asked) == 2


def test_a_transaction_that_reads_refuses_to_write(session: Session) -> None:
    """On both databases, and the next one on the same connection may write again."""
    statement = text("update registry_setting set value = 'x'")
    with reading(), pytest.raises(DBAPIError, match=r"(?i)read-?\s?only"):
        session.execute(statement)
    session.rollback()
    session.execute(statement)
