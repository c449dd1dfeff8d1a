"""The instruments of a visit: put on it, taken off, and what was found of them on site."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.visits import VisitItem
from metrology.services import visit_finding, visiting
from metrology.web import visit_choice
from metrology.web.flashes import say
from metrology.web.problems import sentence_of
from metrology.web.requests import actor, now, or_404, requires
from metrology.web.visits import blueprint as visits
from metrology.web.visits import found_visit, to_visit


def _item(visit_id: int, item_id: int) -> VisitItem:
    visit, item = found_visit(visit_id), db.session.get(VisitItem, item_id)
    found: VisitItem = or_404(item if item is not None and item.visit_id == visit.id else None)
    return found


@visits.post("/<int:visit_id>/add")
@requires("plan.edit")
def add(visit_id: int) -> BaseResponse:
    """Put instruments on a visit by number, serial number or scanned code."""
    visit = found_visit(visit_id)
    ids, unknown = visit_finding.find_named(db.session(), actor(), request.form.get("names", ""))
    if unknown:
        say(_("Not found, or not unique: %(names)s", names=", ".join(unknown)), "warning")
    if ids:
        left_out = visiting.add_instruments(db.session(), actor(), visit, ids, now=now())
        if left_out:
            say(visit_choice.left_out_words(left_out), "warning")
        if len(left_out) < len(ids):
            added = len(ids) - len(left_out)
            say(ngettext("%(num)d instrument was added.", "%(num)d instruments were added.", added))
    elif not unknown:
        say(_("Please type or scan at least one number."), "warning")
    return to_visit(visit)


@visits.post("/<int:visit_id>/items/<int:item_id>/note")
@requires("visit.note")
def note(visit_id: int, item_id: int) -> BaseResponse:
    """Note that an instrument was not found or could not be verified, or take that back."""
    item = _item(visit_id, item_id)
    state, remark = request.form.get("state", ""), request.form.get("reason", "")
    try:
        visiting.mark_item(db.session(), actor(), item, state, remark, now=now())
    except Problem as problem:
        db.session.rollback()
        say(sentence_of(problem), "error")
    return redirect(url_for("visits.detail", visit_id=visit_id, _anchor=f"item-{item_id}"))


@visits.post("/<int:visit_id>/items/<int:item_id>/remove")
@requires("plan.edit")
def remove(visit_id: int, item_id: int) -> BaseResponse:
    """Take an instrument off a visit."""
    item = _item(visit_id, item_id)
    visiting.remove_item(db.session(), actor(), item, now=now())
    say(_("%(number)s was taken off the visit.", number=item.instrument.number))
    return redirect(url_for("visits.detail", visit_id=visit_id))
