"""Instruments: list, one, register, change, move, many at once."""

from __future__ import annotations

from typing import Any, cast, get_args

from marshmallow import fields
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from metrology.domain.instrument import STATES, Cause, State
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument, Seal
from metrology.persistence.instruments_then import InstrumentThen
from metrology.persistence.scope import within
from metrology.services import labelling, moving
from metrology.services.instrument_facts import ALL_PURPOSES, InstrumentFacts
from metrology.services.registering import register_instrument, revise_instrument
from metrology.web.api.kit import Area, made, must_match
from metrology.web.api.paging import list_of
from metrology.web.api.schemas import Text, changes, facts, said, told
from metrology.web.instrument_lists import INSTRUMENTS
from metrology.web.instruments_then import INSTRUMENTS_THEN
from metrology.web.requests import actor, now, or_404, today

area = Area("instruments", "器具", "Instruments")
SealTold = told("SealTold", Seal, "id", "number", "position", "state", "applied_on", "ended_on", "end_reason")
_COLUMNS = (
    "id", "number", "type_code", "model", "manufacturer", "serial_number", "part_label", "parent_id", "is_assembly", "nameplate",
    "purpose", "holder_id", "place_id", "district_code", "location", "is_onsite", "type_approval_number",
    "identification_code", "factory_code", "repair_code", "lot_code", "manufactured_on", "installed_on", "state",
    "last_verified_on", "due_date", "due_basis", "due_kind", "notes", "created_at", "updated_at", "version",
)  # fmt: skip
InstrumentTold = told("InstrumentTold", Instrument, *_COLUMNS)
MoveTold = told("MoveTold", to=fields.String(required=True), cause=fields.String(required=True))
InstrumentWhole = told(
    "InstrumentWhole", Instrument, *_COLUMNS, "public_code",
    seals=fields.List(fields.Nested(SealTold), required=True),
    verification_holds=fields.Boolean(required=True, metadata={"description": "whether it may be used today"}),
    moves=fields.List(fields.Nested(MoveTold), required=True, metadata={"description": "what may be said of it now"}),
    label=fields.String(required=True, allow_none=True, metadata={"description": "number of the label on it"}),
)  # fmt: skip
_PURPOSES = {"purpose": ("", *ALL_PURPOSES)}
InstrumentSaid = said("InstrumentSaid", InstrumentFacts, choices=_PURPOSES)
InstrumentChanges = said("InstrumentChanges", InstrumentFacts, without=("seals",), all_optional=True, choices=_PURPOSES)
Move = said(
    "Move", None, to=Text(required=True), cause=Text(required=True), reason=Text(),
    choices={"to": STATES, "cause": get_args(Cause)},
)  # fmt: skip

_WAS = (
    "state", "district_code", "type_code", "purpose", "due_date", "due_kind", "last_verified_on", "holder_id", "place_id",
    "is_assembly",
)  # fmt: skip
InstrumentOnDayTold = told(
    "InstrumentOnDayTold", id=fields.Integer(required=True), number=fields.String(required=True),
    was=fields.Nested(told("InstrumentWasTold", InstrumentThen, *_WAS), required=True),
    has_changed=fields.Boolean(required=True, metadata={"description": "whether any of this is otherwise today"}),
)  # fmt: skip

list_of(area, "/instruments", INSTRUMENTS, InstrumentTold, zh="器具列表", en="List instruments")
list_of(
    area, "/instruments/then", INSTRUMENTS_THEN, InstrumentOnDayTold, zh="某日终了时的器具",
    en="List instruments as a past day (as_of) ended",
)  # fmt: skip


def seen(instrument_id: int) -> Instrument:
    """An instrument within the scope of the one who asks, or 404."""
    options = (joinedload(Instrument.holder), joinedload(Instrument.place), selectinload(Instrument.seals))
    statement = within(select(Instrument).where(Instrument.id == instrument_id).options(*options), actor())
    found: Instrument = or_404(db.session.scalar(statement))
    return found


def whole(instrument: Instrument) -> Any:
    """All that is told of one instrument."""
    session = db.session()
    kept = {name: getattr(instrument, name) for name in (*_COLUMNS, "public_code", "seals")}
    label = labelling.current(session, instrument.id)
    moves = [{"to": to, "cause": cause} for to, cause in moving.possible_moves(session, instrument, today())]
    holds = instrument.is_assembly or moving.verification_holds(session, instrument, today())
    more = {"moves": moves, "verification_holds": holds, "label": label.number if label else None}
    return {**kept, **more}, {"ETag": f'"{instrument.version}"'}


@area.read("/instruments/<int:instrument_id>", "instrument.view", InstrumentWhole, zh="查看器具")
def instrument(instrument_id: int) -> Any:
    """Read an instrument."""
    return whole(seen(instrument_id))


@area.create("/instruments", "instrument.edit", InstrumentSaid, InstrumentTold, zh="登记器具")
def register(sent: dict[str, Any]) -> Any:
    """Register an instrument."""
    row = register_instrument(db.session(), actor(), facts(InstrumentFacts, sent), today=today(), now=now())
    return made(row, "api_instruments.instrument", instrument_id=row.id)


@area.change(
    "/instruments/<int:instrument_id>", "instrument.edit", InstrumentChanges, InstrumentTold, locks=True, zh="修改器具"
)
def revise(sent: dict[str, Any], instrument_id: int) -> Any:
    """Change an instrument."""
    row = seen(instrument_id)
    must_match(row)
    return revise_instrument(db.session(), actor(), row, changes(InstrumentFacts, sent), today=today(), now=now())


@area.act("/instruments/<int:instrument_id>/move", "instrument.move", InstrumentTold, body=Move, zh="变更器具状态")
def move(sent: dict[str, Any], instrument_id: int) -> Any:
    """Say what happened to an instrument.

    One of its `moves`: stopped, repaired, found, retired. What ends its verification by law ends it here.
    """
    to, cause = cast("State", sent["to"]), cast("Cause", sent["cause"])
    return moving.move_instrument(
        db.session(),
        actor(),
        seen(instrument_id),
        to,
        cause=cause,
        reason=sent.get("reason", ""),
        today=today(),
        now=now(),
    )
