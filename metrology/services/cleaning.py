"""Text as it is stored, and as it is compared. Forms, imports and the API clean what they are given here and nowhere else.

Words (names, addresses) keep the width of their characters; codes (serial numbers, models) are kept half-width, because
that is how they stand on a nameplate.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from datetime import date
from functools import lru_cache

from metrology.domain.problems import BadChoice, BadText, Problem

LINE = 200
NOTE = 4000
_EARLIEST = date(1950, 1, 1)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
_MEANS_NOTHING = frozenset({"-", "--", "---", "/", "\\", "无", "n/a", "none", "不详"})


def words(field: str, text: str | None, limit: int = LINE) -> str:
    """Text with single blanks and nothing invisible in it.

    >>> words("name", "  东湖　 市场 ")
    '东湖 市场'
    """
    if not text:
        return ""
    clean = _one_line(text)
    if not clean.isprintable():
        raise BadText(field, value="".join(c for c in clean if c.isprintable())[:64])
    if len(clean) > limit:
        raise Problem("text_too_long", field, limit=limit)
    return clean


@lru_cache(maxsize=4096)
def _one_line(text: str) -> str:
    return " ".join(text.split())


def code(field: str, text: str | None, limit: int = LINE) -> str:
    """A code as on a nameplate: half-width.

    >>> code("serial_number", "ＤＨ１００ ")
    'DH100'
    """
    if not text:
        return ""
    return words(field, text if text.isascii() else unicodedata.normalize("NFKC", text), limit)


def paragraph(field: str, text: str | None, limit: int = NOTE) -> str:
    """Text of several lines."""
    if not text:
        return ""
    lines = (" ".join(line.split()) for line in text.splitlines())
    clean = "\n".join(lines).strip()
    if not clean.replace("\n", "").isprintable():
        raise BadText(field, value="".join(c for c in clean if c.isprintable())[:64])
    if len(clean) > limit:
        raise Problem("text_too_long", field, limit=limit)
    return clean


@lru_cache(maxsize=16384)
def key_of(text: str) -> str:
    """What two spellings of one name or number have in common: width, case and blanks do not count.

    >>> key_of("ＪＹ－100 a"), key_of("JY—100A")
    ('jy-100a', 'jy-100a')
    """
    normal = text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold().translate(_DASHES)
    return "".join(normal.split()).replace("|", "/")


def comparable(field: str, text: str, limit: int = LINE) -> str:
    """Cleaned text, whose key is kept too: it has as many characters at most. ㍿ is one and is compared as 株式会社."""
    if not text.isascii() and len(key_of(text)) > limit:
        raise Problem("text_too_long", field, limit=limit)
    return text


def says_nothing(text: str) -> bool:
    """Whether a cell is filled with what stands for nothing: a dash, 无."""
    return not text or key_of(text) in _MEANS_NOTHING


def choice(field: str, value: str | None, allowed: Collection[str], default: str) -> str:
    """One of the values allowed; the default when nothing is said."""
    if not value:
        return default
    if value not in allowed:
        raise BadChoice(field, value=value[:64])
    return value


def day(field: str, value: date | None, today: date, *, future: str = "") -> date | None:
    """A day people can have meant; one after today is refused with the code ``future``, when given."""
    if value is None:
        return None
    if value < _EARLIEST or value.year > today.year + 50:
        raise Problem("date_out_of_range", field, value=value.isoformat())
    if future and value > today:
        raise Problem(future, field, value=value.isoformat())
    return value
