"""Sentences about the API and its tokens."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "token_needed": _l("Send a token: “Authorization: Bearer metr_…”. A log-in by browser is not taken here."),
    "token_unknown": _l("There is no such token."),
    "token_revoked": _l("This token was revoked."),
    "token_expired": _l("This token was taken until %(until)s."),
    "token_ended": _l("The token “%(name)s” holds no more: make another one."),
    "token_rotated": _l("The token “%(name)s” was replaced already."),
    "token_of_a_person": _l("%(name)s signs in with a password and makes tokens for that account alone."),
    "too_many_tokens": _l("An account has at most %(limit)s tokens at a time: revoke one first."),
    "unknown_scope": _l("There is no scope “%(value)s”."),
    "scope_beyond_roles": _l("The roles of this account do not reach as far as “%(value)s”."),
    "scope_missing": _l("Choose at least one scope."),
    "scope_needed": _l("This token does not have the scope “%(scope)s”."),
    "bad_expiry": _l("The last day lies between today and %(days)s days from now."),
    "bad_overlap": _l("The old token may stay for at most %(days)s days."),
    "bad_idempotency_key": _l("The key has 1 to %(limit)s printable ASCII characters."),
    "idempotency_key_reused": _l("This key came before with another request: take a new key for another change."),
    "answer_not_kept": _l("This was done already, and its answer held a secret that is told once."),
    "json_needed": _l("The body of this request is %(media)s."),
    "bad_fields": _l("Some fields cannot be taken as they are."),
    "unknown_field": _l("There is no such field."),
    "field_needed": _l("This field is needed."),
    "bad_value": _l("This value cannot be taken: %(said)s"),
    "said_twice": _l("This stands there twice."),
    "body_packed": _l("Send the body as it is, not compressed."),
    "bad_cursor": _l("This cursor does not belong to this list."),
    "if_match_needed": _l("Say which version is changed: “If-Match” with the ETag that was read."),
    "changed_meanwhile": _l("Someone else changed this meanwhile: read it again, then change it."),
    "too_many_rows": _l("At most %(limit)s at once."),
}
