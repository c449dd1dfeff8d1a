"""A small request that is refused: nothing is changed, the reason is said on the page it came from."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.web.flashes import say
from metrology.web.problems import sentence_of

P = ParamSpec("P")


def told_at(endpoint: str, *arguments: str) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
    """Send a problem of the view to a page as a message; ``arguments`` of the view are those of the page."""

    def decorate(view: Callable[P, Response]) -> Callable[P, Response]:
        @wraps(view)
        def told(*args: P.args, **kwargs: P.kwargs) -> Response:
            try:
                return view(*args, **kwargs)
            except Problem as problem:
                db.session.rollback()
                say(sentence_of(problem), "error")
                given = {name: (request.view_args or {})[name] for name in arguments}
                return redirect(url_for(endpoint, **given))

        return told

    return decorate
