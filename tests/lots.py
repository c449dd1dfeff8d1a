"""Lots for tests: water meters of a utility, a bench's table of readings, and a lot taken any part of the way."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.documents.certificate_facts import Bilingual
from metrology.documents.lot_pdf import LotFacts
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.lots import Lot
from metrology.persistence.tasks import Task
from metrology.services import lot_readings, lot_working, lots
from metrology.services.lot_readings import Loaded
from metrology.services.lots import Common, LotAsked
from metrology.services.registering import InstrumentFacts, Registrar, Row
from tests.conftest import NOW, TODAY
from tests.records import OFFICER, Team, create_holder

PLATE = {"accuracy_class": "2", "q3": "2.5 m³/h", "ratio": "100", "dn": "20"}
ITEMS = {"appearance": True, "function": True, "seals": True, "tightness": True}
ENVIRONMENT = {"temperature": "20 °C", "humidity": "50 %RH", "water_temperature": "20 °C"}
GOOD = ("101", "10.05", "10.1")
"""Indicated at Q3, Q2, Q1 where 100, 10 and 10 L flowed: +1.0, +0.5 and +1.0 %, limits 2, 2 and 5 %."""
BAD = ("102.6", "10.05", "10.1")
"""+2.6 % at Q3."""
HEADINGS = (
    "出厂编号", "常用流量 Q3 仪表示值 Vi(L)", "常用流量 Q3 实际体积 Va(L)", "分界流量 Q2 仪表示值 Vi(L)", "分界流量 Q2 实际体积 Va(L)",
    "最小流量 Q1 仪表示值 Vi(L)", "最小流量 Q1 实际体积 Va(L)",
)  # fmt: skip


def serial(number: int) -> str:
    return f"WM{number:06d}"


def create_meters(session: Session, count: int, *, first: int = 1, lot_code: str = "2026-07", **said: Any) -> Holder:
    holder = session.scalar(select(Holder).where(Holder.name == "示范自来水有限公司")) or create_holder(
        session, "示范自来水有限公司"
    )
    registrar = Registrar(session, OFFICER, today=TODAY, now=NOW)
    for number in range(first, first + count):
        facts = {
            "type_code": "cold_water_meter", "serial_number": serial(number), "manufacturer": "示范仪表有限公司", "model": "LXS-20E",
            "nameplate": PLATE, "holder_id": holder.id, "lot_code": lot_code, **said,
        }  # fmt: skip
        registrar.register(registrar.check(Row(instrument=InstrumentFacts(**facts))))
    registrar.flush()
    session.flush()
    return holder


def table(rows: dict[str, Iterable[str]], headings: Iterable[str] = HEADINGS) -> bytes:
    """A bench's table: serial → indicated at the three points."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    for name, (one, two, three) in rows.items():
        writer.writerow([name, one, "100", two, "10", three, "10"])
    return out.getvalue().encode()


def good(numbers: Iterable[int]) -> dict[str, Iterable[str]]:
    return {serial(number): GOOD for number in numbers}


def create_lot(session: Session, team: Team, count: int = 3, **said: Any) -> Lot:
    holder = create_meters(session, count, **said)
    asked = LotAsked(holder_id=holder.id, type_code="cold_water_meter", lot_code=said.get("lot_code", "2026-07"))
    lot = lots.create(session, team.actor("verifier"), asked, now=NOW)
    return set_common(session, team, lot)


def set_common(session: Session, team: Team, lot: Lot, **said: Any) -> Lot:
    usual: dict[str, Any] = {
        "kind": "initial", "verified_on": TODAY, "place_text": "水表检定室", "environment": ENVIRONMENT, "items": ITEMS,
        "standard_ids": [team.standard.id],
    }  # fmt: skip
    lots.set_common(session, team.actor("verifier"), lot, Common(**{**usual, **said}), now=NOW)
    return lot


def load(session: Session, team: Team, lot: Lot, rows: dict[str, Iterable[str]]) -> Loaded:
    return lot_readings.load(session, team.actor("verifier"), lot, table(rows), "台账.csv", today=TODAY, now=NOW)


def work(session: Session, team: Team, lot: Lot, step: str, who: str, *, reason: str = "", stop: int = 0) -> Task:
    """Ask for a step and do it; ``stop`` breaks off (a crash) after so many batches."""
    task = lot_working.ask(session, team.actor(who), lot, step, today=TODAY, now=NOW, reason=reason)
    session.commit()
    return go_on(session, task, stop=stop)


class Crash(BaseException):
    """The process is gone."""


def go_on(session: Session, task: Task, *, stop: int = 0) -> Task:
    batches = 0

    def step(*_told: Any) -> None:
        nonlocal batches
        session.commit()
        batches += 1
        if batches == stop:
            raise Crash

    try:
        task.result = lot_working.run(session, task.arguments, today=TODAY, now=lambda: NOW, step=step)
    except Crash:
        session.rollback()
        raise
    session.commit()
    return task


def certify_lot(session: Session, team: Team, count: int = 3, *, bad: Iterable[int] = (), **said: Any) -> Lot:
    lot = create_lot(session, team, count, **said)
    first = said.get("first", 1)
    rows = good(range(first, first + count)) | {serial(number): BAD for number in bad}
    load(session, team, lot, rows)
    for step, who in (("submit", "verifier"), ("check", "checker"), ("approve", "approver")):
        work(session, team, lot, step, who)
    return lot


def meter(session: Session, number: int) -> Instrument:
    return session.scalars(select(Instrument).where(Instrument.serial_number == serial(number))).one()


def empty_lot(number: str) -> LotFacts:
    """The facts of a lot's certificate that lists no meter."""
    names = {"zh": "示范", "en": ""}
    return LotFacts(
        number=number, lot_number="PC1", lot_code="", code="lot", body={"name": names, "authorisation_number": ""},
        applicant="示范", name=Bilingual("水表"), model="", manufacturer="", nameplate=(), serials=("", ""), kind=names,
        verified_on=TODAY.isoformat(), issued_on=TODAY.isoformat(), valid_until=(), validity_rule=names, place="",
        environment=(), regulations=(), standards=(), verifier="甲", checker="乙", approver="丙", conforming=0, rejected=0,
        unread=0, meters_sha256=hashlib.sha256(b"").hexdigest(),
    )  # fmt: skip
