"""Sentences of what can be wrong with lists and measurement standards."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "filter_needs_name": _l("Give the filter a name."),
    "filter_too_long": _l("This filter is too long to be kept or handed on."),
    "nothing_selected": _l("Choose at least one row."),
    "too_many_selected": _l("At most %(limit)s can be done at once. Narrow the list first."),
    "standard_needs_name": _l("A standard needs a name."),
    "standard_not_valid_yet": _l("Its certificate begins on %(valid_from)s, after today."),
    "standard_number_taken": _l("There is a standard with the number %(number)s already."),
    "standard_certificate_known": _l("Certificate %(number)s with these days is there already."),
    "standard_withdrawn": _l("The standard was withdrawn. Enter it anew if it comes back."),
    "range_of_two_kinds": _l("%(low)s and %(high)s are quantities of different kinds."),
    "range_not_in_order": _l("The range ends (%(high)s) before it begins (%(low)s)."),
}
