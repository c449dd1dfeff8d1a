"""Counts scans of the public after the page has gone out, so that nobody waits for it; several within seconds are written at once."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from datetime import datetime, timedelta

from flask import Flask, Response, current_app, request
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from metrology.persistence.database import db, transaction, writing
from metrology.services import scan_watch
from metrology.services.scan_watch import Scan
from metrology.web.requests import now, settings, today

log = logging.getLogger(__name__)
EVERY = timedelta(seconds=10)
MOST = 5_000
"""Scans kept in memory at most; what comes on top while nothing can be written is let go."""
_lock = threading.Lock()
_pending: Counter[Scan] = Counter()
_written: dict[str, datetime] = {}


def note(instrument_id: int, answer: Response, *, is_guest: bool = False) -> None:
    """Count this scan of an instrument's code. Staff who look are not counted."""
    if not is_guest and current_user.is_authenticated:
        return
    instant = now()
    network = scan_watch.network_key(request.remote_addr, today(), settings().secret_key)
    with _lock:
        if len(_pending) < MOST:
            _pending[instrument_id, today(), network] += 1
        last = _written.get("last")
        is_due = last is None or not last <= instant < last + EVERY
        if is_due:
            _written["last"] = instant
    if is_due:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - the way Flask offers
        answer.call_on_close(lambda: write(app))


def write(app: Flask) -> None:
    """Write what was counted. A database that is busy or away loses a hint, never a page."""
    with _lock:
        scans = dict(_pending)
        _pending.clear()
    if not scans:
        return
    try:
        with app.app_context(), writing(), Session(db.engine) as session, transaction(session):
            scan_watch.count(session, scans)
    except SQLAlchemyError:
        log.warning("%s scans were not counted", sum(scans.values()), exc_info=True)


def forget() -> None:
    """Begin anew, as a process that has just started."""
    with _lock:
        _pending.clear()
        _written.clear()
