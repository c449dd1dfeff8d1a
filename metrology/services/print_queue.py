"""What waits to be printed, for whom, and what was printed, how often, by whom.

An issued certificate waits with its 合格 mark for the body and the verifier who made the record. Printed means that a person
said so: a file that was opened is not yet paper. Printing again needs a reason, for two originals are one too many.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, cast

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from metrology.documents.label_layout import LabelSheet
from metrology.documents.label_pdf import label_sheet_pdf
from metrology.documents.merging import merged
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.printing import PrintItem
from metrology.persistence.scope import within
from metrology.persistence.verifications import Verification
from metrology.services import cleaning, label_printing, paper
from metrology.services.paper import Press

MOST: Final = 500
"""Papers of one file."""
MOST_COPIES: Final = 20


def add_issued(session: Session, verification: Verification, certificate: Certificate, *, now: datetime) -> None:
    """Let a certificate that was just issued wait to be printed, a certificate of conformity with its mark."""
    kinds = ("certificate", "mark") if certificate.kind == "verification_certificate" else ("certificate",)
    session.add_all(
        PrintItem(
            kind=kind, instrument_id=certificate.instrument_id, certificate_id=certificate.id,
            institute_id=verification.institute_id, for_user_id=verification.verifier_id, state="waiting", reason="",
            asked_at=now,
        )
        for kind in kinds
    )  # fmt: skip
    session.flush()


def ask_label(session: Session, actor: Actor, instrument: Instrument, *, now: datetime) -> PrintItem:
    """Let the label of an instrument wait to be printed; once, however often it is asked for."""
    waiting = session.scalar(
        select(PrintItem).where(
            PrintItem.instrument_id == instrument.id, PrintItem.kind == "label", PrintItem.state == "waiting"
        )
    )
    if waiting is not None:
        return waiting
    item = PrintItem(
        kind="label", instrument_id=instrument.id, institute_id=actor.institute_id, for_user_id=actor.user_id,
        state="waiting", reason="", asked_at=now,
    )  # fmt: skip
    session.add(item)
    record(session, actor, "paper.asked", item, at=now, instrument=instrument, changes={"kind": [None, "label"]})
    session.flush()
    return item


def again(session: Session, actor: Actor, item: PrintItem, reason: str, *, now: datetime) -> PrintItem:
    """Print once more what was printed, with the reason: lost on the way, spoilt in the printer."""
    reason = cleaning.words("reason", reason, 200)
    if not reason:
        raise Problem("reason_needed", "reason")
    if item.state != "printed":
        raise Problem("not_printed_yet", "state")
    same = (
        PrintItem.certificate_id.is_(None)
        if item.certificate_id is None
        else PrintItem.certificate_id == item.certificate_id
    )
    waits = select(PrintItem.id).where(
        PrintItem.kind == item.kind, PrintItem.instrument_id == item.instrument_id, same, PrintItem.state == "waiting"
    )
    if session.scalar(waits) is not None:
        raise Problem("waits_already", "state")
    if item.certificate is not None and item.certificate.standing != "valid":
        raise Problem("not_in_force", "state", number=item.certificate.number)
    new = PrintItem(
        kind=item.kind, instrument_id=item.instrument_id, certificate_id=item.certificate_id,
        institute_id=item.institute_id, for_user_id=actor.user_id, state="waiting", is_again=True, reason=reason,
        asked_at=now,
    )  # fmt: skip
    session.add(new)
    changes = {"kind": [None, item.kind]}
    record(session, actor, "paper.asked", new, at=now, instrument=item.instrument_id, changes=changes, reason=reason)
    session.flush()
    return new


def mark_printed(session: Session, actor: Actor, keys: Sequence[int], *, copies: int, now: datetime) -> int:
    """Say that papers lie printed on the table; tell how many were waiting."""
    if not 1 <= copies <= MOST_COPIES:
        raise Problem("bad_copies", "copies", limit=MOST_COPIES)
    rows = _waiting(session, actor, keys, lock=True)
    for row in rows:
        row.state, row.printed_at, row.printed_by_id, row.copies = "printed", now, actor.user_id, copies
        changes: dict[str, list[Any]] = {"kind": [None, row.kind], "copies": [None, copies]}
        record(session, actor, "paper.printed", row, at=now, instrument=row.instrument_id, changes=changes)
    session.flush()
    return len(rows)


def withdraw(session: Session, actor: Actor, keys: Sequence[int], *, now: datetime) -> int:
    """Take papers off the queue: nobody needs them."""
    rows = _waiting(session, actor, keys, lock=True)
    for row in rows:
        row.state = "withdrawn"
        changes = {"kind": [row.kind, None]}
        record(session, actor, "paper.withdrawn", row, at=now, instrument=row.instrument_id, changes=changes)
    session.flush()
    return len(rows)


def withdraw_ended(session: Session) -> int:
    """Take off what ended before it was printed: nobody shall hang a certificate that no longer stands."""
    ended = select(Certificate.id).where(Certificate.standing != "valid")
    gone = session.execute(
        update(PrintItem)
        .where(PrintItem.state == "waiting", PrintItem.certificate_id.in_(ended))
        .values(state="withdrawn")
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def scoped(statement: Select[Any], actor: Actor) -> Select[Any]:
    """What an actor may print: of its own body (and of none), within its district."""
    if actor.institute_id is not None:
        statement = statement.where(or_(PrintItem.institute_id == actor.institute_id, PrintItem.institute_id.is_(None)))
    if actor.district_code is None:
        return statement
    return statement.where(PrintItem.instrument_id.in_(within(select(Instrument.id), actor)))


def seen(session: Session, actor: Actor, item_id: int) -> PrintItem | None:
    """An item within the actor's scope."""
    found: PrintItem | None = session.scalar(scoped(select(PrintItem).where(PrintItem.id == item_id), actor))
    return found


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many papers of each kind wait for an actor's body."""
    waiting: Any = select(PrintItem.kind, func.count()).where(PrintItem.state == "waiting")
    rows = session.execute(scoped(waiting, actor).group_by(PrintItem.kind))
    return {kind: int(number) for kind, number in rows}


def _waiting(session: Session, actor: Actor, keys: Sequence[int], *, lock: bool = False) -> list[PrintItem]:
    if len(keys) > MOST:
        raise Problem("too_many_selected", limit=MOST)
    statement = select(PrintItem).where(PrintItem.id.in_(keys), PrintItem.state == "waiting")
    if lock:
        statement = statement.with_for_update()
    rows: Any = session.scalars(scoped(statement, actor).order_by(PrintItem.id))
    return cast("list[PrintItem]", list(rows))


def kinds_of(session: Session, keys: Sequence[int]) -> set[str]:
    """Which kinds of paper these are."""
    return set(session.scalars(select(PrintItem.kind).where(PrintItem.id.in_(keys)).distinct()))


def one_pdf(
    session: Session,
    actor: Actor,
    keys: Sequence[int],
    *,
    press: Press,
    sheet: LabelSheet,
    language: str,
    today: date,
    start: int = 1,
) -> bytes:
    """The papers chosen as one PDF: certificates in their order, or marks and labels on sheets; not both at once."""
    rows = _waiting(session, actor, keys)
    if not rows:
        raise Problem("nothing_to_print")
    kinds = {"certificate" if row.kind == "certificate" else "label" for row in rows}
    if len(kinds) > 1:
        raise Problem("mixed_papers", "kind")
    if kinds == {"certificate"}:
        wanted = next((one for one in paper.LANGUAGES if one == language), None)
        if wanted is None:
            raise Problem("bad_choice", "language")
        standing = [
            row.certificate for row in rows if row.certificate is not None and row.certificate.standing == "valid"
        ]
        if not standing:
            raise Problem("nothing_to_print")
        return merged(paper.pdf(session, one, wanted, press) for one in standing)
    marked = [row.instrument for row in rows if row.certificate is not None]
    # A mark says 合格 today: one asked for before its certificate ended is not printed any more.
    ready = label_printing.marks(session, marked, sheet, press.public_url, today=today)
    marks = {one.number: one for one in ready.labels}
    made = []
    for row in rows:
        if row.certificate is not None:
            made += [marks[row.certificate.number]] if row.certificate.number in marks else []
        else:
            made += label_printing.instrument_labels(session, [row.instrument], press.public_url).labels
    if not made:
        raise Problem("nothing_to_print")
    return label_sheet_pdf(made, sheet=sheet, day=today, start=start, fonts_folder=press.fonts_folder)


OPTIONS: Final = (
    joinedload(PrintItem.instrument).joinedload(Instrument.holder),
    joinedload(PrintItem.certificate),
    joinedload(PrintItem.for_user),
    joinedload(PrintItem.printed_by),
)
