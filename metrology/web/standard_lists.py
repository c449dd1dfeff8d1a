"""The list of measurement standards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, String, cast, or_, select
from sqlalchemy.orm import joinedload

from metrology.persistence.database import db
from metrology.persistence.keyset import Order
from metrology.persistence.people import Institute
from metrology.persistence.standards import MeasurementStandard
from metrology.services import catalogue, searching
from metrology.services.standards import WARN_DAYS, standing
from metrology.web import labels, listing
from metrology.web.filters import label
from metrology.web.instrument_filters import type_choices
from metrology.web.languages import listed
from metrology.web.list_filters import (
    Asking,
    ChoiceFilter,
    Condition,
    ReferenceFilter,
    TextFilter,
    equals,
    labelled,
    named,
)
from metrology.web.listing import Column, ListDefinition
from metrology.web.requests import today

VALIDITIES = {"valid": _l("valid"), "due_soon": _l("due soon"), "lapsed": _l("lapsed")}


def _found(asking: Asking, text: str) -> Condition | None:
    return searching.condition(asking.session, asking.actor, "measurement_standard", text)


def _serves(_asking: Asking, values: list[str]) -> Condition:
    """The codes stand in a JSON array; there are few standards, so its text is looked through."""
    codes = cast(MeasurementStandard.type_codes, String)
    return or_(*(codes.contains(f'"{value}"', autoescape=True) for value in values))


def _validity(asking: Asking, values: list[str]) -> Condition:
    """By the first of both certificates to end, the calibration's and the examination's."""
    certificate, examination = MeasurementStandard.valid_until, MeasurementStandard.examination_valid_until
    day, soon = asking.today, asking.today + timedelta(days=WARN_DAYS)
    lapsed = (certificate < day) | (examination.is_not(None) & (examination < day))
    ends_soon = (certificate <= soon) | (examination.is_not(None) & (examination <= soon))
    conditions = {"lapsed": lapsed, "due_soon": ~lapsed & ends_soon, "valid": ~lapsed}
    return conditions[values[0]]


def _institute_name(asking: Asking, key: int) -> str | None:
    name: str | None = asking.session.scalar(select(Institute.name).where(Institute.id == key))
    return name


def _all(statement: Select[Any], _asking: Asking) -> Select[Any]:
    return statement


def type_names(codes: list[str]) -> list[str]:
    """Names of types by their codes, in the reader's language."""
    known = dict(named(catalogue.read(db.session()).types))
    return [known.get(code, code) for code in codes]


STANDARDS = listing.register(
    ListDefinition(
        page="standards",
        endpoint="standards.listing",
        action="standard.view",
        title=_l("Measurement standards"),
        model=MeasurementStandard,
        columns=(
            Column(key="number", label=_l("Number"), value=lambda row: row.number, sort="number"),
            Column(key="name", label=_l("Name"), value=lambda row: row.name),
            Column(key="serial", label=_l("Serial number"), value=lambda row: row.serial_number or None),
            Column(key="range", label=_l("Range"), value=lambda row: row.range_text or None),
            Column(
                key="accuracy",
                label=_l("Class or uncertainty"),
                value=lambda row: row.accuracy_text or row.accuracy or None,
            ),
            Column(key="serves", label=_l("Serves"), value=lambda row: listed(type_names(row.type_codes)) or None),
            Column(
                key="certificate", label=_l("Certificate"), value=lambda row: row.certificate_number, is_default=False
            ),
            Column(key="until", label=_l("Valid until"), value=lambda row: row.valid_until, sort="until"),
            Column(
                key="standing",
                label=_l("State"),
                value=lambda row: label(standing(row, today()), "STANDARD_STANDINGS"),
            ),
            Column(
                key="examination",
                label=_l("Examination certificate"),
                value=lambda row: row.examination_number or None,
                is_default=False,
            ),
            Column(
                key="examined_until",
                label=_l("Examination valid until"),
                value=lambda row: row.examination_valid_until,
                is_default=False,
            ),
            Column(
                key="institute",
                label=_l("Institute"),
                value=lambda row: row.institute.name if row.institute else None,
                loads=(joinedload(MeasurementStandard.institute),),
                is_default=False,
            ),
        ),
        filters=(
            TextFilter(
                key="q", label=_l("Find"), placeholder=_l("name, number, certificate"), where=_found, is_main=True
            ),
            ChoiceFilter(
                key="validity", label=_l("Validity"), choices=labelled(VALIDITIES), where=_validity, is_main=True
            ),
            ChoiceFilter(key="type", label=_l("Serves"), choices=type_choices, where=_serves, is_main=True),
            ChoiceFilter(
                key="state",
                label=_l("State"),
                choices=labelled(labels.STANDARD_STATES),
                where=equals(MeasurementStandard.state),
                is_multiple=True,
                is_main=True,
            ),
            ReferenceFilter(
                key="institute",
                label=_l("Institute"),
                where=lambda _asking, key: MeasurementStandard.institute_id == key,
                name=_institute_name,
                none=MeasurementStandard.institute_id.is_(None),
            ),
        ),
        sorts={
            "until": Order(MeasurementStandard.valid_until, MeasurementStandard.id),
            "number": Order(MeasurementStandard.number, MeasurementStandard.id),
        },
        default_sort="until",
        within=_all,
        cells="standards/_cells.html",
        export_action="standard.view",
    )
)


def show(primary: tuple[str, str] | None) -> str:
    """The page of the list."""
    return listing.show(
        STANDARDS,
        primary=primary,
        empty=(
            _("No measurement standards yet"),
            _("No verification can be recorded without a valid standard. Enter those of your institute first."),
        ),
    )
