"""Reminders 60, 30, 7 days before, on the day, then weekly when overdue: each once, whatever fails, however many schedulers run.

What is due is asked of stored dates; that it was told is a row with a unique key (instrument, due date, stage, channel,
recipient), written together with the notice that tells it. After an outage the latest stage goes out and the earlier ones are
marked as skipped. A recipient gets one message, not one for each instrument.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from metrology.documents.notice_text import DueItem, DueNotice, compose
from metrology.domain.schedule import STAGES_BEFORE, stages_due
from metrology.persistence.database import insert_into
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.people import Role, User
from metrology.persistence.places import Place
from metrology.persistence.reminders import Notice, Reminder
from metrology.services import settings as bureau_settings
from metrology.services.outbox import message_id_of
from metrology.services.settings import BureauSettings

HORIZON = timedelta(days=max(days for _stage, days in STAGES_BEFORE))
CHUNK = 500


@dataclass(frozen=True)
class Recipient:
    """Someone to be told, over one channel."""

    channel: str
    address: str
    name: str
    language: str
    holder_id: int | None = None
    user_id: int | None = None


@dataclass
class Reminded:
    """What a run did."""

    notices: int = 0
    reminders: int = 0


def remind_all(session: Session, *, today: date, now: datetime, public_url: str) -> Reminded:
    """Queue every reminder that is due and not yet told. Commits holder by holder; safe to run twice and in two processes."""
    done = Reminded()
    bureau = bureau_settings.read(session)
    for holder_id in _holders_with_due(session, today):
        recipients = recipients_of(session, holder_id)
        for recipient in recipients:
            due = _due(session, today, Instrument.holder_id == holder_id)
            _tell(session, recipient, due, done, today=today, now=now, bureau=bureau, public_url=public_url)
        session.commit()
    for recipient, district in officers(session) if bureau.reminder_officer_digest else []:
        condition = Instrument.district_code == district if district else Instrument.id > 0
        due = _due(session, today, condition)
        _tell(session, recipient, due, done, today=today, now=now, bureau=bureau, public_url=public_url)
        session.commit()
    session.commit()
    return done


def _holders_with_due(session: Session, today: date) -> list[int]:
    statement = (
        select(Instrument.holder_id)
        .where(Instrument.state == "in_use", Instrument.due_date <= today + HORIZON, Instrument.holder_id.is_not(None))
        .distinct()
        .order_by(Instrument.holder_id)
    )
    return [holder_id for holder_id in session.scalars(statement) if holder_id is not None]


def recipients_of(session: Session, holder_id: int) -> list[Recipient]:
    """The people of a holder who are told, each over the channels they chose."""
    holder = session.get_one(Holder, holder_id)
    contacts = session.scalars(select(Contact).where(Contact.holder_id == holder_id, Contact.is_active.is_(True)))
    found: list[Recipient] = []
    for contact in contacts:
        if contact.notify_email and contact.email:
            found.append(Recipient("email", contact.email, holder.name, contact.language, holder_id=holder_id))
        if contact.notify_wecom and contact.wecom_webhook:
            found.append(Recipient("wecom", contact.wecom_webhook, holder.name, contact.language, holder_id=holder_id))
    return list({(one.channel, one.address): one for one in found}.values())


def officers(session: Session) -> list[tuple[Recipient, str | None]]:
    """Officers with the district they answer for; one without a district answers for the whole city."""
    officers = session.scalars(
        select(User).join(User.roles).where(Role.name == "officer", User.active.is_(True)).order_by(User.id)
    )
    return [
        (Recipient("email", officer.email, officer.name, officer.language, user_id=officer.id), officer.district_code)
        for officer in officers
    ]


Due = tuple[int, date, DueItem]


def _due(session: Session, today: date, condition: Any) -> Iterator[list[Due]]:
    """What is in use and within the horizon, in chunks, by key."""
    last = 0
    while True:
        rows = session.execute(
            select(
                Instrument.id,
                Instrument.due_date,
                Instrument.serial_number,
                Instrument.part_label,
                Instrument.due_kind,
                TypeEntry.name_zh,
                TypeEntry.name_en,
                Place.full_name,
                Place.name,
            )
            .join(TypeEntry, TypeEntry.code == Instrument.type_code)
            .outerjoin(Place, Place.id == Instrument.place_id)
            .where(
                condition, Instrument.state == "in_use", Instrument.due_date <= today + HORIZON, Instrument.id > last
            )
            .order_by(Instrument.id)
            .limit(CHUNK)
        ).all()
        if not rows:
            return
        last = rows[-1][0]
        yield [
            (key, due, DueItem(zh, en, serial, part, full_name or name or "", due, kind == "rotation"))
            for key, due, serial, part, kind, zh, en, full_name, name in rows
            if due is not None
        ]


def _tell(
    session: Session,
    recipient: Recipient,
    due: Iterator[list[Due]],
    done: Reminded,
    *,
    today: date,
    now: datetime,
    bureau: BureauSettings,
    public_url: str,
) -> None:
    """Write the reminders of one recipient and the one notice that carries them."""
    items: list[DueItem] = []
    reminder_ids: list[int] = []
    for chunk in due:
        rows = _missing(session, recipient, chunk, today=today, now=now)
        written = _write(session, rows)
        by_key = {(key, day): item for key, day, item in chunk}
        items += [by_key[row.instrument_id, row.due_date] for row in written if not row.is_skipped]
        reminder_ids += [row.id for row in written if not row.is_skipped]
    if not items:
        return
    notice = _notice(recipient, items, reminder_ids, today=today, now=now, bureau=bureau, public_url=public_url)
    session.add(notice)
    session.flush()
    for start in range(0, len(reminder_ids), CHUNK):
        session.execute(
            update(Reminder)
            .where(Reminder.id.in_(reminder_ids[start : start + CHUNK]))
            .values(notice_id=notice.id)
            .execution_options(synchronize_session=False)
        )
    done.notices += 1
    done.reminders += len(reminder_ids)


def _missing(
    session: Session, recipient: Recipient, chunk: Sequence[Due], *, today: date, now: datetime
) -> list[dict[str, Any]]:
    already: dict[tuple[int, date], set[str]] = defaultdict(set)
    told = session.execute(
        select(Reminder.instrument_id, Reminder.due_date, Reminder.stage).where(
            Reminder.instrument_id.in_([key for key, _due, _item in chunk]),
            Reminder.channel == recipient.channel,
            Reminder.recipient == recipient.address,
        )
    )
    for key, day, stage in told:
        already[key, day].add(stage)
    rows: list[dict[str, Any]] = []
    for key, day, _item in chunk:
        stages = stages_due(day, today, already[key, day])
        rows += [
            {
                "instrument_id": key,
                "due_date": day,
                "stage": stage,
                "channel": recipient.channel,
                "recipient": recipient.address,
                "is_skipped": stage not in stages.due,
                "created_at": now,
            }
            for stage in (*stages.due, *stages.skipped)
        ]
    return rows


def _write(session: Session, rows: list[dict[str, Any]]) -> list[Any]:
    """Insert reminders; those another scheduler wrote meanwhile are left to it."""
    written: list[Any] = []
    for start in range(0, len(rows), CHUNK):
        statement = insert_into(session, Reminder).on_conflict_do_nothing(
            index_elements=["instrument_id", "due_date", "stage", "channel", "recipient"]
        )
        returned = statement.returning(Reminder.id, Reminder.instrument_id, Reminder.due_date, Reminder.is_skipped)
        written += session.execute(returned, rows[start : start + CHUNK]).all()
    return written


def _notice(
    recipient: Recipient,
    items: list[DueItem],
    reminder_ids: list[int],
    *,
    today: date,
    now: datetime,
    bureau: BureauSettings,
    public_url: str,
) -> Notice:
    facts = DueNotice(
        recipient_name=recipient.name,
        bureau=bureau.bureau_name,
        bureau_en=bureau.bureau_name_en,
        items=items,
        day=today,
        url=public_url,
        is_officer=recipient.user_id is not None,
    )
    subject, body = compose(facts, recipient.language)
    who = hashlib.sha256(recipient.address.encode()).hexdigest()[:16]
    key = f"reminder/{recipient.channel}/{who}/{today.isoformat()}/{reminder_ids[0]}"
    return Notice(
        key=key,
        kind="reminder",
        channel=recipient.channel,
        recipient=recipient.address,
        holder_id=recipient.holder_id,
        user_id=recipient.user_id,
        language=recipient.language,
        subject=subject,
        body=body,
        facts={"instruments": len(items)},
        message_id=message_id_of(key),
        state="queued",
        not_before=now,
        created_at=now,
    )
