"""Why a value cannot be taken, in the language of who asks: marshmallow says its own reasons in English alone.

Each kind of field has one sentence for all that is not of its kind; validators say theirs with their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

UNKNOWN, NEEDED = "unknown_field", "field_needed"
"""What stands where no value is wrong: codes of problems with a sentence of their own."""
OBJECT = _l("It must be an object.")
UNSEEN = _l("It holds characters that cannot be seen.")
TOO_DEEP = _l("It is nested too deep.")
_NULL = _l("It must not be null.")
_KINDS: Mapping[type[fields.Field[Any]], Any] = MappingProxyType(
    {
        fields.String: _l("It must be text."),
        fields.Integer: _l("It must be a whole number."),
        fields.Boolean: _l("It must be true or false."),
        fields.AwareDateTime: _l("It must be a moment with its offset, such as 2026-11-22T08:30:00+08:00."),
        fields.Date: _l("It must be a day, such as 2026-11-22."),
        fields.List: _l("It must be a list."),
        fields.Dict: OBJECT,
        fields.Nested: OBJECT,
        fields.Raw: TOO_DEEP,
    }
)


def put_in_words(field: fields.Field[Any]) -> None:
    """Have a field, and those inside it, give its reasons in our words. TypeError: there are none for its kind."""
    kind = next((said for kind, said in _KINDS.items() if isinstance(field, kind)), None)
    if kind is None:
        raise TypeError(f"no words for {field!r}")
    # a list is kept as it is: the words are translated when they are told
    field.error_messages = {**{key: [kind] for key in field.error_messages}, "required": NEEDED, "null": [_NULL]}
    for one in field.validators:
        _put_limit_in_words(one, field)
    for inner in ("inner", "key_field", "value_field"):
        if getattr(field, inner, None) is not None:
            put_in_words(getattr(field, inner))


def _put_limit_in_words(one: Any, field: fields.Field[Any]) -> None:
    if isinstance(one, validate.Range):
        one.error = _l("It must lie between %(least)s and %(most)s.", least=one.min, most=one.max)
    elif isinstance(one, validate.Length) and isinstance(field, fields.List):
        one.error = _l("It must have %(least)s to %(most)s entries.", least=one.min or 0, most=one.max)
    elif isinstance(one, validate.Length):
        one.error = _l("It must have %(least)s to %(most)s characters.", least=one.min or 0, most=one.max)
    elif isinstance(one, validate.OneOf):
        one.error = _l("It must be one of: %(choices)s.", choices=", ".join(filter(None, one.choices)))
    elif getattr(one, "error", None) == getattr(one, "default_message", None):
        raise TypeError(f"no words for {one!r}")
