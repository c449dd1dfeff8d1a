"""Instruments: what one is, where it stands, what happened to it and what may be done with it.

The list of all stands in ``instrument_lists``, forms in ``instrument_editing``, moves in ``instrument_moves``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from metrology import regulations
from metrology.documents.qr import qr_svg
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.persistence.verifications import Verification
from metrology.persistence.visits import Visit, VisitItem
from metrology.services import (
    attaching,
    certifying,
    complaining,
    condition_reports,
    judging,
    labelling,
    moving,
    scan_watch,
    settings,
)
from metrology.services.assembling import parts_of
from metrology.services.timeline import timeline
from metrology.web import timeline_words
from metrology.web.requests import actor, allowed, or_404, requires, today
from metrology.web.requests import settings as installation

blueprint = Blueprint("instruments", __name__, url_prefix="/instruments")
SHOWN = 12


def seen(instrument_id: int) -> Instrument:
    """An instrument within the scope of the one who asks, or the page "not found"."""
    statement = select(Instrument).where(Instrument.id == instrument_id)
    options = (joinedload(Instrument.holder), joinedload(Instrument.place), joinedload(Instrument.parent))
    found: Instrument = or_404(
        db.session.scalar(within(statement.options(*options, selectinload(Instrument.seals)), actor()))
    )
    return found


@blueprint.get("/<int:instrument_id>")
@requires("instrument.view")
def detail(instrument_id: int) -> str:
    """One instrument, all that is known of it."""
    instrument = seen(instrument_id)
    session = db.session()
    address = public_address(instrument)
    return render_template(
        "instruments/detail.html",
        instrument=instrument,
        kind=regulations.all_types().get(instrument.type_code),
        plate=nameplate(instrument),
        above=_above(instrument.place),
        parts=[(part, _of_part(part)) for part in parts_of(session, instrument)] if instrument.is_assembly else [],
        documents=_documents(instrument),
        records=_records(instrument),
        visit=_visit(instrument),
        files=attaching.attachments_of(session, instrument),
        reports=condition_reports.open_on(session, instrument),
        moves=moving.possible_moves(session, instrument, today()),
        can_verify=not instrument.is_assembly and judging.instrument_refusal(db.session(), instrument) is None,
        holds=instrument.is_assembly or moving.verification_holds(session, instrument, today()),
        label=labelling.current(session, instrument.id),
        qr=Markup(qr_svg(address)) if address else None,  # noqa: S704 - drawn here, from an address of ours
        public_url=address,
        scans=scan_watch.warning(session, instrument.id, today=today()),
        complaints=complaining.open_on(session, instrument) if allowed("complaint.view") else [],
        history=_history(instrument),
    )


@blueprint.get("/<int:instrument_id>/history")
@requires("instrument.view")
def history(instrument_id: int) -> str:
    """All that happened to an instrument, a page at a time."""
    instrument = seen(instrument_id)
    return render_template("instruments/history.html", instrument=instrument, history=_history(instrument, limit=50))


def public_address(instrument: Instrument) -> str | None:
    """What the code on its label says; None while no label is in force."""
    code = labelling.code_in_force(db.session(), instrument)
    return f"{installation().public_url}/i/{code}" if code else None


def nameplate(instrument: Instrument) -> list[tuple[Any, str]]:
    """What stands on its nameplate: bilingual label and value, as its type words them."""
    kind = regulations.all_types().get(instrument.type_code)
    left = dict(instrument.nameplate)
    found: list[tuple[Any, str]] = []
    for one in kind.nameplate if kind else ():
        value = left.pop(one.key, None)
        if value is None:
            continue
        chosen = next((choice.labels for choice in one.choices if choice.value == value), None)
        found.append((one.labels, timeline_words.in_words(chosen, value)))
    return found + [({"zh": key, "en": key}, value) for key, value in left.items()]


def _of_part(part: Instrument) -> str:
    """What tells a part from its siblings: the characteristics that are its own."""
    kind = regulations.all_types().get(part.type_code)
    own = [one.labels for one in kind.nameplate if one.of_part] if kind else []
    return ", ".join(value for labels, value in nameplate(part) if labels in own)


def _above(place: Place | None) -> list[Place]:
    """The place and those it stands in, the topmost first."""
    if place is None:
        return []
    keys = [int(key) for key in place.path.strip("/").split("/") if key]
    rows = {one.id: one for one in db.session.scalars(select(Place).where(Place.id.in_(keys)))}
    return [rows[key] for key in keys if key in rows]


def _documents(instrument: Instrument) -> list[tuple[Certificate, str]]:
    warn_days = settings.read(db.session()).warn_days
    statement = select(Certificate).where(Certificate.instrument_id == instrument.id)
    rows = db.session.scalars(statement.order_by(Certificate.id.desc()).limit(SHOWN))
    return [(row, certifying.standing(row, instrument, today(), warn_days)) for row in rows]


def _records(instrument: Instrument) -> list[Verification]:
    statement = select(Verification).where(
        Verification.instrument_id == instrument.id, Verification.state != "discarded"
    )
    order = (Verification.verified_on.desc(), Verification.id.desc())
    return list(db.session.scalars(statement.options(joinedload(Verification.verifier)).order_by(*order).limit(SHOWN)))


def _visit(instrument: Instrument) -> Visit | None:
    return db.session.scalar(select(Visit).join(VisitItem).where(VisitItem.open_key == instrument.id))


def _history(instrument: Instrument, limit: int = SHOWN) -> dict[str, Any]:
    before = request.args.get("before", type=int)
    told = timeline(db.session(), instrument, before=before, limit=limit)
    older = url_for(".history", instrument_id=instrument.id, before=told.older_than) if told.older_than else None
    return {"entries": [timeline_words.entry(event, told) for event in told.events], "older": older}
