"""Files kept with instruments, and the sizes of labels."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from marshmallow import fields, validate

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.instrument_labels import LabelLayout
from metrology.persistence.instruments import Attachment, Instrument
from metrology.services import attaching, label_layouts
from metrology.web.api.guard import MANY
from metrology.web.api.instruments import area as instruments
from metrology.web.api.labels import area as labels
from metrology.web.api.paging import PageQuery, page_of, plain_list
from metrology.web.api.schemas import Text, said, told
from metrology.web.instruments import seen
from metrology.web.requests import actor, now, or_404

FileTold = told("FileTold", Attachment, "id", "object_id", "name", "media_type", "caption", "added_by_id", "added_at")
FileQuery = said(
    "FileQuery", None, name=Text(required=True, validate=validate.Length(1, 200)), caption=Text(load_default="")
)
_BODY = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    "description": "The picture or PDF as it is.",
}


def _file(instrument_id: int, attachment_id: int) -> tuple[Attachment, Instrument]:
    instrument, found = seen(instrument_id), db.session.get(Attachment, attachment_id)
    is_its_own = (
        found is not None
        and found.removed_at is None
        and (found.object_kind, found.object_id) == (Instrument.__tablename__, instrument.id)
    )
    return or_404(found if is_its_own else None), instrument


@instruments.read(
    "/instruments/<int:instrument_id>/files", "instrument.view", page_of(FileTold), query=PageQuery, zh="器具的附件"
)
def files(asked: dict[str, Any], instrument_id: int) -> Any:
    """List the files kept with an instrument."""
    return plain_list(attaching.attachments_of(db.session(), seen(instrument_id)), asked)


@instruments.create(
    "/instruments/<int:instrument_id>/files", "attachment.edit", None, FileTold, query=FileQuery, raw_body=_BODY, limit=MANY,
    largest=attaching.LARGEST + 1, zh="添加附件",
)  # fmt: skip
def attach(asked: dict[str, Any], instrument_id: int) -> Any:
    """Keep a picture or document with an instrument."""
    instrument = seen(instrument_id)
    if request.mimetype != "application/octet-stream":
        raise Problem("json_needed", None, media="application/octet-stream")
    data = request.get_data()
    return attaching.attach(
        db.session(), actor(), instrument, data, name=asked["name"], caption=asked["caption"], now=now()
    )


@instruments.file(
    "/instruments/<int:instrument_id>/files/<int:attachment_id>",
    "instrument.view",
    "application/octet-stream",
    zh="读取附件",
)
def read_file(instrument_id: int, attachment_id: int) -> Response:
    """Read a file kept with an instrument."""
    found, _instrument = _file(instrument_id, attachment_id)
    return Response(found.file.data, mimetype="application/octet-stream")


@instruments.remove("/instruments/<int:instrument_id>/files/<int:attachment_id>", "attachment.edit", zh="移除附件")
def remove_file(instrument_id: int, attachment_id: int) -> Any:
    """Take a file away; its bytes stay in the record."""
    found, instrument = _file(instrument_id, attachment_id)
    attaching.remove_attachment(db.session(), actor(), found, now=now(), instrument=instrument)
    return ""


LayoutTold = told("LabelLayoutTold", LabelLayout, "id", "name", "measures", "created_at", "removed_at")
LayoutSaid = said(
    "LabelLayoutSaid", None, name=Text(required=True),
    measures=fields.Dict(keys=Text(), values=Text(), required=True, metadata={"description": "millimetres, by measure"}),
)  # fmt: skip
StockTold = told("LabelStockTold", key=fields.String(required=True), name=fields.String(required=True))


@labels.read("/label-layouts", "label.view", page_of(StockTold), query=PageQuery, zh="标签规格列表")
def layouts(asked: dict[str, Any]) -> Any:
    """List the sizes of labels."""
    return plain_list(list(label_layouts.choices(db.session()).values()), asked)


@labels.create("/label-layouts", "label.layout", LayoutSaid, LayoutTold, zh="保存标签规格")
def keep_layout(sent: dict[str, Any]) -> Any:
    """Keep a size of labels under a name."""
    return label_layouts.save(db.session(), actor(), sent["name"], sent["measures"], now=now())


@labels.remove("/label-layouts/<int:layout_id>", "label.layout", zh="移除标签规格")
def remove_layout(layout_id: int) -> Any:
    """Offer a size of labels no longer."""
    label_layouts.remove(db.session(), actor(), or_404(db.session.get(LabelLayout, layout_id)), now=now())
    return ""
