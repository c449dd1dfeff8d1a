"""Reports kept under a name: by whom, for whom, taken away and put back.

What is kept is the question, never its answer: who opens a report that another shared sees what his own rights show.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.journal import record
from metrology.persistence.people import User
from metrology.persistence.saved_reports import SHARING, SavedReport
from metrology.services.report_kinds import kind_of, kinds_of

MOST = 200
_Owner = aliased(User)


def keep(
    session: Session, actor: Actor, kind: str, name: str, query: str, sharing: str, *, now: datetime
) -> SavedReport:
    """Keep a report under a name. The same name may serve twice: it is the owner's to tell them apart."""
    if actor.user_id is None:
        raise Problem("person_needed")
    count = select(func.count()).where(SavedReport.owner_id == actor.user_id, SavedReport.removed_at.is_(None))
    if (session.scalar(count) or 0) >= MOST:
        raise Problem("reports_too_many", limit=MOST)
    row = SavedReport(
        kind=kind, name=_name(name), query=_clean(actor, kind, query), owner_id=actor.user_id, sharing=_sharing(sharing),
        created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(row)
    record(session, actor, "report.kept", row, at=now)
    session.flush()
    return row


def change(
    session: Session,
    actor: Actor,
    row: SavedReport,
    *,
    name: str,
    sharing: str,
    query: str | None = None,
    now: datetime,
) -> None:
    """Another name, other readers, or another question under the same name. The owner's to do."""
    _own(actor, row)
    row.name, row.sharing, row.updated_at = _name(name), _sharing(sharing), now
    if query is not None:
        row.query = _clean(actor, row.kind, query)
    record(session, actor, "report.changed", row, at=now)
    session.flush()


def copy(session: Session, actor: Actor, row: SavedReport, name: str, *, now: datetime) -> SavedReport:
    """One's own copy of a report one sees."""
    return keep(session, actor, row.kind, name, row.query, "private", now=now)


def remove(session: Session, actor: Actor, row: SavedReport, *, now: datetime) -> None:
    """Take a report away. Subscriptions to it stop at their next turn, and say so."""
    _own(actor, row)
    row.removed_at = row.updated_at = now
    record(session, actor, "report.removed", row, at=now, changes={"name": [row.name, None]})
    session.flush()


def restore(session: Session, actor: Actor, row: SavedReport, *, now: datetime) -> None:
    """Put a report back that was taken away."""
    _own(actor, row)
    row.removed_at, row.updated_at = None, now
    record(session, actor, "report.restored", row, at=now, changes={"name": [None, row.name]})
    session.flush()


def find(session: Session, actor: Actor, report_id: int) -> SavedReport | None:
    """A report the actor sees: his own, or shared with him."""
    statement = select(SavedReport).join(_Owner, _Owner.id == SavedReport.owner_id)
    return session.scalar(
        statement.where(SavedReport.id == report_id, SavedReport.removed_at.is_(None), _visible(actor))
    )


def find_own(session: Session, actor: Actor, report_id: int, *, is_removed: bool = False) -> SavedReport | None:
    """A report of the actor's own; one that was taken away when asked for."""
    there = SavedReport.removed_at.is_not(None) if is_removed else SavedReport.removed_at.is_(None)
    return session.scalar(
        select(SavedReport).where(SavedReport.id == report_id, SavedReport.owner_id == actor.user_id, there)
    )


def seen(session: Session, actor: Actor) -> list[SavedReport]:
    """Reports the actor sees, his own first, the latest in front."""
    statement = select(SavedReport).join(_Owner, _Owner.id == SavedReport.owner_id)
    statement = statement.where(SavedReport.removed_at.is_(None), _visible(actor))
    rows = session.scalars(statement.order_by(SavedReport.id.desc()).limit(2 * MOST)).all()
    return sorted(rows, key=lambda row: row.owner_id != actor.user_id)


def _visible(actor: Actor) -> ColumnElement[bool]:
    """His own; what is shared with all staff; what is shared in his office, which is those of the owner's own district."""
    kinds = [one.code for one in kinds_of(actor)]
    here = _Owner.district_code == actor.district_code if actor.district_code else _Owner.district_code.is_(None)
    shared = or_(SavedReport.sharing == "staff", (SavedReport.sharing == "office") & here)
    return SavedReport.kind.in_(kinds) & or_(SavedReport.owner_id == actor.user_id, shared)


def _own(actor: Actor, row: SavedReport) -> None:
    if actor.user_id is None or row.owner_id != actor.user_id:
        raise Problem("report_not_yours")


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise Problem("report_needs_name", "name")
    if len(name) > 80 or not name.isprintable():
        raise Problem("bad_text", "name", value=name[:64])
    return name


def _sharing(code: str) -> str:
    if code not in SHARING:
        raise Problem("bad_choice", "sharing")
    return code


def _clean(actor: Actor, kind: str, query: str) -> str:
    known = kind_of(kind)
    if known not in kinds_of(actor):
        raise Problem("own_list_not_allowed")
    return known.clean(query)
