"""What a record's form sends, read back: readings by the names the sheet gave them, nameplate, seals, standards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from metrology.domain.reading_sheet import PresetRow, ReadingField, ReadingSheet, ReadingTable
from metrology.services.drafting import DraftChanges
from metrology.services.record_readings import MOST_ROWS, POINT, number_in, point_of
from metrology.web.record_view import name_of

SEAL_ROWS = 3
ANSWERS = {"yes": True, "no": False}

Form = MultiDict[str, str]


def changes(form: Form, sheet: ReadingSheet, kept: Mapping[str, Any]) -> DraftChanges:
    """All a form says; a part it does not show stays as it is, so do the readings ``kept`` of tables it does not show."""
    return DraftChanges(
        kind=form.get("kind") or None,
        verified_on=_day(form.get("verified_on")),
        place_text=form.get("place_text"),
        nameplate=_nameplate(form),
        readings={**kept, **readings(form, sheet)} if form.get("sheet_key") and sheet.tables else None,
        seals=_seals(form) if "seals_shown" in form else None,
        standard_ids=[int(key) for key in form.getlist("standard") if key.isdecimal()]
        if "standards_shown" in form
        else None,
        notes=form.get("notes"),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _nameplate(form: Form) -> dict[str, str] | None:
    found = {name.removeprefix("n."): text for name, text in form.items() if name.startswith("n.")}
    return found or None


def _seals(form: Form) -> list[dict[str, Any]]:
    earlier = [
        {"seal_id": int(name.removeprefix("seal.")), "found": text}
        for name, text in form.items()
        if name.startswith("seal.") and name.removeprefix("seal.").isdecimal()
    ]
    applied = zip(form.getlist("seal_number"), form.getlist("seal_position"), strict=False)
    return [*earlier, *({"number": number, "position": position, "found": "applied"} for number, position in applied)]


# -- readings


def readings(form: Form, sheet: ReadingSheet) -> dict[str, Any]:
    """The readings of a form drawn from this sheet."""
    found: dict[str, Any] = {}
    for table in sheet.tables:
        if table.layout == "rows":
            found[table.key] = _rows(form, table)
        elif table.layout == "items":
            answers = {one.key: ANSWERS.get(form.get(name_of(table, one.key, 0), "")) for one in table.fields}
            found.setdefault("items", {}).update({key: answer for key, answer in answers.items() if answer is not None})
        elif table.layout == "series":
            found[table.key] = {one.key: _series(form, table, one) for one in table.fields}
        else:
            row = {one.key: _text(form, table, one, 0) for one in table.fields}
            if table.key:
                found[table.key] = row
            else:
                found |= {key: text for key, text in row.items() if text}
    return found


def _rows(form: Form, table: ReadingTable) -> list[dict[str, str]]:
    start = f"r.{table.key}."
    indices = {name[len(start) :].partition(".")[0] for name in form if name.startswith(start)}
    sent = {int(index) for index in indices if index.isascii() and index.isdecimal() and int(index[:6]) < MOST_ROWS}
    rows = []
    for index in range(max(sent, default=-1) + 1):
        preset = table.rows[index] if index < len(table.rows) else None
        row = {one.key: _text(form, table, one, index, preset) for one in table.fields}
        if preset is not None:
            row |= {key: preset.values[key] for key in preset.fixed} | {POINT: point_of(preset)}
        rows.append(row)
    return rows


def _series(form: Form, table: ReadingTable, one: ReadingField) -> list[str]:
    texts = [form.get(name_of(table, one.key, index), "") for index in range(max(one.repeat, MOST_ROWS // 10))]
    while texts and not texts[-1].strip():
        texts.pop()
    return texts


def _text(form: Form, table: ReadingTable, one: ReadingField, index: int, preset: PresetRow | None = None) -> str:
    """A reading as typed; what stood there before it was typed over stands as it was, unit and all."""
    text = form.get(name_of(table, one.key, index), "").strip()
    proposed = preset.values.get(one.key) if preset else None
    if proposed is not None and text in (proposed, number_in(proposed, one.unit)):
        return proposed
    return text
