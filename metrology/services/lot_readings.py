"""The readings of a lot: a row for each meter, as a test bench writes them; each meter is judged by its own and no other.

The columns follow from the sheet of the type's regulation: nothing here knows an instrument type. Bad rows are told one by
one and the good ones kept. A meter without readings has no verdict.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from metrology.documents.formula_guard import with_guard
from metrology.documents.spreadsheet_in import read_workbook
from metrology.documents.workbook import Cell
from metrology.domain.authority import Actor
from metrology.domain.conditions import TABLE as ENVIRONMENT
from metrology.domain.problems import Problem
from metrology.domain.reading_sheet import ReadingField, ReadingSheet, folded
from metrology.domain.regulation import Edition
from metrology.domain.verdict import Verdict
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.lots import Lot, LotMeter
from metrology.services import judging, law
from metrology.services.cleaning import key_of
from metrology.services.lots import hold
from metrology.services.record_readings import arranged, legible, settled

SERIAL: Final = ("出厂编号", "表号", "编号", "serial number", "serial", "number")
_YES: Final = frozenset({"合格", "符合", "是", "正常", "良好", "√", "y", "yes", "ok", "pass", "true", "1", "conforms"})
_NO: Final = frozenset({"不合格", "不符合", "否", "异常", "×", "x", "n", "no", "fail", "false", "0", "rejected"})
_MOST_BAD: Final = 500


@dataclass(frozen=True, slots=True)
class ReadingColumn:
    """A column of the bench's table and where its value goes on the sheet."""

    key: str
    labels: Mapping[str, str]
    field: ReadingField
    table: str
    layout: str
    row: int | None = None

    def heading(self, language: str = "zh") -> str:
        """As the template has it."""
        unit = f"({self.field.unit})" if self.field.unit else ""
        return f"{self.labels.get(language) or self.labels['en']}{unit}"


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken, or taken without giving a verdict: its number in the file and what is wrong."""

    row: int
    serial: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a table of readings."""

    taken: int
    conforming: int
    rejected: int
    bad: tuple[BadRow, ...]
    bad_count: int
    ignored: tuple[str, ...]
    """Headings that nothing is known of."""


class LotSheet:
    """The sheet of a lot: its columns, and the judgement of a row."""

    def __init__(self, session: Session, lot: Lot, today: date) -> None:
        one = law.type_of(session, lot.type_code)
        plate, wrong = judging.normalised(one, lot.nameplate)
        if wrong:
            raise next(iter(wrong.values()))
        self.edition: Edition = one.edition_on(lot.verified_on or today)
        self.plate, self.kind = plate, lot.kind
        self.common: Mapping[str, Any] = lot.readings
        self.sheet: ReadingSheet = self.edition.reading_sheet(plate, lot.kind)
        self.columns = tuple(_columns(self.sheet))

    def merged(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The readings of a meter with what was read once for all."""
        items = {**(self.common.get("items") or {}), **(own.get("items") or {})}
        return {**own, "items": items, ENVIRONMENT: self.common.get(ENVIRONMENT) or {}}

    def judge(self, own: Mapping[str, Any]) -> Verdict:
        """The verdict on a meter's own readings, by the edition of the lot's day."""
        return self.edition.judge(self.plate, self.kind, settled(self.sheet, arranged(self.sheet, self.merged(own))))

    def outcome(self, own: Mapping[str, Any]) -> tuple[str | None, Problem | None]:
        """The word of the verdict, or what keeps it from one."""
        if not has_readings(own):
            return None, None
        verdict = self.judge(own)
        if verdict.verdict is not None:
            return verdict.verdict, None
        lacks = verdict.missing
        named = {
            language: ", ".join(dict.fromkeys(one.labels.get(language, one.path) for one in lacks[:3]))
            for language in ("zh", "en")
        }
        first = ", ".join(one.path for one in lacks[:3])
        return None, Problem("lot_row_incomplete", None, count=len(lacks), first=first, **named)


def has_readings(own: Mapping[str, Any]) -> bool:
    """Whether a meter has a reading of its own: what holds for the whole lot is none, nor is a look at its outside."""
    return any(key not in ("items", ENVIRONMENT) and value for key, value in own.items())


def _columns(sheet: ReadingSheet) -> Iterator[ReadingColumn]:
    for table in sheet.tables:
        if not table.in_form or table.key == ENVIRONMENT:
            continue
        if table.layout == "rows":
            for place, row in enumerate(table.rows):
                for one in table.fields:
                    if one.key not in row.fixed:
                        labels = {
                            code: f"{row.labels.get(code, '')} {text}".strip() for code, text in one.labels.items()
                        }
                        yield ReadingColumn(f"{table.key}.{row.point}.{one.key}", labels, one, table.key, "rows", place)
            continue
        for one in table.fields:
            key = f"items.{one.key}" if table.layout == "items" else ".".join(filter(None, (table.key, one.key)))
            yield ReadingColumn(key, one.labels, one, "items" if table.layout == "items" else table.key, table.layout)


# -- the template, and what comes back


def template(session: Session, lot: Lot, *, today: date) -> bytes:
    """A CSV file with the headings and a line for each meter of the lot."""
    sheet = LotSheet(session, lot, today)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([SERIAL[0], *(column.heading() for column in sheet.columns)])
    statement = select(Instrument.serial_number).join(LotMeter, LotMeter.instrument_id == Instrument.id)
    for serial in session.scalars(statement.where(LotMeter.lot_id == lot.id).order_by(LotMeter.position)):
        writer.writerow([with_guard(serial)])
    return ("\ufeff" + out.getvalue()).encode()


def load(
    session: Session, actor: Actor, lot: Lot, data: bytes, file_name: str, *, today: date, now: datetime
) -> Loaded:
    """Take readings from a file, or from text pasted out of a spreadsheet. A meter that comes again takes the later readings."""
    hold(session, lot, "draft")
    if lot.verified_on is None or not lot.verifier_id:
        raise Problem("lot_common_first", "readings")
    if actor.user_id != lot.verifier_id:
        raise Problem("not_your_lot", "readings", number=lot.number)
    sheet = LotSheet(session, lot, today)
    rows = [row for one in read_workbook(data, file_name).sheets[:1] for row in one.rows]
    if not rows:
        raise Problem("file_empty", "readings")
    serial_at, places, ignored = _headings(rows[0].cells, sheet.columns)
    known = _meters(session, lot)
    bad: list[BadRow] = []
    changed: dict[int, dict[str, Any]] = {}
    for row in rows[1:]:
        serial = _text(row.cell(serial_at))
        if not serial:
            continue
        meter_id = known.get(key_of(serial))
        if meter_id is None:
            bad.append(BadRow(row.number, serial, Problem("meter_not_in_lot", None, serial=serial)))
            continue
        try:
            own = _own(sheet.columns, [(column, row.cell(place)) for place, column in places.items()])
        except Problem as problem:
            bad.append(BadRow(row.number, serial, problem))
            continue
        if not has_readings(own):
            continue  # a line of the template that nobody filled in
        word, lack = sheet.outcome(own)
        if lack is not None:
            bad.append(BadRow(row.number, serial, lack))
        changed[meter_id] = _values(meter_id, own, word, lack)
    _write(session, list(changed.values()))
    words = [one["verdict"] for one in changed.values()]
    counts = {"readings": [None, len(changed)], "rejected": [None, words.count("rejected")]}
    lot.updated_at = now
    record(session, actor, "lot.readings_loaded", lot, at=now, changes=counts, reason=file_name[:200])
    session.flush()
    return Loaded(
        len(changed), words.count("conforms"), words.count("rejected"), tuple(bad[:_MOST_BAD]), len(bad), tuple(ignored)
    )


def judge_again(session: Session, lot: Lot, *, today: date) -> None:
    """Find every verdict anew, after the conditions changed."""
    sheet = LotSheet(session, lot, today)
    rows = session.execute(select(LotMeter.id, LotMeter.readings).where(LotMeter.lot_id == lot.id))
    values = [_values(key, own, *sheet.outcome(own)) for key, own in rows if own]
    _write(session, values)


def _values(key: int, own: Mapping[str, Any], word: str | None, problem: Problem | None) -> dict[str, Any]:
    code, params = (problem.code, problem.params) if problem else ("", {})
    return {"id": key, "readings": dict(own), "verdict": word, "problem": code, "params": params}


def _write(session: Session, values: Sequence[dict[str, Any]]) -> None:
    if values:
        session.execute(update(LotMeter), list(values))
    session.expire_all()


def _meters(session: Session, lot: Lot) -> dict[str, int]:
    statement = select(Instrument.serial_key, LotMeter.id).join(LotMeter, LotMeter.instrument_id == Instrument.id)
    return {row[0]: row[1] for row in session.execute(statement.where(LotMeter.lot_id == lot.id))}


def _headings(
    cells: Sequence[Cell], columns: Sequence[ReadingColumn]
) -> tuple[int, dict[int, ReadingColumn], list[str]]:
    names: dict[str, ReadingColumn] = {}
    for column in columns:
        for text in (column.key, column.heading("zh"), column.heading("en"), *column.labels.values()):
            names.setdefault(folded(text), column)
    serials = {folded(text) for text in SERIAL}
    places: dict[int, ReadingColumn] = {}
    serial_at, ignored = None, []
    for place, cell in enumerate(cells):
        text = folded(_text(cell))
        if serial_at is None and text in serials:
            serial_at = place
        elif text in names:
            places[place] = names[text]
        elif text:
            ignored.append(_text(cell))
    if serial_at is None:
        raise Problem("lot_no_serial_column", "readings")
    if not places:
        raise Problem("lot_no_reading_column", "readings")
    return serial_at, places, ignored


def _own(columns: Sequence[ReadingColumn], cells: Sequence[tuple[ReadingColumn, Cell]]) -> dict[str, Any]:
    """The readings of a meter as the sheet has them; Problem for an answer that is neither yes nor no."""
    own: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for column in columns:
        if column.row is not None:
            counts[column.table] = max(counts.get(column.table, 0), column.row + 1)
    for column, cell in cells:
        text = _text(cell)
        if not text:
            continue
        if column.layout == "rows":
            rows = own.setdefault(column.table, [{} for _row in range(counts[column.table])])
            rows[column.row or 0][column.field.key] = text
        elif column.field.kind == "boolean":
            own.setdefault(column.table, {})[column.field.key] = _answer(column, text)
        elif column.layout == "series":
            own.setdefault(column.table, {})[column.field.key] = text.replace(";", " ").replace("；", " ").split()
        elif column.table:
            own.setdefault(column.table, {})[column.field.key] = text
        else:
            own[column.field.key] = text
    return legible(own)


def _answer(column: ReadingColumn, text: str) -> bool:
    word = text.casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise Problem("lot_answer_unclear", None, heading=column.heading(), value=text[:40])


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell).strip()
