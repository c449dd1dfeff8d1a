"""Filters of the list of verifications that indicators lead to: what they count, and the groups they count it by."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, select

from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.verifications import StandardUse, Verification
from metrology.services.validity import stands
from metrology.web.list_filters import (
    Asking,
    ChoiceFilter,
    Condition,
    DaysFilter,
    Filter,
    InstantsFilter,
    ReferenceFilter,
    TextFilter,
    labelled,
)
from metrology.web.list_places import district_choices

COUNTED = {
    "yes": _l("those that count (approved, not corrected, not annulled, no calibrations)"),
    "document": _l("those with a document, first records only"),
}


def _counted(_asking: Asking, values: list[str]) -> Condition:
    if values[0] == "document":
        return (Verification.state == "approved") & Verification.days_taken.is_not(None)
    return stands() & (Verification.kind != "calibration")


def _late(_asking: Asking, values: list[str]) -> Condition:
    late: Condition = Verification.verified_on > Verification.was_due_on
    return late if values[0] == "yes" else Verification.verified_on <= Verification.was_due_on


def _districts(_asking: Asking, values: list[str]) -> Condition:
    return Verification.district_code.in_(["" if value == "none" else value for value in values])


def _not_recorded(_asking: Asking, values: list[str]) -> Condition:
    return and_(*(getattr(Verification, value) == "" for value in values))


def _standards_used(_asking: Asking, values: list[str]) -> Condition:
    used: Condition = select(StandardUse.id).where(StandardUse.verification_id == Verification.id).exists()
    return used if values[0] == "yes" else ~used


def _standard(asking: Asking, key: int) -> str | None:
    number: str | None = asking.session.scalar(select(MeasurementStandard.number).where(MeasurementStandard.id == key))
    return number


FILTERS: tuple[Filter, ...] = (
    ChoiceFilter(key="counted", label=_l("Counted in reports"), choices=labelled(COUNTED), where=_counted),
    ChoiceFilter(
        key="district",
        label=_l("District at the approval"),
        choices=district_choices,
        where=_districts,
        is_multiple=True,
    ),
    InstantsFilter(key="approved", label=_l("Approved"), column=Verification.approved_at),
    DaysFilter(key="due", label=_l("Last valid day before it"), column=Verification.was_due_on),
    ChoiceFilter(
        key="late",
        label=_l("After the last valid day"),
        choices=lambda _asking: [("yes", _l("yes")), ("no", _l("no"))],
        where=_late,
    ),
    TextFilter(
        key="manufacturer", label=_l("Manufacturer"), where=lambda _asking, text: Verification.manufacturer == text
    ),
    TextFilter(key="model", label=_l("Model"), where=lambda _asking, text: Verification.model == text),
    ChoiceFilter(
        key="not_recorded",
        label=_l("Not recorded"),
        choices=lambda _asking: [("manufacturer", _l("Manufacturer")), ("model", _l("Model"))],
        where=_not_recorded,
        is_multiple=True,
    ),
    ChoiceFilter(
        key="standards",
        label=_l("With a measurement standard"),
        choices=lambda _asking: [("yes", _l("yes")), ("no", _l("no"))],
        where=_standards_used,
    ),
    ReferenceFilter(
        key="standard",
        label=_l("Measurement standard"),
        where=lambda _asking, key: Verification.id.in_(
            select(StandardUse.verification_id).where(StandardUse.standard_id == key)
        ),
        name=_standard,
    ),
)
