"""The list of equipment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select

from metrology.persistence.equipment import Equipment, StandardEquipment
from metrology.persistence.keyset import Order
from metrology.persistence.standards import MeasurementStandard
from metrology.services.standards import WARN_DAYS
from metrology.web import labels, listing
from metrology.web.filters import label
from metrology.web.list_filters import Asking, ChoiceFilter, Condition, ReferenceFilter, TextFilter, equals, labelled
from metrology.web.listing import Column, ListDefinition
from metrology.web.requests import today

VALIDITIES = {
    "valid": _l("valid"),
    "due_soon": _l("due soon"),
    "lapsed": _l("lapsed"),
    "check_due": _l("intermediate check due"),
}


def standing(row: Equipment) -> str:
    """What a piece is good for today, in the words of standards."""
    if row.state != "in_use":
        return row.state
    if row.valid_until is None or row.valid_until < today():
        return "lapsed"
    return "due_soon" if row.valid_until <= today() + timedelta(days=WARN_DAYS) else "valid"


def _found(_asking: Asking, text: str) -> Condition | None:
    words = text.replace("\0", "").split()[:6]
    columns = (Equipment.name, Equipment.number, Equipment.serial_number, Equipment.model)
    found: Condition | None = None
    for word in words:
        one = or_(*(column.icontains(word, autoescape=True) for column in columns))
        found = one if found is None else found & one
    return found


def _validity(asking: Asking, values: list[str]) -> Condition:
    day, soon = asking.today, asking.today + timedelta(days=WARN_DAYS)
    lapsed = Equipment.valid_until.is_(None) | (Equipment.valid_until < day)
    conditions: dict[str, Condition] = {
        "lapsed": lapsed,
        "due_soon": ~lapsed & (Equipment.valid_until <= soon),
        "valid": ~lapsed,
        "check_due": Equipment.next_check_on <= soon,
    }
    return conditions[values[0]]


def _standard_name(asking: Asking, key: int) -> str | None:
    found: str | None = asking.session.scalar(select(MeasurementStandard.name).where(MeasurementStandard.id == key))
    return found


def _all(statement: Select[Any], _asking: Asking) -> Select[Any]:
    return statement


EQUIPMENT = listing.register(
    ListDefinition(
        page="equipment",
        endpoint="equipment.listing",
        action="standard.view",
        title=_l("Equipment of the standards"),
        model=Equipment,
        columns=(
            Column(key="number", label=_l("Number"), value=lambda row: row.number, sort="number"),
            Column(key="name", label=_l("Name"), value=lambda row: row.name),
            Column(key="model", label=_l("Model"), value=lambda row: row.model or None),
            Column(key="serial", label=_l("Serial number"), value=lambda row: row.serial_number or None),
            Column(key="range", label=_l("Range"), value=lambda row: row.range_text or None),
            Column(key="until", label=_l("Valid until"), value=lambda row: row.valid_until, sort="until"),
            Column(key="check", label=_l("Next intermediate check"), value=lambda row: row.next_check_on),
            Column(key="standing", label=_l("State"), value=lambda row: label(standing(row), "STANDARD_STANDINGS")),
        ),
        filters=(
            TextFilter(key="q", label=_l("Find"), placeholder=_l("name, number, model"), where=_found, is_main=True),
            ChoiceFilter(
                key="validity", label=_l("Validity"), choices=labelled(VALIDITIES), where=_validity, is_main=True
            ),
            ChoiceFilter(
                key="state",
                label=_l("State"),
                choices=labelled(labels.STANDARD_STATES),
                where=equals(Equipment.state),
                is_multiple=True,
                is_main=True,
            ),
            ReferenceFilter(
                key="standard",
                label=_l("Measurement standard"),
                where=lambda _asking, key: Equipment.id.in_(
                    select(StandardEquipment.equipment_id).where(StandardEquipment.standard_id == key)
                ),
                name=_standard_name,
            ),
        ),
        sorts={
            "number": Order(Equipment.number, Equipment.id),
            "until": Order(Equipment.valid_until, Equipment.id, nullable=True),
        },
        default_sort="number",
        within=_all,
        cells="equipment/_cells.html",
        export_action="standard.view",
    )
)


def show(primary: tuple[str, str] | None) -> str:
    """The page of the list."""
    return listing.show(
        EQUIPMENT,
        primary=primary,
        empty=(
            _("No equipment yet"),
            _("Main and ancillary equipment carries the certificates that join a standard to the national ones."),
        ),
    )
