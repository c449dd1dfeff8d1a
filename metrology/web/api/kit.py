"""The kit of the API: an ``Area`` declares an operation in one decorator; paths, checks and the document follow from it.

    area = Area("holders", "使用单位", "Holders")

    @area.read("/holders/<int:holder_id>", "holder.view", HolderTold, zh="查看使用单位")
    def holder(holder_id): return seen(holder_id)

Views take first what was sent (``body``, then ``query``) and then the arguments of the path. They answer a row; the shape
named by ``answer`` makes JSON of it. The first line of the docstring is the English summary, ``zh`` the Chinese one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import request, url_for
from flask_smorest import Blueprint

from metrology.domain.problems import Problem
from metrology.services.rates import Limit
from metrology.web.api.guard import guarded, tell
from metrology.web.api.parsing import LARGEST, StrictParser, check_place

ROOT = "/api/v1"
AREAS: list[Area] = []
View = Callable[..., Any]
_REFUSALS = (401, 403, 404, 409, 422, 429)


class Area(Blueprint):
    """One area of the API: a chapter of the document."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, noun: str, zh: str, en: str) -> None:
        super().__init__(f"api_{noun}", __name__, url_prefix=ROOT, description=f"{zh} {en}")
        self.after_request(tell)
        AREAS.append(self)

    # -- kinds of operations

    def read(self, path: str, action: str | None, answer: Any, **more: Any) -> Callable[[View], View]:
        """GET of one thing, with an ETag where it has a version."""
        return self.operation("GET", path, action, answer=answer, **more)

    def create(self, path: str, action: str | None, body: Any, answer: Any, **more: Any) -> Callable[[View], View]:
        """POST that makes something: 201."""
        return self.operation("POST", path, action, body=body, answer=answer, status=201, **more)

    def act(self, path: str, action: str | None, answer: Any, **more: Any) -> Callable[[View], View]:
        """POST that does something with a thing: 200."""
        return self.operation("POST", path, action, answer=answer, **more)

    def change(self, path: str, action: str, body: Any, answer: Any, **more: Any) -> Callable[[View], View]:
        """PATCH of some fields; ``locks`` for a thing with a version: then If-Match is needed (``must_match``)."""
        return self.operation("PATCH", path, action, body=body, answer=answer, **more)

    def replace(self, path: str, action: str, body: Any, answer: Any, **more: Any) -> Callable[[View], View]:
        """PUT of all that is said of a thing with a version: it needs If-Match (``must_match``)."""
        return self.operation("PUT", path, action, body=body, answer=answer, locks=True, **more)

    def remove(self, path: str, action: str | None, **more: Any) -> Callable[[View], View]:
        """DELETE: 204."""
        return self.operation("DELETE", path, action, status=204, **more)

    def file(self, path: str, action: str | None, media: str, **more: Any) -> Callable[[View], View]:
        """GET of a file; the view answers a Response."""
        return self.operation("GET", path, action, media=media, **more)

    def operation(
        self,
        method: str,
        path: str,
        action: str | None,
        *,
        zh: str,
        body: Any = None,
        query: Any = None,
        answer: Any = None,
        media: str | None = None,
        status: int = 200,
        locks: bool = False,
        limit: Limit | None = None,
        is_secret: bool = False,
        raw_body: dict[str, Any] | None = None,
        largest: int = LARGEST,
        endpoint: str | None = None,
    ) -> Callable[[View], View]:
        """An operation: who may, what is sent, what is answered."""

        def decorate(view: View) -> View:
            built = self._answering(view, answer, media, status)
            if query is not None:
                built = self.arguments(query, location="query")(built)
            if body is not None:
                built = self.arguments(body, location="json")(built)
            built = _in_place(built, query=query is not None, body=body is not None or raw_body is not None)
            built = guarded(built, action, limit, is_secret=is_secret, largest=largest)
            refusals = (*_REFUSALS, 412, 428) if locks else _REFUSALS
            more = (415,) if body is not None or raw_body is not None else ()
            for code in (*refusals, *more, *((400, 413) if method != "GET" else ())):
                built = self.alt_response(code, response=HTTPStatus(code).name)(built)
            about: dict[str, Any] = {"x-action": action, "x-summary-zh": zh, "x-locks": locks}
            built = self.doc(**about, **({"requestBody": raw_body} if raw_body else {}))(built)
            self.add_url_rule(path, endpoint or view.__name__, built, methods=[method])
            return view

        return decorate

    def _answering(self, view: View, answer: Any, media: str | None, status: int) -> View:
        shape = {"type": "string", "format": "binary"}
        of_file = self.response(status, shape, content_type=media)
        tells = "version" in getattr(answer, "_declared_fields", ())
        tagged = _with_tag(view) if tells else view
        built: View = of_file(view) if media is not None else self.response(status, answer)(tagged)
        return built


def _in_place(view: View, *, query: bool, body: bool) -> View:
    """The view where nothing is sent that it does not read."""

    @wraps(view)
    def placed(*args: Any, **kwargs: Any) -> Any:
        check_place(request, query=query, body=body)
        return view(*args, **kwargs)

    return placed


def _with_tag(view: View) -> View:
    """The answer of a view with the ETag of the row it answers."""

    @wraps(view)
    def tagged(*args: Any, **kwargs: Any) -> Any:
        found = view(*args, **kwargs)
        row = found[0] if isinstance(found, tuple) else found
        version = version_of(row)
        if not isinstance(version, int):
            return found
        extra = {"ETag": f'"{version}"'}
        if isinstance(found, tuple):
            return (*found[:-1], {**found[-1], **extra})
        return found, extra

    return tagged


def made(row: Any, endpoint: str, **values: Any) -> tuple[Any, dict[str, str]]:
    """A row that was made, and where it stands."""
    return row, {"Location": url_for(endpoint, **values)}


def version_of(row: Any) -> Any:
    """By which one knows whether a row was changed; rules are numbered in ``version`` and have another for that."""
    if isinstance(row, dict):
        return row.get("version")
    return getattr(row, "row_version", None) or getattr(row, "version", None)


def must_match(row: Any) -> None:
    """The version to be changed is the one that was read; a Problem otherwise."""
    asked = request.headers.get("If-Match", "").strip()
    if not asked:
        raise Problem("if_match_needed", "If-Match")
    tags = {one.strip().removeprefix("W/") for one in asked.split(",")}
    if asked != "*" and f'"{version_of(row)}"' not in tags:
        raise Problem("changed_meanwhile", "If-Match")
