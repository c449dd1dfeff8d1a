"""The pages of a verification: typed, handed in, checked, approved by three people; nothing typed is lost on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.documents.label_layout import LABEL_SHEETS
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.verifications import Verification
from metrology.services import label_printing, verifying
from tests.conftest import NOW, TODAY
from tests.people import create_user, sign_in
from tests.records import (
    REJECTING,
    Team,
    certify,
    create_holder,
    create_scale,
    create_team,
    hand_in,
    scale_readings,
    start,
)
from tests.tampering import without_triggers

INITIAL = scale_readings(kind="initial")


@dataclass
class Desk:
    """A body with its people signed in, each in a browser of their own."""

    app: Flask
    session: Session
    team: Team
    scale: Instrument

    def browser(self, role: str) -> FlaskClient:
        client = self.app.test_client()
        sign_in(client, getattr(self.team, role))
        return client


@pytest.fixture
def desk(app: Flask, session: Session, set_today: Any) -> Desk:
    set_today(TODAY)
    team = create_team(session)
    made = Desk(app, session, team, create_scale(session))
    session.commit()
    return made


def fields(page: str) -> dict[str, str]:
    """The hidden fields of a record's form, as a browser sends them."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def typed(readings: dict[str, Any]) -> dict[str, str]:
    """Readings as the inputs of the form."""
    form: dict[str, str] = {}
    for table, content in readings.items():
        if table == "items":
            form |= {f"r.items.{key}": "yes" if answer else "no" for key, answer in content.items()}
        elif isinstance(content, list):
            form |= {f"r.{table}.{i}.{key}": text for i, row in enumerate(content) for key, text in row.items()}
        else:
            form |= {f"r.{table}.{key}": text for key, text in content.items()}
    return form


def form_of(desk: Desk, page: str, readings: dict[str, Any], **more: Any) -> dict[str, Any]:
    plate = {f"n.{key}": text for key, text in desk.scale.nameplate.items()}
    given = {
        "kind": "initial",
        "verified_on": TODAY.isoformat(),
        "place_text": "东湖市场",
        "standard": str(desk.team.standard.id),
    }
    return {**fields(page), **plate, **given, **typed(readings), **more}


def begin(desk: Desk, browser: FlaskClient) -> tuple[str, str]:
    """The address and the page of a new draft."""
    answer = browser.post(f"/verifications/start?instrument_id={desk.scale.id}")
    assert answer.status_code == 302
    return answer.location, browser.get(answer.location).text


# -- the whole way


def test_a_scale_goes_all_the_way_through_the_pages(desk: Desk) -> None:
    verifier, checker, approver = (desk.browser(role) for role in ("verifier", "checker", "approver"))
    address, page = begin(desk, verifier)
    handed_in = verifier.post(address, data=form_of(desk, page, INITIAL, do="submit"))
    detail = address.removesuffix("/edit")
    assert (handed_in.status_code, handed_in.location) == (302, detail)
    assert "待核验" in verifier.get(detail).text
    assert detail in checker.get("/verifications/queue").text
    assert checker.post(f"{detail}/check").location == detail
    approved = approver.post(f"{detail}/approve")
    assert approved.location.startswith("/certificates/")
    shown = approver.get(approved.location).text
    assert "XXJL-JD-2026-000001" in shown
    paper = approver.get(f"{approved.location}.pdf?language=zh-en")
    assert (paper.mimetype, paper.data[:5]) == ("application/pdf", b"%PDF-")
    desk.session.expire_all()
    certificate = desk.session.scalars(select(Certificate)).one()
    public = desk.app.test_client().get(f"/c/{certificate.code}", headers={"Accept-Language": "zh-CN"})
    assert "检定有效" in public.text


def test_a_form_sent_twice_is_handed_in_once(desk: Desk) -> None:
    verifier = desk.browser("verifier")
    address, page = begin(desk, verifier)
    form = form_of(desk, page, INITIAL, do="submit")
    first, second = verifier.post(address, data=form), verifier.post(address, data=form)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first.location == second.location
    assert len(desk.session.scalars(select(Verification)).all()) == 1


# -- typing


def test_a_refused_record_says_everything_and_keeps_what_was_typed(desk: Desk) -> None:
    verifier = desk.browser("verifier")
    address, page = begin(desk, verifier)
    readings = {**INITIAL, "environment": {"temperature": "55", "humidity": "45"}, "zero": {"load": "1OO"}}
    answer = verifier.post(address, data=form_of(desk, page, readings, do="submit"))
    assert answer.status_code == 422
    assert "还不能提交" in answer.text
    assert "55 °C 超出 -10 °C … 40 °C" in answer.text
    assert 'value="1OO"' in answer.text
    again = verifier.get(address).text
    assert 'value="1OO"' in again
    assert 'name="r.weighing.0.indication" value="200"' in again


def test_the_draft_is_kept_and_judged_as_one_types(desk: Desk) -> None:
    verifier = desk.browser("verifier")
    address, page = begin(desk, verifier)
    draft = address.replace("/edit", "/draft")
    rows = [
        {"load": "200", "indication": "200", "additional_load": "5"},
        {"load": "5000", "indication": "5000", "additional_load": "11"},
    ]
    answer = verifier.post(
        draft, data=form_of(desk, page, {"weighing": rows}), headers={"Accept": "application/json"}
    ).get_json()
    assert answer["results"]["weighing-0"]["within"] is True
    assert answer["results"]["weighing-1"]["within"] is False
    assert answer["results"]["weighing-1"]["error"].startswith("-6")
    assert answer["results"]["weighing-2"]["within"] is None
    assert "检定不合格" not in answer["html"]["panel"]
    assert "不合格" in answer["html"]["verdict-small"]
    assert "sheet" not in answer["html"]


def test_a_sheet_of_another_nameplate_comes_with_the_answer(desk: Desk) -> None:
    verifier = desk.browser("verifier")
    address, page = begin(desk, verifier)
    form = form_of(desk, page, {"weighing": [{"load": "200", "indication": "200"}]}, **{"n.max": "15"})
    answer = verifier.post(
        address.replace("/edit", "/draft"), data=form, headers={"Accept": "application/json"}
    ).get_json()
    assert 'value="7500"' in answer["html"]["sheet"]
    assert 'name="r.weighing.0.indication" value="200"' in answer["html"]["sheet"]


def test_an_unreadable_nameplate_takes_no_readings_away(desk: Desk) -> None:
    verifier = desk.browser("verifier")
    address, page = begin(desk, verifier)
    draft = address.replace("/edit", "/draft")
    first = verifier.post(draft, data=form_of(desk, page, INITIAL, **{"n.e": "x"})).get_json()
    blank = {"token": first["token"], "sheet_key": first["sheet_key"]}
    second = verifier.post(draft, data={**blank, "n.e": "10", "n.max": "30", "n.accuracy_class": "III"}).get_json()
    assert 'name="r.weighing.4.indication" value="30000"' in second["html"]["sheet"]


def test_a_stale_window_is_told_and_changes_nothing(desk: Desk) -> None:
    verifier = desk.browser("verifier")
    address, page = begin(desk, verifier)
    draft = address.replace("/edit", "/draft")
    form = form_of(desk, page, {})
    assert verifier.post(draft, data={**form, "notes": "a"}).status_code == 200
    stale = verifier.post(draft, data={**form, "notes": "b"}, headers={"Accept": "application/json"})
    assert (stale.status_code, stale.get_json()["code"]) == (422, "draft_changed_elsewhere")
    desk.session.expire_all()
    assert desk.session.scalars(select(Verification)).one().notes == "a"


def test_a_row_can_be_added(desk: Desk) -> None:
    verifier = desk.browser("verifier")
    address, page = begin(desk, verifier)
    assert 'name="r.weighing.10.load"' not in page
    answer = verifier.post(address, data=form_of(desk, page, INITIAL, do="row:weighing"))
    assert answer.location == f"{address}#t-weighing"
    assert 'name="r.weighing.10.load"' in verifier.get(address).text


def test_a_standard_is_chosen_by_its_number_and_a_refused_one_says_why(desk: Desk) -> None:
    verifier = desk.browser("verifier")
    desk.team.standard.valid_until = TODAY.replace(year=2025)
    desk.session.commit()
    address, page = begin(desk, verifier)
    answer = verifier.post(
        address, data={**form_of(desk, page, INITIAL), "standard": [], "standard_text": "BZ-M1-01", "do": "standard"}
    )
    assert answer.status_code == 302
    shown = verifier.get(address).text
    assert "证书在检定日期无效(有效期至 2025-11-22)" in shown
    missing = verifier.post(address, data={**form_of(desk, shown, INITIAL), "standard_text": "none", "do": "standard"})
    assert missing.status_code == 422
    assert "没有编号为“none”的计量标准" in missing.text


def test_anothers_draft_is_read_and_not_written(desk: Desk) -> None:
    draft = start(desk.session, desk.team, desk.scale)
    other = create_user(desk.session, "verifier", institute_id=desk.team.institute.id)
    browser = desk.app.test_client()
    sign_in(browser, other)
    assert browser.get(f"/verifications/{draft.id}/edit").location == f"/verifications/{draft.id}"
    assert browser.post(f"/verifications/{draft.id}/draft", data={"notes": "x"}).status_code == 422
    assert browser.post(f"/verifications/{draft.id}/discard").status_code == 422


# -- choosing the instrument


def test_the_instrument_is_found_by_its_label_number_and_serial(desk: Desk) -> None:
    verifier = desk.browser("verifier")
    for text in (f"https://jl.example.cn/i/{desk.scale.public_code}", desk.scale.number, "SC100001"):
        page = verifier.get("/verifications/new", query_string={"q": text}).text
        assert f"/verifications/start?instrument_id={desk.scale.id}" in page


# -- deciding


def waiting(desk: Desk, serial: str, **given: Any) -> Verification:
    record = hand_in(desk.session, desk.team, create_scale(desk.session, serial), INITIAL, **given)
    desk.session.commit()
    return record


def test_several_records_are_checked_at_once_and_each_for_itself(desk: Desk) -> None:
    first, second = waiting(desk, "A1"), waiting(desk, "A2")
    done = waiting(desk, "A3")
    verifying.return_record(desk.session, desk.team.actor("approver"), done, "x", now=NOW)
    desk.session.commit()
    checker = desk.browser("checker")
    answer = checker.post("/verifications/check", data={"id": [first.id, done.id, second.id]}, follow_redirects=True)
    assert "已核验 2 份记录" in answer.text
    assert f"{done.number}: {done.number} 已不在此环节等待处理" in answer.text
    desk.session.expire_all()
    assert (first.state, second.state, done.state) == ("checked", "checked", "returned")
    assert first.checker_id == desk.team.checker.id


def test_several_records_are_approved_at_once(desk: Desk) -> None:
    records = [waiting(desk, serial) for serial in ("A1", "A2")]
    desk.browser("checker").post("/verifications/check", data={"id": [one.id for one in records]})
    answer = desk.browser("approver").post(
        "/verifications/approve", data={"id": [one.id for one in records]}, follow_redirects=True
    )
    assert "已批准 2 份记录" in answer.text
    assert len(desk.session.scalars(select(Certificate)).all()) == 2


def test_a_record_is_given_back_with_a_reason_and_waits_for_its_verifier(desk: Desk) -> None:
    record = waiting(desk, "A1")
    checker = desk.browser("checker")
    assert checker.post(f"/verifications/{record.id}/return").status_code == 422
    assert checker.post(f"/verifications/{record.id}/return", data={"reason": "请复核 20 kg 处示值"}).status_code == 302
    verifier = desk.browser("verifier")
    assert "请复核 20 kg 处示值" in verifier.get("/verifications/queue").text
    corrected = verifier.post(f"/verifications/{record.id}/correct")
    page = verifier.get(corrected.location).text
    assert f"更正 {record.number}" in page
    assert "请复核 20 kg 处示值" not in verifier.get("/verifications/queue").text


def test_the_page_offers_decisions_to_the_right_people_only(desk: Desk) -> None:
    record = waiting(desk, "A1")
    address = f"/verifications/{record.id}"
    assert f"{address}/check" in desk.browser("checker").get(address).text
    for role in ("verifier", "approver"):
        assert f"{address}/check" not in desk.browser(role).get(address).text


def test_a_rejecting_record_shows_what_failed(desk: Desk) -> None:
    record = hand_in(desk.session, desk.team, desk.scale, scale_readings(REJECTING, kind="initial"))
    desk.session.commit()
    page = desk.browser("checker").get(f"/verifications/{record.id}").text
    assert "示值误差 -6 g，最大允许误差 ±5 g" in page


# -- certificates


def test_a_holder_sees_its_own_certificates_only(desk: Desk) -> None:
    own = certify(desk.session, desk.team, desk.scale, INITIAL)
    stranger = create_holder(desk.session, "另一家超市")
    other = certify(desk.session, desk.team, create_scale(desk.session, "B1", holder_id=stranger.id), INITIAL)
    user = create_user(desk.session, "holder", holder_id=desk.scale.holder_id)
    browser = desk.app.test_client()
    sign_in(browser, user)
    assert browser.get(f"/certificates/{own.id}").status_code == 200
    assert browser.get(f"/certificates/{own.id}.pdf").status_code == 200
    assert browser.get(f"/certificates/{other.id}").status_code == 404
    assert browser.get(f"/certificates/{other.id}.pdf").status_code == 404
    listed = browser.get("/certificates/").text
    assert own.number in listed
    assert other.number not in listed


@pytest.mark.parametrize(
    ("standing", "day", "found"),
    [
        ("valid", 0, True),
        ("due_soon", 0, False),
        ("due_soon", 350, True),
        ("expired", 365, True),
        ("valid", 365, False),
    ],
)
def test_certificates_are_listed_by_what_they_are_worth_today(
    desk: Desk, set_today: Any, standing: str, day: int, found: bool
) -> None:
    certificate = certify(desk.session, desk.team, desk.scale, INITIAL)
    desk.session.commit()
    set_today(TODAY + timedelta(days=day))
    page = desk.browser("approver").get(f"/certificates/?standing={standing}").text
    assert (certificate.number in page) is found


# -- what was touched behind the registry's back


def test_of_a_touched_record_nothing_is_shown_and_nothing_made(desk: Desk) -> None:
    record = hand_in(desk.session, desk.team, desk.scale, INITIAL)
    key, number = record.id, record.number
    without_triggers(desk.session, "verification", f"update verification set place_text = '别处' where id = {key}")
    page = desk.browser("checker").get(f"/verifications/{key}").text
    assert "别处" not in page
    assert "示值误差" not in page
    assert f"/verifications/{key}/check" not in page
    assert "记录内容不予显示" in page
    recomputed = desk.browser("checker").get(f"/verifications/{key}/recompute")
    assert (recomputed.status_code, "示值误差" in recomputed.text) == (422, False)
    exported = desk.browser("checker").get("/lists/verifications/export.csv").text
    assert f"{number},数据校验不符" in exported
    returned = desk.session.get_one(Verification, key)
    without_triggers(desk.session, "verification", f"update verification set state = 'returned' where id = {key}")
    with pytest.raises(Problem, match="record_altered"):
        verifying.correct(desk.session, desk.team.actor("verifier"), returned, today=TODAY, now=NOW, reason="x")


def test_a_touched_certificate_is_neither_shown_nor_exported(desk: Desk) -> None:
    certificate = certify(desk.session, desk.team, desk.scale, INITIAL)
    key, number = certificate.id, certificate.number
    without_triggers(desk.session, "certificate", f"update certificate set valid_until = '2099-01-01' where id = {key}")
    approver = desk.browser("approver")
    assert "2099-01-01" not in approver.get(f"/certificates/{key}").text
    assert approver.get(f"/certificates/{key}.pdf").status_code == 422
    sheet = LABEL_SHEETS["L7160"]
    with pytest.raises(Problem, match="certificate_altered"):
        label_printing.marks(desk.session, [desk.scale], sheet, "https://jl.example.cn", today=TODAY)
    exported = approver.get("/lists/certificates/export.csv").text
    assert f"{number},数据校验不符" in exported
    assert "2099" not in exported
