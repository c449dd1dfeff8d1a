"""Words for what ledgers keep as codes: states of batches, outcomes of rows, fields of columns, what has changed."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from metrology import regulations
from metrology.persistence.ledgers import LedgerBatch, LedgerRow
from metrology.services.ledger_fields import BY_KEY, NAMEPLATE
from metrology.services.ledger_nameplates import characteristic_of_any
from metrology.services.ledger_papers import field_choices
from metrology.web import labels
from metrology.web.filters import pick
from metrology.web.problems import sentence

STATES = {
    "uploaded": _l("Received"),
    "checking": _l("Being checked"),
    "checked": _l("Checked, waiting for you"),
    "queued": _l("Waiting to be imported"),
    "running": _l("Being imported"),
    "done": _l("Imported"),
    "failed": _l("Cannot be read"),
    "undoing": _l("The import is being taken back"),
    "undone": _l("Import taken back"),
    "discarded": _l("Put away"),
}
STATE_KINDS = {
    "uploaded": ("neutral", "hourglass"),
    "checking": ("info", "arrow-repeat"),
    "checked": ("review", "search"),
    "queued": ("neutral", "hourglass-split"),
    "running": ("info", "arrow-repeat"),
    "done": ("valid", "check-circle-fill"),
    "failed": ("rejected", "x-octagon-fill"),
    "undoing": ("info", "arrow-counterclockwise"),
    "undone": ("revoked", "arrow-counterclockwise"),
    "discarded": ("revoked", "slash-circle"),
}
OUTCOMES = {
    "created": _l("Newly registered"),
    "updated": _l("Changed"),
    "unchanged": _l("Unchanged"),
    "rejected": _l("Refused"),
}
WORKING = ("uploaded", "checking", "queued", "running", "undoing")
_CHANGED = {
    "holder": _l("Holder"),
    "place": _l("Place"),
    "contact": _l("Contact"),
    "seals": _l("Seal"),
    "location": _l("Where within its place"),
    "state": _l("State"),
    "last_verified_on": _l("Last verified"),
    "due_date": _l("Due date"),
    "model": _l("Model"),
    "purpose": _l("Purpose"),
    "is_onsite": _l("Verified on site"),
    "lot_code": _l("Lot"),
    "notes": _l("Notes"),
    "installed_on": _l("Installed on"),
    "manufactured_on": _l("Manufactured on"),
    "type_approval_number": _l("Type approval number"),
    "identification_code": _l("Identification code"),
    "factory_code": _l("Factory code"),
    "repair_code": _l("Repair code"),
}
_TOUCHED = {
    "verification": _l("a verification was begun"),
    "certificate": _l("a certificate was issued"),
    "visit": _l("a visit was planned"),
    "reminder": _l("a reminder was sent"),
    "attachment": _l("a file was attached"),
    "change": _l("facts were changed"),
}
_CODED = {"state": labels.INSTRUMENT_STATES, "purpose": labels.PURPOSES}


def problem_words(code: str, params: dict[str, str]) -> str:
    """The sentence of a refused row or of a batch."""
    said = dict(params)
    if "what" in said:
        said["what"] = str(_TOUCHED.get(said["what"], said["what"]))
    return sentence(said.get("sentence", code), said)


def row_problem(row: LedgerRow) -> str:
    """Why a row was refused."""
    return problem_words(row.code, row.params)


def batch_problem(batch: LedgerBatch) -> str:
    """What is wrong with a batch."""
    return problem_words(batch.error, batch.error_params)


def changes_in_words(row: LedgerRow) -> list[tuple[str, str, str]]:
    """What changes on an instrument: the fact, its old and its new value, as people read them."""
    return [(field_name(name), value_words(name, old), value_words(name, new)) for name, old, new in row.changes or ()]


def field_name(name: str) -> str:
    """A fact of an instrument, as people call it."""
    if name.startswith(NAMEPLATE):
        known = characteristic_of_any(name.removeprefix(NAMEPLATE))
        return pick(dict(known.labels)) if known else name
    return str(_CHANGED.get(name, name))


def value_words(name: str, value: str | None) -> str:
    """A value of a fact, as people read it."""
    if value is None:
        return "—"
    words: dict[str, Any] = _CODED.get(name, {})
    return str(words.get(value, value))


def field_words(key: str) -> str:
    """The field a column holds."""
    if key in BY_KEY:
        return pick(dict(BY_KEY[key].labels))
    return field_name(key)


def field_groups() -> list[tuple[Any, list[tuple[str, str]]]]:
    """Fields to choose from for a column, by what they say something of."""
    groups: dict[str, list[tuple[str, str]]] = {"instrument": [], "holder": [], "place": [], "nameplate": []}
    for key, names in field_choices():
        prefix = key.partition(".")[0]
        group = {"contact": "holder"}.get(prefix, prefix)
        groups.get(group, groups["instrument"]).append((key, pick(names)))
    titles = (
        ("instrument", _l("Instrument")),
        ("holder", _l("Holder")),
        ("place", _l("Place")),
        ("nameplate", _l("Nameplate")),
    )
    return [(title, groups[name]) for name, title in titles]


def type_choices() -> list[tuple[str, str]]:
    """Instrument types to choose from, those with rules first."""
    types = sorted(regulations.all_types().values(), key=lambda one: (not one.has_rules, one.names["zh"]))
    return [(one.code, pick(dict(one.names))) for one in types]


def type_words(code: str) -> str:
    """The name of an instrument type."""
    known = regulations.all_types().get(code)
    return pick(dict(known.names)) if known else code


def note_on_field(key: str, is_needed: bool) -> str:
    """The note on a column of the template."""
    words = {
        "type": _l("The name of the instrument, as in the catalogue or as people call it."),
        "serial_number": _l("As on the nameplate."),
        "part_label": _l("One line for each nozzle."),
        "holder.uscc": _l("18 characters; empty for a vendor who has none."),
        "quantity": _l("1: one line stands for one instrument."),
        "purpose": _l("贸易结算, 安全防护, 医疗卫生, 环境监测 or 其他."),
        "is_onsite": _l("现场 (verified where it stands) or 送检 (brought in)."),
        "verified_on": _l(
            "The last verification. As 2026-05-22, 2026/5/22, 2026年5月22日, 20260522 or a day of the spreadsheet."
        ),
        "due_date": _l(
            "The last day it is valid. When empty, it is computed from the verification and the type's interval."
        ),
        "place.address": _l("Door, counter, room or address."),
        "place.district": _l("County, district or development zone."),
        "manufacturer": _l("Together with type and serial number it tells instruments apart."),
    }
    text = str(words.get(key, ""))
    needed = str(_l("Needed.")) if is_needed else ""
    return " ".join(part for part in (needed, text) if part) or "—"
