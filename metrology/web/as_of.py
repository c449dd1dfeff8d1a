"""Was an instrument legal on a day? A page with the proof, and the statement that can be printed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from flask import Blueprint, Response, make_response, render_template, request

from metrology.documents.as_of_pdf import day_statement_pdf
from metrology.documents.certificate_pdf import CertificateLanguage
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.services import as_of, settings
from metrology.services.as_of import DayAnswer
from metrology.web import as_of_words
from metrology.web.instruments import seen
from metrology.web.problems import sentence_of
from metrology.web.requests import now, requires, today
from metrology.web.requests import settings as installation

blueprint = Blueprint("as_of", __name__, url_prefix="/instruments")


def day_asked(text: str | None, field: str) -> date | None:
    """A day of the address; None when none is given. Anything else is refused."""
    if not text:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise Problem("bad_day", field, value=text[:20]) from error


def _answer(instrument_id: int) -> DayAnswer:
    instrument = seen(instrument_id)
    on = day_asked(request.args.get("on"), "on") or today()
    known = day_asked(request.args.get("known"), "known")
    return as_of.of_day(db.session(), instrument, on, today=today(), now=now(), known=known)


@blueprint.get("/<int:instrument_id>/as-of")
@requires("instrument.view", replica=True)
def day(instrument_id: int) -> Response:
    """The answer about a day, with what it rests on."""
    instrument = seen(instrument_id)
    found, problem = None, ""
    try:
        found = _answer(instrument_id)
    except Problem as fault:
        problem = sentence_of(fault)
    page = render_template(
        "instruments/as_of.html",
        instrument=instrument,
        found=found,
        problem=problem,
        words=as_of_words,
        on=request.args.get("on") or today().isoformat(),
        known=request.args.get("known", ""),
    )
    return make_response(page, 422 if problem else 200)


@blueprint.get("/<int:instrument_id>/as-of.pdf")
@requires("instrument.view", replica=True)
def paper(instrument_id: int) -> Response:
    """The statement as PDF."""
    found = _answer(instrument_id)
    language: CertificateLanguage = "zh-en" if request.args.get("language") == "zh-en" else "zh"
    bureau = settings.read(db.session()).named(language)
    statement = as_of_words.statement(
        found, bureau=bureau, made_on=today().isoformat(), public_url=installation().public_url
    )
    folder = installation().font_folder
    body = day_statement_pdf(statement, language=language, fonts_folder=Path(folder) if folder else None)
    answer = Response(body, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="status-{found.on.isoformat()}.pdf"'
    return answer
