"""Visits and what falls due, reminders, complaints of the public, reports of holders."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from metrology.persistence.complaints import Complaint
from metrology.persistence.condition_reports import KINDS, ConditionReport
from metrology.persistence.database import db
from metrology.persistence.instruments import Seal
from metrology.persistence.reminders import Notice
from metrology.persistence.visits import Visit, VisitItem
from metrology.services import complaining, condition_reports, due_groups, outbox, reminder_outlook, sealing, visiting
from metrology.services.due_groups import DueFilter
from metrology.services.instrument_facts import SealFacts
from metrology.services.visiting import VisitFacts
from metrology.web.api.instruments import SealTold
from metrology.web.api.instruments import area as instruments
from metrology.web.api.kit import Area, made, must_match
from metrology.web.api.paging import PageQuery, in_pages, list_of, page_of
from metrology.web.api.schemas import Day, Digits, Reason, Text, Whole, facts, said, told
from metrology.web.complaints import COMPLAINTS
from metrology.web.instruments import seen as seen_instrument
from metrology.web.reminder_lists import NOTICES
from metrology.web.requests import actor, now, or_404, today
from metrology.web.visit_lists import VISITS
from metrology.web.visits import found_visit

area = Area("plan", "检定计划", "Visits and what falls due")
ItemTold = told("VisitItemTold", VisitItem, "id", "visit_id", "instrument_id", "position", "state", "remark")
_VISIT = (
    "id", "number", "title", "planned_on", "state", "place_id", "district_code", "notes", "cancel_reason", "created_at",
    "updated_at", "version",
)  # fmt: skip
VisitTold = told("VisitTold", Visit, *_VISIT)
VisitWhole = told(
    "VisitWhole", Visit, *_VISIT, items=fields.List(fields.Nested(ItemTold), required=True),
    verifier_ids=fields.Function(
        lambda row: [one.id for one in row.verifiers], required=True,
        metadata={"type": "array", "items": {"type": "integer"}},
    ),
)  # fmt: skip
LeftOut = told("LeftOut", instrument_id=fields.Integer(required=True), reason=fields.String(required=True))
Planned = told(
    "VisitPlanned", Visit, *_VISIT,
    left_out=fields.List(fields.Nested(LeftOut), required=True, metadata={"description": "what could not be put on it"}),
)  # fmt: skip
_KEYS: dict[str, Any] = {"instrument_ids": fields.List(Whole(), required=True, validate=validate.Length(1, 2000))}
VisitSaid = said("VisitSaid", VisitFacts, **_KEYS)
VisitChanges = said("VisitChanges", VisitFacts, without=("place_id", "district_code"))
Chosen = said("ChosenInstruments", None, **_KEYS)
To = said("VisitDay", None, planned_on=Day(required=True))
Mark = said("VisitMark", None, state=Text(required=True), remark=Text(), choices={"state": visiting.MARKS})
Left = told("LeftOutOfVisit", left_out=fields.List(fields.Nested(LeftOut), required=True))
list_of(area, "/visits", VISITS, VisitTold, zh="下厂检定列表", en="List visits.")


def _left(pairs: Any) -> list[dict[str, Any]]:
    return [{"instrument_id": key, "reason": str(why)} for key, why in pairs]


def _whole(visit: Visit) -> Any:
    return visit


@area.read("/visits/<int:visit_id>", "plan.view", VisitWhole, zh="查看下厂检定")
def visit(visit_id: int) -> Any:
    """Read a visit with its instruments."""
    return _whole(found_visit(visit_id))


@area.create("/visits", "plan.edit", VisitSaid, Planned, zh="计划下厂检定")
def plan(sent: dict[str, Any]) -> Any:
    """Plan a visit of some instruments."""
    keys = sent.pop("instrument_ids")
    done = visiting.plan_visit(db.session(), actor(), facts(VisitFacts, sent), keys, today=today(), now=now())
    row = done.visit
    told_of = {**{name: getattr(row, name) for name in _VISIT}, "left_out": _left(done.left_out)}
    return made(told_of, "api_plan.visit", visit_id=row.id)


@area.act("/visits/<int:visit_id>/change", "plan.edit", VisitTold, body=VisitChanges, locks=True, zh="修改下厂检定")
def change(sent: dict[str, Any], visit_id: int) -> Any:
    """Say a visit anew: day, title, people, notes."""
    row = found_visit(visit_id)
    must_match(row)
    visiting.change_visit(db.session(), actor(), row, facts(VisitFacts, sent), today=today(), now=now())
    return row


@area.act("/visits/<int:visit_id>/move", "plan.edit", VisitTold, body=To, zh="改期")
def move(sent: dict[str, Any], visit_id: int) -> Any:
    """Put a visit on another day."""
    row = found_visit(visit_id)
    visiting.move_visit(db.session(), actor(), row, sent["planned_on"], today=today(), now=now())
    return row


@area.act("/visits/<int:visit_id>/add", "plan.edit", Left, body=Chosen, zh="加入器具")
def add(sent: dict[str, Any], visit_id: int) -> Any:
    """Put instruments on a visit."""
    row = found_visit(visit_id)
    left = visiting.add_instruments(db.session(), actor(), row, sent["instrument_ids"], now=now())
    return {"left_out": _left(left)}


@area.act("/visits/<int:visit_id>/cancel", "plan.edit", VisitTold, body=Reason, zh="取消下厂检定")
def cancel(sent: dict[str, Any], visit_id: int) -> Any:
    """Cancel a visit."""
    row = found_visit(visit_id)
    visiting.cancel_visit(db.session(), actor(), row, sent["reason"], now=now())
    return row


@area.act("/visits/<int:visit_id>/reopen", "plan.edit", Left, zh="恢复下厂检定")
def reopen(visit_id: int) -> Any:
    """Open a cancelled visit again."""
    return {
        "left_out": _left(visiting.reopen_visit(db.session(), actor(), found_visit(visit_id), today=today(), now=now()))
    }


@area.act("/visits/<int:visit_id>/finish", "visit.note", VisitTold, zh="结束下厂检定")
def finish(visit_id: int) -> Any:
    """Say that a visit is over."""
    row = found_visit(visit_id)
    visiting.finish_visit(db.session(), actor(), row, now=now())
    return row


def _item(visit_id: int, item_id: int) -> VisitItem:
    row, item = found_visit(visit_id), db.session.get(VisitItem, item_id)
    found: VisitItem = or_404(item if item is not None and item.visit_id == row.id else None)
    return found


@area.act("/visits/<int:visit_id>/items/<int:item_id>/note", "visit.note", ItemTold, body=Mark, zh="记录未检情况")
def note(sent: dict[str, Any], visit_id: int, item_id: int) -> Any:
    """Note that an instrument was not found or could not be verified."""
    item = _item(visit_id, item_id)
    visiting.mark_item(db.session(), actor(), item, sent["state"], sent.get("remark", ""), now=now())
    return item


@area.remove("/visits/<int:visit_id>/items/<int:item_id>", "plan.edit", zh="移出器具")
def take_off(visit_id: int, item_id: int) -> Any:
    """Take an instrument off a visit."""
    visiting.remove_item(db.session(), actor(), _item(visit_id, item_id), now=now())
    return ""


DueTold = told(
    "DueTold", key=fields.String(required=True), kind=fields.String(required=True), name=fields.String(required=True),
    overdue=fields.Integer(required=True), soon=fields.Integer(required=True), waiting=fields.Integer(required=True),
    planned=fields.Integer(required=True), earliest=fields.Date(required=True, allow_none=True),
)  # fmt: skip
DueList = told(
    "DueList", items=fields.List(fields.Nested(DueTold), required=True), count=fields.Integer(required=True),
    overdue=fields.Integer(required=True), soon=fields.Integer(required=True), waiting=fields.Integer(required=True),
    planned=fields.Integer(required=True),
)  # fmt: skip
DueQuery = said(
    "DueQuery", None,
    by=Text(load_default="place", validate=validate.OneOf(("place", "holder", "week", "type"))),
    within_days=Digits(load_default=30, validate=validate.Range(0, 366)), district_code=Text(), type_code=Text(),
    offset=Digits(load_default=0, validate=validate.Range(0, 10_000)),
    limit=Digits(load_default=50, validate=validate.Range(1, 200)),
)  # fmt: skip


@area.read("/due", "plan.view", DueList, query=DueQuery, zh="到期汇总")
def due(asked: dict[str, Any]) -> Any:
    """What is overdue and falls due, by place, holder, week or type."""
    chosen = DueFilter(asked["within_days"], asked.get("district_code"), asked.get("type_code"))
    found = due_groups.due_groups(
        db.session(), actor(), chosen, asked["by"], today=today(), offset=asked["offset"], limit=asked["limit"]
    )
    return {
        "items": found.groups, "count": found.count, "overdue": found.overdue, "soon": found.soon, "waiting": found.waiting,
        "planned": found.planned,
    }  # fmt: skip


# -- reminders

reminders = Area("reminders", "提醒", "Reminders")
NoticeTold = told(
    "NoticeTold", Notice, "id", "kind", "channel", "holder_id", "language", "subject", "state", "tries", "not_before",
    "last_error", "created_at", "sent_at", "resend_of_id",
)  # fmt: skip
NoticeWhole = told(
    "NoticeWhole", Notice, "id", "kind", "channel", "holder_id", "language", "subject", "body", "state", "tries", "not_before",
    "last_error", "created_at", "sent_at", "resend_of_id",
)  # fmt: skip
list_of(reminders, "/reminders", NOTICES, NoticeTold, zh="提醒列表", en="List notices.")


def _notice(notice_id: int) -> Notice:
    found: Notice = or_404(reminder_outlook.notice_of(db.session(), actor(), notice_id))
    return found


@reminders.read("/reminders/<int:notice_id>", "reminder.view", NoticeWhole, zh="查看提醒")
def reminder(notice_id: int) -> Any:
    """Read a notice with its text."""
    return _notice(notice_id)


@reminders.act("/reminders/<int:notice_id>/resend", "reminder.send", NoticeTold, zh="重发提醒")
def resend(notice_id: int) -> Any:
    """Send a notice again."""
    return outbox.resend(db.session(), actor(), _notice(notice_id), now=now())


# -- complaints of the public

complaints = Area("complaints", "投诉举报", "Complaints of the public")
ComplaintTold = told(
    "ComplaintTold", Complaint, "id", "number", "instrument_id", "district_code", "kind", "text", "seller", "received_at",
    "accept_by", "state", "decided_at", "inspected_on", "finding", "closed_at", "answer",
)  # fmt: skip
Answered = said("ComplaintAnswer", None, answer=Text(required=True))
Inspected = said("ComplaintInspection", None, finding=Text(required=True), inspected_on=Day(required=True))
list_of(complaints, "/complaints", COMPLAINTS, ComplaintTold, zh="投诉列表", en="List complaints.")


def _complaint(complaint_id: int) -> Complaint:
    found: Complaint = or_404(complaining.seen(db.session(), actor(), complaint_id))
    return found


@complaints.read("/complaints/<int:complaint_id>", "complaint.view", ComplaintTold, zh="查看投诉")
def complaint(complaint_id: int) -> Any:
    """Read a complaint."""
    return _complaint(complaint_id)


@complaints.act("/complaints/<int:complaint_id>/accept", "complaint.handle", ComplaintTold, zh="受理投诉")
def accept(complaint_id: int) -> Any:
    """Accept a complaint."""
    row = _complaint(complaint_id)
    complaining.decide(db.session(), actor(), row, accepts=True, now=now())
    return row


@complaints.act(
    "/complaints/<int:complaint_id>/decline", "complaint.handle", ComplaintTold, body=Answered, zh="不予受理"
)
def decline(sent: dict[str, Any], complaint_id: int) -> Any:
    """Decline a complaint, with an answer."""
    row = _complaint(complaint_id)
    complaining.decide(db.session(), actor(), row, accepts=False, answer=sent["answer"], now=now())
    return row


@complaints.act(
    "/complaints/<int:complaint_id>/inspect", "complaint.handle", ComplaintTold, body=Inspected, zh="现场核查"
)
def inspect(sent: dict[str, Any], complaint_id: int) -> Any:
    """Note what was found on site."""
    row, day = _complaint(complaint_id), sent["inspected_on"]
    complaining.inspect(db.session(), actor(), row, sent["finding"], inspected_on=day, today=today(), now=now())
    return row


@complaints.act("/complaints/<int:complaint_id>/close", "complaint.handle", ComplaintTold, body=Answered, zh="办结投诉")
def close(sent: dict[str, Any], complaint_id: int) -> Any:
    """Close a complaint with the answer."""
    row = _complaint(complaint_id)
    complaining.close(db.session(), actor(), row, sent["answer"], now=now())
    return row


# -- seals and reports of holders

SealSaid = said("SealSaid", None, number=Text(required=True), position=Text(), applied_on=Day(allow_none=True))
SealFound = said(
    "SealFound", None, found=Text(required=True, validate=validate.OneOf(tuple(sealing.FOUND))), reason=Text()
)
ReportTold = told(
    "ConditionReportTold", ConditionReport, "id", "instrument_id", "kind", "text", "reported_at", "settled_at", "answer"
)
ReportSaid = said("ConditionReportSaid", None, kind=Text(required=True), text=Text(), choices={"kind": KINDS})
ReportAnswer = said("ConditionReportAnswer", None, answer=Text(required=True))


@instruments.create("/instruments/<int:instrument_id>/seals", "seal.edit", SealSaid, SealTold, zh="登记铅封")
def add_seal(sent: dict[str, Any], instrument_id: int) -> Any:
    """Note a seal that sits on an instrument."""
    row, seal = seen_instrument(instrument_id), SealFacts(sent["number"], sent.get("position", ""))
    day = sent.get("applied_on")
    return sealing.add_seal(db.session(), actor(), row, seal, applied_on=day, today=today(), now=now())


@instruments.act(
    "/instruments/<int:instrument_id>/seals/<int:seal_id>/found", "seal.edit", SealTold, body=SealFound, zh="铅封破损"
)
def seal_found(sent: dict[str, Any], instrument_id: int, seal_id: int) -> Any:
    """Note a broken, missing or removed seal: the instrument counts as not verified."""
    row = seen_instrument(instrument_id)
    seal: Seal = or_404(next((one for one in row.seals if one.id == seal_id), None))
    reason = sent.get("reason", "")
    return sealing.report_seal(db.session(), actor(), seal, sent["found"], reason=reason, today=today(), now=now())


@instruments.read("/condition-reports", "instrument.move", page_of(ReportTold), query=PageQuery, zh="使用单位报告列表")
def reports(asked: dict[str, Any]) -> Any:
    """List reports of holders that wait for an answer."""

    def fetch(after: Any, limit: int) -> Any:
        rows = condition_reports.open_reports(db.session(), actor(), after=after or 0, limit=limit + 1)
        return rows[:limit], rows[limit - 1].id if len(rows) > limit else None

    return in_pages(fetch, asked)


@instruments.create(
    "/instruments/<int:instrument_id>/condition-reports", "instrument.report", ReportSaid, ReportTold, zh="报告器具状况"
)
def report(sent: dict[str, Any], instrument_id: int) -> Any:
    """Report what is wrong with an instrument."""
    row = seen_instrument(instrument_id)
    return condition_reports.report_condition(db.session(), actor(), row, sent["kind"], sent.get("text", ""), now=now())


@instruments.act(
    "/instruments/<int:instrument_id>/condition-reports/<int:report_id>/settle", "instrument.move", ReportTold,
    body=ReportAnswer, zh="答复报告",
)  # fmt: skip
def settle(sent: dict[str, Any], instrument_id: int, report_id: int) -> Any:
    """Answer a report."""
    row = seen_instrument(instrument_id)
    found = db.session.get(ConditionReport, report_id)
    kept: ConditionReport = or_404(found if found is not None and found.instrument_id == row.id else None)
    condition_reports.settle_report(db.session(), actor(), kept, sent["answer"], now=now())
    return kept
