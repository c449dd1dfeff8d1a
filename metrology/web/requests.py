"""What holds for every request: its transaction, the day, who acts, and who may.

A request that only reads (GET, HEAD, OPTIONS) gets a reading transaction. Any other commits when it answers below 400 and
rolls back otherwise, so a page that shows an error has changed nothing: answer a refused form with 422.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar, overload

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from metrology.domain.authority import NOBODY, Actor, may
from metrology.persistence import clock
from metrology.persistence.database import db, on_primary, set_reading
from metrology.settings import Settings
from metrology.web import replicas

P = ParamSpec("P")
R = TypeVar("R")
SAFE = replicas.SAFE


def init_app(app: Flask) -> None:
    """Open and close the transaction of each request."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_undo)


def _begin() -> None:
    set_reading(request.method in SAFE)


def _end(response: Response) -> Response:
    if request.method in SAFE:
        return response
    if response.status_code < 400:
        db.session.commit()
    else:
        db.session.rollback()
    return response


def _undo(exception: BaseException | None) -> None:
    if exception is not None:
        db.session.rollback()
    replicas.end()
    set_reading(False)


def settings() -> Settings:
    """Settings of this installation."""
    found: Settings = current_app.config["METROLOGY"]
    return found


def today() -> date:
    """The civil day in Shanghai, the same throughout a request."""
    if "today" not in g:
        g.today = clock.today_cn()
    day: date = g.today
    return day


def now() -> datetime:
    """The instant, the same throughout a request."""
    if "now" not in g:
        g.now = clock.now_utc()
    instant: datetime = g.now
    return instant


def actor() -> Actor:
    """Who acts in this request."""
    if "actor" not in g:
        g.actor = _actor()
    who: Actor = g.actor
    return who


def _actor() -> Actor:
    with on_primary():
        if not current_user.is_authenticated:
            return Actor(None, NOBODY.name, ip=request.remote_addr)
        user = current_user
        return Actor(
            user.id,
            user.name,
            user.role_names,
            user.district_code,
            user.holder_id,
            user.institute_id,
            request.remote_addr,
        )


def allowed(action: str) -> bool:
    """Whether the one who acts may do an action (for templates: show or not)."""
    return may(actor(), action)


def requires(action: str, *, replica: bool = False) -> Callable[[Callable[P, R]], Callable[P, R | BaseResponse]]:
    """Let a view run only for roles that may do ``action``; a guest is sent to log in, others get 403.

    The action is kept on the view (``view.action``): the walk of every URL as every role reads it from there. With ``replica``
    the page may be read from the replica: only for views that write nothing, and may be some seconds old.
    """
    may_nothing = Actor(None, "nobody")
    may(may_nothing, action)  # an unknown action fails when the module is read, not when someone clicks

    def decorate(view: Callable[P, R]) -> Callable[P, R | BaseResponse]:
        shown = replicas.reading(view) if replica else view

        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | BaseResponse:
            if not current_user.is_authenticated:
                if request.method in SAFE:
                    return redirect(url_for("security.login", next=request.full_path.rstrip("?")))
                abort(401)
            if not may(actor(), action):
                abort(403)
            return shown(*args, **kwargs)

        guarded.action = action  # type: ignore[attr-defined]
        return guarded

    return decorate


@overload
def public(view: Callable[P, R]) -> Callable[P, R]: ...
@overload
def public(*, replica: bool) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def public(view: Callable[P, R] | None = None, *, replica: bool = False) -> Any:
    """Mark a view as open to everyone. Every view is either ``requires`` or ``public``; a test says so.

    As ``@public(replica=True)`` it may be read from the replica, as with ``requires``.
    """

    def decorate(shown: Callable[P, R]) -> Callable[P, R]:
        marked = replicas.reading(shown) if replica else shown
        marked.action = None  # type: ignore[attr-defined]
        return marked

    return decorate if view is None else decorate(view)


def or_404(found: Any | None) -> Any:
    """What was found, or the page "not found" (also for what lies outside one's scope)."""
    if found is None:
        abort(404)
    return found
