"""Labels on site: a blank one says so to everybody, a verifier binds it with a phone, a void one warns."""

from __future__ import annotations

import dataclasses
import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.documents.qr import qr_png
from metrology.persistence.instrument_labels import InstrumentLabel, LabelBatch
from metrology.persistence.people import User
from metrology.persistence.printing import PrintItem
from metrology.persistence.scans import ScanCount
from metrology.persistence.visits import Visit, VisitItem
from metrology.services import labelling
from metrology.web import scan_counts
from tests.conftest import NOW, TODAY
from tests.people import create_user, sign_in
from tests.records import OFFICER, certify, create_scale, create_team, scale_readings
from tests.web.test_scan import ZH, band, word

EN = {"Accept-Language": "en"}


def staff(session: Session, *roles: str, **fields: Any) -> User:
    return create_user(session, *roles, language="en", **fields)


@pytest.fixture(autouse=True)
def today(set_today: Any) -> None:
    set_today(TODAY)


def blanks(session: Session, count: int = 2) -> list[InstrumentLabel]:
    batch = labelling.order_batch(session, OFFICER, prefix="XX", count=count, layout="L7160", note="", now=NOW)
    session.commit()
    return labelling.labels_of(session, batch, batch.first, batch.last)


# -- what everybody sees


def test_a_blank_label_is_grey_and_never_green(client: FlaskClient, session: Session) -> None:
    label = blanks(session)[0]
    answer = client.get(f"/i/{label.code}", headers=ZH)
    assert answer.status_code == 200
    assert (band(answer.text), word(answer.text)) == ("unknown", "空白标签")
    assert label.number in answer.text
    assert "/bind" not in answer.text
    assert "检定有效" not in answer.text


def test_a_void_label_warns_and_names_no_instrument(client: FlaskClient, session: Session) -> None:
    scale, label = create_scale(session), blanks(session)[0]
    labelling.bind(session, OFFICER, label, scale, now=NOW)
    labelling.void_current(session, OFFICER, scale, "被复制到多台秤", now=NOW)
    session.commit()
    for code in (label.code, scale.public_code):
        page = client.get(f"/i/{code}", headers=ZH).text
        assert (band(page), word(page)) == ("revoked", "标签已作废")
        assert "SC100001" not in page
        assert "被复制到多台秤" not in page
        assert f"/report/{code}" in page


def test_a_bound_label_opens_what_holds(client: FlaskClient, session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session), scale_readings(kind="initial"))
    label = blanks(session)[0]
    labelling.bind(session, OFFICER, label, certificate.instrument, now=NOW)
    session.commit()
    page = client.get(f"/i/{label.code}", headers=ZH).text
    assert (band(page), word(page)) == ("valid", "检定有效")
    assert certificate.number in page


# -- binding with a phone


def test_a_verifier_binds_by_scanning_and_choosing_from_todays_visit(client: FlaskClient, session: Session) -> None:
    scale, other, label = create_scale(session), create_scale(session, "SC100002"), blanks(session)[0]
    verifier = staff(session, "verifier")
    visit = Visit(number="XC1", title="巡检", planned_on=TODAY, created_at=NOW, updated_at=NOW, verifiers=[verifier])
    visit.items.append(VisitItem(instrument_id=scale.id, open_key=scale.id, changed_at=NOW))
    session.add(visit)
    sign_in(client, verifier)
    page = client.get(f"/i/{label.code}", headers=EN).text
    assert f'href="/labels/{label.code}/bind"' in page
    offered = client.get(f"/labels/{label.code}/bind", headers=EN).text
    assert "SC100001" in offered
    assert "SC100002" not in offered
    assert "SC100002" in client.get(f"/labels/{label.code}/bind?q=SC100002", headers=EN).text
    answer = client.post(f"/labels/{label.code}/bind", data={"instrument_id": scale.id})
    assert answer.location.startswith(f"/instruments/{scale.id}")
    assert session.get_one(InstrumentLabel, label.id).instrument_id == scale.id
    client.post(f"/labels/{label.code}/bind", data={"instrument_id": other.id})
    assert "is not blank" in client.get(f"/labels/{label.code}/bind", headers=EN).text
    assert session.get_one(InstrumentLabel, label.id).instrument_id == scale.id


def test_a_label_is_let_wait_from_the_page_of_its_instrument(client: FlaskClient, session: Session) -> None:
    scale = create_scale(session)
    labelling.bind(session, OFFICER, blanks(session)[0], scale, now=NOW)
    sign_in(client, staff(session, "verifier"))
    asked = f"/print-queue/labels/{scale.id}"
    assert f'action="{asked}"' in client.get(f"/instruments/{scale.id}").text
    assert client.post(asked).location == f"/instruments/{scale.id}"
    assert session.scalars(select(PrintItem.kind)).all() == ["label"]
    sign_in(client, staff(session, "auditor"))
    assert f'action="{asked}"' not in client.get(f"/instruments/{scale.id}").text


def test_a_second_label_asks_for_its_reason(client: FlaskClient, session: Session) -> None:
    scale, (first, second) = create_scale(session), blanks(session)
    labelling.bind(session, OFFICER, first, scale, now=NOW)
    sign_in(client, staff(session, "officer"))
    address = f"/labels/{second.code}/bind"
    client.post(address, data={"instrument_id": scale.id})
    assert session.get_one(InstrumentLabel, second.id).state == "blank"
    client.post(address, data={"instrument_id": scale.id, "reason": "标签破损"})
    assert [session.get_one(InstrumentLabel, one.id).state for one in (first, second)] == ["void", "bound"]


@pytest.mark.parametrize("way", ["number", "code", "photo"])
def test_the_instruments_page_binds_by_number_code_or_photograph(
    client: FlaskClient, session: Session, way: str
) -> None:
    scale, label = create_scale(session), blanks(session)[0]
    sign_in(client, staff(session, "verifier"))
    picture = qr_png(f"https://jl.example.cn/i/{label.code}", module_px=6)
    given: dict[str, Any] = {
        "number": {"label": label.number.lower()},
        "code": {"label": label.code},
        "photo": {"photo": (io.BytesIO(picture), "IMG_1.png")},
    }[way]
    client.post(f"/instruments/{scale.id}/label", data=given, content_type="multipart/form-data")
    assert session.get_one(InstrumentLabel, label.id).instrument_id == scale.id
    assert label.number in client.get(f"/instruments/{scale.id}/label").text


def test_a_photograph_without_a_code_is_said_so(client: FlaskClient, session: Session) -> None:
    scale = create_scale(session)
    sign_in(client, staff(session, "verifier"))
    empty = io.BytesIO()
    from PIL import Image

    Image.new("RGB", (50, 50), "white").save(empty, "PNG")
    empty.seek(0)
    answer = client.post(
        f"/instruments/{scale.id}/label", data={"photo": (empty, "x.png")}, content_type="multipart/form-data"
    )
    assert "No code can be read" in client.get(answer.location, headers=EN).text


def test_holders_neither_bind_nor_print(client: FlaskClient, session: Session) -> None:
    scale, label = create_scale(session), blanks(session)[0]
    sign_in(client, staff(session, "holder", holder_id=scale.holder_id))
    assert client.post(f"/labels/{label.code}/bind", data={"instrument_id": scale.id}).status_code == 403
    assert client.get(f"/instruments/{scale.id}/label.pdf").status_code == 403
    assert "/bind" not in client.get(f"/i/{label.code}").text


# -- stock


def test_an_officer_orders_prints_hands_out_and_voids(client: FlaskClient, session: Session) -> None:
    officer = staff(session, "officer", name="王科员")
    sign_in(client, officer)
    answer = client.post(
        "/label-batches/new", data={"prefix": "xx", "count": "30", "layout": "L7160", "note": "第一批"}
    )
    batch = session.scalars(select(LabelBatch)).one()
    assert answer.location == f"/label-batches/{batch.id}"
    address = f"/label-batches/{batch.id}"
    sheet = client.post(f"{address}/print", data={"layout": "L7160", "first": 1, "last": 30})
    assert sheet.data.startswith(b"%PDF-")
    job = client.post(f"{address}/print", data={"layout": "40x30", "first": 1, "last": 2, "form": "zpl"})
    assert job.data.count(b"^XA") == 2
    client.post(f"{address}/hand-out", data={"first": 1, "last": 10, "taker": officer.id})
    refused = client.post(f"{address}/void", data={"first": 5, "last": 6, "reason": "丢失"})
    assert "Please confirm" in client.get(refused.location, headers=EN).text
    client.post(f"{address}/void", data={"first": 5, "last": 6, "reason": "丢失", "confirmed": "1"})
    page = client.get(address, headers=EN).text
    assert "王科员" in page
    assert "2 times" in page
    assert re.search(r"Void</p>\s*<p class=\"stat-value\"><a[^>]*>2</a>", page)


def test_a_thermal_printer_does_not_get_a_sheet(client: FlaskClient, session: Session) -> None:
    batch = session.get_one(LabelBatch, blanks(session)[0].batch_id)
    sign_in(client, staff(session, "officer"))
    answer = client.post(f"/label-batches/{batch.id}/print", data={"layout": "L7160", "form": "tspl"})
    assert "choose a roll or tape" in client.get(answer.location, headers=EN).text


def test_an_own_size_is_kept_and_used(client: FlaskClient, session: Session) -> None:
    scale = create_scale(session)
    sign_in(client, staff(session, "officer"))
    wrong = client.post(
        "/label-layouts/new",
        data={"name": "窄标签", "width": "5", "height": "20", "columns": 1, "rows": 1, "dots_per_inch": "300"},
    )
    assert wrong.status_code == 422
    client.post(
        "/label-layouts/new",
        data={"name": "窄标签", "width": "45.5", "height": "22", "columns": "1", "rows": "1", "dots_per_inch": "300"},
    )
    page = client.get("/label-layouts/").text
    assert "窄标签" in page
    key = re.search(r"/label-layouts/(own-\d+)/test.pdf", page)
    assert key
    assert client.get(f"/label-layouts/{key[1]}/test.pdf").data.startswith(b"%PDF-")
    answer = client.post(
        "/instruments/labels", data={"id": [scale.id], "layout": key[1], "form": "tspl", "kind": "label"}
    )
    assert b"SIZE 45.5 mm,22 mm" in answer.data


def test_marks_only_for_what_holds(client: FlaskClient, session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session), scale_readings(kind="initial"))
    unverified = create_scale(session, "SC100002")
    sign_in(client, staff(session, "verifier"))
    both = {"id": [certificate.instrument_id, unverified.id], "layout": "50x30", "form": "zpl", "kind": "mark"}
    assert client.post("/instruments/labels", data=both).data.count(b"^XA") == 1
    answer = client.post("/instruments/labels", data={**both, "id": [unverified.id]}, headers=EN)
    assert answer.status_code == 422
    assert "There is no label to print." in answer.text


def test_a_named_printer_gets_the_job_and_no_other_address_does(
    app: Flask, client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, int, bytes]] = []
    monkeypatch.setattr("metrology.channels.label_printer.send", lambda to, job: sent.append((to.host, to.port, job)))
    settings = dataclasses.replace(app.config["METROLOGY"], label_printers="前台=10.0.0.5:9100/zpl")
    monkeypatch.setitem(app.config, "METROLOGY", settings)
    scale = create_scale(session)
    sign_in(client, staff(session, "officer"))
    data = {"id": [scale.id], "layout": "40x30", "kind": "label"}
    assert "前台" in client.post("/instruments/labels", data={"id": [scale.id]}).text
    client.post("/instruments/labels", data={**data, "form": "printer:前台"})
    assert [(host, port) for host, port, _job in sent] == [("10.0.0.5", 9100)]
    assert client.post("/instruments/labels", data={**data, "form": "printer:10.0.0.9:9100"}).status_code == 422
    assert len(sent) == 1


# -- scans are counted, without an address


def test_scans_of_the_public_are_counted_and_those_of_staff_are_not(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    scale = create_scale(session)
    session.commit()
    scan_counts.forget()
    client.get(f"/i/{scale.public_code}", environ_base={"REMOTE_ADDR": "198.51.100.7"})
    client.get(f"/i/{scale.public_code}", environ_base={"REMOTE_ADDR": "198.51.9.9"})
    client.get(f"/i/{scale.public_code}", environ_base={"REMOTE_ADDR": "203.0.113.5"})
    sign_in(client, staff(session, "officer"))
    client.get(f"/i/{scale.public_code}")
    scan_counts.write(app)
    session.expire_all()
    rows = session.scalars(select(ScanCount).order_by(ScanCount.scans)).all()
    assert [(row.instrument_id, row.scans) for row in rows] == [(scale.id, 1), (scale.id, 2)]
    assert all("198" not in row.network and len(row.network) == 20 for row in rows)
