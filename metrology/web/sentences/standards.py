"""Sentences about equipment, what it traces to, cases of a defective standard, and what institutes and people may do."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    # a standard and its equipment in a record
    "standard_in_doubt": _l("%(standard)s was found defective (%(case)s): it serves in no record of that day."),
    "equipment_in_doubt": _l(
        "%(standard)s: its equipment %(equipment)s was found defective (%(case)s), so it serves in no record of that day."
    ),
    "equipment_out_of_service": _l("%(standard)s: its equipment %(equipment)s is out of service."),
    "equipment_lapsed": _l(
        "%(standard)s: the certificate of its equipment %(equipment)s does not hold on that day (valid until %(valid_until)s)."
    ),
    "equipment_without_certificate": _l("%(standard)s: its equipment %(equipment)s had no certificate on that day."),
    "equipment_check_failed": _l(
        "%(standard)s: the intermediate check of its equipment %(equipment)s on %(checked_on)s failed."
    ),
    "equipment_out_of_range": _l("%(standard)s: its main equipment %(equipment)s does not cover %(value)s."),
    "equipment_not_good_enough": _l(
        "%(standard)s: its equipment %(equipment)s is not good enough: %(accuracy)s against a limit of %(mpe)s, at most "
        "%(ratio)s of it."
    ),
    # keeping equipment
    "equipment_needs_name": _l("Give the equipment a name."),
    "equipment_number_taken": _l("%(number)s is the number of another piece of equipment."),
    "equipment_withdrawn": _l("This equipment is withdrawn for good. Enter it anew if it serves again."),
    "equipment_in_standard_already": _l("%(equipment)s is in %(standard)s on that day already."),
    "equipment_out_already": _l("It was taken out already."),
    "check_in_future": _l("A check cannot be of a day to come."),
    "one_upstream": _l("A certificate comes from one of our own standards or from an institute above, not from both."),
    "upstream_needed": _l("Say which institute issued it, or which of our own standards it was made with."),
    "traceability_loop": _l("The chain would lead back to itself: %(standard)s traces to this already."),
    "primary_traces_to_none": _l("A national primary standard stands on top: nothing is above it."),
    "outside_institute_known": _l("%(name)s is kept already."),
    "outside_standard_known": _l("This institute has a standard %(name)s of that number already."),
    # cases
    "defective_in_future": _l("A standard cannot be found defective from a day to come."),
    "reverify_in_past": _l("The day by which they are verified again has passed."),
    "error_is_zero": _l("An error of zero is no finding. Leave it empty where it is not known."),
    "case_open_already": _l("%(number)s is open already: decide it first."),
    "case_not_open": _l("%(number)s is not open for this decision now."),
    "case_not_closed": _l("%(number)s is not closed yet."),
    "fit_already": _l("It was said fit already."),
    "decision_waits_already": _l("The same waits for its confirmation already."),
    "decision_not_waiting": _l("It does not wait for a confirmation any more."),
    "confirmer_is_proposer": _l("Who proposed cannot confirm: another person must."),
    "nothing_to_decide": _l("No open certificate is meant by this choice."),
    "whole_city_needed": _l("A standard serves the whole city: an account of one district does not decide about it."),
    "under_review": _l("%(number)s is under review: it is replaced when that is settled."),
    "notice_withdrawn": _l("This message was withdrawn: it is not sent any more."),
    # who may
    "institute_without_authorisation": _l(
        "%(institute)s has no authorisation in this registry. The administrator enters what it may verify."
    ),
    "type_not_authorised": _l("%(institute)s is not authorised to verify this type of instrument."),
    "authorisation_lapsed": _l("The authorisation of %(institute)s for this type ended on %(until)s."),
    "outside_authorised_district": _l(
        "%(institute)s is not authorised in the district of this instrument (%(district)s)."
    ),
    "outside_authorised_range": _l("%(institute)s is authorised for %(range)s only; the nameplate says %(value)s."),
    "authorised_range_unknown": _l(
        "%(institute)s is authorised for a range only, and the nameplate does not say where this instrument stands."
    ),
    "range_of_what": _l("Say which characteristic of the nameplate the range is of."),
    "range_without_ends": _l("Give the range at least one end."),
    "authorisation_ended_already": _l("It ended or was replaced already: it stays as it is."),
    "qualification_ended_already": _l("It ended or was replaced already: it stays as it is."),
}
