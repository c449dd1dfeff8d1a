"""``/status``: paste codes or send a sheet, and see what each certificate is worth; for people without an account."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.services.public_status import LONGEST, MOST_AT_ONCE, Answer, Asked
from metrology.services.status_sheets import LIMITS, StatusSheet
from metrology.web import labels, rates, status_words
from metrology.web.problems import sentence_of
from metrology.web.public_api import answers_to, uploaded
from metrology.web.requests import public

blueprint = Blueprint("status_check", __name__)
EXAMPLES = (
    _l("the address under a QR code, or all that a scanner reads from it"),
    _l("a certificate number and the serial number, with a blank, comma or tab between them"),
)


@blueprint.get("/status")
@public
@rates.limited(rates.PAGES)
def ask() -> str:
    """The form."""
    return _page()


@blueprint.post("/status")
@public
@rates.limited(rates.BATCHES)
def check() -> Response:
    """The answers, as a page or as a sheet."""
    request.max_content_length = LIMITS.bytes_uploaded + 100_000
    try:
        sheet = _given()
        answers = answers_to(sheet.asked)
    except Problem as problem:
        db.session.rollback()
        return make_response(_page(problem=sentence_of(problem), text=request.form.get("text", "")), 422)
    wanted = request.form.get("answer", "")
    if wanted in ("csv", "xlsx"):
        return status_words.sheet_answer(sheet, answers, kind=wanted)
    counts: Counter[str] = Counter(one.status.standing if one.status else "unknown" for one in answers)
    told = [(name, counts[name]) for name in labels.CERTIFICATE_STANDINGS if counts[name]]
    return make_response(_page(answers=answers, counts=told, text=_as_text(sheet.asked)))


def _given() -> StatusSheet:
    file = request.files.get("file")
    if file is not None and file.filename:
        return uploaded()
    lines = [line.strip() for line in request.form.get("text", "").splitlines() if line.strip()]
    if not lines:
        raise Problem("nothing_asked", "text")
    if len(lines) > MOST_AT_ONCE:
        raise Problem("too_many_certificates", "text", limit=MOST_AT_ONCE, count=len(lines))
    asked = tuple(line_asked(line[:LONGEST]) for line in lines)
    return StatusSheet("csv", (str(_("Asked for")),), tuple((line,) for line in lines), asked)


def line_asked(line: str) -> Asked:
    """One line of what was pasted: a code or QR text, or a number and a serial number after it.

    >>> line_asked("XX-JD-2026-000017，DH 100").serial_number
    'DH 100'
    """
    if Asked(text=line).code:
        return Asked(text=line)
    number, _mark, serial = _split(line)
    return Asked(number=number, serial_number=serial) if serial else Asked(number=number)


def _split(line: str) -> tuple[str, str, str]:
    for mark in ("\t", ",", "，", ";", "；", " "):
        if mark in line:
            head, found, tail = line.partition(mark)
            return head.strip(), found, tail.strip()
    return line, "", ""


def _as_text(asked: tuple[Asked, ...]) -> str:
    """The same, to be pasted again: what the button for the sheet sends."""
    return "\n".join(one.text or f"{one.number}\t{one.serial_number}" for one in asked)


def _page(
    *,
    answers: list[Answer] | None = None,
    counts: list[tuple[str, int]] | None = None,
    problem: str = "",
    text: str = "",
) -> str:
    values: dict[str, Any] = {
        "answers": answers, "counts": counts, "problem": problem, "text": text, "limit": MOST_AT_ONCE,
        "examples": EXAMPLES, "told": status_words.told,
    }  # fmt: skip
    return render_template("status/index.html", **values)
