"""Working papers: the day's sheet that a verifier takes along, and the overdue report that a director reads.

Both are drawn from plain values, in Chinese (`zh`) or Chinese with English (`zh-en`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from metrology.documents.certificate_facts import Bilingual
from metrology.documents.qr import qr_svg
from metrology.documents.typesetting import typeset

SheetLanguage = Literal["zh", "zh-en"]

_MOST_HOLDERS: Final = 20
_MOST_TYPES: Final = {"zh": 11, "zh-en": 9}
"""With English below it a type takes more of the second page."""
_MOST_PLACES: Final = 11
_PLACE_WIDTH: Final = 26
_MOST_DISTRICTS: Final = 18
_MONTHS: Final = 13
_DISTRICT_WIDTH: Final = 20
_HOLDER_WIDTH: Final = 42
_TYPE_WIDTH: Final = 22
_SECOND_WIDTH: Final = 38
"""English below a name, in smaller letters."""
_BESIDE_WIDTH: Final = 18
"""A district beside a holder or place."""
_LAST_NARROW: Final = 0x2E7F


@dataclass(frozen=True, slots=True)
class DaySheetRow:
    """One instrument to visit."""

    place: str
    """Market and stall, station and island."""
    holder: str
    instrument: str
    model: str
    serial_number: str
    registry_number: str
    due: str
    """ISO day on which it falls due, or empty when never verified."""
    overdue_days: int
    """Days since it fell due on the day of the visit; 0 or less is not overdue."""
    qr_text: str
    """Address of the instrument in the register; empty prints no code."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class DaySheet:
    """One visit of one day."""

    number: str
    day: str
    """ISO."""
    weekday: Bilingual
    where: str
    address: str
    contact: str
    """Whom to ask for, with telephone; leaves with the sheet, so only what the visit needs."""
    team: tuple[str, ...]
    rows: tuple[DaySheetRow, ...]
    remarks: str = ""


def day_sheet_pdf(sheet: DaySheet, *, language: SheetLanguage = "zh", fonts_folder: Path | None = None) -> bytes:
    """A4 landscape: a row to tick for each instrument, with a small code that opens it on a phone."""
    rows = [{**asdict(row), "qr_svg": qr_svg(row.qr_text, border=0) if row.qr_text else ""} for row in sheet.rows]
    data = {**asdict(sheet), "rows": rows, "language": language}
    return typeset("day_sheet.typ", data, day=date.fromisoformat(sheet.day), fonts_folder=fonts_folder)


@dataclass(frozen=True, slots=True)
class AgeingBand:
    """Instruments overdue for a span of days, such as `31–90 天`."""

    label: Bilingual
    count: int


@dataclass(frozen=True, slots=True)
class OverdueDistrict:
    """A district's line: `ageing` in the order of the report's bands."""

    name: Bilingual
    in_use: int
    overdue: int
    planned: int | None
    ageing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OverdueHolder:
    """A holder with many overdue instruments."""

    name: str
    district: str
    in_use: int
    overdue: int
    oldest_days: int


@dataclass(frozen=True, slots=True)
class OverduePlace:
    """A market, station or community with many overdue instruments."""

    name: str
    district: str
    overdue: int


@dataclass(frozen=True, slots=True)
class OverdueAhead:
    """What falls overdue within so many days; `planned` is None where it is not known."""

    days: int
    count: int
    planned: int | None


@dataclass(frozen=True, slots=True)
class OverdueType:
    """An instrument type's line."""

    name: Bilingual
    in_use: int
    overdue: int


@dataclass(frozen=True, slots=True)
class OverdueMonth:
    """Overdue at the end of a month (`2026-11`)."""

    month: str
    overdue: int


@dataclass(frozen=True, slots=True)
class OverdueReport:
    """What the overdue report shows; lists come sorted, the worst first."""

    body_name: str
    scope: str
    """Whose instruments: the city, a district, a type chosen by filter."""
    as_of: str
    """ISO day."""
    overdue: int
    in_use: int
    change_since_last_month: int | None
    """None when there is nothing to compare with."""
    planned: int | None
    """Of the overdue, those with a visit planned; None on a past day of which it is not known."""
    ahead: tuple[OverdueAhead, ...]
    never_verified: int
    ageing: tuple[AgeingBand, ...]
    districts: tuple[OverdueDistrict, ...]
    holders: tuple[OverdueHolder, ...]
    places: tuple[OverduePlace, ...]
    types: tuple[OverdueType, ...]
    trend: tuple[OverdueMonth, ...]


def overdue_pdf(report: OverdueReport, *, language: SheetLanguage = "zh", fonts_folder: Path | None = None) -> bytes:
    """Two A4 pages: figures, ageing, districts and trend; then the twenty worst holders and the types."""
    most_types = _MOST_TYPES[language]
    data: dict[str, Any] = {
        **asdict(report),
        "language": language,
        "districts": [
            {**asdict(row), "name": _short_name(row.name, _DISTRICT_WIDTH, _DISTRICT_WIDTH)}
            for row in report.districts[:_MOST_DISTRICTS]
        ],
        "more_districts": max(0, len(report.districts) - _MOST_DISTRICTS),
        "holders": [
            _short({**asdict(row), "district": _cut(row.district, _BESIDE_WIDTH)}, _HOLDER_WIDTH)
            for row in report.holders[:_MOST_HOLDERS]
        ],
        "places": [
            _short({**asdict(row), "district": _cut(row.district, _BESIDE_WIDTH)}, _PLACE_WIDTH)
            for row in report.places[:_MOST_PLACES]
        ],
        "types": [
            {**asdict(row), "name": _short_name(row.name, _TYPE_WIDTH, _SECOND_WIDTH)}
            for row in report.types[:most_types]
        ],
        "more_types": max(0, len(report.types) - most_types),
        "trend": [asdict(month) for month in report.trend[-_MONTHS:]],
    }
    return typeset("overdue.typ", data, day=date.fromisoformat(report.as_of), fonts_folder=fonts_folder)


def _short_name(name: Bilingual, most: int, most_second: int) -> dict[str, str]:
    return {"zh": _cut(name.zh, most), "en": _cut(name.en, most_second)}


def _short(row: dict[str, Any], most: int) -> dict[str, Any]:
    """The name cut to one line of its column, so that the report keeps to its two pages."""
    return {**row, "name": _cut(row["name"], most)}


def _cut(text: str, most: int) -> str:
    """At most `most` narrow characters wide; a Chinese one is two."""
    width = 0
    for index, character in enumerate(text):
        width += 2 if ord(character) > _LAST_NARROW else 1
        if width > most:
            return text[: index - 1] + "…"
    return text
