"""What a request of the API says, taken strictly: a field nobody knows, a wrong type or an unseen character is refused.

So is what an operation has no place for: a program that sends it believes it was heard.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import request
from marshmallow import ValidationError, fields
from webargs.flaskparser import FlaskParser

from metrology.domain.problems import Problem
from metrology.web.api.reasons import NEEDED, UNKNOWN
from metrology.web.requests import SAFE

LARGEST = 4_000_000
"""Bytes of a JSON body: a thousand instruments with everything that can be said of them."""


class Refused(Problem):
    """Several fields at once that cannot be taken."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("bad_fields")
        self.problems = problems


class StrictParser(FlaskParser):
    """Reads query and JSON; what the schema does not name is refused wherever it stands."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {}  # noqa: RUF012 - webargs' own form

    def load_querystring(self, req: Any, schema: Any) -> Any:
        """The query; of a value that stands there twice nobody knows which is meant."""
        several = {name for name, one in schema.fields.items() if isinstance(one, fields.List)}
        twice = [
            Problem("said_twice", key[:200]) for key, said in req.args.lists() if len(said) > 1 and key not in several
        ]
        if twice:
            raise Refused(twice)
        return super().load_querystring(req, schema)

    def load_json(self, req: Any, schema: Any) -> Any:  # noqa: ARG002 - as webargs calls it
        """The body as JSON; another kind of body is refused."""
        return body_of(req)

    def handle_error(
        self, error: ValidationError, req: Any, schema: Any, *, error_status_code: Any, error_headers: Any
    ) -> NoReturn:  # fmt: skip
        """Every wrong field, with a code of its own."""
        del req, schema, error_status_code, error_headers
        raise refused(error)


def refused(error: ValidationError) -> Refused:
    """What a shape says of a body or query, as problems of fields."""
    found = error.messages
    places = found if isinstance(found, dict) else {"": found}
    if len(places) == 1 and isinstance(inner := next(iter(places.values())), dict) and set(places) <= {"json", "query"}:
        places = inner
    return Refused(list(_problems(places, "")))


def _problems(found: Any, path: str) -> Any:
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _problems(value, f"{path}.{key}" if path and key != "_schema" else path or str(key))
        return
    for said in found if isinstance(found, list) else [found]:
        yield _problem(path, str(said))


def _problem(path: str, said: str) -> Problem:
    field = path.replace("_schema", "").replace("\0", "")[:200] or "body"
    return Problem(said, field) if said in (UNKNOWN, NEEDED) else Problem("bad_value", field, said=said)


def body_of(req: Any) -> Any:
    """The JSON of a request; nothing at all is an empty object."""
    data = req.get_data()
    if not data:
        return {}
    if not req.is_json:
        raise Problem("json_needed", None, media="application/json")
    return json_of(data)


def json_of(data: bytes) -> Any:
    """JSON as RFC 8259 has it: no NaN and nothing too large for a number, no name twice, no endless nesting, no half characters."""
    try:
        text = data.decode("utf-8")
        found = json.loads(text, parse_constant=_no_number, object_pairs_hook=_object)
        # a lone surrogate is no text of any language, and 1e400 is infinite
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise Problem("bad_json", None) from error
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def check_place(req: Any, *, query: bool, body: bool) -> None:
    """Refuse a query or a body that an operation does not read, and a body that is packed."""
    if not query and req.args:
        raise Refused([Problem("unknown_field", key.replace("\0", "")[:200] or "query") for key in req.args])
    if body and req.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise Problem("body_packed")
    if not body and req.method not in SAFE and req.get_data().strip() not in (b"", b"{}"):
        raise Refused([Problem("unknown_field", "body")])


def check_address() -> bool:
    """Whether the path holds only what can be looked up: no unseen characters."""
    return all(str(value).isprintable() for value in (request.view_args or {}).values())
