"""Report a problem (投诉举报): a form for everybody who scanned a code, and where a complaint can be followed.

No account, no script, no other service. Against machines: a field people do not see, a form that is signed and neither too
young nor too old, and a limit by network. The same form sent twice makes one complaint.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.services import complaining, labelling
from metrology.services import settings as bureau_settings
from metrology.services.rates import Limit
from metrology.web import rates
from metrology.web.problems import sentence_of
from metrology.web.requests import now, public, today
from metrology.web.requests import settings as installation

blueprint = Blueprint("problem_reports", __name__, url_prefix="/report")
TOLD = Limit("complaint", 8, timedelta(hours=1))
"""Complaints from one network: a market's shared address serves many people."""
FOLLOWED = Limit("receipt", 30, timedelta(minutes=10))
YOUNGEST, OLDEST = timedelta(seconds=2), timedelta(hours=6)
LONGEST_CODE = 60


@blueprint.route("/<code>", methods=["GET", "POST"])
@public
@rates.limited(rates.PAGES)
def tell(code: str) -> BaseResponse | str:
    """Say what is wrong with the instrument behind a code, or with a code that belongs to none."""
    code = code[:LONGEST_CODE]
    if request.method == "GET":
        return _page(code, {}, token=_token(code))
    rates.count(TOLD)
    photo = request.files.get("photo")
    try:
        receipt = _checked(code)
        complaint = complaining.complain(
            db.session(), receipt=receipt, instrument=_instrument(code), scanned_code=code,
            kind=request.form.get("kind", ""), text=request.form.get("text", ""), seller=request.form.get("seller", ""),
            contact=request.form.get("contact", ""),
            photo=photo.stream.read(complaining.LARGEST_PHOTO + 1) if photo is not None and photo.filename else b"",
            today=today(), now=now(),
        )  # fmt: skip
    except Problem as problem:
        db.session.rollback()
        return make_response(_page(code, request.form, token=_token(code), problem=problem), 422)
    return redirect(url_for(".followed", receipt=complaint.receipt, new=1))


@blueprint.get("/")
@public
def follow() -> BaseResponse | str:
    """Where one types the receipt of a complaint."""
    asked = request.args.get("receipt", "")
    if asked:
        return redirect(url_for(".followed", receipt=complaining.receipt_of(asked) or "-"))
    return render_template("problem_reports/follow.html", bureau=bureau_settings.read(db.session()), asked="")


@blueprint.get("/followed/<receipt>")
@public
def followed(receipt: str) -> BaseResponse:
    """What became of a complaint."""
    bureau = bureau_settings.read(db.session())
    complaint = complaining.followed(db.session(), receipt)
    if complaint is None:
        rates.count(FOLLOWED)
        page = render_template("problem_reports/follow.html", bureau=bureau, asked=receipt[:20])
        return _private(make_response(page, 404))
    page = render_template(
        "problem_reports/followed.html", complaint=complaint, bureau=bureau, is_new="new" in request.args,
        domain=installation().public_url.partition("://")[2],
    )  # fmt: skip
    return _private(make_response(page))


def _private(answer: Response) -> Response:
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _page(code: str, given: Any, *, token: str, problem: Problem | None = None) -> str:
    return render_template(
        "problem_reports/tell.html",
        code=code,
        instrument=_instrument(code),
        given=given,
        token=token,
        problem=problem,
        sentence=sentence_of(problem) if problem else "",
        bureau=bureau_settings.read(db.session()),
        largest=complaining.LARGEST_PHOTO // 1_000_000,
    )


# -- the form's own token: which receipt, which code, since when


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(installation().secret_key, salt="complaint form")


def _token(code: str) -> str:
    """A new one; a form that is shown again keeps its receipt, so that sending it twice makes one complaint."""
    receipt, begun = _read(code) or (complaining.new_receipt(), int(now().timestamp()))
    return str(_signer().dumps([receipt, code, begun]))


def _read(code: str) -> tuple[str, int] | None:
    try:
        receipt, of_code, begun = _signer().loads(request.form.get("token", ""))
    except (BadSignature, ValueError, TypeError):
        return None
    return (str(receipt), int(begun)) if of_code == code else None


def _checked(code: str) -> str:
    """The receipt of a form that a person filled in."""
    if request.form.get("website", ""):
        raise Problem("leave_it_empty", "website")
    read = _read(code)
    if read is None:
        raise Problem("form_too_old")
    receipt, begun = read
    age = timedelta(seconds=int(now().timestamp()) - begun)
    if age < YOUNGEST:
        raise Problem("form_too_quick")
    if age > OLDEST:
        raise Problem("form_too_old")
    return receipt


def _instrument(code: str) -> Instrument | None:
    """Whose code it is: a label's (void ones too: what they were on), an instrument's own, or a certificate's."""
    session = db.session()
    label = labelling.by_code(session, code)
    if label is not None:
        return label.instrument
    found = session.scalar(select(Instrument).where(Instrument.public_code == code))
    if found is not None:
        return found
    certificate = session.scalar(select(Certificate).where(Certificate.code == code))
    return certificate.instrument if certificate is not None else None
