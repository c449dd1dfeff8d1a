"""Sentences about verifications, the standards used in them, and certificates."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    # what lacks
    "missing_reading": _l("not read yet"),
    "outside_conditions": _l("%(value)s lies outside %(lower)s … %(upper)s: readings taken so do not count."),
    "ambiguous_reading": _l("read in two ways: leave one of them blank."),
    "incomplete_readings": _l("Readings are missing, so there is no verdict."),
    "inexact_conversion": _l("%(value)s cannot be said exactly in %(unit)s."),
    # instrument, kind, day
    "instrument_not_verifiable": _l("%(number)s is out of use for good or lost: it is not verified."),
    "assembly_is_not_verified": _l("%(number)s is verified part by part: choose the part."),
    "type_has_no_rules": _l("No regulation for this type is in this installation, so no verdict can be computed."),
    "kind_does_not_fit": _l("This kind of verification does not fit the state the instrument is in."),
    "must_be_verified": _l("%(number)s is under mandatory verification: it is verified, not calibrated."),
    "stands_verified": _l("%(number)s stands for this instrument: while it does, it is not calibrated instead."),
    "initial_done_before": _l("It was verified before: this is no initial verification."),
    "verified_in_future": _l("The day of verification, %(on)s, lies in the future."),
    "service_life_ended": _l("Its service life ended on %(until)s: it is replaced, not verified again."),
    # who
    "verifier_needed": _l("Only a verifier with an account can record a verification."),
    "no_institute": _l("Your account belongs to no institute that verifies: ask the administrator."),
    "institute_closed": _l("%(institute)s verifies no more."),
    "institute_not_authorised": _l("The authorisation of %(institute)s ended on %(until)s."),
    "checker_is_verifier": _l("Who verified cannot check: another person must."),
    "approver_is_not_a_third": _l("Who verified or checked cannot approve: a third person must."),
    "other_institute": _l("%(number)s belongs to another institute: its own people decide."),
    # standards
    "no_standard": _l("Choose the measurement standard that was used."),
    "unknown_standard": _l("No standard has the number “%(value)s”."),
    "standard_lapsed": _l("%(standard)s: its certificate does not hold on that day (valid until %(valid_until)s)."),
    "standard_not_authorised": _l("%(standard)s is not authorised for this type of instrument."),
    "standard_out_of_range": _l("%(standard)s does not cover %(value)s."),
    "standard_not_good_enough": _l(
        "%(standard)s is not good enough: %(accuracy)s against a limit of %(mpe)s, at most %(ratio)s of it."
    ),
    "standard_of_other_institute": _l("%(standard)s belongs to another institute."),
    "standard_examination_lapsed": _l("%(standard)s: its examination certificate ended on %(valid_until)s."),
    # drafts and records
    "draft_changed_elsewhere": _l("%(number)s was changed in another window. Load the page again before you go on."),
    "not_your_draft": _l("%(number)s is another verifier's draft."),
    "not_a_draft": _l("%(number)s was handed in and stays as it is."),
    "client_key_used": _l("This form was sent for another instrument already."),
    "verification_waiting": _l("%(number)s waits for its checker or approver: a second record would contradict it."),
    "not_correctable": _l("%(number)s is neither returned nor approved: there is nothing to correct."),
    "corrected_already": _l("%(number)s is corrected by %(by)s already."),
    "not_decidable": _l("%(number)s does not wait for this decision any more."),
    "not_returnable": _l("%(number)s does not wait for your decision."),
    "record_altered": _l(
        "%(number)s is no longer what was handed in; the journal says otherwise. Tell the administrator."
    ),
    # certificates
    "certificate_altered": _l(
        "%(number)s is no longer what was issued; the journal says otherwise. It is neither shown nor printed: tell the bureau."
    ),
    "certificate_incomplete": _l("The certificate cannot be issued: %(missing)s is missing."),
    "certificate_contradicts_results": _l("The conclusion contradicts the results: nothing was issued."),
    "not_in_force": _l("%(number)s has ended already."),
    "annulled_already": _l("%(number)s counts for nothing already: there is nothing left to end."),
    "ending_waits": _l("Somebody proposed to end %(number)s already: that is decided first."),
    "ending_decided": _l("What was proposed of %(number)s is decided or withdrawn already."),
    "two_people_needed": _l("You proposed to end %(number)s yourself: another approver must confirm."),
    "not_your_proposal": _l("Only the one who proposed to end %(number)s can take the proposal back."),
    "nothing_to_correct": _l(
        "The registry says the same as %(number)s: correct the instrument or its holder first, then propose again."
    ),
    "missing_glyphs": _l(
        "No font at hand can print %(characters)s. Put one into the fonts folder (see the operations manual)."
    ),
}
