"""Reports, search, what waits, settings, the journal, tasks."""

from __future__ import annotations

from dataclasses import asdict
from dataclasses import fields as parts_of
from typing import Any

from marshmallow import fields, validate

from metrology.persistence.database import db
from metrology.persistence.journal import JournalEntry
from metrology.persistence.tasks import Task
from metrology.services import (
    journal,
    reporting,
    searching,
    settings,
    tasks,
    waiting,
)
from metrology.services.journal import JournalFilter
from metrology.services.reporting import OverdueFilter
from metrology.services.settings import BureauSettings, KeptSettings
from metrology.web.api.kit import Area, must_match
from metrology.web.api.paging import LIMIT, in_pages, list_of, page_of
from metrology.web.api.schemas import Day, Text, key_asked, said, told
from metrology.web.requests import actor, now, or_404, today
from metrology.web.task_lists import TASKS

reports = Area("reports", "报表", "Reports")
_NUMBERS = fields.List(
    fields.Integer(), required=True, metadata={"description": "by age: up to 30, 90, 180, 365 days, older"}
)
_PLANNED = fields.Integer(
    required=True, allow_none=True, metadata={"description": "on a visit; null on a past day of which it is not known"}
)
GroupTold = told(
    "OverdueGroupTold", key=fields.String(required=True), name=fields.String(required=True), name_en=fields.String(required=True),
    total=fields.Integer(required=True), ageing=_NUMBERS, in_use=fields.Integer(required=True),
    planned=_PLANNED, oldest=fields.Date(required=True, allow_none=True),
)  # fmt: skip
_GROUPS = fields.List(fields.Nested(GroupTold), required=True)
AheadTold = told(
    "AheadTold", days=fields.Integer(required=True), count=fields.Integer(required=True), planned=_PLANNED
)  # fmt: skip
OverdueTold = told(
    "OverdueTold", day=fields.Date(required=True), is_past=fields.Boolean(required=True), total=fields.Integer(required=True),
    in_use=fields.Integer(required=True), planned=_PLANNED, change=fields.Integer(required=True, allow_none=True),
    ahead=fields.List(
        fields.Nested(AheadTold), required=True, metadata={"description": "overdue within so many days if nothing is verified"}
    ),
    never_verified=fields.Integer(required=True), ageing=_NUMBERS, districts=_GROUPS, types=_GROUPS, holders=_GROUPS,
    places=_GROUPS,
)  # fmt: skip
OverdueQuery = said(
    "OverdueQuery", None, district=Text(), type=Text(), holder=key_asked(), place=key_asked(), purpose=Text(),
    as_of=Day(metadata={"description": "a past day, as it ended"}),
)  # fmt: skip


@reports.read("/reports/overdue", "report.view", OverdueTold, query=OverdueQuery, zh="逾期报表")
def overdue(asked: dict[str, Any]) -> Any:
    """What is overdue: how many, how old, where, whose."""
    chosen = OverdueFilter(
        asked.get("district"), asked.get("type"), asked.get("holder"), asked.get("place"), asked.get("purpose")
    )
    return reporting.report_of_day(db.session(), actor(), asked.get("as_of"), today=today(), chosen=chosen)


# -- search

search = Area("search", "检索", "Search")
HitTold = told(
    "HitTold", id=fields.Integer(required=True, allow_none=True), code=fields.String(required=True, allow_none=True),
    number=fields.String(required=True, allow_none=True), name=fields.String(required=True, allow_none=True),
    is_exact=fields.Boolean(required=True),
)  # fmt: skip
KindTold = told(
    "HitsTold", kind=fields.String(required=True), hits=fields.List(fields.Nested(HitTold), required=True),
    has_more=fields.Boolean(required=True),
)  # fmt: skip
SearchQuery = said("SearchQuery", None, q=Text(required=True, validate=validate.Length(1, 200)))
Found = told("SearchTold", groups=fields.List(fields.Nested(KindTold), required=True))


@search.read("/search", "search", Found, query=SearchQuery, zh="检索")
def find(asked: dict[str, Any]) -> Any:
    """Find instruments, holders, places, certificates, standards and types by any word."""
    groups = searching.search(db.session(), actor(), asked["q"].strip(), limit_per_kind=20)
    return {
        "groups": [
            {"kind": one.kind, "has_more": one.has_more, "hits": [_hit(hit) for hit in one.hits]} for one in groups
        ]
    }


def _hit(hit: Any) -> dict[str, Any]:
    row = hit.row
    name = next(
        (value for key in ("full_name", "name", "name_zh", "serial_number") if (value := getattr(row, key, None))), None
    )
    key = getattr(row, "id", None)
    code = None if key is not None else getattr(row, "code", None)
    return {"id": key, "code": code, "number": getattr(row, "number", None), "name": name, "is_exact": hit.is_exact}


# -- today

today_area = Area("today", "今日待办", "What waits")
Waits = told("WaitsTold", counts=fields.Dict(keys=fields.String(), values=fields.Integer(), required=True))


@today_area.read("/waiting", "today.view", Waits, zh="待办数量")
def waits() -> Any:
    """How many records wait for the one who asks, by queue."""
    return {"counts": waiting.counts(db.session(), actor())}


# -- settings

bureau = Area("settings", "系统设置", "Settings")
_KINDS = {"int": fields.Integer, "bool": fields.Boolean}
_OF_BUREAU = {one.name: _KINDS.get(str(one.type), fields.String)(required=True) for one in parts_of(BureauSettings)}
SettingsTold = told("SettingsTold", **_OF_BUREAU, version=fields.Integer(required=True))
SettingsSaid = said(
    "SettingsChanges", BureauSettings, all_optional=True, choices={"validity_rule": settings.VALIDITY_RULES}
)


@bureau.read("/settings", "setting.view", SettingsTold, zh="查看设置")
def read_settings() -> Any:
    """Read what the bureau decides for itself."""
    return _told(KeptSettings(db.session()))


def _told(kept: KeptSettings) -> dict[str, Any]:
    return {**asdict(kept.settings), "version": kept.version}


@bureau.change("/settings", "setting.edit", SettingsSaid, SettingsTold, locks=True, zh="修改设置")
def change_settings(sent: dict[str, Any]) -> Any:
    """Change what the bureau decides for itself."""
    kept = KeptSettings(db.session())
    seen = kept.version
    must_match(kept)
    settings.change(db.session(), actor(), sent, now=now(), seen=seen)
    return _told(kept)


# -- the journal

record = Area("journal", "日志", "Journal")
EntryTold = told(
    "JournalEntryTold", JournalEntry, "seq", "at", "actor_id", "actor_name", "role", "action", "object_kind", "object_id",
    "instrument_id", "changes", "reason", "prev_hash", "hash",
)  # fmt: skip
JournalQuery = said(
    "JournalQuery", None,
    **{
        **LIMIT, "actor_id": key_asked(), "action": Text(), "object_kind": Text(), "object_id": Text(),
        "instrument_id": key_asked(), "since": Day(), "until": Day(),
    },
)  # fmt: skip


@record.read("/journal", "journal.view", page_of(EntryTold), query=JournalQuery, zh="日志列表")
def entries(asked: dict[str, Any]) -> Any:
    """List the journal, the newest first."""
    chosen = JournalFilter(**{key: value for key, value in asked.items() if key not in LIMIT})
    return in_pages(lambda before, limit: journal.entries(db.session(), chosen, before=before, limit=limit), asked)


# -- tasks

work = Area("tasks", "后台任务", "Tasks")
TaskTold = told(
    "TaskTold",
    Task,
    "id",
    "kind",
    "state",
    "progress",
    "total",
    "note",
    "result",
    "error",
    "tries",
    "created_at",
    "finished_at",
)
list_of(work, "/tasks", TASKS, TaskTold, zh="任务列表", en="List tasks.")


def _task(task_id: int) -> Task:
    found: Task = or_404(db.session.get(Task, task_id))
    return found


@work.read("/tasks/<int:task_id>", "task.view", TaskTold, zh="查看任务")
def task(task_id: int) -> Any:
    """Read a task: how far it is."""
    return _task(task_id)


@work.act("/tasks/<int:task_id>/retry", "task.edit", TaskTold, zh="重试任务")
def retry(task_id: int) -> Any:
    """Try a task again now."""
    row = _task(task_id)
    tasks.retry_now(db.session(), actor(), row, now=now())
    return row


@work.act("/tasks/<int:task_id>/cancel", "task.edit", TaskTold, zh="取消任务")
def cancel(task_id: int) -> Any:
    """Cancel a task that waits."""
    row = _task(task_id)
    tasks.cancel(db.session(), actor(), row, now=now())
    return row
