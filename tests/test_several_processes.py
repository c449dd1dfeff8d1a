"""Two hosts, each a process of its own with its own instance folder, that serve and work on one PostgreSQL."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence import clock
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import User
from metrology.persistence.tasks import Lease, Task
from metrology.services import tasks, verifying
from metrology.settings import ROOT
from metrology.web import rates
from metrology.web.accounts import hashed
from tests.conftest import NOW, POSTGRES_ANSWERS
from tests.people import create_user
from tests.records import create_holder, create_scale, create_team, hand_in, scale_readings
from tests.streaming import free_port, wait_until

pytestmark = pytest.mark.skipif(not POSTGRES_ANSWERS, reason="no PostgreSQL answers (TEST_POSTGRES_URL)")
PASSWORD = "Kuaile-Mifeng-2931-Xin"
PATIENCE = 120
CHANGE = {
    "bureau_name": "示范市监局", "bureau_name_en": "Example", "validity_rule": "anniversary_minus_one", "warn_days": "30",
    "certificate_number_template": "{body}-{kind}-{yyyy}-{seq:06d}", "complaint_phone": "0373-7654321", "complaint_url": "",
    "reminder_officer_digest": "y", "scan_alarm_networks": "30", "version": "0",
}  # fmt: skip


class Host:
    """A machine of the office: ``python run.py`` with a folder of its own."""

    def __init__(self, app: Flask, folder: Path) -> None:
        settings = app.config["METROLOGY"]
        self.port = free_port()
        self.log = folder.with_suffix(".log").open("w+b")
        said = {
            "METROLOGY_INSTANCE": str(folder), "METROLOGY_SHARED_FOLDER": str(settings.shared), "METROLOGY_PORT": str(self.port),
            "DATABASE_URL": settings.database_url.replace("+psycopg", ""), "METROLOGY_PUBLIC_URL": settings.public_url,
            "METROLOGY_THREADS": "4",
        }  # fmt: skip
        arguments = [sys.executable, str(ROOT / "run.py")]
        self.process = subprocess.Popen(
            arguments, env={**os.environ, **said}, cwd=ROOT, stdout=self.log, stderr=self.log
        )

    def wait(self) -> None:
        def answers() -> bool:
            assert self.process.poll() is None, self.said()
            try:
                return requests.get(self.url("/healthz"), timeout=PATIENCE).status_code == 200
            except requests.ConnectionError:
                return False

        wait_until(answers)

    def said(self) -> str:
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()


class Browser:
    """Somebody's browser, which does not care which host answers."""

    def __init__(self) -> None:
        self.http = requests.Session()

    def get(self, host: Host, path: str) -> requests.Response:
        return self.http.get(host.url(path), timeout=PATIENCE, allow_redirects=False)

    def post(self, host: Host, path: str, data: dict[str, Any], *, form: str) -> requests.Response:
        """Send a form that stands on the page ``form``."""
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(host, form).text)
        assert found, f"no form at {form}"
        given = {**data, "csrf_token": found[1]}
        return self.http.post(host.url(path), data=given, timeout=PATIENCE, allow_redirects=False)

    def sign_in(self, host: Host, user: User) -> None:
        answer = self.post(host, "/login", {"email": user.email, "password": PASSWORD}, form="/login")
        assert answer.status_code == 302, answer.text


@pytest.fixture
def people(app: Flask, session: Session) -> Any:
    team = create_team(session)
    team.standard.valid_until = clock.today_cn() + timedelta(days=365)
    second = create_user(session, "approver", name="批准人丁", institute_id=team.institute.id)
    admin = create_user(session, "administrator", name="赵管理")
    secret = hashed(PASSWORD)
    for user in (team.approver, second, admin):
        user.password = secret
    session.commit()
    return team, second, admin


@pytest.fixture
def hosts(app: Flask, session: Session, people: Any, tmp_path: Path) -> Iterator[list[Host]]:
    started = [Host(app, tmp_path / f"host{number}") for number in (1, 2)]
    try:
        for host in started:
            host.wait()
        yield started
    finally:
        for host in started:
            host.end()


def _at_once(*jobs: Callable[[], None]) -> None:
    faults: list[BaseException] = []

    def run(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as fault:  # noqa: BLE001 - told below, in the test's own thread
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not faults, faults


def _records(session: Session, team: Any, count: int) -> list[int]:
    """Records that are checked and wait for an approver."""
    today = clock.today_cn()
    made = []
    for number in range(count):
        scale = create_scale(session, f"SP{number}")
        record = hand_in(session, team, scale, scale_readings(kind="initial"), today=today)
        verifying.check(session, team.actor("checker"), record, now=NOW)
        made.append(record.id)
    session.commit()
    return made


def _long_task(session: Session, count: int) -> Task:
    """A task of some seconds: the search documents of a holder's many instruments."""
    holder = create_holder(session, "新乡水务有限公司", kind="utility")
    rows = [
        {
            "number": f"QJ{n}", "public_code": f"q{n}", "type_code": "cold_water_meter", "serial_number": f"W{n}", "serial_key": f"w{n}",
            "state": "in_use", "holder_id": holder.id, "nameplate": {}, "lot_code": "W", "created_at": NOW, "updated_at": NOW,
        }
        for n in range(count)
    ]  # fmt: skip
    session.execute(insert(Instrument), rows)
    arguments = {"of": "holder", "key": holder.id}
    task = tasks.enqueue(session, Actor.system(), "search.reindex", arguments, now=clock.now_utc())
    session.commit()
    return task


@pytest.mark.timeout(420)  # four minutes where eight others share the machine; half a minute of work
@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_two_hosts_are_one_registry(app: Flask, session: Session, hosts: list[Host], people: Any) -> None:
    team, second, admin = people
    records = _records(session, team, 8)
    _who_signs_in_at_one_goes_on_at_the_other(hosts, admin)
    _approvals_at_both_number_without_gap_or_double(session, hosts, [team.approver, second], records)
    _tries_count_together(hosts)
    _regular_work_is_done_once(session)
    _work_goes_on_when_its_host_dies(session, hosts)


def _who_signs_in_at_one_goes_on_at_the_other(hosts: list[Host], admin: User) -> None:
    one, two = hosts
    browser = Browser()
    browser.sign_in(one, admin)
    assert browser.get(two, "/settings/").status_code == 200
    assert browser.post(two, "/settings/change", CHANGE, form="/settings/").status_code == 302
    for host in hosts:
        assert "0373-7654321" in Browser().get(host, "/c/AAAAAAAAAAAAAAAAAAAAAA").text, (
            "a change is seen at once everywhere"
        )
    kept = requests.cookies.merge_cookies(requests.Session().cookies, browser.http.cookies)
    assert browser.post(one, "/logout", {}, form="/settings/").status_code == 302
    stolen = Browser()
    stolen.http.cookies = kept
    assert stolen.get(two, "/settings/").status_code == 302, "signed out at one, signed out at the other"


def _approvals_at_both_number_without_gap_or_double(
    session: Session, hosts: list[Host], approvers: list[User], records: list[int]
) -> None:
    browsers = [Browser(), Browser()]
    for host, browser, user in zip(hosts, browsers, approvers, strict=True):
        browser.sign_in(host, user)

    def approve(host: Host, browser: Browser, keys: list[int]) -> None:
        for key in keys:
            page = f"/verifications/{key}"
            assert browser.post(host, f"{page}/approve", {}, form=page).status_code == 302

    _at_once(*(lambda n=n: approve(hosts[n], browsers[n], records[n::2]) for n in (0, 1)))
    session.rollback()
    issued = session.query(Certificate).order_by(Certificate.number).all()
    assert [int(one.number.rsplit("-", 1)[1]) for one in issued] == list(range(1, len(records) + 1))
    for host in hosts:
        assert "检定有效" in Browser().get(host, f"/c/{issued[0].code}").text
    chain = session.execute(text("select count(*), max(seq), count(distinct prev_hash) from journal_entry")).one()
    assert chain[0] == chain[1] == chain[2], "one chain, without a fork"


def _tries_count_together(hosts: list[Host]) -> None:
    tries = rates.LINK.count + 2
    answers = [Browser().get(hosts[n % 2], f"/choose-password/none{n}").status_code for n in range(tries)]
    assert answers == [404] * rates.LINK.count + [429] * 2


def _regular_work_is_done_once(session: Session) -> None:
    hourly = ("counts brought together", "packages", "old sessions", "forgetting", "overdue figures")

    def turns() -> list[int]:
        session.rollback()
        return [
            one.fence for one in session.query(Lease).filter(Lease.name.in_(hourly), Lease.last_run_at.is_not(None))
        ]

    wait_until(lambda: len(turns()) == len(hourly))
    assert set(turns()) == {1}, "both hosts have ticked, one of them worked"


def _work_goes_on_when_its_host_dies(session: Session, hosts: list[Host]) -> None:
    task = _long_task(session, 3_000)

    def owner() -> str:
        session.rollback()
        session.refresh(task)
        assert task.state in ("queued", "running"), f"the task was over before its host died: {task.state} {task.error}"
        return str(task.lease_owner) if task.state == "running" and task.progress else ""

    wait_until(owner)
    process = int(owner().split(":")[1])
    dead = next(host for host in hosts if host.process.pid == process)
    dead.process.kill()
    dead.process.wait()
    session.rollback()
    session.execute(text("update task set lease_until = lease_until - interval '2 minutes' where state = 'running'"))
    session.commit()  # as if two minutes had gone by

    def done() -> bool:
        session.rollback()
        session.refresh(task)
        return task.state == "done"

    wait_until(done)
    assert task.tries == 2
    written = "select count(*), count(distinct object_id) from search_document where kind = 'instrument' and object_id >= :first"
    first = session.execute(text("select min(id) from instrument where lot_code = 'W'")).scalar_one()
    assert tuple(session.execute(text(written), {"first": first}).one()) == (3_000, 3_000)
