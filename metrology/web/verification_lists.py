"""The list of all verifications."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, lazyload, load_only

from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.keyset import Order
from metrology.persistence.people import User
from metrology.persistence.scope import within
from metrology.persistence.verifications import Verification
from metrology.persistence.visits import Visit
from metrology.services import catalogue, searching
from metrology.services.record_digest import altered_records
from metrology.web import labels, listing, record_filters
from metrology.web.filters import label, pick
from metrology.web.list_filters import (
    Asking,
    ChoiceFilter,
    Choices,
    Condition,
    DaysFilter,
    ReferenceFilter,
    TextFilter,
    equals,
    labelled,
    named,
)
from metrology.web.list_places import HOLDER_NAME
from metrology.web.listing import Column, ListDefinition
from metrology.web.navigation import link_to
from metrology.web.requests import allowed, requires
from metrology.web.verifications import blueprint as verifications

_INSTRUMENT = joinedload(Verification.instrument)


def of_instruments(column: Any, asking: Asking, condition: Condition) -> Condition:
    """Condition on a column that names an instrument, by a condition on instruments."""
    found: Condition = column.in_(within(select(Instrument.id).where(condition), asking.actor))
    return found


def rule_types(asking: Asking) -> Choices:
    """The types a verification can be of."""
    return named(catalogue.read(asking.session).ruled)


def _found(asking: Asking, text: str) -> Condition | None:
    by_instrument = searching.instrument_condition(asking.session, asking.actor, text)
    by_number: Condition = Verification.number == text.replace("\0", "").upper()
    return (
        by_number
        if by_instrument is None
        else by_number | of_instruments(Verification.instrument_id, asking, by_instrument)
    )


def _within(statement: Select[Any], asking: Asking) -> Select[Any]:
    if asking.actor.district_code is None and not asking.actor.is_holder:
        return statement
    return statement.where(Verification.instrument_id.in_(within(select(Instrument.id), asking.actor)))


def _name(model: Any, column: Any) -> Any:
    def name(asking: Asking, key: int) -> str | None:
        found: str | None = asking.session.scalar(select(column).where(model.id == key))
        return found

    return name


VERIFICATIONS = listing.register(
    ListDefinition(
        page="verifications",
        endpoint="verifications.listing",
        action="verification.view",
        title=_l("Verifications"),
        model=Verification,
        columns=(
            Column(key="number", label=_l("Record"), value=lambda row: row.number, sort="number"),
            Column(
                key="instrument",
                label=_l("Instrument"),
                value=lambda row: pick(row.instrument.type),
                loads=(_INSTRUMENT,),
            ),
            Column(
                key="serial",
                label=_l("Serial number"),
                value=lambda row: row.instrument.serial_number,
                loads=(_INSTRUMENT,),
            ),
            Column(
                key="holder",
                label=_l("Holder"),
                value=lambda row: row.instrument.holder.name if row.instrument.holder else None,
                loads=(_INSTRUMENT.joinedload(Instrument.holder).options(*HOLDER_NAME),),
            ),
            Column(key="kind", label=_l("Kind"), value=lambda row: label(row.kind, "VERIFICATION_KINDS")),
            Column(key="verified_on", label=_l("Verified on"), value=lambda row: row.verified_on, sort="verified"),
            Column(
                key="verdict",
                label=_l("Verdict"),
                value=lambda row: label(row.verdict, "VERDICTS") if row.verdict else None,
            ),
            Column(key="state", label=_l("State"), value=lambda row: label(row.state, "VERIFICATION_STATES")),
            Column(
                key="verifier",
                label=_l("Verified by"),
                value=lambda row: row.verifier.name,
                loads=(
                    joinedload(Verification.verifier).options(
                        load_only(User.name), lazyload(User.roles), lazyload(User.institute)
                    ),
                ),
            ),
            Column(key="edition", label=_l("Regulation"), value=lambda row: row.edition_code or None, is_default=False),
            Column(
                key="place",
                label=_l("Place of verification"),
                value=lambda row: row.place_text or None,
                is_default=False,
            ),
            Column(
                key="institute",
                label=_l("Institute"),
                value=lambda row: row.institute.name if row.institute else None,
                loads=(joinedload(Verification.institute),),
                is_default=False,
            ),
        ),
        filters=(
            TextFilter(
                key="q", label=_l("Find"), placeholder=_l("record, serial number, holder"), where=_found, is_main=True
            ),
            ChoiceFilter(
                key="state",
                label=_l("State"),
                choices=labelled(labels.VERIFICATION_STATES),
                where=equals(Verification.state),
                is_multiple=True,
                is_main=True,
            ),
            ChoiceFilter(
                key="verdict",
                label=_l("Verdict"),
                choices=labelled(labels.VERDICTS),
                where=equals(Verification.verdict),
                is_main=True,
            ),
            DaysFilter(key="verified", label=_l("Verified on"), column=Verification.verified_on),
            ChoiceFilter(
                key="type", label=_l("Type"), choices=rule_types, where=equals(Verification.type_code), is_multiple=True
            ),
            ChoiceFilter(
                key="kind",
                label=_l("Kind"),
                choices=labelled(labels.VERIFICATION_KINDS),
                where=equals(Verification.kind),
                is_multiple=True,
            ),
            ReferenceFilter(
                key="instrument",
                label=_l("Instrument"),
                where=lambda _asking, key: Verification.instrument_id == key,
                name=_name(Instrument, Instrument.number),
            ),
            ReferenceFilter(
                key="holder",
                label=_l("Holder"),
                where=lambda asking, key: of_instruments(
                    Verification.instrument_id, asking, Instrument.holder_id == key
                ),
                name=_name(Holder, Holder.name),
            ),
            ReferenceFilter(
                key="verifier",
                label=_l("Verified by"),
                where=lambda _asking, key: Verification.verifier_id == key,
                name=_name(User, User.name),
            ),
            ReferenceFilter(
                key="visit",
                label=_l("Visit"),
                where=lambda _asking, key: Verification.visit_id == key,
                name=_name(Visit, Visit.title),
            ),
            *record_filters.FILTERS,
        ),
        sorts={
            "number": Order(Verification.number, Verification.id),
            "verified": Order(Verification.verified_on, Verification.id),
        },
        default_sort="-number",
        within=_within,
        cells="verifications/_list_cells.html",
        altered=altered_records,
        export_action="verification.view",
    )
)


@verifications.get("/", endpoint="listing")
@requires("verification.view")
def verification_list() -> str:
    """All records, the newest first."""
    return listing.show(
        VERIFICATIONS,
        primary=(_("Verify an instrument"), link_to("verifications.new")) if allowed("verification.record") else None,
        links=[(_("Waiting for me"), link_to("verifications.queue"))],
        empty=(
            _("No verifications yet"),
            _("Here stands every record: drafts, what waits for checker and approver, and what was approved."),
        ),
    )
