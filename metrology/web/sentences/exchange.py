"""Sentences about the exchange with other systems: the change feed, webhooks, the national ledger."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "cursor_lost": _l(
        "This cursor no longer leads anywhere: your scope has changed, or the registry was restored from a copy."
        " Read everything anew and go on from a new cursor (“after=now”)."
    ),
    # comparing ledgers
    "reconciliation_unfinished": _l("The comparison is not finished yet."),
    "reconciliation_decided": _l("Somebody has decided this row already."),
    "reconciliation_stale": _l("The instrument has changed here since the comparison. Compare again and decide then."),
    "reconciliation_certificate_stands": _l(
        "Nothing of this row can be taken: what it says otherwise is what our certificate says."
    ),
    "no_rows_chosen": _l("Choose at least one row."),
    "period_ends_before_it_begins": _l("The last day lies before the first."),
}
