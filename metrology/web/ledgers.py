"""Ledgers: sent, checked, mapped, confirmed, and taken back."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, send_file, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.validators import Length

from metrology import regulations
from metrology.documents.spreadsheet_out import XLSX_TYPE
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.holders import Holder
from metrology.persistence.ledgers import LedgerBatch
from metrology.services import importing, ledger_pages, ledger_papers
from metrology.web import ledger_words
from metrology.web.ledger_mapping import choices_from
from metrology.web.problems import sentence_of, show_on
from metrology.web.progress import progress_of_file
from metrology.web.requests import actor, now, or_404, requires

blueprint = Blueprint("ledgers", __name__, url_prefix="/ledgers")


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(ledger_words=ledger_words)


class LedgerForm(FlaskForm):
    """A ledger to be sent."""

    file = FileField(_l("Ledger (XLSX, XLS or CSV)"), [FileRequired(_l("Choose a file first."))])
    type = SelectField(
        _l("Instrument type"), description=_l("Only where the ledger itself does not name the instruments."), default=""
    )
    holder = StringField(
        _l("Holder"),
        [Length(max=200)],
        description=_l(
            "Only where the ledger does not name who holds the instruments: number, credit code or full name."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type.choices = [("", _("as the ledger says")), *ledger_words.type_choices()]


@blueprint.get("/")
@requires("import.view")
def listing() -> str:
    """All ledgers, the latest first, and the place to drop the next one."""
    return _listing(LedgerForm())


def _listing(form: LedgerForm) -> str:
    batches, next_key = ledger_pages.batches(db.session(), actor(), after=request.args.get("after", type=int))
    next_url = url_for(".listing", after=next_key) if next_key else None
    return render_template("ledgers/listing.html", form=form, batches=batches, next_url=next_url)


@blueprint.post("/")
@requires("import.run")
def upload() -> Response:
    """Keep a ledger and have it checked."""
    form = LedgerForm()
    if form.validate():
        try:
            holder = importing.find_holder(db.session(), actor(), form.holder.data or "")
            batch = importing.upload(
                db.session(),
                actor(),
                form.file.data.read(),
                form.file.data.filename or "",
                now=now(),
                default_type_code=form.type.data,
                holder_id=holder.id if holder else None,
            )
        except Problem as problem:
            problem.field = problem.field or "file"
            show_on(form, problem)
        else:
            return redirect(url_for(".detail", batch_id=batch.id))
    db.session.rollback()
    return make_response(_listing(form), 422)


def _batch(batch_id: int) -> LedgerBatch:
    batch: LedgerBatch = or_404(importing.find(db.session(), actor(), batch_id))
    return batch


@blueprint.get("/<int:batch_id>")
@requires("import.view")
def detail(batch_id: int) -> str:
    """What is in a ledger, what would become of it, or what became of it."""
    session, batch = db.session(), _batch(batch_id)
    outcome = request.args.get("outcome", "")
    if outcome not in ledger_words.OUTCOMES:
        outcome = next(
            (one for one in ("rejected", "updated", "created", "unchanged") if batch.counts.get(one)), "created"
        )
    rows, next_key = ledger_pages.rows(session, batch.id, outcome, after=request.args.get("after", type=int))
    return render_template(
        "ledgers/detail.html",
        batch=batch,
        task=ledger_pages.task_of(session, batch),
        sender=ledger_pages.sender_of(session, batch),
        holder=session.get(Holder, batch.holder_id) if batch.holder_id is not None else None,
        before=importing.imported_before(session, batch) if batch.state == "checked" else None,
        layouts=ledger_pages.layouts_of(batch),
        refused=ledger_pages.refused_by_sheet(session, batch.id),
        outcome=outcome,
        rows=rows,
        next_url=url_for(".detail", batch_id=batch.id, outcome=outcome, after=next_key) if next_key else None,
    )


@blueprint.get("/<int:batch_id>/progress")
@requires("import.view")
def progress(batch_id: int) -> Response:
    """How far the work on a ledger is."""
    batch = _batch(batch_id)
    task = ledger_pages.task_of(db.session(), batch)
    return progress_of_file(task, is_working=batch.state in ledger_words.WORKING)


# -- what is decided


def _decide(batch_id: int, decide: Callable[[LedgerBatch], None]) -> Response:
    """Do what was decided; where it cannot be done, say why on the page of the ledger."""
    batch = _batch(batch_id)
    try:
        decide(batch)
    except Problem as problem:
        db.session.rollback()
        flash(ledger_words.problem_words(problem.code, problem.params), "error")
    return redirect(url_for(".detail", batch_id=batch_id))


@blueprint.post("/<int:batch_id>/confirm")
@requires("import.run")
def confirm(batch_id: int) -> Response:
    """Bring the good rows in."""
    return _decide(batch_id, lambda batch: importing.confirm(db.session(), actor(), batch, now=now()))


@blueprint.post("/<int:batch_id>/discard")
@requires("import.run")
def discard(batch_id: int) -> Response:
    """Put a ledger away."""
    return _decide(batch_id, lambda batch: importing.discard(db.session(), actor(), batch, now=now()))


@blueprint.post("/<int:batch_id>/undo")
@requires("import.run")
def undo(batch_id: int) -> Response:
    """Take an import back."""
    reason = request.form.get("reason", "")
    return _decide(batch_id, lambda batch: importing.undo(db.session(), actor(), batch, reason=reason, now=now()))


@blueprint.post("/<int:batch_id>/again")
@requires("import.run")
def again(batch_id: int) -> Response:
    """Go on with work that was given up."""
    return _decide(batch_id, lambda batch: importing.try_again(db.session(), actor(), batch, now=now()))


@blueprint.route("/<int:batch_id>/mapping", methods=["GET", "POST"])
@requires("import.run")
def mapping(batch_id: int) -> Response | str:
    """Choose how the sheets are read."""
    session, batch = db.session(), _batch(batch_id)
    if not batch.mapping.get("sheets"):
        return redirect(url_for(".detail", batch_id=batch_id))
    if request.method == "GET":
        return _mapping(batch)
    try:
        chosen = choices_from(request.form, len(batch.mapping["sheets"]))
        holder = importing.find_holder(session, actor(), request.form.get("holder", ""))
        importing.map_by_hand(
            session,
            actor(),
            batch,
            chosen,
            now=now(),
            default_type_code=batch.default_type_code,
            holder_id=holder.id if holder else None,
        )
    except Problem as problem:
        session.rollback()
        flash(sentence_of(problem), "error")
        return make_response(_mapping(_batch(batch_id)), 422)
    return redirect(url_for(".detail", batch_id=batch_id))


def _mapping(batch: LedgerBatch) -> str:
    session = db.session()
    return render_template(
        "ledgers/mapping.html",
        batch=batch,
        sheets=ledger_pages.previews(session, batch, now=now()),
        holder=session.get(Holder, batch.holder_id) if batch.holder_id is not None else None,
        groups=ledger_words.field_groups(),
        types=ledger_words.type_choices(),
    )


# -- sheets that go back


@blueprint.get("/<int:batch_id>/refused/<int:sheet>.xlsx")
@requires("import.view")
def refused(batch_id: int, sheet: int) -> Response:
    """The refused rows of a sheet, with the reasons."""
    batch = _batch(batch_id)
    or_404(sheet < len(batch.mapping.get("sheets", ())) or None)
    file = ledger_papers.refused_sheet(db.session(), batch, sheet, say=ledger_words.problem_words)
    name = _("%(name)s, refused rows", name=batch.file_name.rsplit(".", 1)[0])
    return send_file(file, mimetype=XLSX_TYPE, as_attachment=True, download_name=f"{name}.xlsx")


@blueprint.get("/<int:batch_id>/file")
@requires("import.view")
def original(batch_id: int) -> Response:
    """The file as it was sent."""
    batch = _batch(batch_id)
    data = io.BytesIO(ledger_pages.bytes_of(db.session(), batch))
    return send_file(data, mimetype="application/octet-stream", as_attachment=True, download_name=batch.file_name)


@blueprint.get("/template.xlsx")
@requires("import.view")
def template() -> Response:
    """An empty ledger of a type, with the headings of the national system."""
    kind = or_404(regulations.all_types().get(request.args.get("type", "digital_indicating_scale")))
    file = ledger_papers.template(kind, definitions=ledger_words.note_on_field)
    name = _("Ledger template, %(name)s", name=ledger_words.type_words(kind.code))
    return send_file(file, mimetype=XLSX_TYPE, as_attachment=True, download_name=f"{name}.xlsx")
