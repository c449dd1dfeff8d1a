"""Instruments are registered, looked at, changed and moved through their pages."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.persistence.certificates import Certificate
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Attachment, Instrument
from metrology.persistence.places import Place
from metrology.services.registering import InstrumentFacts, register_instrument
from tests.conftest import NOW, TODAY
from tests.people import create_user, sign_in
from tests.records import OFFICER, certify, create_holder, create_scale, create_team

DUE = TODAY + timedelta(days=100)
SCALE = {
    "type_code": "digital_indicating_scale",
    "serial_number": "SC1",
    "manufacturer": "示范衡器",
    "nameplate_max": "30",
    "nameplate_e": "10 g",
    "nameplate_accuracy_class": "III",
    "purpose": "trade",
    "is_onsite": "yes",
}


@pytest.fixture(autouse=True)
def _on_the_day(set_today: Any) -> None:
    set_today(TODAY)


@pytest.fixture
def officer(session: Session, client: FlaskClient) -> Iterator[FlaskClient]:
    sign_in(client, create_user(session, "officer"))
    return client


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def only(session: Session, model: Any) -> Any:
    session.expire_all()
    return session.scalars(select(model)).one()


# -- registering


def test_the_type_is_chosen_first_and_brings_its_fields(officer: FlaskClient) -> None:
    page = text(officer.get("/instruments/new?lang=en"))
    assert 'name="type"' in page
    assert "serial_number" not in page
    page = text(officer.get("/instruments/new?type=digital_indicating_scale&lang=en"))
    assert 'name="nameplate_max"' in page
    assert "nameplate_dn" not in page


def test_registered_with_its_nameplate(officer: FlaskClient, session: Session) -> None:
    answer = officer.post("/instruments/new", data=SCALE)
    assert answer.status_code == 302
    instrument = only(session, Instrument)
    assert answer.location.endswith(f"/instruments/{instrument.id}")
    assert instrument.nameplate == {"max": "30 kg", "e": "10 g", "accuracy_class": "III"}
    assert instrument.state == "awaiting_verification"


def test_everything_wrong_is_said_and_nothing_typed_is_lost(officer: FlaskClient, session: Session) -> None:
    wrong = {**SCALE, "nameplate_max": "三十", "nameplate_e": "", "model": "ACS-77", "last_verified_on": "2026-02-30"}
    answer = officer.post("/instruments/new?lang=en", data=wrong)
    page = text(answer)
    assert answer.status_code == 422
    for field in ("nameplate_max", "nameplate_e", "last_verified_on"):
        assert f'id="{field}-error"' in page
    assert 'value="三十"' in page
    assert 'value="ACS-77"' in page
    assert session.scalar(select(Instrument)) is None


def test_what_only_the_service_knows_is_said_at_its_field(officer: FlaskClient) -> None:
    wrong = {**SCALE, "last_verified_on": (TODAY + timedelta(days=1)).isoformat()}
    answer = officer.post("/instruments/new?lang=en", data=wrong)
    assert answer.status_code == 422
    assert 'id="last_verified_on-error"' in text(answer)


def test_another_type_shows_its_fields_and_keeps_what_was_typed(officer: FlaskClient, session: Session) -> None:
    data = {**SCALE, "type_code": "cold_water_meter", "reload": "1", "model": "LXS"}
    answer = officer.post("/instruments/new?lang=en", data=data)
    page = text(answer)
    assert answer.status_code == 200
    assert 'name="nameplate_dn"' in page
    assert 'value="LXS"' in page
    assert session.scalar(select(Instrument)) is None


def test_a_duplicate_shows_the_one_that_is_there(officer: FlaskClient, session: Session) -> None:
    officer.post("/instruments/new", data=SCALE)
    known = only(session, Instrument)
    answer = officer.post("/instruments/new?lang=en", data=SCALE)
    assert answer.status_code == 422
    assert f'href="/instruments/{known.id}"' in text(answer)


def test_holder_and_place_are_named_by_what_is_offered(officer: FlaskClient, session: Session) -> None:
    holder = create_holder(session, "示范超市")
    place = Place(name="东湖", full_name="东湖", kind="market", identity_key="x", created_at=NOW, updated_at=NOW)
    session.add(place)
    session.flush()
    place.path = f"/{place.id}/"
    session.commit()
    said = {**SCALE, "holder_id": f"{holder.number} 示范超市", "place_id": f"#{place.id} 东湖"}
    assert officer.post("/instruments/new", data=said).status_code == 302
    instrument = only(session, Instrument)
    assert (instrument.holder_id, instrument.place_id) == (holder.id, place.id)
    unknown = {**SCALE, "serial_number": "SC2", "holder_id": "某人"}
    answer = officer.post("/instruments/new?lang=en", data=unknown)
    assert answer.status_code == 422
    assert 'id="holder_id-error"' in text(answer)


def test_a_nozzle_is_added_to_its_dispenser(officer: FlaskClient, session: Session) -> None:
    facts = InstrumentFacts(type_code="fuel_dispenser", serial_number="JY1", part_label="1", due_date=DUE)
    whole = register_instrument(session, OFFICER, facts, today=TODAY, now=NOW).parent
    assert whole is not None
    session.commit()
    page = text(officer.get(f"/instruments/new?whole={whole.id}&lang=en"))
    assert 'value="JY1"' in page
    data = {
        "type_code": "fuel_dispenser",
        "serial_number": "JY1",
        "part_label": "2",
        "nameplate_product": "gasoline_92",
    }
    choices = re.findall(r'<option value="([^"]+)"', page.split('name="nameplate_product"')[1].split("</select>")[0])
    answer = officer.post("/instruments/new", data={**data, "nameplate_product": choices[0], "purpose": "trade"})
    assert answer.status_code == 302
    page = text(officer.get(f"/instruments/{whole.id}?lang=en"))
    assert page.count("/instruments/") > 4
    session.expire_all()
    assert [part.part_label for part in whole.parts] == ["1", "2"]


# -- looking


def test_the_page_of_an_instrument(officer: FlaskClient, session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale)
    session.commit()
    page = text(officer.get(f"/instruments/{scale.id}?lang=en"))
    for words in (
        scale.serial_number,
        scale.number,
        certificate.number,
        "Accuracy class",
        "30 kg".replace(" ", "\u2009"),
    ):
        assert words.casefold() in page.casefold()
    assert "<svg" in page
    assert "Certificate issued" in page
    page = text(officer.get(f"/instruments/{scale.id}?lang=zh_Hans_CN"))
    assert "准确度等级" in page


def test_another_districts_instrument_is_not_there(client: FlaskClient, session: Session) -> None:
    scale = create_scale(session)
    scale.district_code = "410703"
    sign_in(client, create_user(session, "officer", district_code="410702"))
    for path in ("", "/edit", "/move", "/history", "/label.pdf"):
        assert client.get(f"/instruments/{scale.id}{path}").status_code == 404
    assert client.post(f"/instruments/{scale.id}/seals", data={"number": "1"}).status_code == 404


def test_the_history_is_paged(officer: FlaskClient, session: Session) -> None:
    scale = create_scale(session, due_date=DUE)
    session.commit()
    for number in range(14):
        officer.post(f"/instruments/{scale.id}/seals", data={"number": f"QF{number}"})
    page = text(officer.get(f"/instruments/{scale.id}?lang=en"))
    assert f"/instruments/{scale.id}/history?before=" in page


# -- changing


def form_of(client: FlaskClient, instrument: Instrument) -> dict[str, str]:
    page = text(client.get(f"/instruments/{instrument.id}/edit?lang=en"))
    version = re.search(r'name="version"[^>]*value="(\d+)"', page)
    assert version is not None
    return {
        **SCALE,
        "serial_number": instrument.serial_number,
        "version": version[1],
        "last_verified_on": "",
        "due_date": "",
    }


def test_changed(officer: FlaskClient, session: Session) -> None:
    scale = create_scale(session)
    session.commit()
    data = {**form_of(officer, scale), "model": "ACS-99"}
    assert officer.post(f"/instruments/{scale.id}/edit", data=data).status_code == 302
    assert only(session, Instrument).model == "ACS-99"


def test_typed_over_somebody_elses_change_nothing_is_lost(officer: FlaskClient, session: Session) -> None:
    scale = create_scale(session)
    session.commit()
    mine = {**form_of(officer, scale), "model": "MINE"}
    theirs = {**form_of(officer, scale), "model": "THEIRS"}
    officer.post(f"/instruments/{scale.id}/edit", data=theirs)
    answer = officer.post(f"/instruments/{scale.id}/edit?lang=en", data=mine)
    page = text(answer)
    assert answer.status_code == 409
    assert 'value="MINE"' in page
    assert "THEIRS" in page
    assert only(session, Instrument).model == "THEIRS"
    again = re.search(r'name="version"[^>]*value="(\d+)"', page)
    assert again is not None
    assert officer.post(f"/instruments/{scale.id}/edit", data={**mine, "version": again[1]}).status_code == 302
    assert only(session, Instrument).model == "MINE"


def test_the_type_of_a_verified_instrument_stays(officer: FlaskClient, session: Session) -> None:
    scale = create_scale(session)
    certify(session, create_team(session), scale)
    session.commit()
    page = text(officer.get(f"/instruments/{scale.id}/edit?lang=en"))
    assert '<select id="type_code"' not in page
    assert 'name="last_verified_on"' not in page
    data = {**form_of(officer, scale), "type_code": "cold_water_meter", "model": "X"}
    assert officer.post(f"/instruments/{scale.id}/edit", data=data).status_code == 302
    assert only(session, Instrument).type_code == "digital_indicating_scale"


# -- moving


def test_moved_and_taken_back(officer: FlaskClient, session: Session) -> None:
    scale = create_scale(session, due_date=DUE)
    session.commit()
    answer = officer.post(f"/instruments/{scale.id}/move", data={"move": "suspended:request"})
    assert answer.status_code == 302
    assert only(session, Instrument).state == "suspended"
    page = text(officer.get(answer.location))
    undo = re.search(r'action="(/instruments/\d+/move-back[^"]*)"', page)
    assert undo is not None
    officer.post(undo[1].replace("&amp;", "&"))
    assert only(session, Instrument).state == "in_use"


def test_an_undo_does_not_undo_what_came_after(officer: FlaskClient, session: Session) -> None:
    scale = create_scale(session, due_date=DUE)
    session.commit()
    officer.post(f"/instruments/{scale.id}/move", data={"move": "suspended:request"})
    version = only(session, Instrument).version
    officer.post(f"/instruments/{scale.id}/edit", data={**form_of(officer, scale), "model": "Z"})
    officer.post(f"/instruments/{scale.id}/move-back?state=in_use&version={version}")
    assert only(session, Instrument).state == "suspended"


@pytest.mark.parametrize("move", ["in_use:conforming_verification", "retired:request", "", "nonsense"])
def test_what_the_law_does_not_know_or_lacks_a_reason_is_refused(
    officer: FlaskClient, session: Session, move: str
) -> None:
    scale = create_scale(session)
    session.commit()
    assert officer.post(f"/instruments/{scale.id}/move", data={"move": move}).status_code == 422
    assert only(session, Instrument).state == "awaiting_verification"


def test_a_broken_seal_through_the_page(officer: FlaskClient, session: Session) -> None:
    scale = create_scale(session)
    certify(session, create_team(session), scale)
    session.commit()
    officer.post(f"/instruments/{scale.id}/seals", data={"number": "QF1", "position": "主板"})
    session.expire_all()
    seal = scale.seals[0]
    answer = officer.post(f"/instruments/{scale.id}/seals/{seal.id}/found", data={"found": "broken"})
    assert answer.status_code == 302
    assert only(session, Instrument).state == "awaiting_verification"
    assert only(session, Certificate).standing == "revoked"


def test_a_refused_seal_is_said_on_the_page(officer: FlaskClient, session: Session) -> None:
    scale = create_scale(session)
    session.commit()
    answer = officer.post(f"/instruments/{scale.id}/seals?lang=en", data={"number": " "})
    assert answer.status_code == 302
    assert "The number of the seal is needed." in text(officer.get(f"{answer.location}?lang=en"))


# -- labels and files


def test_labels_are_printed(officer: FlaskClient, session: Session) -> None:
    scale = create_scale(session)
    session.commit()
    one = officer.get(f"/instruments/{scale.id}/label.pdf")
    many = officer.post("/instruments/labels", data={"id": [scale.id], "layout": "L7160"})
    for answer in (one, many):
        assert answer.status_code == 200
        assert answer.data.startswith(b"%PDF-")


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (3, 3)).save(out, "PNG")
    return out.getvalue()


def test_a_file_is_served_so_that_it_runs_nothing(officer: FlaskClient, session: Session, app: Flask) -> None:
    scale = create_scale(session)
    session.commit()
    data = {"file": (io.BytesIO(picture()), "铭牌.png"), "caption": "正面"}
    officer.post(f"/instruments/{scale.id}/files", data=data, content_type="multipart/form-data")
    kept = only(session, Attachment)
    answer = officer.get(f"/files/{kept.id}/{kept.name}")
    assert (answer.status_code, answer.content_type, answer.data) == (200, "image/png", picture())
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    stranger = app.test_client()
    other = create_holder(session, "别家")
    sign_in(stranger, create_user(session, "holder", holder_id=other.id))
    assert stranger.get(f"/files/{kept.id}/{kept.name}").status_code == 404


def test_what_is_no_picture_is_refused_with_words(officer: FlaskClient, session: Session) -> None:
    scale = create_scale(session)
    session.commit()
    data = {"file": (io.BytesIO(b"<script>"), "a.png")}
    answer = officer.post(f"/instruments/{scale.id}/files?lang=en", data=data, content_type="multipart/form-data")
    assert "and this is none by its content" in text(officer.get(f"{answer.location}?lang=en"))
    assert session.scalar(select(Attachment)) is None


# -- holders' accounts


def test_a_holder_registers_reports_and_sees_only_its_own(client: FlaskClient, session: Session) -> None:
    mine, other = create_holder(session, "甲店"), create_holder(session, "乙店")
    theirs = create_scale(session, "SC9", holder_id=other.id)
    sign_in(client, create_user(session, "holder", holder_id=mine.id))
    said = {**SCALE, "last_verified_on": "2026-01-01", "holder_id": other.number}
    assert client.post("/instruments/new", data=said).status_code == 302
    session.expire_all()
    own = session.scalars(select(Instrument).where(Instrument.serial_number == "SC1")).one()
    assert (own.holder_id, own.last_verified_on, own.state) == (mine.id, None, "awaiting_verification")
    assert client.get(f"/instruments/{theirs.id}").status_code == 404
    assert client.post(f"/instruments/{theirs.id}/reports", data={"kind": "lost"}).status_code == 404
    assert client.get(f"/instruments/{own.id}/move").status_code == 403
    client.post(f"/instruments/{own.id}/reports", data={"kind": "broken", "text": "屏幕不亮"})
    assert "屏幕不亮" in text(client.get(f"/instruments/{own.id}"))
    assert session.scalar(select(Holder.id).where(Holder.id == mine.id)) == mine.id


def test_an_officer_answers_a_report(officer: FlaskClient, session: Session, app: Flask) -> None:
    scale = create_scale(session)
    keeper = app.test_client()
    sign_in(keeper, create_user(session, "holder", holder_id=scale.holder_id))
    keeper.post(f"/instruments/{scale.id}/reports", data={"kind": "broken", "text": "不亮"})
    assert "不亮" in text(officer.get("/condition-reports/"))
    page = text(officer.get(f"/instruments/{scale.id}"))
    settle = re.search(r'action="(/instruments/\d+/reports/\d+/settle)"', page)
    assert settle is not None
    officer.post(settle[1], data={"reason": "已派人"})
    assert "不亮" not in text(officer.get("/condition-reports/"))
    assert "已派人" in text(keeper.get(f"/instruments/{scale.id}"))
