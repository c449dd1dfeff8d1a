"""Places of use in their tree. The list of all stands in ``place_lists``."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as BaseResponse

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.services import placing
from metrology.services.standing_counts import count_in_children, count_standing
from metrology.web.changed import keep
from metrology.web.flashes import say
from metrology.web.holder_forms import PlaceForm
from metrology.web.lookup import offer
from metrology.web.problems import show_on
from metrology.web.refusals import told_at
from metrology.web.requests import actor, now, or_404, requires, today

blueprint = Blueprint("places", __name__, url_prefix="/places")
SHOWN = 200


def seen(place_id: int) -> Place:
    """A place within the scope of the one who asks, or the page "not found"."""
    statement = select(Place).where(Place.id == place_id).options(joinedload(Place.organiser), joinedload(Place.parent))
    found: Place = or_404(db.session.scalar(within(statement, actor(), Place)))
    return found


@blueprint.get("/choices")
@requires("place.view")
def choices() -> Response:
    """Places offered while one types."""
    return offer(Place, "place", request.args.get("q", "")[:100])


@blueprint.get("/<int:place_id>")
@requires("place.view")
def detail(place_id: int) -> str:
    """A place: what it stands in, what stands in it."""
    place = seen(place_id)
    session = db.session()
    children = select(Place).where(Place.parent_id == place.id).order_by(Place.name, Place.id)
    total = select(func.count()).select_from(Place).where(Place.parent_id == place.id)
    rows = session.scalars(children.limit(SHOWN)).all()
    inside = select(Place.id).where(Place.path.startswith(place.path, autoescape=True))
    return render_template(
        "places/detail.html",
        place=place,
        above=above(place)[:-1],
        children=rows,
        child_count=session.scalar(total) if len(rows) == SHOWN else len(rows),
        child_counts=count_in_children(session, actor(), place, today=today()),
        counts=count_standing(session, actor(), Instrument.place_id.in_(inside), today=today()),
        here=count_standing(session, actor(), Instrument.place_id == place.id, today=today()),
    )


def above(place: Place | None) -> list[Place]:
    """The place and those it stands in, the topmost first."""
    if place is None:
        return []
    keys = [int(key) for key in place.path.strip("/").split("/") if key]
    rows: Mapping[int, Place] = {one.id: one for one in db.session.scalars(select(Place).where(Place.id.in_(keys)))}
    return [rows[key] for key in keys if key in rows]


@blueprint.route("/new", methods=["GET", "POST"])
@requires("place.edit")
def create() -> BaseResponse | str:
    """Register a place."""
    form = PlaceForm()
    parent = _asked("parent")
    if request.method == "GET":
        form.keep(parent, None)
        form.district_code.data = "" if parent else actor().district_code or ""
        if parent is not None:
            form.kind.data = {"market": "stall", "station": "island", "community": "building"}.get(parent.kind, "other")
        return render_template("places/form.html", form=form, place=None)
    other = None
    if form.validate():
        try:
            place = placing.register_place(db.session(), actor(), form.facts(), now=now())
        except Problem as problem:
            other = _named(problem)
            show_on(form, problem)
        else:
            again = url_for(".create", parent=place.parent_id or place.id)
            words = _("Register another beside it") if place.parent_id else _("Register a place within it")
            say(_("%(name)s is registered.", name=place.full_name), label=words, url=again)
            return redirect(url_for(".detail", place_id=place.id))
    return make_response(render_template("places/form.html", form=form, place=None, other=other), 422)


def _asked(name: str) -> Place | None:
    key = request.args.get(name, type=int)
    if key is None or key.bit_length() > 63:
        return None
    found: Place | None = db.session.scalar(within(select(Place).where(Place.id == key), actor(), Place))
    return found


def _named(problem: Problem) -> Place | None:
    """The place that is there already, where the one who asks may see it."""
    if problem.code != "duplicate_place" or "id" not in problem.params:
        return None
    statement = select(Place).where(Place.id == int(problem.params["id"]))
    found: Place | None = db.session.scalar(within(statement, actor(), Place))
    return found


@blueprint.route("/<int:place_id>/edit", methods=["GET", "POST"])
@requires("place.edit")
def edit(place_id: int) -> BaseResponse | str:
    """Change what is kept of a place, or put it within another."""
    place, form = seen(place_id), PlaceForm()

    def page(problem: Problem | None = None, **more: object) -> str:
        other = _named(problem) if problem else None
        return render_template("places/form.html", form=form, place=place, other=other, **more)

    if request.method == "GET":
        form.show(place)
        return page()
    form.keep(place.parent, place.organiser)
    refused = keep(
        form, place, page, lambda: placing.revise_place(db.session(), actor(), place, form.said(), now=now())
    )
    if refused is not None:
        return refused
    say(_("The changes were saved."))
    return redirect(url_for(".detail", place_id=place_id))


@blueprint.post("/<int:place_id>/active")
@requires("place.edit")
@told_at(".detail", "place_id")
def set_active(place_id: int) -> BaseResponse:
    """Close a place that no longer exists, or open it again."""
    place = seen(place_id)
    opens = request.form.get("active") == "1"
    reason = request.form.get("reason", "").strip()[:500]
    placing.set_active(db.session(), actor(), place, is_active=opens, reason=reason, now=now())
    say(_("The place is open again.") if opens else _("The place is closed."))
    return redirect(url_for(".detail", place_id=place_id))
