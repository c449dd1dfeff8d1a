"""Certificates and rejection notices: what each says and is worth today, and taking it back. Its papers: ``web/papers.py``."""

from __future__ import annotations

from flask import Blueprint, g, render_template
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import select

from metrology.documents.qr import qr_svg
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.persistence.scope import within
from metrology.services import certificate_codes, certifying, ending, settings
from metrology.services.record_digest import is_intact
from metrology.services.reissuing import corrections
from metrology.services.validity import ANNULLED, CORRECTED
from metrology.web import labels
from metrology.web.move_words import CAUSES
from metrology.web.requests import actor, or_404, requires, today
from metrology.web.requests import settings as installation

blueprint = Blueprint("certificates", __name__, url_prefix="/certificates")
ENDS = {
    certifying.REJECTED: _l("The instrument was rejected."),
    certifying.SUPERSEDED: _l("A later verification took its place."),
    CORRECTED: _l("Corrected by a new document"),
    ANNULLED: _l("Two people found that it never held."),
    certifying.SEAL_BROKEN: CAUSES["seal_broken"],
    certifying.REPAIR: CAUSES["repair"],
    "relocated": CAUSES["relocated"],
    "owner_changed": CAUSES["owner_changed"],
    "verification_undone": CAUSES["verification_undone"],
    "retired": labels.INSTRUMENT_STATES["retired"],
    "lost": labels.INSTRUMENT_STATES["lost"],
}
"""Why a document ended, in words; a decision is told in the words of the one who made it."""


def warn_days() -> int:
    """Days before the last valid day from which a certificate is said to be due soon, read once a request."""
    if "warn_days" not in g:
        g.warn_days = settings.read(db.session()).warn_days
    found: int = g.warn_days
    return found


def standing_of(certificate: Certificate) -> str:
    """What a document is worth today."""
    return certifying.standing(certificate, certificate.instrument, today(), warn_days())


def seen(certificate_id: int) -> Certificate:
    """A certificate of an instrument within the scope of the one who asks, or the page "not found"."""
    who = actor()
    statement = select(Certificate).where(Certificate.id == certificate_id)
    if who.district_code is not None or who.is_holder:
        statement = statement.where(Certificate.instrument_id.in_(within(select(Instrument.id), who)))
    found: Certificate = or_404(db.session.scalar(statement))
    return found


def public_address(certificate: Certificate) -> str:
    """What the QR code says."""
    return f"{installation().public_url}/c/{certificate.code}"


@blueprint.get("/<int:certificate_id>")
@requires("certificate.view")
def detail(certificate_id: int) -> str:
    """One document: what it says, what it is worth today, where it led."""
    certificate = seen(certificate_id)
    session = db.session()
    later = certificate.replaced_by
    whole = is_intact(session, certificate)
    statement = select(Certificate).where(Certificate.replaced_by_id == certificate.id).order_by(Certificate.id)
    code_text = certificate_codes.text_of(certificate, "P2", installation().public_url)
    return render_template(
        "certificates/detail.html",
        certificate=certificate,
        facts=certificate.payload,
        standing=standing_of(certificate),
        end_reason=certificate.end_reason,
        ends=ENDS,
        is_intact=whole,
        endings=ending.endings_of(session, certificate),
        may_be_ended=bool(ending.possible_kinds(certificate)),
        corrections=corrections(session, certificate) if whole else [],
        later=later,
        earlier=session.scalars(statement.limit(10)).all(),
        qr=Markup(qr_svg(code_text, error_correction="Q")),  # noqa: S704 - drawn here, from an address of ours
        code_text=code_text,
        public_url=public_address(certificate),
    )
