"""Visits: choose instruments that fall due, a day and verifiers; move, change, cancel; note what was found on site.

An instrument is on one open visit at most (a unique key says so, whoever plans at the same moment).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from metrology.domain.authority import Actor, sees
from metrology.domain.problems import Problem
from metrology.persistence.districts import District
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import changes_of, record
from metrology.persistence.people import User
from metrology.persistence.places import Place
from metrology.persistence.visits import Visit, VisitItem
from metrology.services import cleaning
from metrology.services.numbering import next_number

PLANNABLE = ("in_use", "awaiting_verification", "under_repair", "rejected", "suspended")
LARGEST = 2000
MARKS = ("planned", "not_found", "not_possible")
"""What may be noted of an instrument on a visit."""
"""Instruments on one visit: more is a typing mistake, not a day's work."""


@dataclass(frozen=True)
class VisitFacts:
    """What a visit is planned with."""

    planned_on: date
    title: str = ""
    place_id: int | None = None
    district_code: str | None = None
    verifier_ids: tuple[int, ...] = ()
    notes: str = ""


@dataclass(frozen=True)
class Planned:
    """A visit, and the instruments that could not be put on it: (instrument id, code of the problem)."""

    visit: Visit
    left_out: tuple[tuple[int, str], ...]


def plan_visit(
    session: Session, actor: Actor, facts: VisitFacts, instrument_ids: Sequence[int], *, today: date, now: datetime
) -> Planned:
    """Plan a visit. Refuses a past day and an empty visit; instruments planned elsewhere or gone are left out, and told."""
    if facts.planned_on < today:
        raise Problem("visit_in_the_past", "planned_on")
    if len(set(instrument_ids)) > LARGEST:
        raise Problem("visit_too_large", "instrument_ids", largest=LARGEST)
    chosen, left_out = choose(session, actor, instrument_ids)
    if not chosen:
        raise Problem("nothing_to_plan", "instrument_ids")
    place = _place(session, facts, chosen)
    if facts.district_code and session.get(District, facts.district_code) is None:
        raise Problem("unknown_district", "district_code", value=facts.district_code[:64])
    visit = Visit(
        number=next_number(session, "visit"),
        title=cleaning.words("title", facts.title) or _title(place, chosen),
        planned_on=facts.planned_on,
        state="planned",
        place=place,
        district_code=facts.district_code or _common(one.district_code for one in chosen) or actor.district_code,
        notes=cleaning.paragraph("notes", facts.notes),
        created_by_id=actor.user_id,
        created_at=now,
        updated_at=now,
        verifiers=_verifiers(session, facts.verifier_ids),
    )
    for one in chosen:
        _put_on(visit, one, now=now)
    session.add(visit)
    names = [person.name for person in visit.verifiers]
    record(
        session,
        actor,
        "visit.planned",
        visit,
        at=now,
        changes={
            "planned_on": [None, facts.planned_on],
            "instruments": [None, len(chosen)],
            "verifiers": [None, names],
        },
    )
    _settle(session)
    return Planned(visit, left_out)


def add_instruments(
    session: Session, actor: Actor, visit: Visit, instrument_ids: Sequence[int], *, now: datetime
) -> tuple[tuple[int, str], ...]:
    """Put more instruments on a visit; those that cannot are told with the code of the problem."""
    _refuse_closed(visit)
    known = {item.instrument_id: item for item in visit.items}
    if len(known) + len(set(instrument_ids)) > LARGEST:
        raise Problem("visit_too_large", "instrument_ids", largest=LARGEST)
    chosen, left_out = choose(session, actor, instrument_ids)
    for one in chosen:
        item = known.get(one.id)
        if item is None:
            _put_on(visit, one, now=now)
        else:
            item.put_on(one.id, now)
    visit.updated_at = now
    added = [one.number for one in chosen]
    record(session, actor, "visit.extended", visit, at=now, changes={"instruments": [None, added]})
    _settle(session)
    return left_out


def remove_item(session: Session, actor: Actor, item: VisitItem, *, now: datetime) -> None:
    """Take an instrument off a visit."""
    _refuse_closed(item.visit)
    if item.state == "done":
        raise Problem("visit_item_done")
    item.take_off(now)
    item.state, item.visit.updated_at = "removed", now
    record(session, actor, "visit.reduced", item.visit, at=now, changes={"instrument_id": [item.instrument_id, None]})
    session.flush()


def move_visit(session: Session, actor: Actor, visit: Visit, to: date, *, today: date, now: datetime) -> None:
    """Put a visit on another day."""
    _refuse_closed(visit)
    if to < today:
        raise Problem("visit_in_the_past", "planned_on")
    if visit.planned_on == to:
        return
    visit.planned_on, visit.updated_at = to, now
    record(session, actor, "visit.moved", visit, at=now)
    session.flush()


def change_visit(
    session: Session, actor: Actor, visit: Visit, facts: VisitFacts, *, today: date, now: datetime
) -> None:
    """Change day, title, verifiers and notes of a visit."""
    _refuse_closed(visit)
    if facts.planned_on != visit.planned_on and facts.planned_on < today:
        raise Problem("visit_in_the_past", "planned_on")
    before = sorted(person.name for person in visit.verifiers)
    visit.planned_on, visit.notes, visit.updated_at = facts.planned_on, cleaning.paragraph("notes", facts.notes), now
    visit.title = cleaning.words("title", facts.title) or visit.title
    changes = changes_of(visit)
    visit.verifiers = _verifiers(session, facts.verifier_ids)
    after = sorted(person.name for person in visit.verifiers)
    if before != after:
        changes["verifiers"] = [before, after]
    if changes:
        record(session, actor, "visit.changed", visit, at=now, changes=changes)
    session.flush()


def cancel_visit(session: Session, actor: Actor, visit: Visit, reason: str, *, now: datetime) -> None:
    """Call a visit off, with a reason; its instruments are free to be planned again."""
    _refuse_closed(visit)
    reason = cleaning.words("reason", reason)
    if not reason:
        raise Problem("reason_missing", "reason")
    visit.state, visit.cancel_reason, visit.updated_at = "cancelled", reason, now
    _release(visit, now=now)
    record(session, actor, "visit.cancelled", visit, at=now, reason=reason)
    session.flush()


def reopen_visit(
    session: Session, actor: Actor, visit: Visit, *, today: date, now: datetime
) -> tuple[tuple[int, str], ...]:
    """Take a cancellation back; instruments planned elsewhere meanwhile are left out, and told."""
    if visit.state != "cancelled":
        raise Problem("visit_not_cancelled")
    if visit.planned_on < today:
        raise Problem("visit_in_the_past", "planned_on")
    visit.state, visit.cancel_reason, visit.updated_at = "planned", "", now
    chosen, left_out = choose(session, actor, [item.instrument_id for item in visit.items if item.state == "planned"])
    free = {one.id for one in chosen}
    for item in visit.items:
        if item.state != "planned":
            continue
        if item.instrument_id in free:
            item.put_on(item.instrument_id, now)
        else:
            item.state = "removed"
    record(session, actor, "visit.reopened", visit, at=now)
    _settle(session)
    return left_out


def finish_visit(session: Session, actor: Actor, visit: Visit, *, now: datetime) -> None:
    """Close a visit: what was not verified is free to be planned again."""
    _refuse_closed(visit)
    refuse_stranger(actor, visit)
    before = visit.state
    visit.state, visit.updated_at = "done", now
    _release(visit, now=now)
    left = sum(item.state == "planned" for item in visit.items)
    record(
        session,
        actor,
        "visit.finished",
        visit,
        at=now,
        changes={"state": [before, "done"], "not_verified": [None, left]},
    )
    session.flush()


def mark_item(session: Session, actor: Actor, item: VisitItem, state: str, remark: str = "", *, now: datetime) -> None:
    """Note on site that an instrument was not found or could not be verified; ``planned`` takes that back."""
    _refuse_closed(item.visit)
    refuse_stranger(actor, item.visit)
    if state not in MARKS:
        raise Problem("bad_choice", "state")
    if item.state == "done":
        raise Problem("visit_item_done")
    if state == "planned" and _is_taken(session, item):
        raise Problem("planned_already")
    before, remark = item.state, cleaning.words("remark", remark)
    item.state, item.remark = state, remark
    if state == "planned":
        item.put_on(item.instrument_id, now)
    else:
        item.take_off(now)
    _start(item.visit, now=now)
    record(
        session,
        actor,
        "visit.noted",
        item.visit,
        at=now,
        instrument=item.instrument_id,
        reason=remark,
        changes={"item": [before, state]},
    )
    _settle(session)


def refuse_stranger(actor: Actor, visit: Visit) -> None:
    """A verifier notes what was found on visits of its own, or on those nobody was given; officers on all."""
    team = {person.id for person in visit.verifiers}
    if "officer" not in actor.roles and team and actor.user_id not in team:
        raise Problem("not_your_visit")


def _is_taken(session: Session, item: VisitItem) -> bool:
    taken = select(VisitItem.id).where(VisitItem.open_key == item.instrument_id, VisitItem.id != item.id)
    return session.scalar(taken) is not None


def mark_verified(session: Session, actor: Actor, instrument_id: int, *, now: datetime) -> Visit | None:
    """A verification of an instrument was submitted: it is done on its open visit, and the visit when it was the last."""
    item = session.scalar(select(VisitItem).where(VisitItem.open_key == instrument_id))
    if item is None:
        return None
    item.take_off(now)
    item.state = "done"
    visit = item.visit
    _start(visit, now=now)
    if all(one.state != "planned" for one in visit.items):
        visit.state = "done"
    record(
        session, actor, "visit.noted", visit, at=now, instrument=instrument_id, changes={"item": ["planned", "done"]}
    )
    session.flush()
    return visit


def choose(
    session: Session, actor: Actor, instrument_ids: Sequence[int]
) -> tuple[list[Instrument], tuple[tuple[int, str], ...]]:
    """Those of some instruments that can be put on a visit, and those that cannot with the code of the reason."""
    wanted = list(dict.fromkeys(instrument_ids))
    found: dict[int, Instrument] = {}
    taken: set[int] = set()
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        rows = session.scalars(
            select(Instrument)
            .where(Instrument.id.in_(part))
            .options(selectinload(Instrument.place), selectinload(Instrument.holder))
        )
        found |= {one.id: one for one in rows}
        taken |= set(session.scalars(select(VisitItem.open_key).where(VisitItem.open_key.in_(part))))
    chosen: list[Instrument] = []
    left_out: list[tuple[int, str]] = []
    for key in wanted:
        one = found.get(key)
        if one is None or not sees(actor, district_code=one.district_code, holder_id=one.holder_id):
            left_out.append((key, "not_found"))
        elif key in taken:
            left_out.append((key, "planned_already"))
        elif one.is_assembly or one.state not in PLANNABLE:
            left_out.append((key, "not_to_be_verified"))
        else:
            chosen.append(one)
    return chosen, tuple(left_out)


def _verifiers(session: Session, ids: Collection[int]) -> list[User]:
    people = (
        list(session.scalars(select(User).where(User.id.in_(ids), User.active.is_(True)).order_by(User.id)))
        if ids
        else []
    )
    if len(people) != len(set(ids)) or any("verifier" not in person.role_names for person in people):
        raise Problem("visit_needs_verifiers", "verifier_ids")
    return people


def _place(session: Session, facts: VisitFacts, chosen: Sequence[Instrument]) -> Place | None:
    """Where the visit goes: the place named, the one all stand at, or the market that holds all their stalls."""
    if facts.place_id:
        return session.get(Place, facts.place_id)
    place: Place | None = _common(one.place for one in chosen)
    if place is None:
        root = _common(one.place and one.place.path.split("/")[1] for one in chosen)
        place = session.get(Place, int(root)) if root else None
    return place


def _title(place: Place | None, chosen: Sequence[Instrument]) -> str:
    """What the visit is called when nobody named it: its place, the one holder, the one type, or how many."""
    if place is not None:
        return place.full_name[:200] or place.name
    holder = _common(one.holder for one in chosen)
    if holder is not None:
        return str(holder.name)
    types = {one.type.name_zh for one in chosen}
    return next(iter(types)) if len(types) == 1 else f"{len(chosen)} 台计量器具"


def _common(values: Any) -> Any:
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _settle(session: Session) -> None:
    """Write; an instrument that someone else put on a visit at the same moment is refused by its unique key."""
    try:
        session.flush()
    except IntegrityError as fault:
        raise Problem("planned_already") from fault


def _refuse_closed(visit: Visit) -> None:
    if visit.state in ("done", "cancelled"):
        raise Problem("visit_closed")


def _put_on(visit: Visit, instrument: Instrument, *, now: datetime) -> None:
    item = VisitItem(instrument=instrument, position=len(visit.items))
    item.put_on(instrument.id, now)
    visit.items.append(item)


def _release(visit: Visit, *, now: datetime) -> None:
    for item in visit.items:
        item.take_off(now)


def _start(visit: Visit, *, now: datetime) -> None:
    visit.updated_at = now
    if visit.state == "planned":
        visit.state = "in_progress"
