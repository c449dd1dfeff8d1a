"""Institutes above ours and their standards, with everything here that rests on them."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.equipment import OutsideInstitute, OutsideStandard
from metrology.services import outside, tracing
from metrology.web.changed import told
from metrology.web.equipment_forms import OutsideInstituteForm, OutsideStandardForm
from metrology.web.problems import show_on
from metrology.web.requests import actor, now, or_404, requires

blueprint = Blueprint("outside", __name__, url_prefix="/outside")


@blueprint.get("/")
@requires("standard.view")
def listing() -> str:
    """The institutes above ours, the highest first, each with its standards."""
    rows = outside.standards(db.session())
    by_institute: dict[int, list[OutsideStandard]] = {}
    for row in rows:
        by_institute.setdefault(row.institute_id, []).append(row)
    return render_template(
        "outside/listing.html", institutes=outside.institutes(db.session()), by_institute=by_institute
    )


@blueprint.get("/institutes/<int:outside_id>")
@requires("standard.view")
def institute(outside_id: int) -> str:
    """An institute above ours: its standards, and what rests on its certificates."""
    row: OutsideInstitute = or_404(db.session.get(OutsideInstitute, outside_id))
    return render_template(
        "outside/institute.html",
        row=row,
        resting=tracing.resting_on(db.session(), institute_ids=[row.id]),
        cap=tracing.COUNTED,
    )


@blueprint.get("/standards/<int:outside_id>")
@requires("standard.view")
def standard(outside_id: int) -> str:
    """A standard above ours: what it traces to, what traces to it, and how many records rest on it."""
    row: OutsideStandard = or_404(db.session.get(OutsideStandard, outside_id))
    session = db.session()
    below = outside.below(session, row)
    return render_template(
        "outside/standard.html",
        row=row,
        above=outside.upwards(row)[1:],
        below=below[1:],
        resting=tracing.resting_on(session, outside_ids=[one.id for one in below]),
        cap=tracing.COUNTED,
    )


@blueprint.route("/institutes/new", methods=["GET", "POST"])
@requires("standard.edit")
def new_institute() -> Response | str:
    """Keep another institute above ours."""
    return _institute_form(None)


@blueprint.route("/institutes/<int:outside_id>/edit", methods=["GET", "POST"])
@requires("standard.edit")
def edit_institute(outside_id: int) -> Response | str:
    """Put an institute above ours right."""
    return _institute_form(or_404(db.session.get(OutsideInstitute, outside_id)))


def _institute_form(row: OutsideInstitute | None) -> Response | str:
    form = OutsideInstituteForm()
    words = _("Edit the institute") if row else _("Enter an institute above ours")

    def page(**more: object) -> str:
        return render_template("outside/form.html", form=form, row=row, words=words, **more)

    if request.method == "GET":
        if row is not None:
            form.show(row)
        return page()
    if row is not None and form.is_behind(row):
        return told(form, row, page)
    if form.validate():
        try:
            made = outside.keep_institute(db.session(), actor(), form.facts(), row=row, now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            flash(_("The institute was kept."), "success")
            return redirect(url_for(".institute", outside_id=made.id))
    return make_response(page(), 422)


@blueprint.route("/standards/new", methods=["GET", "POST"])
@requires("standard.edit")
def new_standard() -> Response | str:
    """Keep another standard above ours."""
    return _standard_form(None)


@blueprint.route("/standards/<int:outside_id>/edit", methods=["GET", "POST"])
@requires("standard.edit")
def edit_standard(outside_id: int) -> Response | str:
    """Put a standard above ours right."""
    return _standard_form(or_404(db.session.get(OutsideStandard, outside_id)))


def _standard_form(row: OutsideStandard | None) -> Response | str:
    form = OutsideStandardForm()
    words = _("Edit the standard") if row else _("Enter a standard above ours")

    def page(**more: object) -> str:
        return render_template("outside/form.html", form=form, row=row, words=words, **more)

    if request.method == "GET":
        if row is not None:
            form.show(row)
        else:
            form.institute_id.data = request.args.get("institute", type=int)
        return page()
    if row is not None and form.is_behind(row):
        return told(form, row, page)
    if form.validate():
        try:
            made = outside.keep_standard(db.session(), actor(), form.facts(), row=row, now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            flash(_("The standard was kept."), "success")
            return redirect(url_for(".standard", outside_id=made.id))
    return make_response(page(), 422)
