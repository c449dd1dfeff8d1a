"""Sentences about the exchange with other systems: the change feed, webhooks, the national ledger."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "bad_cursor": _l("This is no cursor of the change feed. Take the one that the last answer named “next”."),
    "cursor_lost": _l(
        "This cursor no longer leads anywhere: your scope has changed, or the registry was restored from a copy."
        " Read everything anew and go on from a new cursor (“after=now”)."
    ),
}
