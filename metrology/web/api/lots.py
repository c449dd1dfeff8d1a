"""Lots of meters: what there is, how far each is, and what came of its meters. The work on them is a person's, with a bench file."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from metrology.persistence.database import db
from metrology.persistence.lots import Lot, LotMeter
from metrology.services import lots as service
from metrology.web.api.kit import Area
from metrology.web.api.paging import LIMIT, in_pages, list_of, page_of
from metrology.web.api.schemas import Text, said, told
from metrology.web.lot_lists import LOTS
from metrology.web.lots import seen

area = Area("lots", "批", "Lots of meters")
_COLUMNS = (
    "id", "number", "holder_id", "district_code", "type_code", "lot_code", "model", "manufacturer", "nameplate", "state", "kind",
    "verified_on", "place_text", "institute_id", "verifier_id", "checker_id", "approver_id", "submitted_at", "checked_at",
    "approved_at", "returned_at", "return_reason", "certificate_number", "issued_on", "created_at", "updated_at",
)  # fmt: skip
_COUNTS = {
    "meters": "all of them", "conforming": "with this verdict", "rejected": "with this verdict",
    "faulty": "with readings that give no verdict", "unread": "without readings", "left": "taken out in the rotation",
    "remaining": "neither taken out nor rejected",
}  # fmt: skip
LotTold = told("LotTold", Lot, *_COLUMNS)
LotWhole = told(
    "LotWhole", Lot, *_COLUMNS,
    counts=fields.Nested(
        told("LotCounts", **{
            name: fields.Integer(required=True, metadata={"description": about}) for name, about in _COUNTS.items()
        }), required=True,
    ),
)  # fmt: skip
MeterTold = told(
    "LotMeterTold",
    LotMeter,
    "instrument_id",
    "position",
    "verdict",
    "problem",
    "verification_id",
    "left_on",
    "replaced_by_id",
)
MetersQuery = said("LotMetersQuery", None, **LIMIT, which=Text(load_default="", validate=validate.OneOf(service.WHICH)))
list_of(area, "/lots", LOTS, LotTold, zh="批列表", en="List lots.")


@area.read("/lots/<int:lot_id>", "lot.view", LotWhole, zh="查看批")
def lot(lot_id: int) -> Any:
    """Read a lot: how far it is, and how many meters came to what."""
    row = seen(lot_id)
    return {
        **{name: getattr(row, name) for name in _COLUMNS},
        "counts": service.counts_of(db.session(), [row.id])[row.id],
    }


@area.read("/lots/<int:lot_id>/meters", "lot.view", page_of(MeterTold), query=MetersQuery, zh="批内的表")
def meters(asked: dict[str, Any], lot_id: int) -> Any:
    """List the meters of a lot in their order: verdict, record, and what took their place."""
    row = seen(lot_id)
    return in_pages(
        lambda after, limit: service.meters(db.session(), row, which=asked["which"], after=after or 0, limit=limit),
        asked,
    )
