"""Cells of a ledger as people write them: days in every shape, blanks that are not blank, totals and notes between the rows.

Nothing is guessed: a day that can be read in two ways (3/4/2026), or lies on no calendar, is a problem and not a day.

>>> [read_day(text).isoformat() for text in (" 2026-05-22 ", "2026/5/2", "2026.5.5", "20260823", "2027年2月21日", "２０２６．１．２")]
['2026-05-22', '2026-05-02', '2026-05-05', '2026-08-23', '2027-02-21', '2026-01-02']
>>> read_day("2025-02-30")
Traceback (most recent call last):
metrology.domain.problems.Problem: bad_date: value=2025-02-30
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from metrology.domain.problems import Problem
from metrology.domain.quantity import unit_of

Cell = str | Decimal | date | bool | None

_BLANK_MARKS = frozenset(
    {
        "/",
        "\\",
        "//",
        "-",
        "--",
        "---",
        "—",
        "——",
        "–",
        "无",
        "空",
        "n/a",
        "na",
        "none",
        "null",
        "nil",
        "?",
        "??",
        "???",
    }
)
_SPREADSHEET_ERROR = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)", re.IGNORECASE)


def written(cell: Cell) -> str:
    """A cell as one line of text: full-width letters and digits as half-width ones, without blanks at its ends.

    Chinese punctuation stays as it is: it belongs to the names of companies. A mark that says "nothing" is nothing.

    >>> written(" ＹＨ１０００１１ "), written(Decimal("100.0")), written("示范(集团)公司"), written("／"), written("无")
    ('YH100011', '100', '示范(集团)公司', '', '')
    """
    if isinstance(cell, str):
        return _one_line(cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, date):
        return cell.isoformat()
    return f"{cell.normalize():f}" if cell else "0"


@lru_cache(maxsize=8192)
def _one_line(cell: str) -> str:
    text = " ".join(half_width(cell).split())
    if text[:1] == "#" and _SPREADSHEET_ERROR.fullmatch(text):
        raise Problem("spreadsheet_error", value=text)
    is_mark = len(text) <= 4 and unicodedata.normalize("NFKC", text).casefold() in _BLANK_MARKS
    return "" if is_mark else text


def half_width(text: str) -> str:
    """Full-width letters, digits and blanks as half-width ones, and nothing else changed.

    >>> half_width("ＤＨ１００（乙）　Ⅲ级")
    'DH100（乙） Ⅲ级'
    """
    if text.isascii():
        return text
    return text.translate(_HALF)


_HALF = {code + 0xFEE0: chr(code) for code in range(0x21, 0x7F) if chr(code).isalnum() or chr(code) in "-./#+%=_&"}
_HALF |= {0x3000: " ", 0xA0: " ", 0x200B: "", 0xFEFF: "", 0x2060: ""}

# -- days

_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_DAY_ZERO = date(1899, 12, 30)
"""Day 0 of spreadsheets that count from 1900 and believe in 1900-02-29."""
_SERIALS = range(20_000, 91_313)
"""1954-10-03 to 2149-12-31: what a bare five-digit number in a column of days may be."""
_SEPARATED = re.compile(r"(\d{4})\s*[-/.,、。_年 ~·]\s*(\d{1,2})\s*[-/.,、。_月 ~·]\s*(\d{1,2})\s*[日号]?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_TIME = re.compile(r"[ T]*\d{1,2}[:时]\d{1,2}(?:[:分]\d{1,2}(?:\.\d+)?)?(?:秒|分|Z|\+\d\d:\d\d)?$")
_WEEKDAY = re.compile(r"\s*[(]?(?:星期|周|礼拜)[一二三四五六日天][)]?$")
_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTHS = {name: month for month, full in enumerate(_MONTH_NAMES, 1) for name in (full, full[:3])}
_DAY_MONTH_YEAR = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ -]([A-Za-z]{3,9})\.?,?[ -](\d{4})")
_MONTH_DAY_YEAR = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_CHINESE = re.compile(
    r"([〇零○一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})[日号]"
)
_CHINESE_DIGITS = {letter: index for index, letter in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}


def read_day(cell: Cell, field: str | None = None) -> date | None:
    """The day a cell says; None when it is blank. Raises `bad_date` for everything else.

    >>> read_day(Decimal(46164)), read_day(Decimal(20260823)), read_day("2026年5月22日 10:30"), read_day("22 May 2026")
    (datetime.date(2026, 5, 22), datetime.date(2026, 8, 23), datetime.date(2026, 5, 22), datetime.date(2026, 5, 22))
    >>> read_day("—") is None
    True
    """
    if isinstance(cell, date):
        return _within(cell.year, cell.month, cell.day, cell.isoformat(), field)
    if isinstance(cell, bool):
        raise Problem("bad_date", field, value=written(cell))
    text = written(cell)
    if not text:
        return None
    if isinstance(cell, Decimal):
        text = text.partition(".")[0] if _SERIAL.fullmatch(text) else text
    return _day_of(text, field)


@lru_cache(maxsize=8192)
def _day_of(text: str, field: str | None) -> date:
    text = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-").strip()
    parts = _day_parts(_TIME.sub("", _WEEKDAY.sub("", text)))
    if parts is None:
        raise Problem("bad_date", field, value=text[:64])
    return _within(*parts, text, field)


def _day_parts(text: str) -> tuple[int, int, int] | None:
    if found := _SEPARATED.fullmatch(text) or _COMPACT.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _SERIAL.fullmatch(text):
        serial = int(found[1])
        day = _DAY_ZERO + timedelta(days=serial)
        return (day.year, day.month, day.day) if serial in _SERIALS else None
    if found := _DAY_MONTH_YEAR.fullmatch(text):
        return _named(found[3], found[2], found[1])
    if found := _MONTH_DAY_YEAR.fullmatch(text):
        return _named(found[3], found[1], found[2])
    if found := _CHINESE.fullmatch(text):
        year = int("".join(str(_CHINESE_DIGITS[letter]) for letter in found[1]))
        return year, _chinese_number(found[2]), _chinese_number(found[3])
    return None


def _named(year: str, month: str, day: str) -> tuple[int, int, int] | None:
    known = _MONTHS.get(month.casefold())
    return (int(year), known, int(day)) if known else None


def _chinese_number(text: str) -> int:
    """1 to 39 as it is said: 五, 十二, 二十, 三十一."""
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return int("".join(str(_CHINESE_DIGITS[letter]) for letter in text))
    return (_CHINESE_DIGITS.get(tens, 0) if tens else 1) * 10 + (_CHINESE_DIGITS.get(ones, 0) if ones else 0)


def _within(year: int, month: int, day: int, text: str, field: str | None) -> date:
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise Problem("bad_date", field, value=text[:64]) from error
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise Problem("bad_date", field, value=text[:64])
    return found


# -- rows that are no instruments

_TOTALS = re.compile(
    r"(本页|本表|本市场|全市|全县|全区)?(合计|总计|小计|共计|累计|总数|总和)([:(].*)?|以上(合计|共计).*"
    r"|(grand |sub)?totals?([: ].*)?|sum",
    re.IGNORECASE,
)
_NOTES = re.compile(
    r"(注|备注|附注|说明|填表说明|填报说明|填表人|制表人?|填报人|填报单位|审核人?|复核人?|单位负责人|负责人|填报日期|制表日期|编制|日期|联系电话"
    r"|note|notes|remarks?|prepared by|checked by)\s*\d*\s*[:.、,].*",
    re.IGNORECASE,
)


def is_totals_line(texts: Sequence[str]) -> bool:
    """Whether the first thing written in a row says that the row sums up the others.

    >>> is_totals_line(["合 计", "", "420"]), is_totals_line(["", "小计:", "12"]), is_totals_line(["1", "合计市场"])
    (True, True, False)
    """
    first = next((text for text in texts if text), "")
    return _TOTALS.fullmatch(unicodedata.normalize("NFKC", first).replace(" ", "")) is not None


def is_note_line(texts: Sequence[str]) -> bool:
    """Whether a row is a remark or the names at the foot of the table: it opens as such, and little else stands in it.

    >>> is_note_line(["备注:本表一式两份"]), is_note_line(["填表人:张三", "", "审核人:李四"]), is_note_line(["1", "A12"])
    (True, True, False)
    """
    filled = [text for text in texts if text]
    return bool(filled) and len(filled) <= 4 and _NOTES.fullmatch(unicodedata.normalize("NFKC", filled[0])) is not None


# -- headings

_BRACKETED = re.compile(r"(?P<name>.+?)[(\[【](?P<inside>[^()\[\]【】]*)[)\]】]\*?")
_SPACED = re.compile(r"(?P<name>.+?)\s+(?P<inside>\S+)")
_SLASHED = re.compile(r"(?P<name>.+?)\s*[/,]\s*(?P<inside>[^/,]+/?[^/,]*)")


def heading_unit(heading: str) -> tuple[str, str | None]:
    """A heading without the unit it gives for its column, and that unit.

    >>> heading_unit("最大秤量(kg)"), heading_unit("Q3(m³/h)"), heading_unit("最大秤量/kg"), heading_unit("Q3/Q1")
    (('最大秤量', 'kg'), ('Q3', 'm³/h'), ('最大秤量', 'kg'), ('Q3/Q1', None))
    """
    text = unicodedata.normalize("NFKC", heading).strip()
    for form in (_BRACKETED, _SPACED, _SLASHED):
        found = form.fullmatch(text)
        unit = unit_of(found["inside"]) if found else None
        if found and unit:
            return found["name"].strip(), unit.symbol
    return text, None


def heading_name(heading: str) -> str:
    """A heading without what stands in brackets and without the star of a required column.

    >>> heading_name("*出厂编号(必填)"), heading_name("使用单位(人)")
    ('出厂编号', '使用单位')
    """
    text = unicodedata.normalize("NFKC", heading).strip(" *")
    found = _BRACKETED.fullmatch(text)
    return (found["name"] if found else text).strip(" *")
