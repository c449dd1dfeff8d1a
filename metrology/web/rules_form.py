"""The form in which rules of a kind are typed: what it sends as plain data, and what it is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from metrology.domain.generic_rules import CONDITIONS, LIMIT_COLUMNS, MODES, MOST_LIMITS, PARTS

BLANK_LIMITS = 4
PART_WORDS = {
    "points": _l("Points, range, readings"),
    "limits": _l("Maximum permissible errors"),
    "repeatability": _l("Repeatability"),
    "conditions": _l("Conditions"),
    "interval": _l("Interval"),
}
CONDITION_WORDS = {"temperature": _l("Temperature"), "humidity": _l("Humidity"), "pressure": _l("Pressure")}
JUDGE_WORDS = {"mean": _l("the mean of its readings"), "each": _l("each reading by itself")}
COMBINE_WORDS = {"sum": _l("the columns are added up"), "greatest": _l("the greatest counts")}
FIELD_WORDS = {
    "document": _l("Document, with its year"), "in_force": _l("Judged by it from"), "title": _l("Name in Chinese"),
    "measurand": _l("What is indicated, in Chinese"), "unit": _l("Unit"), "points": _l("Test points"),
    "low": _l("Range covered"), "high": _l("Range covered"), "window": _l("Reference within ±"),
    "readings": _l("Readings at each point"), "limits": PART_WORDS["limits"], "in_service": _l("In service, times"),
    "rounding": _l("Errors rounded to"), "repeatability": PART_WORDS["repeatability"],
    "items": _l("Checks answered by yes or no"), "conditions": PART_WORDS["conditions"], "interval": PART_WORDS["interval"],
    "standard": _l("Measurement standard"), "parts": _l("Read in"), "judge": _l("A point is judged by"),
    "combine": _l("Columns of a row are"), "mode": _l("Mode"),
}  # fmt: skip
MODE_CODES = MODES
_PLAIN = (
    "document", "unit", "low", "high", "points", "window", "readings", "judge", "combine", "in_service", "rounding",
    "repeatability", "interval", "mode",
)  # fmt: skip


def typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """The rules as a form sends them; they are put in order when they are proposed."""
    rules: dict[str, Any] = {name: form.get(name, "")[:4000] for name in _PLAIN}
    for name in ("title", "measurand"):
        rules[name] = {lang: form.get(f"{name}.{lang}", "") for lang in ("zh", "en")}
    rules["standard"] = {key: form.get(f"standard.{key}", "") for key in ("zh", "en", "ratio")}
    rules["limits"] = [
        row
        for index in range(MOST_LIMITS)
        if any((row := {key: form.get(f"limits.{index}.{key}", "").strip() for key in LIMIT_COLUMNS}).values())
    ]
    rules["items"] = [_item(line) for line in form.get("items", "").splitlines() if line.strip()]
    rules["conditions"] = {key: [form.get(f"{key}.from", ""), form.get(f"{key}.to", "")] for key in CONDITIONS}
    rules["parts"] = {
        part: {key: form.get(f"parts.{part}.{key}", "") for key in ("clause", "source")} for part in PARTS
    }
    return rules


def _item(line: str) -> dict[str, str]:
    """A check on one line: Chinese | English | clause. A line pasted from a spreadsheet has tabs."""
    parts = [part.strip() for part in line.replace("\t", "|").replace("｜", "|").split("|")]
    zh, en, clause = (*parts, "", "")[:3]
    return {"zh": zh, "en": en, "clause": clause}


def fault_words(field: str | None, sentence: str) -> str:
    """A fault with the name of its field, for the list on top of the form."""
    name = FIELD_WORDS.get((field or "").partition(".")[0])
    return f"{name}: {sentence}" if name else sentence


def day_typed(form: MultiDict[str, str]) -> date | None:
    """The first day, when it is one."""
    try:
        return date.fromisoformat(form.get("in_force", ""))
    except ValueError:
        return None


def shown(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The rules as the form shows them: lists as lines, a few blank rows for limits."""
    points, limits = rules.get("points") or "", list(rules.get("limits") or ())
    items = rules.get("items") or ()
    lines = [" | ".join(filter(None, (one.get("zh"), one.get("en"), one.get("clause")))) for one in items]
    return {
        **dict.fromkeys(_PLAIN, ""),
        "title": {}, "measurand": {}, "standard": {}, "parts": {}, "conditions": {},
        **rules,
        "points": "\n".join(points) if isinstance(points, list) else points,
        "items": "\n".join(lines),
        "limits": [*limits, *({} for _ in range(BLANK_LIMITS))][:MOST_LIMITS],
    }  # fmt: skip


def differences(typed: Mapping[str, Any], kept: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is kept by now where something else was typed: names of fields with their words."""
    mine, theirs = shown(typed), shown(kept)
    pairs = ((name, _in_words(theirs.get(name)), _in_words(value)) for name, value in mine.items())
    return [(str(FIELD_WORDS.get(name, name)), words) for name, words, typed_words in pairs if words != typed_words]


def _in_words(value: Any) -> str:
    """A field as one line, whatever it holds; the order in which a database gives its parts counts for nothing."""
    if isinstance(value, Mapping):
        value = [value[key] for key in sorted(value)]
    if isinstance(value, list):
        return " · ".join(words for one in value if (words := _in_words(one)))
    return "" if value is None else str(value).replace("\r", "").strip()
