"""Readings of a record: brought under the sheet at hand, kept as typed while a draft, settled at submission."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from metrology.domain.problems import Problem
from metrology.domain.quantity import parse
from metrology.domain.reading_sheet import PresetRow, ReadingField, ReadingSheet, ReadingTable, choose

POINT = "_point"
"""Key beside the fields of a stored row: which preset row it belongs to (``point_of``), should the sheet change under it."""
MOST_ROWS = 200
LONGEST_TEXT = 200


def arranged(sheet: ReadingSheet, readings: Mapping[str, Any]) -> dict[str, Any]:
    """Readings as this sheet has them: each row under its preset, untouched presets as they stand now, rows typed kept.

    The sheet follows the nameplate and the kind. When these change after something was typed, a row goes with the point
    it was read at; a row whose point is gone is kept as a row of its own where the table can be extended.
    """
    kept: dict[str, Any] = {}
    for table in sheet.tables:
        if table.layout == "rows":
            kept[table.key] = list(_arranged_rows(table, readings.get(table.key)))
        elif table.layout == "items":
            kept["items"] = {**kept.get("items", {}), **_picked(table, readings.get("items"))}
        elif table.key:
            kept[table.key] = _picked(table, readings.get(table.key))
        else:
            kept |= {one.key: readings[one.key] for one in table.fields if one.key in readings}
    return kept


def _picked(table: ReadingTable, content: Any) -> dict[str, Any]:
    values = mapping_of(content)
    return {one.key: values[one.key] for one in table.fields if one.key in values}


def _arranged_rows(table: ReadingTable, content: Any) -> Iterator[dict[str, Any]]:
    stored = [dict(mapping_of(row)) for row in content][:MOST_ROWS] if isinstance(content, list) else []
    is_ours = any(POINT in row for row in stored)
    for preset in table.rows:
        # Readings that came from elsewhere do not name their points: they are in the order of the sheet.
        mine = next((row for row in stored if not is_ours or row.get(POINT) == point_of(preset)), None)
        if mine is not None:
            stored.remove(mine)
        yield _under(preset, table, mine or {})
    proposed = {key for preset in table.rows for key in preset.values}
    if table.extendable:
        for row in stored:
            if POINT not in row or any(text_of(row.get(one.key)) for one in table.fields if one.key not in proposed):
                yield {key: value for key, value in row.items() if key != POINT}


def _under(preset: PresetRow, table: ReadingTable, row: Mapping[str, Any]) -> dict[str, Any]:
    given = {one.key for one in table.fields if text_of(row.get(one.key))}
    untouched = given <= set(preset.values)
    values = {one.key: row.get(one.key, "") for one in table.fields}
    if untouched:
        values |= preset.values
    values |= {key: preset.values[key] for key in preset.fixed}
    return {**values, POINT: point_of(preset)}


def point_of(preset: PresetRow) -> str:
    """What tells a preset row from another: its point and what stands in it, for ½ Max of another scale is another load."""
    return "|".join([preset.point, *(f"{key}={value}" for key, value in sorted(preset.values.items()))])


# -- readings as they are kept


def legible(readings: Mapping[str, Any]) -> dict[str, Any]:
    r"""Readings as a draft keeps them: texts, answers, lists and mappings of them; nothing endless, nothing unseen.

    >>> legible({"runs": [{"load": " 5 g\0"}], "items": {"seals": True}, "x": 1.5})
    {'runs': [{'load': '5 g'}], 'items': {'seals': True}}
    """
    return {str(key)[:60]: kept for key, value in readings.items() if (kept := _legible(value)) is not None}


def _legible(value: Any, depth: int = 0) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return "".join(letter for letter in value if letter.isprintable()).strip()[:LONGEST_TEXT]
    if isinstance(value, list) and depth < 3:
        return [kept for item in value[:MOST_ROWS] if (kept := _legible(item, depth + 1)) is not None]
    if isinstance(value, Mapping) and depth < 3:
        pairs = list(value.items())[:MOST_ROWS]
        return {str(key)[:60]: kept for key, item in pairs if (kept := _legible(item, depth + 1)) is not None}
    return None


def settled(sheet: ReadingSheet, readings: Mapping[str, Any]) -> dict[str, Any]:
    """Arranged readings as they are fixed at submission: quantities with their unit, choices by value, digits as typed."""
    fixed = dict(readings)
    for table in sheet.tables:
        content = fixed.get(table.key) if table.key else fixed
        if table.layout == "rows":
            fixed[table.key] = [_settled_row(table.fields, row) for row in fixed[table.key]]
        elif table.layout == "single" and table.key:
            fixed[table.key] = _settled_row(table.fields, mapping_of(content))
        elif table.layout == "single":
            fixed |= _settled_row(table.fields, {one.key: fixed[one.key] for one in table.fields if one.key in fixed})
        elif table.layout == "series":
            series = mapping_of(content)
            fixed[table.key] = {
                one.key: [_settled(one, text) for text in texts_of(series[one.key])]
                for one in table.fields
                if one.key in series
            }
    return fixed


def _settled_row(fields: Iterable[ReadingField], row: Mapping[str, Any]) -> dict[str, Any]:
    described = {one.key: one for one in fields}
    return {key: _settled(described[key], value) if key in described else value for key, value in row.items()}


def _settled(one: ReadingField, value: Any) -> Any:
    text = text_of(value)
    if not text:
        return ""
    if one.kind == "choice":
        return choose(one.choices, text) or text
    if one.kind != "quantity":
        return text
    try:
        return parse(text, one.unit).text()
    except Problem:
        return text  # not legible: the judgement says so, and there is no verdict


def number_in(value: Any, unit: str | None) -> str:
    """A quantity as it stands in a column whose heading has the unit; the text itself where that cannot be said.

    >>> number_in("1 kg", "g"), number_in("12", "g"), number_in("etwa 12", "g"), number_in("20.00 L", "L")
    ('1000', '12', 'etwa 12', '20.00')
    """
    text = text_of(value)
    if not text or unit is None:
        return text
    try:
        return f"{parse(text, unit).in_unit(unit):f}"
    except Problem:
        return text


def text_of(value: Any) -> str:
    """What stands in a cell."""
    return "" if value is None else str(value).strip()


def texts_of(value: Any) -> list[str]:
    """What stands in the cells of a column."""
    return [text_of(item) for item in value] if isinstance(value, list) else []


def mapping_of(value: Any) -> Mapping[str, Any]:
    """A part of the readings, empty where nothing of the kind was sent."""
    return value if isinstance(value, Mapping) else {}
