"""The change feed: what changed since a cursor, for systems that keep a copy."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from metrology.persistence.change_feed import KINDS
from metrology.persistence.database import db
from metrology.services import change_feed
from metrology.services.change_feed import MOST
from metrology.web.api.kit import Area
from metrology.web.api.schemas import Digits, Text, said, told
from metrology.web.requests import actor

area = Area("changes", "变更流", "Change feed")
ChangesQuery = said(
    "ChangesQuery",
    None,
    after=Text(
        load_default="",
        metadata={"description": "`next` of the answer before; `now`: a cursor to begin from; empty: the beginning"},
    ),
    limit=Digits(
        load_default=100, validate=validate.Range(1, MOST), metadata={"description": "changes of a page, at most"}
    ),
    kind=fields.List(fields.String(validate=validate.OneOf(sorted(KINDS))), load_default=list),
)
ChangeTold = told(
    "ChangeTold",
    None,
    seq=fields.Integer(required=True, metadata={"description": "number of the journal entry; grows, with gaps"}),
    at=fields.DateTime(required=True),
    change=fields.String(required=True, validate=validate.OneOf(["entered", "changed", "gone", "many"])),
    kind=fields.String(required=True, validate=validate.OneOf(sorted(KINDS))),
    key=fields.Integer(required=True, metadata={"description": "id of the thing"}),
    action=fields.String(required=True, metadata={"description": "what was done, such as `instrument.moved`"}),
    instrument_id=fields.Integer(required=True, allow_none=True),
    changed_fields=fields.List(
        fields.String(), attribute="fields", required=True, metadata={"description": "which fields changed; no values"}
    ),
    by=fields.String(required=True, allow_none=True, metadata={"description": "only for those who read the journal"}),
)
ChangesPage = told(
    "ChangesPage",
    None,
    changes=fields.List(fields.Nested(ChangeTold), required=True),
    next=fields.String(required=True, metadata={"description": "always there: ask with it next time"}),
    has_more=fields.Boolean(
        required=True, metadata={"description": "ask again at once; a page may be empty and say so"}
    ),
)


@area.read("/changes", "instrument.view", ChangesPage, query=ChangesQuery, zh="读取变更")
def changes(asked: dict[str, Any]) -> Any:
    """Read what changed after a cursor.

    In order, nothing skipped, each change once. `gone` is what was taken back or left your scope, `entered` what is new or came
    into it: read it and what belongs to it. `many` stands on a holder or place: all its instruments went to another district
    at once, read them anew. A cursor that no longer leads anywhere is refused as `cursor_lost`: begin anew.
    """
    who = change_feed.reader(actor(), kinds=asked["kind"])
    return change_feed.page(db.session(), who, after=asked["after"], limit=asked["limit"])
