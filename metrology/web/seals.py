"""Seals of an instrument: noting one, and saying that one is no longer intact."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.instruments import Seal
from metrology.services import sealing
from metrology.services.instrument_facts import SealFacts
from metrology.web.filters import label
from metrology.web.flashes import say
from metrology.web.instruments import seen
from metrology.web.refusals import told_at
from metrology.web.requests import actor, now, or_404, requires, today

blueprint = Blueprint("seals", __name__)


@blueprint.post("/instruments/<int:instrument_id>/seals")
@requires("seal.edit")
@told_at("instruments.detail", "instrument_id")
def create(instrument_id: int) -> Response:
    """Note a seal that sits on an instrument."""
    instrument = seen(instrument_id)
    facts = SealFacts(request.form.get("number", ""), request.form.get("position", ""))
    applied_on = _day(request.form.get("applied_on", ""))
    sealing.add_seal(db.session(), actor(), instrument, facts, applied_on=applied_on, today=today(), now=now())
    say(_("Seal %(number)s is noted.", number=facts.number))
    return _back(instrument_id)


@blueprint.post("/instruments/<int:instrument_id>/seals/<int:seal_id>/found")
@requires("seal.edit")
@told_at("instruments.detail", "instrument_id")
def found(instrument_id: int, seal_id: int) -> Response:
    """A seal is broken, missing or taken off: the instrument counts as not verified from now on."""
    instrument = seen(instrument_id)
    seal: Seal = or_404(next((one for one in instrument.seals if one.id == seal_id), None))
    how = request.form.get("found", "broken")
    if how not in sealing.FOUND:
        raise Problem("bad_choice", "found")
    sealing.report_seal(
        db.session(),
        actor(),
        seal,
        how,
        reason=request.form.get("reason", ""),
        today=today(),
        now=now(),
    )
    state = label(instrument.state, "INSTRUMENT_STATES")
    say(_("Noted for seal %(number)s. The instrument is now: %(state)s.", number=seal.number, state=state))
    return _back(instrument_id)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Problem("date_out_of_range", "applied_on", value=text[:20]) from None


def _back(instrument_id: int) -> Response:
    return redirect(url_for("instruments.detail", instrument_id=instrument_id, _anchor="seals"))
