"""Reminders: each stage once for each recipient, caught up after an outage, one message a recipient, by any number of schedulers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from metrology.persistence.database import db
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import Role, User
from metrology.persistence.reminders import Notice, Reminder
from metrology.services.reminding import remind_all
from tests.conftest import NOW

DUE = date(2026, 12, 31)
_numbers = count(1)


def _holder(session: Session, **contact: Any) -> Holder:
    number = next(_numbers)
    holder = Holder(
        number=f"H{number}", name=f"示范加油站{number}", identity_key=str(number), created_at=NOW, updated_at=NOW
    )
    facts: dict[str, Any] = {"name": "站长", "email": f"owner{number}@example.cn", **contact}
    holder.contacts.append(Contact(**facts))
    session.add(holder)
    session.flush()
    return holder


def _instrument(session: Session, holder: Holder, due: date = DUE, **facts: Any) -> Instrument:
    number = next(_numbers)
    values: dict[str, Any] = {
        "number": f"R{number}", "public_code": f"r{number}", "type_code": "fuel_dispenser", "serial_number": f"JY{number}",
        "serial_key": f"jy{number}", "district_code": "410702", "state": "in_use", "due_date": due, "due_basis": "certificate",
        "holder_id": holder.id, "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    instrument = Instrument(**{**values, **facts})
    session.add(instrument)
    session.commit()
    return instrument


def _run(session: Session, day: date) -> int:
    now = datetime(day.year, day.month, day.day, 1, 0, tzinfo=NOW.tzinfo)
    return remind_all(session, today=day, now=now, public_url="https://jl.example.cn").notices


def _stages(session: Session) -> list[tuple[str, bool]]:
    rows = session.query(Reminder).filter(Reminder.channel == "email").order_by(Reminder.id)
    return [(row.stage, row.is_skipped) for row in rows]


def test_nothing_before_sixty_days(session: Session) -> None:
    _instrument(session, _holder(session))
    assert _run(session, DUE - timedelta(days=61)) == 0
    assert _run(session, DUE - timedelta(days=60)) == 1


def test_a_stage_is_told_once_however_often_it_runs(session: Session) -> None:
    _instrument(session, _holder(session))
    assert [_run(session, DUE - timedelta(days=30)) for _time in range(3)] == [1, 0, 0]
    assert _run(session, DUE - timedelta(days=29)) == 0


def test_every_stage_goes_out_on_its_day_then_weekly(session: Session) -> None:
    _instrument(session, _holder(session))
    told = [offset for offset in range(-65, 24) if _run(session, DUE + timedelta(days=offset))]
    assert told == [-60, -30, -7, 0, 7, 14, 21]


def test_after_an_outage_the_latest_stage_goes_out_and_the_others_are_marked(session: Session) -> None:
    _instrument(session, _holder(session))
    assert _run(session, DUE + timedelta(days=9)) == 1
    assert sorted(_stages(session)) == [("0", True), ("30", True), ("60", True), ("7", True), ("overdue-1", False)]


def test_a_holder_gets_one_message_for_all_its_instruments(session: Session) -> None:
    holder = _holder(session)
    for _time in range(3):
        _instrument(session, holder)
    assert _run(session, DUE - timedelta(days=7)) == 1
    notice = session.query(Notice).one()
    assert notice.facts == {"instruments": 3}
    assert notice.body.count("JY") == 3
    assert "还有 7 天" in notice.body


def test_another_due_date_begins_anew(session: Session) -> None:
    instrument = _instrument(session, _holder(session))
    assert _run(session, DUE) == 1
    instrument.due_date = DUE + timedelta(days=180)
    session.commit()
    assert _run(session, DUE + timedelta(days=1)) == 0
    assert _run(session, DUE + timedelta(days=120)) == 1


@pytest.mark.parametrize("state", ["suspended", "rejected", "retired", "lost", "under_repair"])
def test_only_what_is_in_use_is_reminded_of(session: Session, state: str) -> None:
    _instrument(session, _holder(session), state=state)
    assert _run(session, DUE) == 0


def test_contacts_say_how_they_want_to_be_told(session: Session) -> None:
    holder = _holder(
        session,
        notify_email=False,
        notify_wecom=True,
        wecom_webhook="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k",
    )
    holder.contacts.append(Contact(name="停用", email="off@example.cn", is_active=False))
    _instrument(session, holder)
    assert _run(session, DUE) == 1
    assert session.query(Notice).one().channel == "wecom"


def test_two_contacts_with_one_address_get_one_message(session: Session) -> None:
    holder = _holder(session, email="same@example.cn")
    holder.contacts.append(Contact(name="另一位", email="same@example.cn"))
    _instrument(session, holder)
    assert _run(session, DUE) == 1


def test_the_officer_of_the_district_gets_one_digest(session: Session) -> None:
    role = session.query(Role).filter_by(name="officer").one()
    for name, district in (("own", "410702"), ("other", "410783")):
        session.add(
            User(
                email=f"{name}@bureau.cn",
                name=name,
                fs_uniquifier=name,
                district_code=district,
                roles=[role],
                created_at=NOW,
            )
        )
    holder = _holder(session, email="", notify_email=True)
    for _time in range(2):
        _instrument(session, holder)
    assert _run(session, DUE) == 1
    notice = session.query(Notice).one()
    assert (notice.recipient, notice.facts) == ("own@bureau.cn", {"instruments": 2})


def test_words_follow_the_contact_language(session: Session) -> None:
    _instrument(session, _holder(session, language="en"))
    _run(session, DUE + timedelta(days=1))
    notice = session.query(Notice).one()
    assert "1 days overdue" in notice.body or "1 overdue" in notice.subject
    assert "Metrology Law" in notice.body


def test_a_second_scheduler_that_read_before_writes_nothing_twice(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both saw nothing told; the unique key lets one write."""
    _instrument(session, _holder(session))
    from metrology.services import reminding

    original = reminding._missing

    def blind(other: Session, recipient: Any, chunk: Any, *, today: date, now: datetime) -> list[dict[str, Any]]:
        rows = original(other, recipient, chunk, today=today, now=now)
        return [{**row, "stage": "0", "is_skipped": False} for row in rows[:1]] or [
            {
                "instrument_id": key,
                "due_date": day,
                "stage": "0",
                "channel": recipient.channel,
                "recipient": recipient.address,
                "is_skipped": False,
                "created_at": now,
            }
            for key, day, _item in chunk
        ]

    monkeypatch.setattr(reminding, "_missing", blind)
    first = _run(session, DUE)
    with sessionmaker(db.engine, expire_on_commit=False)() as other:
        second = _run(other, DUE)
    assert (first, second) == (1, 0)
