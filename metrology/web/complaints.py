"""Complaints of the public, for the office: the list, one of them, and its steps. The list is sorted by what is owed first."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as BaseResponse

from metrology.domain.complaint import OPEN_STATES
from metrology.domain.problems import Problem
from metrology.persistence.complaints import Complaint
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.persistence.keyset import Order
from metrology.persistence.scope import within
from metrology.services import attaching, complaining
from metrology.web import labels, listing
from metrology.web.filters import instant, label
from metrology.web.flashes import say
from metrology.web.list_filters import (
    Asking,
    Chip,
    ChoiceFilter,
    Condition,
    InstantsFilter,
    ReferenceFilter,
    TextFilter,
    equals,
    labelled,
)
from metrology.web.list_places import district_choices, in_districts
from metrology.web.listing import Column, ListDefinition
from metrology.web.refusals import told_at
from metrology.web.requests import actor, now, or_404, requires, today

blueprint = Blueprint("complaints", __name__, url_prefix="/complaints")


def _found(complaint_id: int) -> Complaint:
    found: Complaint = or_404(complaining.seen(db.session(), actor(), complaint_id))
    return found


def _within(statement: Select[Any], asking: Asking) -> Select[Any]:
    return complaining.scoped(statement, asking.actor)


def _text(_asking: Asking, text: str) -> Condition:
    text = text.replace("\0", "")
    receipt = complaining.receipt_of(text)
    return or_(
        Complaint.number == text.upper(), Complaint.receipt == receipt, Complaint.seller.contains(text, autoescape=True)
    )


def _states(asking: Asking) -> tuple[str, ...]:
    asked = asking.values("state")
    if "all" in asked:
        return tuple(labels.COMPLAINT_STATES)
    return tuple(one for one in labels.COMPLAINT_STATES if one in asked) if asked else OPEN_STATES


class StateFilter(ChoiceFilter):
    """Makes no condition of its own: the states divide the list."""

    def condition(self, asking: Asking) -> Condition | None:
        """Nothing, but for words that name no state."""
        return super().condition(asking) if asking.values(self.key) and not _states(asking) else None


def _chips(asking: Asking) -> list[Chip]:
    return [] if asking.values("state") else [Chip(str(_("State")), str(_("open")), {"state": ["all"]})]


def _late(asking: Asking, _values: list[str]) -> Condition:
    return (Complaint.state == "received") & (Complaint.accept_by < asking.today)


def _instrument_number(asking: Asking, key: int) -> str | None:
    statement = within(select(Instrument.number).where(Instrument.id == key), asking.actor)
    number: str | None = asking.session.scalar(statement)
    return number


COMPLAINTS = listing.register(
    ListDefinition(
        page="complaints",
        endpoint="complaints.listing",
        action="complaint.view",
        export_action="complaint.view",
        title=_l("Complaints"),
        model=Complaint,
        columns=(
            Column(key="number", label=_l("Number"), value=lambda row: row.number),
            Column(
                key="received", label=_l("Received at"), value=lambda row: instant(row.received_at), sort="received"
            ),
            Column(key="kind", label=_l("What is wrong"), value=lambda row: label(row.kind, "COMPLAINT_KINDS")),
            Column(
                key="instrument",
                label=_l("Instrument"),
                value=lambda row: row.instrument.number if row.instrument else None,
                loads=(joinedload(Complaint.instrument).joinedload(Instrument.holder),),
            ),
            Column(key="where", label=_l("Where it happened"), value=lambda row: row.seller or None),
            Column(key="state", label=_l("State"), value=lambda row: label(row.state, "COMPLAINT_STATES")),
            Column(key="accept_by", label=_l("Decide by"), value=lambda row: row.accept_by),
            Column(key="text", label=_l("In their words"), value=lambda row: row.text or None, is_default=False),
        ),
        filters=(
            TextFilter(
                key="q", label=_l("Find"), placeholder=_l("number, receipt or place"), where=_text, is_main=True
            ),
            StateFilter(
                key="state",
                label=_l("State"),
                choices=labelled({"all": _l("all states"), **labels.COMPLAINT_STATES}),
                where=equals(Complaint.state),
                is_multiple=True,
                is_main=True,
            ),
            ChoiceFilter(
                key="late",
                label=_l("Decision on acceptance"),
                choices=labelled({"yes": _l("overdue")}),
                where=_late,
                is_main=True,
            ),
            ChoiceFilter(
                key="kind",
                label=_l("What is wrong"),
                choices=labelled(labels.COMPLAINT_KINDS),
                where=equals(Complaint.kind),
                is_multiple=True,
            ),
            InstantsFilter(key="received", label=_l("Received"), column=Complaint.received_at),
            ChoiceFilter(
                key="district",
                label=_l("District"),
                choices=district_choices,
                where=in_districts(Complaint.district_code),
                is_multiple=True,
            ),
            ReferenceFilter(
                key="instrument",
                label=_l("Instrument"),
                where=lambda _asking, key: Complaint.instrument_id == key,
                name=_instrument_number,
            ),
        ),
        sorts={"received": Order(Complaint.id, Complaint.id)},
        default_sort="received",
        within=_within,
        divide=lambda asking: (Complaint.state, _states(asking)),
        chips=_chips,
        cells="complaints/_cells.html",
    )
)


@blueprint.get("/", endpoint="listing")
@requires("complaint.view")
def complaint_list() -> str:
    """What waits for an answer, the oldest first."""
    return listing.show(
        COMPLAINTS,
        primary=None,
        links=[
            (_("Closed ones"), url_for("complaints.listing", state=["closed", "declined"], sort="-received")),
            (_("Decision overdue"), url_for("complaints.listing", late="yes")),
        ],
        empty=(
            _("No complaint waits"),
            _("Whoever scans a label can report a problem. What they tell stands here until it is answered."),
        ),
    )


@blueprint.get("/<int:complaint_id>")
@requires("complaint.view")
def detail(complaint_id: int) -> str:
    """One complaint and what is to be done next."""
    complaint = _found(complaint_id)
    return render_template(
        "complaints/detail.html",
        complaint=complaint,
        files=attaching.attachments_of(db.session(), complaint),
        is_late=complaint.state == "received" and complaint.accept_by < today(),
    )


@blueprint.get("/<int:complaint_id>/photo")
@requires("complaint.view")
def photo(complaint_id: int) -> Response:
    """The photograph that came with it. Whatever it pretends to be, it runs nothing and reaches nothing."""
    files = attaching.attachments_of(db.session(), _found(complaint_id))
    if not files:
        abort(404)
    answer = Response(files[0].file.data, content_type=files[0].media_type)
    answer.headers["Content-Disposition"] = 'inline; filename="photo.jpg"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'none'; sandbox"
    return answer


@blueprint.post("/<int:complaint_id>/accept")
@requires("complaint.handle")
@told_at(".detail", "complaint_id")
def accept(complaint_id: int) -> BaseResponse:
    """Take it up."""
    complaint = _found(complaint_id)
    complaining.decide(db.session(), actor(), complaint, accepts=True, now=now())
    say(_("Complaint %(number)s is accepted. Its reporter sees that.", number=complaint.number))
    return redirect(url_for(".detail", complaint_id=complaint_id))


@blueprint.post("/<int:complaint_id>/decline")
@requires("complaint.handle")
@told_at(".detail", "complaint_id")
def decline(complaint_id: int) -> BaseResponse:
    """Do not take it up, with the reason."""
    complaint = _found(complaint_id)
    answer = request.form.get("answer") or request.form.get("reason", "")
    complaining.decide(db.session(), actor(), complaint, accepts=False, answer=answer, now=now())
    say(_("Complaint %(number)s is not accepted. Its reporter reads why.", number=complaint.number))
    return redirect(url_for(".detail", complaint_id=complaint_id))


@blueprint.post("/<int:complaint_id>/inspect")
@requires("complaint.handle")
@told_at(".detail", "complaint_id")
def inspect(complaint_id: int) -> BaseResponse:
    """Note what was found."""
    complaint = _found(complaint_id)
    complaining.inspect(
        db.session(), actor(), complaint, request.form.get("finding", ""), inspected_on=_day(), today=today(), now=now()
    )
    say(_("What was found is noted. Close the complaint with an answer."))
    return redirect(url_for(".detail", complaint_id=complaint_id))


def _day() -> date | None:
    text = request.form.get("inspected_on", "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Problem("date_out_of_range", "inspected_on", value=text[:20]) from None


@blueprint.post("/<int:complaint_id>/close")
@requires("complaint.handle")
@told_at(".detail", "complaint_id")
def close(complaint_id: int) -> BaseResponse:
    """Close it with an answer."""
    complaint = _found(complaint_id)
    complaining.close(db.session(), actor(), complaint, request.form.get("answer", ""), now=now())
    say(_("Complaint %(number)s is closed.", number=complaint.number))
    return redirect(url_for(".listing"))
