"""One cell of a table as a registry file keeps it: exact, the same from every database, readable by any other system.

=========  ==========================================================================================================
kind       in the file
=========  ==========================================================================================================
integer    a JSON number, 64 bits with sign
boolean    ``true`` or ``false``
text       a JSON string, Unicode, without U+0000 (PostgreSQL keeps none) and without half of a surrogate pair
number     a JSON number, the shortest that reads back as the same double (IEEE 754); nothing that is measured
decimal    a string with the exact digits, such as ``"35.302916"``
date       a string, ``"2026-11-22"``
instant    a string in UTC to the microsecond, ``"2026-11-22T02:00:00.000000Z"``
bytes      a string, base64 (RFC 4648 section 4, padded)
json       a list of the one value, its objects sorted by key: ``[{"max":"30 kg"}]``; ``[null]`` is the value null
=========  ==========================================================================================================

In every kind ``null`` means that there is no value; an empty text is ``""``.

>>> as_json("instant")(datetime(2026, 11, 22, 2, tzinfo=UTC)), as_json("json")('{"b": 1, "a": null}')
('2026-11-22T02:00:00.000000Z', [{'a': None, 'b': 1}])
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

KINDS: Final = ("integer", "number", "boolean", "text", "decimal", "date", "instant", "bytes", "json")
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")

Convert = Callable[[Any], Any]


class BadCell(ValueError):  # noqa: N818 - named for what is wrong, as all problems here
    """The value is none of its kind, or none that both databases keep."""


def as_json(kind: str) -> Convert:
    """What makes a value from the database (never None) the value JSON is written from."""
    return _WRITTEN[kind]


def from_json(kind: str, longest: int | None = None) -> Convert:
    """What makes a value read from JSON (never None) the one for the database; :class:`BadCell` is raised for any other.

    ``longest`` is the number of characters a text may have.
    """
    if kind == "text":
        return _text(longest)
    return _READ[kind]


# -- writing


def _instant_out(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def _json_out(value: Any) -> list[Any]:
    """SQLite keeps JSON as text, but a bare number as a number; the lines are written with sorted keys."""
    found = json.loads(value) if isinstance(value, str) else value
    if isinstance(value, str) and "\\u0000" in value and _holds_nul(found):
        raise BadCell("json")
    return [found]


def _same(value: Any) -> Any:
    return value


_WRITTEN: Final[dict[str, Convert]] = {
    "integer": _same,
    "number": float,
    "boolean": _same,
    "text": _same,
    "decimal": str,
    "date": date.isoformat,
    "instant": _instant_out,
    "bytes": lambda value: base64.b64encode(value).decode("ascii"),
    "json": _json_out,
}

# -- reading


def _integer(value: Any) -> int:
    if type(value) is not int or not _SMALLEST <= value <= _LARGEST:
        raise BadCell("integer")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise BadCell("number")
    return float(value)


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise BadCell("boolean")
    return value


def _text(longest: int | None) -> Convert:
    def read(value: Any) -> str:
        if type(value) is not str or "\0" in value or (longest is not None and len(value) > longest):
            raise BadCell("text")
        return value

    return read


def _decimal(value: Any) -> Decimal:
    if type(value) is not str:
        raise BadCell("decimal")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise BadCell("decimal") from error
    if not number.is_finite():
        raise BadCell("decimal")
    return number


def _date(value: Any) -> date:
    if type(value) is not str or not _DATE.fullmatch(value):
        raise BadCell("date")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise BadCell("date") from error


def _instant(value: Any) -> datetime:
    if type(value) is not str or not _INSTANT.fullmatch(value):
        raise BadCell("instant")
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise BadCell("instant") from error


def _bytes(value: Any) -> bytes:
    if type(value) is not str:
        raise BadCell("bytes")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadCell("bytes") from error


def _json(value: Any) -> str:
    """The text for a JSON column: what was in the list, for :func:`_json_out` to find again."""
    if type(value) is not list or len(value) != 1:
        raise BadCell("json")
    text = json.dumps(value[0], ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    if "\\u0000" in text and _holds_nul(value[0]):
        raise BadCell("json")
    return text


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _holds_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_holds_nul, value))


_READ: Final[dict[str, Convert]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "decimal": _decimal,
    "date": _date,
    "instant": _instant,
    "bytes": _bytes,
    "json": _json,
}
