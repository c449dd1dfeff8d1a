"""Finds what a case doubts, and carries out what was decided of it, in the background. Each task goes on where it was cut off."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.worker import Report
from metrology.persistence import clock
from metrology.persistence.standard_cases import CaseDecision, StandardCase
from metrology.persistence.tasks import Task
from metrology.services import case_deciding, case_gathering, case_notices
from metrology.services.standard_cases import actor_of


def gather(session: Session, task: Task, report: Report) -> dict[str, Any]:
    """Put what was judged with the standard under review, and draft the notices."""
    case = session.get_one(StandardCase, int(task.arguments["case_id"]))
    url = report.settings.public_url
    if case.state == "gathering":
        found = case_gathering.gather(session, case, now=report.now, step=report)
        report(found, found, case.number)
        case_notices.draft(session, case, "doubt", now=report.now(), public_url=url, step=lambda: report(found, found))
        case.state = "open"
        case_deciding.settle(session, actor_of(case.opened_by), case, now=report.now(), public_url=url)
    return {"certificates": case.found, "instruments": case.moved, "notices": case.drafted}


def decide(session: Session, task: Task, report: Report) -> dict[str, Any]:
    """Clear, revoke, or undo everything."""
    decision = session.get_one(CaseDecision, int(task.arguments["decision_id"]))
    done = case_deciding.carry_out(
        session, decision, today=clock.today_cn(), now=report.now, step=report, public_url=report.settings.public_url
    )
    return {"certificates": done}


TASKS = {"case.gather": gather, "case.decide": decide}
