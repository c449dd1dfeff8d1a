"""What every list offers beside its page: exports of just what is shown, filters kept under a name, columns and density."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, flash, redirect, request, stream_with_context, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from metrology.documents.spreadsheet_out import CSV_TYPE, XLSX_TYPE, ListColumn, write_csv, write_xlsx
from metrology.documents.workbook import Cell
from metrology.domain.problems import Problem
from metrology.persistence.database import db, reading, small_cache
from metrology.persistence.journal import record
from metrology.services import list_preferences
from metrology.web import beside
from metrology.web.list_filters import Asking
from metrology.web.listing import DEFINITIONS, ListDefinition, Listing, args_of, asking
from metrology.web.problems import sentence_of
from metrology.web.requests import actor, allowed, now, or_404, requires

blueprint = Blueprint("lists", __name__, url_prefix="/lists")


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.filters["cell"] = cell_text


def cell_text(value: Cell) -> str:
    """A value as a cell shows it."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return value.isoformat() if isinstance(value, date) else str(value)


FORMS = {"xlsx": XLSX_TYPE, "csv": CSV_TYPE}
EXPORT_CHUNK = 500


def _definition(page: str) -> ListDefinition:
    definition: ListDefinition = or_404(DEFINITIONS.get(page))
    if not allowed(definition.action):
        abort(403)
    return definition


@blueprint.get("/<page>/export.<form>")
@requires("account.own", replica=True)
def export(page: str, form: str) -> Response:
    """The list as a file: the same filters, columns and order, row by row from a reading transaction of its own."""
    definition = _definition(page)
    if form not in FORMS:
        abort(404)
    if not allowed(definition.export_action):
        abort(403)
    shown = Listing(definition, asking())
    if request.method == "GET":
        changes: dict[str, list[Any]] = {
            "query": [None, shown.query_string],
            "columns": [None, [column.key for column in shown.columns]],
            "form": [None, form],
        }
        with beside.kept() as session:
            record(session, actor(), "list.exported", ("list", page), at=now(), changes=changes)
    columns = [ListColumn(str(column.label)) for column in shown.columns]
    title = str(definition.title)
    if form == "csv":
        body: Any = stream_with_context(write_csv(columns, _cells(shown)))
    else:
        body = write_xlsx(columns, _cells(shown), title=title, definitions=_about(shown))
    response = Response(body, mimetype=None, content_type=FORMS[form], direct_passthrough=form == "xlsx")
    day = shown.asking.today.isoformat()
    name = f"{page}-{day}.{form}"
    full = quote(f"{title}-{day}.{form}")
    response.headers["Content-Disposition"] = f"attachment; filename={name}; filename*=UTF-8''{full}"
    return response


def _cells(shown: Listing) -> Iterator[list[Cell]]:
    """Every row of the list, typed. Rows are let go of chunk by chunk, so that memory stays flat."""
    with reading(), Session(db.session.get_bind()) as session, small_cache(session):
        session.connection()
        same = Listing(shown.definition, Asking(session, shown.asking.actor, shown.asking.today, shown.asking.args))
        for keys in same.query.chunks(session, EXPORT_CHUNK):
            rows = same.load(session, keys, shown.columns)
            broken = shown.definition.altered(session, rows)
            for row in rows:
                cells = [column.value(row) for column in shown.columns]
                yield (
                    [row.number, *[str(_("Data do not match"))] * (len(cells) - 1)]
                    if broken and row.id in broken
                    else cells
                )
            session.expunge_all()


def _about(shown: Listing) -> list[tuple[str, str]]:
    """What the file holds, for the one who finds it in a folder next year."""
    about = [
        (_("List"), str(shown.definition.title)),
        (_("As of"), shown.asking.today.isoformat()),
        (_("Taken by"), actor().name),
    ]
    return about + [(label, value) for label, value, _url in shown.all_chips]


@blueprint.post("/<page>/saved")
@requires("account.own")
def save(page: str) -> BaseResponse:
    """Keep the filter under a name."""
    definition = _definition(page)
    kept = Listing(definition, asking(_query_args()))
    try:
        row = list_preferences.save_filter(
            db.session(),
            actor(),
            page,
            request.form.get("name", ""),
            kept.query_string,
            is_shared="is_shared" in request.form,
            now=now(),
        )
    except Problem as problem:
        flash(sentence_of(problem), "error")
    else:
        flash(_("The filter “%(name)s” is kept.", name=row.name), "success")
    return redirect(kept.url())


@blueprint.post("/saved/<int:filter_id>/remove")
@requires("account.own")
def remove(filter_id: int) -> BaseResponse:
    """Take one's own filter away."""
    row = or_404(list_preferences.remove_filter(db.session(), actor(), filter_id, now=now()))
    flash(_("The filter “%(name)s” is gone.", name=row.name), "success")
    definition = DEFINITIONS.get(row.page)
    return redirect(url_for(definition.endpoint) if definition else "/")


@blueprint.post("/<page>/layout")
@requires("account.own")
def keep_layout(page: str) -> BaseResponse:
    """Remember columns and density."""
    definition = _definition(page)
    known = [column.key for column in definition.columns]
    asked = request.form.getlist("column")
    columns = [] if "default" in request.form else [key for key in known if key in asked]
    density = "usual" if "default" in request.form else request.form.get("density", "usual")
    list_preferences.keep_layout(db.session(), actor(), page, columns, density)
    return redirect(Listing(definition, asking(_query_args())).url())


def _query_args() -> MultiDict[str, str]:
    """The list's own query string, as its forms send it along."""
    return args_of(request.form.get("query", ""))
