"""The overdue report as XLSX and PDF, in the language of the reader: for the page, and for whoever gets it by mail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO, Final

from sqlalchemy.orm import Session

from metrology.documents import sheet_pdf
from metrology.documents.bilingual import CITY, Bilingual, in_both, of_paper
from metrology.documents.spreadsheet_out import ListColumn, write_xlsx
from metrology.documents.workbook import Cell
from metrology.domain.authority import Actor, sees
from metrology.domain.overdue_figure import OVERDUE_FIGURES
from metrology.domain.problems import Problem
from metrology.domain.schedule import AGEING
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.places import Place
from metrology.services import settings as bureau_settings
from metrology.services.own_list_parts import said
from metrology.services.own_list_words import PURPOSES
from metrology.services.reporting import OverdueFilter, OverdueGroup, OverdueReport, TrendPoint, overdue_report

KEYS: Final = ("district", "type", "purpose", "age", "holder", "place")
"""What narrows the report in its address."""
MOST_GROUPS: Final = 1000
"""Holders and places in the workbook, the worst first."""
_BANDS: Final = tuple(
    Bilingual(f"{one.first}–{one.last} 天", f"{one.first}–{one.last} days")
    if one.last
    else Bilingual(f"{one.first - 1} 天以上", f"over {one.first - 1} days")
    for one in AGEING
)
_BAND_OF: Final = dict(zip((one.code for one in AGEING), _BANDS, strict=True))
_HEADINGS: Final = (
    (Bilingual("分组依据", "Grouped by"), 16),
    (Bilingual("名称", "Name"), 34),
    (Bilingual("区县", "District"), 16),
    (Bilingual("在用", "In use"), 10),
    (Bilingual("逾期", "Overdue"), 10),
    (Bilingual("逾期率, %", "Share overdue, %"), 12),
    (Bilingual("已排检", "Planned"), 10),
    (Bilingual("最早有效期至", "Oldest last valid day"), 16),
)
_SECTIONS: Final = {
    "districts": Bilingual("区县", "District"),
    "types": Bilingual("器具种类", "Type"),
    "places": Bilingual("市场、加油站、小区", "Market, station or community"),
    "holders": Bilingual("使用单位", "Holder"),
}
_TITLE: Final = Bilingual("逾期", "Overdue")
_UNKNOWN: Final = Bilingual("未知", "not known")
_NO_DISTRICT: Final = Bilingual("未登记区县", "No district recorded")
_DAY: Final = Bilingual("日期", "Day")
_SCOPE: Final = Bilingual("范围", "What it covers")
_ALL: Final = Bilingual("全部", "All")
_PLANNED: Final = Bilingual("已排检", "Planned")
_NOT_KEPT: Final = Bilingual("该日的排检情况未保存。", "How visits stood on this day was not kept yet.")


def filter_of(query: Mapping[str, str]) -> OverdueFilter:
    """What the values of an address narrow the report to. A key that is none is refused."""
    for key in ("holder", "place"):
        if query.get(key) and not (query[key].isascii() and query[key].isdecimal() and len(query[key]) < 19):
            raise Problem("own_list_bad_value", key, value=query[key][:40])
    if query.get("age") and query["age"] not in (one.code for one in AGEING):
        raise Problem("own_list_bad_value", "age", value=query["age"][:40])
    district = query.get("district") or None
    return OverdueFilter(
        district_code="" if district == "none" else district,
        age=query.get("age") or None,
        type_code=query.get("type") or None,
        holder_id=int(query["holder"]) if query.get("holder") else None,
        place_id=int(query["place"]) if query.get("place") else None,
        purpose=query.get("purpose") if query.get("purpose") in PURPOSES else None,
    )


def xlsx(session: Session, actor: Actor, chosen: OverdueFilter, *, today: date, language: str) -> IO[bytes]:
    """The workbook of today, for what a reader may see."""
    report = overdue_report(session, actor, today=today, chosen=chosen, top=MOST_GROUPS)
    return workbook(report, scope_words(session, actor, chosen, language), language)


def workbook(report: OverdueReport, scope: str, language: str) -> IO[bytes]:
    """Every group with its ageing, numbers as numbers; the second sheet says what they mean and what was asked."""
    columns = [ListColumn(said(heading, language), width) for heading, width in _HEADINGS]
    columns += [ListColumn(said(band, language), 12) for band in _BANDS]
    title = f"{said(_TITLE, language)} {report.day.isoformat()}"
    meant = list(_definitions(report, scope, language))
    return write_xlsx(columns, _rows(report, language), title=title, definitions=meant)


def _rows(report: OverdueReport, language: str) -> Iterator[list[Cell]]:
    every = said(_ALL, language)
    whole = OverdueGroup("", "", "", report.total, report.ageing, report.in_use, report.planned)
    yield _row(every, every, whole, language)
    for section, heading in _SECTIONS.items():
        for group in getattr(report, section):
            yield _row(said(heading, language), _name(group, language), group, language)


def _row(section: str, name: str, group: OverdueGroup, language: str) -> list[Cell]:
    share = (Decimal(100 * group.total) / group.in_use).quantize(Decimal("0.1")) if group.in_use else None
    return [
        section,
        name,
        _district(group, language),
        _number(group.in_use) if group.in_use else None,
        _number(group.total),
        share,
        None if group.planned is None else _number(group.planned),
        group.oldest,
        *map(_number, group.ageing),
    ]


def _number(count: int) -> Decimal:
    return Decimal(count)


def _definitions(report: OverdueReport, scope: str, language: str) -> Iterator[tuple[str, str]]:
    yield said(_DAY, language), report.day.isoformat()
    yield said(_SCOPE, language), scope
    if report.planned is None:
        yield said(_PLANNED, language), said(_NOT_KEPT, language)
    for one in OVERDUE_FIGURES:
        words = (one.numerator, one.left_out, one.counted_on, one.source)
        yield said(one.name, language), "\n".join(said(word, language) for word in words)


def pdf(
    session: Session,
    actor: Actor,
    chosen: OverdueFilter,
    *,
    today: date,
    language: str,
    fonts_folder: Path | None = None,
) -> bytes:
    """Two A4 pages of today, for what a reader may see."""
    report = overdue_report(session, actor, today=today, chosen=chosen)
    return paper(session, report, paper_scope(session, actor, chosen, language), language, fonts_folder=fonts_folder)


def paper_scope(session: Session, actor: Actor, chosen: OverdueFilter, language: str) -> str:
    """What the report is narrowed to, in the languages of its paper."""
    return in_both(language, lambda one: scope_words(session, actor, chosen, one))


def scope_words(session: Session, actor: Actor, chosen: OverdueFilter, language: str) -> str:
    """What the report is narrowed to, in words; a thing that is unknown or outside the reader's scope is not named."""
    district = chosen.district_code if chosen.district_code is not None else actor.district_code
    holder = session.get(Holder, chosen.holder_id) if chosen.holder_id else None
    if holder is not None and not sees(actor, district_code=holder.district_code, holder_id=holder.id):
        holder = None
    place = session.get(Place, chosen.place_id) if chosen.place_id else None
    if place is not None and not sees(actor, district_code=place.district_code, holder_id=place.organiser_id):
        place = None
    where = _NO_DISTRICT if district == "" else _named(session.get(District, district or ""))
    narrowed: tuple[tuple[object, Bilingual | None], ...] = (
        (district, where),
        (chosen.type_code, _named(session.get(TypeEntry, chosen.type_code or ""))),
        (chosen.holder_id, Bilingual(holder.name) if holder else None),
        (chosen.place_id, Bilingual(place.full_name) if place else None),
        (chosen.purpose, PURPOSES.get(chosen.purpose or "")),
        (chosen.age, _BAND_OF.get(chosen.age or "")),
    )
    named = [said(words or _UNKNOWN, language) for asked, words in narrowed if asked is not None]
    return " · ".join(named) or said(CITY, language)


def _named(row: District | TypeEntry | None) -> Bilingual | None:
    return None if row is None else Bilingual(row.name_zh, row.name_en)


def _name(group: OverdueGroup, language: str) -> str:
    return said(Bilingual(group.name, group.name_en), language) or said(_NO_DISTRICT, language)


def _district(group: OverdueGroup, language: str) -> str:
    return said(Bilingual(group.district_zh or "", group.district_en or ""), language)


def paper(
    session: Session, report: OverdueReport, scope: str, language: str, *, fonts_folder: Path | None = None
) -> bytes:
    """Two A4 pages for a director: in Chinese, or in both languages for who reads English; so is ``scope``, see ``paper_scope``."""
    facts = _facts(session, report, scope, language)
    return sheet_pdf.overdue_pdf(facts, language=of_paper(language), fonts_folder=fonts_folder)


def _facts(session: Session, report: OverdueReport, scope: str, language: str) -> sheet_pdf.OverdueReport:
    months = (*report.trend, TrendPoint(report.day, report.total, report.in_use)) if report.trend else ()
    return sheet_pdf.OverdueReport(
        body_name=bureau_settings.read(session).named(of_paper(language)),
        scope=scope,
        as_of=report.day.isoformat(),
        overdue=report.total,
        in_use=report.in_use,
        change_since_last_month=report.change,
        planned=report.planned,
        ahead=tuple(sheet_pdf.OverdueAhead(one.days, one.count, one.planned) for one in report.ahead),
        never_verified=report.never_verified,
        ageing=tuple(sheet_pdf.AgeingBand(band, count) for band, count in zip(_BANDS, report.ageing, strict=True)),
        districts=tuple(
            sheet_pdf.OverdueDistrict(
                Bilingual(_name(one, "zh"), _name(one, "en")), one.in_use, one.total, one.planned, one.ageing
            )
            for one in report.districts
        ),
        holders=tuple(
            sheet_pdf.OverdueHolder(
                one.name, _district(one, language), one.in_use, one.total, _age(report.day, one.oldest)
            )
            for one in report.holders
        ),
        places=tuple(sheet_pdf.OverduePlace(one.name, _district(one, language), one.total) for one in report.places),
        types=tuple(
            sheet_pdf.OverdueType(Bilingual(one.name, one.name_en), one.in_use, one.total) for one in report.types
        ),
        trend=tuple(
            sheet_pdf.OverdueMonth(point.day.strftime("%Y-%m"), point.overdue)
            for point in months
            if point.overdue is not None
        ),
    )


def _age(day: date, oldest: date | None) -> int:
    return (day - oldest).days if oldest else 0
