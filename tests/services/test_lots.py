"""Lots: every meter judged by its own readings and certified by itself, three people, once each whatever breaks; then rotated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalEntry, verify_chain
from metrology.persistence.lots import Lot, LotMeter
from metrology.persistence.people import Institute
from metrology.persistence.printing import PrintItem
from metrology.persistence.verifications import Verification
from metrology.services import (
    lot_certificate,
    lot_of_meter,
    lot_readings,
    lot_rotation,
    lot_working,
    lots,
    verifying,
)
from metrology.services.lot_readings import LotSheet
from metrology.services.lots import LotAsked
from metrology.services.paper import Press
from metrology.services.rechecking import recheck
from metrology.services.tallying import differences
from tests.conftest import NOW, TODAY
from tests.lots import (
    BAD,
    GOOD,
    HEADINGS,
    Crash,
    certify_lot,
    create_lot,
    create_meters,
    go_on,
    good,
    load,
    meter,
    serial,
    set_common,
    table,
    work,
)
from tests.people import create_user, sign_in
from tests.records import OFFICER, actor_of, create_scale, create_team, qualify

REFUSED = (IntegrityError, OperationalError, InternalError, ProgrammingError)


def count(session: Session, model: Any, *conditions: Any) -> int:
    return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


# -- certified as one, each by itself


def test_each_meter_of_a_certified_lot_answers_its_own_code(session: Session, client: FlaskClient) -> None:
    team = create_team(session)
    lot = certify_lot(session, team, 3, bad=[2])
    documents = session.scalars(select(Certificate).order_by(Certificate.instrument_id)).all()
    assert [one.kind for one in documents] == [
        "verification_certificate",
        "rejection_notice",
        "verification_certificate",
    ]
    assert len({one.code for one in documents} | {one.number for one in documents}) == 6
    for place, one in enumerate(documents, 1):
        page = client.get(f"/c/{one.code}")
        assert page.status_code == 200
        assert serial(place) in page.text
    assert [meter(session, number).state for number in (1, 2, 3)] == ["in_use", "rejected", "in_use"]
    assert (meter(session, 1).due_kind, meter(session, 1).due_date) == ("rotation", date(2032, 11, 21))
    assert lot.state == "approved"
    page = client.get(f"/lot/{lot.code}")
    assert page.status_code == 200
    assert lot.certificate_number in page.text
    assert client.get("/lot/nothing").status_code == 404
    assert list(verify_chain(session)) == []
    assert list(differences(session)) == []
    assert [one.kind for one in recheck(session)] == ["same"] * 3


def test_a_meter_without_readings_is_never_certified(session: Session) -> None:
    team = create_team(session)
    lot = create_lot(session, team, 4)
    load(session, team, lot, {serial(1): GOOD, serial(2): ("", "", ""), serial(3): ("101", "", "10.1")})
    counts = lots.counts_of(session, [lot.id])[lot.id]
    assert (counts.conforming, counts.rejected, counts.faulty, counts.unread) == (1, 0, 2, 1)
    for step, who in (("submit", "verifier"), ("check", "checker"), ("approve", "approver")):
        work(session, team, lot, step, who)
    assert [one.instrument.serial_number for one in session.scalars(select(Certificate))] == [serial(1)]
    assert count(session, Verification) == 1
    assert meter(session, 2).last_verified_on is None
    assert lot.payload["unread"] == 3


def test_the_public_page_names_the_lot_and_says_whether_this_meter_was_verified(
    session: Session, client: FlaskClient
) -> None:
    team = create_team(session)
    lot = create_lot(session, team, 4)
    load(session, team, lot, {serial(1): GOOD, serial(2): BAD, serial(3): GOOD})
    for step, who in (("submit", "verifier"), ("check", "checker"), ("approve", "approver")):
        assert lot.number not in client.get(f"/i/{meter(session, 4).public_code}").text
        work(session, team, lot, step, who)
    english = {"Accept-Language": "en"}
    pages = [client.get(f"/i/{meter(session, number).public_code}", headers=english).text for number in range(1, 5)]
    by_paper = [client.get(f"/c/{one.code}", headers=english).text for one in session.scalars(select(Certificate))]
    assert len(by_paper) == 3
    for page in (*pages, *by_paper):
        assert f'<a href="/lot/{lot.code}">{lot.number}</a>' in page
        assert "meters: 4, verified: 3" in page
    itself, not_itself = "This one was verified by itself", "This one was not verified with its lot"
    assert [itself in page for page in pages] == [True, True, True, False]
    assert [not_itself in page for page in pages] == [False, False, False, True]
    assert "No certificate of this registry" in pages[3]
    assert all(itself in page for page in by_paper)


def test_a_lot_is_named_beside_what_it_says_something_of(session: Session) -> None:
    """Its own record, and one that corrects it; not a later verification, nor beside an older document of a meter it left out."""
    team = create_team(session)
    lot = create_lot(session, team, 2)
    load(session, team, lot, {serial(1): GOOD})
    for step, who in (("submit", "verifier"), ("check", "checker"), ("approve", "approver")):
        work(session, team, lot, step, who)
    first, second = meter(session, 1), meter(session, 2)
    certificate = session.scalars(select(Certificate)).one()

    def told(instrument: Instrument, record: int | None, day: date | None) -> Any:
        return lot_of_meter.said(session.execute(lot_of_meter.statement(instrument.id, record, day)).first())

    own = told(first, certificate.verification_id, TODAY)
    assert (own.number, own.code, own.meters, own.verified, own.is_own) == (lot.number, lot.code, "2", "1", True)
    assert told(first, certificate.verification_id + 1000, TODAY) is None
    assert told(second, None, None).is_own is False
    assert told(second, certificate.verification_id, TODAY).is_own is False
    assert told(second, certificate.verification_id, TODAY + timedelta(days=1)) is None
    record = session.get_one(Verification, certificate.verification_id)
    correction = verifying.correct(session, team.actor("verifier"), record, today=TODAY, now=NOW, reason="抄错")
    assert told(first, correction.id, TODAY).is_own is True


def test_what_holds_for_the_lot_is_no_reading_of_a_meter(session: Session) -> None:
    team = create_team(session)
    lot = create_lot(session, team, 1)
    sheet = LotSheet(session, lot, TODAY)
    assert sheet.outcome({}) == (None, None)
    assert sheet.outcome({"items": {"appearance": True}}) == (None, None)
    with pytest.raises(Problem, match="lot_without_readings"):
        work(session, team, lot, "submit", "verifier")


def test_an_answer_of_its_own_beats_what_holds_for_the_lot(session: Session) -> None:
    team = create_team(session)
    lot = create_lot(session, team, 2)
    data = table(good([1, 2])).decode().splitlines()
    data = [data[0] + ",外观与标志", data[1] + ",不合格", data[2] + ","]
    lot_readings.load(session, team.actor("verifier"), lot, "\n".join(data).encode(), "a.csv", today=TODAY, now=NOW)
    assert session.scalars(select(LotMeter.verdict).order_by(LotMeter.position)).all() == ["rejected", "conforms"]


def test_the_verdict_of_the_record_is_of_the_same_readings(session: Session) -> None:
    team = create_team(session)
    lot = create_lot(session, team, 1)
    load(session, team, lot, {serial(1): ("101", "10.05", "10.1")})
    work(session, team, lot, "submit", "verifier")
    record = session.scalars(select(Verification)).one()
    assert (record.verdict, record.edition_code, record.kind) == ("conforms", "JJG 162-2019", "initial")
    errors = [one["error"] for one in record.judgement["findings"] if one["error"]]
    assert errors == ["1.0 %", "0.5 %", "1.0 %"]
    assert record.readings["runs"][0]["indicated"] == "101 L"
    assert record.environment["water_temperature"] == "20 °C"
    assert [use.standard_id for use in record.standards] == [team.standard.id]


# -- three people


def test_three_people_and_no_fewer(session: Session) -> None:
    team = create_team(session)
    lot = create_lot(session, team, 1)
    load(session, team, lot, good([1]))
    everything = actor_of(create_user(session, "verifier", "checker", "approver", institute_id=team.institute.id))
    with pytest.raises(Problem, match="not_your_lot"):
        lot_working.ask(session, everything, lot, "submit", today=TODAY, now=NOW)
    with pytest.raises(Problem, match="person_needed"):
        lot_working.ask(session, team.actor("checker"), lot, "submit", today=TODAY, now=NOW)
    work(session, team, lot, "submit", "verifier")
    team.verifier.roles = [*team.verifier.roles, *create_user(session, "checker", "approver").roles]
    with pytest.raises(Problem, match="checker_is_verifier"):
        work(session, team, lot, "check", "verifier")
    work(session, team, lot, "check", "checker")
    team.checker.roles = [*team.checker.roles, *create_user(session, "approver").roles]
    for who in ("verifier", "checker"):
        with pytest.raises(Problem, match="approver_is_not_a_third"):
            work(session, team, lot, "approve", who)
    work(session, team, lot, "approve", "approver")
    record = session.scalars(select(Verification)).one()
    assert (record.verifier_id, record.checker_id, record.approver_id) == (
        team.verifier.id, team.checker.id, team.approver.id,
    )  # fmt: skip


def test_another_body_decides_nothing(session: Session) -> None:
    team = create_team(session)
    other = Institute(name="卫辉所", short_code="WHJL")
    session.add(other)
    session.flush()
    stranger = create_user(session, "checker", institute_id=other.id)
    lot = create_lot(session, team, 1)
    load(session, team, lot, good([1]))
    work(session, team, lot, "submit", "verifier")
    with pytest.raises(Problem, match="other_institute"):
        lot_working.ask(session, actor_of(stranger), lot, "check", today=TODAY, now=NOW)


def test_who_is_not_qualified_hands_nothing_in(session: Session) -> None:
    team = create_team(session, type_code="digital_indicating_scale")
    lot = create_lot(session, team, 1)
    load(session, team, lot, good([1]))
    with pytest.raises(Problem, match="qualif"):
        work(session, team, lot, "submit", "verifier")
    qualify(session, team.verifier)
    assert work(session, team, lot, "submit", "verifier").result["refused"] == 0


def test_a_lot_given_back_is_corrected_by_records_that_name_the_old(session: Session) -> None:
    team = create_team(session)
    lot = create_lot(session, team, 2)
    load(session, team, lot, good([1, 2]))
    work(session, team, lot, "submit", "verifier")
    with pytest.raises(Problem, match="reason_needed"):
        work(session, team, lot, "return", "checker")
    work(session, team, lot, "return", "checker", reason="流量有误")
    assert (lot.state, lot.return_reason) == ("draft", "流量有误")
    load(session, team, lot, {serial(1): BAD})
    for step, who in (("submit", "verifier"), ("check", "checker"), ("approve", "approver")):
        work(session, team, lot, step, who)
    rows = session.execute(
        select(Verification.state, Verification.verdict, Verification.replaces_id).order_by(Verification.id)
    ).all()
    first, second = (session.scalars(select(Verification.id).order_by(Verification.id)).all())[:2]
    assert [tuple(row) for row in rows] == [
        ("returned", "conforms", None), ("returned", "conforms", None), ("approved", "rejected", first),
        ("approved", "conforms", second),
    ]  # fmt: skip
    assert count(session, Certificate) == 2


# -- exactly once


def test_a_crash_between_batches_leaves_nothing_out_and_does_nothing_twice(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lot_working, "BATCH", 4)
    team = create_team(session)
    lot = create_lot(session, team, 11)
    load(session, team, lot, good(range(1, 12)))
    for step, who in (("submit", "verifier"), ("check", "checker"), ("approve", "approver")):
        task = lot_working.ask(session, team.actor(who), lot, step, today=TODAY, now=NOW)
        session.commit()
        with pytest.raises(Crash):
            go_on(session, task, stop=1)
        with pytest.raises(Crash):
            go_on(session, task, stop=1)
        go_on(session, task)
        go_on(session, task)  # and once more, for nothing
    assert lot.state == "approved"
    assert count(session, Verification) == count(session, Certificate) == 11
    assert session.scalar(select(func.count(func.distinct(Certificate.instrument_id)))) == 11
    assert count(session, PrintItem, PrintItem.kind == "certificate") == 11
    assert count(session, JournalEntry, JournalEntry.action == "certificate.issued") == 11
    assert count(session, JournalEntry, JournalEntry.action == "lot.certified") == 1
    assert lot.payload["conforming"] == 11
    assert list(verify_chain(session)) == []


def test_one_meter_that_is_refused_holds_back_the_lot_and_not_the_others(session: Session) -> None:
    team = create_team(session)
    lot = create_lot(session, team, 3)
    load(session, team, lot, good([1, 2, 3]))
    work(session, team, lot, "submit", "verifier")
    work(session, team, lot, "check", "checker")
    session.execute(update(Instrument).where(Instrument.serial_number == serial(2)).values(state="retired"))
    session.commit()
    task = work(session, team, lot, "approve", "approver")
    assert [line[:2] for line in task.result["problems"]] == [[serial(2), "instrument_not_verifiable"]]
    assert (lot.state, lot.code, count(session, Certificate)) == ("checked", None, 2)
    session.execute(update(Instrument).where(Instrument.serial_number == serial(2)).values(state="in_use"))
    session.commit()
    work(session, team, lot, "approve", "approver")
    assert (lot.state, count(session, Certificate)) == ("approved", 3)


# -- what belongs to a lot


def test_a_lot_is_what_a_delivery_brought(session: Session) -> None:
    team = create_team(session)
    holder = create_meters(session, 3)
    create_meters(session, 2, first=10, lot_code="other")
    actor = team.actor("verifier")
    asked = LotAsked(holder_id=holder.id, type_code="cold_water_meter", lot_code="2026-07", serials=f"{serial(10)}\n")
    lot = lots.create(session, actor, asked, now=NOW)
    rows, _after = lots.meters(session, lot)
    assert [one.instrument.serial_number for one in rows] == [serial(n) for n in (1, 2, 3, 10)]
    with pytest.raises(Problem, match="meter_in_other_lot"):
        lots.create(session, actor, asked, now=NOW)
    lots.discard(session, actor, lot, now=NOW)
    assert lots.create(session, actor, asked, now=NOW).number != lot.number


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"lot_code": "nobody's"}, "lot_empty"),
        ({"serials": "XX1\nXX2"}, "lot_serials_unknown"),
        ({"lot_code": "2026-07", "type_code": "micrometer"}, "unknown_category|type_has_no_rules"),
        ({"lot_code": "2026-07", "holder_id": 4711}, "unknown_holder"),
    ],
)
def test_what_makes_no_lot(session: Session, said: dict[str, Any], code: str) -> None:
    holder = create_meters(session, 1)
    usual: dict[str, Any] = {"holder_id": holder.id, "type_code": "cold_water_meter"}
    with pytest.raises(Problem, match=code):
        lots.create(session, OFFICER, LotAsked(**{**usual, **said}), now=NOW)


def test_meters_of_two_kinds_make_no_lot(session: Session) -> None:
    holder = create_meters(session, 1)
    create_meters(session, 1, first=2, nameplate={"accuracy_class": "2", "q3": "4 m³/h", "ratio": "100", "dn": "25"})
    with pytest.raises(Problem, match="lot_is_mixed"):
        lots.create(
            session, OFFICER, LotAsked(holder_id=holder.id, type_code="cold_water_meter", lot_code="2026-07"), now=NOW
        )


# -- the table of the bench


def test_bad_rows_are_told_and_good_ones_kept(session: Session) -> None:
    team = create_team(session)
    lot = create_lot(session, team, 3)
    found = load(
        session, team, lot, {serial(1): GOOD, "WM999999": GOOD, serial(2): ("drei", "10", "10"), serial(3): BAD}
    )
    assert (found.taken, found.conforming, found.rejected, found.bad_count) == (3, 1, 1, 2)
    assert [(one.row, one.problem.code) for one in found.bad] == [(3, "meter_not_in_lot"), (4, "lot_row_incomplete")]


@pytest.mark.parametrize(
    ("headings", "code"),
    [
        (("a", *HEADINGS[1:]), "lot_no_serial_column"),
        (("出厂编号", "b", "c", "d", "e", "f", "g"), "lot_no_reading_column"),
    ],
)
def test_a_table_nobody_understands_is_refused(session: Session, headings: Sequence[str], code: str) -> None:
    team = create_team(session)
    lot = create_lot(session, team, 1)
    with pytest.raises(Problem, match=code):
        lot_readings.load(
            session, team.actor("verifier"), lot, table(good([1]), headings), "a.csv", today=TODAY, now=NOW
        )


def test_the_table_to_fill_in_comes_back(session: Session) -> None:
    team = create_team(session)
    lot = create_lot(session, team, 2)
    empty = lot_readings.template(session, lot, today=TODAY)
    assert empty.decode("utf-8-sig").splitlines()[1:] == [serial(1), serial(2)]
    with pytest.raises(Problem, match=r"file_empty|lot_"):
        lot_readings.load(session, team.actor("verifier"), lot, b"", "a.csv", today=TODAY, now=NOW)
    assert lot_readings.load(session, team.actor("verifier"), lot, empty, "a.csv", today=TODAY, now=NOW).taken == 0


def test_another_day_judges_anew(session: Session) -> None:
    """Conditions that do not count give no verdict, whatever was read."""
    team = create_team(session)
    lot = create_lot(session, team, 1)
    load(session, team, lot, good([1]))
    set_common(
        session, team, lot, environment={"temperature": "60 °C", "humidity": "50 %RH", "water_temperature": "20 °C"}
    )
    lot_readings.judge_again(session, lot, today=TODAY)
    only = session.scalars(select(LotMeter)).one()
    assert (only.verdict, only.problem) == (None, "lot_row_incomplete")


# -- paper


@pytest.mark.parametrize("language", ["zh", "en", "zh-en"])
def test_the_certificate_of_the_lot_lists_every_meter(session: Session, language: str) -> None:
    lot = certify_lot(session, create_team(session), 3, bad=[2])
    paper = lot_certificate.pdf(session, lot, Press("https://jl.example.cn"), language=language)
    assert paper.startswith(b"%PDF")
    with pytest.raises(REFUSED):
        session.execute(update(Lot).values(payload={}))
    session.rollback()


def test_a_lot_whose_meters_were_touched_prints_no_certificate(session: Session) -> None:
    from tests.tampering import without_triggers

    lot = certify_lot(session, create_team(session), 2)
    first = session.scalars(select(Certificate).order_by(Certificate.id)).first()
    assert first is not None
    without_triggers(session, "certificate", f"update certificate set number = 'XX' where id = {first.id}")
    with pytest.raises(Problem, match="certificate_altered"):
        lot_certificate.pdf(session, lot, Press("https://jl.example.cn"), language="zh")


def test_what_was_handed_in_stays(session: Session) -> None:
    team = create_team(session)
    lot = create_lot(session, team, 1)
    load(session, team, lot, good([1]))
    work(session, team, lot, "submit", "verifier")
    for change in ("verified_on = '2020-01-01'", "verifier_id = null", "kind = 'subsequent'"):
        with pytest.raises(REFUSED):
            session.execute(text(f"update lot set {change}"))
        session.rollback()
    with pytest.raises(Problem, match="lot_not_in_state"):
        load(session, team, lot, good([1]))


# -- rotation


def rotate(session: Session, lot: Lot, lines: str, day: date = TODAY) -> dict[str, Any]:
    officer = actor_of(create_user(session, "officer"))
    data = f"旧表编号,新表编号,换表日期\n{lines}".encode()
    task = lot_rotation.ask(session, officer, lot, data, "换表.csv", today=day, now=NOW)
    session.commit()
    arguments = task.arguments
    return lot_rotation.run(session, arguments, today=day, now=lambda: NOW, step=lambda *_told: session.commit())


def test_a_lot_is_rotated_by_the_table_of_the_utility(session: Session) -> None:
    team = create_team(session)
    lot = certify_lot(session, team, 4)
    create_meters(session, 2, first=100, lot_code="2032-01")
    session.execute(update(Instrument).where(Instrument.serial_number == serial(1)).values(location="3-2-501"))
    session.commit()
    before = lot_rotation.rotation_of(session, lot)
    assert (before.remaining, before.replaced, before.due) == (4, 0, date(2032, 11, 21))
    told = rotate(session, lot, f"{serial(1)},{serial(100)},2026-11-22\n{serial(2)},,2026-11-22\n{serial(3)},,\n")
    assert (told["done"], told["refused"]) == (2, 0)  # a line without a day and a new meter says nothing
    after = lot_rotation.rotation_of(session, lot)
    assert (after.remaining, after.gone, after.replaced) == (2, 2, 1)
    assert [meter(session, n).state for n in (1, 2, 3)] == ["retired", "retired", "in_use"]
    assert (meter(session, 100).location, meter(session, 100).installed_on) == ("3-2-501", TODAY)
    actions = session.scalars(
        select(JournalEntry.action).where(JournalEntry.instrument_id == meter(session, 1).id).order_by(JournalEntry.seq)
    ).all()
    assert actions[-2:] == ["instrument.moved", "lot.meter_replaced"]
    assert list(differences(session)) == []
    listed = lot_rotation.remaining_csv(session, lot).decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in listed[1:]] == [serial(3), serial(4)]


def test_a_meter_rejected_in_its_lot_hangs_nowhere(session: Session) -> None:
    lot = certify_lot(session, create_team(session), 3, bad=[2])
    assert lot_rotation.rotation_of(session, lot).remaining == 2
    assert lots.counts_of(session, [lot.id])[lot.id].remaining == 2
    listed, _next = lots.meters(session, lot, which="remaining")
    assert [one.instrument.serial_number for one in listed] == [serial(1), serial(3)]
    assert serial(2) not in lot_rotation.remaining_csv(session, lot).decode()


def test_a_table_sent_twice_changes_nothing_more(session: Session) -> None:
    team = create_team(session)
    lot = certify_lot(session, team, 2)
    create_meters(session, 2, first=100, lot_code="new")
    line = f"{serial(1)},{serial(100)},2026-11-22\n"
    rotate(session, lot, line)
    entries = count(session, JournalEntry, JournalEntry.action == "lot.meter_replaced")
    again = rotate(session, lot, line)
    assert (again["done"], again["refused"]) == (1, 0)
    assert count(session, JournalEntry, JournalEntry.action == "lot.meter_replaced") == entries == 1
    other = rotate(session, lot, f"{serial(1)},{serial(101)},2026-11-22\n")
    assert other["lines"][0][2] == "meter_left_before"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("WM999999,WM000100,2026-11-22", "meter_not_in_lot"),
        ("WM000001,WM000777,2026-11-22", "new_meter_unknown"),
        ("WM000001,WM000001,2026-11-22", "new_meter_unknown"),
        ("WM000001,WM000100,2026-11-23", "replaced_on_wrong_day"),
        ("WM000001,WM000100,2026-11-21", "replaced_on_wrong_day"),
        ("WM000001,WM000100,soon", "bad_day"),
        ("WM000001,SC1,2026-11-22", "new_meter_unknown"),
    ],
)
def test_a_bad_line_is_told_and_the_others_entered(session: Session, line: str, code: str) -> None:
    lot = certify_lot(session, create_team(session), 2)
    holder = create_meters(session, 1, first=100, lot_code="new")
    create_scale(session, "SC1", holder_id=holder.id)
    told = rotate(session, lot, f"{line}\n{serial(2)},,2026-11-22\n")
    assert (told["done"], [one[2] for one in told["lines"]]) == (1, [code])
    assert (meter(session, 1).state, meter(session, 2).state) == ("in_use", "retired")


def test_one_new_meter_takes_one_place(session: Session) -> None:
    lot = certify_lot(session, create_team(session), 2)
    create_meters(session, 1, first=100, lot_code="new")
    told = rotate(session, lot, f"{serial(1)},{serial(100)},2026-11-22\n{serial(2)},{serial(100)},2026-11-22\n")
    assert (told["done"], told["lines"][0][2]) == (1, "new_meter_taken")


def test_what_left_stays_left(session: Session) -> None:
    lot = certify_lot(session, create_team(session), 1)
    rotate(session, lot, f"{serial(1)},,2026-11-22\n")
    for change in ("left_on = null", f"left_on = '{TODAY - timedelta(days=1)}'", "replaced_by_id = instrument_id"):
        with pytest.raises(REFUSED):
            session.execute(text(f"update lot_meter set {change}"))
        session.rollback()


def test_only_a_certified_lot_is_rotated(session: Session) -> None:
    lot = create_lot(session, create_team(session), 1)
    with pytest.raises(Problem, match="lot_not_in_state"):
        rotate(session, lot, f"{serial(1)},,2026-11-22\n")


def test_what_a_meter_lacks_is_said_by_its_name(session: Session, client: FlaskClient) -> None:
    team = create_team(session)
    lot = create_lot(session, team, 2)
    load(session, team, lot, {serial(1): GOOD, serial(2): ("101", "10.05", "")})
    session.commit()
    sign_in(client, team.verifier)
    for language, words in (("en", "minimum flow rate Q1"), ("zh_Hans_CN", "最小流量 Q1")):
        page = client.get(f"/lots/{lot.id}?lang={language}").text
        said = re.search(r"(?:not legible|无法识别)[^<]*", page)
        assert said is not None and words in said[0], said
        assert "runs" not in page
