"""Reports kept under a name: kept from any report page, opened, shared, renamed, copied, taken away and put back."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse
from wtforms import RadioField, StringField
from wtforms.validators import DataRequired, Length

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.saved_reports import SavedReport
from metrology.services import keeping_reports, subscribing
from metrology.services.own_list_parts import said
from metrology.services.report_kinds import KINDS, kind_of
from metrology.web import subscriptions
from metrology.web.choices import choices
from metrology.web.flashes import say
from metrology.web.languages import choose
from metrology.web.navigation import link_to
from metrology.web.problems import sentence, sentence_of, show_on
from metrology.web.requests import actor, allowed, now, or_404, requires

blueprint = Blueprint("saved_reports", __name__, url_prefix="/reports/saved")
SHARING = {
    "private": _l("Only I"),
    "office": _l("My office"),
    "staff": _l("Everyone on the staff"),
}


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(SHARING=SHARING, report_kind=kind_words, problem_words=sentence)


class ReportForm(FlaskForm):
    """Name and readers of a report."""

    name = StringField(_l("Name"), [DataRequired(), Length(max=80)])
    sharing = RadioField(_l("Who sees it"), choices=choices(SHARING.items()))


def kind_words(code: str) -> str:
    """A kind of report in words."""
    return said(KINDS[code].name, choose()) if code in KINDS else code


def address_of(row: SavedReport) -> str:
    """The page of a kept report."""
    more = f"{row.query}&saved={row.id}" if row.query else f"saved={row.id}"
    return f"{kind_of(row.kind).path}?{more}"


def opened(kind: str) -> SavedReport | None:
    """The kept report that the address of a page says it is, when the reader sees it."""
    key = request.args.get("saved", type=int)
    row = keeping_reports.find(db.session(), actor(), key) if key else None
    return row if row is not None and row.kind == kind else None


def _own(saved_id: int, *, is_removed: bool = False) -> SavedReport:
    found: SavedReport = or_404(keeping_reports.find_own(db.session(), actor(), saved_id, is_removed=is_removed))
    return found


@blueprint.get("/", endpoint="listing")
@requires("report.keep")
def listing_page() -> str:
    """What one kept, and what others share."""
    rows = keeping_reports.seen(db.session(), actor())
    mine = [row for row in rows if row.owner_id == actor().user_id]
    return render_template(
        "saved_reports/listing.html", mine=mine, shared=[row for row in rows if row not in mine],
        mails=subscribing.of_reports(db.session(), actor(), rows),
        when=subscriptions.when, states=subscriptions.STATES, kinds=subscriptions.KINDS,
    )  # fmt: skip


@blueprint.post("/")
@requires("report.keep")
def keep() -> BaseResponse:
    """Keep what a report page shows; or, of one's own kept report, its new question."""
    kind, query = request.form.get("kind", ""), request.form.get("query", "")
    key = request.form.get("saved", type=int) if "again" in request.form else None
    try:
        if key:
            row = _own(key)
            keeping_reports.change(
                db.session(), actor(), row, name=row.name, sharing=row.sharing, query=query, now=now()
            )
        else:
            row = keeping_reports.keep(
                db.session(), actor(), kind, request.form.get("name", ""), query,
                request.form.get("sharing", "private"), now=now(),
            )  # fmt: skip
    except Problem as problem:
        db.session.rollback()
        say(sentence_of(problem), "error")
        known = KINDS.get(kind)
        return redirect(
            f"{known.path}?{query}" if known and known.path.startswith("/reports/") else url_for(".listing")
        )
    by_mail = link_to("subscriptions.create", saved_id=row.id) if allowed("report.subscribe") else None
    say(_("“%(name)s” is kept.", name=row.name), label=_("Get it by mail") if by_mail else "", url=by_mail or "")
    return redirect(address_of(row))


@blueprint.get("/<int:saved_id>")
@requires("report.keep")
def open_one(saved_id: int) -> BaseResponse:
    """Go to the report, with what was kept in its address."""
    row: SavedReport = or_404(keeping_reports.find(db.session(), actor(), saved_id))
    return redirect(address_of(row))


@blueprint.get("/<int:saved_id>/edit")
@requires("report.keep")
def edit(saved_id: int) -> str:
    """Name and readers."""
    row = _own(saved_id)
    return render_template("saved_reports/edit.html", report=row, form=ReportForm(formdata=None, obj=row))


@blueprint.post("/<int:saved_id>/edit")
@requires("report.keep")
def change(saved_id: int) -> BaseResponse | Response:
    """Another name, other readers."""
    row, form = _own(saved_id), ReportForm()
    if form.validate_on_submit():
        try:
            keeping_reports.change(
                db.session(), actor(), row, name=form.name.data, sharing=form.sharing.data, now=now()
            )
        except Problem as problem:
            show_on(form, problem)
        else:
            say(_("“%(name)s” is kept.", name=row.name))
            return redirect(url_for(".listing"))
    return make_response(render_template("saved_reports/edit.html", report=row, form=form), 422)


@blueprint.post("/<int:saved_id>/copy")
@requires("report.keep")
def copy(saved_id: int) -> BaseResponse:
    """One's own copy, opened."""
    row: SavedReport = or_404(keeping_reports.find(db.session(), actor(), saved_id))
    name = _("Copy of %(name)s", name=row.name)[:80]
    made = keeping_reports.copy(db.session(), actor(), row, name, now=now())
    say(_("“%(name)s” is kept.", name=made.name))
    return redirect(address_of(made))


@blueprint.post("/<int:saved_id>/remove")
@requires("report.keep")
def remove(saved_id: int) -> BaseResponse:
    """Take it away; it can be put back."""
    row = _own(saved_id)
    keeping_reports.remove(db.session(), actor(), row, now=now())
    say(_("“%(name)s” is gone.", name=row.name), undo_url=url_for(".restore", saved_id=row.id))
    return redirect(url_for(".listing"))


@blueprint.post("/<int:saved_id>/restore")
@requires("report.keep")
def restore(saved_id: int) -> BaseResponse:
    """Put it back."""
    row = _own(saved_id, is_removed=True)
    keeping_reports.restore(db.session(), actor(), row, now=now())
    say(_("“%(name)s” is there again.", name=row.name))
    return redirect(url_for(".listing"))
