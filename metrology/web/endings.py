"""Ending a certificate by two people: the proposal with its reason, and what a second person makes of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.endings import Ending
from metrology.persistence.instruments import Instrument
from metrology.persistence.keyset import Order
from metrology.persistence.scope import within
from metrology.services import ending
from metrology.services.record_digest import is_intact
from metrology.services.reissuing import corrections
from metrology.web import labels, listing
from metrology.web.certificates import seen, standing_of
from metrology.web.choices import choices
from metrology.web.filters import instant, label
from metrology.web.flashes import say
from metrology.web.list_filters import Asking, ChoiceFilter, equals, labelled
from metrology.web.listing import Column, ListDefinition
from metrology.web.problems import show_on
from metrology.web.refusals import told_at
from metrology.web.requests import actor, now, or_404, requires, settings, today
from metrology.web.verifications import refused

blueprint = Blueprint("endings", __name__, url_prefix="/certificates")

EFFECTS: dict[str, Any] = {
    ending.REVOCATION: _l(
        "It held until now and holds no more from today. The instrument must be verified again before it is used."
    ),
    ending.ANNULMENT: _l(
        "It never held: not today, and not on any day before. For a verification that did not take place, or was of another "
        "instrument."
    ),
    ending.REPLACEMENT: _l(
        "A new document with the data the registry has by now takes its place. Readings, days and validity stay as they are."
    ),
}
"""Kind → what follows when it is confirmed."""


class EndingForm(FlaskForm):
    """How a document is to be ended, and why."""

    kind = RadioField(_l("What is to happen?"), [InputRequired()], choices=choices(labels.ENDING_KINDS.items()))
    reason = TextAreaField(
        _l("Reason"),
        [InputRequired(), Length(max=500)],
        description=_l("Staff read it; the public page does not say it."),
    )


def _within(statement: Select[Any], asking: Asking) -> Select[Any]:
    if asking.actor.district_code is None and not asking.actor.is_holder:
        return statement
    mine = within(select(Instrument.id), asking.actor)
    return statement.where(Ending.certificate_id.in_(select(Certificate.id).where(Certificate.instrument_id.in_(mine))))


def seen_ending(ending_id: int) -> Ending:
    """A proposal about a certificate within the scope of the one who asks, or the page "not found"."""
    found: Ending = or_404(db.session.get(Ending, ending_id))
    seen(found.certificate_id)
    return found


@blueprint.route("/<int:certificate_id>/ending", methods=["GET", "POST"])
@requires("certificate.propose_ending")
def propose(certificate_id: int) -> str | Response:
    """Propose to revoke, annul or replace a document."""
    certificate = seen(certificate_id)
    form = EndingForm(kind=request.args.get("kind"))
    if form.validate_on_submit():
        try:
            ending.propose(db.session(), actor(), certificate, form.kind.data or "", form.reason.data or "", now=now())
        except Problem as problem:
            db.session.rollback()
            show_on(form, problem)
            return refused(_form(form, seen(certificate_id)))
        say(_("Proposed. Nothing changes before another approver confirms; it stands in their queue."))
        return redirect(url_for("certificates.detail", certificate_id=certificate_id))
    page = _form(form, certificate)
    return refused(page) if form.is_submitted() else page


def _form(form: EndingForm, certificate: Certificate) -> str:
    session = db.session()
    return render_template(
        "endings/form.html",
        form=form,
        certificate=certificate,
        standing=standing_of(certificate),
        kinds=ending.possible_kinds(certificate),
        effects=EFFECTS,
        waits=ending.open_ending(session, certificate),
        corrections=corrections(session, certificate) if is_intact(session, certificate) else [],
    )


@blueprint.get("/endings/<int:ending_id>")
@requires("certificate.propose_ending")
def detail(ending_id: int) -> Response:
    """A proposal stands on the page of its certificate."""
    found = seen_ending(ending_id)
    return redirect(url_for("certificates.detail", certificate_id=found.certificate_id, _anchor="ending"))


def _back(found: Ending) -> Response:
    return redirect(url_for("certificates.detail", certificate_id=found.certificate_id))


@blueprint.post("/endings/<int:ending_id>/confirm")
@requires("certificate.decide_ending")
@told_at(".detail", "ending_id")
def confirm(ending_id: int) -> Response:
    """The second person says yes."""
    found = seen_ending(ending_id)
    ending.confirm(
        db.session(), actor(), found, today=today(), now=now(), note=request.form.get("reason", ""),
        fonts_folder=settings().fonts_folder,
    )  # fmt: skip
    certificate = found.certificate
    if found.successor is not None:
        say(
            _("%(new)s is issued in the place of %(old)s.", new=found.successor.number, old=certificate.number),
            label=_("See the new document"), url=url_for("certificates.detail", certificate_id=found.successor.id),
        )  # fmt: skip
    else:
        say(
            _("%(number)s holds no more; its public page says so from now on.", number=certificate.number),
            label=_("See the public page"), url=url_for("scan.certificate", code=certificate.code),
        )  # fmt: skip
    return _back(found)


@blueprint.post("/endings/<int:ending_id>/decline")
@requires("certificate.decide_ending")
@told_at(".detail", "ending_id")
def decline(ending_id: int) -> Response:
    """The second person says no, and why."""
    found = seen_ending(ending_id)
    ending.decline(db.session(), actor(), found, request.form.get("reason", ""), now=now())
    say(_("Declined: %(number)s stays as it is.", number=found.certificate.number), "info")
    return _back(found)


@blueprint.post("/endings/<int:ending_id>/withdraw")
@requires("certificate.propose_ending")
@told_at(".detail", "ending_id")
def withdraw(ending_id: int) -> Response:
    """The first person takes the proposal back."""
    found = seen_ending(ending_id)
    ending.withdraw(db.session(), actor(), found, now=now())
    say(_("The proposal is withdrawn: %(number)s stays as it is.", number=found.certificate.number), "info")
    return _back(found)


# -- the list

ENDINGS = listing.register(
    ListDefinition(
        page="endings",
        endpoint="endings.listing",
        action="certificate.propose_ending",
        export_action="certificate.propose_ending",
        title=_l("Revocations and corrections"),
        model=Ending,
        columns=(
            Column(
                key="proposed", label=_l("Proposed at"), value=lambda row: instant(row.proposed_at), sort="proposed"
            ),
            Column(key="certificate", label=_l("Certificate"), value=lambda row: row.certificate.number),
            Column(key="kind", label=_l("How it is ended"), value=lambda row: label(row.kind, "ENDING_KINDS")),
            Column(key="reason", label=_l("Reason"), value=lambda row: row.reason),
            Column(key="proposer", label=_l("Proposed by"), value=lambda row: row.proposed_by.name),
            Column(key="state", label=_l("State"), value=lambda row: label(row.state, "ENDING_STATES")),
            Column(
                key="decider", label=_l("Decided by"), value=lambda row: row.decided_by.name if row.decided_by else None
            ),
            Column(
                key="decided",
                label=_l("Decided at"),
                value=lambda row: instant(row.decided_at) if row.decided_at else None,
                is_default=False,
            ),
        ),
        filters=(
            ChoiceFilter(
                key="state",
                label=_l("State"),
                choices=labelled(labels.ENDING_STATES),
                where=equals(Ending.state),
                is_multiple=True,
                is_main=True,
            ),
            ChoiceFilter(
                key="kind",
                label=_l("How it is ended"),
                choices=labelled(labels.ENDING_KINDS),
                where=equals(Ending.kind),
                is_main=True,
            ),
        ),
        sorts={"proposed": Order(Ending.id, Ending.id)},
        default_sort="-proposed",
        within=_within,
        cells="endings/_cells.html",
        loads=(
            joinedload(Ending.certificate).joinedload(Certificate.instrument),
            joinedload(Ending.proposed_by),
            joinedload(Ending.decided_by),
        ),
    )
)


@blueprint.get("/endings", endpoint="listing")
@requires("certificate.propose_ending")
def ending_list() -> str:
    """Every proposal to end a document, the newest first, with what became of it."""
    return listing.show(
        ENDINGS,
        primary=None,
        empty=(
            _("Nothing was proposed yet"),
            _("Open a certificate to propose that it be revoked, annulled or replaced; a second person decides."),
        ),
    )
