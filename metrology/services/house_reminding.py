"""Telling the office what of its own ends, at the stages of the holders' reminders: each stage once to each person.

Officers and administrators of the whole city are told of everything, whoever holds a qualification of his own.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.documents.house_notice_text import HouseItem, compose
from metrology.domain.schedule import stages_due
from metrology.persistence.database import insert_into
from metrology.persistence.house import HouseReminder
from metrology.persistence.people import Role, User
from metrology.persistence.reminders import Notice
from metrology.services import house_due
from metrology.services import settings as bureau_settings
from metrology.services.house_due import HouseDue
from metrology.services.outbox import message_id_of

TOLD = ("officer", "administrator")


def remind_house(session: Session, *, today: date, now: datetime, public_url: str) -> int:
    """Queue what is due to be told and was not; the number of messages. Safe to run twice and in two processes."""
    due = house_due.due_within(session, today)
    count = 0
    for user in _told(session, due):
        mine = [one for one in due if _concerns(one, user)]
        count += _tell(session, user, mine, today=today, now=now, public_url=public_url)
        session.commit()
    return count


def _told(session: Session, due: list[HouseDue]) -> list[User]:
    people = {one.owner for one in due if one.kind == "qualification"}
    statement = select(User).where(
        User.active.is_(True),
        (User.roles.any(Role.name.in_(TOLD)) & User.district_code.is_(None)) | User.id.in_(sorted(people)),
    )
    return list(session.scalars(statement.order_by(User.id)))


def _concerns(one: HouseDue, user: User) -> bool:
    answers_for_all = bool(user.role_names & set(TOLD)) and user.district_code is None
    return answers_for_all or (one.kind == "qualification" and one.owner == user.id)


def _tell(session: Session, user: User, due: list[HouseDue], *, today: date, now: datetime, public_url: str) -> int:
    already: dict[tuple[str, int, date], set[str]] = defaultdict(set)
    for row in session.scalars(select(HouseReminder).where(HouseReminder.user_id == user.id)):
        already[row.subject_kind, row.subject_id, row.due_date].add(row.stage)
    items: list[HouseItem] = []
    for one in due:
        stages = stages_due(one.due, today, already[one.kind, one.key, one.due])
        written = _write(session, user, one, (*stages.due, *stages.skipped), now)
        if written & set(stages.due):
            items.append(HouseItem(one.kind, one.name, one.number, one.due))
    if not items:
        return 0
    bureau = bureau_settings.read(session)
    subject, body = compose(
        user.name, bureau.bureau_name, bureau.bureau_name_en, items, today, public_url, user.language
    )
    key = f"house/{user.id}/{today.isoformat()}/{now.timestamp():.0f}"
    notice = Notice(
        key=key, kind="house", channel="email", recipient=user.email, user_id=user.id, language=user.language,
        subject=subject, body=body, facts={"items": len(items)}, message_id=message_id_of(key), state="queued",
        not_before=now, created_at=now,
    )  # fmt: skip
    session.add(notice)
    session.flush()
    return 1


def _write(session: Session, user: User, one: HouseDue, stages: tuple[str, ...], now: datetime) -> set[str]:
    """Keep the marks; those another process wrote meanwhile are its to tell."""
    if not stages:
        return set()
    statement = insert_into(session, HouseReminder).on_conflict_do_nothing(
        index_elements=["subject_kind", "subject_id", "due_date", "stage", "user_id"]
    )
    rows = [
        {
            "subject_kind": one.kind, "subject_id": one.key, "due_date": one.due, "stage": stage, "user_id": user.id,
            "created_at": now,
        }
        for stage in stages
    ]  # fmt: skip
    return set(session.scalars(statement.returning(HouseReminder.stage), rows))
