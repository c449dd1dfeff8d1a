"""The builder of own lists: choose what it is about, columns, filters, groups and sums; see the first page; take it along.

All of it stands in the address. The form works without script: boxes, selects, and buttons that move a column.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote

from flask import (
    Blueprint,
    Response,
    abort,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from metrology.documents.spreadsheet_out import CSV_TYPE, XLSX_TYPE
from metrology.domain.problems import Problem
from metrology.persistence.database import db, reading
from metrology.persistence.journal import record
from metrology.persistence.keyset import Position
from metrology.persistence.saved_reports import ReportFile
from metrology.persistence.tasks import Task
from metrology.services import own_list, own_list_files, own_list_papers
from metrology.services.own_list import OwnList
from metrology.services.own_list_parts import Group, ListFilter, said
from metrology.services.own_list_running import FEW, GroupRow, Run
from metrology.services.own_list_subjects import SUBJECTS, subjects_of
from metrology.web.beside import kept
from metrology.web.flashes import say
from metrology.web.kept_files import hand_out
from metrology.web.languages import choose
from metrology.web.problems import sentence_of
from metrology.web.progress import progress_of
from metrology.web.refusals import told_at
from metrology.web.requests import actor, allowed, now, or_404, requires, settings, today
from metrology.web.saved_reports import opened

blueprint = Blueprint("own_lists", __name__, url_prefix="/reports/lists")
PAGE_SIZE = 50
NOT_PARTS = ("saved", "after", "move", "lang", "form", "csrf_token")
"""What an address holds beside the list itself."""
FORMS = {"xlsx": XLSX_TYPE, "csv": CSV_TYPE, "pdf": "application/pdf"}


def asked_pairs() -> list[tuple[str, str]]:
    """The list's part of the address or of the form."""
    given = request.values.items(multi=True)
    return [(key, str(value)) for key, value in given if key not in NOT_PARTS]


def run_of(made: OwnList) -> Run:
    """The list as the one who asks sees it."""
    return Run(db.session(), actor(), made, today=today(), language=choose())


@blueprint.get("/")
@requires("list.build")
def build() -> BaseResponse | str | tuple[str, int]:
    """The form and the first page of what it makes."""
    pairs = asked_pairs()
    if request.args.get("move") or any(not value.strip() for _key, value in pairs):
        return redirect(address(_moved(pairs)))
    try:
        made = own_list.parse(pairs)
        return _page(made)
    except Problem as problem:
        subject = SUBJECTS.get(request.args.get("about", ""), SUBJECTS["instruments"])
        return _page(own_list.first(subject), fault=sentence_of(problem)), 422


def address(made_or_pairs: OwnList | list[tuple[str, str]], **more: Any) -> str:
    """The page of a list."""
    pairs = made_or_pairs.pairs if isinstance(made_or_pairs, OwnList) else made_or_pairs
    values: dict[str, Any] = {}
    for key, value in pairs:
        values.setdefault(key, []).append(value)
    saved = request.values.get("saved", type=int)
    if saved:
        values["saved"] = saved
    return url_for("own_lists.build", **values, **more)


def _moved(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs without blanks, with a column moved one place by its button."""
    clean = [(key, value) for key, value in pairs if value.strip()]
    key, _dot, way = request.args.get("move", "").rpartition(".")
    columns = [value for name, value in clean if name == "col"]
    if key not in columns:
        return clean
    at = columns.index(key)
    columns.insert(max(0, at + (-1 if way == "up" else 1)), columns.pop(at))
    return [pair for pair in clean if pair[0] != "col"] + [("col", column) for column in columns]


def _page(made: OwnList, fault: str = "") -> str:
    run = run_of(made)
    preview = _preview(run)
    return render_template(
        "own_lists/build.html",
        made=made,
        run=run,
        subjects=subjects_of(actor()),
        said=lambda text: said(text, choose()),
        offered=lambda one: offered(run, one),
        address=address,
        export_url=lambda form: export_url(made, form),
        behind=lambda row: behind(run, row),
        chips=[(said(one.name, choose()), words, address(_without(made, one))) for one, words in run.narrowings()],
        saved=opened("own_list"),
        fault=fault,
        **preview,
    )


def _preview(run: Run) -> dict[str, Any]:
    """The first page, the groups, or that it must be made in the background."""
    if run.made.is_grouped:
        waits = run.cost() == "background"
        return {"waits": waits, "grouped": None if waits else run.grouped(), "rows": [], "count": 0, "next_url": None}
    count = run.count(FEW)
    page = run.page(PAGE_SIZE, _position(run))
    last = page.positions[-1] if page.positions else None
    return {
        "waits": False,
        "grouped": None,
        "rows": run.cells(page.keys),
        "count": count,
        "cap": FEW,
        "next_url": address(run.made, after=_cursor(run, last)) if page.has_next and last else None,
    }


def _signer(run: Run) -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt=f"own list {run.subject.key} {run.made.sort}")


def _cursor(run: Run, position: Position) -> str:
    value = position.value.isoformat() if isinstance(position.value, date) else position.value
    return str(_signer(run).dumps([value, position.key]))


def _position(run: Run) -> Position | None:
    text = request.args.get("after", "")
    try:
        value, key = _signer(run).loads(text) if text else (None, None)
    except BadSignature:
        return None
    if key is None:
        return None
    kind = run.order.column.type.python_type
    return Position(kind.fromisoformat(value) if value is not None and issubclass(kind, date) else value, key)


def _without(made: OwnList, one: ListFilter) -> OwnList:
    for key in one.keys:
        made = made.narrowed(key, ())
    return made


def offered(run: Run, one: ListFilter) -> list[tuple[str, str]]:
    """What a filter can be set to: code and words."""
    language = choose()
    if one.codes is not None:
        return [(code, said(words, language)) for code, words in one.codes.items()]
    if one.names is None or one.kind == "reference":
        return []
    text = one.names.en if language == "en" else one.names.zh
    statement = select(one.names.key, text).order_by(one.names.key.class_.position)
    found = [(str(key), str(words)) for key, words in db.session.execute(statement)]
    mine = run.asked.actor.district_code
    return [pair for pair in found if one.key != "district" or mine is None or pair[0] == mine]


def behind(run: Run, row: GroupRow) -> str | None:
    """The rows behind a group, where its keys are filters."""
    made = run.made.as_rows()
    for group, key in zip(run.groups, row.keys, strict=True):
        value = _filter_value(group, key)
        if value is None:
            return None
        made = made.narrowed(str(group.narrows), (value,))
    return address(made) if run.groups else None


def _filter_value(group: Group, key: Any) -> str | None:
    if group.narrows is None:
        return None
    if key in ("", 0, None):
        return "none" if group.narrows == "district" else None
    return str(key)


# -- files


def export_url(made: OwnList, form: str) -> str:
    """The address of a file of a list."""
    values: dict[str, Any] = {}
    for key, value in made.pairs:
        values.setdefault(key, []).append(value)
    return url_for("own_lists.export", form=form, **values)


@blueprint.get("/export.<form>")
@requires("instrument.export")
@told_at(".build")
def export(form: str) -> BaseResponse:
    """The list as a file while one waits; a long one is asked for and made in the background."""
    if form not in FORMS:
        abort(404)
    made = own_list.parse(asked_pairs())
    run = run_of(made)
    if form != "pdf" and not made.is_grouped and run.count(FEW) > FEW:
        raise Problem("own_list_large", None, limit=f"{FEW:,}")
    if run.cost() == "background":
        raise Problem("own_list_in_background")
    if request.method == "GET":
        changes: dict[str, list[Any]] = {"query": [None, made.query], "form": [None, form]}
        with kept() as session:
            record(session, actor(), "list.exported", ("list", made.subject.key), at=now(), changes=changes)
    answer = _file(made, form)
    name = f"{made.subject.key}-{today().isoformat()}.{form}"
    full = quote(f"{own_list_papers.title_of(run)}-{today().isoformat()}.{form}")
    kind = "inline" if form == "pdf" else "attachment"
    answer.headers["Content-Disposition"] = f"{kind}; filename={name}; filename*=UTF-8''{full}"
    return answer


def _file(made: OwnList, form: str) -> Response:
    """Read in a transaction of its own, so that the rows of a long list are let go of as they are written."""
    who, day, language = actor(), today(), choose()
    if form == "csv":

        def pieces() -> Any:
            with reading(), own_list_papers.reader(db.engine) as session:
                yield from own_list_papers.csv(Run(session, who, made, today=day, language=language))

        return Response(stream_with_context(pieces()), content_type=CSV_TYPE)
    with own_list_papers.reader(db.engine) as session:
        run = Run(session, who, made, today=day, language=language)
        if form == "pdf":
            return Response(own_list_papers.pdf(run, fonts_folder=settings().fonts_folder), content_type=FORMS[form])
        return Response(own_list_papers.xlsx(run), content_type=XLSX_TYPE, direct_passthrough=True)


@blueprint.get("/files")
@requires("instrument.export")
def files() -> str:
    """The files one asked for."""
    return render_template("own_lists/files.html", files=own_list_files.own_files(db.session(), actor()))


@blueprint.post("/files")
@requires("instrument.export")
@told_at(".build")
def ask() -> BaseResponse:
    """Ask for a file that takes longer than one waits."""
    made = own_list.of_query(request.form.get("query", ""))
    form = request.form.get("form", "xlsx")
    row = own_list_files.ask(db.session(), actor(), made, form, language=choose(), today=today(), now=now())
    say(_("The file is being made in the background. You may go on working."), "info")
    return redirect(url_for(".file", file_id=row.id))


def _own(file_id: int) -> ReportFile:
    found: ReportFile = or_404(own_list_files.own(db.session(), actor(), file_id))
    return found


@blueprint.get("/files/<int:file_id>")
@requires("instrument.export")
def file(file_id: int) -> str:
    """A file: how far it is, or where to fetch it."""
    row = _own(file_id)
    task = db.session.get(Task, row.task_id) if row.task_id else None
    return render_template("own_lists/file.html", file=row, task=task, may_see_task=allowed("task.view"))


@blueprint.get("/files/<int:file_id>/progress")
@requires("instrument.export")
def progress(file_id: int) -> Response:
    """How far it is, for the page that watches it."""
    task = or_404(db.session.get(Task, _own(file_id).task_id or 0))
    return progress_of(task)


@blueprint.get("/files/<int:file_id>/fetch")
@requires("instrument.export")
def fetch(file_id: int) -> Response:
    """The file itself, streamed from the disk."""
    row = _own(file_id)
    return hand_out(
        row,
        own_list_files.file_of(settings().shared, row),
        kind=FORMS[row.form].partition(";")[0],
        name=f"list-{row.id}.{row.form}",
        title=f"{row.title}-{row.id}.{row.form}",
        note=lambda session: own_list_files.note_fetched(session, actor(), row, now=now()),
    )
