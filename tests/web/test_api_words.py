"""A value the API does not take is refused in one language alone: that of who asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy.orm import Session

from metrology.web.api.parsing import refused
from metrology.web.api.schemas import DEEPEST, LARGEST_KEY, Said, Whole, said
from metrology.web.problems import errors_of
from tests.people import create_user
from tests.tokens import Program, create_token

CHINESE = "zh-CN,zh;q=0.9"
NUMBER = re.compile(r"(?<!\d)-?\d+")
WRONG: list[Any] = [
    "a", "a\0", "9" * 5000, "2026-02-30", "2026-W47-7", "", -1, 2**70, 1.5, True, None, [], [None], ["a\0"], [1], [1.5], [{}],
    {}, {"a": None}, {"a\0": "a"}, {"a": "\0"}, {"a": 1},
]  # fmt: skip
"""What is wrong for one kind of field or another, in the ways a program goes wrong."""
SAID = {
    "There is no such field.": "没有这个字段。",
    "This field is needed.": "此字段必填。",
    "It must be an object.": "应为对象。",
    "It holds characters that cannot be seen.": "含有不可见字符。",
    "It is nested too deep.": "嵌套层次过多。",
    "It must not be null.": "不得为 null。",
    "It must be text.": "应为文本。",
    "It must be a whole number.": "应为整数。",
    "It must be true or false.": "应为 true 或 false。",
    "It must be a day, such as N-N-N.": "应为日期，如 N-N-N。",
    "It must be a list.": "应为列表。",
    "It must lie between N and N.": "应在 N 至 N 之间。",
    "It must have N to N entries.": "应有 N 至 N 项。",
    "It must have N to N characters.": "应有 N 至 N 个字符。",
    "It must be one of: ….": "应为下列之一：…。",
    "It must be a decimal number as text, with at most N digits before the point and N after it.": (
        "应为文本形式的十进制数，小数点前至多 N 位、后至多 N 位。"
    ),
}
"""Every reason the shapes of the API can give, numbers and choices aside."""


def _nested(levels: int) -> Any:
    found: Any = "a"
    for _level in range(levels):
        found = [found]
    return found


def _shapes(of: type[Schema] = Said) -> Iterator[type[Schema]]:
    for one in of.__subclasses__():
        yield one
        yield from _shapes(one)


def _bodies(shape: Schema) -> Iterator[Any]:
    yield from (None, 7, "a", [], {}, {"nobody knows": 1})
    for name, one in shape.fields.items():
        yield from ({name: value} for value in [*WRONG, _nested(DEEPEST + 2), {"a": _nested(DEEPEST + 2)}])
        if isinstance(one, fields.List):
            yield {name: [1 if isinstance(one.inner, fields.Integer) else "a"] * 2001}
        if isinstance(one, fields.Nested):
            yield from ({name: body} for body in _bodies(one.schema))
        if isinstance(one, fields.List) and isinstance(one.inner, fields.Nested):
            yield from ({name: [body]} for body in _bodies(one.inner.schema))


def _reasons(app: Flask, shape: Schema, bodies: list[Any], language: str) -> list[list[tuple[str, str]]]:
    """Of each body, the fields that are wrong and why."""
    told = []
    with app.test_request_context(headers={"Accept-Language": language}):
        for body in bodies:
            try:
                shape.load(body)
            except ValidationError as error:
                told.append([(one["field"], one["detail"]) for one in errors_of(refused(error))])
            else:
                told.append([])
    return told


def _bare(detail: str) -> str:
    """A reason without its numbers and choices, which are the same in every language."""
    known = detail.removeprefix("This value cannot be taken: ").removeprefix("此值不符合要求：")
    return re.sub(r"(one of: |之一：).+([.。])$", r"\1…\2", NUMBER.sub("N", known))


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)  # no database is asked
def test_every_reason_is_told_in_both_languages(app: Flask) -> None:
    told: dict[str, str] = {}
    faults = []
    shapes = list(_shapes())
    for shape in (kind() for kind in shapes):
        bodies = list(_bodies(shape))
        for english, chinese in zip(*(_reasons(app, shape, bodies, one) for one in ("en", CHINESE)), strict=True):
            assert [field for field, _ in english] == [field for field, _ in chinese]
            for (field, one), (_field, other) in zip(english, chinese, strict=True):
                told[_bare(one)] = _bare(other)
                if SAID.get(_bare(one)) != _bare(other) or NUMBER.findall(one) != NUMBER.findall(other):
                    faults.append((type(shape).__name__, field, one, other))
    assert faults[:10] == []
    assert told == SAID
    assert len(shapes) >= 80


def test_choices_of_a_reason_are_those_that_can_be_said(app: Flask) -> None:
    shape = said("Coloured", None, colour=fields.String(validate=validate.OneOf(("", "red", "green"))))()
    assert [_reasons(app, shape, [{"colour": "blue"}], one) for one in ("en", CHINESE)] == [
        [[("colour", "This value cannot be taken: It must be one of: red, green.")]],
        [[("colour", "此值不符合要求：应为下列之一：red, green。")]],
    ]


@pytest.mark.parametrize("value", ["yesterday", "2026-11-22T08:30:00", 5])
def test_a_moment_needs_its_offset(app: Flask, value: Any) -> None:
    shape = said("Moment", None, at=fields.AwareDateTime())()
    assert [_reasons(app, shape, [{"at": value}], one) for one in ("en", CHINESE)] == [
        [
            [
                (
                    "at",
                    "This value cannot be taken: It must be a moment with its offset, such as 2026-11-22T08:30:00+08:00.",
                )
            ]
        ],
        [[("at", "此值不符合要求：应为带时区偏移的时刻，如 2026-11-22T08:30:00+08:00。")]],
    ]


@pytest.mark.parametrize(
    "field",
    [
        fields.Float(),
        fields.List(fields.Float()),
        fields.String(validate=validate.Regexp("a")),
        fields.String(validate=str.isdigit),
    ],
)
def test_a_field_without_words_is_none_of_a_request(field: fields.Field[Any]) -> None:
    with pytest.raises(TypeError, match="no words for"):
        said("Wordless", None, field=field)


def test_a_field_that_two_shapes_share_keeps_its_words(app: Flask) -> None:
    shared = Whole(span=(1, 5))
    shapes = [said(name, None, count=shared)() for name in ("One", "Other")]
    for shape in shapes:
        assert _reasons(app, shape, [{"count": 6}], "en") == [
            [("count", "This value cannot be taken: It must lie between 1 and 5.")]
        ]


@pytest.mark.parametrize(
    ("language", "id_", "limit", "needed", "bulk"),
    [
        (
            "en", f"This value cannot be taken: It must lie between {-LARGEST_KEY - 1} and {LARGEST_KEY}.",
            "This value cannot be taken: It must lie between 1 and 200.", "This field is needed.",
            "This value cannot be taken: It must be true or false.",
        ),
        (
            "zh-CN", f"此值不符合要求：应在 {-LARGEST_KEY - 1} 至 {LARGEST_KEY} 之间。", "此值不符合要求：应在 1 至 200 之间。", "此字段必填。",
            "此值不符合要求：应为 true 或 false。",
        ),
    ],
)  # fmt: skip
def test_a_program_is_answered_in_its_language(
    session: Session, client: FlaskClient, language: str, id_: str, limit: str, needed: str, bulk: str
) -> None:
    officer = Program(client, create_token(session, create_user(session, "officer")))
    spoken = {"headers": {"Accept-Language": language}}
    sent = officer.post("instruments", {"holder_id": 2**63}, **spoken).get_json()
    assert {one["field"]: one["detail"] for one in sent["errors"]} == {
        "holder_id": id_, "type_code": needed, "serial_number": needed,
    }  # fmt: skip
    asked = officer.get("instruments?limit=201", **spoken).get_json()
    assert [(one["field"], one["detail"]) for one in asked["errors"]] == [("limit", limit)]
    rows = officer.post(
        "instruments/bulk", [{"type_code": "a", "serial_number": "b", "is_onsite": 1}], **spoken
    ).get_json()
    assert [(one["field"], one["detail"]) for one in rows["refused"][0]["errors"]] == [("is_onsite", bulk)]
