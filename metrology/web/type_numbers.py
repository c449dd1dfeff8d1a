"""Numbers of a regulation: what stands behind each, and an administrator's word that the text says so, or says otherwise."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response

from metrology.domain.problems import Problem
from metrology.domain.regulation import Edition, InstrumentType
from metrology.persistence.database import db
from metrology.persistence.instruments import TypeEntry
from metrology.services import confirming, law
from metrology.services.confirming import Cited
from metrology.web.problems import sentence_of
from metrology.web.requests import actor, now, or_404, requires, today
from metrology.web.verifications import refused

blueprint = Blueprint("type_numbers", __name__, url_prefix="/types")


@blueprint.get("/<type_code>/numbers")
@requires("type.view")
def numbers(type_code: str) -> str:
    """Every number of an edition, with who confirmed it by which text."""
    return _page(*_asked(type_code), None)


@blueprint.post("/<type_code>/numbers")
@requires("number.confirm")
def state(type_code: str) -> Response:
    """Confirm the chosen numbers, note that the text says otherwise, or take a statement back."""
    one, edition = _asked(type_code)
    button, session = request.form.get("do", "confirm"), db.session()
    cited = Cited(document=request.form.get("document", ""), clause=request.form.get("clause", ""))
    reason = request.form.get("reason", "")
    read = {key: request.form.get(f"read.{key}", "") for key in dict.fromkeys(request.form.getlist("key"))}
    try:
        if button == "withdraw":
            rows = confirming.withdraw(session, actor(), one.code, edition.code, list(read), reason, now=now())
        elif button == "dispute":
            rows = confirming.dispute(session, actor(), one.code, edition.code, read, cited, reason=reason, now=now())
        else:
            rows = confirming.confirm(session, actor(), one.code, edition.code, read, cited, now=now())
    except Problem as problem:
        session.rollback()
        return refused(_page(*_asked(type_code), problem))
    flash(_done(button, len(rows)), "success")
    return redirect(url_for(".numbers", type_code=type_code, edition=edition.code))


def _done(button: str, count: int) -> str:
    if button == "withdraw":
        return str(ngettext("%(num)d statement was taken back.", "%(num)d statements were taken back.", count))
    if button == "dispute":
        return str(ngettext("%(num)d number is marked as disputed.", "%(num)d numbers are marked as disputed.", count))
    return str(ngettext("%(num)d number is confirmed.", "%(num)d numbers are confirmed.", count))


def _asked(type_code: str) -> tuple[InstrumentType, Edition]:
    one: InstrumentType = or_404(law.types(db.session()).get(type_code))
    return one, or_404(edition_asked(one))


def edition_asked(one: InstrumentType | None) -> Edition | None:
    """The edition the address names, else the one in force today, else the first to come."""
    if one is None or not one.editions:
        return None
    asked = request.values.get("edition")
    chosen = next((edition for edition in one.editions if edition.code == asked), None)
    started = [edition for edition in one.editions if edition.in_force <= today()]
    newest = max(started, key=lambda edition: edition.in_force) if started else one.editions[0]
    return chosen or newest


def _page(one: InstrumentType, edition: Edition, problem: Problem | None) -> str:
    session = db.session()
    return render_template(
        "types/numbers.html",
        entry=or_404(session.get(TypeEntry, one.code)),
        type=one,
        edition=edition,
        standings=confirming.standings(session, one.code, edition),
        history=confirming.history(session, one.code, edition.code),
        problem=sentence_of(problem) if problem else "",
        at_fault=problem.field if problem else None,
        differs=problem is not None and problem.code == "number_differs",
        typed=request.form,
        chosen=set(request.form.getlist("key")),
    )
