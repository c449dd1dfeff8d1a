"""Ledgers on pages: dropped, checked in the background, looked at, confirmed once, corrected, taken back."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from metrology.documents.spreadsheet_in import read_workbook
from metrology.jobs import worker
from metrology.persistence import clock
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.persistence.ledgers import LedgerBatch
from metrology.persistence.tasks import Task
from metrology.services.ledger_source import LedgerSource
from tests.conftest import NOW
from tests.ledgers import SCALE_HEADINGS, as_csv, as_xlsx, create_uscc, market_ledger, scale_row
from tests.people import create_user, sign_in


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_utc", lambda: NOW)


@pytest.fixture
def officer(client: FlaskClient, session: Session) -> FlaskClient:
    sign_in(client, create_user(session, "officer", name="张监管"))
    return client


def work(app: Flask) -> int:
    return worker.run_all(sessionmaker(db.engine, expire_on_commit=False), app.config["METROLOGY"])


def send(client: FlaskClient, data: bytes, name: str = "台账.xlsx", **more: str) -> Any:
    return client.post("/ledgers/", data={"file": (io.BytesIO(data), name), **more})


def page(client: FlaskClient, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def checked(app: Flask, client: FlaskClient, data: bytes, **more: str) -> str:
    answer = send(client, data, **more)
    assert answer.status_code == 302
    work(app)
    return str(answer.location)


def count(session: Session, model: Any) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


LEDGER = market_ledger(scale_row(1), scale_row(2), scale_row(3, 出厂编号=""), scale_row(4, 器具名称="量子秤"))


def test_a_ledger_is_dropped_checked_and_brought_in(app: Flask, officer: FlaskClient, session: Session) -> None:
    answer = send(officer, LEDGER)
    assert answer.status_code == 302
    waiting = page(officer, answer.location)
    assert 'data-poll="' in waiting and "正在检查" in waiting
    assert officer.get(f"{answer.location}/progress").json["state"] == "running"
    assert work(app) == 1
    assert officer.get(f"{answer.location}/progress").json["state"] == "done"
    shown = page(officer, answer.location)
    assert "已检查，待确认" in shown and "台账.xlsx" in shown and "张监管" in shown
    assert "缺少出厂编号" in shown or "missing_serial" in shown
    assert "量子秤" in shown and "指定器具类型" in shown
    assert count(session, Instrument) == 0
    assert officer.post(f"{answer.location}/confirm").status_code == 302
    work(app)
    done = page(officer, f"{answer.location}?outcome=created")
    assert "已导入" in done and "DH100001" in done and "QJ00000001" in done
    assert count(session, Instrument) == 2


def test_pages_are_in_english_too(app: Flask, officer: FlaskClient) -> None:
    url = checked(app, officer, LEDGER)
    shown = page(officer, f"{url}?lang=en")
    assert "Names of instruments that nobody knows" in shown and "Import 2 rows" in shown


def test_a_double_confirmation_imports_once(app: Flask, officer: FlaskClient, session: Session) -> None:
    url = checked(app, officer, LEDGER)
    assert officer.post(f"{url}/confirm").status_code == 302
    again = officer.post(f"{url}/confirm", follow_redirects=True)
    assert "已有人先一步处理" in again.get_data(as_text=True)
    session.rollback()
    assert session.scalar(select(func.count()).where(Task.kind == "ledger.import")) == 1


def test_refused_rows_go_back_with_reasons_and_come_in_corrected(
    app: Flask, officer: FlaskClient, session: Session
) -> None:
    url = checked(app, officer, LEDGER)
    officer.post(f"{url}/confirm")
    work(app)
    answer = officer.get(f"{url}/refused/0.xlsx")
    assert answer.mimetype.endswith("spreadsheetml.sheet")
    rows = read_workbook(answer.data, "refused.xlsx").sheets[0].rows
    headings, first, second = (list(row.cells) for row in rows)
    assert headings[: len(SCALE_HEADINGS)] == list(SCALE_HEADINGS)
    assert headings[-4:] == ["原行号 Row", "问题代码 Code", "问题所在列 Column", "问题说明 Problem"]
    assert [str(cell) for cell in first[-4:-1]] == ["6", "missing_serial", "出厂编号"]
    assert [str(cell) for cell in second[-4:-1]] == ["7", "unknown_category", "器具名称"]
    assert len(str(first[-1])) > 4
    first[11], second[6] = "DH100003", "电子秤"
    again = checked(app, officer, as_xlsx([headings, first, second]))
    assert "退回" in page(officer, again)
    officer.post(f"{again}/confirm")
    work(app)
    assert count(session, Instrument) == 4


def test_columns_are_mapped_by_hand(app: Flask, officer: FlaskClient, session: Session) -> None:
    headings = [*SCALE_HEADINGS[:11], "内部码", *SCALE_HEADINGS[12:]]
    url = checked(app, officer, as_xlsx([headings, scale_row(1), scale_row(2, 器具名称="量子秤")]))
    form = page(officer, f"{url}/mapping")
    assert "内部码" in form and "DH100001" in form and "量子秤" in form
    chosen = dict(re.findall(r'name="(sheet-0-[\w-]+)"', form) and [])
    chosen |= {"sheet-0-row": "1", "sheet-0-depth": "1", "sheet-0-type": "", "sheet-0-column-11": "serial_number"}
    chosen |= {"name-0": "量子秤", "type-name-0": "digital_indicating_scale", "holder": ""}
    assert officer.post(f"{url}/mapping", data=chosen).status_code == 302
    work(app)
    session.rollback()
    assert session.scalars(select(LedgerBatch)).one().counts["created"] == 2


def test_a_mapping_to_nothing_is_refused_and_nothing_is_lost(app: Flask, officer: FlaskClient) -> None:
    url = checked(app, officer, LEDGER)
    data = {"sheet-0-row": "3", "sheet-0-depth": "1", "sheet-0-type": "no_such", "holder": ""}
    assert officer.post(f"{url}/mapping", data=data).status_code == 422
    assert officer.post(f"{url}/mapping", data={**data, "sheet-0-row": "x"}).status_code == 422
    assert "已检查" in page(officer, url)


def test_changes_are_shown_from_old_to_new(app: Flask, officer: FlaskClient) -> None:
    url = checked(app, officer, market_ledger(scale_row(1)))
    officer.post(f"{url}/confirm")
    work(app)
    later = market_ledger(scale_row(1, 摊位号="C09", 上次检定日期="2026-11-02", 有效期至="2027-11-01"))
    shown = page(officer, checked(app, officer, later) + "?outcome=updated")
    assert "<del>2027-05-21</del> → <ins>2027-11-01</ins>" in shown
    assert "<del>东湖集贸市场 / A01</del> → <ins>东湖集贸市场 / C09</ins>" in shown


def test_the_same_file_says_that_it_came_before(app: Flask, officer: FlaskClient) -> None:
    url = checked(app, officer, LEDGER)
    officer.post(f"{url}/confirm")
    work(app)
    assert "导入过" in page(officer, checked(app, officer, LEDGER))


def test_an_import_is_taken_back_with_a_reason(app: Flask, officer: FlaskClient, session: Session) -> None:
    url = checked(app, officer, LEDGER)
    officer.post(f"{url}/confirm")
    work(app)
    refused = officer.post(f"{url}/undo", data={"reason": ""}, follow_redirects=True)
    assert "已导入" in refused.get_data(as_text=True)
    officer.post(f"{url}/undo", data={"reason": "传错了文件"})
    work(app)
    assert "已撤回" in page(officer, url)
    assert count(session, Instrument) == 0


def test_a_ledger_is_put_away(app: Flask, officer: FlaskClient) -> None:
    url = checked(app, officer, LEDGER)
    assert "搁置" in officer.post(f"{url}/discard", follow_redirects=True).get_data(as_text=True)


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"%PDF-1.7 x", "台账.xlsx", "file"),
        (b"", "empty.csv", "请先选择文件"),
    ],
)
def test_what_is_no_ledger_is_refused_on_the_page(officer: FlaskClient, data: bytes, name: str, words: str) -> None:
    answer = send(officer, data, name)
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert words in text or "file" in text


def test_a_holder_nobody_knows_is_refused_on_the_page(officer: FlaskClient) -> None:
    answer = send(officer, LEDGER, holder="没有这个单位")
    assert answer.status_code == 422
    assert "没有这个单位" in answer.get_data(as_text=True)


def test_a_broken_file_says_why(app: Flask, officer: FlaskClient) -> None:
    shown = page(officer, checked(app, officer, as_csv([SCALE_HEADINGS]) + b'"open\n'))
    assert "文件无法读取" in shown and "引号" in shown


def test_the_file_comes_back_as_it_was_sent(app: Flask, officer: FlaskClient) -> None:
    url = checked(app, officer, LEDGER)
    answer = officer.get(f"{url}/file")
    assert (answer.data, answer.mimetype) == (LEDGER, "application/octet-stream")
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "code", ["digital_indicating_scale", "fuel_dispenser", "cold_water_meter", "glass_clinical_thermometer"]
)
def test_a_template_comes_in_as_it_is(app: Flask, officer: FlaskClient, session: Session, code: str) -> None:
    answer = officer.get(f"/ledgers/template.xlsx?type={code}")
    assert answer.status_code == 200
    layout = LedgerSource(answer.data, "t.xlsx").layouts()[0]
    assert [column.heading for column in layout.columns if not column.field] == []
    checked(app, officer, answer.data)
    session.rollback()
    counts = session.scalars(select(LedgerBatch)).one().counts
    assert (counts["rows"], counts["accepted"], counts["codes"]) == (1, 1, {})


def test_a_template_of_nothing_is_not_there(officer: FlaskClient) -> None:
    assert officer.get("/ledgers/template.xlsx?type=no_such").status_code == 404


def test_many_rows_are_shown_by_the_page(app: Flask, officer: FlaskClient) -> None:
    url = checked(app, officer, market_ledger(*(scale_row(number) for number in range(1, 121))))
    officer.post(f"{url}/confirm")
    work(app)
    first = page(officer, f"{url}?outcome=created")
    more = re.search(r'href="([^"]+)" data-more', first)
    assert more is not None
    second = page(officer, more[1].replace("&amp;", "&"))
    assert "DH100001" in first and "DH100120" not in first
    assert "DH100120" in second and "DH100001" not in second


def test_an_auditor_sees_and_does_not_send(client: FlaskClient, app: Flask, session: Session) -> None:
    sign_in(client, create_user(session, "auditor"))
    shown = page(client, "/ledgers/")
    assert 'type="file"' not in shown
    assert send(client, LEDGER).status_code == 403


def test_another_districts_ledger_is_not_there(app: Flask, client: FlaskClient, session: Session) -> None:
    sign_in(client, create_user(session, "officer", district_code="410702"))
    url = checked(app, client, market_ledger(scale_row(1, 统一社会信用代码=create_uscc(1))))
    other = app.test_client()
    sign_in(other, create_user(session, "officer", district_code="410703"))
    assert other.get(url).status_code == 404
    assert other.post(f"{url}/confirm").status_code == 404
