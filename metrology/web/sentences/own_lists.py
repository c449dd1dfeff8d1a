"""Sentences of what can be wrong with own lists, kept reports and subscriptions."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "own_list_subject": _l("There are no lists about this."),
    "own_list_filter": _l("The address names “%(key)s”, which this list has no filter for."),
    "own_list_column": _l("This list has no column “%(key)s”."),
    "own_list_group": _l("This list cannot be counted by “%(key)s”."),
    "own_list_sum": _l("This list has no figure “%(key)s”."),
    "own_list_sort": _l("The list cannot be ordered by this: only by what an index holds."),
    "own_list_many_columns": _l("At most %(limit)s columns fit a list."),
    "own_list_many_groups": _l("At most %(limit)s groups can be combined."),
    "own_list_many_values": _l("At most %(limit)s values of a filter can be chosen."),
    "own_list_one_value": _l("The filter “%(key)s” takes one value."),
    "own_list_bad_value": _l("The filter does not know “%(value)s”."),
    "own_list_bad_day": _l("“%(value)s” is no day; write it as 2026-11-29."),
    "own_list_days_in_order": _l("The days end (%(last)s) before they begin (%(first)s)."),
    "own_list_not_allowed": _l("Your role does not see what this list is about."),
    "own_list_large": _l(
        "A list of more than %(limit)s rows is made in the background: choose it there under “Export”."
    ),
    "own_list_in_background": _l("These groups are counted in the background: choose it there under “Export”."),
    "own_list_groups_without_end": _l(
        "There are more than %(limit)s groups. Group by something coarser, or narrow the list."
    ),
    "list_files_under_way": _l("%(limit)s of your files are being made already. Wait until one is ready."),
    "report_kind_unknown": _l("This page cannot be kept as a report."),
    "report_needs_name": _l("Give the report a name."),
    "report_not_yours": _l("Only who kept the report may change it."),
    "reports_too_many": _l("You have kept %(limit)s reports. Remove some first."),
    "report_gone": _l("The report was removed, or is no longer shared."),
    "subscriptions_too_many": _l("You have %(limit)s subscriptions. End some first."),
    "subscription_sends_nothing": _l("Choose PDF, spreadsheet, or both."),
    "subscription_not_yours": _l("Only who subscribed may change this."),
    "subscription_ended": _l("The subscription has ended. Subscribe anew."),
    "addresses_too_many": _l("At most %(limit)s further addresses."),
    "bad_mail_address": _l("“%(value)s” is no mail address."),
    "address_not_allowed": _l("“%(value)s” lies at a domain the administrator has not allowed for reports."),
    "bad_mail_domain": _l("Write domains such as xinxiang.gov.cn, with blanks between."),
    "report_too_long": _l(
        "The list has more than %(limit)s rows; that is too much for a mail. Narrow it, or group it."
    ),
}
