"""Lots: which meters belong to one, what they have in common, and how far the lot is.

A lot is meters of one type, manufacturer, model and nameplate of one holder. What is read once for all (conditions, standards,
day) stands on the lot; the readings of each meter are its own, see ``lot_readings``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Select, and_, case, func, insert, or_, select
from sqlalchemy.orm import Session, joinedload

from metrology.domain.authority import Actor, sees
from metrology.domain.conditions import TABLE as ENVIRONMENT
from metrology.domain.problems import BadChoice, Problem
from metrology.domain.regulation import KINDS
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.lots import OPEN, Lot, LotMeter
from metrology.persistence.standards import MeasurementStandard
from metrology.services import cleaning, judging, law, numbering
from metrology.services.record_readings import legible

MOST: Final = 5_000
"""Meters of one lot."""
LOT_KINDS: Final = tuple(kind for kind in KINDS if kind != "in_service")
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class LotCounts:
    """How many meters of a lot there are, by what came of them."""

    meters: int
    conforming: int
    rejected: int
    faulty: int
    """With readings that give no verdict."""
    left: int
    """Taken out in the rotation."""
    remaining: int = 0
    """Not taken out, and not rejected in the lot: those that hang somewhere."""

    @property
    def judged(self) -> int:
        """With a verdict."""
        return self.conforming + self.rejected

    @property
    def unread(self) -> int:
        """Without readings."""
        return self.meters - self.judged - self.faulty


def counts_of(session: Session, keys: Sequence[int]) -> dict[int, LotCounts]:
    """The counts of lots."""

    def number(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))

    statement = select(
        LotMeter.lot_id, func.count(), number(LotMeter.verdict == "conforms"), number(LotMeter.verdict == "rejected"),
        number(LotMeter.problem != ""), number(LotMeter.left_on.is_not(None)),
        number(and_(*_which("remaining"))),
    )  # fmt: skip
    found = {key: LotCounts(0, 0, 0, 0, 0) for key in keys}
    for key, *numbers in session.execute(statement.where(LotMeter.lot_id.in_(keys)).group_by(LotMeter.lot_id)):
        found[key] = LotCounts(*map(int, numbers))
    return found


def scoped(statement: Select[Any], actor: Actor) -> Select[Any]:
    """The lots an actor may see: its district's, or its own holder's."""
    if actor.is_holder:
        return statement.where(Lot.holder_id == (actor.holder_id or 0))
    if actor.district_code is None:
        return statement
    return statement.where((Lot.district_code == actor.district_code) | Lot.district_code.is_(None))


def seen(session: Session, actor: Actor, lot_id: int) -> Lot | None:
    """A lot within the actor's scope."""
    found: Lot | None = session.scalar(scoped(select(Lot).where(Lot.id == lot_id), actor))
    return found


def lots_of(session: Session, instrument_id: int) -> list[Lot]:
    """The lots an instrument belongs to, the latest first."""
    statement = select(Lot).join(LotMeter, LotMeter.lot_id == Lot.id).where(LotMeter.instrument_id == instrument_id)
    return list(session.scalars(statement.where(Lot.state != "discarded").order_by(Lot.id.desc()).limit(20)))


def meters(
    session: Session, lot: Lot, *, which: str = "", after: int = 0, limit: int = 50
) -> tuple[list[LotMeter], int | None]:
    """A page of a lot's meters in their order, and the position behind which the next begins."""
    statement = select(LotMeter).where(LotMeter.lot_id == lot.id, LotMeter.position > after, *_which(which))
    statement = statement.options(
        joinedload(LotMeter.instrument), joinedload(LotMeter.verification), joinedload(LotMeter.replaced_by)
    )
    rows = list(session.scalars(statement.order_by(LotMeter.position).limit(limit + 1)))
    return rows[:limit], rows[limit - 1].position if len(rows) > limit else None


def conforming(session: Session, lot: Lot) -> list[Instrument]:
    """The meters of a lot that conformed, in their order."""
    statement = select(Instrument).join(LotMeter, LotMeter.instrument_id == Instrument.id)
    statement = statement.where(LotMeter.lot_id == lot.id, LotMeter.verdict == "conforms")
    return list(session.scalars(statement.order_by(LotMeter.position)))


def by_code(session: Session, code: str) -> Lot | None:
    """The lot whose certificate has this code."""
    return session.scalar(select(Lot).where(Lot.code == code)) if 0 < len(code) <= 24 and "\0" not in code else None


WHICH: Final = ("", "conforms", "rejected", "faulty", "unread", "remaining", "left")


def _which(which: str) -> tuple[Any, ...]:
    return {
        "conforms": (LotMeter.verdict == "conforms",),
        "rejected": (LotMeter.verdict == "rejected",),
        "faulty": (LotMeter.problem != "",),
        "unread": (LotMeter.verdict.is_(None), LotMeter.problem == ""),
        "remaining": (LotMeter.left_on.is_(None), or_(LotMeter.verdict.is_(None), LotMeter.verdict != "rejected")),
        "left": (LotMeter.left_on.is_not(None),),
    }.get(which, ())


# -- made


@dataclass(frozen=True, slots=True, kw_only=True)
class LotAsked:
    """What a lot is made of: every meter of the holder with this lot number, or those of these serial numbers, or both."""

    holder_id: int
    type_code: str
    lot_code: str = ""
    serials: str = ""
    notes: str = ""


def create(session: Session, actor: Actor, asked: LotAsked, *, now: datetime) -> Lot:
    """Make a lot of meters that are in the registry already (a ledger brings them in).

    Refused: none found, more than :data:`MOST`, meters that are not of one kind, one that is in another open lot or cannot be
    verified. Serial numbers that nobody knows are all named.
    """
    holder = session.get(Holder, asked.holder_id)
    if holder is None or not sees(actor, district_code=holder.district_code, holder_id=holder.id):
        raise Problem("unknown_holder", "holder")
    if not law.type_of(session, asked.type_code).has_rules:
        raise Problem("type_has_no_rules", "type_code", type=asked.type_code)
    lot_code = cleaning.code("lot_code", asked.lot_code)
    rows = _chosen(session, holder, asked.type_code, lot_code, asked.serials)
    first = _alike(rows)
    _free(session, rows)
    if refusal := next((found for one in rows if (found := judging.instrument_refusal(session, one))), None):
        raise refusal
    lot = Lot(
        number=numbering.next_number(session, "lot"), holder_id=holder.id, district_code=holder.district_code,
        type_code=asked.type_code, lot_code=lot_code, model=first.model, manufacturer=first.manufacturer,
        nameplate=judging.nameplate_of(first), state="draft", kind="initial", place_text="", readings={},
        standard_ids=[], notes=cleaning.paragraph("notes", asked.notes), return_reason="", payload={},
        created_by_id=actor.user_id, created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(lot)
    session.flush()
    usual = {"lot_id": lot.id, "readings": {}, "verdict": None, "problem": "", "params": {}}
    session.execute(
        insert(LotMeter),
        [{**usual, "instrument_id": one.id, "position": place} for place, one in enumerate(rows, 1)],
    )
    changes: dict[str, list[Any]] = {"meters": [None, len(rows)], "lot_code": [None, lot_code]}
    record(session, actor, "lot.created", lot, at=now, changes=changes)
    session.flush()
    return lot


def _chosen(session: Session, holder: Holder, type_code: str, lot_code: str, serials: str) -> list[Instrument]:
    own = select(Instrument).where(Instrument.holder_id == holder.id, Instrument.type_code == type_code)
    found: dict[int, Instrument] = {}
    if lot_code:
        rows = session.scalars(own.where(Instrument.lot_code == lot_code).order_by(Instrument.id).limit(MOST + 1))
        found = {one.id: one for one in rows}
    wanted = {cleaning.key_of(line): line.strip() for line in serials.replace(",", "\n").splitlines() if line.strip()}
    keys = list(wanted)
    for start in range(0, len(keys), _AT_ONCE):
        for one in session.scalars(own.where(Instrument.serial_key.in_(keys[start : start + _AT_ONCE]))):
            found[one.id] = one
            wanted.pop(one.serial_key, None)
    if wanted:
        some = list(wanted.values())
        raise Problem("lot_serials_unknown", "serials", count=len(some), serials="、".join(some[:20]))
    if not found:
        raise Problem("lot_empty", "lot_code")
    if len(found) > MOST:
        raise Problem("lot_too_large", "lot_code", limit=MOST)
    return sorted(found.values(), key=lambda one: (len(one.serial_key), one.serial_key))


def _alike(rows: Sequence[Instrument]) -> Instrument:
    """The first, if all are what it is."""
    first = rows[0]

    def said(one: Instrument) -> tuple[Any, ...]:
        return one.manufacturer_key, one.model, sorted(judging.nameplate_of(one).items()), one.purpose

    known = said(first)
    for one in rows:
        if said(one) != known:
            raise Problem("lot_is_mixed", "serials", one=first.serial_number, other=one.serial_number)
    return first


def _free(session: Session, rows: Sequence[Instrument]) -> None:
    keys = [one.id for one in rows]
    for start in range(0, len(keys), _AT_ONCE):
        taken = session.execute(
            select(Lot.number, Instrument.serial_number)
            .join(LotMeter, LotMeter.lot_id == Lot.id)
            .join(Instrument, Instrument.id == LotMeter.instrument_id)
            .where(LotMeter.instrument_id.in_(keys[start : start + _AT_ONCE]), Lot.state.in_(OPEN))
            .limit(1)
        ).first()
        if taken is not None:
            raise Problem("meter_in_other_lot", "serials", lot=taken[0], serial=taken[1])


def discard(session: Session, actor: Actor, lot: Lot, *, now: datetime) -> None:
    """Put a draft away; nothing was certified."""
    hold(session, lot, "draft")
    lot.state, lot.updated_at = "discarded", now
    record(session, actor, "lot.discarded", lot, at=now, changes={"state": ["draft", "discarded"]})
    session.flush()


def hold(session: Session, lot: Lot, state: str) -> None:
    """Hold a lot until the transaction ends; it must be in this state."""
    session.refresh(lot, with_for_update=True)
    if lot.state != state:
        raise Problem("lot_not_in_state", "state", number=lot.number, state=lot.state)


# -- what is common


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What is said once for every meter of a lot."""

    kind: str
    verified_on: date
    place_text: str
    environment: Mapping[str, Any]
    items: Mapping[str, bool]
    """What holds for each meter that has no finding of its own on it."""
    standard_ids: Sequence[int]
    notes: str = ""


def set_common(session: Session, actor: Actor, lot: Lot, common: Common, *, now: datetime) -> None:
    """Keep what is common to the lot; who keeps it is its verifier. Verdicts are to be found anew afterwards (``lot_readings``)."""
    hold(session, lot, "draft")
    if actor.user_id is None or actor.institute_id is None:
        raise Problem("no_institute", "verifier")
    if common.kind not in LOT_KINDS:
        raise BadChoice("kind", value=common.kind)
    known = set(
        session.scalars(select(MeasurementStandard.id).where(MeasurementStandard.id.in_(list(common.standard_ids))))
    )
    lot.kind, lot.verified_on = common.kind, common.verified_on
    lot.place_text = cleaning.words("place_text", common.place_text)
    lot.readings = legible({ENVIRONMENT: dict(common.environment), "items": dict(common.items)})
    lot.standard_ids = [key for key in dict.fromkeys(common.standard_ids) if key in known]
    lot.notes = cleaning.paragraph("notes", common.notes)
    lot.institute_id, lot.verifier_id, lot.updated_at = actor.institute_id, actor.user_id, now
    record(session, actor, "lot.changed", lot, at=now)
    session.flush()
