"""Goes through a ledger in chunks: each line is read, checked, and compared with the rest of the file and the registry.

A check and an import go the same way and differ in the last step alone, so a check foretells what the import will do.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from metrology import regulations
from metrology.domain.problems import Problem
from metrology.services.contacting import ContactFacts
from metrology.services.holding import HolderFacts
from metrology.services.ledger_cells import label_at, label_columns
from metrology.services.ledger_duplicates import Duplicates
from metrology.services.ledger_headings import SheetLayout
from metrology.services.ledger_lines import LedgerLine, lines
from metrology.services.ledger_rows import LineReader, column_at_fault
from metrology.services.ledger_source import LedgerSource
from metrology.services.placing import PlaceFacts
from metrology.services.registering import Registrar, Row, check

CHUNK = 2000
"""Lines of one transaction. On SQLite others wait for so many when they want to write: less than a second."""
_KEPT = 5000
T = TypeVar("T")


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

    def settle(
        self,
        chunk: Sequence[tuple[int, LedgerLine]],
        registrar: Registrar,
        duplicates: Duplicates,
        step: Callable[[Row], T],
    ) -> list[Settled[T]]:
        """Read and check each line of a chunk, and take the last step with each that is good."""
        with regulations.held():
            return self._settle(chunk, registrar, duplicates, step)

    def _settle(
        self,
        chunk: Sequence[tuple[int, LedgerLine]],
        registrar: Registrar,
        duplicates: Duplicates,
        step: Callable[[Row], T],
    ) -> list[Settled[T]]:
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
            one.row = self._checked(self._readers[sheet].read(line), registrar)
        except Problem as problem:
            one.refuse(problem, layout)
        return one

    def _checked(self, row: Row, registrar: Registrar) -> Row:
        """A row as it is stored. A holder or place that many lines name alike is checked once."""
        instrument, holder, place = check(row.instrument, today=registrar.today), None, None
        if row.holder is not None and (holder := self._holders.get(row.holder)) is None:
            holder = registrar.check_holder(row.holder)
            _keep(self._holders, row.holder, holder)
        if row.place is not None and (place := self._places.get(row.place)) is None:
            place = registrar.check_place(row.place)
            _keep(self._places, row.place, place)
        return Row(instrument=instrument, holder=holder, place=place)


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


def _keep(known: dict[T, T], said: T, checked: T) -> None:
    if len(known) >= _KEPT:
        known.clear()
    known[said] = checked
