"""Many instruments at once: registered from a list, their standings asked, all of them streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask import Response, request, stream_with_context
from marshmallow import ValidationError, fields, validate
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from metrology.domain.problems import Problem
from metrology.persistence.database import db, reading
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.scope import within
from metrology.services import moving
from metrology.services.instrument_facts import InstrumentFacts
from metrology.services.registering import register_instrument
from metrology.web import beside
from metrology.web.api.guard import MANY
from metrology.web.api.instruments import InstrumentSaid, InstrumentTold, area
from metrology.web.api.parsing import json_of, refused
from metrology.web.api.schemas import Error, Text, Whole, facts, said, told
from metrology.web.instrument_lists import INSTRUMENTS
from metrology.web.list_filters import Asking
from metrology.web.listing import Listing
from metrology.web.problems import errors_of, sentence_of
from metrology.web.requests import actor, now, today

MOST = 1000
CHUNK = 500
_JSON_LINES = "application/x-ndjson"
_CONTENT = {
    "required": True,
    "description": "A JSON list of instruments, each as in POST /instruments, or one a line. Each is judged for itself.",
    "content": {
        "application/json": {"schema": {"type": "array", "maxItems": MOST, "items": {}}},
        _JSON_LINES: {"schema": {"type": "string"}},
    },
}
BulkQuery = said(
    "BulkQuery",
    None,
    atomic=Text(load_default="false", validate=validate.OneOf(("true", "false"))),
)
Refusal = told(
    "RefusedRow",
    index=fields.Integer(required=True, metadata={"description": "its place in what was sent, from 0"}),
    code=fields.String(required=True),
    detail=fields.String(required=True),
    errors=fields.List(fields.Nested(Error), required=True),
)
Kept = told(
    "KeptRow",
    index=fields.Integer(required=True),
    id=fields.Integer(required=True),
    number=fields.String(required=True),
)
BulkTold = told(
    "BulkTold",
    kept=fields.List(fields.Nested(Kept), required=True),
    refused=fields.List(fields.Nested(Refusal), required=True),
)


@area.act(
    "/instruments/bulk", "instrument.edit", BulkTold, query=BulkQuery, raw_body=_CONTENT, limit=MANY, zh="批量登记器具"
)
def register_many(asked: dict[str, Any]) -> Any:
    """Register up to 1000 instruments at once.

    Each is checked as alone. Good ones are kept and the others told by their place, or with `atomic=true` nothing is kept
    unless all are good.
    """
    rows = _rows()
    kept: list[dict[str, Any]] = []
    wrong: list[dict[str, Any]] = []
    with db.session.begin_nested() as whole:
        for index, row in enumerate(rows):
            try:
                with db.session.begin_nested():
                    made = _one(row)
            except Problem as problem:
                wrong.append(_told(index, problem))
            else:
                kept.append({"index": index, "id": made.id, "number": made.number})
        if wrong and asked["atomic"] == "true":
            whole.rollback()
            db.session.rollback()
            kept = []
    return {"kept": kept, "refused": wrong}


def _one(row: Any) -> Instrument:
    try:
        sent = InstrumentSaid().load(row)
    except ValidationError as error:
        raise refused(error) from error
    return register_instrument(db.session(), actor(), facts(InstrumentFacts, sent), today=today(), now=now())


def _told(index: int, problem: Problem) -> dict[str, Any]:
    return {"index": index, "code": problem.code, "detail": sentence_of(problem), "errors": errors_of(problem)}


def _rows() -> list[Any]:
    data = request.get_data()
    if request.mimetype == _JSON_LINES:
        rows = [json_of(line) for line in data.splitlines() if line.strip()]
    elif request.is_json:
        rows = json_of(data)
    else:
        raise Problem("json_needed", None, media=f"application/json, {_JSON_LINES}")
    if not isinstance(rows, list):
        raise Problem("list_needed", "body")
    if len(rows) > MOST:
        raise Problem("too_many_rows", "body", limit=MOST)
    return rows


# -- what they are worth

Asked = said(
    "StandingsAsked", None,
    ids=fields.List(Whole(), validate=validate.Length(max=MOST)), numbers=fields.List(Text(), validate=validate.Length(max=MOST)),
    codes=fields.List(Text(), validate=validate.Length(max=MOST)),
)  # fmt: skip
Standing = told(
    "StandingTold", Instrument, "id", "number", "public_code", "state", "due_date", "due_basis",
    holds=fields.Boolean(required=True, metadata={"description": "whether it may be used today"}),
)  # fmt: skip
Standings = told(
    "StandingsTold",
    items=fields.List(fields.Nested(Standing), required=True, metadata={"description": "those that are there, by id"}),
)


@area.act("/instruments/standings", "instrument.view", Standings, body=Asked, limit=MANY, zh="批量查询器具状态")
def standings(sent: dict[str, Any]) -> Any:
    """Ask what up to 1000 instruments are worth today, by id, number or the code of their label."""
    wanted = sum(len(sent.get(name, ())) for name in ("ids", "numbers", "codes"))
    if wanted > MOST:
        raise Problem("too_many_rows", "body", limit=MOST)
    named = or_(
        Instrument.id.in_(sent.get("ids", ())),
        Instrument.number.in_(sent.get("numbers", ())),
        Instrument.public_code.in_(sent.get("codes", ())),
    )
    rows = db.session.scalars(within(select(Instrument).where(named), actor()).order_by(Instrument.id)).unique()
    names = ("id", "number", "public_code", "state", "due_date", "due_basis")
    return {"items": [{**{name: getattr(row, name) for name in names}, "holds": _holds(row)} for row in rows]}


def _holds(row: Instrument) -> bool:
    return not row.is_assembly and row.state == "in_use" and moving.verification_holds(db.session(), row, today())


# -- all of them


@area.file("/instruments/export", "instrument.export", _JSON_LINES, limit=MANY, zh="导出器具")
def export() -> Response:
    """Stream all instruments, one a line, from a transaction of its own."""
    who, day = actor(), today()
    with beside.kept() as session:
        changes: dict[str, list[Any]] = {"form": [None, "ndjson"]}
        record(session, who, "list.exported", ("list", "instruments"), at=now(), changes=changes)
    shape = InstrumentTold()

    def lines() -> Iterator[str]:
        with reading(), Session(db.engine) as session:
            shown = Listing(INSTRUMENTS, Asking(session, who, day, MultiDict([("state", "all")])))
            for keys in shown.query.chunks(session, CHUNK):
                for row in shown.load(session, keys, ()):
                    yield json.dumps(shape.dump(row), ensure_ascii=False) + "\n"
                session.expunge_all()

    return Response(stream_with_context(lines()), mimetype=_JSON_LINES)
