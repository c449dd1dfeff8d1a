"""Rate limits of log-in and of public pages, shared by all processes through the database.

Flask-Limiter was not taken: its stores that hold across processes are further servers (Redis, Memcached), and the registry
needs none. Whose address counts is what ``ProxyFix`` believes, so a forged X-Forwarded-For changes nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

from flask import Response, current_app, g, request
from werkzeug.exceptions import TooManyRequests

from metrology.services import rates
from metrology.services.rates import Limit
from metrology.web.beside import kept
from metrology.web.requests import now, settings

P = ParamSpec("P")
R = TypeVar("R")

LOGIN = Limit("login", 40, timedelta(minutes=15))
"""Wrong log-ins from one network: an office of a hundred behind one address still gets in."""
LINK = Limit("link", 20, timedelta(minutes=15))
"""Tries of one-time links."""
PAGES = Limit("public", 240, timedelta(minutes=1))
"""Public pages from one network; a market's shared address serves many phones."""
LOOKUPS = Limit("lookup", 20, timedelta(minutes=1))
"""Unknown codes from one network: nobody guesses 128 bits, but nobody shall try either."""
STATUS = Limit("status", 240, timedelta(minutes=1))
"""Certificates asked for one by one through the status API."""
BATCHES = Limit("status-batch", 20, timedelta(minutes=1))
"""Lists of certificates asked for at once."""
MISSES = Limit("status-miss", 2000, timedelta(hours=1))
"""Certificates of lists that are not there: numbers and serial numbers are not to be tried through."""
PICTURES = Limit("picture", 60, timedelta(minutes=1))
"""Photographs to be read, from one network: each costs some milliseconds."""

_BATCHES = 12
_lock = threading.Lock()
_pending: dict[tuple[str, datetime], tuple[int, int]] = {}


def refuse(limit: Limit) -> NoReturn:
    """Answer 429 with the time to wait."""
    g.rate_limit = (limit, limit.count)
    raise TooManyRequests(retry_after=limit.retry_after(now()))


def _off() -> bool:
    return current_app.config.get("RATELIMIT_ENABLED", True) is False


def _key(limit: Limit) -> str:
    return rates.key_of(limit, rates.network_of(request.remote_addr), settings().secret_key)


def count(limit: Limit, amount: int = 1) -> None:
    """Count one try (or several), exactly; answer 429 when there were too many. In a writing request: before its own changes."""
    if _off():
        return
    with kept() as session:
        tries = rates.spend(session, limit, _key(limit), now=now(), amount=amount)
    if tries > limit.count:
        refuse(limit)


def forgive(limit: Limit) -> None:
    """Take back the try just counted: it succeeded."""
    if _off():
        return
    with kept() as session:
        rates.spend(session, limit, _key(limit), now=now(), amount=-1)


def check(limit: Limit) -> None:
    """Answer 429 when the limit was reached, without counting this request (a reading request writes nothing then)."""
    if _off():
        return
    with kept() as session:
        tries = rates.spent(session, limit, _key(limit), now=now())
    if tries >= limit.count:
        refuse(limit)


def take(limit: Limit, who: str, amount: int = 1) -> int:
    """Count a try of somebody known by name (a token), shared in twelfths as ``limited`` does; 429 when there were too many."""
    seen = 0 if _off() else _seen(limit, rates.key_of(limit, who, settings().secret_key), amount)
    g.rate_limit = (limit, seen)
    if seen > limit.count:
        refuse(limit)
    return seen


def limited(limit: Limit) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Limit how often a page is asked for from one network.

    A process adds what it saw to the shared count in twelfths of the limit, so that a page for the public writes seldom;
    several processes may together let through that much more.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            seen = 0 if _off() else _seen(limit, _key(limit))
            if seen > limit.count:
                refuse(limit)
            g.rate_limit = (limit, seen)
            return view(*args, **kwargs)

        return guarded

    return decorate


def tell(response: Response) -> Response:
    """Say on an answer how much of the limit is left (RateLimit-* as drafted by the IETF's httpapi group)."""
    if "rate_limit" in g:
        limit, seen = g.rate_limit
        response.headers["RateLimit-Limit"] = str(limit.count)
        response.headers["RateLimit-Remaining"] = str(max(0, limit.count - seen))
        response.headers["RateLimit-Reset"] = str(limit.retry_after(now()))
    return response


def _seen(limit: Limit, key: str, amount: int = 1) -> int:
    """Count in this process; share the count when a batch is full. How many there are, as far as this process knows."""
    place, batch = (key, limit.start(now())), max(1, limit.count // _BATCHES)
    with _lock:
        if len(_pending) > 50_000:  # old windows: what they held is of no use any more
            _pending.clear()
        mine, shared = _pending.get(place, (0, 0))
        mine += amount
        if mine < batch:
            _pending[place] = (mine, shared)
            return shared + mine
        _pending[place] = (0, shared + mine)
    with kept() as session:
        total = rates.spend(session, limit, key, now=now(), amount=mine)
    with _lock:
        waiting, _old = _pending.get(place, (0, 0))
        _pending[place] = (waiting, total)
    return total


def network() -> str:
    """From which network this request comes."""
    return rates.network_of(request.remote_addr)
