"""The list of places of use."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from metrology.persistence.keyset import Order
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.services import searching
from metrology.web import labels, listing
from metrology.web.filters import label, pick
from metrology.web.list_filters import (
    Asking,
    ChoiceFilter,
    Condition,
    ReferenceFilter,
    TextFilter,
    equals,
    labelled,
    yes_no,
)
from metrology.web.list_places import district_choices, holder_name, in_districts, place_name, subtree
from metrology.web.listing import Column, ListDefinition
from metrology.web.navigation import link_to
from metrology.web.places import blueprint as places
from metrology.web.requests import allowed, requires


def _found(asking: Asking, text: str) -> Condition | None:
    return searching.condition(asking.session, asking.actor, "place", text)


def _within(statement: Select[Any], asking: Asking) -> Select[Any]:
    return within(statement, asking.actor, Place)


PLACES = listing.register(
    ListDefinition(
        page="places",
        endpoint="places.listing",
        action="place.view",
        title=_l("Places"),
        model=Place,
        columns=(
            Column(key="name", label=_l("Name"), value=lambda row: row.full_name or row.name, sort="name"),
            Column(key="kind", label=_l("Kind"), value=lambda row: label(row.kind, "PLACE_KINDS")),
            Column(key="district", label=_l("District"), value=lambda row: pick(row.district) or None),
            Column(key="address", label=_l("Address"), value=lambda row: row.address or None),
            Column(
                key="organiser",
                label=_l("Organiser"),
                value=lambda row: row.organiser.name if row.organiser else None,
                loads=(joinedload(Place.organiser),),
            ),
            Column(key="active", label=_l("Active"), value=lambda row: row.is_active, is_default=False),
        ),
        filters=(
            TextFilter(key="q", label=_l("Find"), placeholder=_l("name or address"), where=_found, is_main=True),
            ChoiceFilter(
                key="kind",
                label=_l("Kind"),
                choices=labelled(labels.PLACE_KINDS),
                where=equals(Place.kind),
                is_multiple=True,
                is_main=True,
            ),
            ChoiceFilter(
                key="district",
                label=_l("District"),
                choices=district_choices,
                where=in_districts(Place.district_code),
                is_multiple=True,
                is_main=True,
            ),
            ChoiceFilter(key="active", label=_l("Active"), is_main=True, **yes_no(Place.is_active)),
            ReferenceFilter(
                key="place",
                label=_l("Place"),
                where=lambda asking, key: Place.id.in_(subtree(asking, key)),
                name=place_name,
            ),
            ReferenceFilter(
                key="organiser",
                label=_l("Organiser"),
                where=lambda _asking, key: Place.organiser_id == key,
                name=holder_name,
                none=Place.organiser_id.is_(None),
            ),
        ),
        sorts={"name": Order(Place.full_name, Place.id)},
        default_sort="name",
        within=_within,
        cells="places/_cells.html",
    )
)


@places.get("/", endpoint="listing")
@requires("place.view")
def place_list() -> str:
    """The places of the city, or of the district of the one who asks."""
    new = link_to("places.create")
    return listing.show(
        PLACES,
        primary=(_("Register a place"), new) if new and allowed("place.edit") else None,
        empty=(
            _("No places yet"),
            _("Here stand markets with their stalls, fuel stations, communities. A ledger brings them along."),
        ),
    )
