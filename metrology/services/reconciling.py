"""Another system's ledger beside the registry: what both have alike, what differs, what one of them alone has.

The sheet of the national system (e-CQS, 国家强检系统) is the usual one; any ledger that can be imported can be compared, and is
read by the same code. Nothing of the registry changes here: a person decides each difference (``reconciliation_deciding``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, insert, literal, select
from sqlalchemy.orm import Session, undefer

from metrology.domain.authority import Actor
from metrology.domain.instrument import FINAL
from metrology.domain.problems import Problem
from metrology.persistence.columns import Json
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, StoredFile
from metrology.persistence.journal import record
from metrology.persistence.reconciliations import Reconciliation, ReconciliationRow
from metrology.persistence.scope import within
from metrology.services import national_sheet, settings
from metrology.services.ledger_batches import (
    Clock,
    Step,
    actor_for,
    district_names,
    keep_file,
    remembered_layouts,
    visible,
)
from metrology.services.ledger_cells import packed
from metrology.services.ledger_chunks import LedgerReading, Settled
from metrology.services.ledger_duplicates import OTHER_MAKER, Duplicates, SeenKeys
from metrology.services.ledger_outcomes import foreseen
from metrology.services.ledger_source import LedgerSource
from metrology.services.registering import Identity, Registrar, Row
from metrology.services.tasks import enqueue

_DAYS = ("last_verified_on", "due_date")
_LIKELY = 5
Difference = tuple[str, str | None, str | None, bool]
"""Field, ours, theirs, and whether theirs can be taken: what a certificate of ours says is not overruled by a ledger."""


@dataclass(slots=True)
class Finding:
    """What was found of a row of theirs."""

    finding: str
    instrument: Instrument | None = None
    differences: Sequence[Difference] = ()


@dataclass(frozen=True, slots=True)
class _Alike:
    """An instrument of ours with the serial number of a row."""

    id: int
    serial_key: str
    type_code: str
    manufacturer_key: str
    model: str
    part_label: str
    holder_id: int | None


# -- asked for


def start(
    session: Session, actor: Actor, data: bytes, file_name: str, *, now: datetime, compared_with: str = "holders"
) -> Reconciliation:
    """Keep their ledger and queue the comparison. What is no table by its first bytes is refused at once."""
    if compared_with not in ("holders", "all"):
        raise Problem("bad_choice", "compared_with", value=compared_with[:64])
    file, name = keep_file(session, data, file_name)
    one = Reconciliation(
        file_id=file.id,
        file_name=name,
        compared_with=compared_with,
        created_by_id=actor.user_id,
        created_at=now,
    )
    session.add(one)
    session.flush()
    one.task_id = enqueue(session, actor, "reconciliation.compare", {"reconciliation_id": one.id}, now=now).id
    record(session, actor, "reconciliation.started", one, at=now, changes={"file_name": [None, one.file_name]})
    session.flush()
    return one


def find(session: Session, actor: Actor, key: int) -> Reconciliation | None:
    """A comparison within the actor's scope."""
    found: Reconciliation | None = session.scalar(
        visible(select(Reconciliation).where(Reconciliation.id == key), actor, Reconciliation)
    )
    return found


# -- compared


def compare(session: Session, key: int, *, today: date, now: Clock, step: Step) -> dict[str, Any]:
    """Do it. Begun again after a crash it begins anew: nothing was decided yet. A file that cannot be read makes it ``failed``."""
    one = session.get_one(Reconciliation, key)
    if one.state not in ("queued", "running"):
        return {}
    one.state, one.error, one.error_params = "running", "", {}
    session.execute(delete(ReconciliationRow).where(ReconciliationRow.reconciliation_id == key))
    step(0)
    try:
        counts = _compare(session, one, today=today, now=now, step=step)
    except Problem as problem:
        session.rollback()
        one = session.get_one(Reconciliation, key)
        one.state, one.error, one.error_params = "failed", problem.code, dict(problem.params)
        one.finished_at = now()
        return {"problem": problem.code}
    one = session.get_one(Reconciliation, key)
    one.state, one.counts, one.finished_at = "done", counts, now()
    return counts


def _compare(session: Session, one: Reconciliation, *, today: date, now: Clock, step: Step) -> dict[str, Any]:
    file = session.scalars(
        select(StoredFile).where(StoredFile.id == one.file_id).options(undefer(StoredFile.data))
    ).one()
    source = LedgerSource(bytes(file.data), one.file_name)
    session.expire(file, ["data"])
    layouts, _remembered = remembered_layouts(session, source.layouts())
    if not any(layout.is_table for layout in layouts):
        raise Problem("no_table_found")
    one.layouts = [layout.to_dict() for layout in layouts]
    reading = LedgerReading(source, layouts, district_names(session))
    key, actor, rule = one.id, actor_for(session, one), settings.read(session).validity_rule
    seen, counts, done, total = SeenKeys(), Counter[str](), 0, source.size()
    for chunk in reading.chunks():
        registrar = Registrar(session, actor, today=today, now=now())
        duplicates = Duplicates(session, seen)
        settled = reading.settle(chunk, registrar, duplicates, lambda row, r=registrar: _look(r, row, rule))  # type: ignore[misc]
        duplicates.keep()
        values = _values(session, registrar, key, settled)
        counts.update(value["finding"] for value in values)
        session.execute(insert(ReconciliationRow), values)
        done += len(chunk)
        step(min(done, total), total)
    counts["ours_only"] = _add_ours(session, session.get_one(Reconciliation, key), actor)
    return dict(counts)


def _look(registrar: Registrar, row: Row, rule: str) -> Finding:
    known = registrar.find(row.instrument)
    if known is None:
        return Finding("theirs_only")
    differences = differences_of(registrar, known, as_meant(known, row), rule)
    return Finding("different" if differences else "same", known, differences)


def as_meant(known: Instrument, row: Row) -> Row:
    """A checked row of our instrument without what it does not say.

    A ledger that names no place has its holder's name for one: that moves nothing. What our own sheet of results says of the place
    and of the certificate comes back in the national system's, and is no news.
    """
    facts, place, ours = row.instrument, row.place, known.place
    if ours is not None and place is not None and row.holder is not None and place.parent is None:
        place = None if place.name == row.holder.name else place
    location = "" if facts.location == national_sheet.address_of(known) else facts.location
    own = tuple(f"{heading}: " for heading in national_sheet.headings())
    notes = "\n".join(line for line in facts.notes.splitlines() if not line.startswith(own))
    return replace(row, place=place, instrument=replace(facts, location=location, notes=notes))


def differences_of(registrar: Registrar, known: Instrument, row: Row, rule: str) -> list[Difference]:
    """Where a checked row and our instrument differ. What the row leaves blank says nothing."""
    found: list[Difference] = [(*change, True) for change in foreseen(registrar, row, rule)]
    fields = {one[0] for one in found}
    for name in _DAYS:
        ours, theirs = getattr(known, name), getattr(row.instrument, name)
        if theirs is not None and theirs != ours and name not in fields:
            found.append((name, ours.isoformat() if ours else None, theirs.isoformat(), False))
    return found


def _values(
    session: Session, registrar: Registrar, key: int, settled: Sequence[Settled[Finding]]
) -> list[dict[str, Any]]:
    open_rows = [one.row for one in settled if one.row is not None and one.answer and one.answer.instrument is None]
    alike = _alike(session, registrar.actor, [Identity.of(row.instrument).serial_key for row in open_rows])
    return [_value(registrar, key, one, alike) for one in settled]


def _value(registrar: Registrar, key: int, one: Settled[Finding], alike: dict[str, list[_Alike]]) -> dict[str, Any]:
    finding, instrument, reasons = "unreadable", None, []
    holder = registrar.holders.find(one.row.holder) if one.row and one.row.holder else None
    if one.row is not None and one.answer is not None:
        finding, instrument = one.answer.finding, one.answer.instrument
        if finding == "theirs_only":
            reasons = _reasons(one.row, holder, alike)
    problem = one.problem
    if problem is not None and problem.params.get("sentence") == OTHER_MAKER:
        number = problem.params.get("number")
        instrument = registrar.session.scalar(
            within(select(Instrument).where(Instrument.number == number), registrar.actor)
        )
        reasons = [[instrument.id, "manufacturer"]] if instrument else []
    if reasons:
        finding = "doubtful"
    return {
        "reconciliation_id": key,
        "finding": finding,
        "sheet": one.sheet,
        "row": one.line.row,
        "label": one.label,
        "type_code": one.row.instrument.type_code if one.row else (instrument.type_code if instrument else ""),
        "holder_id": holder.id if holder else (instrument.holder_id if instrument else None),
        "instrument_id": reasons[0][0] if reasons else (instrument.id if instrument else None),
        "differences": list(one.answer.differences) if one.answer else [],
        "reasons": reasons,
        "column": one.column[:200],
        "code": problem.code if problem else "",
        "params": dict(problem.params) if problem else {},
        "cells": [packed(cell) for cell in one.line.cells],
        "decision": None,
        "note": "",
        "decided_by_id": None,
        "decided_at": None,
    }


def _alike(session: Session, actor: Actor, serials: Sequence[str]) -> dict[str, list[_Alike]]:
    """Ours with those serial numbers, within the actor's scope, by serial number."""
    if not serials:
        return {}
    columns: tuple[Any, ...] = (
        Instrument.id, Instrument.serial_key, Instrument.type_code, Instrument.manufacturer_key, Instrument.model,
        Instrument.part_label, Instrument.holder_id,
    )  # fmt: skip
    statement = within(select(*columns).where(Instrument.serial_key.in_(sorted(set(serials)))), actor)
    found: dict[str, list[_Alike]] = {}
    for row in session.execute(statement.where(~Instrument.is_assembly).order_by(Instrument.id)):
        found.setdefault(row.serial_key, []).append(_Alike(*row))
    return found


def _reasons(row: Row, holder: Holder | None, alike: dict[str, list[_Alike]]) -> list[list[Any]]:
    """Ours that a row may mean although its identity is another: key and what differs, the likeliest first."""
    identity = Identity.of(row.instrument)
    ranked: list[tuple[int, int, str]] = []
    for one in alike.get(identity.serial_key, ()):
        if one.part_label != identity.part_label:
            continue
        same_holder = holder is not None and one.holder_id == holder.id
        same_maker = one.manufacturer_key == identity.manufacturer_key
        same_model = bool(one.model) and one.model == row.instrument.model
        if one.type_code == identity.type_code and (same_holder or same_model or not identity.manufacturer_key):
            ranked.append((0, one.id, "manufacturer"))
        elif one.type_code != identity.type_code and (same_holder or (same_maker and same_model)):
            ranked.append((1, one.id, "type"))
    return [[key, reason] for _rank, key, reason in sorted(ranked)[:_LIKELY]]


# -- what only we have


def _add_ours(session: Session, one: Reconciliation, actor: Actor) -> int:
    """Ours that no row of theirs means, in one statement: of the types they name; of the holders they name, or of all."""
    theirs = ReconciliationRow.reconciliation_id == one.id
    types = select(ReconciliationRow.type_code).where(theirs, ReconciliationRow.type_code != "").distinct()
    conditions: list[ColumnElement[bool]] = [
        Instrument.type_code.in_(types),
        ~Instrument.is_assembly,
        Instrument.state.not_in(sorted(FINAL)),
        ~exists().where(theirs, ReconciliationRow.instrument_id == Instrument.id).correlate(Instrument),
    ]
    if one.compared_with == "holders":
        holders = select(ReconciliationRow.holder_id).where(theirs, ReconciliationRow.holder_id.is_not(None)).distinct()
        conditions.append(Instrument.holder_id.in_(holders))
    empty_list, empty_facts = literal([], Json), literal({}, Json)
    columns: dict[str, Any] = {
        "reconciliation_id": literal(one.id), "finding": literal("ours_only"), "sheet": literal(-1),
        "label": Instrument.serial_number, "type_code": Instrument.type_code, "holder_id": Instrument.holder_id,
        "instrument_id": Instrument.id, "differences": empty_list, "reasons": empty_list, "column": literal(""),
        "code": literal(""), "params": empty_facts, "cells": empty_list, "note": literal(""),
    }  # fmt: skip
    chosen = within(select(*columns.values()).where(*conditions).order_by(Instrument.id), actor)
    session.execute(insert(ReconciliationRow).from_select(list(columns), chosen))
    found = session.scalar(select(func.count()).where(theirs, ReconciliationRow.finding == "ours_only"))
    return found or 0
