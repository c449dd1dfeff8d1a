"""Moves of an instrument in words: what happened, and what follows."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

CAUSES = {
    "request": _l("On request"),
    "conforming_verification": _l("Verification that conforms"),
    "restart": _l("Put to use again"),
    "rejecting_verification": _l("Verification that rejects"),
    "repair": _l("Repair or adjustment"),
    "repaired": _l("Repair done"),
    "seal_broken": _l("Seal or mark broken"),
    "expired_rest": _l("Put to use again, not valid meanwhile"),
    "relocated": _l("Put to another place"),
    "owner_changed": _l("Changed hands"),
    "verification_undone": _l("Verification taken back"),
    "found": _l("Found again"),
}
MOVES = {
    ("in_use", "restart"): (_l("It is used again"), _l("Its verification still holds.")),
    ("awaiting_verification", "expired_rest"): (
        _l("It is to be used again"),
        _l("Its verification has run out meanwhile: it awaits verification first."),
    ),
    ("awaiting_verification", "request"): (
        _l("It is to be verified before it is used again"),
        _l("It awaits verification and is planned like one that falls due."),
    ),
    ("awaiting_verification", "repaired"): (
        _l("The repair is done"),
        _l("It awaits its verification after repair; until then it must not be used."),
    ),
    ("awaiting_verification", "found"): (
        _l("It was found again"),
        _l("Nobody knows what happened to it: it awaits verification."),
    ),
    ("suspended", "request"): (
        _l("It rests: not used for now"),
        _l("It is suspended. Its certificate stays as it is; nobody is reminded while it rests."),
    ),
    ("under_repair", "repair"): (
        _l("It is repaired or adjusted"),
        _l("Its verification ends at once. After the repair it must be verified anew."),
    ),
    ("awaiting_verification", "seal_broken"): (
        _l("A seal or verification mark is broken"),
        _l("It counts as not verified from today on; its certificate ends at once."),
    ),
    ("awaiting_verification", "relocated"): (
        _l("A fixed instrument was put elsewhere"),
        _l("It must be verified at its new place; its certificate ends at once. Change its place on its form."),
    ),
    ("awaiting_verification", "owner_changed"): (
        _l("It changed hands and must be verified anew"),
        _l("Its certificate ends at once. Change its holder on its form."),
    ),
    ("retired", "request"): (
        _l("It is scrapped or given up for good"),
        _l("It leaves every plan and list of due work. This cannot be taken back."),
    ),
    ("lost", "request"): (_l("It is lost or was stolen"), _l("It leaves every plan and list of due work.")),
}
"""(state, cause) → what happened, what follows; in the order in which they are offered."""
