"""Indicators: all of them on one page, and each with its months, its groups, its intervals; as page, print, PDF and XLSX."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from metrology.documents.spreadsheet_out import XLSX_TYPE, ListColumn, write_xlsx
from metrology.domain.indicator import BY_CODE, INDICATORS, Indicator
from metrology.domain.period import FIRST_YEAR, Period
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.districts import District
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.instruments_then import known_from
from metrology.services import indicator_papers
from metrology.services.indicator_counting import Asked, verified_late
from metrology.services.indicators import GroupMeasure, Measure, Standing, groups, reach, standing
from metrology.web import charts, labels, saved_reports
from metrology.web import indicator_links as links
from metrology.web.filters import label, pick
from metrology.web.indicator_words import figure, target_words, written
from metrology.web.languages import choose
from metrology.web.requests import actor, requires, settings, today
from metrology.web.shown_pdf import shown_pdf

blueprint = Blueprint("indicators", __name__, url_prefix="/reports/indicators")
BREAKDOWNS = {
    "district": _l("By district"),
    "type": _l("By type"),
    "maker": _l("By manufacturer"),
    "model": _l("By model"),
    "kind": _l("By kind"),
    "verifier": _l("By verifier"),
    "standard": _l("By measurement standard"),
    "complaint_kind": _l("By what is wrong"),
}
GROUP_WORDS = {
    "district": _l("District"),
    "type": _l("Type"),
    "maker": _l("Manufacturer"),
    "model": _l("Model"),
    "kind": _l("Kind"),
    "verifier": _l("Verifier"),
    "standard": _l("Measurement standard"),
    "complaint_kind": _l("What is wrong"),
}
MOVING_WORDS = {
    "this-year": _l("This year"),
    "last-year": _l("Last year"),
    "this-quarter": _l("This quarter"),
    "last-quarter": _l("Last quarter"),
    "this-month": _l("This month"),
    "last-month": _l("Last month"),
}
_MOST_GROUPS = 40
_MOST_EXPORTED = 5000


@blueprint.get("/")
@requires("report.view", replica=True)
def dashboard() -> str:
    """Every indicator: figure, target, a year before, trend."""
    asked = _asked()
    rows = [standing(db.session(), actor(), one.code, asked) for one in INDICATORS]
    reached = reach(actor(), asked)
    return render_template(
        "indicators/dashboard.html", rows=rows, **_page(asked), spark=spark, written=written,
        counted=lambda code: links.counted(code, reached),
    )  # fmt: skip


@blueprint.get("/indicators.xlsx")
@requires("report.export", replica=True)
def dashboard_xlsx() -> Response:
    """The same as a workbook, with the definitions."""
    asked = _asked()
    file = indicator_papers.xlsx(db.session(), actor(), asked, language=choose())
    name = f"indicators-{asked.period.code}.xlsx"
    return send_file(file, mimetype=XLSX_TYPE, as_attachment=True, download_name=name)


@blueprint.get("/indicators.pdf")
@requires("report.export", replica=True)
def dashboard_pdf() -> Response:
    """The same on A4, with the definitions."""
    asked = _asked()
    data = indicator_papers.pdf(db.session(), actor(), asked, language=choose(), fonts_folder=settings().fonts_folder)
    return shown_pdf(data, f"indicators-{asked.period.code}")


@blueprint.get("/<code>")
@requires("report.view", replica=True)
def detail(code: str) -> str:
    """One indicator."""
    indicator, asked = _indicator(code), _asked()
    by = _breakdown(indicator)
    row = standing(db.session(), actor(), code, asked)
    reached = reach(actor(), asked)
    found = groups(db.session(), actor(), code, asked, by)
    return render_template(
        "indicators/detail.html",
        row=row,
        indicator=indicator,
        by=by,
        breakdowns={key: BREAKDOWNS[key] for key in indicator.by},
        breakdown_tabs=[
            (BREAKDOWNS[key], url_for(".detail", code=code, **query(by=key)), key == by) for key in indicator.by
        ],
        group_word=GROUP_WORDS[by],
        chart=_trend_chart(row, reached),
        groups=_groups_chart(row, found[:_MOST_GROUPS], by, reached),
        left=max(0, len(found) - _MOST_GROUPS),
        parts=_parts(row, reached),
        has_lists=links.has_lists(asked),
        is_of_today=asked.end == asked.today,
        is_listed=links.is_listed(asked),
        written=written,
        **_page(asked),
    )


@blueprint.get("/<code>.xlsx")
@requires("report.export", replica=True)
def detail_xlsx(code: str) -> Response:
    """The groups of an indicator as a workbook, with its definition."""
    indicator, asked = _indicator(code), _asked()
    by = _breakdown(indicator)
    found = groups(db.session(), actor(), code, asked, by)[:_MOST_EXPORTED]
    headings = [
        str(BREAKDOWNS[by]),
        _("Figure"),
        _("Counted"),
        _("Against"),
        _("Interval from"),
        _("Interval to"),
        _("Remark"),
    ]
    rows = [
        [
            *(_group_name(one, by), _cell(one.measure.value), one.measure.counted, one.measure.against),
            *(_cell(one.measure.low), _cell(one.measure.high), _remark(one.measure)),
        ]
        for one in found
    ]
    title = f"{pick(indicator.short)} {asked.period.code}"
    return _workbook(headings, rows, title, f"indicator-{code}", (indicator,), asked)


def _workbook(
    headings: list[Any], rows: list[list[Any]], title: str, name: str, said: tuple[Indicator, ...], asked: Asked
) -> Response:
    definitions = [(pick(one.name), " ".join(pick(words) for words in _sentences(one))) for one in said]
    definitions.append((str(_("As of")), asked.day.isoformat()))
    file = write_xlsx([ListColumn(str(one)) for one in headings], rows, title=title, definitions=definitions)
    return send_file(file, mimetype=XLSX_TYPE, as_attachment=True, download_name=f"{name}-{asked.period.code}.xlsx")


def _sentences(one: Indicator) -> tuple[Any, ...]:
    return (one.numerator, one.denominator, one.left_out, one.counted_on, one.source)


# -- what is asked


def _indicator(code: str) -> Indicator:
    if code not in BY_CODE:
        abort(404)
    return BY_CODE[code]


def _breakdown(indicator: Indicator) -> str:
    asked = request.args.get("by", "")
    return asked if asked in indicator.by else indicator.by[0]


def _asked() -> Asked:
    args, as_of = request.args, _day(request.args.get("as_of", ""))
    try:
        asked = indicator_papers.asked_of(args, today=today(), as_of=as_of)
    except Problem:
        asked = indicator_papers.asked_of({**args, "period": ""}, today=today(), as_of=as_of)
    return replace(asked, listed_from=known_from(db.session()))


def _day(written: str) -> date | None:
    try:
        found = date.fromisoformat(written)
    except ValueError:
        return None
    return found if found.year >= FIRST_YEAR and found < today() else None


def query(**other: Any) -> dict[str, Any]:
    """What the address asks for, with something else changed."""
    kept = {key: request.args.get(key, "") for key in ("period", "district", "type", "as_of", "by")}
    return {key: str(value) for key, value in {**kept, **other}.items() if value}


def _page(asked: Asked) -> dict[str, Any]:
    mine = actor().district_code
    districts = db.session.scalars(select(District).order_by(District.position))
    types = db.session.scalars(select(TypeEntry).where(TypeEntry.has_rules).order_by(TypeEntry.position))
    return {
        "asked": asked,
        "query": query,
        "figure": figure,
        "target_words": target_words,
        "districts": [one for one in districts if mine is None or one.code == mine],
        "types": types.all(),
        "periods": _periods(asked),
        "chosen_period": request.args.get("period") or indicator_papers.USUAL_PERIOD,
        "keep_query": {key: value for key, value in query().items() if key in indicator_papers.KEYS},
        "saved": saved_reports.opened("indicators"),
        "units": labels.UNITS,
    }


def _periods(asked: Asked) -> list[tuple[str, str]]:
    """Those that move on with the days, by name; then single months; and the one asked for."""
    moving = [(code, f"{words} · {Period.asked(code, today()).code}") for code, words in MOVING_WORDS.items()]
    month = Period.of_month(today())
    single = [(one.code, one.code) for one in (month.before(back) for back in range(2, 13))]
    chosen = request.args.get("period") or indicator_papers.USUAL_PERIOD
    known = {code for code, _words in (*moving, *single)}
    return [*moving, *single] if chosen in known else [(asked.period.code, asked.period.code), *moving, *single]


def _parts(row: Standing, asked: Asked) -> list[links.Behind]:
    if row.indicator.code != "on_time":
        return links.parts(row, asked)
    return links.on_time_parts(row, asked, verified_late(db.session(), asked))


# -- figures in words and charts


def _cell(value: float | Decimal | None) -> Decimal | None:
    """A number of a sheet: text would be no number to a spreadsheet."""
    return None if value is None else round(Decimal(str(value)), 4)


def _remark(one: Measure) -> str:
    return str(_("too few to say")) if one.is_too_few else ""


def spark(row: Standing) -> list[dict[str, Any]]:
    """Columns of the small trend: x, y, height in a box of 120 by 28; nothing where no figure is known."""
    values = [one.value for _period, one in row.trend]
    known = [value for value in values if value is not None]
    low = min(known, default=0.0) * 0.9 if row.indicator.unit == "share" else 0.0
    span = (max(known, default=0.0) - low) or 1.0
    drawn = []
    for index, ((period, one), value) in enumerate(zip(row.trend, values, strict=True)):
        height = None if value is None else round(2 + 25 * (value - low) / span, 1)
        drawn.append(
            {
                "x": index * 10,
                "height": height,
                "y": 28 - (height or 0),
                "words": f"{period.code}: {figure(one, row.indicator)}",
            }
        )
    return drawn


def _trend_chart(row: Standing, asked: Asked) -> charts.Columns:
    indicator = row.indicator
    figures = [
        charts.Figure(
            f"{period.first:%m}", one.value, shown=figure(one, indicator), note=f"{period.first:%Y}" if period.first.month == 1 else "",
            url=links.counted(indicator.code, replace(asked, period=period)),
        )
        for period, one in row.trend
    ]  # fmt: skip
    unit = {"share": " %"}.get(indicator.unit, "")
    return charts.columns(
        figures, target=row.target, target_words=target_words(row.target, indicator) if row.target is not None else "",
        most=100 if indicator.unit == "share" and indicator.direction == "higher" else None, unit=unit,
    )  # fmt: skip


def _groups_chart(row: Standing, found: list[GroupMeasure], by: str, asked: Asked) -> Any:
    indicator = row.indicator
    figures = [
        charts.Figure(
            _group_name(one, by), one.measure.value, shown=figure(one.measure, indicator),
            url=links.of_group(indicator.code, asked, by, one),
            note=_remark(one.measure) if indicator.has_interval else _of(one.measure),
        )
        for one in found
    ]  # fmt: skip
    if not indicator.has_interval:
        target = target_words(row.target, indicator) if row.target is not None else ""
        most = 100 if indicator.unit == "share" and indicator.direction == "higher" else None
        return charts.bars(figures, most=most, target=row.target, target_words=target)
    lows = [one.measure.low for one in found if one.measure.low is not None and not one.measure.is_too_few]
    highs = [one.measure.high for one in found if one.measure.high is not None and not one.measure.is_too_few]
    first, last = (
        (max(0, int(min(lows, default=0)) // 10 * 10), 100)
        if indicator.direction == "higher"
        else (0, max(10, -(-int(max(highs, default=10)) // 10) * 10))
    )
    rows = [
        charts.Interval(
            one, None if of.measure.is_too_few else of.measure.low, None if of.measure.is_too_few else of.measure.high,
            of.measure.against or 0
        )
        for one, of in zip(figures, found, strict=True)
    ]  # fmt: skip
    return charts.intervals(rows, first=first, last=last, target=row.target)


def _of(one: Measure) -> str:
    if one.against is None:
        return ""
    return str(_("%(count)s of %(all)s", count=f"{one.counted:,}", all=f"{one.against:,}"))


def _group_name(one: GroupMeasure, by: str) -> str:
    if by == "kind":
        return label(one.key, "VERIFICATION_KINDS")
    if by == "complaint_kind":
        return label(one.key, "COMPLAINT_KINDS")
    return pick({"zh": one.name_zh, "en": one.name_en}) or str(_("not recorded"))
