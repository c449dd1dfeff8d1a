"""Those who verify, check and approve, and what they are qualified for."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.districts import District
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.people import Qualification, User
from metrology.services import people
from metrology.web.changed import keep
from metrology.web.filters import pick
from metrology.web.people_forms import OneQualificationForm, QualificationForm
from metrology.web.problems import sentence_of, show_on
from metrology.web.requests import actor, now, or_404, requires, today

blueprint = Blueprint("people", __name__, url_prefix="/people")
_SOON = timedelta(days=60)


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.filters.update(type_words=type_words, district=district)


def type_words(code: str) -> str:
    """What a qualification is for."""
    if code == people.ALL_TYPES:
        return str(_("All types"))
    return pick(db.session.get(TypeEntry, code)) or code


def district(code: str | None) -> str:
    """Name of a district."""
    return str(pick(db.session.get(District, code)) or code) if code else ""


def standing(user: User, on: date) -> str:
    """How a person's qualifications stand: ``valid``, ``due_soon`` (one ends within 60 days), ``expired`` or ``none``."""
    current = [row.valid_until for row in user.qualifications if row.holds_on(on)]
    if not current:
        return "expired" if user.qualifications else "none"
    return "due_soon" if min(current) <= on + _SOON else "valid"


@blueprint.get("/")
@requires("person.view")
def listing() -> str:
    """Everyone who verifies, checks or approves."""
    text, institute_id = request.args.get("q", "").strip(), request.args.get("institute", type=int)
    rows, after = people.professionals(
        db.session(), text=text, institute_id=institute_id, after=request.args.get("after", type=int)
    )
    next_url = url_for(".listing", q=text or None, institute=institute_id, after=after) if after else None
    return render_template(
        "people/listing.html",
        rows=rows,
        standings={user.id: standing(user, today()) for user in rows},
        institutes=people.institutes(db.session()),
        institute_id=institute_id,
        text=text,
        next_url=next_url,
    )


def _professional(user_id: int) -> User:
    user: User = or_404(db.session.get(User, user_id))
    or_404(user if user.qualifications or user.role_names & set(people.PROFESSIONS) else None)
    return user


@blueprint.get("/<int:user_id>")
@requires("person.view")
def detail(user_id: int) -> str:
    """A person's qualifications."""
    user = _professional(user_id)
    return render_template("people/detail.html", user=user, standing=standing(user, today()))


@blueprint.route("/<int:user_id>/qualifications/new", methods=["GET", "POST"])
@requires("person.edit")
def add_qualification(user_id: int) -> Response | str:
    """Keep a certificate of qualification: one row for each type it names."""
    user, form = _professional(user_id), QualificationForm()
    if request.method == "GET":
        return render_template("people/qualification.html", form=form, user=user, row=None)
    if form.validate():
        try:
            for facts in form.facts():
                people.add_qualification(db.session(), actor(), user, facts, now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            flash(_("The qualification was kept."), "success")
            return redirect(url_for(".detail", user_id=user.id))
    return make_response(render_template("people/qualification.html", form=form, user=user, row=None), 422)


@blueprint.route("/qualifications/<int:qualification_id>/edit", methods=["GET", "POST"])
@requires("person.edit")
def edit_qualification(qualification_id: int) -> Response | str:
    """Put a qualification right, or prolong it."""
    row: Qualification = or_404(db.session.scalar(select(Qualification).where(Qualification.id == qualification_id)))
    form = OneQualificationForm()

    def page(**more: object) -> str:
        return render_template("people/qualification.html", form=form, user=row.user, row=row, **more)

    if request.method == "GET":
        form.show(row)
        return page()
    refused = keep(
        form, row, page, lambda: people.change_qualification(db.session(), actor(), row, form.facts()[0], now=now())
    )
    if refused is not None:
        return refused
    flash(_("The qualification was changed."), "success")
    return redirect(url_for(".detail", user_id=row.user_id))


@blueprint.post("/qualifications/<int:qualification_id>/end")
@requires("person.edit")
def end_qualification(qualification_id: int) -> Response:
    """A qualification holds no more from today on."""
    row: Qualification = or_404(db.session.get(Qualification, qualification_id))
    user_id = row.user_id
    try:
        people.end_qualification(db.session(), actor(), row, request.form.get("reason", ""), on=today(), now=now())
    except Problem as problem:
        db.session.rollback()
        flash(sentence_of(problem), "error")
    else:
        flash(_("It holds no more from today on."), "success")
    return redirect(url_for(".detail", user_id=user_id))
