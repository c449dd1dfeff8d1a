"""What the form of a mapping says: for each sheet where its headings stand, its type, and the field of each column."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from metrology.domain.problems import Problem
from metrology.services.ledger_headings import DEEPEST, HEADER_ROWS


def choices_from(form: MultiDict[str, str], sheets: int) -> list[dict[str, Any]]:
    """The choice for each sheet, as ``importing.map_by_hand`` takes it."""
    names = {form[key]: form.get(f"type-{key}", "") for key in form if key.startswith("name-")}
    return [_sheet(form, index, names) for index in range(sheets)]


def _sheet(form: MultiDict[str, str], index: int, names: dict[str, str]) -> dict[str, Any]:
    start = f"sheet-{index}-"
    columns = (key for key in form if key.startswith(f"{start}column-"))
    return {
        "header_row": _number(form.get(f"{start}row", "0"), HEADER_ROWS * 10),
        "depth": _number(form.get(f"{start}depth", "1"), DEEPEST) or 1,
        "type_code": form.get(f"{start}type", ""),
        "skipped": f"{start}skipped" in form,
        "fields": {_number(key.rpartition("-")[2], 1000): form[key] for key in columns},
        "type_names": names,
    }


def _number(text: str, most: int) -> int:
    if not text.strip().isdecimal() or int(text) > most:
        raise Problem("bad_choice", "mapping", value=text[:20])
    return int(text)
