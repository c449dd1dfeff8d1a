"""Problems of the domain and of HTTP → a clear sentence in the user's language, with a stable code.

Sentences stand in ``web/sentences/``: each module there has ``SENTENCES: dict[code, lazy string]``, with named
placeholders (``%(name)s``) filled from the problem's parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from flask import Flask, Response, flash, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import Conflict, HTTPException

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.web import sentences

_known: dict[str, Any] = {}
API_STATUS = {
    **dict.fromkeys(("token_needed", "token_unknown", "token_revoked", "token_expired", "account_inactive"), 401),
    **dict.fromkeys(("scope_needed", "outside_scope"), 403),
    **dict.fromkeys(("duplicate", "duplicate_holder", "duplicate_place", "certificate_altered", "record_altered"), 409),
    **dict.fromkeys(("idempotency_key_reused", "answer_not_kept", "cursor_lost"), 409),
    "changed_meanwhile": 412,
    **dict.fromkeys(("json_needed", "body_packed"), 415),
    "if_match_needed": 428,
}
"""The status of a problem in the API, where it is not 422. Pages answer 422 to every refused form."""


def known() -> dict[str, Any]:
    """Every code that has a sentence."""
    if not _known:
        for module in iter_modules(sentences.__path__):
            _known.update(import_module(f"{sentences.__name__}.{module.name}").SENTENCES)
    return _known


def sentence(code: str, params: dict[str, Any] | None = None) -> str:
    """The sentence of a code in the language of the request."""
    text = known().get(code)
    if text is None:
        return str(_("This cannot be done (%(code)s).", code=code))
    values = {key: str(value) for key, value in (params or {}).items()}
    try:
        return str(text) % values
    except (KeyError, ValueError):
        return str(text)


def sentence_of(problem: Problem) -> str:
    """The sentence of a problem."""
    return sentence(problem.code, problem.params)


def show_on(form: Any, problem: Problem) -> None:
    """Put a problem at its field of a form, or on top of the form where it has none."""
    field = getattr(form, problem.field, None) if problem.field else None
    if field is not None and hasattr(field, "errors"):
        field.errors = [*field.errors, sentence_of(problem)]
    else:
        flash(sentence_of(problem), "error")


def init_app(app: Flask) -> None:
    """Answer problems and HTTP faults with a page (or problem+json for the API)."""
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(StaleDataError, _stale)


def _wants_json() -> bool:
    return request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json"


def _answer(status: int, code: str, title: str, detail: str, errors: Sequence[dict[str, str]] = ()) -> Response:
    if _wants_json():
        more = {"errors": list(errors)} if errors else {}
        answer = jsonify(type=f"about:blank#{code}", code=code, title=title, detail=detail, status=status, **more)
        answer.mimetype = "application/problem+json"
        answer.status_code = status
        return answer
    return make_response(render_template("problem.html", status=status, code=code, title=title, detail=detail), status)


def problem_answer(problem: Problem, status: int) -> Response:
    """A problem as a page or as problem+json, under another status than 422."""
    answer = _answer(status, problem.code, _("This cannot be done"), sentence_of(problem), errors_of(problem))
    if challenge := challenge_of(problem, status):
        answer.headers["WWW-Authenticate"] = challenge
    return answer


def errors_of(problem: Problem) -> list[dict[str, str]]:
    """Each thing that is wrong with its field, its code and its sentence; a problem of several parts names them all."""
    parts: Sequence[Problem] = getattr(problem, "problems", None) or ([problem] if problem.field else [])
    return [{"field": one.field or "", "code": one.code, "detail": sentence_of(one)} for one in parts]


def challenge_of(problem: Problem, status: int) -> str:
    """What a client of the API is told of the token it needs (RFC 6750)."""
    if status == 401:
        return 'Bearer realm="metrology"' + ("" if problem.code == "token_needed" else ', error="invalid_token"')
    if problem.code == "scope_needed":
        return f'Bearer realm="metrology", error="insufficient_scope", scope="{problem.params.get("scope", "")}"'
    return ""


def _problem(problem: Problem) -> Response:
    db.session.rollback()
    in_api = request.path.startswith("/api/v1/")
    return problem_answer(problem, API_STATUS.get(problem.code, 422) if in_api else 422)


def _stale(_fault: StaleDataError) -> Response | HTTPException:
    """Two people saved the same thing at the same moment: the second is told so."""
    return _http(Conflict())


def _http(fault: HTTPException) -> Response | HTTPException:
    if fault.code is None or fault.code < 400:
        return fault
    db.session.rollback()
    titles = {
        400: _("The request was not understood"),
        401: _("Please log in"),
        403: _("Your role does not allow this"),
        404: _("Not found"),
        405: _("This cannot be done here"),
        409: _("Someone else changed this meanwhile"),
        413: _("The file is too large"),
        429: _("Too many attempts"),
    }
    title = titles.get(fault.code, _("Something went wrong"))
    answer = _answer(fault.code, f"http_{fault.code}", title, "")
    if methods := getattr(fault, "valid_methods", None):
        answer.headers["Allow"] = ", ".join(sorted(methods))
    if getattr(fault, "retry_after", None):
        answer.headers["Retry-After"] = str(fault.retry_after)  # type: ignore[attr-defined]
    return answer
