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
    # rules entered by institutes
    "rules_lack": _l("This is needed."),
    "unknown_unit": _l("“%(value)s” is no unit known here."),
    "must_be_above": _l("%(value)s must be above %(limit)s."),
    "point_twice": _l("A point stands there twice."),
    "limit_without_value": _l("This row of limits has no limit."),
    "class_missing": _l("Where limits depend on a class, every row names one."),
    "steps_not_in_order": _l("The steps of class %(name)s must rise, and only the last may have no bound."),
    "bad_ratio": _l("“%(value)s” is no ratio such as 1/3."),
    "kind_has_a_file": _l("This kind has a regulation in this release: nothing is entered for it."),
    "rules_not_in_state": _l("%(number)s does not wait for this any more."),
    "proposer_cannot_approve": _l("Who proposed the rules cannot decide about them: another person must."),
    "withdrawn_before_start": _l("The first day without it cannot be before its own first day, %(start)s."),
    "version_not_later": _l("A version is in force from %(start)s: this one must begin later."),
    "version_changes_the_past": _l(
        "A later version begins today (%(today)s) or later: days gone by are judged already."
    ),
    # trials of the law
    "nothing_supposed": _l("Suppose another edition or at least one other number."),
    "too_many": _l("At most %(limit)s at once."),
}
