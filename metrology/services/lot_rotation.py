"""The rotation of a lot (到期轮换): what of it still hangs, until when, and its meters taken out one table at a time.

Household meters are verified once, used for their service life, and then replaced, not verified again. The utility keeps a table of
what it replaced (old serial number, new one, day); from it the old meters are set out of use, and the new ones take their place.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, cast

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from metrology.documents.formula_guard import with_guard
from metrology.documents.spreadsheet_in import read_workbook
from metrology.documents.workbook import Cell, Row
from metrology.domain.authority import Actor, may
from metrology.domain.instrument import State, causes
from metrology.domain.problems import Problem
from metrology.domain.reading_sheet import folded
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import changes_of, record
from metrology.persistence.lots import Lot, LotMeter
from metrology.persistence.people import User
from metrology.persistence.tasks import Task
from metrology.services import moving, searching, signing_in, tasks
from metrology.services.cleaning import key_of
from metrology.services.moving import GONE

TASK: Final = "lots.rotate"
MOST: Final = 5_000
_EVERY: Final = 20
_LISTED: Final = 300
_OLD: Final = ("旧表编号", "旧表号", "原表编号", "原表号", "旧表出厂编号", "拆除表编号", "old serial number", "old")
_NEW: Final = ("新表编号", "新表号", "新表出厂编号", "更换后编号", "new serial number", "new")
_DAY: Final = ("换表日期", "轮换日期", "更换日期", "日期", "day", "date")
_DELIVERED: Final = or_(LotMeter.verdict.is_(None), LotMeter.verdict != "rejected", LotMeter.left_on.is_not(None))
"""A meter that was rejected in the lot goes back to its maker: it hangs nowhere, unless a table of replacements says it did."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """How far the rotation of a lot is."""

    remaining: int
    """Still in place: not taken out, nor retired or lost otherwise."""
    due: date | None
    """The first last day of those in place."""
    gone: int
    replaced: int


def rotation_of(session: Session, lot: Lot) -> Rotation:
    """The figures of a lot's rotation."""
    own = (
        select(LotMeter.left_on, LotMeter.replaced_by_id, Instrument.state, Instrument.due_date, Instrument.due_kind)
        .join(Instrument, Instrument.id == LotMeter.instrument_id)
        .where(LotMeter.lot_id == lot.id, _DELIVERED)
        .subquery()
    )
    in_place = own.c.left_on.is_(None) & own.c.state.not_in(tuple(GONE))
    remaining, due = session.execute(select(func.count(), func.min(own.c.due_date)).where(in_place)).one()
    all_of, replaced = session.execute(select(func.count(), func.count(own.c.replaced_by_id))).one()
    return Rotation(int(remaining), due, int(all_of) - int(remaining), int(replaced))


def remaining_csv(session: Session, lot: Lot) -> bytes:
    """What still hangs, with room for the new serial number and the day: what the fitters take along and send back."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["旧表编号", "新表编号", "换表日期", "登记编号", "安装位置", "到期日"])
    statement = (
        select(Instrument)
        .join(LotMeter, LotMeter.instrument_id == Instrument.id)
        .where(LotMeter.lot_id == lot.id, _DELIVERED, LotMeter.left_on.is_(None), Instrument.state.not_in(tuple(GONE)))
        .options(joinedload(Instrument.place))
        .order_by(LotMeter.position)
    )
    for one in session.scalars(statement):
        where = " ".join(filter(None, (one.place.full_name or one.place.name if one.place else "", one.location)))
        due = one.due_date.isoformat() if one.due_date else ""
        writer.writerow([with_guard(one.serial_number), "", "", one.number, with_guard(where), due])
    return ("\ufeff" + out.getvalue()).encode()


# -- asked for


def ask(session: Session, actor: Actor, lot: Lot, data: bytes, file_name: str, *, today: date, now: datetime) -> Task:
    """Queue a table of replacements. Refused without a column of old serial numbers, and for a lot that was never certified."""
    if lot.state != "approved":
        raise Problem("lot_not_in_state", "state", number=lot.number, state=lot.state)
    if actor.user_id is None:
        raise Problem("person_needed")
    rows = [row for one in read_workbook(data, file_name).sheets[:1] for row in one.rows]
    if not rows:
        raise Problem("file_empty", "replacements")
    lines = list(_lines(rows, today))
    if not lines:
        raise Problem("file_empty", "replacements")
    if len(lines) > MOST:
        raise Problem("lot_too_large", "replacements", limit=MOST)
    arguments = {"lot_id": lot.id, "user_id": actor.user_id, "ip": actor.ip or "", "lines": lines}
    task = tasks.enqueue(session, actor, TASK, arguments, now=now, total=len(lines))
    changes: dict[str, list[Any]] = {"replacements": [None, len(lines)]}
    record(session, actor, "lot.replacements_sent", lot, at=now, changes=changes, reason=file_name[:200])
    session.flush()
    return task


def _lines(rows: Sequence[Row], today: date) -> Iterator[list[Any]]:
    """[row, old, new, day or what stands there] of each line that names an old meter."""
    places: dict[str, int] = {}
    for place, cell in enumerate(rows[0].cells):
        text = folded(_text(cell))
        for name, known in (("old", _OLD), ("new", _NEW), ("day", _DAY)):
            if text in {folded(one) for one in known}:
                places.setdefault(name, place)
    if "old" not in places or "new" not in places:
        raise Problem("lot_no_replacement_columns", "replacements")
    for row in rows[1:]:
        old, new = _text(row.cell(places["old"])), _text(row.cell(places["new"]))
        day = row.cell(places["day"]) if "day" in places else None
        if old and (new or day is not None):  # a line of the template that nobody filled in says nothing
            yield [row.number, old[:200], new[:200], _day(day, today)]


def _day(cell: Cell, today: date) -> str:
    if cell is None or _text(cell) == "":
        return today.isoformat()
    return cell.isoformat() if isinstance(cell, date) else _text(cell)[:40]


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell).strip()


# -- done in the background


def run(
    session: Session,
    arguments: dict[str, Any],
    *,
    today: date,
    now: Callable[[], datetime],
    step: Callable[..., None],
) -> dict[str, Any]:
    """Take the old meters out, one line after the other; each bad line is told. What was done before a restart counts as done."""
    lot_id, lines = int(arguments["lot_id"]), arguments["lines"]
    done, bad = 0, []
    for place, (row, old, new, day) in enumerate(lines, 1):
        try:
            lot = session.get_one(Lot, lot_id)
            with session.begin_nested():
                _replace(session, _person(session, arguments), lot, old, new, day, today=today, now=now())
            done += 1
        except Problem as problem:
            bad.append([row, old, problem.code, problem.params])
        if place % _EVERY == 0 or place == len(lines):
            step(place, len(lines), old)
            session.expire_all()
    return {"step": "rotate", "done": done, "refused": len(bad), "lines": bad[:_LISTED]}


def _person(session: Session, arguments: dict[str, Any]) -> Actor:
    user = session.get(User, int(arguments["user_id"]))
    if user is None or not user.active:
        raise Problem("person_needed")
    actor = signing_in.actor_of(user, arguments["ip"] or None)
    if not may(actor, "lot.rotate"):
        raise Problem("outside_scope")
    return actor


def _replace(
    session: Session, actor: Actor, lot: Lot, old: str, new: str, day_text: str, *, today: date, now: datetime
) -> None:
    """One meter out, and the other in its place. Everything is looked at before anything is written."""
    meter = _meter(session, lot, old)
    day = _meant(lot, day_text, today)
    successor = _successor(session, lot, meter, new) if new else None
    if meter.left_on is not None:
        if meter.left_on == day and meter.replaced_by_id == (successor.id if successor else None):
            return  # done before a restart, or sent twice
        raise Problem("meter_left_before", None, serial=old, on=meter.left_on)
    if successor is not None and (other := _taken(session, successor)):
        raise Problem("new_meter_taken", None, serial=new, other=other)
    one = meter.instrument
    if one.state not in GONE:
        if "request" not in causes(cast("State", one.state), "retired"):
            raise Problem("move_not_allowed", None, **{"from": one.state, "to": "retired", "cause": "request"})
        reason = f"{lot.number} 到期轮换" + (f" → {new}" if new else "")
        moving.move_instrument(session, actor, one, "retired", cause="request", reason=reason, today=today, now=now)
    if successor is not None:
        _take_place(session, actor, one, successor, day, now)
    meter.left_on, meter.replaced_by_id = day, successor.id if successor else None
    changes: dict[str, list[Any]] = {
        "left_on": [None, day.isoformat()], "replaced_by": [None, successor.number if successor else ""],
    }  # fmt: skip
    record(session, actor, "lot.meter_replaced", lot, at=now, instrument=one, changes=changes)
    session.flush()


def _meter(session: Session, lot: Lot, serial: str) -> LotMeter:
    found = session.scalar(
        select(LotMeter)
        .join(Instrument, Instrument.id == LotMeter.instrument_id)
        .where(LotMeter.lot_id == lot.id, Instrument.serial_key == key_of(serial))
        .options(joinedload(LotMeter.instrument))
        .limit(1)
    )
    if found is None:
        raise Problem("meter_not_in_lot", None, serial=serial)
    return found


def _meant(lot: Lot, text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text.replace("/", "-").replace(".", "-"))
    except ValueError as error:
        raise Problem("bad_day", None, value=text) from error
    if day > today or (lot.verified_on is not None and day < lot.verified_on):
        raise Problem("replaced_on_wrong_day", None, on=day)
    return day


def _successor(session: Session, lot: Lot, meter: LotMeter, serial: str) -> Instrument:
    rows = session.scalars(
        select(Instrument)
        .where(Instrument.serial_key == key_of(serial), Instrument.holder_id == lot.holder_id)
        .where(Instrument.type_code == lot.type_code, Instrument.id != meter.instrument_id)
        .limit(2)
    ).all()
    if len(rows) != 1:
        raise Problem("new_meter_unknown" if not rows else "new_meter_ambiguous", None, serial=serial)
    if rows[0].state in GONE:
        raise Problem("new_meter_gone", None, serial=serial)
    return rows[0]


def _taken(session: Session, successor: Instrument) -> str | None:
    return session.scalar(
        select(Instrument.serial_number)
        .join(LotMeter, LotMeter.instrument_id == Instrument.id)
        .where(LotMeter.replaced_by_id == successor.id)
        .limit(1)
    )


def _take_place(session: Session, actor: Actor, old: Instrument, new: Instrument, day: date, now: datetime) -> None:
    """The new meter hangs where the old one hung, from that day on."""
    new.place_id, new.location, new.district_code = old.place_id, old.location, old.district_code
    new.installed_on, new.updated_at = day, now
    if changes := changes_of(new):
        record(session, actor, "instrument.changed", new, at=now, changes=changes, reason=f"← {old.serial_number}")
    session.flush()
    searching.index(session, new)
