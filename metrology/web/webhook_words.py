"""Words for webhooks: kinds of things they tell of, why the registry paused one, what became of a message."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from metrology.persistence.webhooks import WebhookDelivery, WebhookEndpoint
from metrology.web.problems import known, sentence

KINDS: dict[str, Any] = {
    "instrument": _l("Instruments"),
    "seal": _l("Seals"),
    "attachment": _l("Attachments"),
    "condition_report": _l("Reports of holders"),
    "verification": _l("Verifications"),
    "certificate": _l("Certificates"),
    "holder": _l("Holders"),
    "contact": _l("Contacts"),
    "place": _l("Places"),
    "visit": _l("Visits"),
    "complaint": _l("Complaints"),
    "measurement_standard": _l("Measurement standards"),
    "equipment": _l("Equipment"),
}
REASONS: dict[str, Any] = {
    "failing": _l(
        "It has taken nothing for three days. When the other system is well again, resume: it goes on where it stopped."
    ),
    "gone": _l("The other system said that this address is no more (HTTP 410)."),
    "owner_inactive": _l("Its account is not active."),
    "cursor_lost": _l(
        "The scope of its account changed, or the journal is another one: the other system reads everything anew, then begin from now."
    ),
    "nothing_readable": _l("Its account may no longer read any of the kinds chosen."),
    "secret_unreadable": _l("The secret cannot be opened, because the key of the installation changed: rotate it."),
}
MESSAGES: dict[str, tuple[str, Any]] = {
    "waiting": ("info", _l("Waiting")),
    "delivered": ("valid", _l("Delivered")),
    "failed": ("rejected", _l("Not delivered")),
    "withdrawn": ("superseded", _l("Withdrawn")),
}


def state(row: WebhookEndpoint) -> tuple[str, str]:
    """How it stands: the kind of badge and its word."""
    if row.state == "active":
        return ("due_soon", _("Fails, is tried again")) if row.tries else ("valid", _("Active"))
    if row.state == "ended":
        return "revoked", _("Ended")
    return ("expired", _("Paused by the registry")) if row.stopped_because else ("neutral", _("Paused"))


def answer(row: WebhookDelivery) -> str:
    """What was answered at the last try, or what went wrong."""
    said = sentence(row.last_answer) if row.last_answer in known() else row.last_answer
    return f"HTTP {row.last_status} {said}".strip() if row.last_status else said
