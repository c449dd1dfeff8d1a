"""Ledgers: sent as a file, mapped, brought in, taken back, with what became of each row."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from marshmallow import fields, validate

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.ledgers import LedgerBatch, LedgerRow
from metrology.services import importing, ledger_pages
from metrology.services.ledger_headings import DEEPEST, HEADER_ROWS
from metrology.web.api.guard import MANY
from metrology.web.api.kit import Area, made
from metrology.web.api.paging import LIMIT, PageQuery, in_pages, page_of
from metrology.web.api.schemas import Reason, Text, Truth, Whole, said, told
from metrology.web.ledger_words import OUTCOMES
from metrology.web.requests import actor, now, or_404

area = Area("ledgers", "台账导入", "Ledgers")
LARGEST = 50_000_000
_COLUMNS = (
    "id", "file_name", "state", "default_type_code", "holder_id", "is_mapped_by_hand", "counts", "created_by_id", "created_at",
    "started_at", "finished_at", "error", "error_params",
)  # fmt: skip
BatchTold = told("LedgerTold", LedgerBatch, *_COLUMNS)
BatchWhole = told("LedgerWhole", LedgerBatch, *_COLUMNS, "mapping")
RowTold = told(
    "LedgerRowTold",
    LedgerRow,
    "id",
    "sheet",
    "row",
    "outcome",
    "label",
    "instrument_id",
    "column",
    "code",
    "params",
    "is_undone",
)
RowsQuery = said(
    "LedgerRowsQuery",
    None,
    **{**LIMIT, "outcome": Text(load_default="rejected", validate=validate.OneOf(tuple(OUTCOMES)))},
)
UploadQuery = said(
    "LedgerUploadQuery", None, name=Text(required=True, validate=validate.Length(1, 200), metadata={"description": "file name"}),
    type=Text(load_default="", metadata={"description": "type of all rows, where the ledger does not say"}),
    holder=Text(load_default="", metadata={"description": "holder of all rows: number, credit code or name"}),
)  # fmt: skip
_BODY = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    "description": "The XLSX, XLS or CSV file as it is.",
}
SheetSaid = said(
    "LedgerSheet", None, header_row=Whole(required=True, span=(0, HEADER_ROWS * 10)), depth=Whole(load_default=1, span=(1, DEEPEST)),
    type_code=Text(load_default=""), skipped=Truth(load_default=False),
    type_names=fields.Dict(
        keys=Text(), values=Text(), load_default=dict, metadata={"description": "name in the ledger → type"}
    ),
    fields=fields.Dict(
        keys=Text(), values=Text(), load_default=dict, metadata={"description": "number of a column → field, empty for none"}
    ),
)  # fmt: skip
MappingSaid = said(
    "LedgerMapping", None, sheets=fields.List(fields.Nested(SheetSaid), required=True, validate=validate.Length(1, 100)),
    holder=Text(),
)  # fmt: skip


def _batch(batch_id: int) -> LedgerBatch:
    found: LedgerBatch = or_404(importing.find(db.session(), actor(), batch_id))
    return found


@area.read("/ledgers", "import.view", page_of(BatchTold), query=PageQuery, zh="台账列表")
def ledgers(asked: dict[str, Any]) -> Any:
    """List ledgers, the latest first."""
    return in_pages(
        lambda after, limit: ledger_pages.batches(db.session(), actor(), after=after, limit=limit),
        asked,
        lambda line: line.batch,
    )


@area.read("/ledgers/<int:batch_id>", "import.view", BatchWhole, zh="查看台账")
def ledger(batch_id: int) -> Any:
    """Read a ledger: its state, counts and how its columns are read."""
    return _batch(batch_id)


@area.read("/ledgers/<int:batch_id>/rows", "import.view", page_of(RowTold), query=RowsQuery, zh="台账逐行结果")
def rows(asked: dict[str, Any], batch_id: int) -> Any:
    """List what became of the rows of a ledger, with the code of what is wrong."""
    row, outcome = _batch(batch_id), asked["outcome"]
    return in_pages(
        lambda after, limit: ledger_pages.rows(db.session(), row.id, outcome, after=after, limit=limit),
        asked,
        lambda line: line.row,
    )


@area.create(
    "/ledgers",
    "import.run",
    None,
    BatchTold,
    query=UploadQuery,
    raw_body=_BODY,
    limit=MANY,
    largest=LARGEST,
    zh="上传台账",
)
def upload(asked: dict[str, Any]) -> Any:
    """Send a ledger: it is kept, and checked by the worker."""
    if request.mimetype != "application/octet-stream":
        raise Problem("json_needed", None, media="application/octet-stream")
    holder = importing.find_holder(db.session(), actor(), asked["holder"])
    row = importing.upload(
        db.session(), actor(), request.get_data(), asked["name"], now=now(), default_type_code=asked["type"],
        holder_id=holder.id if holder else None,
    )  # fmt: skip
    return made(row, "api_ledgers.ledger", batch_id=row.id)


@area.act("/ledgers/<int:batch_id>/mapping", "import.run", BatchTold, body=MappingSaid, zh="指定台账列含义")
def map_columns(sent: dict[str, Any], batch_id: int) -> Any:
    """Say how the sheets are read."""
    row, session = _batch(batch_id), db.session()
    holder = importing.find_holder(session, actor(), sent.get("holder", ""))
    chosen = [_sheet(one) for one in sent["sheets"]]
    if len(chosen) != len(row.mapping.get("sheets", ())):
        raise Problem("bad_choice", "sheets", value=len(chosen))
    importing.map_by_hand(
        session, actor(), row, chosen, now=now(), default_type_code=row.default_type_code,
        holder_id=holder.id if holder else None,
    )  # fmt: skip
    return row


def _sheet(one: dict[str, Any]) -> dict[str, Any]:
    numbered = {}
    for key, field in one.pop("fields", {}).items():
        if not key.isascii() or not key.isdecimal() or len(key) > 3:
            raise Problem("bad_choice", f"fields.{key[:20]}", value=key[:20])
        numbered[int(key)] = field
    return {**one, "fields": numbered}


@area.act("/ledgers/<int:batch_id>/confirm", "import.run", BatchTold, zh="确认导入")
def confirm(batch_id: int) -> Any:
    """Bring the good rows in."""
    row = _batch(batch_id)
    importing.confirm(db.session(), actor(), row, now=now())
    return row


@area.act("/ledgers/<int:batch_id>/discard", "import.run", BatchTold, zh="弃用台账")
def discard(batch_id: int) -> Any:
    """Put a ledger away."""
    row = _batch(batch_id)
    importing.discard(db.session(), actor(), row, now=now())
    return row


@area.act("/ledgers/<int:batch_id>/undo", "import.run", BatchTold, body=Reason, zh="撤销导入")
def undo(sent: dict[str, Any], batch_id: int) -> Any:
    """Take an import back."""
    row = _batch(batch_id)
    importing.undo(db.session(), actor(), row, reason=sent["reason"], now=now())
    return row


@area.act("/ledgers/<int:batch_id>/again", "import.run", BatchTold, zh="继续处理台账")
def again(batch_id: int) -> Any:
    """Go on with work that was given up."""
    row = _batch(batch_id)
    importing.try_again(db.session(), actor(), row, now=now())
    return row


@area.file("/ledgers/<int:batch_id>/file", "import.view", "application/octet-stream", zh="台账原文件")
def original(batch_id: int) -> Response:
    """Read the file as it was sent."""
    return Response(ledger_pages.bytes_of(db.session(), _batch(batch_id)), mimetype="application/octet-stream")
