"""What holders tell of their instruments, and the bureau's answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.condition_reports import KINDS, ConditionReport
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.scope import within
from metrology.services import cleaning

MOST_OPEN = 5
"""Open reports on one instrument; more say nothing new."""


def report_condition(
    session: Session, actor: Actor, instrument: Instrument, kind: str, text: str, *, now: datetime
) -> ConditionReport:
    """Tell the bureau of an instrument. Its state does not change by this."""
    if kind not in KINDS:
        raise Problem("bad_choice", "kind", value=kind[:64])
    text = cleaning.paragraph("text", text, 2000)
    if kind == "other" and not text:
        raise Problem("reason_needed", "text")
    if len(open_on(session, instrument)) >= MOST_OPEN:
        raise Problem("too_many_reports", limit=MOST_OPEN)
    if actor.user_id is None:
        raise Problem("person_needed")
    report = ConditionReport(
        instrument_id=instrument.id, kind=kind, text=text, reported_by_id=actor.user_id, reported_at=now, answer=""
    )
    session.add(report)
    changes = {"kind": [None, kind]}
    record(session, actor, "instrument.reported", report, at=now, instrument=instrument, changes=changes, reason=text)
    session.flush()
    return report


def settle_report(session: Session, actor: Actor, report: ConditionReport, answer: str, *, now: datetime) -> None:
    """Close a report with what was done about it."""
    if report.settled_at is not None:
        raise Problem("report_settled")
    report.answer = cleaning.paragraph("answer", answer, 2000)
    report.settled_at, report.settled_by_id = now, actor.user_id
    record(
        session, actor, "instrument.report_settled", report, at=now, instrument=report.instrument_id, changes={},
        reason=report.answer,
    )  # fmt: skip
    session.flush()


def open_on(session: Session, instrument: Instrument) -> list[ConditionReport]:
    """The open reports on an instrument, the oldest first."""
    statement = select(ConditionReport).where(
        ConditionReport.instrument_id == instrument.id, ConditionReport.settled_at.is_(None)
    )
    return list(
        session.scalars(statement.options(joinedload(ConditionReport.reported_by)).order_by(ConditionReport.id))
    )


def open_reports(session: Session, actor: Actor, *, after: int = 0, limit: int = 50) -> list[ConditionReport]:
    """The open reports within an actor's scope, the oldest first."""
    statement = (
        select(ConditionReport)
        .join(ConditionReport.instrument)
        .where(ConditionReport.settled_at.is_(None), ConditionReport.id > after)
        .options(joinedload(ConditionReport.instrument).joinedload(Instrument.holder))
        .options(joinedload(ConditionReport.reported_by))
        .order_by(ConditionReport.id)
        .limit(limit)
    )
    return list(session.scalars(within(statement, actor)))
