"""The overdue report, where managers begin: page, print, XLSX and PDF, of today or as a past day ended.

``web/overdue_page`` draws it, ``services/overdue_papers`` writes it. Filters live in the address.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, send_file, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from metrology.documents.spreadsheet_out import XLSX_TYPE
from metrology.domain.authority import sees
from metrology.domain.overdue_figure import OVERDUE_FIGURES
from metrology.domain.problems import Problem
from metrology.domain.schedule import AGEING
from metrology.persistence.database import db
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.places import Place
from metrology.services import overdue_papers
from metrology.services.reporting import OverdueFilter, OverdueReport, TrendPoint, report_of_day
from metrology.web import labels, overdue_page
from metrology.web.as_of import day_asked
from metrology.web.district_map import STEPS
from metrology.web.filters import pick
from metrology.web.languages import choose
from metrology.web.overdue_page import Links
from metrology.web.problems import sentence_of
from metrology.web.requests import actor, requires, settings, today
from metrology.web.shown_pdf import shown_pdf

blueprint = Blueprint("reports", __name__, url_prefix="/reports")
KEYS = ("district", "type", "purpose", "age", "holder", "place")
AGES = tuple(one.code for one in AGEING)
NO_DISTRICT = "none"


@blueprint.get("/overdue")
@requires("report.view", replica=True)
def overdue() -> Response:
    """The report, narrowed by the address. A day that cannot be answered is refused in words, with nothing beside it."""
    chosen = _chosen()
    query = _query()
    shown: dict[str, Any] = {"report": None, "problem": "", "query": query, "chips": _chips(chosen)}
    try:
        report = _report(chosen)
        shown |= _drawn(report, query)
    except Problem as fault:
        shown["problem"] = sentence_of(fault)
    page = render_template(
        "reports/overdue.html",
        asked_day=request.args.get("as_of", "").strip(),
        today=today(),
        districts=_districts(),
        types=db.session.scalars(select(TypeEntry).order_by(TypeEntry.position)).all(),
        purposes=labels.PURPOSES,
        ages=list(zip(AGES, overdue_page.ageing_words(), strict=True)),
        definitions=OVERDUE_FIGURES,
        **shown,
    )
    return make_response(page, 422 if shown["problem"] else 200)


def _drawn(report: OverdueReport, query: dict[str, str]) -> dict[str, Any]:
    links = Links(report, query)
    now = TrendPoint(report.day, report.total, report.in_use)
    holders = overdue_page.pareto(report.holders, report.total, "holder", links)
    places = overdue_page.pareto(report.places, report.total, "place", links)
    return {
        "report": report,
        "links": links,
        "ageing": AGEING,
        "ageing_words": overdue_page.ageing_words(),
        "stack": overdue_page.ageing(report, links),
        "tiles": overdue_page.tiles(report.districts, links),
        "steps": STEPS,
        "trend": overdue_page.trend(report.trend, now, links, is_past=report.is_past),
        "holders": holders,
        "holders_words": overdue_page.enough_words(holders),
        "places": places,
        "places_words": overdue_page.enough_words(places),
        "paper_query": {**query, **({"as_of": report.day.isoformat()} if report.is_past else {})},
    }


@blueprint.get("/overdue.xlsx")
@requires("report.export", replica=True)
def overdue_xlsx() -> Response:
    """The report as a workbook: one table, with every group and its ageing, and the definitions."""
    chosen = _chosen()
    report = _report(chosen, top=overdue_papers.MOST_GROUPS)
    scope = overdue_papers.scope_words(db.session(), actor(), chosen, choose())
    file = overdue_papers.workbook(report, scope, choose())
    name = f"overdue-{report.day.isoformat()}.xlsx"
    return send_file(file, mimetype=XLSX_TYPE, as_attachment=True, download_name=name)


@blueprint.get("/overdue.pdf")
@requires("report.export", replica=True)
def overdue_pdf() -> Response:
    """The report on two A4 pages."""
    chosen = _chosen()
    report = _report(chosen)
    scope = overdue_papers.paper_scope(db.session(), actor(), chosen, choose())
    data = overdue_papers.paper(db.session(), report, scope, choose(), fonts_folder=settings().fonts_folder)
    return shown_pdf(data, f"overdue-{report.day.isoformat()}")


# -- what is asked


def _report(chosen: OverdueFilter, top: int = 20) -> OverdueReport:
    """Of the day asked for; what is no day is refused."""
    day = day_asked(request.args.get("as_of"), "as_of")
    return report_of_day(db.session(), actor(), day, today=today(), chosen=chosen, top=top)


def _query() -> dict[str, str]:
    return {key: request.args[key] for key in KEYS if request.args.get(key)}


def _chosen() -> OverdueFilter:
    asked = request.args
    district = asked.get("district") or None
    return OverdueFilter(
        district_code="" if district == NO_DISTRICT else district,
        type_code=asked.get("type") or None,
        holder_id=_key(asked.get("holder")),
        place_id=_key(asked.get("place")),
        purpose=asked.get("purpose") or None,
        age=asked.get("age") or None,
    )


def _key(text: str | None) -> int | None:
    """A key of the address; what is no number is a key that nothing has, as in a list."""
    if not text:
        return None
    return int(text) if text.isdecimal() and len(text) < 18 else -1


def _districts() -> list[District]:
    rows = db.session.scalars(select(District).order_by(District.position)).all()
    mine = actor().district_code
    return [row for row in rows if mine is None or row.code == mine]


def _chips(chosen: OverdueFilter) -> list[tuple[str, str, str]]:
    """What the report is narrowed to, in words, each with the address without it."""
    nothing = str(_("not known"))
    named: list[tuple[str, str, str]] = []
    if chosen.district_code is not None:
        row = db.session.get(District, chosen.district_code)
        where = str(_("No district recorded")) if chosen.district_code == "" else pick(row) or nothing
        named.append((str(_("District")), where, _without("district")))
    for key, label, asked, words in (
        ("type", _("Type"), chosen.type_code, pick(db.session.get(TypeEntry, chosen.type_code or ""))),
        ("holder", _("Holder"), chosen.holder_id, pick(_visible(Holder, chosen.holder_id))),
        ("place", _("Place"), chosen.place_id, pick(_visible(Place, chosen.place_id))),
        ("purpose", _("Purpose"), chosen.purpose, str(labels.PURPOSES.get(chosen.purpose or "", ""))),
        ("age", _("Overdue for"), chosen.age, dict(zip(AGES, overdue_page.ageing_words(), strict=True)).get(chosen.age or "")),
    ):  # fmt: skip
        if asked is not None:
            named.append((str(label), words or nothing, _without(key)))
    day = request.args.get("as_of", "").strip()
    return [*named, (str(_("As of")), day[:20], _without("as_of"))] if day else named


def _visible(model: Any, key: int | None) -> Any:
    row = db.session.get(model, key) if key else None
    if row is None or not sees(
        actor(), district_code=row.district_code, holder_id=getattr(row, "organiser_id", row.id)
    ):
        return None
    return row


def _without(key: str) -> str:
    asked = _query() | ({"as_of": request.args["as_of"]} if request.args.get("as_of") else {})
    kept: dict[str, Any] = {name: value for name, value in asked.items() if name != key}
    return url_for("reports.overdue", **kept)
