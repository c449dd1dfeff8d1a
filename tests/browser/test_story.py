"""The main job from end to end, as people do it in a browser, on a phone and at a desk.

Ledger in → what falls due → a visit → three people verify, check, approve → certificate as PDF, its code read back from the
page → the public page says valid → time goes on → one reminder by two schedulers → the overdue report shows it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from flask_security.utils import hash_password
from sqlalchemy.orm import Session, sessionmaker

from metrology.documents.qr import read_qr
from metrology.jobs import ticker, worker
from metrology.persistence import clock
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.journal import verify_chain
from metrology.persistence.people import User
from metrology.persistence.reminders import Notice
from tests.chromium import SIZES, browser, kept, needs_chromium, served, sign_in, watch
from tests.people import create_user
from tests.records import create_standard, create_team

pytestmark = [needs_chromium, pytest.mark.browser]
MONDAY = date(2026, 11, 23)
PASSWORD = "correct horse battery 12"
LEDGER = """加油站名称,统一社会信用代码,区县,地址,加油机型号,加油机出厂编号,制造厂,枪号,油品,准确度等级,检定日期,有效期至,铅封号
示范加油站,91110000600037341L,红旗区,红旗区示范路1号,SK65,JY20001,示范加油设备有限公司,1,92#,±0.30%,2026年6月1日,2026/11/30,QF100001
示范加油站,91110000600037341L,红旗区,红旗区示范路1号,SK65,JY20001,示范加油设备有限公司,2,95#,±0.30%,2026.6.1,2026-11-30,QF100002
示范加油站,91110000600037341L,红旗区,红旗区示范路1号,SK65,JY20002,示范加油设备有限公司,1,0#柴油,±0.30%,待定,2026-11-30,QF100003
"""


class Clock:
    """The instant everybody sees."""

    def __init__(self) -> None:
        self.day = MONDAY
        self.began = datetime.now(UTC)

    def __call__(self) -> datetime:
        passed = datetime.now(UTC) - self.began
        return datetime(self.day.year, self.day.month, self.day.day, 2, 0, tzinfo=UTC) + passed


class Mailbox:
    """Keeps the letters that come."""

    def __init__(self) -> None:
        self.recipients: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        self.recipients += envelope.rcpt_tos
        await asyncio.sleep(0)
        return "250 OK"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Clock:
    told = Clock()
    monkeypatch.setattr(clock, "now_utc", told)
    return told


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    import socket

    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, f"mailto://127.0.0.1:{port}?from=jl@bureau.example.cn&mode=insecure"
    controller.stop()


@pytest.fixture
def bureau(session: Session) -> dict[str, User]:
    """An institute with its people and a 20 L measure, and an officer, all with passwords."""
    team = create_team(session)
    create_standard(
        session, team.institute, number="BZ-20L", name="标准金属量器 20 L", range_low="5 L", range_high="50 L",
        range_text="20 L", accuracy="0.05 %", accuracy_text="U=0.05%(k=2)", type_codes=["fuel_dispenser"],
    )  # fmt: skip
    people = {
        "officer": create_user(session, "officer", name="王科员"),
        "manager": create_user(session, "manager", name="周局长"),
        "verifier": team.verifier,
        "checker": team.checker,
        "approver": team.approver,
    }
    for role, person in people.items():
        person.email, person.password, person.language = f"{role}@bureau.example.cn", hash_password(PASSWORD), "en"
    session.commit()
    return people


class Desk:
    """Browsers of several people against one registry."""

    def __init__(self, chromium: Any, base: str, faults: list[str]) -> None:
        self.chromium, self.base, self.faults = chromium, base, faults

    def page(self, role: str | None = None, size: str = "desk", locale: str = "en") -> Any:
        context = self.chromium.new_context(viewport=SIZES[size], locale=locale, timezone_id="Asia/Shanghai")
        page = context.new_page()
        page.set_default_timeout(15_000)
        watch(page, self.faults)
        if role:
            sign_in(page, self.base, f"{role}@bureau.example.cn", PASSWORD)
        return page


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.timeout(240)
def test_the_main_job_from_ledger_to_report(
    app: Flask, session: Session, bureau: dict[str, User], now: Clock, mailbox: tuple[Mailbox, str], tmp_path: Path
) -> None:
    box, smtp_url = mailbox
    app.config["WTF_CSRF_ENABLED"] = True
    settings = dataclasses.replace(app.config["METROLOGY"], smtp_url=smtp_url)
    make_session = sessionmaker(db.engine, expire_on_commit=False)
    faults: list[str] = []
    try:
        with browser() as chromium, served(app) as base:
            app.config["METROLOGY"] = dataclasses.replace(settings, public_url=base)
            desk = Desk(chromium, base, faults)
            _load_the_ledger(desk, tmp_path, make_session, settings)
            _plan_a_visit(desk)
            _verify(desk)
            _decide(desk, "checker", "Agree: readings and standards checked")
            _decide(desk, "approver", "Approve and issue")
            session.expire_all()
            certificate = session.query(Certificate).one()
            session.commit()  # lets go of the write lock that even a look takes
            _read_the_code_back(desk, certificate, base)
            _scan(desk, certificate, "Valid")
            now.day = date(2027, 6, 1)
            _scan(desk, certificate, "Expired")
            _remind_once(session, make_session, settings, box)
            _see_it_overdue(desk, certificate)
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
        app.config["METROLOGY"] = dataclasses.replace(settings, smtp_url="", public_url="http://127.0.0.1:8000")
    assert faults == []
    assert list(verify_chain(session)) == []


def _press(page: Any, name: str) -> None:
    """Press a button, say yes to the question it asks if it asks one, and wait for the next page."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()
        page.wait_for_timeout(150)
        answer = page.locator("dialog[open] button[type=submit]")
        if answer.count():
            answer.first.click()


def _load_the_ledger(desk: Desk, tmp_path: Path, make_session: Any, settings: Any) -> None:
    file = tmp_path / "加油站台账.csv"
    file.write_bytes(LEDGER.encode("gb18030"))
    page = desk.page("officer")
    page.goto(f"{desk.base}/ledgers/")
    page.set_input_files("input[type=file]", str(file))
    _press(page, "Check this ledger")
    worker.run_all(make_session, settings)
    page.reload()
    assert "bad_date" in page.content() or "待定" in page.content()
    _press(page, "Import 2 rows")
    worker.run_all(make_session, settings)
    page.goto(f"{desk.base}/instruments/?q=JY20001")
    assert page.locator("table.grid tbody tr").count() >= 2
    page.context.close()


def _plan_a_visit(desk: Desk) -> None:
    page = desk.page("officer")
    page.goto(f"{desk.base}/plan/due")
    page.locator("input[name=group]").first.check()
    page.fill("input[name=planned_on]", MONDAY.isoformat())
    page.locator("summary", has_text="Verifiers").click()
    page.locator("input[name=verifier_ids]").first.check()
    _press(page, "Plan a visit")
    page.goto(f"{desk.base}/visits/")
    assert "示范加油站" in page.content()
    page.context.close()


def _verify(desk: Desk) -> None:
    page = desk.page("verifier")
    with page.expect_navigation():
        page.locator("main a[href*='/visits/']", has_text="示范加油站").first.click()
    _press(page, "Verify")
    for key, value in (("max_flow", "50"), ("min_flow", "5")):
        page.fill(f"[name='n.{key}']", value)
    with page.expect_navigation():
        page.get_by_role("button", name="Save the draft", exact=True).last.click()
    page.locator("input[name=standard]").first.check()
    for answer in page.locator("input[type=radio][value=yes]").all():
        answer.check(force=True)
    _fill(page, "temperature", "21")
    _fill(page, "humidity", "48")
    for label, value in (("indication", "20.00"), ("actual", "19.99")):
        for cell in page.locator(f"table.sheet input[name$='.{label}']").all():
            cell.fill(value)
    for key, value in (("volume", "20.00"), ("unit_price", "7.85"), ("amount", "157.00")):
        _fill(page, key, value)
    kept(page)
    assert "Conforms" in page.locator("#panel").inner_text()
    _press(page, "Hand in")
    assert "Waiting for the checker" in page.content()
    page.context.close()


def _fill(page: Any, key: str, value: str) -> None:
    page.locator(f"input[name$='.{key}']").first.fill(value)


def _decide(desk: Desk, role: str, button: str) -> None:
    page = desk.page(role)
    page.goto(f"{desk.base}/verifications/queue")
    with page.expect_navigation():
        page.locator("main a[href*='/verifications/']", has_text="JD").first.click()
    _press(page, button)
    assert page.get_by_role("button", name=button).count() == 0
    page.context.close()


def _read_the_code_back(desk: Desk, certificate: Certificate, base: str) -> None:
    page = desk.page("officer")
    answer = page.request.get(f"{base}/certificates/{certificate.id}.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    document = pypdfium2.PdfDocument(answer.body())
    text = "".join(document[number].get_textpage().get_text_range() for number in range(len(document)))
    assert certificate.number in text
    image = document[0].render(scale=150 / 72).to_pil()
    import io

    picture = io.BytesIO()
    image.save(picture, "PNG")
    (read,) = read_qr(picture.getvalue())
    assert read.partition("#")[0] == f"{base}/c/{certificate.code}"
    page.context.close()


def _scan(desk: Desk, certificate: Certificate, word: str) -> None:
    page = desk.page(size="phone")
    page.goto(f"{desk.base}/c/{certificate.code}")
    assert word in page.inner_text("body")
    assert "JY20001" in page.inner_text("body")
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    page.context.close()


def _remind_once(session: Session, make_session: Any, settings: Any, box: Mailbox) -> None:
    """Two schedulers tick at the same moment; the station gets one letter, and none when they tick again."""
    holder = session.query(Holder).filter_by(uscc="91110000600037341L").one()
    session.add(Contact(holder_id=holder.id, name="站长", email="owner@station.example.cn"))
    session.commit()
    session.close()
    for _time in range(2):
        threads = [threading.Thread(target=ticker.tick, args=[make_session, settings]) for _one in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    ticker.tick(make_session, settings, now=clock.now_utc() + timedelta(minutes=2))
    assert box.recipients.count("owner@station.example.cn") == 1
    assert session.query(Notice).filter_by(recipient="owner@station.example.cn").one().state == "sent"
    session.commit()


def _see_it_overdue(desk: Desk, certificate: Certificate) -> None:
    page = desk.page("manager")
    page.goto(f"{desk.base}/reports/overdue")
    assert "示范加油站" in page.inner_text("main")
    page.locator(".stat a").first.click()
    page.wait_for_load_state("load")
    assert "JY20001" in page.inner_text("main")
    page.context.close()
