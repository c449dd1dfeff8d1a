"""What if: suppose another edition or other numbers, and see which past records would have been judged otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from metrology.documents.spreadsheet_out import CSV_TYPE, XLSX_TYPE, ListColumn, write_csv, write_xlsx
from metrology.documents.workbook import Cell
from metrology.domain.problems import Problem
from metrology.domain.regulation import InstrumentType
from metrology.persistence.database import db, reading
from metrology.persistence.districts import District
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.tasks import Task
from metrology.persistence.what_ifs import WhatIf
from metrology.services import law, what_ifs
from metrology.services.what_ifs import OUTCOMES, Supposition
from metrology.web.filters import label
from metrology.web.problems import sentence_of
from metrology.web.requests import actor, now, or_404, requires
from metrology.web.verifications import refused

blueprint = Blueprint("what_ifs", __name__, url_prefix="/what-if")
PAGE = 100
FORMS = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE}
OUTCOME_WORDS = {
    "would_reject": _l("would be rejected"),
    "would_conform": _l("would conform"),
    "no_verdict": _l("no verdict: readings are missing"),
    "not_covered": _l("not covered"),
    "same": _l("judged as it was"),
}


@blueprint.get("/")
@requires("law.try")
def listing() -> str:
    """The trials made, and the form for the next."""
    return _page(None)


def _page(problem: Problem | None) -> str:
    session = db.session()
    code = request.values.get("type", "")
    one = law.types(session).get(code)
    rows = what_ifs.recent(session, actor().district_code)
    ruled = select(TypeEntry).where(TypeEntry.has_rules, TypeEntry.is_current).order_by(TypeEntry.position)
    return render_template(
        "what_ifs/listing.html",
        rows=rows,
        names={entry.code: entry for entry in session.scalars(select(TypeEntry))},
        types=session.scalars(ruled).all(),
        type=one if one is not None and one.has_rules else None,
        numbers=_numbers(one) if one else [],
        districts=session.scalars(select(District).order_by(District.position)).all(),
        typed=request.values,
        problem=sentence_of(problem) if problem else "",
        at_fault=problem.field if problem else None,
        outcome_words=OUTCOME_WORDS,
    )


def _numbers(one: InstrumentType) -> list[tuple[str, str, str]]:
    """Every number of any edition: key, value by the newest that has it, clause."""
    found: dict[str, tuple[str, str, str]] = {}
    for edition in sorted(one.editions, key=lambda edition: edition.in_force, reverse=True):
        for key, number in edition.numbers.items():
            found.setdefault(key, (key, number.text(), number.clause))
    return list(found.values())


@blueprint.post("/")
@requires("law.try")
def begin() -> BaseResponse:
    """Try it."""
    form = request.form
    numbers = {key.removeprefix("number."): text for key, text in form.items() if key.startswith("number.") and text}
    try:
        supposed = Supposition(
            type_code=form.get("type", ""), edition_code=form.get("edition", ""), numbers=numbers,
            since=_day("since"), until=_day("until"), district_code=actor().district_code or form.get("district") or None,
        )  # fmt: skip
        row = what_ifs.begin(db.session(), actor(), supposed, now=now())
    except Problem as problem:
        db.session.rollback()
        return refused(_page(problem))
    return redirect(url_for(".detail", what_if_id=row.id))


def _day(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Problem("bad_choice", name, value=text[:64]) from error


def _row(what_if_id: int) -> WhatIf:
    found: WhatIf = or_404(db.session.get(WhatIf, what_if_id))
    district = actor().district_code
    return or_404(found if district in (None, found.district_code) else None)  # type: ignore[no-any-return]


@blueprint.get("/<int:what_if_id>")
@requires("law.try")
def detail(what_if_id: int) -> str:
    """What a trial found: counts, and the records that would come out otherwise."""
    row, session = _row(what_if_id), db.session()
    outcome = request.args.get("outcome", "")
    after = request.args.get("after", 0, type=int)
    found = what_ifs.records(session, row, outcome=outcome, after=after, limit=PAGE + 1)
    return render_template(
        "what_ifs/detail.html",
        row=row,
        entry=session.get_one(TypeEntry, row.type_code),
        task=session.get(Task, row.task_id) if row.task_id else None,
        changes=_changes(row),
        district=session.get(District, row.district_code) if row.district_code else None,
        records=found[:PAGE],
        more=found[PAGE - 1].id if len(found) > PAGE else None,
        outcome=outcome if outcome in OUTCOMES else "",
        outcomes=OUTCOMES,
        outcome_words=OUTCOME_WORDS,
        judged=sum(row.counts.values()),
    )


def _changes(row: WhatIf) -> list[tuple[str, str, str]]:
    """Key, value here, value supposed."""
    one = law.types(db.session()).get(row.type_code)
    here = {key: text for key, text, _clause in _numbers(one)} if one else {}
    return [(key, here.get(key, "—"), str(text)) for key, text in row.numbers.items()]


@blueprint.get("/<int:what_if_id>/records.<form>")
@requires("law.try")
def export(what_if_id: int, form: str) -> Response:
    """The records as a file."""
    if form not in FORMS:
        abort(404)
    row = _row(what_if_id)
    words = (
        _("Number"), _("Verified on"), _("Serial number"), _("Holder"), _("Edition"), _("Verdict"), _("Would be"),
        _("Outcome"), _("Part of the limit"), _("Part of the limit then"), _("Point"),
    )  # fmt: skip
    columns = [ListColumn(str(word)) for word in words]
    lines = _lines(row.id, request.args.get("outcome", ""))
    if form == "csv":
        body: Any = stream_with_context(write_csv(columns, lines))
    else:
        body = write_xlsx(columns, lines, title=str(_("What if")), definitions=[(str(_("What if")), str(row.id))])
    response = Response(body, content_type=FORMS[form], direct_passthrough=form == "xlsx")
    response.headers["Content-Disposition"] = f"attachment; filename=what-if-{row.id}.{form}"
    return response


def _lines(what_if_id: int, outcome: str) -> Iterator[list[Cell]]:
    with reading(), Session(db.engine) as session:
        row = session.get_one(WhatIf, what_if_id)
        for one in what_ifs.every_record(session, row, outcome=outcome):
            kept = one.verification
            yield [
                kept.number, kept.verified_on, kept.instrument.serial_number,
                kept.instrument.holder.name if kept.instrument.holder else "", kept.edition_code,
                label(one.was, "VERDICTS"), label(one.would_be, "VERDICTS"), str(OUTCOME_WORDS[one.outcome]),
                one.margin_was, one.margin_would_be, one.point,
            ]  # fmt: skip
