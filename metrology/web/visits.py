"""Visits: planned from what was chosen, looked at on site, moved, called off, finished. See ``visit_items`` and ``visit_lists``."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response as BaseResponse

from metrology.documents.sheet_pdf import day_sheet_pdf
from metrology.domain.problems import Problem
from metrology.optimization.workdays import next_workday
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.persistence.visits import Visit, VisitItem
from metrology.services import visit_days, visit_finding, visiting
from metrology.services.visit_sheet import day_sheet
from metrology.web import visit_choice
from metrology.web.changed import keep
from metrology.web.day_words import refuse_day_off
from metrology.web.flashes import say
from metrology.web.languages import is_zh
from metrology.web.problems import show_on
from metrology.web.requests import actor, now, or_404, requires, settings, today
from metrology.web.shown_pdf import shown_pdf
from metrology.web.visit_forms import DayForm, VisitForm

blueprint = Blueprint("visits", __name__, url_prefix="/visits")
ROWS = 200
OPEN = ("planned", "in_progress")


def found_visit(visit_id: int) -> Visit:
    """A visit in the actor's scope, or the page "not found"."""
    found: Visit = or_404(visit_finding.visit_of(db.session(), actor(), visit_id))
    return found


def _is_script() -> bool:
    """Whether a script asks (the calendar), which wants JSON."""
    return request.accept_mimetypes.best == "application/json"


def to_visit(visit: Visit) -> BaseResponse:
    """Back to the page of a visit."""
    return redirect(url_for("visits.detail", visit_id=visit.id))


# -- planning


@blueprint.route("/new", methods=["GET", "POST"])
@requires("plan.edit")
def create() -> Response | BaseResponse | str:
    """Plan a visit of what was chosen: shows what it would hold, then plans it. Where nothing was, it is chosen first."""
    if request.method == "GET" and not request.args:
        return redirect(url_for("plan.due"))
    choice = visit_choice.choice()
    form = VisitForm(request.values if request.method == "POST" else None)
    if request.method == "POST" and request.form.get("planned_on") and not request.form.get("look"):
        if form.validate():
            try:
                return _plan(form, choice)
            except Problem as problem:
                if _is_script():
                    raise
                db.session.rollback()
                show_on(form, problem)
        return make_response(_create_page(form, choice), 422)
    form.planned_on.data = form.planned_on.data or next_workday(today().fromordinal(today().toordinal() + 1))
    return _create_page(form, choice)


def _plan(form: VisitForm, choice: visit_choice.Choice) -> Response | BaseResponse:
    facts = form.facts()
    refuse_day_off(facts.planned_on, is_confirmed=bool(form.confirmed.data))
    into = request.form.get("visit", type=int)
    if into:
        return _extend(found_visit(into), choice)
    parts = choice.parts if request.form.get("split") else [list(choice.ids)]
    planned = [visiting.plan_visit(db.session(), actor(), facts, ids, today=today(), now=now()) for ids in parts if ids]
    if not planned:
        raise Problem("nothing_to_plan")
    left_out = tuple(pair for one in planned for pair in one.left_out)
    return _planned(planned[0].visit, len(planned), sum(len(one.visit.items) for one in planned), left_out)


def _planned(visit: Visit, visits: int, count: int, left_out: tuple[tuple[int, str], ...]) -> Response | BaseResponse:
    day = visit.planned_on.isoformat()
    if visits > 1:
        text = _(
            "%(visits)s visits with %(count)s instruments are planned for %(day)s.", visits=visits, count=count, day=day
        )
    else:
        text = _("“%(title)s” is planned for %(day)s: %(count)s instruments.", title=visit.title, day=day, count=count)
    undo = "" if visits > 1 else url_for(".cancel", visit_id=visit.id, reason=_("Taken back right after planning"))
    if left_out:
        text = f"{text} {visit_choice.left_out_words(left_out)}"
    if _is_script():
        return jsonify(text=text, undo_url=undo, url=url_for(".detail", visit_id=visit.id))
    say(text, "warning" if left_out else "success", undo_url=undo)
    if visits > 1:
        return redirect(url_for("plan.calendar", view="week", day=day))
    return to_visit(visit)


def _extend(visit: Visit, choice: visit_choice.Choice) -> BaseResponse:
    before = len(visit.items)
    left_out = visiting.add_instruments(db.session(), actor(), visit, choice.ids, now=now())
    added = len(visit.items) - before
    text = ngettext("%(num)d instrument was added.", "%(num)d instruments were added.", added)
    say(f"{text} {visit_choice.left_out_words(left_out)}", "warning" if left_out else "success")
    return to_visit(visit)


def _create_page(form: VisitForm, choice: visit_choice.Choice) -> str:
    return render_template(
        "visits/create.html",
        form=form,
        choice=choice,
        preview=visit_choice.preview(choice.ids),
        open_visits=_open_visits(),
        into=request.values.get("visit", type=int),
    )


def _open_visits() -> list[Visit]:
    """Visits of the coming weeks that could take more."""
    last = today().fromordinal(today().toordinal() + 42)
    return [
        visit for visit in visit_finding.visits_between(db.session(), actor(), today(), last) if visit.state in OPEN
    ][:60]


# -- looking


@blueprint.get("/<int:visit_id>")
@requires("plan.view")
def detail(visit_id: int) -> str:
    """A visit: its instruments by place, and what is done with each."""
    visit = found_visit(visit_id)
    after = request.args.get("after", 0, type=int)
    items = _items(visit, after)
    load = visit_days.loads_of(db.session(), [visit.id]).get(visit.id, visit_days.Load())
    busy = visit_days.busy_on(
        db.session(), visit.planned_on, [person.id for person in visit.verifiers], besides=visit.id
    )
    return render_template(
        "visits/detail.html",
        visit=visit,
        items=items[:ROWS],
        load=load,
        busy=busy,
        is_open=visit.state in OPEN,
        is_mine=_may_note(visit),
        next_url=url_for(".detail", visit_id=visit.id, after=items[ROWS - 1].position) if len(items) > ROWS else None,
    )


def _items(visit: Visit, after: int) -> list[VisitItem]:
    statement = (
        select(VisitItem)
        .where(VisitItem.visit_id == visit.id, VisitItem.state != "removed")
        .options(
            selectinload(VisitItem.instrument).selectinload(Instrument.place),
            selectinload(VisitItem.instrument).selectinload(Instrument.holder),
        )
        .order_by(VisitItem.position, VisitItem.id)
        .limit(ROWS + 1)
    )
    return list(db.session.scalars(statement.where(VisitItem.position > after) if after else statement))


def _may_note(visit: Visit) -> bool:
    try:
        visiting.refuse_stranger(actor(), visit)
    except Problem:
        return False
    return True


@blueprint.get("/<int:visit_id>/sheet.pdf")
@requires("plan.view")
def sheet(visit_id: int) -> Response:
    """The day's sheet, for printing."""
    visit = found_visit(visit_id)
    facts = day_sheet(db.session(), visit, public_url=settings().public_url, is_zh=is_zh())
    data = day_sheet_pdf(facts, language="zh" if is_zh() else "zh-en")
    return shown_pdf(data, visit.number)


# -- changing


@blueprint.route("/<int:visit_id>/edit", methods=["GET", "POST"])
@requires("plan.edit")
def edit(visit_id: int) -> Response | BaseResponse | str:
    """Change title, day, verifiers and notes."""
    visit, form = found_visit(visit_id), VisitForm()

    def page(**more: object) -> str:
        return render_template("visits/edit.html", form=form, visit=visit, **more)

    def save() -> None:
        facts = form.facts()
        if facts.planned_on != visit.planned_on:
            refuse_day_off(facts.planned_on, is_confirmed=bool(form.confirmed.data))
        visiting.change_visit(db.session(), actor(), visit, facts, today=today(), now=now())

    if request.method == "GET":
        form.show(visit)
        return page()
    refused = keep(form, visit, page, save)
    if refused is not None:
        return refused
    say(_("The visit was changed."))
    return to_visit(visit)


@blueprint.route("/<int:visit_id>/move", methods=["GET", "POST"])
@requires("plan.edit")
def move(visit_id: int) -> Response | BaseResponse | str:
    """Put a visit on another day: by the form, or by a script after a drag."""
    visit, form = found_visit(visit_id), DayForm(request.values if request.method == "POST" else None)
    if request.method == "GET":
        form.planned_on.data = visit.planned_on
        return render_template("visits/move.html", form=form, visit=visit)
    before = visit.planned_on
    if form.validate() and form.planned_on.data:
        try:
            refuse_day_off(form.planned_on.data, is_confirmed=bool(form.confirmed.data))
            visiting.move_visit(db.session(), actor(), visit, form.planned_on.data, today=today(), now=now())
        except Problem as problem:
            if _is_script():
                raise
            db.session.rollback()
            show_on(form, problem)
        else:
            return _moved(visit, before)
    return make_response(render_template("visits/move.html", form=form, visit=found_visit(visit_id)), 422)


def _moved(visit: Visit, before: Any) -> Response | BaseResponse:
    text = _("“%(title)s” is now on %(day)s.", title=visit.title, day=visit.planned_on.isoformat())
    undo = ""
    if before >= today() and before != visit.planned_on:
        undo = url_for(".move", visit_id=visit.id, planned_on=before.isoformat(), confirmed=1)
    if _is_script():
        return jsonify(text=text, undo_url=undo, url=url_for(".detail", visit_id=visit.id))
    say(text, undo_url=undo)
    return to_visit(visit)


@blueprint.post("/<int:visit_id>/cancel")
@requires("plan.edit")
def cancel(visit_id: int) -> Response | BaseResponse:
    """Call a visit off."""
    visit = found_visit(visit_id)
    visiting.cancel_visit(db.session(), actor(), visit, request.values.get("reason", ""), now=now())
    text, undo = _("“%(title)s” was called off.", title=visit.title), url_for(".reopen", visit_id=visit.id)
    if _is_script():
        return jsonify(text=text, undo_url=undo if visit.planned_on >= today() else "", url="")
    say(text, undo_url=undo if visit.planned_on >= today() else "")
    return to_visit(visit)


@blueprint.post("/<int:visit_id>/reopen")
@requires("plan.edit")
def reopen(visit_id: int) -> Response | BaseResponse:
    """Take a cancellation back."""
    visit = found_visit(visit_id)
    left_out = visiting.reopen_visit(db.session(), actor(), visit, today=today(), now=now())
    text = _("“%(title)s” is planned again.", title=visit.title)
    if left_out:
        text = f"{text} {visit_choice.left_out_words(left_out)}"
    if _is_script():
        return jsonify(text=text, undo_url="", url="")
    say(text, "warning" if left_out else "success")
    return to_visit(visit)


@blueprint.post("/<int:visit_id>/finish")
@requires("visit.note")
def finish(visit_id: int) -> BaseResponse:
    """Close a visit; what was not verified is free again."""
    visit = found_visit(visit_id)
    visiting.finish_visit(db.session(), actor(), visit, now=now())
    left = sum(item.state == "planned" for item in visit.items)
    if left:
        text = ngettext(
            "The visit is closed. %(num)d instrument was not verified and can be planned again.",
            "The visit is closed. %(num)d instruments were not verified and can be planned again.",
            left,
        )
        say(text, "warning", label=_("To what falls due"), url=url_for("plan.due"))
    else:
        say(_("The visit is closed."))
    return to_visit(visit)
