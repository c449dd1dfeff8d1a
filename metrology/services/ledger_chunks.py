"""Goes through a ledger in chunks: each line is read, checked, and compared with the rest of the file and the registry.

A check and an import go the same way and differ in the last step alone, so a check foretells what the import will do.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Generic, TypeVar

from metrology import regulations
from metrology.domain.problems import Problem
from metrology.domain.regulation import InstrumentType
from metrology.services import cleaning
from metrology.services.contacting import ContactFacts
from metrology.services.holding import HolderFacts
from metrology.services.instrument_facts import InstrumentFacts, check, check_serial
from metrology.services.ledger_cells import label_at, label_columns
from metrology.services.ledger_duplicates import Duplicates
from metrology.services.ledger_headings import SheetLayout
from metrology.services.ledger_lines import LedgerLine, lines
from metrology.services.ledger_rows import LineReader, column_at_fault
from metrology.services.ledger_source import LedgerSource
from metrology.services.placing import PlaceFacts
from metrology.services.registering import Registrar, Row

CHUNK = 2000
"""Lines of one transaction. On SQLite others wait for so many when they want to write: less than a second."""
_KEPT = 5000
T = TypeVar("T")
K = TypeVar("K")


@dataclass(slots=True)
class Settled(Generic[T]):
    """What became of a line: the answer of the last step, or the problem that refuses it."""

    sheet: int
    line: LedgerLine
    label: str
    row: Row | None = None
    contact: ContactFacts | None = None
    answer: T | None = None
    problem: Problem | None = None
    column: str = ""

    def refuse(self, problem: Problem, layout: SheetLayout) -> None:
        """The line does not go in."""
        self.problem, self.row, self.column = problem, None, column_at_fault(problem, layout)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a line says beside its serial number and address: its holder as said and as checked, its type, its checked facts."""

    said_holder: HolderFacts | None
    holder: HolderFacts | None
    kind: InstrumentType
    facts: dict[str, Any]


@dataclass
class LedgerReading:
    """How a file is read: its sheets, their layouts, and what holds for all lines."""

    source: LedgerSource
    layouts: Sequence[SheetLayout]
    districts: tuple[str, ...] = ()
    default_holder: HolderFacts | None = None
    default_type: str = ""
    _readers: list[LineReader] = field(init=False)
    _labels: list[tuple[int, ...]] = field(init=False)
    _holders: dict[HolderFacts, HolderFacts] = field(init=False, default_factory=dict)
    _places: dict[PlaceFacts, PlaceFacts] = field(init=False, default_factory=dict)
    _known: dict[tuple[int, date, tuple[str, ...] | None], _Known] = field(init=False, default_factory=dict)
    """Sheet, day, and what lines say beside serial number and address → what was read of it and found right."""

    def __post_init__(self) -> None:
        self._readers = [
            LineReader(layout, self.districts, self.default_holder, self.default_type) for layout in self.layouts
        ]
        self._labels = [label_columns(layout) for layout in self.layouts]

    def chunks(self, done: Mapping[int, int] | None = None) -> Iterator[list[tuple[int, LedgerLine]]]:
        """Lines by the chunk, each with its sheet, after those done: the last row of each sheet."""
        done = done or {}
        chunk: list[tuple[int, LedgerLine]] = []
        for sheet, layout in enumerate(self.layouts):
            after = done.get(sheet, 0)
            for line in lines(self.source.rows(sheet), layout, self.source.sheets[sheet].merged):
                if line.row > after:
                    chunk.append((sheet, line))
                if len(chunk) == CHUNK:
                    yield chunk
                    chunk = []
        if chunk:
            yield chunk

    @regulations.held()
    def settle(
        self,
        chunk: Sequence[tuple[int, LedgerLine]],
        registrar: Registrar,
        duplicates: Duplicates,
        step: Callable[[Row], T],
    ) -> list[Settled[T]]:
        """Read and check each line of a chunk, and take the last step with each that is good."""
        found: list[Settled[T]] = [self._read(sheet, line, registrar) for sheet, line in chunk]
        rows = [one.row for one in found if one.row is not None]
        registrar.prefetch(rows)
        duplicates.prefetch(rows)
        for one in found:
            if one.row is None:
                continue
            try:
                one.row = duplicates.settle(one.row)
                one.answer = step(one.row)
            except Problem as problem:
                one.refuse(problem, self.layouts[one.sheet])
            else:
                duplicates.note(one.row, one.line.row)
        return found

    def _read(self, sheet: int, line: LedgerLine, registrar: Registrar) -> Settled[T]:
        layout = self.layouts[sheet]
        one: Settled[T] = Settled(sheet, line, label_at(line, self._labels[sheet]))
        try:
            one.contact = self._readers[sheet].contact(line)
            one.row = self._row(sheet, line, registrar)
        except Problem as problem:
            one.refuse(problem, layout)
        return one

    def _row(self, sheet: int, line: LedgerLine, registrar: Registrar) -> Row:
        """A line as it is stored. One that differs from another in its serial number and address alone is read by these."""
        reader = self._readers[sheet]
        alike = reader.alike(line)
        key = (sheet, registrar.today, alike)
        known = None if alike is None else self._known.get(key)
        if known is not None:
            return self._again(reader, line, known, registrar)
        said = reader.read(line)
        instrument = check(said.instrument, today=registrar.today)
        row = Row(instrument=instrument, holder=self._holder(said, registrar), place=self._place(said.place, registrar))
        if alike is not None:
            facts = {one.name: getattr(instrument, one.name) for one in fields(InstrumentFacts)}
            _keep(self._known, key, _Known(said.holder, row.holder, reader.type_of(line), facts))
        return row

    def _again(self, reader: LineReader, line: LedgerLine, known: _Known, registrar: Registrar) -> Row:
        serial = check_serial(reader.serial_number(line))
        place, location = reader.place(line, known.said_holder, known.kind)
        facts = {**known.facts, "serial_number": serial, "location": cleaning.words("location", location)}
        return Row(instrument=InstrumentFacts(**facts), holder=known.holder, place=self._place(place, registrar))

    def _holder(self, said: Row, registrar: Registrar) -> HolderFacts | None:
        """A holder that many lines name alike is checked once; so is a place."""
        if said.holder is None:
            return None
        if said.holder not in self._holders:
            _keep(self._holders, said.holder, registrar.check_holder(said.holder))
        return self._holders[said.holder]

    def _place(self, said: PlaceFacts | None, registrar: Registrar) -> PlaceFacts | None:
        if said is None:
            return None
        if said not in self._places:
            _keep(self._places, said, registrar.check_place(said))
        return self._places[said]


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """For the time of a chunk nobody looks for circles of garbage: over and over it would walk all the process holds."""
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()


def _keep(known: dict[K, T], said: K, checked: T) -> None:
    if len(known) >= _KEPT:
        known.clear()
    known[said] = checked
