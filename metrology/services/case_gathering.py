"""Finding what a case doubts: every certificate judged with the standard since the day, put under review, its instrument due sooner.

Works in chunks that each commit with their journal entries, and may be cut off and begun again at any point: what has its item
is passed by. Nothing is loaded but the columns needed; a hundred thousand certificates take a few minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from metrology.domain import doubt
from metrology.domain.authority import Actor
from metrology.domain.quantity import Quantity, parse
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import insert_into
from metrology.persistence.equipment import StandardEquipment
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.standard_cases import PPM, ReviewItem, StandardCase
from metrology.persistence.verifications import StandardUse, Verification
from metrology.services.standard_cases import actor_of

CHUNK = 500
UNKNOWN_FIRST, NEVER_LAST = -1, 10**15
"""Ranks of a conforming record whose margin nobody knows, and of a rejection that no error of a standard can turn."""

Step = Callable[..., object]


def gather(session: Session, case: StandardCase, *, now: Callable[[], datetime], step: Step) -> int:
    """Find everything the case doubts; the number of certificates found. ``step(progress, total)`` commits."""
    actor = actor_of(case.opened_by)
    error = parse(case.error) if case.error else None
    standards = _standards(session, case)
    total = sum(_count(session, key) for key, _spans in standards)
    looked_at = 0
    for key, spans in standards:
        for rows in _uses(session, case, key):
            kept = [row for row in rows if any(_within(row.verified_on, span) for span in spans)]
            case.found += _take(session, actor, case, kept, error, now=now())
            looked_at += len(rows)
            step(looked_at, max(total, looked_at), case.number)
    return case.found


Span = tuple[date, date | None]


def _standards(session: Session, case: StandardCase) -> list[tuple[int, list[Span]]]:
    """The standards concerned, with the days on which what is doubted was part of each."""
    if case.standard_id is not None:
        return [(case.standard_id, [(date.min, None)])]
    rows = session.execute(
        select(StandardEquipment.standard_id, StandardEquipment.since, StandardEquipment.until)
        .where(StandardEquipment.equipment_id == case.equipment_id)
        .order_by(StandardEquipment.standard_id, StandardEquipment.since)
    )
    found: dict[int, list[Span]] = {}
    for key, since, until in rows:
        found.setdefault(key, []).append((since, until))
    return list(found.items())


def _within(day: date, span: Span) -> bool:
    return span[0] <= day and (span[1] is None or day <= span[1])


def _count(session: Session, standard_id: int) -> int:
    statement = select(func.count()).select_from(StandardUse).where(StandardUse.standard_id == standard_id)
    return session.scalar(statement) or 0


def _uses(session: Session, case: StandardCase, standard_id: int) -> Iterator[Sequence[Any]]:
    """The certificates of records made with a standard since the day that have no item yet, in chunks, by key."""
    last = 0
    while True:
        rows = session.execute(_statement(case, standard_id, last)).all()
        if not rows:
            return
        last = rows[-1].use_id
        yield rows


def _statement(case: StandardCase, standard_id: int, last: int) -> Any:
    has_item = select(ReviewItem.id).where(ReviewItem.case_id == case.id, ReviewItem.certificate_id == Certificate.id)
    return (
        select(
            StandardUse.id.label("use_id"),
            Verification.id.label("verification_id"),
            Verification.verified_on,
            Verification.verdict,
            Verification.judgement,
            Certificate.id.label("certificate_id"),
            Certificate.standing,
            Instrument.id.label("instrument_id"),
            Instrument.state,
            Instrument.due_date,
            Instrument.due_basis,
            Instrument.due_kind,
        )
        .join(Verification, Verification.id == StandardUse.verification_id)
        .join(Certificate, Certificate.verification_id == Verification.id)
        .join(Instrument, Instrument.id == Certificate.instrument_id)
        .where(
            StandardUse.standard_id == standard_id,
            StandardUse.id > last,
            Verification.verified_on >= case.defective_from,
            ~has_item.exists(),
        )
        .order_by(StandardUse.id)
        .limit(CHUNK)
        .with_for_update(of=Instrument)  # nobody's approval changes a due date or a standing between look and change
    )


def _take(
    session: Session, actor: Actor, case: StandardCase, rows: Sequence[Any], error: Quantity | None, *, now: datetime
) -> int:
    items = {row.certificate_id: _item(case, row, error) for row in rows}
    if not items:
        return 0
    insert = insert_into(session, ReviewItem).on_conflict_do_nothing(index_elements=["case_id", "certificate_id"])
    taken = set(session.scalars(insert.returning(ReviewItem.certificate_id), list(items.values())))
    doubted = [row for row in rows if row.certificate_id in taken and row.standing == "valid"]
    _doubt(session, actor, case, doubted, now=now)
    _make_due(session, actor, case, [row for row in doubted if items[row.certificate_id]["made_due"]], now=now)
    return len(taken)


def _item(case: StandardCase, row: Any, error: Quantity | None) -> dict[str, Any]:
    judgement = {"verdict": row.verdict, **(row.judgement or {})}
    nearness = doubt.near(judgement)
    margin = None if nearness.margin is None else int((nearness.margin * PPM).to_integral_value())
    unknown = NEVER_LAST if row.verdict == "rejected" else UNKNOWN_FIRST
    stands = row.standing == "valid"
    sooner = stands and _becomes_due(case, row)
    return {
        "case_id": case.id,
        "certificate_id": row.certificate_id,
        "instrument_id": row.instrument_id,
        "verification_id": row.verification_id,
        "verdict": row.verdict or "",
        "margin": margin,
        "rank": unknown if margin is None else margin,
        "point": nearness.point[:200],
        "outlook": doubt.outlook(judgement, error),
        "state": "open" if stands else "ended",
        "was_due": row.due_date,
        "made_due": case.reverify_by if sooner else None,
    }


def _becomes_due(case: StandardCase, row: Any) -> bool:
    """What is in use and verified again becomes due; what is replaced at the end of its life, stands still, or was calibrated is not."""
    return (
        row.verdict is not None
        and row.state == "in_use"
        and row.due_kind == "verification"
        and (row.due_date is None or row.due_date > case.reverify_by)
    )


def _doubt(session: Session, actor: Actor, case: StandardCase, rows: Sequence[Any], *, now: datetime) -> None:
    keys = [row.certificate_id for row in rows]
    if not keys:
        return
    session.execute(
        update(Certificate)
        .where(Certificate.id.in_(keys))
        .values(under_review=True)
        .execution_options(synchronize_session=False)
    )
    for row in rows:
        record(
            session, actor, "certificate.doubted", ("certificate", row.certificate_id), at=now,
            instrument=row.instrument_id, changes={"under_review": [False, True]}, reason=case.number,
        )  # fmt: skip


def _make_due(session: Session, actor: Actor, case: StandardCase, rows: Sequence[Any], *, now: datetime) -> None:
    if not rows:
        return
    table: Any = Instrument.__table__
    session.connection().execute(
        update(table)
        .where(table.c.id == bindparam("key"))
        .values(
            due_date=case.reverify_by, due_basis=func.coalesce(table.c.due_basis, "certificate"),
            version=table.c.version + 1, updated_at=now,
        ),
        [{"key": row.instrument_id} for row in rows],
    )  # fmt: skip
    for row in rows:
        before = row.due_date.isoformat() if row.due_date else None
        record(
            session, actor, "instrument.due_sooner", ("instrument", row.instrument_id), at=now,
            instrument=row.instrument_id, changes={"due_date": [before, case.reverify_by.isoformat()]}, reason=case.number,
        )  # fmt: skip
    case.moved += len(rows)


def percent(margin: int | None) -> Decimal | None:
    """A kept margin in % of the limit."""
    return None if margin is None else Decimal(margin) * 100 / PPM
