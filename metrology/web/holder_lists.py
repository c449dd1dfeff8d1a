"""The list of holders of instruments."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from metrology.persistence.holders import Holder
from metrology.persistence.keyset import Order
from metrology.persistence.scope import within
from metrology.services import searching
from metrology.web import labels, listing
from metrology.web.filters import label, pick
from metrology.web.holders import blueprint as holders
from metrology.web.list_filters import Asking, ChoiceFilter, Condition, TextFilter, equals, labelled, yes_no
from metrology.web.list_places import district_choices, in_districts
from metrology.web.listing import Column, ListDefinition
from metrology.web.navigation import link_to
from metrology.web.requests import allowed, requires


def _found(asking: Asking, text: str) -> Condition | None:
    return searching.condition(asking.session, asking.actor, "holder", text)


def _within(statement: Select[Any], asking: Asking) -> Select[Any]:
    return within(statement, asking.actor, Holder)


HOLDERS = listing.register(
    ListDefinition(
        page="holders",
        endpoint="holders.listing",
        action="holder.view",
        title=_l("Holders"),
        model=Holder,
        columns=(
            Column(key="number", label=_l("Number"), value=lambda row: row.number, sort="number", is_default=False),
            Column(key="name", label=_l("Name"), value=lambda row: row.name, sort="name"),
            Column(key="kind", label=_l("Kind"), value=lambda row: label(row.kind, "HOLDER_KINDS")),
            Column(key="uscc", label=_l("Credit code"), value=lambda row: row.uscc),
            Column(key="district", label=_l("District"), value=lambda row: pick(row.district) or None),
            Column(key="address", label=_l("Address"), value=lambda row: row.address or None),
            Column(
                key="representative",
                label=_l("Legal representative"),
                value=lambda row: row.legal_representative or None,
                is_default=False,
            ),
            Column(key="industry", label=_l("Industry"), value=lambda row: row.industry or None, is_default=False),
            Column(key="active", label=_l("Active"), value=lambda row: row.is_active, is_default=False),
        ),
        filters=(
            TextFilter(key="q", label=_l("Find"), placeholder=_l("name or credit code"), where=_found, is_main=True),
            ChoiceFilter(
                key="kind",
                label=_l("Kind"),
                choices=labelled(labels.HOLDER_KINDS),
                where=equals(Holder.kind),
                is_multiple=True,
                is_main=True,
            ),
            ChoiceFilter(
                key="district",
                label=_l("District"),
                choices=district_choices,
                where=in_districts(Holder.district_code),
                is_multiple=True,
                is_main=True,
            ),
            ChoiceFilter(key="active", label=_l("Active"), is_main=True, **yes_no(Holder.is_active)),
        ),
        sorts={"name": Order(Holder.name, Holder.id), "number": Order(Holder.number, Holder.id)},
        default_sort="name",
        within=_within,
        cells="holders/_cells.html",
    )
)


@holders.get("/", endpoint="listing")
@requires("holder.view")
def holder_list() -> str:
    """The holders of the city, or of the district of the one who asks; a holder sees itself."""
    new = link_to("holders.create")
    return listing.show(
        HOLDERS,
        primary=(_("Register a holder"), new) if new and allowed("holder.edit") else None,
        empty=(
            _("No holders yet"),
            _("Here stand the enterprises, vendors and offices that hold instruments. A ledger brings them along."),
        ),
    )
