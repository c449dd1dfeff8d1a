"""The list of labels: which is bound to what, which is void and why."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from metrology.persistence.database import db
from metrology.persistence.instrument_labels import InstrumentLabel, LabelBatch
from metrology.persistence.instruments import Instrument
from metrology.persistence.keyset import Order
from metrology.persistence.scope import within
from metrology.services import labelling
from metrology.web import labels, listing
from metrology.web.filters import instant, label
from metrology.web.flashes import say
from metrology.web.list_filters import Asking, ChoiceFilter, Condition, ReferenceFilter, TextFilter, equals, labelled
from metrology.web.listing import Column, ListDefinition
from metrology.web.refusals import told_at
from metrology.web.requests import actor, now, or_404, requires

blueprint = Blueprint("instrument_labels", __name__, url_prefix="/instrument-labels")


def _within(statement: Select[Any], asking: Asking) -> Select[Any]:
    """Labels of instruments in the scope of the one who asks, and those of no instrument."""
    if asking.actor.district_code is None:
        return statement
    seen = within(select(Instrument.id), asking.actor)
    return statement.where(or_(InstrumentLabel.instrument_id.is_(None), InstrumentLabel.instrument_id.in_(seen)))


def _text(asking: Asking, text: str) -> Condition:
    found = labelling.find(asking.session, text.replace("\0", ""))
    return InstrumentLabel.id == (found.id if found is not None else 0)


def _batch_number(asking: Asking, key: int) -> str | None:
    number: str | None = asking.session.scalar(select(LabelBatch.number).where(LabelBatch.id == key))
    return number


def _instrument_number(asking: Asking, key: int) -> str | None:
    statement = within(select(Instrument.number).where(Instrument.id == key), asking.actor)
    number: str | None = asking.session.scalar(statement)
    return number


LABELS = listing.register(
    ListDefinition(
        page="instrument_labels",
        endpoint="instrument_labels.listing",
        action="label.view",
        export_action="label.view",
        title=_l("Labels"),
        model=InstrumentLabel,
        columns=(
            Column(key="number", label=_l("Number"), value=lambda row: row.number, sort="number"),
            Column(key="state", label=_l("State"), value=lambda row: label(row.state, "LABEL_STATES")),
            Column(
                key="instrument",
                label=_l("Instrument"),
                value=lambda row: row.instrument.number if row.instrument else None,
                loads=(joinedload(InstrumentLabel.instrument),),
            ),
            Column(key="batch", label=_l("Batch"), value=lambda row: row.batch.number if row.batch else None),
            Column(key="bound", label=_l("Bound"), value=lambda row: instant(row.bound_at) if row.bound_at else None),
            Column(
                key="voided", label=_l("Void since"), value=lambda row: instant(row.void_at) if row.void_at else None
            ),
            Column(key="reason", label=_l("Reason"), value=lambda row: row.void_reason or None),
        ),
        filters=(
            TextFilter(key="q", label=_l("Find"), placeholder=_l("number or code"), where=_text, is_main=True),
            ChoiceFilter(
                key="state",
                label=_l("State"),
                choices=labelled(labels.LABEL_STATES),
                where=equals(InstrumentLabel.state),
                is_multiple=True,
                is_main=True,
            ),
            ReferenceFilter(
                key="batch",
                label=_l("Batch"),
                where=lambda _asking, key: InstrumentLabel.batch_id == key,
                name=_batch_number,
            ),
            ReferenceFilter(
                key="instrument",
                label=_l("Instrument"),
                where=lambda _asking, key: InstrumentLabel.instrument_id == key,
                name=_instrument_number,
            ),
        ),
        sorts={"number": Order(InstrumentLabel.id, InstrumentLabel.id)},
        default_sort="-number",
        within=_within,
        loads=(joinedload(InstrumentLabel.batch), joinedload(InstrumentLabel.bound_by)),
        cells="instrument_labels/_cells.html",
    )
)


@blueprint.get("/", endpoint="listing")
@requires("label.view")
def label_list() -> str:
    """All labels, the latest first."""
    return listing.show(
        LABELS,
        primary=None,
        links=[(_("Label stock"), url_for("label_batches.listing"))],
        empty=(_("No labels yet"), _("Order a batch of blank labels first.")),
    )


@blueprint.post("/<int:label_id>/void")
@requires("label.bind")
@told_at(".listing")
def void(label_id: int) -> Response:
    """A blank label is spoilt."""
    label_row: InstrumentLabel = or_404(db.session.get(InstrumentLabel, label_id))
    labelling.void_blank(db.session(), actor(), label_row, request.form.get("reason", ""), now=now())
    say(_("Label %(number)s is void.", number=label_row.number))
    return redirect(url_for(".listing", q=label_row.number))
