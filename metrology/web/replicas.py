"""Which requests read from the replica: those of views marked ``replica=True``, while it is fresh, for who has not just written.

Who is signed in is always asked of the primary. A replica that breaks off in the middle of a page is answered from the primary.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask, Response, current_app, request
from sqlalchemy.exc import InterfaceError, OperationalError

from metrology.persistence.database import REPLICA, db, set_on_replica
from metrology.persistence.replica import Replica
from metrology.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")
SAFE = ("GET", "HEAD", "OPTIONS")
WROTE = "wrote"
"""The cookie of a browser that has written: it runs out by itself once any replica that is read has what was written."""

CONFLICT = "40001"
"""The replica had to remove what was being read (``max_standby_streaming_delay``): it is as good as before."""

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Watch the replica, where there is one."""
    settings: Settings = app.config["METROLOGY"]
    if not settings.replica_url:
        return
    with app.app_context():
        app.extensions[REPLICA] = Replica(db.engine, db.engines[REPLICA], bound=settings.replica_lag)
    app.after_request(_mark)


def replica() -> Replica | None:
    """The replica of this installation."""
    found: Replica | None = current_app.extensions.get(REPLICA)
    return found


def reading(view: Callable[P, R]) -> Callable[P, R]:
    """Let a view that only reads ask the replica. What it shows may be as old as the setting ``METROLOGY_REPLICA_LAG`` says."""

    @wraps(view)
    def read(*args: P.args, **kwargs: P.kwargs) -> R:
        found = replica()
        if found is None or request.method not in SAFE or WROTE in request.cookies or not found.serves():
            return view(*args, **kwargs)
        if db.session.registry.has():
            db.session.commit()  # who asks is known: the primary's connection is given back while the page is made
        set_on_replica(True)
        try:
            return view(*args, **kwargs)
        except (OperationalError, InterfaceError) as fault:
            log.warning("The read replica broke off; the page is read from the primary: %s", fault.orig)
            if getattr(fault.orig, "sqlstate", None) != CONFLICT:
                found.failed()
            end()
            db.session.rollback()
            return view(*args, **kwargs)

    return read


def end() -> None:
    """The request is over: what comes next asks the primary."""
    set_on_replica(False)


def _mark(response: Response) -> Response:
    """A browser that has written reads from the primary until the replica has it, whichever host it comes to."""
    found = replica()
    if found is None or request.method in SAFE or response.status_code >= 400 or not request.cookies:
        return response
    settings: Settings = current_app.config["METROLOGY"]
    response.set_cookie(
        WROTE, "1", max_age=math.ceil(found.bound) + 1, httponly=True, samesite="Lax", secure=settings.is_https
    )
    return response
