"""Exchange with the national system by its sheet: comparing its ledger with the registry, and results in its shape."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from werkzeug.wrappers import Response
from wtforms import DateField, RadioField, SelectField
from wtforms.validators import InputRequired

from metrology.documents.spreadsheet_out import XLSX_TYPE, ListColumn, write_xlsx
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.reconciliations import FINDINGS, Reconciliation
from metrology.services import ledger_pages, national_sheet, reconciliation_deciding, reconciliation_pages, reconciling
from metrology.services.national_sheet import ResultsFilter
from metrology.web import exchange_words, ledger_words
from metrology.web.problems import sentence_of, show_on
from metrology.web.progress import progress_of_file
from metrology.web.requests import actor, now, or_404, requires, today

blueprint = Blueprint("exchange", __name__, url_prefix="/exchange")


class CompareForm(FlaskForm):
    """A ledger of the other system."""

    file = FileField(_l("Their ledger (XLSX, XLS or CSV)"), [FileRequired(_l("Choose a file first."))])
    compared_with = RadioField(_l("Look for instruments that only we have"), default="holders")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.compared_with.choices = [
            ("holders", _("among the holders named in the ledger")),
            ("all", _("among all instruments of the types named in the ledger")),
        ]


class ResultsForm(FlaskForm):
    """Which results to write."""

    class Meta:
        """It only reads."""

        csrf = False

    first = DateField(_l("Issued from"), [InputRequired(_l("Give a day."))])
    last = DateField(_l("to"), [InputRequired(_l("Give a day."))])
    type = SelectField(_l("Instrument type"), default="")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type.choices = [("", _("All")), *ledger_words.type_choices()]


@blueprint.get("/")
@requires("import.view")
def listing() -> str:
    """What was compared, and both ways of exchange."""
    return _listing(CompareForm(), _usual_results())


def _usual_results() -> ResultsForm:
    first = today().replace(day=1)
    return ResultsForm(formdata=None, data={"first": first, "last": today(), "type": ""})


def _listing(compare: CompareForm, results: ResultsForm) -> str:
    found, next_key = reconciliation_pages.listing(db.session(), actor(), after=request.args.get("after", type=int))
    return render_template(
        "exchange/listing.html",
        compare=compare,
        results=results,
        found=found,
        next_url=url_for(".listing", after=next_key) if next_key else None,
        words=exchange_words,
    )


@blueprint.post("/")
@requires("import.run")
def start() -> Response:
    """Keep their ledger and have it compared."""
    form = CompareForm()
    if form.validate():
        try:
            one = reconciling.start(
                db.session(),
                actor(),
                form.file.data.read(),
                form.file.data.filename or "",
                now=now(),
                compared_with=form.compared_with.data,
            )
        except Problem as problem:
            problem.field = problem.field or "file"
            show_on(form, problem)
        else:
            return redirect(url_for(".detail", reconciliation_id=one.id))
    db.session.rollback()
    return make_response(_listing(form, _usual_results()), 422)


@blueprint.get("/results.xlsx")
@requires("import.view")
def results() -> Response:
    """Results in the shape of the national ledger."""
    form = ResultsForm(request.args)
    if not form.validate():
        return make_response(_listing(CompareForm(formdata=None), form), 422)
    try:
        chosen = ResultsFilter(form.first.data, form.last.data, form.type.data or None)
    except Problem as problem:
        show_on(form, problem)
        return make_response(_listing(CompareForm(formdata=None), form), 422)
    titles = national_sheet.headings()
    file = write_xlsx(
        [ListColumn(title) for title in titles],
        national_sheet.results(db.session(), actor(), chosen),
        title=_("Verification results"),
        definitions=exchange_words.definitions(titles, chosen.first, chosen.last),
    )
    name = _("Verification results %(first)s to %(last)s", first=chosen.first, last=chosen.last)
    return send_file(file, mimetype=XLSX_TYPE, as_attachment=True, download_name=f"{name}.xlsx")


# -- one comparison


def _one(reconciliation_id: int) -> Reconciliation:
    found: Reconciliation = or_404(reconciling.find(db.session(), actor(), reconciliation_id))
    return found


@blueprint.get("/<int:reconciliation_id>")
@requires("import.view")
def detail(reconciliation_id: int) -> str:
    """What was found, by finding."""
    session, one = db.session(), _one(reconciliation_id)
    finding = request.args.get("finding", "")
    if finding not in FINDINGS:
        finding = next((name for name in FINDINGS[1:] if one.counts.get(name)), "same")
    is_open = request.args.get("open") == "yes"
    rows, next_key = reconciliation_pages.rows(
        session, one, finding, after=request.args.get("after", type=int), undecided=is_open
    )
    here = {"reconciliation_id": one.id, "finding": finding, "open": "yes" if is_open else None}
    more: dict[str, Any] = {**here, "after": next_key}
    return render_template(
        "exchange/detail.html",
        one=one,
        task=ledger_pages.task_of(session, one),
        asked_by=ledger_pages.sender_of(session, one),
        waiting=reconciliation_pages.undecided(session, one),
        finding=finding,
        is_open=is_open,
        rows=rows,
        cells=lambda row: reconciliation_pages.cells_in_words(one, row),
        decisions=reconciliation_deciding.ALLOWED[finding],
        next_url=url_for(".detail", **more) if next_key else None,
        words=exchange_words,
    )


@blueprint.get("/<int:reconciliation_id>/progress")
@requires("import.view")
def progress(reconciliation_id: int) -> Response:
    """How far the comparison is."""
    one = _one(reconciliation_id)
    return progress_of_file(ledger_pages.task_of(db.session(), one), is_working=one.state in ("queued", "running"))


@blueprint.post("/<int:reconciliation_id>/decide")
@requires("import.run")
def decide(reconciliation_id: int) -> Response:
    """Decide the rows chosen: theirs, ours, or register them."""
    one = _one(reconciliation_id)
    finding = request.form.get("finding", "")
    back = url_for(".detail", reconciliation_id=one.id, finding=finding, open=request.form.get("open") or None)
    keys = [int(key) for key in request.form.getlist("row") if key.isdecimal() and len(key) < 19]
    try:
        decided = reconciliation_deciding.decide(
            db.session(),
            actor(),
            one,
            keys,
            request.form.get("decision", ""),
            note=request.form.get("note", "")[:2000],
            today=today(),
            now=now(),
        )
    except Problem as problem:
        db.session.rollback()
        flash(sentence_of(problem), "error")
        return redirect(back)
    if decided.done:
        flash(ngettext("%(num)s row decided.", "%(num)s rows decided.", decided.done), "success")
    for row, refusal in decided.refused[:5]:
        flash(f"{row.label}: {sentence_of(refusal)}", "error")
    if len(decided.refused) > 5:
        flash(_("%(count)s more rows could not be decided.", count=len(decided.refused) - 5), "error")
    return redirect(back)


@blueprint.get("/<int:reconciliation_id>/differences.xlsx")
@requires("import.view")
def differences(reconciliation_id: int) -> Response:
    """The differences as a sheet, ours beside theirs."""
    one = _one(reconciliation_id)
    finding = request.args.get("finding") if request.args.get("finding") in FINDINGS else None
    file = write_xlsx(
        [ListColumn(str(title)) for title in exchange_words.SHEET],
        reconciliation_pages.sheet_rows(db.session(), one, finding=finding, words=exchange_words.say),
        title=_("Differences"),
        definitions=[(str(exchange_words.FINDINGS[name]), str(exchange_words.MEANINGS[name])) for name in FINDINGS],
    )
    name = _("%(name)s, differences", name=one.file_name.rsplit(".", 1)[0])
    return send_file(file, mimetype=XLSX_TYPE, as_attachment=True, download_name=f"{name}.xlsx")
