"""What the pages of comparisons ask: the comparisons, their rows by finding, and the sheet of them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from metrology import regulations
from metrology.documents.workbook import Cell
from metrology.domain.authority import Actor
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import User
from metrology.persistence.reconciliations import FINDINGS, Reconciliation, ReconciliationRow
from metrology.services.ledger_batches import visible
from metrology.services.ledger_cells import unpacked
from metrology.services.ledger_headings import SheetLayout

PAGE = 50
_LISTED = 25


@dataclass(frozen=True)
class ReconciliationLine:
    """A comparison in the list, and who asked for it."""

    one: Reconciliation
    asked_by: str


@dataclass(frozen=True)
class FoundRow:
    """A row with the instrument of ours that it means or may mean, its holder, and who decided it."""

    row: ReconciliationRow
    number: str | None
    type_zh: str
    type_en: str
    holder: str
    decided_by: str


def listing(session: Session, actor: Actor, *, after: int | None = None) -> tuple[list[ReconciliationLine], int | None]:
    """Comparisons, the latest first, and the key after which the next ones stand."""
    statement = visible(
        select(Reconciliation, User.name).join(User, User.id == Reconciliation.created_by_id, isouter=True),
        actor,
        Reconciliation,
    )
    if after is not None:
        statement = statement.where(Reconciliation.id < after)
    rows = session.execute(statement.order_by(Reconciliation.id.desc()).limit(_LISTED + 1)).all()
    found = [ReconciliationLine(one, name or "") for one, name in rows]
    return found[:_LISTED], found[_LISTED - 1].one.id if len(found) > _LISTED else None


def rows(
    session: Session, one: Reconciliation, finding: str, *, after: int | None = None, undecided: bool = False
) -> tuple[list[FoundRow], int | None]:
    """Rows of a finding in the order of their file, and the key after which the next ones stand."""
    decider = aliased(User)
    statement = (
        select(ReconciliationRow, Instrument.number, Holder.name, decider.name)
        .join(Instrument, Instrument.id == ReconciliationRow.instrument_id, isouter=True)
        .join(Holder, Holder.id == ReconciliationRow.holder_id, isouter=True)
        .join(decider, decider.id == ReconciliationRow.decided_by_id, isouter=True)
        .where(ReconciliationRow.reconciliation_id == one.id, ReconciliationRow.finding == finding)
    )
    if undecided:
        statement = statement.where(ReconciliationRow.decision.is_(None))
    if after is not None:
        statement = statement.where(ReconciliationRow.id > after)
    found = [_found(*row) for row in session.execute(statement.order_by(ReconciliationRow.id).limit(PAGE + 1))]
    return found[:PAGE], found[PAGE - 1].row.id if len(found) > PAGE else None


def _found(row: ReconciliationRow, number: str | None, holder: str | None, decider: str | None) -> FoundRow:
    kind = regulations.all_types().get(row.type_code)
    names = kind.names if kind else {"zh": "", "en": ""}
    return FoundRow(row, number, names["zh"], names["en"], holder or "", decider or "")


def undecided(session: Session, one: Reconciliation) -> dict[str, int]:
    """How many rows of each finding nobody has decided."""
    statement = select(ReconciliationRow.finding, func.count()).where(
        ReconciliationRow.reconciliation_id == one.id, ReconciliationRow.decision.is_(None)
    )
    counted = {row.finding: row[1] for row in session.execute(statement.group_by(ReconciliationRow.finding))}
    return {finding: counted.get(finding, 0) for finding in FINDINGS}


# -- as a sheet


def sheet_rows(
    session: Session, one: Reconciliation, *, finding: str | None, words: Callable[[FoundRow, str, str | None], str]
) -> Iterator[list[Cell]]:
    """Rows of the sheet: one for each difference, one for each row without. ``words`` says fields and values."""
    findings = [finding] if finding else [found for found in FINDINGS if found != "same"]
    for name in findings:
        after: int | None = None
        while True:
            page, after = rows(session, one, name, after=after)
            for found in page:
                yield from _cells(found, words)
            if after is None:
                break


def _cells(found: FoundRow, words: Callable[[FoundRow, str, str | None], str]) -> Iterator[list[Cell]]:
    row = found.row
    head: list[Cell] = [
        words(found, "finding", row.finding), Decimal(row.row) if row.row is not None else None, row.label, found.type_zh,
        found.holder, found.number,
    ]  # fmt: skip
    tail: list[Cell] = [words(found, "decision", row.decision), row.note]
    if not row.differences:
        yield [*head, None, None, None, words(found, "reason", row.code), *tail]
    for name, ours, theirs, can_take in row.differences:
        remark = "" if can_take else words(found, "certificate", None)
        yield [*head, words(found, "field", name), words(found, name, ours), words(found, name, theirs), remark, *tail]


def cells_in_words(one: Reconciliation, row: ReconciliationRow) -> list[tuple[str, str]]:
    """The cells of a row of theirs under their headings, as they were written; blanks left out."""
    if row.sheet < 0 or not row.cells:
        return []
    layout = SheetLayout.from_dict(one.layouts[row.sheet])
    found = []
    for column in layout.columns:
        cell = unpacked(row.cells[column.index]) if column.index < len(row.cells) else None
        if cell not in (None, ""):
            found.append((column.heading, str(cell)))
    return found
