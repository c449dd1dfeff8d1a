"""The overdue report as XLSX and PDF, in the language of the reader: for the page, and for whoever gets it by mail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import IO, Final

from sqlalchemy.orm import Session

from metrology.documents import sheet_pdf
from metrology.documents.bilingual import Bilingual
from metrology.documents.spreadsheet_out import ListColumn, write_xlsx
from metrology.documents.workbook import Cell
from metrology.domain.authority import Actor, sees
from metrology.domain.problems import Problem
from metrology.domain.schedule import AGEING
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.places import Place
from metrology.services import settings as bureau_settings
from metrology.services.own_list_parts import said
from metrology.services.own_list_words import PURPOSES
from metrology.services.reporting import OverdueFilter, OverdueGroup, OverdueReport, overdue_report

KEYS: Final = ("district", "type", "holder", "place", "purpose")
"""What narrows the report in its address."""
_BANDS: Final = tuple(
    Bilingual(f"{one.first}–{one.last} 天", f"{one.first}–{one.last} days")
    if one.last
    else Bilingual(f"{one.first - 1} 天以上", f"over {one.first - 1} days")
    for one in AGEING
)
_HEADINGS: Final = (
    (Bilingual("分组依据", "Grouped by"), 16),
    (Bilingual("名称", "Name"), 34),
    (Bilingual("区县", "District"), 16),
    (Bilingual("在用", "In use"), 10),
    (Bilingual("逾期", "Overdue"), 10),
    (Bilingual("已排检", "Planned"), 10),
)
_SECTIONS: Final = {
    "districts": Bilingual("区县", "District"),
    "types": Bilingual("器具种类", "Type"),
    "places": Bilingual("市场、加油站、小区", "Market, station or community"),
    "holders": Bilingual("使用单位", "Holder"),
}
_MEANT: Final = (
    (
        Bilingual("逾期", "Overdue"),
        Bilingual(
            "在用，且有效期最后一日已过；自次日起计。",
            "In use, and the last valid day has passed. Counted from the day after it.",
        ),
    ),
    (
        Bilingual("在用", "In use"),
        Bilingual(
            "状态为“在用”的器具；加油机按枪计。",
            "Instruments in the state “in use”; a dispenser is counted by its nozzles.",
        ),
    ),
    (
        Bilingual("已排检", "Planned"),
        Bilingual("逾期器具中，已列入尚未完成的检定安排的。", "Of the overdue, those on a visit that is not finished."),
    ),
    (
        Bilingual("逾期时长", "Ageing"),
        Bilingual(
            "制表日减有效期最后一日的天数，分四段。",
            "Days from the last valid day to the day of the report, in four classes.",
        ),
    ),
)
_TITLE: Final = Bilingual("逾期", "Overdue")
_CITY: Final = Bilingual("全市", "The whole city")
_NO_DISTRICT: Final = Bilingual("未登记区县", "No district recorded")
_DAY: Final = Bilingual("制表日", "Day")
_SCOPE: Final = Bilingual("范围", "Scope")


def filter_of(query: Mapping[str, str]) -> OverdueFilter:
    """What the values of an address narrow the report to. A key that is none is refused."""
    for key in ("holder", "place"):
        if query.get(key) and not (query[key].isascii() and query[key].isdecimal() and len(query[key]) < 19):
            raise Problem("own_list_bad_value", key, value=query[key][:40])
    return OverdueFilter(
        district_code=query.get("district") or None,
        type_code=query.get("type") or None,
        holder_id=int(query["holder"]) if query.get("holder") else None,
        place_id=int(query["place"]) if query.get("place") else None,
        purpose=query.get("purpose") if query.get("purpose") in PURPOSES else None,
    )


def xlsx(session: Session, actor: Actor, chosen: OverdueFilter, *, today: date, language: str) -> IO[bytes]:
    """One table with every group and its ageing, and the definitions on a second sheet."""
    report = overdue_report(session, actor, today=today, chosen=chosen, top=1000)
    columns = [ListColumn(said(heading, language), width) for heading, width in _HEADINGS]
    columns += [ListColumn(said(band, language), 12) for band in _BANDS]
    meant = [
        (said(_DAY, language), report.day.isoformat()),
        (said(_SCOPE, language), scope_words(session, actor, chosen, language)),
        *((said(name, language), said(meaning, language)) for name, meaning in _MEANT),
    ]
    title = f"{said(_TITLE, language)} {report.day.isoformat()}"
    return write_xlsx(columns, _rows(report, language), title=title, definitions=meant)


def _rows(report: OverdueReport, language: str) -> list[list[Cell]]:
    found: list[list[Cell]] = []
    for section, heading in _SECTIONS.items():
        for group in getattr(report, section):
            line: list[Cell] = [said(heading, language), _name(group, language), _district(group, language)]
            line += [group.in_use or None, group.total, group.planned]
            line.extend(group.ageing)
            found.append(line)
    return found


def pdf(
    session: Session,
    actor: Actor,
    chosen: OverdueFilter,
    *,
    today: date,
    language: str,
    fonts_folder: Path | None = None,
) -> bytes:
    """Two A4 pages for a director."""
    report = overdue_report(session, actor, today=today, chosen=chosen)
    paper = _paper(session, actor, report, chosen, language)
    return sheet_pdf.overdue_pdf(paper, language="zh-en" if language == "en" else "zh", fonts_folder=fonts_folder)


def scope_words(session: Session, actor: Actor, chosen: OverdueFilter, language: str) -> str:
    """What the report is narrowed to, in words; a thing outside the reader's scope is not named."""
    named: list[str] = []
    rows = (session.get(District, chosen.district_code or ""), session.get(TypeEntry, chosen.type_code or ""))
    named += [row.name_en if language == "en" else row.name_zh for row in rows if row is not None]
    holder = session.get(Holder, chosen.holder_id) if chosen.holder_id else None
    if holder is not None and sees(actor, district_code=holder.district_code, holder_id=holder.id):
        named.append(holder.name)
    place = session.get(Place, chosen.place_id) if chosen.place_id else None
    if place is not None and sees(actor, district_code=place.district_code, holder_id=place.organiser_id):
        named.append(place.full_name)
    if chosen.purpose:
        named.append(said(PURPOSES[chosen.purpose], language))
    if not chosen.district_code and actor.district_code is not None:
        mine = session.get(District, actor.district_code)
        named[:0] = [] if mine is None else [mine.name_en if language == "en" else mine.name_zh]
    return " · ".join(named) or said(_CITY, language)


def _name(group: OverdueGroup, language: str) -> str:
    return said(Bilingual(group.name, group.name_en), language) or said(_NO_DISTRICT, language)


def _district(group: OverdueGroup, language: str) -> str:
    return said(Bilingual(group.district_zh or "", group.district_en or ""), language)


def _paper(
    session: Session, actor: Actor, report: OverdueReport, chosen: OverdueFilter, language: str
) -> sheet_pdf.OverdueReport:
    return sheet_pdf.OverdueReport(
        body_name=bureau_settings.read(session).bureau_name,
        scope=scope_words(session, actor, chosen, language),
        as_of=report.day.isoformat(),
        overdue=report.total,
        in_use=report.in_use,
        change_since_last_month=report.change,
        planned=report.planned,
        due_in_30_days=report.soon,
        ageing=tuple(
            sheet_pdf.AgeingBand(band, count) for band, count in zip(_BANDS, report.ageing, strict=True)
        ),
        districts=tuple(
            sheet_pdf.OverdueDistrict(_name(one, language), one.in_use, one.total, one.planned, one.ageing)
            for one in report.districts
        ),
        holders=tuple(
            sheet_pdf.OverdueHolder(
                one.name, _district(one, language), one.in_use, one.total,
                (report.day - one.oldest).days if one.oldest else 0,
            )
            for one in report.holders
        ),
        types=tuple(
            sheet_pdf.OverdueType(Bilingual(one.name, one.name_en), one.in_use, one.total) for one in report.types
        ),
        trend=tuple(
            sheet_pdf.OverdueMonth(point.day.strftime("%Y-%m"), point.overdue)
            for point in report.trend
            if point.overdue is not None
        ),
    )  # fmt: skip
