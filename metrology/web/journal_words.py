"""Words for what the journal keeps as codes: actions (``noun.verb``), kinds of things, names of columns."""

from __future__ import annotations

import json
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from werkzeug.routing import BuildError

from metrology.persistence.journal import JournalEntry
from metrology.web import labels

NOUNS = {
    "api_token": _l("API token"),
    "attachment": _l("Attachment"),
    "authorisation": _l("Authorisation"),
    "calendar_feed": _l("Calendar address"),
    "case": _l("Case of a defective standard"),
    "certificate": _l("Certificate"),
    "complaint": _l("Complaint"),
    "contact": _l("Contact"),
    "equipment": _l("Equipment"),
    "dump": _l("Dump"),
    "holder": _l("Holder"),
    "import": _l("Import"),
    "institute": _l("Institute"),
    "instrument": _l("Instrument"),
    "instruments": _l("Instruments"),
    "key": _l("Signing key"),
    "key_list": _l("Key list"),
    "label": _l("Label"),
    "label_batch": _l("Label batch"),
    "label_layout": _l("Size of labels"),
    "ledger": _l("Ledger"),
    "law": _l("Law"),
    "list": _l("List"),
    "lot": _l("Lot"),
    "notice": _l("Notice"),
    "outside_institute": _l("Institute above ours"),
    "outside_standard": _l("Standard above ours"),
    "package": _l("Package of papers"),
    "paper": _l("Paper to print"),
    "place": _l("Place"),
    "qualification": _l("Qualification"),
    "reconciliation": _l("Comparison of ledgers"),
    "reminder": _l("Reminder"),
    "report": _l("Saved report"),
    "rules": _l("Rules"),
    "saved_filter": _l("Saved filter"),
    "seal": _l("Seal"),
    "session": _l("Log-in session"),
    "setting": _l("Setting"),
    "standard": _l("Measurement standard"),
    "statement": _l("Statement"),
    "target": _l("Target"),
    "subscription": _l("Subscription"),
    "task": _l("Task"),
    "user": _l("Account"),
    "verification": _l("Verification"),
    "visit": _l("Visit"),
    "webhook": _l("Webhook"),
}
VERBS = {
    "kept_ours": _l("ours stays"),
    "took_theirs": _l("theirs taken"),
    "accepted": _l("accepted"),
    "asked": _l("asked for"),
    "bound": _l("bound"),
    "refused": _l("not accepted"),
    "fetched": _l("fetched"),
    "handed_out": _l("handed out"),
    "inspected": _l("inspected"),
    "ordered": _l("ordered"),
    "printed": _l("printed"),
    "received": _l("received"),
    "voided": _l("made void"),
    "added": _l("added"),
    "approved": _l("approved"),
    "broken": _l("found broken"),
    "cancelled": _l("cancelled"),
    "certified": _l("given a certificate"),
    "changed": _l("changed"),
    "checked": _l("checked"),
    "cleared": _l("cleared: it still conforms"),
    "closed": _l("closed"),
    "confirmed": _l("import begun"),
    "correction_started": _l("correction begun"),
    "created": _l("created"),
    "decided": _l("decision confirmed"),
    "declined": _l("proposal taken back or turned down"),
    "deactivated": _l("deactivated"),
    "discarded": _l("discarded"),
    "doubted": _l("put under review"),
    "due_now": _l("due at once"),
    "due_restored": _l("due date put back"),
    "due_sooner": _l("due sooner, to be verified again"),
    "ended": _l("ended"),
    "ending_confirmed": _l("ending confirmed"),
    "ending_declined": _l("ending declined"),
    "ending_proposed": _l("ending proposed"),
    "ending_withdrawn": _l("proposed ending withdrawn"),
    "exported": _l("exported"),
    "extended": _l("extended"),
    "fallen": _l("finding fallen"),
    "finished": _l("finished"),
    "fit_again": _l("fit again"),
    "followed": _l("followed its holder or place"),
    "followed_parts": _l("followed its parts"),
    "imported": _l("imported"),
    "in_use": _l("put to use again"),
    "issued": _l("issued"),
    "kept": _l("kept"),
    "link_made": _l("link to choose a password made"),
    "locked": _l("locked after wrong passwords"),
    "made": _l("made"),
    "meter_replaced": _l("a meter replaced"),
    "missing": _l("found missing"),
    "moved": _l("moved"),
    "noted": _l("noted"),
    "notices_sent": _l("notices sent"),
    "number_confirmed": _l("number confirmed"),
    "number_disputed": _l("number disputed"),
    "number_withdrawn": _l("statement about a number taken back"),
    "opened": _l("opened"),
    "paused": _l("paused"),
    "password_changed": _l("password changed by its owner"),
    "password_set": _l("password chosen"),
    "password_withdrawn": _l("password withdrawn"),
    "planned": _l("planned"),
    "published": _l("published"),
    "prepared": _l("prepared"),
    "readings_loaded": _l("readings loaded"),
    "replacements_sent": _l("replacements sent"),
    "proposed": _l("proposed"),
    "set": _l("set"),
    "put_in": _l("put into a standard"),
    "reactivated": _l("activated again"),
    "reduced": _l("reduced"),
    "registered": _l("registered"),
    "removed": _l("removed"),
    "removed_for_repair": _l("taken off for a repair"),
    "renewed": _l("renewed"),
    "reopened": _l("opened again"),
    "replaced": _l("replaced by another"),
    "report_settled": _l("report answered"),
    "reported": _l("reported by its holder"),
    "requested": _l("written for the root to sign"),
    "requeued": _l("queued again"),
    "resent": _l("sent again"),
    "restored": _l("standing again"),
    "resumed": _l("taken up again"),
    "retired": _l("retired"),
    "retried": _l("tried again"),
    "returned": _l("returned"),
    "revised": _l("revised"),
    "revoked": _l("revoked"),
    "rotated": _l("rotated"),
    "second_factor_removed": _l("second factor removed"),
    "second_factor_set": _l("second factor turned on"),
    "sessions_ended": _l("logged out everywhere"),
    "signed": _l("signed"),
    "started": _l("begun"),
    "taken_out": _l("taken out of a standard"),
    "submitted": _l("submitted"),
    "suspended": _l("suspended"),
    "stopped": _l("ended from a day on"),
    "tested": _l("sent a test message"),
    "tried": _l("supposed otherwise"),
    "undo_asked": _l("undoing asked for"),
    "undone": _l("undone"),
    "undoubted": _l("no longer under review"),
    "unlocked": _l("unlocked"),
    "uploaded": _l("uploaded"),
    "verified": _l("verified"),
    "withdrawn": _l("withdrawn with an import taken back"),
}
KINDS = {
    "account_link": _l("Link"),
    "attachment": NOUNS["attachment"],
    "authorisation": NOUNS["authorisation"],
    "certificate": NOUNS["certificate"],
    "dump": NOUNS["dump"],
    "complaint": NOUNS["complaint"],
    "condition_report": _l("Report of a holder"),
    "contact": NOUNS["contact"],
    "equipment": NOUNS["equipment"],
    "holder": NOUNS["holder"],
    "import_batch": NOUNS["import"],
    "institute": NOUNS["institute"],
    "instrument": NOUNS["instrument"],
    "key": NOUNS["key"],
    "key_list": NOUNS["key_list"],
    "instrument_label": NOUNS["label"],
    "label_batch": NOUNS["label_batch"],
    "label_layout": NOUNS["label_layout"],
    "ledger_batch": NOUNS["ledger"],
    "login_session": NOUNS["session"],
    "measurement_standard": NOUNS["standard"],
    "notice": NOUNS["notice"],
    "number_confirmation": _l("Statement about a number"),
    "outside_institute": NOUNS["outside_institute"],
    "outside_standard": NOUNS["outside_standard"],
    "paper_package": NOUNS["package"],
    "place": NOUNS["place"],
    "print_item": NOUNS["paper"],
    "qualification": NOUNS["qualification"],
    "reconciliation": NOUNS["reconciliation"],
    "registry_setting": NOUNS["setting"],
    "rules_version": _l("Rules"),
    "list": NOUNS["list"],
    "report_subscription": NOUNS["subscription"],
    "saved_report": NOUNS["report"],
    "seal": NOUNS["seal"],
    "standard_case": NOUNS["case"],
    "user": NOUNS["user"],
    "what_if": _l("What if"),
    "verification": NOUNS["verification"],
    "visit": NOUNS["visit"],
    "webhook_endpoint": NOUNS["webhook"],
}
FIELDS = {
    "active": _l("Active"),
    "address": _l("Address"),
    "authorisation_number": _l("Authorisation number"),
    "authorised_until": _l("Authorised until"),
    "certificate_number": _l("Certificate number"),
    "district_code": _l("District"),
    "due_basis": _l("Due by"),
    "due_date": _l("Due date"),
    "email": _l("Mail address"),
    "grade": _l("Grade"),
    "holder_id": _l("Holder"),
    "institute_id": _l("Institute"),
    "is_active": _l("Active"),
    "kind": _l("Kind"),
    "language": _l("Language"),
    "locked_until": _l("Locked until"),
    "manufacturer": _l("Manufacturer"),
    "model": _l("Model"),
    "name": _l("Name"),
    "name_en": _l("Name in English"),
    "nameplate": _l("Nameplate"),
    "notes": _l("Notes"),
    "number": _l("Number"),
    "phone": _l("Phone"),
    "place_id": _l("Place"),
    "purpose": _l("Purpose"),
    "roles": _l("Roles"),
    "serial_number": _l("Serial number"),
    "sessions": _l("Log-ins"),
    "short_code": _l("Short code"),
    "state": _l("State"),
    "type_code": _l("Instrument type"),
    "uscc": _l("Unified social credit code"),
    "user_id": _l("Account"),
    "valid_from": _l("Valid from"),
    "valid_until": _l("Valid until"),
    "verdict": _l("Verdict"),
    "verified_on": _l("Verified on"),
}
"""Columns people ask about most; others are shown by their own name."""
_LONGEST = 300
_PAGES = {
    "certificate": ("certificates.detail", "certificate_id"),
    "equipment": ("equipment.detail", "equipment_id"),
    "complaint": ("complaints.detail", "complaint_id"),
    "holder": ("holders.detail", "holder_id"),
    "institute": ("institutes.edit", "institute_id"),
    "instrument": ("instruments.detail", "instrument_id"),
    "label_batch": ("label_batches.detail", "label_batch_id"),
    "measurement_standard": ("standards.detail", "standard_id"),
    "outside_standard": ("outside.standard", "outside_id"),
    "place": ("places.detail", "place_id"),
    "standard_case": ("cases.detail", "case_id"),
    "user": ("users.detail", "user_id"),
    "verification": ("verifications.detail", "verification_id"),
    "visit": ("visits.detail", "visit_id"),
}


def action(code: str) -> str:
    """An action in words: what thing, what was done with it."""
    noun, _dot, verb = code.partition(".")
    return f"{NOUNS.get(noun, noun)} · {VERBS.get(verb, verb)}"


def kind(code: str) -> str:
    """What kind of thing an entry is about."""
    return str(KINDS.get(code, code))


def field(name: str) -> str:
    """A column in words."""
    return str(FIELDS.get(name, name))


def value(thing: Any, name: str = "") -> str:
    """A value of a change, short enough for a table."""
    if thing is None or thing in ("", [], {}):
        return "—"
    if isinstance(thing, bool):
        return str(_l("yes") if thing else _l("no"))
    if name == "roles" and isinstance(thing, list):
        return ", ".join(str(labels.ROLES.get(role, role)) for role in thing)
    if isinstance(thing, list) and all(isinstance(part, str) for part in thing):
        return ", ".join(thing)[:_LONGEST]
    text = thing if isinstance(thing, str) else as_json(thing)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def actor(name: str) -> str:
    """Who did it: a person's name, or what acts without one."""
    return str({"system": _l("The registry itself"), "public": _l("Someone not logged in")}.get(name, name))


def nouns() -> list[tuple[str, str]]:
    """Choices of what was done, by thing."""
    return sorted(((code, str(words)) for code, words in NOUNS.items()), key=lambda pair: pair[1])


def kinds() -> list[tuple[str, str]]:
    """Choices of things."""
    return sorted(((code, str(words)) for code, words in KINDS.items()), key=lambda pair: pair[1])


def object_url(entry: JournalEntry) -> str | None:
    """Page of the thing an entry is about, where there is one."""
    if entry.object_kind not in _PAGES or not entry.object_id.isdigit():
        return None
    endpoint, argument = _PAGES[entry.object_kind]
    try:
        key: dict[str, Any] = {argument: int(entry.object_id)}
        return url_for(endpoint, **key)
    except BuildError:
        return None


def as_json(value: Any) -> str:
    """Changes as the journal hashes them."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
