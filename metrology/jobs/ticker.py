"""The ticker: APScheduler wakes, rows in the database say what is due.

Regular work stands in the modules of this package as ``REGULAR = [Regular(name, every, run)]``. A missed tick loses
nothing: what is due is asked of stored dates, and each piece marks itself done under a unique key.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import import_module
from pkgutil import iter_modules

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.orm import Session

from metrology.jobs import worker
from metrology.jobs.worker import MakeSession, owner_name
from metrology.persistence import clock
from metrology.services import leases
from metrology.settings import Settings

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=10)


@dataclass(frozen=True)
class Regular:
    """Work to be done every so often: ``run(session, now=…, today=…, settings=…)`` commits by itself, in pieces."""

    name: str
    every: timedelta
    run: Callable[..., object]


def regular_work() -> list[Regular]:
    """All regular work, of all modules here."""
    from metrology import jobs

    found: list[Regular] = []
    for module in iter_modules(jobs.__path__):
        found.extend(getattr(import_module(f"{jobs.__name__}.{module.name}"), "REGULAR", ()))
    return found


def tick(
    make_session: MakeSession, settings: Settings, *, now: datetime | None = None, today: date | None = None
) -> list[str]:
    """Do all regular work that is due and free; tell what was done. Any number of processes may tick at once."""
    done: list[str] = []
    for regular in regular_work():
        with make_session() as session:
            if _turn(session, regular, settings, now or clock.now_utc(), today or clock.today_cn()):
                done.append(regular.name)
    return done


def _turn(session: Session, regular: Regular, settings: Settings, now: datetime, today: date) -> bool:
    owner = owner_name()
    fence = leases.acquire(session, regular.name, owner, every=regular.every, lease=LEASE, now=now)
    if fence is None:
        return False
    try:
        regular.run(session, now=now, today=today, settings=settings)
        session.commit()
    except Exception as fault:
        session.rollback()
        log.exception("%s failed; it is tried again at the next tick", regular.name)
        leases.release(session, regular.name, owner, fence, now=now, error=f"{type(fault).__name__}: {fault}")
        return False
    leases.release(session, regular.name, owner, fence, now=now)
    return True


def start(make_session: MakeSession, settings: Settings) -> Callable[[], None]:
    """Tick in the background of this process; call what comes back to stop."""
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    scheduler = BackgroundScheduler(
        timezone="Asia/Shanghai", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    scheduler.add_job(
        tick,
        "interval",
        seconds=20,
        args=[make_session, settings],
        id="regular",
        next_run_time=datetime.now(clock.SHANGHAI),
    )
    scheduler.add_job(worker.run_all, "interval", seconds=2, args=[make_session, settings], id="tasks")
    scheduler.start()
    return lambda: scheduler.shutdown(wait=True)
