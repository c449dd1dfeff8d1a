"""What holders report of their instruments, and the bureau's answers."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from metrology.persistence.condition_reports import ConditionReport
from metrology.persistence.database import db
from metrology.services import condition_reports
from metrology.web.flashes import say
from metrology.web.instruments import seen
from metrology.web.refusals import told_at
from metrology.web.requests import actor, now, or_404, requires

blueprint = Blueprint("condition_reports", __name__)
PAGE = 50


@blueprint.get("/condition-reports/")
@requires("instrument.move")
def listing() -> str:
    """Reports that wait for an answer, the oldest first."""
    after = request.args.get("after", 0, type=int)
    rows = condition_reports.open_reports(db.session(), actor(), after=after, limit=PAGE + 1)
    next_url = url_for(".listing", after=rows[PAGE - 1].id) if len(rows) > PAGE else None
    return render_template("condition_reports/listing.html", rows=rows[:PAGE], next_url=next_url)


@blueprint.post("/instruments/<int:instrument_id>/reports")
@requires("instrument.report")
@told_at("instruments.detail", "instrument_id")
def create(instrument_id: int) -> Response:
    """Tell the bureau of an instrument."""
    instrument = seen(instrument_id)
    kind, text = request.form.get("kind", ""), request.form.get("text", "")
    condition_reports.report_condition(db.session(), actor(), instrument, kind, text, now=now())
    say(_("The bureau was told. What becomes of it is shown here."))
    return redirect(url_for("instruments.detail", instrument_id=instrument_id))


@blueprint.post("/instruments/<int:instrument_id>/reports/<int:report_id>/settle")
@requires("instrument.move")
@told_at("instruments.detail", "instrument_id")
def settle(instrument_id: int, report_id: int) -> Response:
    """Answer a report."""
    instrument = seen(instrument_id)
    report: ConditionReport = or_404(db.session.get(ConditionReport, report_id))
    if report.instrument_id != instrument.id:
        or_404(None)
    condition_reports.settle_report(db.session(), actor(), report, request.form.get("reason", ""), now=now())
    say(_("The report is answered."))
    return redirect(url_for("instruments.detail", instrument_id=instrument.id))
