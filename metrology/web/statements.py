"""Statements of a month or year: list, page, approval, correction; PDF to sign and file, XLSX to go on with."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as BaseResponse

from metrology.documents.bilingual import CITY, Bilingual, in_both, of_paper
from metrology.documents.spreadsheet_out import XLSX_TYPE, ListColumn, write_xlsx
from metrology.documents.statement_pdf import StatementLine, StatementPaper, statement_pdf
from metrology.domain.indicator import BY_CODE, INDICATORS
from metrology.domain.period import Period
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.districts import District
from metrology.persistence.statements import Statement
from metrology.services import settings as bureau_settings
from metrology.services import statements
from metrology.services.own_list_parts import said
from metrology.web.filters import instant, pick
from metrology.web.indicator_words import target_words, written
from metrology.web.languages import choose
from metrology.web.problems import sentence_of
from metrology.web.requests import actor, now, requires, today
from metrology.web.shown_pdf import shown_pdf

blueprint = Blueprint("statements", __name__, url_prefix="/reports/statements")
STATES = {"draft": _l("Draft"), "approved": _l("Locked"), "withdrawn": _l("Withdrawn")}
KINDS = {"draft": "review", "approved": "valid", "withdrawn": "neutral"}
HEADINGS = {
    "in_use": _l("In use"),
    "verified": _l("Verified"),
    "conforms": _l("Conforming"),
    "rejected": _l("Rejected"),
    "certificates": _l("Certificates"),
    "overdue": _l("Overdue"),
}
_MOST = 200


@blueprint.get("/")
@requires("statement.view", replica=True)
def listing() -> str:
    """The statements, the latest first."""
    return _listing()


def _listing(given: str = "") -> str:
    mine = actor().district_code
    asked = select(Statement).order_by(Statement.first_day.desc(), Statement.id.desc()).limit(_MOST)
    if mine is not None:
        asked = asked.where(Statement.district_code == mine)
    rows = db.session.scalars(asked.options(joinedload(Statement.prepared_by), joinedload(Statement.approved_by))).all()
    replaced = set(
        db.session.scalars(
            select(Statement.replaces_id).where(Statement.replaces_id.is_not(None), Statement.state == "approved")
        )
    )
    districts = [
        one for one in db.session.scalars(select(District).order_by(District.position)) if mine in (None, one.code)
    ]
    month = Period.of_month(today())
    offered = [month.before(back) for back in range(1, 13)]
    year = Period.parse(str(today().year - 1))
    return render_template(
        "statements/listing.html", rows=rows, states=STATES, kinds=KINDS, replaced=replaced, districts=districts,
        names={one.code: pick(one) for one in districts}, periods=[year.code, *(one.code for one in offered)],
        period_of=statements.period_of, mine=mine, given=given,
    )  # fmt: skip


@blueprint.post("/prepare")
@requires("statement.prepare")
def prepare() -> BaseResponse | tuple[str, int]:
    """Begin a statement."""
    try:
        period = Period.parse(request.form.get("period", ""))
        row = statements.prepare(
            db.session(), actor(), period, request.form.get("district", ""), today=today(), now=now()
        )
    except ValueError:
        flash(_("Please choose a month or a year."), "error")
    except Problem as problem:
        flash(sentence_of(problem), "error")
    else:
        return redirect(url_for(".detail", statement_id=row.id))
    return _listing(request.form.get("period", "")), 422


@blueprint.get("/<int:statement_id>")
@requires("statement.view", replica=True)
def detail(statement_id: int) -> str:
    """A statement: locked figures, or what a recount finds now."""
    return _detail(_statement(statement_id))


def _detail(row: Statement) -> str:
    recounted = statements.figures_of(db.session(), actor(), row, today=today())
    shown = statements.locked(row) if row.state == "approved" else recounted
    successor = db.session.scalars(
        select(Statement).where(Statement.replaces_id == row.id, Statement.state != "withdrawn")
    ).first()
    is_locked = row.state == "approved"
    return render_template(
        "statements/detail.html", row=row, figures=shown, states=STATES, kinds=KINDS, headings=HEADINGS,
        successor=successor, digest=statements.digest_of(statements.written(recounted)),
        differences=_differences(statements.differences(shown, recounted)) if is_locked else [],
        corrections=statements.later_corrections(db.session(), row, today=today()) if is_locked else 0,
        period=statements.period_of(row), district=_district(row), indicators=INDICATORS, written=written, target_words=target_words,
        is_over=row.last_day < today(), is_own=row.prepared_by_id == actor().user_id,
    )  # fmt: skip


@blueprint.post("/<int:statement_id>/approve")
@requires("statement.approve")
def approve(statement_id: int) -> BaseResponse | tuple[str, int]:
    """Lock it with the figures that were shown."""
    row = _statement(statement_id)
    try:
        statements.approve(db.session(), actor(), row, request.form.get("digest", ""), today=today(), now=now())
    except Problem as problem:
        flash(sentence_of(problem), "error")
        return _detail(row), 422
    flash(_("The statement is locked. Its figures do not change any more."), "success")
    return redirect(url_for(".detail", statement_id=row.id))


@blueprint.post("/<int:statement_id>/withdraw")
@requires("statement.prepare")
def withdraw(statement_id: int) -> BaseResponse | tuple[str, int]:
    """Take a draft back."""
    row = _statement(statement_id)
    try:
        statements.withdraw(db.session(), actor(), row, now=now())
    except Problem as problem:
        flash(sentence_of(problem), "error")
        return _detail(row), 422
    return redirect(url_for(".listing"))


@blueprint.post("/<int:statement_id>/correct")
@requires("statement.prepare")
def correct(statement_id: int) -> BaseResponse | tuple[str, int]:
    """Begin a new version."""
    row = _statement(statement_id)
    try:
        new = statements.correct(db.session(), actor(), row, request.form.get("reason", ""), now=now())
    except Problem as problem:
        flash(sentence_of(problem), "error")
        return _detail(row), 422
    return redirect(url_for(".detail", statement_id=new.id))


@blueprint.get("/<int:statement_id>.xlsx")
@requires("statement.view", replica=True)
def xlsx(statement_id: int) -> Response:
    """The statement as a workbook."""
    row = _statement(statement_id)
    figures = _figures(row)
    columns = [
        ListColumn(str(_("Grouped by"))),
        ListColumn(str(_("Name")), 30),
        *(ListColumn(str(one)) for one in HEADINGS.values()),
    ]
    rows: list[list[Any]] = [
        [str(section), pick(line) or str(_("not recorded")), *(line[name] for name in statements.LINE)]
        for section, lines in ((_("Type"), figures["types"]), (_("District"), figures["districts"]))
        for line in lines
    ]
    definitions = [(pick(one.name), _indicator_text(figures, one.code)) for one in INDICATORS]
    definitions += [(pick(one.short), pick(one.numerator) + " / " + pick(one.denominator)) for one in INDICATORS]
    definitions += [
        (str(_("Number")), row.number),
        (str(_("State")), str(STATES[row.state])),
        ("SHA-256", row.digest or "—"),
    ]
    file = write_xlsx(columns, rows, title=row.number, definitions=definitions)
    return send_file(file, mimetype=XLSX_TYPE, as_attachment=True, download_name=f"{row.number}.xlsx")


@blueprint.get("/<int:statement_id>.pdf")
@requires("statement.view", replica=True)
def pdf(statement_id: int) -> Response:
    """The statement on A4, to be signed and filed."""
    row = _statement(statement_id)
    data = statement_pdf(_paper(row, _figures(row)), day=today(), language=of_paper(choose()))
    return shown_pdf(data, row.number)


def _statement(statement_id: int) -> Statement:
    row = db.session.get(Statement, statement_id)
    if row is None or not statements.sees_statement(actor(), row):
        abort(404)
    return row


def _figures(row: Statement) -> statements.Figures:
    if row.state == "approved":
        return statements.locked(row)
    return statements.figures_of(db.session(), actor(), row, today=today())


def _district(row: Statement) -> str:
    return said(_scope(row), choose())


def _scope(row: Statement) -> Bilingual:
    district = db.session.get(District, row.district_code or "")
    return Bilingual(district.name_zh, district.name_en) if district else CITY


def _indicator_text(figures: statements.Figures, code: str) -> str:
    one = figures["indicators"].get(code)
    return written(one["value"], BY_CODE[code]) if one else "—"


def _differences(found: list[tuple[str, Any, Any]]) -> list[dict[str, Any]]:
    rows = []
    for where, then, here in found:
        part, _dot, code = where.partition(".")
        if part == "indicators":
            name = pick(BY_CODE[code].name)
            said = [
                f"{written(one['value'], BY_CODE[code])} ({one['counted']:,})" if one else "—" for one in (then, here)
            ]
            rows.append({"name": name, "then": said[0], "now": said[1]})
            continue
        name = pick(then or here) or str(_("not recorded"))
        rows += [
            {
                "name": f"{name} · {HEADINGS[key]}",
                "then": f"{then[key] if then else 0:,}",
                "now": f"{here[key] if here else 0:,}",
            }
            for key in statements.LINE
            if (then and then[key]) != (here and here[key])
        ]
    return rows


def _paper(row: Statement, figures: statements.Figures) -> StatementPaper:
    return StatementPaper(
        body_name=bureau_settings.read(db.session()).named(of_paper(choose())),
        number=row.number,
        period=statements.period_of(row).code,
        days=f"{row.first_day} – {row.last_day}",
        scope=in_both(choose(), lambda language: said(_scope(row), language)),
        is_yearly=row.period == "year",
        is_draft=row.state != "approved",
        version=row.version,
        replaces=row.replaces.number if row.replaces else "",
        reason=row.reason,
        digest=row.digest or "",
        prepared_by=row.prepared_by.name,
        approved_by=row.approved_by.name if row.approved_by else "",
        approved_at=instant(row.approved_at) if row.approved_at else "",
        indicators=tuple(
            (
                one.name.zh,
                one.name.en,
                _indicator_text(figures, one.code),
                target_words(figures["targets"].get(one.code), one),
            )
            for one in INDICATORS
        ),
        types=tuple(_line(one) for one in figures["types"]),
        districts=tuple(_line(one) for one in figures["districts"]),
        complaints=figures["complaints"],
    )


def _line(one: dict[str, Any]) -> StatementLine:
    return StatementLine(
        one["zh"] or "未登记", one["en"] or "not recorded", tuple(one[name] for name in statements.LINE)
    )
