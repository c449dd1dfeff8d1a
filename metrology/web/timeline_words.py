"""The timeline of an instrument in words of the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from metrology import regulations
from metrology.persistence.certificates import Certificate
from metrology.persistence.verifications import Verification
from metrology.services.timeline import Event, Timeline
from metrology.web import journal_words, labels
from metrology.web.filters import instant, label, pick
from metrology.web.languages import is_zh
from metrology.web.move_words import CAUSES
from metrology.web.requests import actor
from metrology.web.thing_links import page_of

TITLES = {
    "instrument.registered": (_l("Registered"), "info", "plus-lg"),
    "instrument.revised": (_l("Facts changed"), "neutral", "pencil"),
    "instrument.moved": (_l("State changed"), "info", "arrow-right"),
    "instrument.followed": (_l("Follows its holder or place to another district"), "neutral", "arrow-right"),
    "instrument.followed_parts": (_l("Follows its parts"), "neutral", "arrow-right"),
    "instrument.verified": (_l("Verification entered"), "info", "check-lg"),
    "instrument.due_now": (_l("No longer counts as verified"), "expired", "calendar-x"),
    "instrument.reported": (_l("Reported by its holder"), "due_soon", "megaphone"),
    "instrument.report_settled": (_l("Report answered"), "info", "reply"),
    "instrument.imported": (_l("Loaded from a ledger"), "info", "upload"),
    "seal.added": (_l("Seal noted"), "info", "lock"),
    "seal.broken": (_l("Seal found broken"), "rejected", "unlock"),
    "seal.missing": (_l("Seal found missing"), "rejected", "unlock"),
    "seal.removed_for_repair": (_l("Seal taken off for a repair"), "due_soon", "unlock"),
    "attachment.added": (_l("File added"), "neutral", "paperclip"),
    "attachment.removed": (_l("File removed"), "neutral", "paperclip"),
    "verification.started": (_l("Verification begun"), "review", "clipboard2"),
    "verification.submitted": (_l("Verification handed in"), "review", "clipboard2-check"),
    "verification.checked": (_l("Verification checked"), "review", "clipboard2-check"),
    "verification.approved": (_l("Verification approved"), "valid", "clipboard2-check"),
    "verification.returned": (_l("Verification returned"), "due_soon", "arrow-return-left"),
    "verification.discarded": (_l("Draft discarded"), "neutral", "trash"),
    "verification.correction_started": (_l("Correction begun"), "review", "clipboard2"),
    "certificate.issued": (_l("Certificate issued"), "valid", "patch-check"),
    "certificate.ended": (_l("Certificate ended"), "revoked", "slash-circle"),
    "certificate.ending_proposed": (_l("Proposed to end a certificate"), "review", "hourglass-split"),
    "certificate.ending_confirmed": (_l("Ending of a certificate confirmed"), "revoked", "check-lg"),
    "certificate.ending_declined": (_l("Ending of a certificate declined"), "neutral", "x-lg"),
    "certificate.ending_withdrawn": (_l("Proposal to end a certificate withdrawn"), "neutral", "arrow-return-left"),
    "certificate.doubted": (_l("Certificate under review"), "review", "search"),
    "certificate.cleared": (_l("Certificate cleared: it still conforms"), "valid", "check-circle"),
    "certificate.undoubted": (_l("Certificate no longer under review"), "valid", "check-circle"),
    "certificate.restored": (_l("Certificate stands again"), "valid", "patch-check"),
    "instrument.due_sooner": (_l("Due sooner, to be verified again"), "due_soon", "calendar-event"),
    "instrument.due_restored": (_l("Due date put back"), "info", "calendar-check"),
    "label.bound": (_l("Label bound"), "valid", "link-45deg"),
    "label.voided": (_l("Label void"), "revoked", "slash-circle"),
    "complaint.received": (_l("Complaint received"), "due_soon", "megaphone"),
    "complaint.accepted": (_l("Complaint accepted"), "info", "hand-thumbs-up"),
    "complaint.refused": (_l("Complaint not accepted"), "neutral", "slash-circle"),
    "complaint.inspected": (_l("Inspected after a complaint"), "review", "search"),
    "complaint.closed": (_l("Complaint closed"), "info", "reply"),
    "visit.noted": (_l("Noted on a visit"), "neutral", "calendar3"),
}
"""Action → title, kind (colour) and icon. Another is told as the journal tells it."""
FIELDS = {
    "part_label": _l("Part"),
    "district_code": _l("District"),
    "is_onsite": _l("Verified on site"),
    "last_verified_on": _l("Last verified on"),
    "manufactured_on": _l("Manufactured on"),
    "installed_on": _l("Installed on"),
    "due_kind": _l("Due for"),
    "lot_code": _l("Lot"),
    "type_approval_number": _l("Type approval number"),
    "identification_code": _l("Identification code"),
    "factory_code": _l("Production code"),
    "repair_code": _l("Repair code"),
    "position": _l("Position"),
    "applied_on": _l("Put on"),
    "ended_on": _l("Ended on"),
    "standing": _l("Standing"),
    "end_reason": _l("Reason"),
    "ending": _l("How it is ended"),
    "caption": _l("Caption"),
    "cause": _l("Because of"),
    "item": _l("On the visit"),
}
_TABLES = {
    "state": "INSTRUMENT_STATES",
    "purpose": "PURPOSES",
    "due_basis": "DUE_BASES",
    "due_kind": "DUE_KINDS",
    "verdict": "VERDICTS",
    "standing": "CERTIFICATE_STANDINGS",
    "ending": "ENDING_KINDS",
}
_SAID = {
    "verification": frozenset({"kind", "verdict", "verified_on"}),
    "certificate": frozenset({"valid_until", "end_reason", "ending"}),
    "seal": frozenset({"number", "position"}),
    "attachment": frozenset({"name", "caption"}),
    "visit": frozenset({"item"}),
    "label": frozenset({"number"}),
    "complaint": frozenset({"number"}),
}
"""Noun of an action → the fields told of it. Of an instrument itself all are told but these:"""
_UNSAID = frozenset(
    {"manufacturer_key", "serial_key", "public_code", "is_assembly", "parent_id", "instrument_id", "file_id", "object_kind",
     "object_id", "added_by_id", "media_type", "holder_key", "verification_id", "added_at"}
)  # fmt: skip
_OF_NEW = frozenset({"number", "state", "due_date", "due_basis", "last_verified_on", "lot_code"})
"""Of a new instrument only these are told: all else stands above on the page."""

END_REASONS = {
    "rejected": labels.VERDICTS["rejected"],
    "superseded": labels.CERTIFICATE_STANDINGS["superseded"],
    "corrected": _l("Corrected by a new document"),
    "annulled": _l("Annulled: it never held"),
    "retired": labels.INSTRUMENT_STATES["retired"],
    "lost": labels.INSTRUMENT_STATES["lost"],
    "verification_undone": _l("The verification was taken back"),
}


def entry(event: Event, told: Timeline) -> dict[str, Any]:
    """An event as ``ui.timeline`` shows it."""
    row = event.entry
    title, kind, icon = TITLES.get(row.action, (journal_words.action(row.action), "neutral", "dot"))
    words = str(title)
    if event.part is not None:
        part = _("part %(label)s", label=event.part.part_label)
        words = f"{words} · {part}"
    subject = event.subject
    if isinstance(subject, Certificate):
        words = f"{words} · {subject.number}"
        if subject.kind == "rejection_notice" and row.action == "certificate.issued":
            words, kind, icon = (
                _("Rejection notice issued · %(number)s", number=subject.number),
                "rejected",
                "x-octagon",
            )
        if subject.kind == "calibration_certificate" and row.action == "certificate.issued":
            words, kind, icon = (
                _("Calibration certificate issued · %(number)s", number=subject.number),
                "info",
                "rulers",
            )
    elif isinstance(subject, Verification):
        words = f"{words} · {subject.number}"
        if row.action == "verification.approved" and subject.verdict == "rejected":
            kind, icon = "rejected", "x-octagon"
    return {
        "when": instant(row.at),
        "title": words,
        "lines": list(_lines(event, told)),
        "by": _by(row.actor_name),
        "url": page_of(subject) if subject is not None else None,
        "kind": kind,
        "icon": icon,
    }


def _by(name: str) -> str:
    """Who did it. Accounts of holders see that it was the bureau, not who there."""
    who = actor()
    if who.is_holder and name != who.name:
        return str(_("The bureau"))
    return journal_words.actor(name)


def _lines(event: Event, told: Timeline) -> list[str]:
    row = event.entry
    lines = []
    noun = row.action.partition(".")[0]
    said = _OF_NEW if row.action == "instrument.registered" else _SAID.get(noun)
    for name, pair in (row.changes or {}).items():
        if name in _UNSAID or not isinstance(pair, list) or len(pair) != 2 or (said is not None and name not in said):
            continue
        if name == "nameplate":
            lines += _nameplate(*pair)
        elif name == "notes" and actor().is_holder:
            continue
        else:
            old, new = (_value(name, value, row.action, told) for value in pair)
            field = FIELDS.get(name) or journal_words.field(name)
            colon = "：" if is_zh() else ": "
            lines.append(f"{field}{colon}{new}" if pair[0] in (None, "") else f"{field}{colon}{old} → {new}")
    reason = _reason(row.action, row.reason)
    return [*lines, reason] if reason else lines


def _reason(action: str, reason: str) -> str:
    if action == "certificate.ended":
        return ""  # told as a field already
    return reason


def _value(name: str, value: Any, action: str, told: Timeline) -> str:
    if value in (None, ""):
        return "—"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, int) and (name, value) in told.names:
        return told.names[name, value]
    if name == "cause":
        return str(CAUSES.get(value, value))
    if name == "end_reason":
        return str(CAUSES.get(value, END_REASONS.get(value, value)))
    if name == "type_code":
        known = regulations.all_types().get(value)
        return pick(known.names) if known else str(value)
    if name == "state" and not action.startswith("instrument."):
        table = "VERIFICATION_STATES" if action.startswith("verification.") else "SEAL_STATES"
        return label(value, table)
    if name == "kind" and action == "instrument.reported":
        return label(value, "CONDITION_KINDS")
    if name == "kind" and action.startswith("certificate."):
        return label(value, "CERTIFICATE_KINDS")
    if name == "kind" and action.startswith("verification."):
        return label(value, "VERIFICATION_KINDS")
    return label(str(value), _TABLES[name]) if name in _TABLES else str(value)


def _nameplate(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> list[str]:
    old, new = old or {}, new or {}
    known = {one.key: one for kind in regulations.all_types().values() for one in kind.nameplate}
    colon = "：" if is_zh() else ": "
    return [
        f"{pick(known[key].labels) if key in known else key}{colon}{old.get(key, '—')} → {new.get(key, '—')}"
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    ]


def in_words(words: Mapping[str, str] | None, value: str) -> str:
    """The words of a choice, or the value itself."""
    return pick(dict(words)) if words else value
