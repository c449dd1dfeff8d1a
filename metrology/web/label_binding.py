"""Binding a label on site: scan the blank label, then say which instrument it is stuck on; or the other way round."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from metrology.documents.qr import read_qr
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.instrument_labels import InstrumentLabel
from metrology.persistence.instruments import Instrument
from metrology.persistence.scope import within
from metrology.persistence.visits import Visit, VisitItem, visit_verifier
from metrology.services import labelling, searching
from metrology.services.assembling import parts_of
from metrology.web.flashes import say
from metrology.web.instruments import seen
from metrology.web.refusals import told_at
from metrology.web.requests import actor, now, or_404, requires, today

blueprint = Blueprint("label_binding", __name__)
OFFERED = 20
_LARGEST_PHOTO = 15_000_000


# -- the label first: what a phone opens that scanned a blank one


@blueprint.get("/labels/<code>/bind")
@requires("label.bind")
def choose(code: str) -> str:
    """Which instrument is the label stuck on: one of today's visit, or one found by serial number."""
    label = _label(code)
    text = request.args.get("q", "").replace("\0", "").strip()
    found = _found(text) if text else _of_today()
    return render_template(
        "label_binding/choose.html",
        label=label,
        text=text,
        found=found,
        labelled=_labelled(found),
    )


@blueprint.post("/labels/<code>/bind")
@requires("label.bind")
@told_at(".choose", "code")
def bind(code: str) -> Response:
    """Bind it."""
    label = _label(code)
    key = request.form.get("instrument_id", 0, type=int)
    statement = within(select(Instrument).where(Instrument.id == key), actor())
    instrument: Instrument | None = db.session.scalar(statement)
    if instrument is None:
        raise Problem("unknown_instrument", "instrument_id")
    return _bound(label, instrument)


def _bound(label: InstrumentLabel, instrument: Instrument) -> Response:
    labelling.bind(db.session(), actor(), label, instrument, reason=request.form.get("reason", ""), now=now())
    say(
        _("Label %(number)s is bound to %(serial)s for life.", number=label.number, serial=instrument.serial_number),
        label=_("What everybody sees"),
        url=url_for("scan.instrument", code=label.code),
    )
    return redirect(url_for("instruments.detail", instrument_id=instrument.id, _anchor="label"))


def _label(code: str) -> InstrumentLabel:
    found: InstrumentLabel = or_404(labelling.by_code(db.session(), code))
    return found


def _found(text: str) -> list[Instrument]:
    """Instruments a text names; of an assembly, its parts and itself."""
    session = db.session()
    condition = searching.instrument_condition(session, actor(), text)
    if condition is None:
        return []
    options = (joinedload(Instrument.holder), joinedload(Instrument.place))
    statement = within(select(Instrument), actor()).where(condition, Instrument.state.not_in(labelling.GONE))
    found = list(session.scalars(statement.options(*options).order_by(Instrument.id).limit(OFFERED)))
    if len(found) == 1 and found[0].is_assembly:
        found += parts_of(session, found[0])
    return found


def _of_today() -> list[Instrument]:
    """Instruments on today's visits of the one who asks, those without a label first."""
    session, who = db.session(), actor()
    statement = (
        select(Instrument)
        .join(VisitItem, VisitItem.instrument_id == Instrument.id)
        .join(Visit, Visit.id == VisitItem.visit_id)
        .join(visit_verifier, visit_verifier.c.visit_id == Visit.id)
        .where(visit_verifier.c.user_id == who.user_id, Visit.planned_on == today(), VisitItem.state != "removed")
        .where(Visit.state.in_(("planned", "in_progress")))
        .options(joinedload(Instrument.holder), joinedload(Instrument.place))
        .order_by(VisitItem.position, VisitItem.id)
        .limit(100)
    )
    rows = list(session.scalars(within(statement, who)))
    known = _labelled(rows)
    return sorted(rows, key=lambda row: row.id in known)[: 2 * OFFERED]


def _labelled(rows: list[Instrument]) -> set[int]:
    """Those that had a label before: binding another needs a reason."""
    keys = [row.id for row in rows]
    statement = select(InstrumentLabel.instrument_id).where(InstrumentLabel.instrument_id.in_(keys)).distinct()
    return {key for key in db.session.scalars(statement) if key is not None}


# -- the instrument first


@blueprint.get("/instruments/<int:instrument_id>/label")
@requires("label.view")
def label_page(instrument_id: int) -> str:
    """The label of an instrument: the one in force, those before, binding another."""
    instrument, session = seen(instrument_id), db.session()
    return render_template(
        "label_binding/instrument.html",
        instrument=instrument,
        history=labelling.history(session, instrument.id),
        code=labelling.code_in_force(session, instrument),
        needs_reason=labelling.has_label(session, instrument),
    )


@blueprint.post("/instruments/<int:instrument_id>/label")
@requires("label.bind")
@told_at(".label_page", "instrument_id")
def bind_to(instrument_id: int) -> Response:
    """Bind a label that was typed, or photographed together with its code."""
    instrument = seen(instrument_id)
    return _bound(_named_label(), instrument)


def _named_label() -> InstrumentLabel:
    photo = request.files.get("photo")
    texts = [request.form.get("label", "").replace("\0", "").strip()]
    if photo is not None and photo.filename:
        data = photo.stream.read(_LARGEST_PHOTO + 1)
        if len(data) > _LARGEST_PHOTO:
            raise Problem("file_too_large", "photo", limit=_LARGEST_PHOTO // 1_000_000)
        texts = read_qr(data)
        if not texts:
            raise Problem("no_code_in_photo", "photo")
    found = [label for label in (labelling.find(db.session(), text) for text in texts if text) if label is not None]
    if not found:
        raise Problem("unknown_label", "label")
    blank = [label for label in found if label.state == "blank"]
    return (blank or found)[0]


@blueprint.post("/instruments/<int:instrument_id>/label/void")
@requires("label.bind")
@told_at(".label_page", "instrument_id")
def void(instrument_id: int) -> Response:
    """The label is lost, damaged or copied: its page says void from now on."""
    instrument = seen(instrument_id)
    labelling.void_current(db.session(), actor(), instrument, request.form.get("reason", ""), now=now())
    say(_("The label is void. Bind another, or print a new one."), "warning")
    return redirect(url_for(".label_page", instrument_id=instrument.id))


@blueprint.post("/instruments/<int:instrument_id>/label/replace")
@requires("label.bind")
@told_at(".label_page", "instrument_id")
def replace(instrument_id: int) -> Response:
    """A new code for a label we print ourselves; the one in force is void."""
    instrument = seen(instrument_id)
    label = labelling.replace_own(db.session(), actor(), instrument, request.form.get("reason", ""), now=now())
    say(
        _("Label %(number)s takes its place. Print it and stick it on.", number=label.number),
        label=_("Print the label"),
        url=url_for("instruments.label", instrument_id=instrument.id),
    )
    return redirect(url_for(".label_page", instrument_id=instrument.id))
