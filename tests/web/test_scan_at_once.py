"""The quick page of a certificate is, byte for byte, the page that the long way makes; what the quick way cannot vouch for it leaves."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.instruments import Seal
from metrology.persistence.places import Place
from metrology.services import certifying, record_digest, scanning, scanning_at_once, settings
from metrology.web import scan_at_once
from metrology.web.shapes import Shapes, Slot
from tests.conftest import NOW, TODAY
from tests.lots import certify_lot
from tests.people import create_user, sign_in
from tests.records import OFFICER, REJECTING, certify, create_holder, create_scale, create_team, scale_readings
from tests.tampering import without_triggers

INITIAL = scale_readings(kind="initial")
LANGUAGES = ({"Accept-Language": "zh-CN"}, {"Accept-Language": "en"})


@pytest.fixture(autouse=True)
def _clean(set_today: Any) -> None:
    set_today(TODAY)
    scan_at_once.forget()


@pytest.fixture
def long_way(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask for a page with the quick way closed."""

    def ask(client: FlaskClient, address: str, **given: Any) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(scan_at_once, "page", lambda *_given: None)
            return client.get(address, **given)

    return ask


def _various(session: Session) -> list[Certificate]:
    """Certificates that differ in everything the page shows."""
    team = create_team(session)
    market = Place(
        name="<东市场> & 南区",
        kind="market",
        full_name="",
        district_code="410702",
        identity_key="m",
        created_at=NOW,
        updated_at=NOW,
    )
    firm, vendor = create_holder(session, "示范“超市”<有限>公司"), create_holder(session, "张三", kind="vendor")
    session.add(market)
    session.flush()
    scales: list[dict[str, Any]] = [
        {},
        {"holder_id": firm.id, "place_id": market.id},
        {"holder_id": vendor.id, "model": "ACS-30 & <b>", "manufacturer": ""},
        {"holder_id": firm.id},
    ]
    made = []
    for number, said in enumerate(scales):
        scale = create_scale(session, f"SC<{number}>&'\"", **said)
        for seal in range(number):
            session.add(
                Seal(instrument_id=scale.id, number=f"铅{seal}<", position="盖" if seal % 2 else "", state="intact")
            )
        made.append(certify(session, team, scale, INITIAL, today=TODAY - timedelta(days=30 * number)))
    made.append(certify(session, team, create_scale(session, "SR1"), scale_readings(REJECTING, kind="initial")))
    made.append(certify(session, team, made[0].instrument, scale_readings(kind="subsequent"), today=TODAY))
    session.commit()
    return made


def test_both_ways_make_the_same_page(app: Flask, session: Session, long_way: Any, set_today: Any) -> None:
    for day in (TODAY, TODAY + timedelta(days=350), TODAY + timedelta(days=364), TODAY + timedelta(days=400)):
        set_today(day)
        for certificate in _various(session) if day == TODAY else session.query(Certificate).all():
            for language in LANGUAGES:
                address = f"/c/{certificate.code}"
                quick = app.test_client().get(address, headers=language)
                slow = long_way(app.test_client(), address, headers=language)
                assert quick.data == slow.data
                assert dict(quick.headers) == dict(slow.headers)


def test_both_ways_name_the_lot(app: Flask, session: Session, long_way: Any) -> None:
    team = create_team(session)
    lots = [certify_lot(session, team, 2), certify_lot(session, team, 3, first=10, lot_code="2026-08", bad=[11])]
    papers = session.query(Certificate).all()
    pages = [app.test_client().get(f"/c/{one.code}", headers=LANGUAGES[1]) for one in papers]
    for paper, page in zip(papers, pages, strict=True):
        assert page.data == long_way(app.test_client(), f"/c/{paper.code}", headers=LANGUAGES[1]).data
    named = [[lot.number in page.text for lot in lots] for page in pages]
    assert named == [[True, False]] * 2 + [[False, True]] * 3
    assert all(f"/lot/{lots[1].code}" in page.text for page in pages[2:])
    assert "meters: 3, verified: 3" in pages[2].text


def test_one_certificate_shows_nothing_of_another_of_its_shape(app: Flask, session: Session) -> None:
    team, guest = create_team(session), app.test_client()
    one, two = (certify(session, team, create_scale(session, f"SC10000{n}"), INITIAL) for n in (1, 2))
    session.commit()
    first, second = (guest.get(f"/c/{certificate.code}").text for certificate in (one, two))
    assert len(scan_at_once._shapes._drawn) == 1
    for mine, others in ((one, two), (two, one)):
        page = first if mine is one else second
        assert all(text in page for text in (mine.code, mine.number, mine.instrument.serial_number))
        assert not any(text in page for text in (others.code, others.number, others.instrument.serial_number))
    assert Slot.__name__ not in second
    kept = repr(scan_at_once._shapes._drawn)
    assert one.code not in kept
    assert one.instrument.serial_number not in kept


def test_it_tells_the_facts_of_the_long_way(session: Session) -> None:
    for certificate in _various(session):
        quick = scanning_at_once.standing(certificate.code, today=TODAY)
        slow = scanning.by_certificate(session, certificate.code, today=TODAY, warn_days=30)
        assert slow is not None
        if slow.standing == "superseded":
            assert quick is None
            continue
        assert quick is not None
        facts, bureau = quick
        assert bureau == settings.read(session)
        for name in (
            "standing",
            "state",
            "name",
            "model",
            "serial_number",
            "manufacturer",
            "holder",
            "place",
            "institute",
            "history",
        ):
            assert getattr(facts, name) == getattr(slow, name), name
        assert [(one.number, one.position) for one in facts.seals] == [(one.number, one.position) for one in slow.seals]


def test_what_ends_is_seen_at_the_next_scan(app: Flask, session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session), INITIAL)
    session.commit()
    guest = app.test_client()
    assert "检定有效" in guest.get(f"/c/{certificate.code}").text
    certifying.end_current(session, OFFICER, certificate.instrument, "seal_broken", today=TODAY, now=NOW)
    session.commit()
    assert scanning_at_once.standing(certificate.code, today=TODAY) is None
    assert "已失效" in guest.get(f"/c/{certificate.code}").text


@pytest.mark.parametrize(
    "change", ["valid_until = '2031-01-01'", "number = 'XX-1'", "standing = 'revoked', ended_on = '2026-11-01'"]
)
def test_what_was_touched_by_hand_is_not_vouched_for(app: Flask, session: Session, change: str) -> None:
    certificate = certify(session, create_team(session), create_scale(session), INITIAL)
    session.commit()
    guest = app.test_client()
    assert "检定有效" in guest.get(f"/c/{certificate.code}").text
    without_triggers(session, "certificate", f"update certificate set {change}")
    session.commit()
    assert scanning_at_once.standing(certificate.code, today=TODAY) is None
    page = guest.get(f"/c/{certificate.code}").text
    assert "检定有效" not in page


def test_a_certificate_without_its_entry_is_not_vouched_for(session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session), INITIAL)
    session.commit()
    without_triggers(
        session, "journal_entry", "update journal_entry set object_id = 'x' where action = 'certificate.issued'"
    )
    session.commit()
    assert scanning_at_once.standing(certificate.code, today=TODAY) is None


def _rewrite_payload(session: Session, certificate: Certificate, said: str) -> None:
    session.commit()
    update = text("update certificate set payload = :said where id = :id")
    if session.get_bind().dialect.name == "postgresql":
        update = text("update certificate set payload = cast(:said as jsonb) where id = :id")
    without_triggers(session, "certificate")
    session.execute(update, {"said": said, "id": certificate.id})
    session.commit()


def test_a_payload_written_in_another_form_is_vouched_for_by_its_meaning(app: Flask, session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session), INITIAL)
    session.commit()
    before = app.test_client().get(f"/c/{certificate.code}").data
    back = dict(reversed(certificate.payload.items()))
    _rewrite_payload(session, certificate, json.dumps(back, indent=1))
    assert scanning_at_once.standing(certificate.code, today=TODAY) is not None
    assert app.test_client().get(f"/c/{certificate.code}").data == before


def test_a_payload_that_says_a_thing_twice_shows_what_was_issued_or_nothing(session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session), INITIAL)
    session.commit()
    forged = json.dumps({"instrument": {**certificate.payload["instrument"], "serial_number": "FORGED"}})
    _rewrite_payload(session, certificate, forged[:-1] + "," + json.dumps(certificate.payload)[1:])
    found = scanning_at_once.standing(certificate.code, today=TODAY)
    assert found is None or found[0].serial_number == certificate.instrument.serial_number != "FORGED"


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_sqlite_keeps_the_text_that_was_hashed(session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session), INITIAL)
    session.commit()
    said = session.execute(text("select cast(payload as blob) from certificate")).scalar_one()
    assert record_digest.digest_as_kept(certificate, said) == record_digest.digest(certificate)


def test_settings_changed_are_seen_at_once(app: Flask, session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session), INITIAL)
    session.commit()
    guest = app.test_client()
    assert "0373-7777" not in guest.get(f"/c/{certificate.code}").text
    settings.change(session, OFFICER, {"complaint_phone": "0373-7777"}, now=NOW)
    session.commit()
    assert "0373-7777" in guest.get(f"/c/{certificate.code}").text


def test_who_is_signed_in_goes_the_long_way(app: Flask, session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session), INITIAL)
    officer = app.test_client()
    sign_in(officer, create_user(session, "officer"))
    assert f"/instruments/{certificate.instrument_id}" in officer.get(f"/c/{certificate.code}").text
    assert f"/instruments/{certificate.instrument_id}" not in app.test_client().get(f"/c/{certificate.code}").text


@pytest.mark.parametrize("code", ["' or 1=1 --", "x", "", "a" * 22, "%00", "%(code)s"])
def test_a_code_nobody_was_given_tells_nothing(session: Session, code: str) -> None:
    session.execute(text("select 1"))
    assert scanning_at_once.standing(code, today=TODAY) is None


def test_days_are_days_on_both_databases(session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session), INITIAL)
    session.commit()
    found = scanning_at_once.standing(certificate.code, today=TODAY)
    assert found is not None
    assert found[0].certificate.valid_until == date(2027, 11, 21)


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)  # PostgreSQL keeps a plan that costs no more
def test_the_question_is_planned_once_for_all_codes(session: Session) -> None:
    codes = [one.code for one in _various(session)]
    statement, _parameters = scanning_at_once._question(codes[0])
    session.execute(text("analyze"))
    session.commit()
    with db.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        looks: list[Any] = []
        driver.set_authorizer(
            lambda *_what: looks.append(1) or 0
        )  # asked about each table while a statement is planned
        driver.execute(statement, (codes[0],)).fetchall()
        first = len(looks)
        for code in codes[1:]:
            assert driver.execute(statement, (code,)).fetchone() is not None
        driver.set_authorizer(None)
    assert len(looks) == first > 0


@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_a_database_started_anew_is_asked_again(session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session), INITIAL)
    session.commit()
    assert scanning_at_once.standing(certificate.code, today=TODAY) is not None
    end = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    assert session.scalar(text(end)) > 0
    session.commit()
    assert scanning_at_once.standing(certificate.code, today=TODAY) is not None


def test_a_value_with_any_character_fills_its_own_place() -> None:
    values = ["a\0b", "<\0>", ""]
    assert Shapes().fill(1, values, "|".join) == b"a\0b|&lt;\0&gt;|"


def test_shapes_are_let_go_of_when_they_are_many() -> None:
    shapes = Shapes()
    for number in range(1000):
        assert shapes.fill(number, ["<a>"], lambda slots: f"[{slots[0]}]") == b"[&lt;a&gt;]"
    assert len(shapes._drawn) <= 400
