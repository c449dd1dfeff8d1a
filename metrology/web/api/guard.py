"""Before an operation of the API: whose token it is, how often it asks, whether it may; and a request sent twice.

No cookie is believed here, so nothing here needs a CSRF token: a browser never sends the header by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Response, abort, g, make_response, request

from metrology.domain.authority import may
from metrology.domain.problems import Problem
from metrology.domain.token_scopes import scope_of
from metrology.persistence.api_tokens import ApiToken
from metrology.persistence.database import db
from metrology.services import api_tokens, idempotency
from metrology.services.idempotency import Answer
from metrology.services.rates import Limit
from metrology.web import rates
from metrology.web.api.parsing import check_address
from metrology.web.beside import kept
from metrology.web.languages import LANGUAGES
from metrology.web.requests import SAFE, actor, now, today

ALL = Limit("api", 1200, timedelta(minutes=1))
"""Requests of one token."""
WRITES = Limit("api-write", 300, timedelta(minutes=1))
"""Of these, requests that change something."""
MANY = Limit("api-bulk", 30, timedelta(minutes=1))
"""Of these, requests that change or tell hundreds at once."""
STRANGERS = Limit("api-stranger", 120, timedelta(minutes=1))
"""Requests of one network without a token that is taken."""
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")


def guarded(
    view: Callable[..., Any], action: str | None, limit: Limit | None, *, is_secret: bool, largest: int
) -> Callable[..., Any]:
    """The view for those who may; ``action`` None lets every token in. No body is read beyond ``largest`` bytes."""

    @wraps(view)
    def asked(*args: Any, **kwargs: Any) -> Any:
        token = _enter()
        _count(token, limit)
        _check_scope(action)
        if not check_address():
            abort(404)
        request.max_content_length = largest
        if request.method != "POST" or (key := request.headers.get("Idempotency-Key")) is None:
            return view(*args, **kwargs)
        return _once(token, key, lambda: view(*args, **kwargs), is_secret=is_secret)

    asked.action = action  # type: ignore[attr-defined]
    return asked


def _enter() -> ApiToken:
    """Who asks, by the header alone."""
    g.language = {"zh": "zh_Hans_CN", "en": "en"}.get(request.accept_languages.best_match(["zh", "en"], "zh") or "zh")
    assert g.language in LANGUAGES
    kind, _blank, text = request.headers.get("Authorization", "").partition(" ")
    row = api_tokens.find(db.session(), text.strip()) if kind.lower() == "bearer" else None
    refused = api_tokens.refusal(row, today=today()) if text else Problem("token_needed")
    if refused is not None or row is None:
        rates.take(STRANGERS, rates.network())
        raise refused or Problem("token_unknown")
    g.api_token = row
    g.actor = api_tokens.actor_of(row, request.remote_addr)
    return row


def token() -> ApiToken:
    """The token of this request."""
    row: ApiToken = g.api_token
    return row


def _count(row: ApiToken, limit: Limit | None) -> None:
    """Exact where it matters little, cheap where it matters much: counts are shared in twelfths of a limit."""
    who = f"token {row.id}"
    for one in [limit] if limit else [WRITES] if request.method not in SAFE else []:
        rates.take(one, who)
    rates.take(ALL, who)
    if api_tokens.needs_touch(row, now=now()):
        key = row.id
        with kept() as session:
            api_tokens.touch(session, key, now=now(), ip=request.remote_addr or "")


def _check_scope(action: str | None) -> None:
    if action is None or may(actor(), action):
        return
    scope = scope_of(action)
    if scope not in token().scopes:
        raise Problem("scope_needed", None, scope=scope)
    abort(403)


# -- sent twice


def _once(row: ApiToken, key: str, work: Callable[[], Any], *, is_secret: bool) -> Any:
    """Do it, and keep the answer with the change; or give the answer that was kept."""
    session = db.session()
    said = f"{request.method} {request.full_path}\n".encode() + request.get_data()
    before = idempotency.claim(session, row.id, key, hashlib.sha256(said).hexdigest(), now=now())
    if before is not None:
        answer = Response(before.body, before.status, before.headers)
        answer.headers["Idempotent-Replayed"] = "true"
        return answer
    token_id = row.id
    made = make_response(work())
    if made.status_code < 400:
        headers = {name: made.headers[name] for name in _KEPT_HEADERS if name in made.headers}
        body = "" if is_secret else made.get_data(as_text=True)
        idempotency.keep(
            session, token_id, key, Answer(made.status_code, {**headers, "Kept": "no"} if is_secret else headers, body)
        )
    return made


def tell(response: Response) -> Response:
    """How much of the limits is left (draft-ietf-httpapi-ratelimit-headers), and that answers differ by language and token."""
    response.headers["Vary"] = "Authorization, Accept-Language"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    if "rate_limit" in g:
        limit, seen = g.rate_limit
        window = int(limit.window.total_seconds())
        response.headers["RateLimit-Policy"] = f'"{limit.name}";q={limit.count};w={window}'
        left = max(0, limit.count - seen)
        response.headers["RateLimit"] = f'"{limit.name}";r={left};t={limit.retry_after(now())}'
    return response
