"""Bodies that verify (法定计量检定机构): what their certificates print about them."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.people import Institute
from metrology.services import people
from metrology.web.people_forms import InstituteForm
from metrology.web.problems import show_on
from metrology.web.requests import actor, now, or_404, requires

blueprint = Blueprint("institutes", __name__, url_prefix="/institutes")


@blueprint.get("/")
@requires("person.view")
def listing() -> str:
    """All institutes."""
    return render_template("institutes/listing.html", rows=people.institutes(db.session()))


@blueprint.route("/new", methods=["GET", "POST"])
@requires("person.edit")
def new() -> Response | str:
    """Keep another institute."""
    form = InstituteForm()
    if request.method == "GET":
        return render_template("institutes/form.html", form=form, row=None)
    if form.validate():
        try:
            people.create_institute(db.session(), actor(), form.facts(), now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            flash(_("The institute was kept."), "success")
            return redirect(url_for(".listing"))
    return make_response(render_template("institutes/form.html", form=form, row=None), 422)


@blueprint.route("/<int:institute_id>/edit", methods=["GET", "POST"])
@requires("person.edit")
def edit(institute_id: int) -> Response | str:
    """Change what certificates will print."""
    row: Institute = or_404(db.session.get(Institute, institute_id))
    form = InstituteForm()
    if request.method == "GET":
        form.show(row)
        return render_template("institutes/form.html", form=form, row=row)
    if form.validate():
        try:
            people.change_institute(db.session(), actor(), row, form.facts(), now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            flash(_("The institute was changed."), "success")
            return redirect(url_for(".listing"))
    return make_response(render_template("institutes/form.html", form=form, row=row), 422)
