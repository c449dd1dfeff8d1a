"""The public pages: right in one glance on every day, small, without script, and without anybody's name."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument, Seal
from metrology.persistence.places import Place
from metrology.services import certifying, ending
from metrology.services.registering import InstrumentFacts, register_instrument
from metrology.settings import ROOT
from tests.conftest import NOW, TODAY
from tests.records import OFFICER, REJECTING, certify, create_holder, create_scale, create_team, scale_readings

INITIAL = scale_readings(kind="initial")
ZH = {"Accept-Language": "zh-CN,zh;q=0.9"}
EN = {"Accept-Language": "en-GB,en;q=0.9"}


@pytest.fixture
def today(set_today: Any) -> Any:
    set_today(TODAY)
    return set_today


def issued(session: Session, readings: dict[str, Any] = INITIAL, serial: str = "SC100001", **given: Any) -> Certificate:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session, serial, **given), readings)
    session.commit()
    return certificate


def band(page: str) -> str:
    found = re.search(r'<header class="band is-(\w+)"', page)
    assert found, page
    return found[1]


def word(page: str) -> str:
    found = re.search(r'class="band-word">(.*?) <small', page)
    assert found
    return found[1]


# -- one glance


@pytest.mark.parametrize(
    ("day", "colour", "words", "distance"),
    [
        (date(2026, 11, 22), "valid", "检定有效", "还有 364 天"),
        (date(2027, 10, 21), "valid", "检定有效", "还有 31 天"),
        (date(2027, 10, 22), "due_soon", "即将到期", "还有 30 天"),
        (date(2027, 11, 21), "due_soon", "即将到期", "今天到期"),
        (date(2027, 11, 22), "expired", "已过期", "逾期 1 天"),
    ],
)
def test_the_band_by_day(
    client: FlaskClient, session: Session, today: Any, day: date, colour: str, words: str, distance: str
) -> None:
    certificate = issued(session)
    today(day)
    page = client.get(f"/c/{certificate.code}", headers=ZH).text
    assert (band(page), word(page)) == (colour, words)
    assert "2027-11-21" in page
    assert distance in page


def test_a_rejection_shows_on_the_old_certificate_at_once(client: FlaskClient, session: Session, today: Any) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL, today=TODAY - timedelta(days=90))
    notice = certify(session, team, scale, scale_readings(REJECTING))
    session.commit()
    page = client.get(f"/c/{first.code}", headers=ZH).text
    assert (band(page), word(page)) == ("rejected", "检定不合格")
    assert f"/c/{notice.code}" in page
    assert band(client.get(f"/c/{notice.code}").text) == "rejected"
    assert band(client.get(f"/i/{scale.public_code}").text) == "rejected"


def test_a_superseded_certificate_leads_to_the_one_that_holds(
    client: FlaskClient, session: Session, today: Any
) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL, today=TODAY - timedelta(days=90))
    second = certify(session, team, scale)
    session.commit()
    page = client.get(f"/c/{first.code}", headers=ZH).text
    assert (band(page), word(page)) == ("superseded", "已被替代")
    assert f'href="/c/{second.code}"' in page
    assert f"/c/{second.code}" not in client.get(f"/c/{second.code}").text.split("language")[0]


def test_a_certificate_under_review_says_so(client: FlaskClient, session: Session, today: Any) -> None:
    certificate = issued(session)
    certificate.under_review = True
    session.commit()
    page = client.get(f"/c/{certificate.code}", headers=ZH).text
    assert (band(page), word(page)) == ("review", "审查中")
    assert "2027-11-21" not in page
    assert band(client.get(f"/i/{certificate.instrument.public_code}").text) == "review"


@pytest.mark.parametrize(
    ("state", "colour", "words"),
    [
        ("suspended", "revoked", "已停用"),
        ("under_repair", "revoked", "已失效"),
        ("awaiting_verification", "revoked", "已失效"),
        ("retired", "revoked", "已失效"),
        ("lost", "revoked", "已失效"),
        ("rejected", "rejected", "检定不合格"),
    ],
)
def test_never_valid_when_the_instrument_may_not_be_used(
    client: FlaskClient, session: Session, today: Any, state: str, colour: str, words: str
) -> None:
    certificate = issued(session)
    certificate.instrument.state = state
    session.commit()
    for address in (f"/c/{certificate.code}", f"/i/{certificate.instrument.public_code}"):
        page = client.get(address, headers=ZH).text
        assert (band(page), word(page)) == (colour, words)


def test_a_broken_seal_ends_what_the_page_says(client: FlaskClient, session: Session, today: Any) -> None:
    certificate = issued(session)
    certifying.end_current(session, OFFICER, certificate.instrument, "seal_broken", today=TODAY, now=NOW)
    session.commit()
    assert word(client.get(f"/c/{certificate.code}", headers=ZH).text) == "已失效"


def test_a_ledgers_word_is_not_shown_as_valid(client: FlaskClient, session: Session, today: Any) -> None:
    scale = create_scale(session, last_verified_on=date(2026, 10, 1))
    session.commit()
    assert (scale.state, scale.due_basis) == ("in_use", "ledger")
    page = client.get(f"/i/{scale.public_code}", headers=ZH).text
    assert (band(page), word(page)) == ("unknown", "无有效证书")
    assert "有效期至" not in page


def test_a_dispensers_label_shows_each_nozzle(client: FlaskClient, session: Session, today: Any) -> None:
    plate = {"product": "92#", "max_flow": "50"}
    nozzles = [
        register_instrument(
            session, OFFICER, InstrumentFacts(type_code="fuel_dispenser", serial_number="JY1", part_label=label, nameplate=plate),
            today=TODAY, now=NOW,
        )
        for label in ("1", "2")
    ]  # fmt: skip
    session.commit()
    whole = nozzles[0].parent
    assert whole is not None
    page = client.get(f"/i/{whole.public_code}", headers=ZH).text
    assert word(page) == "分部件检定"
    assert all(f"/i/{nozzle.public_code}" in page for nozzle in nozzles)


# -- codes nobody was given


@pytest.mark.parametrize("code", ["AAAAAAAAAAAAAAAAAAAAAA", "x", "A" * 500, "%00", "' or 1=1 --"])
@pytest.mark.parametrize("page", ["c", "i"])
def test_an_unknown_code_is_told_apart(client: FlaskClient, today: Any, code: str, page: str) -> None:
    answer = client.get(f"/{page}/{code}", headers=ZH)
    assert answer.status_code == 404
    assert (band(answer.text), word(answer.text)) == ("unknown", "查无此码")


def test_a_code_with_one_letter_changed_is_unknown(client: FlaskClient, session: Session, today: Any) -> None:
    code = issued(session).code
    forged = ("B" if code[0] != "B" else "C") + code[1:]
    assert client.get(f"/c/{forged}").status_code == 404


def test_numbers_are_no_codes(client: FlaskClient, session: Session, today: Any) -> None:
    certificate = issued(session)
    for guess in (certificate.number, certificate.instrument.number, str(certificate.id)):
        assert client.get(f"/c/{guess}").status_code == 404
        assert client.get(f"/i/{guess}").status_code == 404


def test_unknown_codes_are_not_tried_without_end(app: Flask, today: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", True)
    client = app.test_client()
    answers = [client.get(f"/c/{number}").status_code for number in range(25)]
    assert (answers[0], answers[-1]) == (404, 429)


# -- what it shows, and what not


def test_what_a_buyer_compares_and_where_to_complain(client: FlaskClient, session: Session, today: Any) -> None:
    certificate = issued(session)
    session.add(
        Seal(
            instrument_id=certificate.instrument_id,
            number="豫检0001",
            position="壳体",
            state="intact",
            applied_on=TODAY,
        )
    )
    session.commit()
    page = client.get(f"/c/{certificate.code}", headers=ZH).text
    assert '<p class="serial">SC100001</p>' in page
    assert "请与铭牌核对" in page
    assert "Compare with the nameplate" in page
    for shown in ("数字指示秤", "ACS-30", "新乡市计量技术检测中心", certificate.number, "豫检0001", "tel:12315"):
        assert shown in page


def test_no_person_is_named(client: FlaskClient, session: Session, today: Any) -> None:
    vendor = create_holder(session, "王小明", "vendor")
    place = Place(
        kind="stall", name="A-012", full_name="东湖市场 / A-012", identity_key="a012", created_at=NOW, updated_at=NOW
    )
    session.add(place)
    session.flush()
    certificate = issued(session, holder_id=vendor.id, place_id=place.id)
    for address in (f"/c/{certificate.code}", f"/i/{certificate.instrument.public_code}"):
        page = client.get(address).text
        assert "东湖市场 / A-012" in page
        for name in ("王小明", "检定员甲", "核验员乙", "批准人丙"):
            assert name not in page


def test_an_enterprise_is_named(client: FlaskClient, session: Session, today: Any) -> None:
    assert "示范超市有限公司" in client.get(f"/c/{issued(session).code}").text


@pytest.mark.parametrize(("headers", "words"), [(ZH, "检定机构"), (EN, "Verifying institute")])
def test_the_language_is_the_phones(
    client: FlaskClient, session: Session, today: Any, headers: dict[str, str], words: str
) -> None:
    page = client.get(f"/c/{issued(session).code}", headers=headers).text
    assert words in page
    assert '检定有效 <small lang="en">Valid</small>' in page


# -- how it is sent


def test_it_is_small_and_needs_no_script(client: FlaskClient, session: Session, today: Any) -> None:
    page = client.get(f"/c/{issued(session).code}").text
    scripts = re.findall(r'<script type="module" src="/static/([^"?]+)', page)
    assert scripts == ["js/verify/link.js"]  # it only takes the code along to /verify
    assert page.count("<script") == len(scripts)
    assert "style=" not in page
    sheets = re.findall(r'href="/static/([^"?]+\.css)', page)
    assert sheets
    sizes = [(ROOT / "static" / file).stat().st_size for file in (*sheets, *scripts)]
    assert len(page.encode()) + sum(sizes) < 50_000


def test_it_is_neither_indexed_nor_kept_nor_told_of(client: FlaskClient, session: Session, today: Any) -> None:
    headers = client.get(f"/c/{issued(session).code}").headers
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "script-src 'self'" in headers["Content-Security-Policy"]


def test_the_label_follows_the_instrument_for_life(client: FlaskClient, session: Session, today: Any) -> None:
    certificate = issued(session)
    scale = session.get_one(Instrument, certificate.instrument_id)
    assert band(client.get(f"/i/{scale.public_code}").text) == "valid"
    ending.take_back(session, OFFICER, certificate, "记录有误", today=TODAY, now=NOW)
    session.commit()
    assert band(client.get(f"/i/{scale.public_code}").text) == "revoked"
