"""Sentences about numbers of the law, rules entered by institutes, and trials of the law."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    # numbers
    "number_differs": _l("%(key)s cannot be confirmed: here it is %(ours)s, the text has %(says)s."),
    "number_agrees": _l("%(key)s is %(ours)s here too: there is nothing to dispute."),
    "text_value_needed": _l("Type what the text has for %(key)s."),
    "source_needed": _l("Name the document you have before you, with its year."),
    "nothing_chosen": _l("Choose at least one number."),
    "nothing_stated": _l("Nothing is stated about %(key)s that could be taken back."),
    "too_many": _l("At most %(limit)s at once."),
}
