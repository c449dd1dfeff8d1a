"""Every minute: sign the status lists that changed or grow old. Every day: keys and their list in time, certificates that lack a code."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.jobs.ticker import Regular
from metrology.services import certificate_codes, keys, status_lists

log = logging.getLogger(__name__)


def _sign_lists(session: Session, *, now: datetime, **_known: Any) -> None:
    with _telling("status lists stay as they are"):
        status_lists.renew_stale(session, now=now)


def _look_after_keys(session: Session, *, now: datetime, **_known: Any) -> None:
    with _telling("keys are not looked after"):
        for sentence in keys.look_after(session, now=now):
            log.warning(sentence)


def _sign_missing(session: Session, *, now: datetime, today: date, **_known: Any) -> None:
    with _telling("certificates without a signed code stay so"):
        for _ in certificate_codes.sign_missing(session, Actor.system(), day=today, now=now):
            continue


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Keys that are locked or missing are told in a line, at the work's own pace, and nothing else waits for it."""
    try:
        yield
    except Problem as problem:
        log.warning("%s: %s", what, problem)


REGULAR = [
    Regular("keys", timedelta(hours=24), _look_after_keys),
    Regular("status lists", timedelta(minutes=1), _sign_lists),
    Regular("codes", timedelta(hours=24), _sign_missing),
]
