"""The overdue report: page, print, XLSX and PDF. Every figure opens the instruments behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request, send_file, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from metrology.documents import sheet_pdf
from metrology.documents.certificate_facts import Bilingual
from metrology.documents.spreadsheet_out import ListColumn, write_xlsx
from metrology.domain.authority import sees
from metrology.domain.schedule import AGEING
from metrology.persistence.database import db
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.places import Place
from metrology.services import settings as bureau_settings
from metrology.services.reporting import SOON, OverdueFilter, OverdueGroup, OverdueReport, TrendPoint, overdue_report
from metrology.web import labels
from metrology.web.filters import pick
from metrology.web.languages import is_zh
from metrology.web.requests import actor, requires, today

blueprint = Blueprint("reports", __name__, url_prefix="/reports")
KEYS = ("district", "type", "holder", "place", "purpose")
AGEING_KINDS = ("age_1", "age_2", "age_3", "age_4")
"""Colours of the ageing bar, from late to very late."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/overdue")
@requires("report.view", replica=True)
def overdue() -> str:
    """The report, narrowed by the URL."""
    chosen = _chosen()
    report = overdue_report(db.session(), actor(), today=today(), chosen=chosen)
    return render_template(
        "reports/overdue.html",
        report=report,
        ageing=AGEING,
        kinds=AGEING_KINDS,
        ageing_words=ageing_words(),
        behind=behind,
        behind_soon=behind_soon,
        query=_query(),
        chips=_chips(chosen),
        districts=_districts(),
        types=db.session.scalars(select(TypeEntry).order_by(TypeEntry.position)).all(),
        purposes=labels.PURPOSES,
        trend=trend_line(report.trend, report.day, report.total),
    )


@blueprint.get("/overdue.xlsx")
@requires("report.export", replica=True)
def overdue_xlsx() -> Response:
    """The report as a workbook: one table, with every group and its ageing, and the definitions."""
    report = overdue_report(db.session(), actor(), today=today(), chosen=_chosen(), top=1000)
    headings = [_("Grouped by"), _("Name"), _("District"), _("In use"), _("Overdue"), _("Planned")]
    columns = [ListColumn(str(heading)) for heading in [*headings, *ageing_words()]]
    file = write_xlsx(
        columns, _rows(report), title=_("Overdue %(day)s", day=report.day.isoformat()), definitions=_definitions()
    )
    return send_file(file, mimetype=XLSX, as_attachment=True, download_name=f"overdue-{report.day.isoformat()}.xlsx")


@blueprint.get("/overdue.pdf")
@requires("report.export", replica=True)
def overdue_pdf() -> Response:
    """The report on two A4 pages."""
    chosen = _chosen()
    report = overdue_report(db.session(), actor(), today=today(), chosen=chosen)
    data = sheet_pdf.overdue_pdf(_paper(report, chosen), language="zh" if is_zh() else "zh-en")
    name = f"overdue-{report.day.isoformat()}.pdf"
    return Response(data, mimetype="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


def ageing_words() -> list[str]:
    """The classes of ageing, in words."""
    return [
        str(_("%(first)d–%(last)d days", first=one.first, last=one.last))
        if one.last
        else str(_("over %(days)d days", days=one.first - 1))
        for one in AGEING
    ]


def behind(**narrower: str | None) -> str:
    """The address of the instruments behind a figure of this report."""
    query: dict[str, Any] = {**_query(), "due": "overdue", "state": "in_use", **narrower}
    return url_for("instruments.listing", **{key: value for key, value in query.items() if value})


def behind_soon() -> str:
    """The address of the instruments that will fall overdue within the days the report looks ahead."""
    last = today() + SOON - timedelta(days=1)
    query: dict[str, Any] = {
        **_query(),
        "state": "in_use",
        "due_from": today().isoformat(),
        "due_to": last.isoformat(),
    }
    return url_for("instruments.listing", **query)


def _query() -> dict[str, str]:
    return {key: request.args[key] for key in KEYS if request.args.get(key)}


def _chosen() -> OverdueFilter:
    asked = request.args
    return OverdueFilter(
        district_code=asked.get("district") or None,
        type_code=asked.get("type") or None,
        holder_id=asked.get("holder", type=int),
        place_id=asked.get("place", type=int),
        purpose=asked.get("purpose") if asked.get("purpose") in labels.PURPOSES else None,
    )


def _districts() -> list[District]:
    rows = db.session.scalars(select(District).order_by(District.position)).all()
    mine = actor().district_code
    return [row for row in rows if mine is None or row.code == mine]


def _chips(chosen: OverdueFilter) -> list[tuple[str, str, str]]:
    """What the report is narrowed to, in words, each with the address without it."""
    named: list[tuple[str, str, str]] = []
    for key, label, row in (
        ("district", _("District"), db.session.get(District, chosen.district_code or "")),
        ("type", _("Type"), db.session.get(TypeEntry, chosen.type_code or "")),
        ("holder", _("Holder"), _visible(Holder, chosen.holder_id)),
        ("place", _("Place"), _visible(Place, chosen.place_id)),
    ):
        if row is not None:
            named.append((str(label), pick(row), _without(key)))
    if chosen.purpose:
        named.append((str(_("Purpose")), str(labels.PURPOSES[chosen.purpose]), _without("purpose")))
    return named


def _visible(model: Any, key: int | None) -> Any:
    row = db.session.get(model, key) if key else None
    if row is None or not sees(
        actor(), district_code=row.district_code, holder_id=getattr(row, "organiser_id", row.id)
    ):
        return None
    return row


def _without(key: str) -> str:
    kept: dict[str, Any] = {name: value for name, value in _query().items() if name != key}
    return url_for("reports.overdue", **kept)


def trend_line(trend: Sequence[TrendPoint], day: date, total: int | None) -> list[dict[str, Any]]:
    """Points of a trend up to now, for drawing: x in steps, y as a share of the largest; None where no figure was kept."""
    points = [(point.day, point.overdue) for point in trend] + ([(day, total)] if trend else [])
    most = max((value for _day, value in points if value is not None), default=0) or 1
    return [
        {"day": day, "value": value, "x": index, "height": None if value is None else round(100 * value / most, 1)}
        for index, (day, value) in enumerate(points)
    ]


def _rows(report: OverdueReport) -> list[list[Any]]:
    sections: tuple[tuple[str, tuple[OverdueGroup, ...]], ...] = (
        (_("District"), report.districts),
        (_("Type"), report.types),
        (_("Market, station or community"), report.places),
        (_("Holder"), report.holders),
    )
    return [
        [
            str(section),
            _name(group),
            _district_of(group),
            group.in_use or None,
            group.total,
            group.planned,
            *group.ageing,
        ]
        for section, groups in sections
        for group in groups
    ]


def _name(group: OverdueGroup) -> str:
    return pick({"zh": group.name, "en": group.name_en}) or str(_("No district recorded"))


def _district_of(group: OverdueGroup) -> str:
    return pick({"zh": group.district_zh, "en": group.district_en})


def _definitions() -> list[tuple[str, str]]:
    return [
        (str(_("Overdue")), str(_("In use, and the last valid day has passed. Counted from the day after it."))),
        (str(_("In use")), str(_("Instruments in the state “in use”; a dispenser is counted by its nozzles."))),
        (str(_("Planned")), str(_("Of the overdue, those on a visit that is not finished."))),
        (str(_("Day")), today().isoformat()),
    ]


def _paper(report: OverdueReport, chosen: OverdueFilter) -> sheet_pdf.OverdueReport:
    bureau = bureau_settings.read(db.session())
    scope = " · ".join(value for _label, value, _url in _chips(chosen)) or str(_("The whole city"))
    never = date.max
    return sheet_pdf.OverdueReport(
        body_name=bureau.bureau_name,
        scope=scope,
        as_of=report.day.isoformat(),
        overdue=report.total,
        in_use=report.in_use,
        change_since_last_month=report.change,
        planned=report.planned,
        due_in_30_days=report.soon,
        ageing=tuple(
            sheet_pdf.AgeingBand(Bilingual(zh=zh, en=en), count)
            for (zh, en), count in zip(_bands(), report.ageing, strict=True)
        ),
        districts=tuple(
            sheet_pdf.OverdueDistrict(_name(one), one.in_use, one.total, one.planned, one.ageing)
            for one in report.districts
        ),
        holders=tuple(
            sheet_pdf.OverdueHolder(
                one.name,
                _district_of(one),
                one.in_use,
                one.total,
                (report.day - (one.oldest or never)).days if one.oldest else 0,
            )
            for one in report.holders
        ),
        types=tuple(
            sheet_pdf.OverdueType(Bilingual(zh=one.name, en=one.name_en), one.in_use, one.total) for one in report.types
        ),
        trend=tuple(
            sheet_pdf.OverdueMonth(point.day.strftime("%Y-%m"), point.overdue)
            for point in report.trend
            if point.overdue is not None
        ),
    )


def _bands() -> list[tuple[str, str]]:
    return [
        (f"{one.first}–{one.last} 天", f"{one.first}–{one.last} days")
        if one.last
        else (f"{one.first - 1} 天以上", f"over {one.first - 1} days")
        for one in AGEING
    ]
