"""The chain of traceability as a page: of an instrument's record, and of a standard; with the records made with a standard."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask.blueprints import BlueprintSetupState

from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.verifications import Verification
from metrology.services import standard_cases, tracing
from metrology.services.tracing import Chain, Node
from metrology.web import chain_picture
from metrology.web.chain_picture import Picture
from metrology.web.requests import actor, or_404, requires, today
from metrology.web.verifications import seen

blueprint = Blueprint("traceability", __name__)


@dataclass(frozen=True)
class Drawn:
    """A chain with both of its drawings."""

    root: Node
    wide: Picture
    narrow: Picture
    is_complete: bool


def drawn(root: Node) -> Drawn:
    """A chain, drawn."""
    return Drawn(root, chain_picture.wide(root), chain_picture.narrow(root), tracing.reaches_top(root))


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(
        chain_of_standard=chain_of_standard,
        review_items=lambda certificate: standard_cases.of_certificate(db.session(), certificate.id),
        chain_head=chain_picture.head_of,
        chain_name=chain_picture.name_of,
        chain_notes=chain_picture.notes_of,
        chain_url=chain_picture.url_of,
    )


def chain_of_standard(standard: MeasurementStandard) -> Drawn:
    """The chain of a standard as it holds today."""
    return drawn(Chain(db.session(), today()).of_standard(standard))


@blueprint.get("/verifications/<int:verification_id>/traceability")
@requires("verification.view")
def record(verification_id: int) -> str:
    """From the instrument as it was verified up to the national standards, by the certificates of that day."""
    verification: Verification = seen(verification_id)
    chain = drawn(Chain(db.session(), verification.verified_on).of_record(verification))
    document = (
        db.session.query(Certificate).filter_by(verification_id=verification.id).order_by(Certificate.id.desc()).first()
    )
    return render_template("standards/record_chain.html", record=verification, chain=chain, document=document)


@blueprint.get("/standards/<int:standard_id>/records")
@requires("standard.view")
def records(standard_id: int) -> str:
    """Everything judged with a standard, the latest first."""
    standard: MeasurementStandard = or_404(db.session.get(MeasurementStandard, standard_id))
    rows, following = tracing.judged_with(
        db.session(), actor(), standard.id, before=request.args.get("before", type=int)
    )
    more = url_for(".records", standard_id=standard.id, before=following) if following else None
    count = tracing.count_records(db.session(), standard.id)
    return render_template(
        "standards/records.html", standard=standard, rows=rows, next_url=more, count=count, cap=tracing.COUNTED
    )
