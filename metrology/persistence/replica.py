"""Whether the read replica may be read: how old what it shows can be at most, whatever the clocks of the machines say.

The primary is asked now and then how far its log goes, the replica how far it has replayed. Once the replica has passed a place
that the primary named at an instant, it shows all that was committed before that instant. So the age is bounded from above by
this process's own clock; a quiet primary makes nothing look late (as ``now() - pg_last_xact_replay_timestamp()`` would), and
where either does not answer the bound runs out by itself and everything is read from the primary.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from metrology.persistence import clock

log = logging.getLogger(__name__)
AWAY = 5.0
"""Seconds for which a replica that failed is left alone."""
_SAYS = "select system_identifier::text as system, pg_is_in_recovery() as follows, {} as place from pg_control_system()"
_PRIMARY = text(_SAYS.format("case when pg_is_in_recovery() then null else pg_current_wal_lsn() - '0/0'::pg_lsn end"))
_REPLICA = text(_SAYS.format("pg_last_wal_replay_lsn() - '0/0'::pg_lsn"))


class Replica:
    """A replica of the primary, and how fresh it is known to be. One for each process; any thread may ask."""

    def __init__(
        self, primary: Engine, engine: Engine, *, bound: float, ticks: Callable[[], float] = clock.ticks
    ) -> None:
        self.engine, self.bound = engine, bound
        self._primary, self._ticks = primary, ticks
        self._looking = threading.Lock()
        self._named: deque[tuple[float, int]] = deque(maxlen=100)
        """Instants, and how far the primary's log went then at least."""
        self._fresh: float | None = None
        """All that was committed before this instant is there."""
        self._looked: float | None = None
        self._away_until: float | None = None

    def serves(self) -> bool:
        """Whether what is read there now is at most ``bound`` seconds old. Looks by itself when that is not known."""
        if self._is_away():
            return False
        age = self.age()
        if age is None or age > self.bound / 2:
            self._look()
            age = self.age()
        return age is not None and age <= self.bound

    def age(self) -> float | None:
        """How old what is read there can be at most, in seconds; None while nothing is known."""
        fresh = self._fresh
        return None if fresh is None else self._ticks() - fresh

    def failed(self) -> None:
        """It broke off while it was read: leave it alone for a while."""
        self._fresh, self._away_until = None, self._ticks() + AWAY

    def _is_away(self) -> bool:
        return self._away_until is not None and self._ticks() < self._away_until

    def _look(self) -> None:
        looked = self._looked
        if looked is not None and self._ticks() - looked < self.bound / 10:
            return
        if not self._looking.acquire(blocking=False):  # another thread looks: nobody waits for it
            return
        try:
            self._looked = self._ticks()
            self._compare()
        except SQLAlchemyError as fault:
            log.warning("The read replica is left alone for %s s: %s", AWAY, type(fault).__name__)
            self.failed()
        finally:
            self._looking.release()

    def _compare(self) -> None:
        asked = (
            self._ticks()
        )  # before the primary is asked: what it had committed by then lies before the place it names
        system, follows, place = self._ask(self._primary, _PRIMARY)
        if follows or place is None:  # no primary at all: nothing can be said of what it has committed
            return
        self._named.append((asked, place))
        copied, follows, replayed = self._ask(self.engine, _REPLICA)
        if copied != system or not follows or replayed is None:
            log.error("DATABASE_REPLICA_URL does not name a streaming replica of DATABASE_URL; it is not read")
            self.failed()
            return
        passed = [instant for instant, named in self._named if named <= replayed]
        if passed and (self._fresh is None or passed[-1] > self._fresh):
            self._fresh = passed[-1]

    @staticmethod
    def _ask(engine: Engine, question: object) -> tuple[str, bool, int | None]:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            row = connection.execute(question).one()  # type: ignore[call-overload]
        return row.system, bool(row.follows), None if row.place is None else int(row.place)
