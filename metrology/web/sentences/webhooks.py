"""Sentences about webhooks."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "bad_webhook_url": _l("This is no web address that can be called: write it as https://host/path."),
    "webhook_url_secret": _l("Leave out user name, password and “#”: messages are signed instead."),
    "webhook_needs_https": _l(
        "The address must begin with https://; others only where METROLOGY_WEBHOOK_HOSTS names the host."
    ),
    "webhook_host_private": _l(
        "This address lies in a private network; such are called only where METROLOGY_WEBHOOK_HOSTS names the host."
    ),
    "webhook_kinds_missing": _l("Choose at least one kind of thing."),
    "too_many_webhooks": _l("At most %(limit)s webhooks at a time: end one first."),
    "webhook_ended": _l("The webhook “%(name)s” has ended: make another one."),
    "secret_unreadable": _l("The secret cannot be opened, because the key of the installation changed: rotate it."),
    "owner_inactive": _l("Its account is not active."),
    "nothing_readable": _l("Its account may no longer read any of the kinds chosen."),
}
