"""Every minute: sign the status lists that changed or grow old. Every day: keys and their list in time, certificates that lack a code."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.jobs.ticker import Regular
from metrology.services import certificate_codes, keys, status_lists

log = logging.getLogger(__name__)


def _sign_lists(session: Session, *, now: datetime, **_known: Any) -> None:
    status_lists.renew_stale(session, now=now)


def _look_after_keys(session: Session, *, now: datetime, **_known: Any) -> None:
    for sentence in keys.look_after(session, now=now):
        log.warning(sentence)


def _sign_missing(session: Session, *, now: datetime, today: date, **_known: Any) -> None:
    try:
        for _ in certificate_codes.sign_missing(session, Actor.system(), day=today, now=now):
            continue
    except Problem as problem:  # no key may sign: told once a day, and nothing waits for it
        log.warning("certificates without a signed code stay so: %s", problem)


REGULAR = [
    Regular("keys", timedelta(hours=24), _look_after_keys),
    Regular("status lists", timedelta(minutes=1), _sign_lists),
    Regular("codes", timedelta(hours=24), _sign_missing),
]
