"""Measurement standards, the equipment in them, institutes above ours."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from metrology.persistence.database import db
from metrology.persistence.equipment import (
    CERTIFICATE_KINDS,
    CHECK_RESULTS,
    LEVELS,
    ROLES,
    Equipment,
    EquipmentCertificate,
    EquipmentCheck,
    OutsideInstitute,
    OutsideStandard,
    StandardEquipment,
)
from metrology.persistence.standards import KINDS, MeasurementStandard, StandardCertificate
from metrology.services import equipment, house_due, outside, standards, tracing
from metrology.services.equipment import CertificateFacts as EquipmentCertificateFacts
from metrology.services.equipment import CheckFacts, EquipmentFacts
from metrology.services.outside import OutsideInstituteFacts, OutsideStandardFacts
from metrology.services.standards import CertificateFacts, StandardFacts
from metrology.web.api.kit import Area, made, must_match
from metrology.web.api.paging import PageQuery, in_pages, list_of, page_of, plain_list
from metrology.web.api.schemas import Day, Digits, Text, Whole, facts, said, told
from metrology.web.equipment_lists import EQUIPMENT
from metrology.web.requests import actor, now, or_404, today
from metrology.web.standard_lists import STANDARDS

area = Area("standards", "计量标准与设备", "Standards and equipment")
_STANDARD = (
    "id", "number", "kind", "public_number", "name", "name_en", "serial_number", "manufacturer", "examination_number",
    "examination_valid_until", "range_text", "range_low", "range_high", "accuracy", "accuracy_text", "type_codes",
    "certificate_number", "certificate_issuer", "valid_from", "valid_until", "state", "institute_id", "notes", "created_at",
    "updated_at", "version",
)  # fmt: skip
StandardTold = told("StandardTold", MeasurementStandard, *_STANDARD)
StandardPaper = told(
    "StandardCertificateTold", StandardCertificate, "id", "number", "issuer", "accuracy", "valid_from", "valid_until",
    "recorded_at",
)  # fmt: skip
PlaceInStandard = told(
    "EquipmentPlace", StandardEquipment, "id", "standard_id", "equipment_id", "role", "since", "until"
)
StandardWhole = told(
    "StandardWhole", MeasurementStandard, *_STANDARD, certificates=fields.List(fields.Nested(StandardPaper), required=True),
    standing=fields.String(required=True), equipment=fields.List(fields.Nested(PlaceInStandard), required=True),
)  # fmt: skip
StandardSaid = said("StandardSaid", StandardFacts, choices={"kind": KINDS})
Renewal = said("StandardRenewal", CertificateFacts)
Moved = said("StandardMove", None, to=Text(required=True), reason=Text(), choices={"to": tuple(standards.MOVES)})
list_of(area, "/standards", STANDARDS, StandardTold, zh="计量标准列表", en="List measurement standards.")


def standard_of(standard_id: int) -> MeasurementStandard:
    """A standard, or 404."""
    found: MeasurementStandard = or_404(db.session.get(MeasurementStandard, standard_id))
    return found


@area.read("/standards/<int:standard_id>", "standard.view", StandardWhole, zh="查看计量标准")
def standard(standard_id: int) -> Any:
    """Read a measurement standard."""
    row = standard_of(standard_id)
    kept = {name: getattr(row, name) for name in (*_STANDARD, "certificates")}
    return {**kept, "standing": standards.standing(row, today()), "equipment": equipment.places_of(db.session(), row)}


@area.create("/standards", "standard.edit", StandardSaid, StandardTold, zh="登记计量标准")
def create(sent: dict[str, Any]) -> Any:
    """Register a measurement standard."""
    row = standards.create_standard(db.session(), actor(), facts(StandardFacts, sent), today=today(), now=now())
    return made(row, "api_standards.standard", standard_id=row.id)


@area.replace("/standards/<int:standard_id>", "standard.edit", StandardSaid, StandardTold, zh="修改计量标准")
def revise(sent: dict[str, Any], standard_id: int) -> Any:
    """Say a measurement standard anew."""
    row = standard_of(standard_id)
    must_match(row)
    return standards.revise_standard(db.session(), actor(), row, facts(StandardFacts, sent), now=now())


@area.create("/standards/<int:standard_id>/certificates", "standard.edit", Renewal, StandardPaper, zh="续期计量标准")
def renew(sent: dict[str, Any], standard_id: int) -> Any:
    """Note a new certificate of a standard."""
    return standards.renew(db.session(), actor(), standard_of(standard_id), facts(CertificateFacts, sent), now=now())


@area.act("/standards/<int:standard_id>/move", "standard.edit", StandardTold, body=Moved, zh="变更计量标准状态")
def move(sent: dict[str, Any], standard_id: int) -> Any:
    """Suspend a standard, put it back to use, retire it."""
    row, reason = standard_of(standard_id), sent.get("reason", "")
    standards.move_standard(db.session(), actor(), row, sent["to"], reason=reason, now=now())
    return row


UseTold = told(
    "StandardUseTold", verification_id=fields.Integer(required=True),
    certificate_id=fields.Integer(required=True, allow_none=True),
)  # fmt: skip


@area.read("/standards/<int:standard_id>/uses", "standard.view", page_of(UseTold), query=PageQuery, zh="计量标准的使用")
def uses(asked: dict[str, Any], standard_id: int) -> Any:
    """List what was verified with a standard, the latest first."""
    row = standard_of(standard_id)
    return in_pages(
        lambda before, limit: tracing.judged_with(db.session(), actor(), row.id, before=before, limit=limit), asked,
        lambda one: {
            "verification_id": one.verification.id, "certificate_id": one.certificate.id if one.certificate else None,
        },
    )  # fmt: skip


# -- equipment

_PIECE = (
    "id", "number", "name", "name_en", "model", "serial_number", "manufacturer", "range_text", "range_low", "range_high",
    "accuracy_text", "institute_id", "state", "valid_until", "check_months", "next_check_on", "notes", "created_at",
    "updated_at", "version",
)  # fmt: skip
EquipmentTold = told("EquipmentTold", Equipment, *_PIECE)
EquipmentPaper = told(
    "EquipmentCertificateTold", EquipmentCertificate, "id", "kind", "number", "outside_institute_id", "outside_standard_id",
    "own_standard_id", "valid_from", "valid_until", "accuracy", "coverage_factor", "accuracy_text", "range_low", "range_high",
    "result", "recorded_at",
)  # fmt: skip
CheckTold = told(
    "EquipmentCheckTold",
    EquipmentCheck,
    "id",
    "checked_on",
    "method",
    "found",
    "limit",
    "result",
    "notes",
    "recorded_at",
)
EquipmentWhole = told(
    "EquipmentWhole", Equipment, *_PIECE, certificates=fields.List(fields.Nested(EquipmentPaper), required=True),
    checks=fields.List(fields.Nested(CheckTold), required=True), places=fields.List(fields.Nested(PlaceInStandard), required=True),
)  # fmt: skip
EquipmentSaid = said("EquipmentSaid", EquipmentFacts)
EquipmentPaperSaid = said("EquipmentCertificateSaid", EquipmentCertificateFacts, choices={"kind": CERTIFICATE_KINDS})
CheckSaid = said("EquipmentCheckSaid", CheckFacts, choices={"result": CHECK_RESULTS})
PutIn = said(
    "EquipmentPutIn", None, standard_id=Whole(required=True), role=Text(required=True), since=Day(required=True),
    choices={"role": ROLES},
)  # fmt: skip
TakenOut = said("EquipmentTakenOut", None, until=Day(required=True))
list_of(area, "/equipment", EQUIPMENT, EquipmentTold, zh="设备列表", en="List equipment.")


def equipment_of(equipment_id: int) -> Equipment:
    """A piece of equipment, or 404."""
    found: Equipment = or_404(db.session.get(Equipment, equipment_id))
    return found


@area.read("/equipment/<int:equipment_id>", "standard.view", EquipmentWhole, zh="查看设备")
def piece(equipment_id: int) -> Any:
    """Read a piece of equipment with its certificates and checks."""
    return equipment_of(equipment_id)


@area.create("/equipment", "standard.edit", EquipmentSaid, EquipmentTold, zh="登记设备")
def create_piece(sent: dict[str, Any]) -> Any:
    """Register a piece of equipment."""
    row = equipment.create(db.session(), actor(), facts(EquipmentFacts, sent), now=now())
    return made(row, "api_standards.piece", equipment_id=row.id)


@area.replace("/equipment/<int:equipment_id>", "standard.edit", EquipmentSaid, EquipmentTold, zh="修改设备")
def revise_piece(sent: dict[str, Any], equipment_id: int) -> Any:
    """Say a piece of equipment anew."""
    row = equipment_of(equipment_id)
    must_match(row)
    return equipment.revise(db.session(), actor(), row, facts(EquipmentFacts, sent), now=now())


@area.create(
    "/equipment/<int:equipment_id>/certificates", "standard.edit", EquipmentPaperSaid, EquipmentPaper, zh="登记设备证书"
)
def certify(sent: dict[str, Any], equipment_id: int) -> Any:
    """Note a certificate of a piece of equipment."""
    said_of = facts(EquipmentCertificateFacts, sent)
    return equipment.certify(db.session(), actor(), equipment_of(equipment_id), said_of, now=now())


@area.create("/equipment/<int:equipment_id>/checks", "standard.edit", CheckSaid, CheckTold, zh="登记期间核查")
def keep_check(sent: dict[str, Any], equipment_id: int) -> Any:
    """Note an intermediate check."""
    row, said_of = equipment_of(equipment_id), facts(CheckFacts, sent)
    return equipment.keep_check(db.session(), actor(), row, said_of, today=today(), now=now())


@area.act("/equipment/<int:equipment_id>/move", "standard.edit", EquipmentTold, body=Moved, zh="变更设备状态")
def move_piece(sent: dict[str, Any], equipment_id: int) -> Any:
    """Suspend a piece of equipment, put it back to use, retire it."""
    row = equipment_of(equipment_id)
    equipment.move(db.session(), actor(), row, sent["to"], reason=sent.get("reason", ""), now=now())
    return row


@area.create("/equipment/<int:equipment_id>/places", "standard.edit", PutIn, PlaceInStandard, zh="装入计量标准")
def put_in(sent: dict[str, Any], equipment_id: int) -> Any:
    """Put a piece of equipment into a standard."""
    row, into = equipment_of(equipment_id), standard_of(sent["standard_id"])
    return equipment.put_into(db.session(), actor(), row, into, role=sent["role"], since=sent["since"], now=now())


@area.act(
    "/equipment/places/<int:place_in_standard_id>/end",
    "standard.edit",
    PlaceInStandard,
    body=TakenOut,
    zh="移出计量标准",
)
def take_out(sent: dict[str, Any], place_in_standard_id: int) -> Any:
    """Take a piece of equipment out of a standard."""
    place: StandardEquipment = or_404(db.session.get(StandardEquipment, place_in_standard_id))
    equipment.take_out(db.session(), actor(), place, until=sent["until"], now=now())
    return place


# -- institutes above ours

AboveTold = told("OutsideInstituteTold", OutsideInstitute, "id", "name", "name_en", "level", "notes", "version")
AboveSaid = said("OutsideInstituteSaid", OutsideInstituteFacts, choices={"level": LEVELS})
TopTold = told(
    "OutsideStandardTold", OutsideStandard, "id", "institute_id", "name", "name_en", "number", "accuracy_text", "is_primary",
    "traces_to_id", "notes", "version",
)  # fmt: skip
TopSaid = said("OutsideStandardSaid", OutsideStandardFacts)


@area.read("/outside-institutes", "standard.view", page_of(AboveTold), query=PageQuery, zh="上级机构列表")
def outside_institutes(asked: dict[str, Any]) -> Any:
    """List the institutes above ours."""
    return plain_list(outside.institutes(db.session()), asked)


@area.create("/outside-institutes", "standard.edit", AboveSaid, AboveTold, zh="登记上级机构")
def keep_institute(sent: dict[str, Any]) -> Any:
    """Register an institute above ours."""
    return outside.keep_institute(db.session(), actor(), facts(OutsideInstituteFacts, sent), now=now())


@area.replace(
    "/outside-institutes/<int:outside_institute_id>", "standard.edit", AboveSaid, AboveTold, zh="修改上级机构"
)
def change_institute(sent: dict[str, Any], outside_institute_id: int) -> Any:
    """Say an institute above ours anew."""
    row = or_404(db.session.get(OutsideInstitute, outside_institute_id))
    must_match(row)
    return outside.keep_institute(db.session(), actor(), facts(OutsideInstituteFacts, sent), row=row, now=now())


@area.read("/outside-standards", "standard.view", page_of(TopTold), query=PageQuery, zh="上级标准列表")
def outside_standards(asked: dict[str, Any]) -> Any:
    """List the standards above ours."""
    return plain_list(outside.standards(db.session()), asked)


@area.create("/outside-standards", "standard.edit", TopSaid, TopTold, zh="登记上级标准")
def keep_standard(sent: dict[str, Any]) -> Any:
    """Register a standard above ours."""
    return outside.keep_standard(db.session(), actor(), facts(OutsideStandardFacts, sent), now=now())


@area.replace("/outside-standards/<int:outside_standard_id>", "standard.edit", TopSaid, TopTold, zh="修改上级标准")
def change_standard(sent: dict[str, Any], outside_standard_id: int) -> Any:
    """Say a standard above ours anew."""
    row = or_404(db.session.get(OutsideStandard, outside_standard_id))
    must_match(row)
    return outside.keep_standard(db.session(), actor(), facts(OutsideStandardFacts, sent), row=row, now=now())


HouseTold = told(
    "HouseDueTold", kind=fields.String(required=True), key=fields.Integer(required=True), name=fields.String(required=True),
    number=fields.String(required=True), due=fields.Date(required=True),
)  # fmt: skip
HouseQuery = said("HouseQuery", None, days=Digits(load_default=90, validate=validate.Range(0, 366)))


HousePage = told("HouseDuePage", items=fields.List(fields.Nested(HouseTold), required=True))


@area.read("/house-due", "standard.view", HousePage, query=HouseQuery, zh="本机构到期事项")
def house(asked: dict[str, Any]) -> Any:
    """What of ours ends soon: standards, equipment, qualifications, authorisations."""
    return {"items": house_due.due_within(db.session(), today(), asked["days"])}
