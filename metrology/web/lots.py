"""Lots: made of a delivery, read on the bench, handed in, checked and approved as one, certified, and rotated."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.lots import BUSY, Lot
from metrology.persistence.tasks import Task
from metrology.services import (
    importing,
    label_layouts,
    label_printing,
    lot_certificate,
    lot_rotation,
    lot_working,
    lots,
)
from metrology.services.lots import LotAsked
from metrology.web import lot_words
from metrology.web.choices import choices
from metrology.web.flashes import say
from metrology.web.ledger_words import type_choices
from metrology.web.papers import press
from metrology.web.problems import sentence, show_on
from metrology.web.progress import progress_of
from metrology.web.rates import PAGES, limited
from metrology.web.refusals import told_at
from metrology.web.requests import actor, allowed, now, or_404, public, requires, today
from metrology.web.requests import settings as installation

blueprint = Blueprint("lots", __name__)


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(
        lot_state=lot_words.state, lots_of=lambda instrument_id: lots.lots_of(db.session(), instrument_id)
    )


class LotForm(FlaskForm):
    """Of which meters a lot is made."""

    holder = StringField(
        _l("Holder"), [InputRequired(), Length(max=200)], description=_l("Number, credit code or full name.")
    )
    type_code = SelectField(_l("Instrument type"), [InputRequired()], default="cold_water_meter")
    lot_code = StringField(
        _l("Number of the delivery"),
        [Length(max=200)],
        description=_l("Every meter of the holder whose ledger has this lot number (批号) belongs to it."),
    )
    serials = TextAreaField(
        _l("Serial numbers"), description=_l("One in a line, instead of the lot number or beside it.")
    )
    notes = TextAreaField(_l("Remark"), [Length(max=2000)])


def seen(lot_id: int) -> Lot:
    """A lot within the scope of the one who asks, or 404."""
    found: Lot = or_404(lots.seen(db.session(), actor(), lot_id))
    return found


@blueprint.route("/lots/new", methods=["GET", "POST"])
@requires("lot.edit")
def create() -> BaseResponse | str:
    """Make a lot of what a ledger brought in."""
    form = LotForm()
    form.type_code.choices = choices(type_choices())
    if request.method == "GET":
        form.lot_code.data = request.args.get("lot_code", "")[:200]
        form.holder.data = request.args.get("holder", "")[:200]
        return render_template("lots/form.html", form=form)
    if form.validate():
        try:
            holder = importing.find_holder(db.session(), actor(), form.holder.data or "")
            if holder is None:
                raise Problem("unknown_holder", "holder")  # noqa: TRY301 - shown like the others
            asked = LotAsked(
                holder_id=holder.id, type_code=form.type_code.data or "", lot_code=form.lot_code.data or "",
                serials=form.serials.data or "", notes=form.notes.data or "",
            )  # fmt: skip
            lot = lots.create(db.session(), actor(), asked, now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            return redirect(url_for(".detail", lot_id=lot.id))
    return make_response(render_template("lots/form.html", form=form), 422)


@blueprint.get("/lots/<int:lot_id>")
@requires("lot.view")
def detail(lot_id: int) -> str:
    """How far a lot is, what is to be done next, and its meters."""
    return page_of(seen(lot_id))


def page_of(lot: Lot, **more: Any) -> str:
    """The page of a lot."""
    session = db.session()
    which = request.args.get("which", "")
    which = which if which in lots.WHICH else ""
    rows, after = lots.meters(session, lot, which=which, after=request.args.get("after", 0, type=int))
    task = session.get(Task, lot.task_id) if lot.task_id else None
    counts = lots.counts_of(session, [lot.id])[lot.id]
    return render_template(
        "lots/detail.html",
        lot=lot,
        counts=counts,
        meters=rows,
        which=which,
        next_url=url_for(".detail", lot_id=lot.id, which=which or None, after=after) if after else None,
        task=task,
        is_busy=lot.state in BUSY,
        refused=_refused(task),
        rotation=lot_rotation.rotation_of(session, lot) if lot.state == "approved" else None,
        common=lot_words.common(session, lot),
        steps=lot_words.steps(lot),
        tabs=lot_words.tabs(lot, counts),
        may=_may(lot),
        why=lot_words.why,
        stocks=label_layouts.choices(session) if lot.code and allowed("label.print") else {},
        **more,
    )


def _refused(task: Task | None) -> list[tuple[str, str]]:
    result = (task.result or {}) if task is not None and task.state == "done" else {}
    if result.get("step") == "rotate":
        return [(f"{row}: {old}", sentence(code, params)) for row, old, code, params in result.get("lines", ())]
    return [(serial, sentence(code, params)) for serial, code, params in result.get("problems", ())]


def _may(lot: Lot) -> dict[str, bool]:
    """What the one who looks may do with it now."""
    me = actor().user_id
    return {
        "edit": lot.state == "draft" and allowed("verification.record"),
        "submit": lot.state == "draft" and allowed("verification.record") and lot.verifier_id == me,
        "check": lot.state == "submitted" and allowed("verification.check") and lot.verifier_id != me,
        "approve": lot.state == "checked"
        and allowed("verification.approve")
        and me not in (lot.verifier_id, lot.checker_id),
        "return": (lot.state == "submitted" and allowed("verification.check"))
        or (lot.state == "checked" and allowed("verification.approve")),
        "rotate": lot.state == "approved" and allowed("lot.rotate"),
        "discard": lot.state == "draft" and allowed("lot.edit"),
    }


@blueprint.get("/lots/<int:lot_id>/progress")
@requires("lot.view")
def progress(lot_id: int) -> Response:
    """How far the background is, for the page that watches it."""
    task = or_404(db.session.get(Task, seen(lot_id).task_id or 0))
    return progress_of(task)


def _step(lot_id: int, step: str) -> BaseResponse:
    reason = request.form.get("reason", "")
    lot_working.ask(db.session(), actor(), seen(lot_id), step, today=today(), now=now(), reason=reason)
    return redirect(url_for(".detail", lot_id=lot_id))


@blueprint.post("/lots/<int:lot_id>/submit")
@requires("verification.record")
@told_at(".detail", "lot_id")
def submit(lot_id: int) -> BaseResponse:
    """Hand in every meter that has a verdict; the others stay unverified."""
    return _step(lot_id, "submit")


@blueprint.post("/lots/<int:lot_id>/check")
@requires("verification.check")
@told_at(".detail", "lot_id")
def check(lot_id: int) -> BaseResponse:
    """A second person agrees."""
    return _step(lot_id, "check")


@blueprint.post("/lots/<int:lot_id>/approve")
@requires("verification.approve")
@told_at(".detail", "lot_id")
def approve(lot_id: int) -> BaseResponse:
    """A third approves: certificates for every meter, and one for the lot."""
    return _step(lot_id, "approve")


@blueprint.post("/lots/<int:lot_id>/return")
@requires("lot.return")
@told_at(".detail", "lot_id")
def give_back(lot_id: int) -> BaseResponse:
    """Give the lot back to its verifier, with a reason."""
    return _step(lot_id, "return")


@blueprint.post("/lots/<int:lot_id>/discard")
@requires("lot.edit")
@told_at(".detail", "lot_id")
def discard(lot_id: int) -> BaseResponse:
    """Put a draft away."""
    lots.discard(db.session(), actor(), seen(lot_id), now=now())
    say(_("The lot is put away. Its meters are free for another."))
    return redirect(url_for("lots.listing"))


@blueprint.get("/lots/<int:lot_id>.pdf")
@requires("certificate.view")
def pdf(lot_id: int) -> Response:
    """The certificate of the lot with its table of meters (``language``: zh, en, zh-en)."""
    lot = seen(lot_id)
    language = request.args.get("language", "zh")
    if lot.code is None or language not in ("zh", "en", "zh-en"):
        abort(404)
    answer = Response(lot_certificate.pdf(db.session(), lot, press(), language=language), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f"inline; filename={lot.certificate_number}.pdf"
    return answer


@blueprint.post("/lots/<int:lot_id>/labels")
@requires("label.print")
@told_at(".detail", "lot_id")
def paper(lot_id: int) -> BaseResponse:
    """The 合格 marks of every meter that conforms, in their order, on one run of sheets."""
    lot, session = seen(lot_id), db.session()
    stock = label_layouts.choose(session, request.form.get("layout", ""))
    rows = lots.conforming(session, lot)
    ready = label_printing.marks(session, rows, stock.sheet, installation().public_url, today=today())
    data = label_printing.produce(
        ready.labels, stock.sheet, "pdf", day=today(), start=request.form.get("start", 1, type=int),
        fonts_folder=installation().fonts_folder,
    )  # fmt: skip
    answer = Response(data, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f"inline; filename={lot.number}-labels.pdf"
    return answer


# -- rotation


@blueprint.get("/lots/<int:lot_id>/remaining.csv")
@requires("lot.view")
def remaining(lot_id: int) -> Response:
    """What of the lot still hangs, to be filled in where it is replaced."""
    lot = seen(lot_id)
    answer = Response(lot_rotation.remaining_csv(db.session(), lot), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f"attachment; filename={lot.number}-remaining.csv"
    return answer


@blueprint.post("/lots/<int:lot_id>/replacements")
@requires("lot.rotate")
@told_at(".detail", "lot_id")
def replace(lot_id: int) -> BaseResponse:
    """Take a table of replacements: old serial number, new one, day."""
    lot, file = seen(lot_id), request.files.get("file")
    if file is None or not file.filename:
        raise Problem("file_needed", "file")
    task = lot_rotation.ask(db.session(), actor(), lot, file.read(), file.filename, today=today(), now=now())
    lot.task_id = task.id
    say(ngettext("%(num)d replacement is being entered.", "%(num)d replacements are being entered.", task.total))
    return redirect(url_for(".detail", lot_id=lot.id))


# -- for everybody


@blueprint.get("/lot/<code>")
@public
@limited(PAGES)
def certificate(code: str) -> str:
    """The certificate of a lot by its code: what it says, and where each meter answers for itself."""
    lot: Lot = or_404(lots.by_code(db.session(), code))
    return render_template("lots/public.html", lot=lot, facts=lot.payload)


__all__ = ["blueprint", "page_of", "seen"]
