"""The list of visits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import object_session, selectinload

from metrology.persistence.keyset import Order
from metrology.persistence.people import User
from metrology.persistence.visits import Visit, VisitItem
from metrology.services.visit_days import verifiers
from metrology.web import labels, listing
from metrology.web.filters import label
from metrology.web.languages import listed
from metrology.web.list_filters import (
    Asking,
    Chip,
    ChoiceFilter,
    Choices,
    Condition,
    DaysFilter,
    TextFilter,
    equals,
    labelled,
    named,
)
from metrology.web.list_places import districts
from metrology.web.listing import Column, ListDefinition
from metrology.web.requests import allowed, requires
from metrology.web.visits import blueprint as visits

STATES = ("planned", "in_progress", "done", "cancelled")
OPEN = ("planned", "in_progress")


def _within(statement: Select[Any], asking: Asking) -> Select[Any]:
    mine = asking.actor.district_code
    if mine is None:
        return statement
    return statement.where(or_(Visit.district_code == mine, Visit.district_code.is_(None)))


def _states(asking: Asking) -> tuple[str, ...]:
    asked = asking.values("state")
    if "all" in asked:
        return STATES
    return tuple(one for one in STATES if one in asked) if asked else OPEN


def _chips(asking: Asking) -> list[Chip]:
    if asking.values("state"):
        return []
    return [Chip(str(_("State")), str(_("planned or in progress")), {"state": ["all"]})]


class StateFilter(ChoiceFilter):
    """Makes no condition of its own: the states divide the list."""

    def condition(self, asking: Asking) -> Condition | None:
        """Nothing, but for words that name no state."""
        return super().condition(asking) if asking.values(self.key) and not _states(asking) else None


def _text(_asking: Asking, text: str) -> Condition:
    return or_(Visit.number == text.upper(), Visit.title.contains(text, autoescape=True))


def _verifier_choices(asking: Asking) -> Choices:
    return [(str(person.id), person.name) for person in verifiers(asking.session, asking.actor)]


def _by_verifier(_asking: Asking, values: list[str]) -> Condition:
    return Visit.verifiers.any(User.id.in_([int(value) for value in values]))


def _count(row: Visit) -> Decimal:
    session = object_session(row)
    statement = select(func.count()).where(VisitItem.visit_id == row.id, VisitItem.state != "removed")
    return Decimal((session.scalar(statement) if session is not None else 0) or 0)


VISITS = listing.register(
    ListDefinition(
        page="visits",
        endpoint="visits.listing",
        action="plan.view",
        export_action="plan.view",
        title=_l("Visits"),
        model=Visit,
        columns=(
            Column(key="day", label=_l("Day"), value=lambda row: row.planned_on, sort="day"),
            Column(key="number", label=_l("Number"), value=lambda row: row.number),
            Column(key="title", label=_l("Title"), value=lambda row: row.title),
            Column(key="count", label=_l("Instruments"), value=_count, is_numeric=True),
            Column(
                key="verifiers",
                label=_l("Verifiers"),
                value=lambda row: listed(person.name for person in row.verifiers) or None,
                loads=(selectinload(Visit.verifiers),),
            ),
            Column(
                key="place",
                label=_l("Place"),
                value=lambda row: row.place.full_name if row.place else None,
                loads=(selectinload(Visit.place),),
                is_default=False,
            ),
            Column(key="state", label=_l("State"), value=lambda row: label(row.state, "VISIT_STATES")),
            Column(key="notes", label=_l("Notes"), value=lambda row: row.notes or None, is_default=False),
        ),
        filters=(
            TextFilter(key="q", label=_l("Find"), placeholder=_l("number or title"), where=_text, is_main=True),
            StateFilter(
                key="state",
                label=_l("State"),
                choices=labelled({"all": _l("all states"), **labels.VISIT_STATES}),
                where=equals(Visit.state),
                is_multiple=True,
                is_main=True,
            ),
            DaysFilter(key="day", label=_l("Day of the visit"), column=Visit.planned_on, is_main=True),
            ChoiceFilter(
                key="verifier", label=_l("Verifier"), choices=_verifier_choices, where=_by_verifier, is_main=True
            ),
            ChoiceFilter(
                key="district",
                label=_l("District"),
                choices=lambda asking: named(districts(asking)),
                where=equals(Visit.district_code),
            ),
        ),
        sorts={"day": Order(Visit.planned_on, Visit.id)},
        default_sort="day",
        within=_within,
        divide=lambda asking: (Visit.state, _states(asking)),
        chips=_chips,
        cells="visits/_cells.html",
    )
)


@visits.get("/", endpoint="listing")
@requires("plan.view")
def visit_list() -> str:
    """The visits to come, or those of the past."""
    links = [
        (_("Calendar"), url_for("plan.calendar")),
        (_("Visits that were made"), url_for("visits.listing", state="done", sort="-day")),
        (_("Called off"), url_for("visits.listing", state="cancelled", sort="-day")),
        (_("In my own calendar"), url_for("feeds.page")),
    ]
    return listing.show(
        VISITS,
        primary=(_("Plan a visit"), url_for("plan.due")) if allowed("plan.edit") else None,
        links=links,
        empty=(
            _("No visits planned"),
            _("A visit takes several instruments of a place at once. Choose what falls due and plan one."),
        ),
    )
