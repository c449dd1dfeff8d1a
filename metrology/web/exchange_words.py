"""Words for comparisons with other systems: findings, decisions, fields and their values, columns of sheets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from metrology.persistence.reconciliations import Reconciliation, ReconciliationRow
from metrology.services.national_sheet import NATIONAL
from metrology.services.reconciliation_pages import FoundRow
from metrology.web import labels, ledger_words

STATES = {
    "queued": _l("Waiting to be compared"),
    "running": _l("Being compared"),
    "done": _l("Compared"),
    "failed": _l("Cannot be read"),
}
STATE_KINDS = {
    "queued": ("neutral", "hourglass-split"),
    "running": ("info", "arrow-repeat"),
    "done": ("valid", "check-circle-fill"),
    "failed": ("rejected", "x-octagon-fill"),
}
FINDINGS = labels.FINDINGS
FINDING_KINDS = {
    "same": "valid",
    "different": "due_soon",
    "doubtful": "review",
    "theirs_only": "info",
    "ours_only": "revoked",
    "unreadable": "expired",
}
MEANINGS = {
    "same": _l("Both have the instrument, and what their row says we have too. What it leaves blank is not compared."),
    "different": _l("Both have the instrument, and something is said differently."),
    "doubtful": _l("We have an instrument with this serial number, of another maker or type: it may be the same one."),
    "theirs_only": _l("No instrument of ours has this type, maker and serial number."),
    "ours_only": _l("We have the instrument, no row of theirs means it. Retired ones are left out."),
    "unreadable": _l("The row does not say what is needed to compare it."),
}
DECISIONS = {
    "theirs": _l("Theirs taken"),
    "ours": _l("Ours stays"),
    "made": _l("Registered"),
}
BUTTONS = {
    "theirs": _l("Take theirs"),
    "ours": _l("Leave ours as it is"),
    "made": _l("Register these instruments"),
}
REASONS = {
    "manufacturer": _l("same type and serial number, another maker"),
    "type": _l("same serial number, another type"),
}
SHEET = (
    _l("Finding"), _l("Row of their file"), _l("Instrument"), _l("Instrument type"), _l("Holder"), _l("Our number"), _l("Field"),
    _l("Ours"), _l("Theirs"), _l("Remark"), _l("Decision"), _l("Note"),
)  # fmt: skip


def differences(row: ReconciliationRow) -> list[tuple[str, str, str, bool]]:
    """Field, ours and theirs as people read them, and whether theirs can be taken."""
    return [
        (ledger_words.field_name(name), ledger_words.value_words(name, ours), ledger_words.value_words(name, theirs), can_take)
        for name, ours, theirs, can_take in row.differences
    ]  # fmt: skip


def reason(row: ReconciliationRow) -> str:
    """Why a row is doubtful, or cannot be compared."""
    if row.reasons:
        return str(REASONS.get(row.reasons[0][1], row.reasons[0][1]))
    return ledger_words.problem_words(row.code, row.params) if row.code else ""


def problem(one: Reconciliation) -> str:
    """What is wrong with their file."""
    return ledger_words.problem_words(one.error, one.error_params)


def say(found: FoundRow, what: str, value: str | None) -> str:
    """A word of the sheet of differences: of a finding, a decision, a field, or the value of a field."""
    words: dict[str, Any] = {"finding": FINDINGS, "decision": DECISIONS}.get(what, {})
    if what in ("finding", "decision"):
        return str(words.get(value, "")) if value else ""
    if what == "field":
        return ledger_words.field_name(value or "")
    if what == "reason":
        return reason(found.row)
    if what == "certificate":
        return str(_("Our certificate stands."))
    return ledger_words.value_words(what, value)


def definitions(titles: Sequence[str], first: date, last: date) -> list[tuple[str, str]]:
    """What the columns of the sheet of results are, and what is in it."""
    theirs = _("A heading of the national system's own ledger. Empty where the registry does not know it.")
    ours = _(
        "Our own heading: how the national system heads results is not confirmed. Map it when you load the sheet there."
    )
    about = [
        (_("Period"), _("Issued from %(first)s to %(last)s, both included.", first=first, last=last)),
        (_("Left out"), _("Documents that were revoked or replaced, and calibrations.")),
    ]
    return [*about, *((title, theirs if index < len(NATIONAL) else ours) for index, title in enumerate(titles))]
