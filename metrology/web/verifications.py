"""Verifications: what waits for whom, one record with its trace, and the decisions of checker and approver.

The list of all stands in ``verification_lists``, the form in ``verification_editing``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from metrology.documents.fonts import MissingGlyphs
from metrology.domain.authority import Actor
from metrology.domain.conditions import TABLE as ENVIRONMENT
from metrology.domain.problems import Problem
from metrology.domain.regulation import Edition
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import User
from metrology.persistence.scope import within
from metrology.persistence.verifications import Verification
from metrology.persistence.visits import Visit
from metrology.services import approving, certifying, enforcing, judging, law, paper, rechecking, settings, waiting
from metrology.services.calibrating import method_of
from metrology.services.certificate_tables import failures
from metrology.services.certificate_text import nameplate_texts
from metrology.services.record_digest import check_intact, is_intact
from metrology.services.record_sheet import LaidSheet, lay
from metrology.web import calibration_view, record_view
from metrology.web.filters import pick
from metrology.web.flashes import say
from metrology.web.problems import sentence_of
from metrology.web.requests import actor, now, or_404, requires, today
from metrology.web.requests import settings as installation

blueprint = Blueprint("verifications", __name__, url_prefix="/verifications")
MOST_AT_ONCE = 200
SEAL_FINDINGS = {
    "applied": _l("put on"),
    "intact": _l("found intact"),
    "broken": _l("found broken"),
    "missing": _l("found missing"),
    "replaced": _l("replaced"),
}


def seen(verification_id: int) -> Verification:
    """A record within the scope of the one who asks, or the page "not found"."""
    who = actor()
    statement = select(Verification).where(Verification.id == verification_id)
    if who.district_code is not None:
        statement = statement.where(Verification.instrument_id.in_(within(select(Instrument.id), who)))
    found: Verification = or_404(db.session.scalar(statement))
    return found


@blueprint.get("/queue")
@requires("verification.view")
def queue() -> str:
    """What waits for the one who looks."""
    session = db.session()
    visit_id = request.args.get("visit", type=int)
    return render_template(
        "verifications/queue.html",
        queues=waiting.queues(session, actor(), visit_id=visit_id),
        visit=session.get(Visit, visit_id) if visit_id else None,
        visits=waiting.visits_waiting(session, actor()),
        endings=None if visit_id else waiting.endings(session, actor()),
    )


@blueprint.get("/<int:verification_id>")
@requires("verification.view")
def detail(verification_id: int) -> str:
    """One record: all readings with what was found, standards, people, and what may be done with it."""
    record = seen(verification_id)
    session = db.session()
    if record.state not in ("draft", "discarded") and not is_intact(session, record):
        return render_template("verifications/altered.html", record=record)
    laid = _laid(record)
    document = certifying.document_of(session, record.id)
    warn_days = settings.read(session).warn_days
    return render_template(
        "verifications/detail.html",
        record=record,
        sheet=_drawn(record, laid) if laid else None,
        plate=_plate(record),
        failed=[{"zh": one.zh, "en": one.en} for one in failures(laid)] if laid else [],
        returned_by=session.get(User, record.returned_by_id) if record.returned_by_id else None,
        later=session.scalar(
            select(Verification)
            .where(Verification.replaces_id == record.id, Verification.state != "discarded")
            .limit(1)
        ),
        document=document,
        standing=certifying.standing(document, record.instrument, today(), warn_days) if document else None,
        may=_decisions(record, actor()),
        seal_words=SEAL_FINDINGS,
        unprintable=unprintable(record),
        calibration=calibration_view.kept(record),
        excess=enforcing.excess_of(record),
    )


def unprintable(record: Verification) -> str:
    """Characters that would keep the certificate of a record from being issued, by name; empty when there are none."""
    if record.state not in ("draft", "submitted", "checked"):
        return ""
    missing = paper.unprintable_of(record, installation().fonts_folder)
    return str(MissingGlyphs(missing).params["characters"]) if missing else ""


@blueprint.get("/<int:verification_id>/recompute")
@requires("verification.view")
def recompute(verification_id: int) -> str | BaseResponse:
    """The verdict computed again from what was kept, beside it, point by point."""
    record = seen(verification_id)
    if record.verdict is None:  # a draft has none yet
        return redirect(url_for(".detail", verification_id=record.id))
    check_intact(db.session(), record)
    found = rechecking.comparison(db.session(), record)
    return render_template("verifications/recomputed.html", record=record, found=found)


def _laid(record: Verification) -> LaidSheet | None:
    """Readings and findings as judged; None for a draft, and where the regulation is gone from this installation."""
    if not record.edition_code:
        return None
    try:
        sheet = _edition(record).reading_sheet(record.nameplate, record.kind)
    except Problem:
        return None
    return lay(sheet, record.readings, record.judgement["findings"])


def _edition(record: Verification) -> Edition:
    if judging.is_calibration(record):
        return method_of(law.type_of(db.session(), record.type_code), record)
    return law.edition(db.session(), record.type_code, record.edition_code)


def _drawn(record: Verification, laid: LaidSheet) -> record_view.Sheet:
    doubts = [frozenset(record.judgement.get(name) or ()) for name in ("unconfirmed", "disputed")]
    words = record_view.Words(doubts[0], doubts[1], _edition(record).extra_labels)
    return record_view.sheet(laid, words, apart=(ENVIRONMENT,))


def _plate(record: Verification) -> list[tuple[dict[str, str], str]]:
    kind = law.types(db.session()).get(record.type_code)
    if kind is None:
        return [({"zh": key, "en": key}, str(value)) for key, value in record.nameplate.items()]
    shown = nameplate_texts(kind, record.nameplate)
    return [
        ({"zh": one.label.zh, "en": one.label.en}, pick({"zh": one.value, "en": one.value_en or one.value}))
        for one in shown
    ]


def _decisions(record: Verification, who: Actor) -> frozenset[str]:
    """What the one who looks may do with a record; the services decide again."""
    found = set()
    own = record.verifier_id == who.user_id
    body = who.institute_id is None or record.institute_id in (None, who.institute_id)
    if "checker" in who.roles and record.state == "submitted" and not own and body:
        found |= {"check", "return"}
    if "approver" in who.roles and record.state == "checked" and not own and record.checker_id != who.user_id and body:
        found |= {"approve", "return"}
    if "verifier" in who.roles:
        if own and record.state == "draft":
            found |= {"edit", "discard"}
        if record.state in ("returned", "approved"):
            found.add("correct")
    return frozenset(found)


# -- decisions


@blueprint.post("/<int:verification_id>/check")
@requires("verification.check")
def check(verification_id: int) -> BaseResponse:
    """The second person agrees."""
    record = seen(verification_id)
    approving.check(db.session(), actor(), record, now=now())
    say(
        _("%(number)s is checked and waits for the approver.", number=record.number),
        label=_("To the queue"),
        url=url_for(".queue"),
    )
    return redirect(url_for(".detail", verification_id=record.id))


@blueprint.post("/<int:verification_id>/approve")
@requires("verification.approve")
def approve(verification_id: int) -> BaseResponse:
    """The third person approves; the certificate or notice is issued."""
    record = seen(verification_id)
    approving.approve(db.session(), actor(), record, today=today(), now=now(), fonts_folder=installation().fonts_folder)
    document = certifying.document_of(db.session(), record.id)
    if document is None:
        say(_("%(number)s is approved.", number=record.number), label=_("To the queue"), url=url_for(".queue"))
        return redirect(url_for(".detail", verification_id=record.id))
    text = {
        "rejection_notice": _("Rejection notice %(number)s is issued."),
        "calibration_certificate": _("Calibration certificate %(number)s is issued."),
    }.get(document.kind, _("Certificate %(number)s is issued."))
    say(text % {"number": document.number}, label=_("To the queue"), url=url_for(".queue"))
    return redirect(url_for("certificates.detail", certificate_id=document.id))


@blueprint.post("/<int:verification_id>/return")
@requires("verification.view")
def send_back(verification_id: int) -> BaseResponse:
    """Checker or approver give the record back with a reason."""
    record = seen(verification_id)
    if "return" not in _decisions(record, actor()):
        raise Problem("not_returnable", "state", number=record.number, state=record.state)
    approving.return_record(db.session(), actor(), record, request.form.get("reason", ""), now=now())
    say(_("%(number)s is given back to %(name)s.", number=record.number, name=record.verifier.name), "info")
    return redirect(url_for(".queue"))


@blueprint.post("/check")
@requires("verification.check")
def check_many() -> BaseResponse:
    """Check the chosen records, each for itself."""
    return _many(lambda record: approving.check(db.session(), actor(), record, now=now()), _checked)


@blueprint.post("/approve")
@requires("verification.approve")
def approve_many() -> BaseResponse:
    """Approve the chosen records, each for itself."""
    folder = installation().fonts_folder
    return _many(
        lambda record: approving.approve(
            db.session(), actor(), record, today=today(), now=now(), fonts_folder=folder
        ), _approved,
    )  # fmt: skip


def _checked(count: int) -> str:
    return str(ngettext("%(num)d record checked.", "%(num)d records checked.", count))


def _approved(count: int) -> str:
    return str(ngettext("%(num)d record approved.", "%(num)d records approved.", count))


def _many(decide: Callable[[Verification], object], told: Callable[[int], str]) -> BaseResponse:
    """Decide about each chosen record in a transaction of its own: one that cannot be decided keeps no other back."""
    done = 0
    for key in _chosen():
        record = seen(key)
        number = record.number
        try:
            decide(record)
            db.session.commit()
            done += 1
        except Problem as problem:
            db.session.rollback()
            flash(f"{number}: {sentence_of(problem)}", "error")
    if done:
        flash(told(done), "success")
    elif not request.form.getlist("id"):
        flash(_("Choose records first."), "info")
    return redirect(url_for(".queue", visit=request.form.get("visit", type=int)))


def _chosen() -> Sequence[int]:
    return [int(key) for key in dict.fromkeys(request.form.getlist("id")) if key.isdecimal()][:MOST_AT_ONCE]


def refused(page: str) -> Response:
    """A form that was refused: shown again with what is wrong, and nothing changed."""
    return Response(page, 422, mimetype="text/html")
