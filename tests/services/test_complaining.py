"""Complaints: taken once, decided within seven working days, gone through step by step, and no contact kept for ever."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta

import pytest
from PIL import Image
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.complaints import Complaint
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalEntry
from metrology.services import attaching, complaining
from tests.conftest import NOW, TODAY
from tests.records import OFFICER, create_scale

REFUSED = (IntegrityError, OperationalError, InternalError, ProgrammingError)


def complain(session: Session, instrument: Instrument | None, **given: object) -> Complaint:
    usual: dict[str, object] = {
        "receipt": complaining.new_receipt(), "scanned_code": "x", "kind": "short_measure", "text": "少了二两",
        "contact": "13800000000", "today": TODAY, "now": NOW,
    }  # fmt: skip
    return complaining.complain(session, instrument=instrument, **{**usual, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("received", "last"),
    [
        (date(2026, 11, 22), date(2026, 12, 1)),  # Sunday: Mon 23 is the first, Tue 1 the seventh
        (date(2026, 11, 23), date(2026, 12, 2)),  # Monday
        (date(2026, 9, 30), date(2026, 10, 15)),  # the National Day: 8, 9, then 10 (made up for), 12, 13, 14, 15
    ],
)
def test_seven_working_days_after_receipt(received: date, last: date) -> None:
    assert complaining.accept_by(received) == last


def test_the_same_receipt_is_one_complaint(session: Session) -> None:
    scale, receipt = create_scale(session), complaining.new_receipt()
    first, again = complain(session, scale, receipt=receipt), complain(session, scale, receipt=receipt, text="again")
    assert first is again
    assert first.text == "少了二两"


def test_a_complaint_goes_step_by_step(session: Session) -> None:
    one = complain(session, create_scale(session))
    with pytest.raises(Problem, match="complaint_step"):
        complaining.close(session, OFFICER, one, "done", now=NOW)
    complaining.decide(session, OFFICER, one, accepts=True, now=NOW)
    with pytest.raises(Problem, match="finding_needed"):
        complaining.inspect(session, OFFICER, one, " ", inspected_on=None, today=TODAY, now=NOW)
    complaining.inspect(session, OFFICER, one, "复秤少 50 g", inspected_on=None, today=TODAY, now=NOW)
    with pytest.raises(Problem, match="answer_needed"):
        complaining.close(session, OFFICER, one, "", now=NOW)
    complaining.close(session, OFFICER, one, "已责令改正", now=NOW)
    assert (one.state, one.inspected_on, one.answer) == ("closed", TODAY, "已责令改正")
    with pytest.raises(Problem, match="complaint_step"):
        complaining.decide(session, OFFICER, one, accepts=True, now=NOW)


def test_declining_tells_why(session: Session) -> None:
    one = complain(session, create_scale(session))
    with pytest.raises(Problem, match="reason_needed"):
        complaining.decide(session, OFFICER, one, accepts=False, now=NOW)
    complaining.decide(session, OFFICER, one, accepts=False, answer="不属于本局管辖", now=NOW)
    assert (one.state, one.closed_at) == ("declined", NOW)


def test_what_was_told_never_changes(session: Session) -> None:
    one = complain(session, create_scale(session))
    for change in ("text = 'nothing'", "kind = 'other'", "accept_by = '2030-01-01'"):
        with pytest.raises(REFUSED), session.begin_nested():
            session.execute(text(f"update complaint set {change} where id = {one.id}"))
    with pytest.raises(REFUSED), session.begin_nested():
        session.execute(text("delete from complaint"))


@pytest.mark.parametrize(("kind", "words", "code"), [("nonsense", "x", "choose_what"), ("other", " ", "say_what")])
def test_a_complaint_says_something(session: Session, kind: str, words: str, code: str) -> None:
    with pytest.raises(Problem, match=code):
        complain(session, create_scale(session), kind=kind, text=words)


def test_one_instrument_does_not_flood_the_office(session: Session) -> None:
    scale = create_scale(session)
    for _time in range(complaining.MOST_OPEN):
        complain(session, scale)
    with pytest.raises(Problem, match="enough_complaints"):
        complain(session, scale)
    assert complain(session, None).instrument_id is None


def test_neither_contact_nor_address_reaches_the_journal(session: Session) -> None:
    scale = create_scale(session)
    complain(session, scale, contact="13912345678", seller="王小明肉铺")
    session.commit()
    entry = session.scalars(select(JournalEntry).where(JournalEntry.action == "complaint.received")).one()
    assert (entry.actor_name, entry.ip, entry.instrument_id) == ("public", "", scale.id)
    assert "13912345678" not in json.dumps(entry.changes) + entry.reason
    assert "王小明" not in json.dumps(entry.changes, ensure_ascii=False) + entry.reason


def test_a_contact_is_forgotten_ninety_days_after_the_end(session: Session) -> None:
    ended, open_one = complain(session, create_scale(session)), complain(session, None)
    complaining.decide(session, OFFICER, ended, accepts=False, answer="重复", now=NOW)
    session.commit()
    assert complaining.forget_contacts(session, now=NOW + timedelta(days=90)) == 0
    assert complaining.forget_contacts(session, now=NOW + timedelta(days=90, seconds=1)) == 1
    session.expire_all()
    assert (ended.contact, open_one.contact) == ("", "13800000000")


def test_only_the_district_sees_it_and_what_has_none_is_everyones(session: Session) -> None:
    scale = create_scale(session)
    scale.district_code = "410783"
    here, nowhere = complain(session, scale), complain(session, None)
    elsewhere = Actor(None, "Zhao", frozenset({"officer"}), district_code="410702")
    assert complaining.seen(session, elsewhere, here.id) is None
    assert complaining.seen(session, elsewhere, nowhere.id) is nowhere
    assert complaining.waiting(session, elsewhere, today=TODAY) == (1, 0)
    assert complaining.waiting(session, OFFICER, today=TODAY + timedelta(days=30)) == (2, 2)
    with pytest.raises(Problem, match="outside_scope"):
        complaining.decide(session, elsewhere, here, accepts=True, now=NOW)


def test_a_photograph_loses_place_and_owner(session: Session) -> None:
    picture, out = Image.new("RGB", (3000, 200), "red"), io.BytesIO()
    exif = picture.getexif()
    exif[0x010F] = "PhoneMaker"
    exif.get_ifd(0x8825)[1] = "N"
    picture.save(out, "JPEG", exif=exif)
    assert b"PhoneMaker" in out.getvalue()
    one = complain(session, create_scale(session), photo=out.getvalue())
    kept = attaching.attachments_of(session, one)[0].file.data
    with Image.open(io.BytesIO(kept)) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (2400, 160), {})
    assert b"PhoneMaker" not in kept


@pytest.mark.parametrize("data", [b"%PDF-1.7 x %%EOF", b"GIF89a", b"x" * 100])
def test_what_is_no_photograph_is_refused(session: Session, data: bytes) -> None:
    with pytest.raises(Problem, match="not_a_photo"):
        complain(session, create_scale(session), photo=data)


@pytest.mark.parametrize("typed", ["7k3m9qxd2fba", " 7K3M 9QXD 2FBA ", "7K3M-9QXD-2FBA"])
def test_a_receipt_is_found_however_it_is_typed(session: Session, typed: str) -> None:
    one = complain(session, None, receipt="7K3M-9QXD-2FBA")
    assert complaining.followed(session, typed) is one
    assert complaining.followed(session, "7K3M-9QXD-2FBB") is None
    assert complaining.followed(session, "") is None
