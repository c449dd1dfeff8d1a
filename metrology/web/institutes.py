"""Bodies that verify (法定计量检定机构): what their certificates print about them."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from metrology.domain.problems import Problem
from metrology.persistence.authorisations import Authorisation
from metrology.persistence.database import db
from metrology.persistence.people import Institute
from metrology.services import authorisations, people
from metrology.web.capability import range_words
from metrology.web.changed import keep
from metrology.web.people_forms import AuthorisationForm, InstituteForm
from metrology.web.problems import sentence_of, show_on
from metrology.web.requests import actor, now, or_404, requires, today

blueprint = Blueprint("institutes", __name__, url_prefix="/institutes")


@blueprint.get("/")
@requires("person.view")
def listing() -> str:
    """All institutes."""
    return render_template("institutes/listing.html", rows=people.institutes(db.session()))


def _institute(institute_id: int) -> Institute:
    row: Institute = or_404(db.session.get(Institute, institute_id))
    return row


@blueprint.get("/<int:institute_id>")
@requires("person.view")
def detail(institute_id: int) -> str:
    """An institute, and item by item what it is authorised to verify."""
    row = _institute(institute_id)
    items = authorisations.of_institute(db.session(), row)
    return render_template(
        "institutes/detail.html",
        row=row,
        kept=[one for one in items if one.replaced_by_id is None],
        past=[one for one in items if one.replaced_by_id is not None],
        range_words=range_words,
        grant_of=authorisations.grant_of,
    )


@blueprint.route("/<int:institute_id>/authorisations/new", methods=["GET", "POST"])
@requires("person.edit")
def authorise(institute_id: int) -> Response | str:
    """Keep items of an authorisation: one for each type chosen."""
    row, form = _institute(institute_id), AuthorisationForm()
    if request.method == "GET":
        form.number.data, form.valid_until.data = row.authorisation_number, row.authorised_until
        return render_template("institutes/authorisation.html", form=form, institute=row, row=None)
    if form.validate():
        try:
            for facts in form.facts():
                authorisations.authorise(db.session(), actor(), row, facts, now=now())
        except Problem as problem:
            db.session.rollback()
            show_on(form, problem)
        else:
            flash(_("The authorisation was kept."), "success")
            return redirect(url_for(".detail", institute_id=institute_id))
    page = render_template("institutes/authorisation.html", form=form, institute=_institute(institute_id), row=None)
    return make_response(page, 422)


def _item(authorisation_id: int) -> Authorisation:
    row: Authorisation = or_404(db.session.get(Authorisation, authorisation_id))
    return row


@blueprint.route("/authorisations/<int:authorisation_id>/replace", methods=["GET", "POST"])
@requires("person.edit")
def replace(authorisation_id: int) -> Response | str:
    """Put an item right or prolong it: another takes its place."""
    row, form = _item(authorisation_id), AuthorisationForm()
    institute_id = row.institute_id
    if request.method == "GET":
        form.show(row)
        return render_template("institutes/authorisation.html", form=form, institute=row.institute, row=row)
    if form.validate():
        try:
            facts = form.facts()
            authorisations.replace_item(db.session(), actor(), row, facts[0], now=now())
            for more in facts[1:]:
                authorisations.authorise(db.session(), actor(), row.institute, more, now=now())
        except Problem as problem:
            db.session.rollback()
            show_on(form, problem)
        else:
            flash(_("The authorisation was changed; the old item is kept."), "success")
            return redirect(url_for(".detail", institute_id=institute_id))
    row = _item(authorisation_id)
    page = render_template("institutes/authorisation.html", form=form, institute=row.institute, row=row)
    return make_response(page, 422)


@blueprint.post("/authorisations/<int:authorisation_id>/end")
@requires("person.edit")
def end(authorisation_id: int) -> Response:
    """An item holds no more from today on."""
    row = _item(authorisation_id)
    institute_id = row.institute_id
    try:
        authorisations.end(db.session(), actor(), row, request.form.get("reason", ""), on=today(), now=now())
    except Problem as problem:
        db.session.rollback()
        flash(sentence_of(problem), "error")
    else:
        flash(_("It holds no more from today on."), "success")
    return redirect(url_for(".detail", institute_id=institute_id))


@blueprint.route("/new", methods=["GET", "POST"])
@requires("person.edit")
def new() -> Response | str:
    """Keep another institute."""
    form = InstituteForm()
    if request.method == "GET":
        return render_template("institutes/form.html", form=form, row=None)
    if form.validate():
        try:
            made = people.create_institute(db.session(), actor(), form.facts(), now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            flash(
                _(
                    "The institute was kept. Enter what it is authorised to verify: without that its records are refused."
                ),
                "success",
            )
            return redirect(url_for(".detail", institute_id=made.id))
    return make_response(render_template("institutes/form.html", form=form, row=None), 422)


@blueprint.route("/<int:institute_id>/edit", methods=["GET", "POST"])
@requires("person.edit")
def edit(institute_id: int) -> Response | str:
    """Change what certificates will print."""
    row, form = _institute(institute_id), InstituteForm()

    def page(**more: object) -> str:
        return render_template("institutes/form.html", form=form, row=row, **more)

    if request.method == "GET":
        form.show(row)
        return page()
    refused = keep(
        form, row, page, lambda: people.change_institute(db.session(), actor(), row, form.facts(), now=now())
    )
    if refused is not None:
        return refused
    flash(_("The institute was changed."), "success")
    return redirect(url_for(".detail", institute_id=institute_id))
