"""The list of instruments, and what other pages take from it: chosen rows, or all that match."""

from __future__ import annotations

from itertools import islice
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.datastructures import MultiDict

from metrology.domain.problems import Problem
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.keyset import Order
from metrology.persistence.scope import within
from metrology.web import instrument_filters as filters
from metrology.web import listing
from metrology.web.filters import label, pick
from metrology.web.instruments import blueprint as instruments
from metrology.web.list_filters import Asking
from metrology.web.list_places import HOLDER_NAME, PLACE_NAME
from metrology.web.listing import BulkAction, Column, ListDefinition, Listing
from metrology.web.navigation import link_to
from metrology.web.requests import allowed, requires

BULK_LIMIT = 2000


def _labelled(attribute: str, table: str) -> Any:
    return lambda row: label(getattr(row, attribute), table)


def _text(attribute: str) -> Any:
    return lambda row: getattr(row, attribute) or None


def _intact_seals(row: Instrument) -> str | None:
    return ", ".join(seal.number for seal in row.seals if seal.state == "intact") or None


COLUMNS = (
    Column(key="number", label=_l("Number"), value=_text("number"), sort="number"),
    Column(key="type", label=_l("Type"), value=lambda row: pick(row.type)),
    Column(key="model", label=_l("Model"), value=_text("model")),
    Column(key="manufacturer", label=_l("Manufacturer"), value=_text("manufacturer"), is_default=False),
    Column(key="serial", label=_l("Serial number"), value=_text("serial_number"), sort="serial"),
    Column(key="part", label=_l("Part"), value=_text("part_label"), is_default=False),
    Column(
        key="holder",
        label=_l("Holder"),
        value=lambda row: row.holder.name if row.holder else None,
        loads=(joinedload(Instrument.holder).options(*HOLDER_NAME),),
    ),
    Column(
        key="place",
        label=_l("Place"),
        value=lambda row: row.place.full_name if row.place else None,
        loads=(joinedload(Instrument.place).options(*PLACE_NAME),),
    ),
    Column(
        key="district",
        label=_l("District"),
        value=lambda row: pick(row.district) or None,
        loads=(joinedload(Instrument.district),),
        is_default=False,
    ),
    Column(key="state", label=_l("State"), value=_labelled("state", "INSTRUMENT_STATES")),
    Column(key="due", label=_l("Due date"), value=lambda row: row.due_date, sort="due"),
    Column(key="verified", label=_l("Last verified"), value=lambda row: row.last_verified_on, sort="verified"),
    Column(key="due_basis", label=_l("Due date by"), value=_labelled("due_basis", "DUE_BASES"), is_default=False),
    Column(key="due_kind", label=_l("Due for"), value=_labelled("due_kind", "DUE_KINDS"), is_default=False),
    Column(key="purpose", label=_l("Purpose"), value=_labelled("purpose", "PURPOSES"), is_default=False),
    Column(key="onsite", label=_l("Verified on site"), value=lambda row: row.is_onsite, is_default=False),
    Column(
        key="nameplate",
        label=_l("Nameplate"),
        value=lambda row: "; ".join(str(value) for value in row.nameplate.values()) or None,
        is_default=False,
    ),
    Column(
        key="seals",
        label=_l("Seals"),
        value=_intact_seals,
        loads=(selectinload(Instrument.seals),),
        is_default=False,
    ),
    Column(key="lot", label=_l("Lot"), value=_text("lot_code"), is_default=False),
    Column(key="approval", label=_l("Type approval"), value=_text("type_approval_number"), is_default=False),
    Column(key="identification", label=_l("Identification code"), value=_text("identification_code"), is_default=False),
    Column(key="factory_code", label=_l("Factory code"), value=_text("factory_code"), is_default=False),
    Column(key="repair_code", label=_l("Repair code"), value=_text("repair_code"), is_default=False),
    Column(key="manufactured", label=_l("Made on"), value=lambda row: row.manufactured_on, is_default=False),
    Column(key="installed", label=_l("Installed on"), value=lambda row: row.installed_on, is_default=False),
    Column(key="notes", label=_l("Notes"), value=_text("notes"), is_default=False),
)


def _within(statement: Select[Any], asking: Asking) -> Select[Any]:
    return within(statement, asking.actor)


INSTRUMENTS = listing.register(
    ListDefinition(
        page="instruments",
        endpoint="instruments.listing",
        action="instrument.view",
        title=_l("Instruments"),
        model=Instrument,
        columns=COLUMNS,
        filters=filters.FILTERS,
        sorts={
            "due": Order(Instrument.due_date, Instrument.id, nullable=True),
            "number": Order(Instrument.number, Instrument.id),
            "verified": Order(Instrument.last_verified_on, Instrument.id, nullable=True),
            "serial": Order(Instrument.serial_key, Instrument.id),
        },
        default_sort="due",
        within=_within,
        divide=lambda asking: (Instrument.state, filters.states(asking)),
        divided_sorts=("due",),
        chips=filters.chips,
        cells="instruments/_cells.html",
        loads=(joinedload(Instrument.type).load_only(TypeEntry.name_zh, TypeEntry.name_en),),
        bulk=[BulkAction(label=_l("Plan a visit"), endpoint="visits.create", action="plan.edit")],
        bulk_limit=BULK_LIMIT,
    )
)


@instruments.get("/", endpoint="listing")
@requires("instrument.view")
def instrument_list() -> str:
    """The instruments of the city, or of the district or holder of the one who asks."""
    new, load = link_to("instruments.create"), link_to("ledgers.listing")
    links = [(_("Load a ledger"), load)] if load and allowed("import.run") else []
    return listing.show(
        INSTRUMENTS,
        primary=(_("Register an instrument"), new) if new and allowed("instrument.edit") else None,
        links=links,
        empty=(
            _("No instruments yet"),
            _("Here stands every measuring instrument the city keeps. Register one, or load the ledgers you have."),
        ),
    )


def selected_ids(form: MultiDict[str, str], *, limit: int = BULK_LIMIT) -> list[int]:
    """Keys of the instruments that a form of the list names, in the list's order and within the scope of the one who asks.

    Either single rows (``id``, repeated), or all that match the list's own address (``all_matching`` and ``query``).
    """
    args = listing.args_of(form.get("query", ""))
    shown = Listing(INSTRUMENTS, listing.asking(args))
    session = shown.asking.session
    if form.get("all_matching"):
        chunks = shown.query.chunks(session, limit + 1)
        keys = next(chunks, [])
    else:
        asked = [int(value) for value in islice(form.getlist("id"), limit + 1) if value.isdecimal() and len(value) < 19]
        seen = select(Instrument.id).where(Instrument.id.in_(asked))
        visible = set(session.scalars(within(seen, shown.asking.actor)))
        keys = [key for key in dict.fromkeys(asked) if key in visible]
    if not keys:
        raise Problem("nothing_selected")
    if len(keys) > limit:
        raise Problem("too_many_selected", limit=limit)
    return keys
