"""Indicators as XLSX and PDF, in the language of the reader: for the page, and for whoever gets them by mail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import IO, Final

from sqlalchemy.orm import Session

from metrology.documents.bilingual import CITY, Bilingual, in_both, of_paper
from metrology.documents.indicators_pdf import DefinitionText, IndicatorLine, IndicatorsPaper, indicators_pdf
from metrology.documents.spreadsheet_out import ListColumn, write_xlsx
from metrology.documents.workbook import Cell
from metrology.domain.authority import Actor
from metrology.domain.indicator import INDICATORS, Indicator
from metrology.domain.period import FIRST_YEAR, Period
from metrology.domain.problems import Problem
from metrology.persistence.districts import District
from metrology.persistence.instruments import TypeEntry
from metrology.services import settings as bureau_settings
from metrology.services.indicator_counting import Asked
from metrology.services.indicators import Measure, Standing, reach, standing
from metrology.services.own_list_parts import said

KEYS: Final = ("period", "district", "type")
"""What narrows the indicators in their address."""
USUAL_PERIOD: Final = "this-year"
_HEADINGS: Final = (
    (Bilingual("指标", "Indicator"), 34),
    (Bilingual("单位", "Unit"), 12),
    (Bilingual("本期", "Figure"), 12),
    (Bilingual("分子（计入数）", "Counted"), 14),
    (Bilingual("分母", "Against"), 14),
    (Bilingual("95 % 区间下限", "95 % interval from"), 14),
    (Bilingual("95 % 区间上限", "95 % interval to"), 14),
    (Bilingual("上年同期", "A year before"), 12),
    (Bilingual("变化", "Change"), 12),
    (Bilingual("目标", "Target"), 12),
    (Bilingual("是否达标", "Target met"), 12),
)
UNITS: Final = {
    "share": Bilingual("%", "%"),
    "count": Bilingual("件次", "count"),
    "days": Bilingual("天", "days"),
    "per_10000": Bilingual("每万台件", "per 10,000"),
}
_PARTS: Final = (
    (Bilingual("分子", "Counted"), "numerator"),
    (Bilingual("分母", "Against"), "denominator"),
    (Bilingual("不计入", "Left out"), "left_out"),
    (Bilingual("计入日期", "Which day counts"), "counted_on"),
    (Bilingual("数据来源", "Where the figure comes from"), "source"),
)
_TITLE: Final = Bilingual("考核指标", "Indicators")
_PERIOD: Final = Bilingual("报告期", "Period")
_AS_OF: Final = Bilingual("截至", "As of")
_SCOPE: Final = Bilingual("范围", "What it covers")
_NOT_BY_TYPE: Final = Bilingual("不按器具种类区分，为全部种类", "not divided by type: of all types")
_DECIMALS: Final = {"share": 1, "per_10000": 2}
_MET: Final = {True: Bilingual("达标", "met"), False: Bilingual("未达标", "missed")}


def asked_of(query: Mapping[str, str], *, today: date, as_of: date | None = None) -> Asked:
    """What the values of an address ask for, as known when a day ended. A period that is none, or a day before all, is refused."""
    if as_of is not None and as_of.year < FIRST_YEAR:
        raise Problem("date_out_of_range", "as_of", value=as_of.isoformat())
    try:
        period = Period.asked(query.get("period") or USUAL_PERIOD, today)
    except ValueError as fault:
        raise Problem("bad_choice", "period", value=query.get("period", "")[:40]) from fault
    return Asked(
        period,
        today=today,
        district_code=query.get("district") or None,
        type_code=query.get("type") or None,
        as_of=as_of,
    )


def xlsx(session: Session, actor: Actor, asked: Asked, *, language: str) -> IO[bytes]:
    """Every indicator with its numbers as numbers and its last twelve months; the second sheet says what they mean."""
    rows = [standing(session, actor, one.code, asked) for one in INDICATORS]
    columns = [ListColumn(said(heading, language), width) for heading, width in _HEADINGS]
    columns += [ListColumn(period.code, 10) for period, _one in rows[0].trend]
    title = f"{said(_TITLE, language)} {asked.period.code}"
    scope = scope_words(session, actor, asked, language)
    cells = (_cells(row, language) for row in rows)
    return write_xlsx(columns, cells, title=title, definitions=list(_definitions(asked, scope, language)))


def _cells(row: Standing, language: str) -> list[Cell]:
    now = row.now
    change = None if row.change is None else _number(row.change)
    return [
        *(said(row.indicator.name, language), said(UNITS[row.indicator.unit], language), exact(now)),
        *(Decimal(now.counted), None if now.against is None else Decimal(now.against)),
        *(_number(now.low), _number(now.high), exact(row.year_before), change, row.target),
        *("" if row.meets is None else said(_MET[row.meets], language), *(exact(one) for _period, one in row.trend)),
    ]


def exact(one: Measure) -> Decimal | None:
    """A figure to four decimals, rounded once from what was counted (GB/T 8170: half to even)."""
    return None if one.exact is None else rounded(one.exact)


def rounded(value: Fraction) -> Decimal:
    """To four decimals, without those that say nothing."""
    found = Decimal(round(value * 10_000)).scaleb(-4).normalize()
    return found.quantize(Decimal(1)) if found == found.to_integral_value() else found


def _number(value: float | None) -> Decimal | None:
    return None if value is None else round(Decimal(str(value)), 4)


def _definitions(asked: Asked, scope: str, language: str) -> Iterator[tuple[str, str]]:
    yield said(_PERIOD, language), f"{asked.period.code} ({asked.period.first} – {asked.period.last})"
    yield said(_AS_OF, language), asked.day.isoformat()
    yield said(_SCOPE, language), scope
    for one in INDICATORS:
        parts = [f"{said(heading, language)}: {said(getattr(one, name), language)}" for heading, name in _PARTS]
        if asked.type_code and not one.has_types:
            parts.insert(0, said(_NOT_BY_TYPE, language))
        yield said(one.name, language), "\n".join(parts)


def scope_words(session: Session, actor: Actor, asked: Asked, language: str) -> str:
    """What the figures are narrowed to, in words."""
    reached = reach(actor, asked)
    rows = (session.get(District, reached.district_code or ""), session.get(TypeEntry, asked.type_code or ""))
    named = [row.name_en if language == "en" else row.name_zh for row in rows if row is not None]
    if rows[0] is None and not reached.district_code:
        named[:0] = [said(CITY, language)]
    return " · ".join(named)


def pdf(session: Session, actor: Actor, asked: Asked, *, language: str, fonts_folder: Path | None = None) -> bytes:
    """A4: the figures with their trends on the first page, what they mean on the next."""
    rows = [standing(session, actor, one.code, asked) for one in INDICATORS]
    paper = IndicatorsPaper(
        body_name=bureau_settings.read(session).named(of_paper(language)),
        scope=in_both(language, lambda one: scope_words(session, actor, asked, one)),
        period=asked.period.code,
        days=f"{asked.period.first} – {asked.period.last}",
        as_of=asked.day.isoformat(),
        months=tuple(f"{period.first:%y-%m}" for period, _one in rows[0].trend),
        lines=tuple(_line(row, asked, language) for row in rows),
        definitions=tuple(_definition(one) for one in INDICATORS),
    )
    return indicators_pdf(paper, language=of_paper(language), fonts_folder=fonts_folder)


def _line(row: Standing, asked: Asked, language: str) -> IndicatorLine:
    one, now = row.indicator, row.now
    of = f"{now.counted:,} / {now.against:,}" if now.against is not None else f"n = {now.counted:,}"
    if one.unit == "count" and now.against is None:
        of = ""
    change = "" if row.change is None else difference(row.change, one.unit)
    note = said(_NOT_BY_TYPE, language) if asked.type_code and not one.has_types else ""
    return IndicatorLine(
        zh=one.name.zh, en=one.name.en, figure=_figure(now, one, language), of=of,
        interval="" if now.low is None or now.high is None else f"{now.low:.1f}–{now.high:.1f} %",
        before=_figure(row.year_before, one, language), change=change, target=_target(row.target, one, language),
        meets="" if row.meets is None else "yes" if row.meets else "no",
        trend=_heights(row), note=note,
    )  # fmt: skip


def difference(value: float, unit: str = "share") -> str:
    """A difference with its sign, with the decimals its figures are written with; what rounds to nothing has no sign.

    >>> difference(-0.4), difference(0.04), difference(-54.2, "count"), difference(2.0, "days")
    ('−0.4', '±0.0', '−54', '+2')
    """
    text = f"{value:+g}" if unit == "days" else f"{value:+,.{_DECIMALS.get(unit, 0)}f}"
    return text.replace("-", "−") if any(digit in "123456789" for digit in text) else f"±{text[1:]}"


def _figure(one: Measure, indicator: Indicator, language: str) -> str:
    if one.value is None:
        return "—"
    if indicator.unit == "share":
        return f"{one.value:.1f} %"
    if indicator.unit == "days":
        return f"{one.value:g} {said(UNITS['days'], language)}"
    return f"{one.value:.2f}" if indicator.unit == "per_10000" else f"{one.value:,.0f}"


def _target(value: Decimal | None, indicator: Indicator, language: str) -> str:
    if value is None:
        return "—"
    unit = said(UNITS[indicator.unit], language) if indicator.unit in ("share", "days") else ""
    return f"{value.normalize():,f} {unit}".strip()


def _heights(row: Standing) -> tuple[float | None, ...]:
    """The months from 0 to 1; a share begins a little below its lowest, so that its moves are seen."""
    values = [one.value for _period, one in row.trend]
    known = [value for value in values if value is not None]
    low = min(known, default=0.0) * 0.9 if row.indicator.unit == "share" else 0.0
    span = (max(known, default=0.0) - low) or 1.0
    return tuple(None if value is None else round((value - low) / span, 3) for value in values)


def _definition(one: Indicator) -> DefinitionText:
    parts = tuple((heading.zh, heading.en, *getattr(one, name)) for heading, name in _PARTS)
    return DefinitionText(one.name.zh, one.name.en, parts)
