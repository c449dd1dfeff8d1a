"""Shapes of the API, drawn from what is there already: tables for what is told, facts of services for what is said."""

from __future__ import annotations

import re
import types
import typing
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, is_dataclass
from dataclasses import fields as parts_of
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, Integer, Numeric, String
from sqlalchemy import Text as LongText
from sqlalchemy.orm import InstrumentedAttribute

from metrology.domain.quantity import plain
from metrology.persistence.database import UtcDateTime
from metrology.web.addresses import LARGEST_KEY
from metrology.web.api.reasons import OBJECT, TOO_DEEP, UNKNOWN, UNSEEN, put_in_words

DEEPEST = 32
"""Levels of what may have any form: a sheet of readings has four."""
_SEPARATE = "\n\r\t"


class Told(Schema):
    """What is answered."""


class Said(Schema):
    """What is sent; a field nobody knows is refused."""

    error_messages: dict[str, Any] = {"unknown": UNKNOWN, "type": OBJECT}  # noqa: RUF012 - marshmallow's own form

    class Meta:
        """Of marshmallow."""

        unknown = RAISE


def _check_text(text: str) -> None:
    """Blanks of any width are taken, as a form takes them: 东湖　市场 is typed with a wide one."""
    if not text.isprintable() and not all(
        c.isprintable() or c in _SEPARATE or unicodedata.category(c) == "Zs" for c in text
    ):
        raise ValidationError([UNSEEN])


class Text(fields.String):
    """Text without characters nobody can see."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        _check_text(text)
        return text


class Anything(fields.Raw):
    """What may have any form, made of text that can be seen."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        _check_inside(value, DEEPEST)
        return super()._deserialize(value, attr, data, **kwargs)


def _check_inside(value: Any, levels: int) -> None:
    if levels == 0:
        raise ValidationError([TOO_DEEP])
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, (dict, list)):
        for one in [*value, *value.values()] if isinstance(value, dict) else value:
            _check_inside(one, levels - 1)


class Truth(fields.Boolean):
    """True or false, and nothing that is like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Whole(fields.Integer):
    """A whole number of JSON, not its text."""

    def __init__(self, **kwargs: Any) -> None:
        span = kwargs.pop("span", (-LARGEST_KEY - 1, LARGEST_KEY))
        super().__init__(strict=True, validate=validate.Range(*span), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, (str, bool, float)):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Digits(fields.Integer):
    """A whole number in an address: its digits, and nothing else that Python reads as one (``1_0``, ``+5``, ``５``)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not (value.isascii() and value.removeprefix("-").isdigit()):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


def key_asked() -> Digits:
    """A key in an address; one that no database can hold is refused."""
    return Digits(validate=validate.Range(-LARGEST_KEY - 1, LARGEST_KEY))


class Day(fields.Date):
    """A civil day, ``2026-11-22``; a day of a week, ``2026-W47-7``, is as long and is none."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or len(value) != 10 or value[7] != "-":
            raise self.make_error("invalid", input=value, obj_type="date")
        return super()._deserialize(value, attr, data, **kwargs)


class ExactNumber(fields.String):
    """A decimal number, told as text."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return super()._serialize(None if value is None else plain(value), attr, obj, **kwargs)


def told(name: str, model: Any = None, /, *columns: str, **more: Any) -> type[Schema]:
    """The shape of an answer: columns of a table, and further fields."""
    found = {column: _of_column(getattr(model, column)) for column in columns}
    return Told.from_dict({**found, **more}, name=name)


def _of_column(attribute: InstrumentedAttribute[Any]) -> fields.Field[Any]:
    column = attribute.property.columns[0]
    about: dict[str, Any] = {"description": column.comment} if column.comment else {}
    if codes := _codes_of(column):
        about["enum"] = [*codes, None] if column.nullable else codes
    options: dict[str, Any] = {"required": True, "metadata": about, "allow_none": bool(column.nullable)}
    kind = column.type
    if isinstance(kind, Boolean):
        return fields.Boolean(**options)
    if isinstance(kind, (Integer, BigInteger)):
        return fields.Integer(**options)
    if isinstance(kind, Numeric):
        about["format"] = "decimal"
        return ExactNumber(**options)
    if isinstance(kind, UtcDateTime):
        return fields.AwareDateTime(**options)
    if isinstance(kind, Date):
        return fields.Date(**options)
    if isinstance(kind, (String, LongText)):
        return fields.String(**options)
    return fields.Raw(**options)


def _codes_of(column: Any) -> list[str]:
    """The codes a column is held to by a CHECK of its table, such as ``state in ('a', 'b')``."""
    form = re.compile(rf"(?:{column.name} is null or )?{column.name} in \(([^()]+)\)")
    checks = [str(one.sqltext) for one in column.table.constraints if isinstance(one, CheckConstraint)]
    found = next((whole[1] for text in checks if (whole := form.fullmatch(text))), "")
    return re.findall(r"'([^']*)'", found)


def said(
    name: str,
    facts: Any = None,
    /,
    *,
    without: tuple[str, ...] = (),
    all_optional: bool = False,
    choices: Mapping[str, Iterable[str]] = types.MappingProxyType({}),
    **more: Any,
) -> type[Schema]:
    """The shape of a request: the fields of a dataclass of facts, and further ones.

    ``choices`` tells in the document which codes a field takes; the service refuses others by its own sentence.
    """
    found: dict[str, Any] = {}
    for one, hint in _hints(facts).items():
        if one.name not in without and one.name not in more:
            needed = one.default is MISSING and one.default_factory is MISSING and not all_optional
            found[one.name] = _of_hint(hint, required=needed)
    found |= more
    for one in found.values():
        put_in_words(one)
    shape = Said.from_dict(found, name=name)
    for key, known in choices.items():
        one = shape._declared_fields[key]  # noqa: SLF001 - marshmallow's own table of fields
        inner = one.inner if isinstance(one, fields.List) else one
        inner.metadata = {**inner.metadata, "enum": [*known, None] if inner.allow_none else [*known]}
    return shape


def _hints(facts: Any) -> dict[Any, Any]:
    if facts is None:
        return {}
    hints = typing.get_type_hints(facts)
    return {one: hints[one.name] for one in parts_of(facts)}


def _of_hint(hint: Any, **options: Any) -> Any:
    kinds = [hint]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kinds = [one for one in typing.get_args(hint) if one is not types.NoneType]
        options["allow_none"] = len(kinds) < len(typing.get_args(hint))
    if Decimal in kinds:
        return Text(**options)
    return _of_kind(kinds[0], options)


def _of_kind(kind: Any, options: dict[str, Any]) -> Any:
    plain = {str: Text, bool: Truth, int: Whole, date: Day, datetime: fields.AwareDateTime}
    if kind in plain:
        return plain[kind](**options)
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin in (tuple, list, frozenset) or (isinstance(origin, type) and issubclass(origin, (tuple, list))):
        return fields.List(_of_hint(inside[0]), validate=validate.Length(max=1000), **options)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return fields.Dict(keys=Text(), values=Text(), **options)
    if is_dataclass(kind):
        return fields.Nested(said(getattr(kind, "__name__", "Facts"), kind), **options)
    if typing.get_origin(kind) is typing.Literal:
        return Text(validate=validate.OneOf(inside), **options)
    raise TypeError(f"no shape for {kind}")


def facts(kind: Any, values: Mapping[str, Any]) -> Any:
    """A dataclass of facts from what was said."""
    hints = {one.name: hint for one, hint in _hints(kind).items()}
    return kind(**{name: _value(hints[name], value) for name, value in values.items()})


def changes(kind: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Changes to facts: the same values, for some of the fields."""
    hints = {one.name: hint for one, hint in _hints(kind).items()}
    return {name: _value(hints[name], value) for name, value in values.items()}


def _value(hint: Any, value: Any) -> Any:
    inside = typing.get_args(hint)
    if isinstance(value, list):
        made = [facts(inside[0], one) if isinstance(one, dict) else one for one in value]
        return frozenset(made) if typing.get_origin(hint) is frozenset else tuple(made)
    if isinstance(value, dict):
        kinds = [one for one in (inside or (hint,)) if is_dataclass(one)]
        return facts(kinds[0], value) if kinds else value
    return value


def words(**more: Any) -> Any:
    """A text in both languages."""
    return fields.Nested(Bilingual, required=True, **more)


Bilingual = told("Bilingual", zh=fields.String(required=True), en=fields.String(required=True))
Reason = said("Reason", reason=Text(required=True, metadata={"description": "why; kept in the journal"}))
Error = told(
    "ProblemOfField",
    field=fields.String(required=True),
    code=fields.String(required=True),
    detail=fields.String(required=True),
)
ProblemShape = told(
    "Problem",
    type=fields.String(required=True),
    title=fields.String(required=True),
    status=fields.Integer(required=True),
    detail=fields.String(required=True),
    code=fields.String(
        required=True,
        metadata={
            "description": "stable, the same as behind the sentence of a form; all of them: /api/v1/docs/problems"
        },
    ),
    errors=fields.List(fields.Nested(Error)),
)
