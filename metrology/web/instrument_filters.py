"""Filters of the list of instruments. Their keys are addresses that reports, plans and people's bookmarks hold: keep them."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, literal_column, or_, select

from metrology.domain import schedule
from metrology.domain.indicator import MANDATORY_PURPOSES
from metrology.domain.instrument import SCHEDULED, STATES
from metrology.persistence import due
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.keyset import Unindexed
from metrology.services import catalogue, cleaning
from metrology.services.finding import InstrumentsFound, find_instruments
from metrology.web import labels
from metrology.web.list_filters import (
    Asking,
    Chip,
    ChoiceFilter,
    Choices,
    Condition,
    DaysFilter,
    Division,
    Filter,
    ReferenceFilter,
    TextFilter,
    equals,
    labelled,
    named,
    yes_no,
)
from metrology.web.list_places import district_choices, holder_name, in_districts, place_name, subtree

KEPT = tuple(state for state in STATES if state not in ("retired", "lost"))
"""States shown unless the address asks for others."""
AGES = {
    "1-30": _l("1–30 days"),
    "31-90": _l("31–90 days"),
    "91-180": _l("91–180 days"),
    "over-180": _l("over 180 days"),
}
DUES = {
    "overdue": _l("overdue"),
    "30": _l("within 30 days"),
    "60": _l("within 60 days"),
    "90": _l("within 90 days"),
    "none": _l("no due date"),
}


# -- states: they divide the list, so that each is a range of the index


def states(asking: Asking) -> tuple[str, ...]:
    """The states asked for; by default all but those gone for good, or those that fall due when due work is asked for."""
    asked = asking.values("state")
    if not asked:
        return tuple(sorted(SCHEDULED)) if asks_for_due(asking) else KEPT
    if "all" in asked:
        return STATES
    return tuple(state for state in STATES if state in asked)


def asks_for_due(asking: Asking) -> bool:
    """Whether due work is asked for: only what is in use or waits for it falls due."""
    due = asking.value("due")
    return bool(asking.values("age") or (due and due != "none") or asking.value("due_from") or asking.value("due_to"))


state_choices = labelled({"all": _l("all states"), **labels.INSTRUMENT_STATES})
"""Every state, or all of them."""


class StateFilter(ChoiceFilter):
    """Makes no condition of its own: the states divide the list."""

    def condition(self, asking: Asking) -> Condition | None:
        """Nothing, but for words that name no state."""
        return super().condition(asking) if asking.values(self.key) and not states(asking) else None


# -- due dates


def due_where(asking: Asking, values: list[str]) -> Condition:
    """Overdue, falling due within so many days, or never due."""
    code, today = values[0], asking.today
    if code == "none":
        return Instrument.due_date.is_(None)
    if code == "overdue":
        return Instrument.due_date < today
    return Instrument.due_date.between(today, today + timedelta(days=int(code)))


def age_where(asking: Asking, values: list[str]) -> Condition:
    """Overdue for so long."""
    ranges: list[ColumnElement[bool]] = []
    for bucket in schedule.AGEING:
        if bucket.code in values:
            first, last = schedule.overdue_between(bucket, asking.today)
            until = Instrument.due_date <= last
            ranges.append(until if first is None else until & (Instrument.due_date >= first))
    return or_(*ranges)


# -- what it is and whose


class FindFilter(TextFilter):
    """Free text over all an instrument is known by."""

    finds = True

    def condition(self, asking: Asking) -> Condition | None:
        """What is found, but for types, which divide the list."""
        found = self._found(asking)
        return None if found is None or found.type_codes else found.condition

    def division(self, asking: Asking) -> Division | None:
        """The types that the words name, when they name nothing else."""
        found = self._found(asking)
        return (Instrument.type_code, found.type_codes) if found is not None and found.type_codes else None

    def _found(self, asking: Asking) -> InstrumentsFound | None:
        text = asking.value(self.key)
        if asking.text.found is None and text:
            asking.text.found = find_instruments(asking.session, asking.actor, text)
        found: InstrumentsFound | None = asking.text.found
        if found is not None:
            asking.text.is_few, asking.text.some = found.is_few, found.some
        return found


def type_choices(asking: Asking) -> Choices:
    """The catalogue, types with rules first."""
    return named(catalogue.read(asking.session).types)


def planned_where(_asking: Asking, values: list[str]) -> Condition:
    """On an open visit, or on none."""
    return due.planned() if values[0] == "yes" else ~due.planned()


def purpose_where(_asking: Asking, values: list[str]) -> Condition:
    """For one of these purposes. Few instruments are for another than trade: those have an index of their own."""
    chosen = Instrument.purpose.in_(values)
    return chosen if "trade" in values else chosen & (Instrument.purpose != literal_column("'trade'"))


def counted_where(_asking: Asking, values: list[str]) -> Condition:
    """What reports count: no assembly, whose parts are counted; and of those what was never verified."""
    counted = Instrument.is_assembly.is_(False)
    return counted & Instrument.last_verified_on.is_(None) if values[0] == "never" else counted


def mandatory_where(_asking: Asking, _values: list[str]) -> Condition:
    """Of a type under mandatory verification, and used for one of the four purposes that make it so."""
    kinds = select(TypeEntry.code).where(TypeEntry.is_mandatory)
    return Instrument.type_code.in_(kinds) & Instrument.purpose.in_(MANDATORY_PURPOSES)


def validity_where(asking: Asking, values: list[str]) -> Condition:
    """Verified and not past the last valid day; or not."""
    reaches = Instrument.due_date.is_(None) | (Instrument.due_date >= asking.today)
    is_valid = Instrument.last_verified_on.is_not(None) & reaches
    return is_valid if values[0] == "valid" else ~is_valid


def mode_where(_asking: Asking, values: list[str]) -> Condition:
    """Of a type that is verified so."""
    return Instrument.type_code.in_(select(TypeEntry.code).where(TypeEntry.mode.in_(values)))


def manufacturer_where(asking: Asking, text: str) -> Condition | None:
    """Made by this one, however it is spaced and cased; the search index narrows it when they are few."""
    found = find_instruments(asking.session, asking.actor, text)
    key = cleaning.key_of(text)
    if found is not None and found.is_few and found.condition is not None:
        return found.condition & (Instrument.manufacturer_key == key)
    exact: Condition = Unindexed(Instrument.manufacturer_key) == key
    return exact


def lot_where(_asking: Asking, text: str) -> Condition:
    """Delivered in this lot."""
    return Instrument.lot_code == text


def place_where(asking: Asking, key: int) -> Condition:
    """At the place or at any below it."""
    below = subtree(asking, key)
    keys = list(asking.session.scalars(below.limit(2)))
    return Instrument.place_id.in_(below) if len(keys) > 1 else Instrument.place_id == key


FILTERS: tuple[Filter, ...] = (
    FindFilter(
        key="q",
        label=_l("Find"),
        placeholder=_l("number, serial, holder, place…"),
        is_main=True,
    ),
    ChoiceFilter(
        key="type",
        label=_l("Type"),
        choices=type_choices,
        where=equals(Instrument.type_code),
        divides=Instrument.type_code,
        is_multiple=True,
        is_main=True,
    ),
    StateFilter(
        key="state",
        label=_l("State"),
        choices=state_choices,
        where=equals(Instrument.state),
        is_multiple=True,
        is_main=True,
        unset=_l("all but retired and lost"),
    ),
    ChoiceFilter(
        key="district",
        label=_l("District"),
        choices=district_choices,
        where=in_districts(Instrument.district_code),
        divides=Instrument.district_code,
        is_multiple=True,
        is_main=True,
    ),
    ChoiceFilter(key="due", label=_l("When due"), choices=labelled(DUES), where=due_where, is_main=True),
    ChoiceFilter(key="age", label=_l("Overdue for"), choices=labelled(AGES), where=age_where, is_multiple=True),
    DaysFilter(key="due", label=_l("Due date"), column=Instrument.due_date),
    DaysFilter(key="verified", label=_l("Last verified"), column=Instrument.last_verified_on),
    ChoiceFilter(
        key="purpose",
        label=_l("Purpose"),
        choices=labelled(labels.PURPOSES),
        where=purpose_where,
        is_multiple=True,
    ),
    ChoiceFilter(key="mode", label=_l("Mode"), choices=labelled(labels.MODES), where=mode_where, is_multiple=True),
    ChoiceFilter(
        key="due_basis",
        label=_l("Due date by"),
        choices=labelled(labels.DUE_BASES),
        where=equals(Instrument.due_basis),
    ),
    ChoiceFilter(
        key="due_kind", label=_l("Due for"), choices=labelled(labels.DUE_KINDS), where=equals(Instrument.due_kind)
    ),
    ChoiceFilter(
        key="planned",
        label=_l("On a planned visit"),
        choices=labelled({"yes": _l("yes"), "no": _l("no")}),
        where=planned_where,
    ),
    ChoiceFilter(
        key="counted",
        label=_l("Counted in reports"),
        choices=labelled({"yes": _l("yes, parts instead of wholes"), "never": _l("yes, and never verified")}),
        where=counted_where,
    ),
    ChoiceFilter(
        key="mandatory",
        label=_l("Mandatory verification"),
        choices=labelled({"yes": _l("yes")}),
        where=mandatory_where,
    ),
    ChoiceFilter(
        key="validity",
        label=_l("Validity"),
        choices=labelled({"valid": _l("within validity"), "none": _l("expired or never verified")}),
        where=validity_where,
    ),
    ChoiceFilter(key="onsite", label=_l("Verified on site"), **yes_no(Instrument.is_onsite)),
    TextFilter(key="manufacturer", label=_l("Manufacturer"), where=manufacturer_where),
    TextFilter(key="lot", label=_l("Lot"), where=lot_where),
    ReferenceFilter(
        key="holder",
        label=_l("Holder"),
        where=lambda _asking, key: Instrument.holder_id == key,
        name=holder_name,
        none=Instrument.holder_id.is_(None),
    ),
    ReferenceFilter(
        key="place",
        label=_l("Place"),
        where=place_where,
        name=place_name,
        none=Instrument.place_id.is_(None),
    ),
)


def chips(asking: Asking) -> list[Chip]:
    """The default of the states, said where it could surprise: nothing is hidden without a word."""
    if asking.values("state"):
        return []
    if asks_for_due(asking):
        return []
    return [Chip(str(_l("State")), str(_l("all but retired and lost")), {"state": ["all"]})]
