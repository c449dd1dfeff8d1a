"""What a person decides of a difference: theirs is taken, ours stays, or an instrument is registered from their row.

Theirs goes in through the same code as an import: the same checks, the same sentences, the same journal. What has changed here
since the comparison is not overwritten: the row is refused, and a new comparison shows how it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.reconciliations import Reconciliation, ReconciliationRow
from metrology.services import settings
from metrology.services.ledger_batches import district_names
from metrology.services.ledger_cells import unpacked
from metrology.services.ledger_headings import SheetLayout
from metrology.services.ledger_lines import LedgerLine
from metrology.services.ledger_rows import LineReader
from metrology.services.reconciling import as_meant, differences_of
from metrology.services.registering import Registrar, Row

ALLOWED = {
    "different": ("theirs", "ours"),
    "doubtful": ("ours", "made"),
    "theirs_only": ("made", "ours"),
    "ours_only": ("ours",),
    "same": (),
    "unreadable": (),
}
"""Decisions by finding. ``ours`` leaves the registry as it is; with the note that says why."""
_VERBS = {"theirs": "took_theirs", "ours": "kept_ours", "made": "registered"}
MOST = 200


@dataclass
class Decided:
    """How many rows were decided, and the first problem of those that were not."""

    done: int = 0
    refused: list[tuple[ReconciliationRow, Problem]] = field(default_factory=list)


def decide(
    session: Session,
    actor: Actor,
    one: Reconciliation,
    keys: Sequence[int],
    decision: str,
    *,
    note: str,
    today: date,
    now: datetime,
) -> Decided:
    """Decide rows, each by itself: one that cannot be decided leaves the others decided. At most MOST at a time."""
    if one.state != "done":
        raise Problem("reconciliation_unfinished")
    if not keys:
        raise Problem("no_rows_chosen")
    statement = select(ReconciliationRow).where(
        ReconciliationRow.reconciliation_id == one.id, ReconciliationRow.id.in_(list(keys)[:MOST])
    )
    found = Decided()
    for row in session.scalars(statement.order_by(ReconciliationRow.id)).all():
        try:
            with session.begin_nested():
                _decide(session, actor, one, row, decision, note=note.strip(), today=today, now=now)
        except Problem as problem:
            session.refresh(row)
            found.refused.append((row, problem))
        else:
            found.done += 1
    return found


def _decide(
    session: Session,
    actor: Actor,
    one: Reconciliation,
    row: ReconciliationRow,
    decision: str,
    *,
    note: str,
    today: date,
    now: datetime,
) -> None:
    if row.decision is not None:
        raise Problem("reconciliation_decided")
    if decision not in ALLOWED[row.finding]:
        raise Problem("bad_choice", "decision", value=decision[:64])
    if decision in ("theirs", "made"):
        row.instrument_id = _take(session, actor, one, row, today=today, now=now)
    row.decision, row.note, row.decided_by_id, row.decided_at = decision, note, actor.user_id, now
    record(
        session,
        actor,
        f"reconciliation.{_VERBS[decision]}",
        one,
        at=now,
        reason=note,
        instrument=session.get(Instrument, row.instrument_id) if row.instrument_id else None,
        changes={"row": [None, row.row], "label": [None, row.label]},
    )
    session.flush()


def _take(
    session: Session, actor: Actor, one: Reconciliation, row: ReconciliationRow, *, today: date, now: datetime
) -> int:
    registrar = Registrar(session, actor, today=today, now=now)
    said = registrar.check(_read(session, one, row))
    if row.finding == "different":
        said = _as_found(session, registrar, said, row)
        outcome = registrar.save(said)
    else:
        outcome = registrar.register(said)
    registrar.flush()
    return outcome.instrument.id


def _as_found(session: Session, registrar: Registrar, said: Row, row: ReconciliationRow) -> Row:
    """What their row means, if it still differs as it did when it was compared."""
    known = registrar.find(said.instrument)
    if known is None or known.id != row.instrument_id:
        raise Problem("reconciliation_stale")
    said = as_meant(known, said)
    now_found = [list(one) for one in differences_of(registrar, known, said, settings.read(session).validity_rule)]
    if now_found != [list(one) for one in row.differences]:
        raise Problem("reconciliation_stale")
    if not any(one[3] for one in now_found):
        raise Problem("reconciliation_certificate_stands")
    return said


def _read(session: Session, one: Reconciliation, row: ReconciliationRow) -> Row:
    layout = SheetLayout.from_dict(one.layouts[row.sheet])
    line = LedgerLine(row.row or 0, tuple(unpacked(cell) for cell in row.cells))
    return LineReader(layout, district_names(session)).read(line)
