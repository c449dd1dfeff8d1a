"""Holders with their contacts, places, districts, types of instruments."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from sqlalchemy import select

from metrology import regulations
from metrology.persistence.database import db
from metrology.persistence.districts import District
from metrology.persistence.holders import HOLDER_KINDS, Contact, Holder
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.places import PLACE_KINDS, Place
from metrology.services import contacting, holding, placing
from metrology.services.contacting import ContactFacts
from metrology.services.holding import HolderFacts
from metrology.services.placing import PlaceFacts
from metrology.web.api.kit import Area, made, must_match
from metrology.web.api.paging import PageQuery, list_of, page_of, plain_list
from metrology.web.api.schemas import Text, Truth, changes, facts, said, told, words
from metrology.web.holder_lists import HOLDERS
from metrology.web.holders import seen
from metrology.web.place_lists import PLACES
from metrology.web.places import seen as seen_place
from metrology.web.requests import actor, now, or_404, settings
from metrology.web.types import TYPES

area = Area("holders", "使用单位", "Holders")
ContactTold = told(
    "ContactTold", Contact, "id", "holder_id", "name", "post", "phone", "email", "notify_email", "notify_wecom", "language",
    "is_active", "version",
)  # fmt: skip
_HOLDER = (
    "id", "number", "name", "kind", "uscc", "district_code", "address", "legal_representative", "industry", "notes",
    "is_active", "created_at", "updated_at", "version",
)  # fmt: skip
HolderTold = told("HolderTold", Holder, *_HOLDER)
HolderWhole = told("HolderWhole", Holder, *_HOLDER, contacts=fields.List(fields.Nested(ContactTold), required=True))
_KINDS, _LANGUAGES = {"kind": ("", *HOLDER_KINDS)}, {"language": contacting.LANGUAGES}
HolderSaid = said("HolderSaid", HolderFacts, choices=_KINDS)
HolderChanges = said("HolderChanges", HolderFacts, all_optional=True, choices=_KINDS)
ContactSaid = said("ContactSaid", ContactFacts, choices=_LANGUAGES)
ContactChanges = said("ContactChanges", ContactFacts, all_optional=True, choices=_LANGUAGES)
Activity = said("Activity", None, is_active=Truth(required=True), reason=Text())

list_of(area, "/holders", HOLDERS, HolderTold, zh="使用单位列表", en="List holders.")


@area.read("/holders/<int:holder_id>", "holder.view", HolderWhole, zh="查看使用单位")
def holder(holder_id: int) -> Any:
    """Read a holder with its contacts."""
    return seen(holder_id)


@area.create("/holders", "holder.edit", HolderSaid, HolderTold, zh="登记使用单位")
def register(sent: dict[str, Any]) -> Any:
    """Register a holder."""
    row = holding.register_holder(db.session(), actor(), facts(HolderFacts, sent), now=now())
    return made(row, "api_holders.holder", holder_id=row.id)


@area.change("/holders/<int:holder_id>", "holder.edit", HolderChanges, HolderTold, locks=True, zh="修改使用单位")
def revise(sent: dict[str, Any], holder_id: int) -> Any:
    """Change a holder."""
    row = seen(holder_id)
    must_match(row)
    return holding.revise_holder(db.session(), actor(), row, changes(HolderFacts, sent), now=now())


@area.act("/holders/<int:holder_id>/active", "holder.edit", HolderTold, body=Activity, zh="注销或恢复使用单位")
def set_active(sent: dict[str, Any], holder_id: int) -> Any:
    """Close a holder, or open it again."""
    row, reason = seen(holder_id), sent.get("reason", "")
    holding.set_active(db.session(), actor(), row, is_active=sent["is_active"], reason=reason, now=now())
    return row


def _hosts() -> list[str]:
    return [one.strip() for one in settings().wecom_hosts.split(",") if one.strip()]


def _contact(holder_id: int, contact_id: int) -> Contact:
    found: Contact = or_404(next((one for one in seen(holder_id).contacts if one.id == contact_id), None))
    return found


@area.create("/holders/<int:holder_id>/contacts", "holder.contacts", ContactSaid, ContactTold, zh="添加联系人")
def add_contact(sent: dict[str, Any], holder_id: int) -> Any:
    """Add a contact."""
    row, said_of = seen(holder_id), facts(ContactFacts, sent)
    return contacting.add_contact(db.session(), actor(), row, said_of, wecom_hosts=_hosts(), now=now())


@area.change(
    "/holders/<int:holder_id>/contacts/<int:contact_id>",
    "holder.contacts",
    ContactChanges,
    ContactTold,
    locks=True,
    zh="修改联系人",
)
def revise_contact(sent: dict[str, Any], holder_id: int, contact_id: int) -> Any:
    """Change a contact."""
    row, said_of = _contact(holder_id, contact_id), changes(ContactFacts, sent)
    must_match(row)
    return contacting.revise_contact(db.session(), actor(), row, said_of, wecom_hosts=_hosts(), now=now())


@area.remove("/holders/<int:holder_id>/contacts/<int:contact_id>", "holder.contacts", zh="移除联系人")
def remove_contact(holder_id: int, contact_id: int) -> Any:
    """Remove a contact."""
    contacting.remove_contact(db.session(), actor(), _contact(holder_id, contact_id), now=now())
    return ""


# -- places

places = Area("places", "场所与行政区划", "Places and districts")
PlaceTold = told(
    "PlaceTold", Place, "id", "parent_id", "kind", "name", "full_name", "district_code", "address", "latitude", "longitude",
    "organiser_id", "is_active", "created_at", "updated_at", "version",
)  # fmt: skip
_PLACES = {"kind": ("", *PLACE_KINDS)}
PlaceSaid = said("PlaceSaid", PlaceFacts, without=("parent",), choices=_PLACES)
PlaceChanges = said("PlaceChanges", PlaceFacts, without=("parent",), all_optional=True, choices=_PLACES)
DistrictTold = told("DistrictTold", District, "code", "name_zh", "name_en", "is_extension", "position")
list_of(places, "/places", PLACES, PlaceTold, zh="场所列表", en="List places.")


@places.read("/places/<int:place_id>", "place.view", PlaceTold, zh="查看场所")
def place(place_id: int) -> Any:
    """Read a place."""
    return seen_place(place_id)


@places.create("/places", "place.edit", PlaceSaid, PlaceTold, zh="登记场所")
def register_place(sent: dict[str, Any]) -> Any:
    """Register a place."""
    row = placing.register_place(db.session(), actor(), facts(PlaceFacts, sent), now=now())
    return made(row, "api_places.place", place_id=row.id)


@places.change("/places/<int:place_id>", "place.edit", PlaceChanges, PlaceTold, locks=True, zh="修改场所")
def revise_place(sent: dict[str, Any], place_id: int) -> Any:
    """Change a place, or move it under another."""
    row = seen_place(place_id)
    must_match(row)
    return placing.revise_place(db.session(), actor(), row, changes(PlaceFacts, sent), now=now())


@places.act("/places/<int:place_id>/active", "place.edit", PlaceTold, body=Activity, zh="停用或恢复场所")
def set_place_active(sent: dict[str, Any], place_id: int) -> Any:
    """Close a place, or open it again."""
    row, reason = seen_place(place_id), sent.get("reason", "")
    placing.set_active(db.session(), actor(), row, is_active=sent["is_active"], reason=reason, now=now())
    return row


@places.read("/districts", "place.view", page_of(DistrictTold), query=PageQuery, zh="行政区划列表")
def districts(asked: dict[str, Any]) -> Any:
    """List districts."""
    return plain_list(db.session.scalars(select(District).order_by(District.position)).all(), asked)


# -- types

law = Area("law", "器具种类与规程数据", "Types and numbers of the law")
TypeTold = told(
    "TypeTold", TypeEntry, "code", "name_zh", "name_en", "group_zh", "group_en", "mode", "supervision", "interval_months",
    "regulation", "has_rules", "is_mandatory", "is_confirmed", "is_current",
)  # fmt: skip
ChoiceTold = told("ChoiceTold", value=fields.String(required=True), labels=words())
CharacteristicTold = told(
    "CharacteristicTold", key=fields.String(required=True), labels=words(), kind=fields.String(required=True),
    unit=fields.String(required=True, allow_none=True), required=fields.Boolean(required=True),
    of_part=fields.Boolean(required=True), choices=fields.List(fields.Nested(ChoiceTold), required=True),
)  # fmt: skip
EditionTold = told(
    "EditionTold", code=fields.String(required=True), in_force=fields.Date(required=True),
    numbers=fields.List(fields.String(), required=True, metadata={"description": "keys of its legal numbers"}),
)  # fmt: skip
TypeWhole = told(
    "TypeWhole", TypeEntry, *TypeTold._declared_fields,  # noqa: SLF001 - marshmallow's own table of fields
    nameplate=fields.List(fields.Nested(CharacteristicTold), required=True),
    editions=fields.List(fields.Nested(EditionTold), required=True),
)  # fmt: skip
list_of(law, "/types", TYPES, TypeTold, zh="器具种类列表", en="List types of instruments.")


@law.read("/types/<type_code>", "type.view", TypeWhole, zh="查看器具种类")
def type_of(type_code: str) -> Any:
    """Read a type: what its nameplate says, and its editions."""
    entry = or_404(db.session.get(TypeEntry, type_code))
    kind = regulations.all_types().get(type_code)
    told_of = {name: getattr(entry, name) for name in TypeTold._declared_fields}  # noqa: SLF001 - the same
    plate = [
        {
            "key": one.key, "labels": one.labels, "kind": one.kind, "unit": one.unit or None, "required": one.required,
            "of_part": one.of_part, "choices": [{"value": c.value, "labels": c.labels} for c in one.choices],
        }
        for one in (kind.nameplate if kind else ())
    ]  # fmt: skip
    editions = [
        {"code": one.code, "in_force": one.in_force, "numbers": sorted(one.numbers)}
        for one in (kind.editions if kind else ())
    ]
    return {**told_of, "nameplate": plate, "editions": editions}
