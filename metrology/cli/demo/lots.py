"""Two lots of new water meters in the example city: one certified, each meter by itself, and one that is still being read."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select

from metrology.cli.demo.city import SEED, Made
from metrology.cli.demo.history import History, instant
from metrology.cli.demo.ledgers import ledger_file
from metrology.cli.demo.tasks import close
from metrology.persistence.holders import Holder
from metrology.persistence.lots import Lot
from metrology.services import importing, lot_readings, lot_working, lots
from metrology.services.lots import Common, LotAsked

TYPE = "cold_water_meter"
_ITEMS = {"appearance": True, "function": True, "seals": True, "tightness": True}
_ENVIRONMENT = {"temperature": "20 °C", "humidity": "50 %RH", "water_temperature": "20 °C"}
_FLOWED = {"q3": Decimal(100), "q2": Decimal(10), "q1": Decimal(10)}
"""Litres that flowed at each point."""
_SPREAD = {"q3": 90, "q2": 90, "q1": 200}
"""How far a meter reads from them at most, in hundredths of a per cent."""
_TOO_MUCH = 260
_REJECTED = (7, 31)
"""Meters of the certified lot that read too much at the largest flow."""
_WITH_A_GAP = (4,)
"""Meters of the open lot with no reading at the smallest flow."""


def certify_lot(history: History, last: date, count: int = 40) -> Lot:
    """A lot that was brought in, read, checked and approved in the weeks before a day."""
    day = last - timedelta(days=12)
    lot = _begin(history, "W1", count, today=day, now=instant(day))
    _load(history, lot, range(1, count + 1), rejected=_REJECTED, today=day, now=instant(day, 3))
    for days, step, who in ((10, "submit", "verifier"), (9, "check", "checker"), (7, "approve", "approver")):
        _work(history, lot, step, who, last - timedelta(days=days))
    return lot


def begin_lot(history: History, *, today: date, now: datetime, count: int = 24) -> Lot:
    """A lot of which half is read, one meter with a gap."""
    lot = _begin(history, "W2", count, today=today, now=now)
    _load(history, lot, range(1, count // 2 + 1), with_a_gap=_WITH_A_GAP, today=today, now=now)
    return lot


def _begin(history: History, name: str, count: int, *, today: date, now: datetime) -> Lot:
    """Bring new meters of the water company in as a ledger does, make a lot of them, and say what they have in common."""
    session, verifier = history.session, history.people["verifier"]
    first, code = history.city.of("water")[0], f"{name}-{today:%Y-%m}"
    file, data = ledger_file("water", _new_meters(first, name, code, count))
    officer = history.people["officer"]
    importing.import_now(
        session, officer, data, file, today=today, now=lambda: now, step=lambda *_told: session.commit()
    )
    holder = session.scalars(select(Holder).where(Holder.name == first.cells["供水单位"])).one()
    asked = LotAsked(holder_id=holder.id, type_code=TYPE, lot_code=code, notes="新购水表,安装前首次检定。")
    lot = lots.create(session, verifier, asked, now=now)
    common = Common(
        kind="initial", verified_on=today, place_text="水表检定室", environment=_ENVIRONMENT, items=_ITEMS,
        standard_ids=history.serving[TYPE][:1],
    )  # fmt: skip
    lots.set_common(session, verifier, lot, common, now=now)
    session.commit()
    return lot


def _new_meters(first: Made, name: str, code: str, count: int) -> Iterator[Made]:
    """Meters as the water company's first one is, not yet verified nor installed."""
    kept = {key: value for key, value in first.cells.items() if key not in ("首检日期", "安装日期", "安装地址")}
    for number in range(1, count + 1):
        cells = {**kept, "批号": code, "公称口径": "DN20", "Q3(m³/h)": "2.5", "出厂编号": _serial(name, number)}
        yield replace(first, cells=cells)


def _serial(name: str, number: int) -> str:
    return f"{name}{number:05d}"


def _load(
    history: History,
    lot: Lot,
    numbers: Iterable[int],
    *,
    rejected: Collection[int] = (),
    with_a_gap: Collection[int] = (),
    today: date,
    now: datetime,
) -> None:
    """Load a bench's table of readings."""
    random = Random(SEED + 3)  # noqa: S311 - an example, the same every time
    sheet = lot_readings.LotSheet(history.session, lot, today)
    columns = [one for one in sheet.columns if one.field.key in ("indicated", "actual")]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([lot_readings.SERIAL[0], *(one.heading() for one in columns)])
    for number in numbers:
        cells: list[str] = []
        for column in columns:
            point = column.key.split(".")[1]
            flowed = _FLOWED[point]
            off = random.randrange(-_SPREAD[point], _SPREAD[point])
            if point == "q3" and number in rejected:
                off = _TOO_MUCH
            read = f"{flowed * (10_000 + off) / 10_000:.3f}" if column.field.key == "indicated" else str(flowed)
            cells.append("" if point == "q1" and number in with_a_gap else read)
        writer.writerow([_serial(lot.lot_code.partition("-")[0], number), *cells])
    data, verifier = out.getvalue().encode(), history.people["verifier"]
    name = f"{lot.lot_code} 检定台读数.csv"
    lot_readings.load(history.session, verifier, lot, data, name, today=today, now=now)
    history.session.commit()


def _work(history: History, lot: Lot, step: str, who: str, day: date) -> None:
    """Ask for a step and do it at once."""
    session, now = history.session, instant(day)
    task = lot_working.ask(session, history.people[who], lot, step, today=day, now=now)
    session.commit()
    result = lot_working.run(session, task.arguments, today=day, now=lambda: now, step=lambda *_told: session.commit())
    close(task, result, now=now)
    session.commit()
