"""Papers of a certificate: the signed PDF in a language, the Digital Calibration Certificate, the facts as JSON.

All three name the people who verified, checked and approved, so they are for those who may see the certificate; what
everybody may know without an account stands on the public page of its code.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.services import paper, settings
from metrology.services.paper import Press
from metrology.web.certificates import seen
from metrology.web.rates import PAGES, limited
from metrology.web.requests import now, public, requires
from metrology.web.requests import settings as installation

blueprint = Blueprint("papers", __name__)


def press() -> Press:
    """What papers are made with here."""
    return paper.press(installation(), settings.read(db.session()).bureau_name, now())


@blueprint.get("/certificates/<int:certificate_id>.pdf")
@requires("certificate.view")
def pdf(certificate_id: int) -> Response:
    """The document as signed PDF: in Chinese, in English (``language=en``), in both (``language=zh-en``)."""
    certificate = seen(certificate_id)
    language = next((one for one in paper.LANGUAGES if one == request.args.get("language", "zh")), None)
    if language is None:
        abort(404)
    return _file(certificate, paper.pdf(db.session(), certificate, language, press()), "pdf", "application/pdf")


@blueprint.get("/certificates/<int:certificate_id>.xml")
@requires("certificate.view")
def dcc(certificate_id: int) -> Response:
    """The Digital Calibration Certificate, signed: the same file that is inside the PDF."""
    certificate = seen(certificate_id)
    return _file(certificate, paper.dcc(db.session(), certificate, press()), "xml", "application/xml")


@blueprint.get("/certificates/<int:certificate_id>.json")
@requires("certificate.view")
def facts(certificate_id: int) -> Response:
    """The facts for a program; see docs/certificate-json.md."""
    certificate = seen(certificate_id)
    return _file(certificate, paper.json(db.session(), certificate, press()), "json", "application/json")


@blueprint.get("/.well-known/metrology-paper-authority.pem")
@public
@limited(PAGES)
def authority() -> Response:
    """The certificate at the top of those that sign papers, for who wants readers to trust it."""
    key = press().key
    if key is None:
        abort(404)
    return Response(key.authority_pem(), content_type="application/x-pem-file")


def _file(certificate: Certificate, body: bytes | str, ending: str, kind: str) -> Response:
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in certificate.number)
    answer = Response(body, mimetype=kind)
    answer.headers["Content-Disposition"] = f"inline; filename={name}.{ending}"
    return answer
