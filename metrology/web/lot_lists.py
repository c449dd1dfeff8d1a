"""The list of lots."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from metrology.persistence.database import db
from metrology.persistence.holders import Holder
from metrology.persistence.keyset import Order
from metrology.persistence.lots import Lot
from metrology.services import lots as service
from metrology.web import listing, lot_words
from metrology.web.filters import pick
from metrology.web.instrument_filters import type_choices
from metrology.web.list_filters import Asking, ChoiceFilter, Condition, TextFilter, equals, labelled
from metrology.web.listing import Column, ListDefinition
from metrology.web.lots import blueprint as lots
from metrology.web.requests import allowed, requires


def _within(statement: Select[Any], asking: Asking) -> Select[Any]:
    return service.scoped(statement, asking.actor)


def _found(_asking: Asking, text: str) -> Condition | None:
    holders = select(Holder.id).where(Holder.name == text)
    return or_(
        Lot.number == text.upper(), Lot.lot_code == text, Lot.certificate_number == text, Lot.holder_id.in_(holders)
    )


LOTS = listing.register(
    ListDefinition(
        page="lots",
        endpoint="lots.listing",
        action="lot.view",
        export_action="lot.view",
        title=_l("Lots"),
        model=Lot,
        columns=(
            Column(key="number", label=_l("Lot"), value=lambda row: row.number),
            Column(
                key="holder", label=_l("Holder"), value=lambda row: row.holder.name, loads=(joinedload(Lot.holder),)
            ),
            Column(key="type", label=_l("Instrument"), value=lambda row: pick(row.type), loads=(joinedload(Lot.type),)),
            Column(key="model", label=_l("Model"), value=lambda row: row.model or None),
            Column(key="delivery", label=_l("Number of the delivery"), value=lambda row: row.lot_code or None),
            Column(
                key="meters",
                label=_l("Meters"),
                value=lambda row: Decimal(service.counts_of(db.session(), [row.id])[row.id].meters),
                is_numeric=True,
            ),
            Column(key="state", label=_l("State"), value=lambda row: str(lot_words.STATES[row.state])),
            Column(key="verified_on", label=_l("Verified on"), value=lambda row: row.verified_on),
            Column(
                key="certificate", label=_l("Certificate"), value=lambda row: row.certificate_number, is_default=False
            ),
        ),
        filters=(
            TextFilter(
                key="q",
                label=_l("Find"),
                placeholder=_l("number of a lot or delivery, holder"),
                where=_found,
                is_main=True,
            ),
            ChoiceFilter(
                key="state",
                label=_l("State"),
                choices=labelled(lot_words.STATES),
                where=equals(Lot.state),
                is_multiple=True,
                is_main=True,
            ),
            ChoiceFilter(key="type", label=_l("Instrument type"), choices=type_choices, where=equals(Lot.type_code)),
        ),
        sorts={"made": Order(Lot.id, Lot.id)},
        default_sort="-made",
        within=_within,
        cells="lots/_cells.html",
    )
)


@lots.get("/lots/", endpoint="listing")
@requires("lot.view")
def lot_list() -> str:
    """The lots, the latest first."""
    return listing.show(
        LOTS,
        primary=(_("New lot"), url_for("lots.create")) if allowed("lot.edit") else None,
        empty=(
            _("No lots yet"),
            _(
                "Utilities deliver meters by the thousand. Load their ledger, make a lot of it, and verify, certify and "
                "replace the meters as one, while each answers its own code."
            ),
        ),
    )
