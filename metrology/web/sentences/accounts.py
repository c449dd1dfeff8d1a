"""Sentences about accounts, passwords, qualifications, institutes and settings."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "bad_email": _l("This is no mail address."),
    "email_taken": _l("There is an account with this mail address already."),
    "bad_name": _l("A name is needed, of at most 200 characters."),
    "role_needed": _l("Choose at least one role."),
    "holder_role_alone": _l("The role of a holder does not go together with roles of the bureau."),
    "out_of_range": _l("This number is outside what makes sense here."),
    "type_twice": _l("Two files of the regulations have the same code: %(value)s."),
    "holder_needed": _l("Say which holder the account is for, by its number or its unified social credit code."),
    "role_is_city_wide": _l("Administrators and auditors work for the whole city: leave the district empty."),
    "institute_needed": _l("Verifiers, checkers and approvers belong to an institute."),
    "last_administrator": _l("This is the last administrator: make another one first."),
    "own_account": _l("You cannot deactivate your own account."),
    "account_inactive": _l("The account is deactivated: activate it first."),
    "link_used": _l("This link was used already."),
    "password_too_short": _l("At least %(least)s characters, please."),
    "password_too_long": _l("At most %(most)s characters, please."),
    "password_guessable": _l(
        "This password is easily guessed: it stands on lists of common passwords, follows a pattern, or is made of names and dates. "
        "Take a few words that have nothing to do with each other."
    ),
    "verifier_not_qualified": _l("%(name)s holds no qualification for this type of instrument."),
    "qualification_lapsed": _l("The qualification of %(name)s for this type ended on %(until)s."),
    "not_a_verifier": _l("%(name)s is neither verifier nor checker nor approver."),
    "bad_certificate_number": _l("The number of the certificate is needed."),
    "qualification_known": _l("Certificate %(number)s is kept for this type already."),
    "days_not_in_order": _l("The last day lies before the first."),
    "bad_short_code": _l("Two to twenty Latin letters and digits."),
    "institute_known": _l("Another institute has this already."),
    "bad_address": _l("The address of a page begins with https:// or http://."),
    "bad_numbering": _l(
        "Numbers made so would not all be different: {body}, {kind}, {yyyy} and {seq} are needed, and nothing else in braces."
    ),
    "unknown_setting": _l("There is no such setting."),
}
