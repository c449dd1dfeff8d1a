"""Targets of indicators: what each should reach, from which day on. Every change is dated and in the journal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from metrology.domain.indicator import BY_CODE, INDICATORS
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.statements import IndicatorTarget
from metrology.services import statements
from metrology.services.indicators import target_of
from metrology.web import labels
from metrology.web.indicator_words import target_words
from metrology.web.problems import sentence_of
from metrology.web.requests import actor, now, requires, today

blueprint = Blueprint("targets", __name__, url_prefix="/reports/targets")


@blueprint.get("/")
@requires("target.edit", replica=True)
def index() -> str:
    """The targets in force, what they were, and a form for a new one."""
    return _shown({})


@blueprint.post("/set")
@requires("target.edit")
def set_one() -> Response | tuple[str, int]:
    """Set a target from a day on."""
    given = {key: request.form.get(key, "").strip() for key in ("indicator", "value", "valid_from")}
    try:
        value = Decimal(given["value"].replace(",", ".").rstrip("%％ ")) if given["value"] else None
        day = date.fromisoformat(given["valid_from"]) if given["valid_from"] else today()
    except (ValueError, InvalidOperation):
        flash(_("Please give a number, and a day as 2026-11-22."), "error")
        return _shown(given), 422
    try:
        statements.set_target(db.session(), actor(), given["indicator"], value, day, now=now())
    except Problem as problem:
        flash(sentence_of(problem), "error")
        return _shown(given), 422
    flash(_("The target was set."), "success")
    return redirect(url_for(".index"))


def _shown(given: dict[str, str]) -> str:
    rows = db.session.scalars(
        select(IndicatorTarget)
        .order_by(IndicatorTarget.id.desc())
        .limit(50)
        .options(joinedload(IndicatorTarget.set_by))
    ).all()
    return render_template(
        "indicators/targets.html",
        indicators=INDICATORS,
        by_code=BY_CODE,
        current={one.code: target_of(db.session(), one.code, today()) for one in INDICATORS},
        rows=rows,
        given=given,
        target_words=target_words,
        units=labels.UNITS,
    )
