"""The status API for everybody, without a key: one certificate or up to 500 at once. Described in docs/public-api.md."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import ServiceUnavailable

from metrology.domain.problems import Problem
from metrology.persistence.checkpoints import Checkpoint
from metrology.persistence.database import db, set_reading
from metrology.services import checkpointing, public_status, settings
from metrology.services.as_of import of_day
from metrology.services.public_status import LONGEST, MOST_AT_ONCE, Answer, Asked
from metrology.services.status_sheets import LIMITS, StatusSheet, read_sheet
from metrology.web import as_of, as_of_words, rates, status_words
from metrology.web.accounts import csrf
from metrology.web.problems import problem_answer
from metrology.web.requests import now, or_404, public, today
from metrology.web.requests import settings as installation

blueprint = Blueprint("public_api", __name__, url_prefix="/api/public")
_NOT_FOUND = frozenset({"unknown_certificate", "unreadable_code"})
_uploads = threading.BoundedSemaphore(2)
"""Spreadsheets read at once in this process: each has a process of its own for some seconds."""


@blueprint.after_request
def _open_to_all(response: Response) -> Response:
    """GET answers may be read by pages of any site; no cookie goes along, so nothing but what is public is read."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
        response.headers["Access-Control-Allow-Headers"] = "If-None-Match, Accept-Language"
        response.headers["Access-Control-Expose-Headers"] = (
            "ETag, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
        )
        response.headers["Access-Control-Max-Age"] = "86400"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return rates.tell(response)


@blueprint.get("/status/<code>")
@public(replica=True)
@rates.limited(rates.STATUS)
def status(code: str) -> Response:
    """What one certificate is worth now; with ``on``, whether its instrument was legal that day, with the proof."""
    if "on" in request.args or "known" in request.args:
        return _of_day(code)
    answer = public_status.answer_one(db.session(), Asked(text=code), today=today(), warn_days=_warn_days())
    if answer.status is None:
        if answer.problem in _NOT_FOUND:
            rates.count(rates.LOOKUPS)
        return problem_answer(problem_of(answer), 404 if answer.problem in _NOT_FOUND else 409)
    return cachable(status_words.as_json(answer.status, installation().public_url))


def _of_day(code: str) -> Response:
    """The answer about a day; ``known`` is another, at whose end the registry's knowledge counts."""
    session = db.session()
    answer = public_status.answer_one(session, Asked(text=code), today=today(), warn_days=_warn_days())
    if answer.problem in _NOT_FOUND:
        rates.count(rates.LOOKUPS)
        return problem_answer(problem_of(answer), 404)
    on = as_of.day_asked(request.args.get("on"), "on")
    known = as_of.day_asked(request.args.get("known"), "known")
    if on is None:
        raise Problem("bad_day", "on", value="")
    instrument = public_status.instrument_of(session, Asked(text=code).code)
    try:
        found = of_day(session, instrument, on, today=today(), now=now(), known=known)
    except Problem as problem:
        return problem_answer(problem, 409 if problem.code == "certificate_altered" else 422)
    return cachable({"code": Asked(text=code).code, **as_of_words.as_json(found, installation().public_url)})


def cachable(content: dict[str, Any]) -> Response:
    """JSON with an ETag over all but the time of the answer: who has it already is told 304."""
    tag = hashlib.sha256(_dumped(content).encode()).hexdigest()[:32]
    answer = Response(_dumped({**content, "as_of": _as_of()}), mimetype="application/json")
    answer.set_etag(tag, weak=True)
    answer.headers["Cache-Control"] = "public, no-cache"
    answer.headers["Vary"] = "Accept-Language"
    answer.make_conditional(request)
    return answer


def _dumped(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _as_of() -> str:
    return now().isoformat(timespec="seconds").replace("+00:00", "Z")


def _warn_days() -> int:
    return settings.read(db.session()).warn_days


def problem_of(answer: Answer) -> Problem:
    """The problem of an answer without a status, as forms and pages name it."""
    return Problem(answer.problem, None, number=answer.number)


@blueprint.get("/checkpoint")
@public(replica=True)
@rates.limited(rates.STATUS)
def checkpoint() -> Response:
    """The newest signed checkpoint of the journal, for whoever wants to keep it."""
    last: Checkpoint = or_404(checkpointing.last(db.session()))
    answer = Response(last.note, content_type="text/plain; charset=utf-8")
    answer.set_etag(last.hash)
    answer.headers["Cache-Control"] = "public, no-cache"
    answer.make_conditional(request)
    return answer


# -- many at once


@blueprint.post("/status")
@csrf.exempt
@public
@rates.limited(rates.BATCHES)
def statuses() -> Response:
    """What each of a list is worth now: a JSON list, or a spreadsheet that comes back with columns added."""
    request.max_content_length = LIMITS.bytes_uploaded + 100_000
    if request.mimetype == "multipart/form-data":
        return _of_sheet()
    asked = _asked(request.get_data())
    answers = answers_to(asked)
    content = [status_words.answer_json(one, installation().public_url) for one in answers]
    body = {"as_of": _as_of(), "count": len(content), "certificates": content}
    return _fresh(Response(_dumped(body), mimetype="application/json"))


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _of_sheet() -> Response:
    sheet = uploaded()
    answers = answers_to(sheet.asked)
    if request.args.get("answer") == "sheet":
        return _fresh(status_words.sheet_answer(sheet, answers))
    content = [status_words.answer_json(one, installation().public_url) for one in answers]
    body = {"as_of": _as_of(), "count": len(content), "certificates": content}
    return _fresh(Response(_dumped(body), mimetype="application/json"))


def uploaded() -> StatusSheet:
    """The spreadsheet that was sent as ``file``. Hostile ones are refused; too many at once are asked to wait."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Problem("file_needed", "file")
    data = file.stream.read(LIMITS.bytes_uploaded + 1)
    with _turn():
        return read_sheet(data, file.filename)


@contextmanager
def _turn() -> Iterator[None]:
    if not _uploads.acquire(timeout=5):
        raise ServiceUnavailable(retry_after=10)
    try:
        yield
    finally:
        _uploads.release()


def answers_to(asked: Sequence[Asked]) -> list[Answer]:
    """Answers in the order asked, in a transaction that only reads; what was not found is counted against the one who asks."""
    if len(asked) > MOST_AT_ONCE:
        raise Problem("too_many_certificates", "certificates", limit=MOST_AT_ONCE, count=len(asked))
    rates.check(rates.MISSES)
    set_reading(True)
    answers = public_status.answer_all(db.session(), asked, today=today(), warn_days=_warn_days())
    db.session.rollback()
    set_reading(False)
    if missed := sum(one.problem == "unknown_certificate" for one in answers):
        rates.count(rates.MISSES, missed)
    return answers


def _asked(body: bytes) -> list[Asked]:
    """A list of texts, or of objects with ``code`` or with ``number`` and ``serial_number``; also under ``certificates``."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Problem("bad_json", None) from error
    if isinstance(given, dict):
        given = given.get("certificates")
    if not isinstance(given, list):
        raise Problem("list_needed", "certificates")
    if len(given) > MOST_AT_ONCE:
        raise Problem("too_many_certificates", "certificates", limit=MOST_AT_ONCE, count=len(given))
    return [_one(item, place) for place, item in enumerate(given)]


def _one(item: Any, place: int) -> Asked:
    if isinstance(item, str):
        item = {"code": item}
    known = {"code", "number", "serial_number"}
    if not isinstance(item, dict) or not set(item) <= known or not all(isinstance(one, str) for one in item.values()):
        raise Problem("bad_item", f"certificates[{place}]", place=place + 1)
    if any(len(one) > LONGEST for one in item.values()):
        raise Problem("text_too_long", f"certificates[{place}]", limit=LONGEST)
    return Asked(item.get("code", ""), item.get("number", ""), item.get("serial_number", ""))
