"""The list of certificates and rejection notices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload, undefer

from metrology.persistence.certificates import Certificate
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.keyset import Order
from metrology.persistence.scope import within
from metrology.services import certifying, searching
from metrology.services.record_digest import altered
from metrology.services.validity import ANNULLED
from metrology.web import labels, listing
from metrology.web.certificates import blueprint as certificates
from metrology.web.certificates import standing_of, warn_days
from metrology.web.filters import label, pick
from metrology.web.list_filters import (
    Asking,
    ChoiceFilter,
    Condition,
    DaysFilter,
    ReferenceFilter,
    TextFilter,
    equals,
    labelled,
)
from metrology.web.list_places import HOLDER_NAME, place_name, subtree
from metrology.web.listing import Column, ListDefinition
from metrology.web.requests import requires
from metrology.web.verification_lists import of_instruments, rule_types

_INSTRUMENT = joinedload(Certificate.instrument)
BULK_LIMIT = 5000


def _found(asking: Asking, text: str) -> Condition | None:
    by_number: Condition = Certificate.number == text.replace("\0", "").upper()
    by_instrument = searching.instrument_condition(asking.session, asking.actor, text)
    by_text = searching.condition(asking.session, asking.actor, "certificate", text)
    found = by_number if by_text is None else by_number | by_text
    return found if by_instrument is None else found | of_instruments(Certificate.instrument_id, asking, by_instrument)


def _within(statement: Select[Any], asking: Asking) -> Select[Any]:
    if asking.actor.district_code is None and not asking.actor.is_holder:
        return statement
    return statement.where(Certificate.instrument_id.in_(within(select(Instrument.id), asking.actor)))


def _standing(asking: Asking, values: list[str]) -> Condition:
    """What documents are worth today, by what the bureau decided, the day, and the state of the instrument."""
    day, soon = asking.today, asking.today + timedelta(days=warn_days())
    until, is_notice = Certificate.valid_until, Certificate.kind == "rejection_notice"
    is_calibration = Certificate.kind == "calibration_certificate"
    stands = (Certificate.standing == "valid") & ~is_notice & ~is_calibration
    is_annulled = Certificate.end_reason == ANNULLED
    ended = (Certificate.standing == "revoked") & ~is_annulled
    working = stands & _of_state("in_use")
    holds = working & ~Certificate.under_review
    conditions: dict[str, Condition] = {
        "valid": holds & (until.is_(None) | (until > soon)),
        "due_soon": holds & (until >= day) & (until <= soon),
        "expired": holds & (until < day),
        "calibrated": (Certificate.standing == "valid") & is_calibration & ~Certificate.under_review,
        "under_review": (working | ((Certificate.standing == "valid") & is_calibration)) & Certificate.under_review,
        "rejected": ((Certificate.standing == "valid") & is_notice)
        | (ended & (Certificate.end_reason == certifying.REJECTED))
        | (stands & _of_state("rejected")),
        "superseded": Certificate.standing == "superseded",
        "annulled": is_annulled,
        "revoked": (ended & (Certificate.end_reason != certifying.REJECTED))
        | (stands & _of_state("under_repair", "awaiting_verification", "retired", "lost")),
        "suspended": stands & _of_state("suspended"),
    }
    return or_(*(conditions[value] for value in values))


def _of_state(*states: str) -> Condition:
    return Certificate.instrument_id.in_(select(Instrument.id).where(Instrument.state.in_(states)))


def _types(asking: Asking, values: list[str]) -> Condition:
    return of_instruments(Certificate.instrument_id, asking, Instrument.type_code.in_(values))


def _holder_name(asking: Asking, key: int) -> str | None:
    statement = within(select(Holder.name).where(Holder.id == key), asking.actor, Holder)
    found: str | None = asking.session.scalar(statement)
    return found


def _instrument_number(asking: Asking, key: int) -> str | None:
    found: str | None = asking.session.scalar(
        within(select(Instrument.number).where(Instrument.id == key), asking.actor)
    )
    return found


def _altered(session: Session, rows: Sequence[Certificate]) -> frozenset[int]:
    keys = [row.id for row in rows]
    session.scalars(select(Certificate).where(Certificate.id.in_(keys)).options(undefer(Certificate.payload))).all()
    return altered(session, rows)


CERTIFICATES = listing.register(
    ListDefinition(
        page="certificates",
        endpoint="certificates.listing",
        action="certificate.view",
        title=_l("Certificates"),
        model=Certificate,
        columns=(
            Column(key="number", label=_l("Number"), value=lambda row: row.number),
            Column(key="kind", label=_l("Kind"), value=lambda row: label(row.kind, "CERTIFICATE_KINDS")),
            Column(key="instrument", label=_l("Instrument"), value=lambda row: pick(row.instrument.type)),
            Column(key="serial", label=_l("Serial number"), value=lambda row: row.instrument.serial_number),
            Column(
                key="holder",
                label=_l("Holder"),
                value=lambda row: row.instrument.holder.name if row.instrument.holder else None,
                loads=(_INSTRUMENT.joinedload(Instrument.holder).options(*HOLDER_NAME),),
            ),
            Column(key="issued", label=_l("Issued on"), value=lambda row: row.issued_on, sort="issued"),
            Column(key="until", label=_l("Valid until"), value=lambda row: row.valid_until),
            Column(
                key="standing", label=_l("Standing"), value=lambda row: label(standing_of(row), "CERTIFICATE_STANDINGS")
            ),
            Column(key="verified", label=_l("Verified on"), value=lambda row: row.verified_on, is_default=False),
            Column(key="ended", label=_l("Ended on"), value=lambda row: row.ended_on, is_default=False),
        ),
        filters=(
            TextFilter(
                key="q", label=_l("Find"), placeholder=_l("number, serial number, holder"), where=_found, is_main=True
            ),
            ChoiceFilter(
                key="standing",
                label=_l("Standing"),
                choices=labelled({key: said for key, said in labels.CERTIFICATE_STANDINGS.items() if key != "unknown"}),
                where=_standing,
                is_multiple=True,
                is_main=True,
            ),
            ChoiceFilter(
                key="kind",
                label=_l("Kind"),
                choices=labelled(labels.CERTIFICATE_KINDS),
                where=equals(Certificate.kind),
                is_main=True,
            ),
            DaysFilter(key="issued", label=_l("Issued on"), column=Certificate.issued_on),
            DaysFilter(key="until", label=_l("Valid until"), column=Certificate.valid_until),
            ChoiceFilter(key="type", label=_l("Type"), choices=rule_types, where=_types, is_multiple=True),
            ReferenceFilter(
                key="instrument",
                label=_l("Instrument"),
                where=lambda _asking, key: Certificate.instrument_id == key,
                name=_instrument_number,
            ),
            ReferenceFilter(
                key="place",
                label=_l("Place"),
                where=lambda asking, key: of_instruments(
                    Certificate.instrument_id, asking, Instrument.place_id.in_(subtree(asking, key))
                ),
                name=place_name,
            ),
            ReferenceFilter(
                key="holder",
                label=_l("Holder"),
                where=lambda asking, key: of_instruments(
                    Certificate.instrument_id, asking, Instrument.holder_id == key
                ),
                name=_holder_name,
            ),
        ),
        sorts={"issued": Order(Certificate.issued_on, Certificate.id)},
        default_sort="-issued",
        within=_within,
        cells="certificates/_cells.html",
        loads=(_INSTRUMENT,),
        export_action="instrument.export",
        bulk_limit=BULK_LIMIT,
        altered=_altered,
    )
)


@certificates.get("/", endpoint="listing")
@requires("certificate.view")
def certificate_list() -> str:
    """All documents, the newest first; a holder sees those of its own instruments."""
    return listing.show(
        CERTIFICATES,
        primary=None,
        standing_of=standing_of,
        empty=(
            _("No certificates yet"),
            _("A certificate or rejection notice is issued when the approver approves a verification."),
        ),
    )
