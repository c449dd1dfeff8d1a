"""Measurement standards: what they are good for, until when, with which certificates; entered, renewed, taken out of use."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.standards import MeasurementStandard
from metrology.services import equipment, standard_cases, standards
from metrology.web import standard_lists
from metrology.web.changed import keep
from metrology.web.problems import sentence_of, show_on
from metrology.web.requests import actor, allowed, now, or_404, requires, today
from metrology.web.standard_forms import CertificateForm, StandardChangeForm, StandardForm

blueprint = Blueprint("standards", __name__, url_prefix="/standards")


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["standard_standing"] = lambda row: standards.standing(row, today())


@blueprint.get("/", endpoint="listing")
@requires("standard.view")
def standard_list() -> str:
    """The standards, those that lapse first on top."""
    new = (_("Enter a standard"), url_for(".create")) if allowed("standard.edit") else None
    return standard_lists.show(new)


def _standard(standard_id: int) -> MeasurementStandard:
    standard: MeasurementStandard = or_404(db.session.get(MeasurementStandard, standard_id))
    return standard


@blueprint.get("/<int:standard_id>")
@requires("standard.view")
def detail(standard_id: int) -> str:
    """One standard: its certificates, what it serves, where it was used."""
    standard = _standard(standard_id)
    cases = standard_cases.cases_of(db.session(), standard)
    doubted = standard.state == "in_use" and any(one.state != "fallen" and one.fit_from is None for one in cases)
    return render_template(
        "standards/detail.html",
        standard=standard,
        standing="suspended" if doubted else standards.standing(standard, today()),
        moves=standards.MOVES[standard.state],
        types=list(zip(standard.type_codes, standard_lists.type_names(standard.type_codes), strict=True)),
        use_count=standards.use_count(db.session(), standard),
        use_cap=standards.USES_COUNTED,
        uses=standards.latest_uses(db.session(), standard),
        places=equipment.places_of(db.session(), standard),
        cases=cases,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires("standard.edit")
def create() -> Response | str:
    """Enter a standard with its certificate."""
    form = StandardForm()
    if request.method == "GET":
        return render_template("standards/form.html", form=form, standard=None)
    if form.validate():
        try:
            made = standards.create_standard(db.session(), actor(), form.facts(), today=today(), now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            flash(_("Standard %(number)s is entered.", number=made.number), "success")
            return redirect(url_for(".detail", standard_id=made.id))
    return make_response(render_template("standards/form.html", form=form, standard=None), 422)


@blueprint.route("/<int:standard_id>/edit", methods=["GET", "POST"])
@requires("standard.edit")
def edit(standard_id: int) -> Response | str:
    """Put right what is kept of a standard."""
    standard, form = _standard(standard_id), StandardChangeForm()

    def page(**more: object) -> str:
        return render_template("standards/form.html", form=form, standard=standard, **more)

    if request.method == "GET":
        form.show(standard)
        return page()
    refused = keep(
        form,
        standard,
        page,
        lambda: standards.revise_standard(db.session(), actor(), standard, form.facts_for(standard), now=now()),
    )
    if refused is not None:
        return refused
    flash(_("The standard was changed."), "success")
    return redirect(url_for(".detail", standard_id=standard_id))


@blueprint.route("/<int:standard_id>/renew", methods=["GET", "POST"])
@requires("standard.edit")
def renew(standard_id: int) -> Response | str:
    """Append a new certificate."""
    standard, form = _standard(standard_id), CertificateForm()
    if request.method == "GET":
        form.certificate_issuer.data, form.accuracy.data = standard.certificate_issuer, standard.accuracy
        return render_template("standards/renew.html", form=form, standard=standard)
    if form.validate():
        try:
            standards.renew(db.session(), actor(), standard, form.certificate(), now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            flash(_("Certificate %(number)s was added.", number=form.certificate_number.data), "success")
            return redirect(url_for(".detail", standard_id=standard.id))
    return make_response(render_template("standards/renew.html", form=form, standard=standard), 422)


@blueprint.post("/<int:standard_id>/move")
@requires("standard.edit")
def move(standard_id: int) -> Response:
    """Suspend, put to use again, withdraw."""
    standard = _standard(standard_id)
    to_state, reason = request.form.get("to", ""), request.form.get("reason", "")
    try:
        standards.move_standard(db.session(), actor(), standard, to_state, reason=reason, now=now())
    except Problem as problem:
        db.session.rollback()
        flash(sentence_of(problem), "error")
    else:
        flash(_("The standard was changed."), "success")
    return redirect(url_for(".detail", standard_id=standard_id))
