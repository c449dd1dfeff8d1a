"""Moving an instrument between its states."""

from __future__ import annotations

from typing import cast

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from metrology.domain.instrument import Cause, State
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.services import moving
from metrology.web.filters import label
from metrology.web.flashes import say
from metrology.web.instruments import blueprint as instruments
from metrology.web.instruments import seen
from metrology.web.move_words import MOVES
from metrology.web.problems import sentence_of
from metrology.web.requests import actor, now, requires, today


@instruments.route("/<int:instrument_id>/move", methods=["GET", "POST"], endpoint="move")
@requires("instrument.move")
def move(instrument_id: int) -> BaseResponse | str:
    """Say what happened to an instrument; what the law makes of it is told beside each choice."""
    instrument = seen(instrument_id)
    order = list(MOVES)
    options = sorted(moving.possible_moves(db.session(), instrument, today()), key=order.index)
    chosen, reason = request.form.get("move", ""), request.form.get("reason", "")
    if request.method == "GET":
        return render_template("instruments/move.html", instrument=instrument, options=options, words=MOVES)
    problem = ""
    to, _colon, cause = chosen.partition(":")
    if (to, cause) not in options:
        problem = _("Please choose what happened.")
    else:
        try:
            return _moved(instrument, cast("State", to), cast("Cause", cause), reason)
        except Problem as found:
            db.session.rollback()
            problem = sentence_of(found)
    page = render_template(
        "instruments/move.html",
        instrument=seen(instrument_id),
        options=options,
        words=MOVES,
        problem=problem,
        chosen=chosen,
        reason=reason,
    )
    return make_response(page, 422)


def _moved(instrument: Instrument, to: State, cause: Cause, reason: str) -> BaseResponse:
    before = instrument.state
    session = db.session()
    moving.move_instrument(session, actor(), instrument, to, cause=cause, reason=reason, today=today(), now=now())
    back = moving.way_back(session, instrument, before, today())
    undo = url_for(".move_back", instrument_id=instrument.id, state=before, version=instrument.version) if back else ""
    say(_("It is now: %(state)s.", state=label(instrument.state, "INSTRUMENT_STATES")), undo_url=undo)
    return redirect(url_for(".detail", instrument_id=instrument.id))


@instruments.post("/<int:instrument_id>/move-back", endpoint="move_back")
@requires("instrument.move")
def move_back(instrument_id: int) -> BaseResponse:
    """Take a mistaken move back, unless something else happened since."""
    instrument = seen(instrument_id)
    state = request.args.get("state", "")
    cause = moving.way_back(db.session(), instrument, state, today())
    if cause is None or request.args.get("version", type=int) != instrument.version:
        say(_("Something else happened to it meanwhile, so the move stays."), "warning")
    else:
        moving.move_instrument(
            db.session(), actor(), instrument, cast("State", state), cause=cause, reason=_("Taken back"),
            today=today(), now=now(),
        )  # fmt: skip
        say(_("The move was taken back."), "info")
    return redirect(url_for(".detail", instrument_id=instrument_id))
