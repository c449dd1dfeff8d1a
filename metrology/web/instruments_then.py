"""The list of instruments as they were when a past day ended: what a figure of that day opens.

It asks what the list of instruments asks, of what was so then. The day counts as today for it: what was overdue is what was overdue
on that day. It says what each is known by as it is today, for that is how to find it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from werkzeug.wrappers import Response

from metrology.persistence import instruments_then as kept
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.keyset import KeysetQuery, Order, Walked
from metrology.persistence.scope import within
from metrology.persistence.visits_then import planned
from metrology.services import instruments_then
from metrology.services.instruments_then import InstrumentOnDay
from metrology.web import instrument_filters, listing
from metrology.web.as_of import day_asked
from metrology.web.filters import label, pick
from metrology.web.list_filters import Asking, ChoiceFilter, Condition, Filter
from metrology.web.listing import Column, ListDefinition
from metrology.web.requests import actor, requires, today

blueprint = Blueprint("instruments_then", __name__, url_prefix="/instruments")
DAY: Final = "as_of"


def _planned(asking: Asking, values: list[str]) -> Condition:
    """On a visit that was not finished as the day ended, or on none."""
    was = planned(asking.today)
    return was if values[0] == "yes" else ~was


def _of_the_day(one: Filter) -> Filter:
    return replace(one, where=_planned) if isinstance(one, ChoiceFilter) and one.key == "planned" else one


FILTERS = tuple(
    _of_the_day(one)
    for one in instrument_filters.FILTERS
    if one.key
    in {
        *("type", "state", "district", "due", "age", "verified", "purpose", "mode", "due_kind", "planned", "counted"),
        *("mandatory", "validity", "holder", "place"),
    }
)
"""Those of what is kept of past days."""


def _known(attribute: str) -> Any:
    return lambda row: getattr(row.instrument, attribute) or None


def _was(attribute: str, table: str = "") -> Any:
    if table:
        return lambda row: label(getattr(row.was, attribute), table)
    return lambda row: getattr(row.was, attribute)


COLUMNS = (
    Column(key="number", label=_l("Number"), value=lambda row: row.number),
    Column(key="type", label=_l("Type"), value=lambda row: pick(row.type) or row.was.type_code),
    Column(key="model", label=_l("Model"), value=_known("model")),
    Column(key="manufacturer", label=_l("Manufacturer"), value=_known("manufacturer"), is_default=False),
    Column(key="serial", label=_l("Serial number"), value=_known("serial_number")),
    Column(key="part", label=_l("Part"), value=_known("part_label"), is_default=False),
    Column(key="holder", label=_l("Holder"), value=lambda row: row.holder.name if row.holder else None),
    Column(key="place", label=_l("Place"), value=lambda row: row.place.full_name if row.place else None),
    Column(key="district", label=_l("District"), value=lambda row: pick(row.district) or None),
    Column(key="state", label=_l("State"), value=_was("state", "INSTRUMENT_STATES")),
    Column(key="due", label=_l("Due date"), value=_was("due_date"), sort="due"),
    Column(key="verified", label=_l("Last verified"), value=_was("last_verified_on")),
    Column(key="due_kind", label=_l("Due for"), value=_was("due_kind", "DUE_KINDS"), is_default=False),
    Column(key="purpose", label=_l("Purpose"), value=_was("purpose", "PURPOSES"), is_default=False),
    Column(key="changed", label=_l("Changed since"), value=lambda row: row.has_changed),
)


def _on_the_day(asking: Asking) -> Asking:
    """The day asked for is the day of which the filters speak. Refused: what is no day, or none that is known."""
    day = day_asked(asking.value(DAY), DAY) or asking.today
    instruments_then.must_be_known(asking.session, day, today=asking.today)
    return replace(asking, today=day)


def _query(query: KeysetQuery, asking: Asking) -> Walked:
    return kept.as_day_ended(query, asking.today, within(select(Instrument), asking.actor).whereclause)


def _shown(session: Session, rows: Sequence[Instrument], asking: Asking) -> list[InstrumentOnDay]:
    return instruments_then.as_day_ended(session, rows, asking.today)


INSTRUMENTS_THEN = listing.register(
    ListDefinition(
        page="instruments_then",
        endpoint="instruments_then.listing",
        action="instrument.view",
        title=_l("Instruments as a day ended"),
        model=Instrument,
        columns=COLUMNS,
        filters=FILTERS,
        sorts={"due": Order(Instrument.due_date, Instrument.id, nullable=True)},
        default_sort="due",
        within=lambda statement, asking: within(statement, asking.actor),
        divide=lambda asking: (Instrument.state, instrument_filters.states(asking)),
        chips=instrument_filters.chips,
        cells="instruments/_then_cells.html",
        loads=(joinedload(Instrument.type).load_only(TypeEntry.name_zh, TypeEntry.name_en),),
        extra_keys=(DAY,),
        template="instruments/then.html",
        asked=_on_the_day,
        widened=_query,
        shown=_shown,
    )
)


@blueprint.get("/then", endpoint="listing")
@requires("instrument.view", replica=True)
def instrument_list() -> Response | str:
    """The instruments of a past day. Today's have a list of their own."""
    day = day_asked(request.args.get(DAY), DAY) or today()
    if day == today():
        rest: dict[str, Any] = {key: value for key, value in request.args.to_dict(flat=False).items() if key != DAY}
        return redirect(url_for("instruments.listing", **rest))
    who = actor()
    return listing.show(
        INSTRUMENTS_THEN,
        day=day,
        first=kept.known_from(db.session()),
        is_scoped=who.is_holder or who.district_code is not None,
        empty=(_("No instruments"), _("None was registered yet when that day ended.")),
    )
