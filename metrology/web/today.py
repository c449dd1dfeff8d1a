"""The first page: what is to be done today, by the roles of the one who looks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from metrology.domain.authority import may
from metrology.optimization.workdays import day_kind
from metrology.persistence.database import db
from metrology.persistence.holders import Holder
from metrology.persistence.standard_cases import StandardCase
from metrology.services import complaining, day_view, due_groups, house_due, reminder_outlook, scan_watch, waiting
from metrology.services import settings as bureau_settings
from metrology.services.due_groups import DueFilter
from metrology.services.reporting import TrendPoint, overdue_report
from metrology.services.standard_cases import ACTIVE
from metrology.web import overdue_page
from metrology.web.district_map import STEPS
from metrology.web.overdue_page import Links
from metrology.web.reminders import REGULAR
from metrology.web.requests import actor, now, requires, settings, today

blueprint = Blueprint("today", __name__)


@blueprint.get("/")
@requires("today.view")
def index() -> str:
    """Today. Somebody with several roles sees the parts of each."""
    parts: dict[str, Any] = {}
    for role, make in PARTS.items():
        if role in actor().roles:
            parts |= make()
    return render_template("today/index.html", kind=day_kind(today()), roles=actor().roles, until=_until, **parts)


def _until(days: int) -> str:
    return (today() + timedelta(days=days)).isoformat()


def _ours() -> dict[str, Any]:
    """What of the office's own ends, and the cases that wait."""
    session = db.session()
    rows = house_due.due_within(session, today())
    cases = select(StandardCase).where(StandardCase.state.in_(ACTIVE)).order_by(StandardCase.id.desc()).limit(5)
    return {"ours": rows[:8], "ours_count": len(rows), "cases": session.scalars(cases).all()}


def _officer() -> dict[str, Any]:
    session, who = db.session(), actor()
    return _ours() | {
        "visits": day_view.visits_ahead(session, who, today=today(), days=6),
        "groups": due_groups.due_groups(
            session, who, DueFilter(within_days=7), "place", today=today(), limit=6, only_left=True
        ),
        "left": day_view.visits_left(session, who, today=today()),
        "to_plan": day_view.overdue(session, who, today=today(), unplanned=True, to_visit=True),
        "week": day_view.falling_due(session, who, today=today(), within_days=day_view.WEEK, unplanned=True),
        "month": day_view.falling_due(session, who, today=today(), within_days=day_view.MONTH, unplanned=True),
        "batches": day_view.batches(session),
        "batch_words": _batch_words,
        "outbox": reminder_outlook.outbox(session, who),
        "is_mail_set_up": bool(settings().smtp_url),
        "complaints": complaining.waiting(session, who, today=today()),
        "busy_codes": scan_watch.unusual(session, who, today=today(), limit=3),
    }


def _verifier() -> dict[str, Any]:
    session, who = db.session(), actor()
    return {
        "my_visits": day_view.visits_ahead(session, who, today=today(), days=14, only_mine=True),
        "my_left": day_view.visits_left(session, who, today=today(), only_mine=True),
        "drafts": day_view.drafts(session, who),
    }


def _checker() -> dict[str, Any]:
    count, rows = day_view.to_check(db.session(), actor())
    return {"to_check": rows, "to_check_count": count}


def _approver() -> dict[str, Any]:
    count, rows = day_view.to_approve(db.session(), actor())
    endings = waiting.endings(db.session(), actor(), limit=day_view.SHOWN)
    return {"to_approve": rows, "to_approve_count": count, "to_end": endings}


def _manager() -> dict[str, Any]:
    """The head of the overdue report: the same figures, by the same links."""
    session, who = db.session(), actor()
    report = overdue_report(session, who, today=today(), top=5)
    links = Links(report, {})
    now_point = TrendPoint(report.day, report.total, report.in_use)
    return _ours() | {
        "report": report,
        "links": links,
        "stack": overdue_page.ageing(report, links),
        "tiles": overdue_page.tiles(report.districts, links),
        "steps": STEPS,
        "trend": overdue_page.trend(report.trend, now_point, links),
    }


def _holder() -> dict[str, Any]:
    session, who = db.session(), actor()
    if not who.is_holder or who.holder_id is None:
        return {}
    return {
        "own": session.scalar(select(Holder).where(Holder.id == who.holder_id)),
        "held": day_view.held(session, who),
        "own_overdue": day_view.overdue(session, who, today=today()),
        "own_soon": day_view.falling_due(session, who, today=today(), within_days=day_view.MONTH, unplanned=False),
        "next_due": day_view.next_due(session, who),
        "planned_for": day_view.planned_for(session, who.holder_id, today=today()),
        "contacts": day_view.contacts(session, who.holder_id),
        "bureau": bureau_settings.read(session),
    }


def _house() -> dict[str, Any]:
    session = db.session()
    return {
        "house": day_view.house(session, now=now()),
        "ticker": reminder_outlook.ticker(session),
        "regular": REGULAR,
        "outbox": reminder_outlook.outbox(session, actor()),
        "is_mail_set_up": bool(settings().smtp_url),
        "may_see_journal": may(actor(), "journal.view"),
    }


BATCHES: dict[str, tuple[str, Any]] = {
    "uploaded": ("neutral", _l("Just uploaded")),
    "checking": ("info", _l("Being checked")),
    "checked": ("due_soon", _l("Waits for your decision")),
    "queued": ("neutral", _l("Queued")),
    "running": ("info", _l("Being imported")),
    "undoing": ("info", _l("Being taken back")),
    "failed": ("rejected", _l("Failed")),
}


def _batch_words(state: str) -> tuple[str, str]:
    kind, words = BATCHES[state]
    return kind, str(words)


PARTS = {
    "holder": _holder,
    "officer": _officer,
    "verifier": _verifier,
    "checker": _checker,
    "approver": _approver,
    "manager": _manager,
    "administrator": _house,
    "auditor": _house,
}
"""Role → what its part of the page needs."""
