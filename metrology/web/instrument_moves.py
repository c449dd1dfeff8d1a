"""Moving an instrument between its states, and printing the labels that go on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from metrology.documents.label_pdf import LABEL_SHEETS, Label, label_sheet_pdf
from metrology.domain.instrument import Cause, State
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.services import certifying, moving, settings
from metrology.services.assembling import parts_of
from metrology.web import listing
from metrology.web.filters import label, pick
from metrology.web.flashes import say
from metrology.web.instrument_lists import selected_ids
from metrology.web.instruments import blueprint as instruments
from metrology.web.instruments import public_address, seen
from metrology.web.listing import BulkAction
from metrology.web.move_words import MOVES
from metrology.web.problems import sentence_of
from metrology.web.requests import actor, now, requires, today
from metrology.web.requests import settings as installation

_CHUNK = 500


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


# -- labels


@instruments.get("/<int:instrument_id>/label.pdf", endpoint="label")
@requires("instrument.view")
def one_label(instrument_id: int) -> Response:
    """The label of an instrument; of an assembly, those of its parts."""
    instrument = seen(instrument_id)
    rows = [one for one in parts_of(db.session(), instrument) if one.state != "retired"] or [instrument]
    return _sheet(rows, request.args.get("start", 1, type=int))


@instruments.post("/labels", endpoint="labels")
@requires("instrument.view")
def chosen_labels() -> Response:
    """Labels of the instruments chosen in the list."""
    keys = selected_ids(request.form)
    rows: dict[int, Instrument] = {}
    for start in range(0, len(keys), _CHUNK):
        chunk = select(Instrument).where(Instrument.id.in_(keys[start : start + _CHUNK]))
        rows |= {row.id: row for row in db.session.scalars(chunk)}
    return _sheet([rows[key] for key in keys if key in rows and not rows[key].is_assembly], 1)


listing.add_bulk_action(
    "instruments", BulkAction(label=_l("Print labels"), endpoint="instruments.labels", action="instrument.view")
)


def _sheet(rows: Sequence[Instrument], start: int) -> Response:
    if not rows:
        raise Problem("nothing_to_print")
    sheet = request.values.get("sheet", "L7160")
    if sheet not in LABEL_SHEETS:
        raise Problem("bad_choice", "sheet")
    body = settings.read(db.session()).bureau_name
    standing = _certificates([row.id for row in rows])
    labels = [_label(row, standing.get(row.id), body) for row in rows]
    folder = installation().font_folder
    data = label_sheet_pdf(
        labels,
        sheet=sheet,
        day=today(),
        start=start,
        fonts_folder=Path(folder) if folder else None,
    )
    answer = Response(data, content_type="application/pdf")
    answer.headers["Content-Disposition"] = 'inline; filename="labels.pdf"'
    return answer


def _certificates(keys: Sequence[int]) -> dict[int, Certificate]:
    found: dict[int, Certificate] = {}
    for start in range(0, len(keys), _CHUNK):
        statement = select(Certificate).where(
            Certificate.instrument_id.in_(keys[start : start + _CHUNK]),
            Certificate.standing == "valid",
            Certificate.kind == "verification_certificate",
        )
        found |= {row.instrument_id: row for row in db.session.scalars(statement)}
    return found


def _label(row: Instrument, certificate: Certificate | None, body: str) -> Label:
    """The 合格 label of one that is verified; of another, a label that says only which it is."""
    holds = certifying.holds(certificate, today()) and row.state == "in_use"
    name = f"{pick(row.type)} {row.part_label}".strip()
    if certificate is None or not holds:
        return Label("计量器具", public_address(row), row.number, row.serial_number, "", name, body)
    until = certificate.valid_until.isoformat() if certificate.valid_until else ""
    return Label("合格", public_address(row), certificate.number, row.serial_number, until, name, body)
