"""Changing what is kept of an instrument: by a person, whose blanks count, or by a ledger, whose blanks say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.domain.regulation import InstrumentType
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import plain_value, record
from metrology.persistence.places import Place
from metrology.persistence.verifications import Verification
from metrology.services import law, searching, settings
from metrology.services.assembling import parts_of, settle
from metrology.services.cleaning import key_of
from metrology.services.instrument_facts import Identity, InstrumentFacts, check, facts_of, standing_of
from metrology.services.locating import must_lie_within

_IDENTITY = ("type_code", "serial_number", "manufacturer", "part_label")
_SCHEDULE = ("last_verified_on", "due_date")
_ELSEWHERE = ("seals", "holder_id", "place_id", *_SCHEDULE)
_KEPT = tuple(f.name for f in fields(InstrumentFacts) if f.name not in _ELSEWHERE)


def columns_of(facts: InstrumentFacts) -> dict[str, Any]:
    """Columns that hold checked facts; holder, place and schedule are set where they are decided."""
    identity = Identity.of(facts)
    values = {name: getattr(facts, name) for name in _KEPT}
    return {
        **values,
        "nameplate": dict(facts.nameplate),
        "manufacturer_key": identity.manufacturer_key,
        "serial_key": identity.serial_key,
    }


def revise(
    session: Session, actor: Actor, row: Instrument, values: Mapping[str, Any], *, now: datetime, reason: str = ""
) -> dict[str, Any]:
    """Set columns, journal what differs, and answer how those were before (as JSON keeps it)."""
    before = {name: plain_value(getattr(row, name)) for name, value in values.items() if getattr(row, name) != value}
    if not before:
        return {}
    for name in before:
        setattr(row, name, values[name])
    record(session, actor, "instrument.revised", row, at=now, reason=reason)
    row.updated_at = now
    # What was loaded through a changed key is asked for again.
    stale = [name for name in ("holder", "place", "district", "type") if {f"{name}_id", f"{name}_code"} & set(before)]
    if stale:
        session.expire(row, stale)
    return before


def district_of(holder: Holder | None, place: Place | None) -> str | None:
    """The district of an instrument: that of its place, else of its holder."""
    return (place.district_code if place else None) or (holder.district_code if holder else None)


def found(session: Session, model: type[Any], key: int | None, field: str) -> Any:
    """The row a key names, or nothing for no key; a key that names none is refused."""
    if key is None:
        return None
    row = session.get(model, key)
    if row is None:
        raise Problem(f"unknown_{model.__tablename__}", field)
    return row


# -- by a ledger


def changes_by(
    known: Instrument, facts: InstrumentFacts, one: InstrumentType, *, rule: str, today: date
) -> dict[str, Any]:
    """Columns that checked facts of a ledger change; ``seals`` are those it names and we do not know.

    What identifies the instrument stays as spelled first, notes once written are left alone, and a certificate of ours is
    not overruled by a ledger.
    """
    changes: dict[str, Any] = {}
    for name in _KEPT:
        said, kept = getattr(facts, name), getattr(known, name)
        if name in _IDENTITY or said in ("", None) or said == kept or (name == "notes" and kept):
            continue
        changes[name] = said
    merged = {**known.nameplate, **facts.nameplate}
    changes.pop("nameplate", None)
    if merged != known.nameplate:
        changes["nameplate"] = merged
    if takes_word(known):
        changes |= _days_by_ledger(known, facts, one, rule, today)
    numbers = {key_of(seal.number) for seal in known.seals}
    new = tuple(seal for seal in facts.seals if key_of(seal.number) not in numbers)
    return {**changes, "seals": new} if new else changes


def takes_word(known: Instrument) -> bool:
    """Whether a ledger or form may say when it was verified and is due: not where we know better."""
    if known.is_assembly or known.due_basis == "certificate":
        return False
    is_untold = known.last_verified_on is None and known.due_date is None
    return known.state == "in_use" or (known.state == "awaiting_verification" and is_untold)


def _days_by_ledger(
    known: Instrument, facts: InstrumentFacts, one: InstrumentType, rule: str, today: date
) -> dict[str, Any]:
    verified, due = facts.last_verified_on, facts.due_date
    if verified is None and due is None:
        return {}
    if verified and known.last_verified_on and verified < known.last_verified_on:
        return {}
    if verified == known.last_verified_on and (due is None or due == known.due_date) and known.due_date is not None:
        return {}
    full = replace(facts, last_verified_on=verified or known.last_verified_on)
    return _differing(known, _schedule(full, one, rule, today))


def _schedule(facts: InstrumentFacts, one: InstrumentType, rule: str, today: date) -> dict[str, Any]:
    standing = standing_of(facts, one, rule=rule, today=today)
    return {
        "last_verified_on": facts.last_verified_on,
        "due_date": standing.due_date,
        "due_basis": standing.due_basis,
        "due_kind": standing.due_kind,
        "state": standing.state,
    }


def _differing(known: Instrument, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if getattr(known, name) != value}


# -- by a person


def revise_instrument(
    session: Session, actor: Actor, instrument: Instrument, changes: Mapping[str, Any], *, today: date, now: datetime
) -> Instrument:
    """Change facts of an instrument: fields of InstrumentFacts but ``seals``. What is said counts, blanks too.

    The parts of an assembly follow it where they were as it was. States change in ``moving``.
    """
    before = facts_of(instrument)
    facts = check(replace(before, **changes), today=today)
    _check_holder_may(session, actor, instrument, facts)
    _check_identity(session, instrument, facts)
    place = found(session, Place, facts.place_id, "place_id")
    district = district_of(found(session, Holder, facts.holder_id, "holder_id"), place)
    must_lie_within(actor, district, "place_id")
    rule = settings.read(session).validity_rule
    values = {**columns_of(facts), "holder_id": facts.holder_id, "place_id": facts.place_id, "district_code": district}
    values |= _days_said(instrument, before, facts, law.type_of(session, facts.type_code), rule, today)
    old = {name: getattr(instrument, name) for name in values}
    try:
        with session.begin_nested():
            if revise(session, actor, instrument, values, now=now):
                parts = _let_parts_follow(session, actor, instrument, old, values, now=now)
                searching.index(session, instrument, *parts)
                settle(session, actor, [one for one in (instrument.parent,) if one is not None], now=now)
    except IntegrityError as error:  # somebody registered the same a moment ago
        raise Problem("duplicate", "serial_number") from error
    return instrument


def _check_holder_may(session: Session, actor: Actor, instrument: Instrument, facts: InstrumentFacts) -> None:
    """A holder's account corrects what it registered itself, until the bureau has begun to work with it."""
    if not actor.is_holder:
        return
    if instrument.state != "awaiting_verification" or instrument.due_basis or is_verified(session, instrument):
        raise Problem("ask_the_bureau")
    if facts.holder_id != actor.holder_id or any(getattr(facts, name) for name in _SCHEDULE):
        raise Problem("ask_the_bureau")


def is_verified(session: Session, instrument: Instrument) -> bool:
    """Whether any verification of it was ever begun."""
    return bool(session.scalar(select(exists().where(Verification.instrument_id == instrument.id))))


def _check_identity(session: Session, instrument: Instrument, facts: InstrumentFacts) -> None:
    identity, old = Identity.of(facts), Identity.of_row(instrument)
    if bool(identity.part_label) != bool(old.part_label):
        raise Problem("part_stays_part", "part_label")
    if identity == old:
        return
    if instrument.parent_id is not None and identity.whole != old.whole:
        raise Problem("part_follows_whole", "serial_number")
    if identity.type_code != old.type_code and (instrument.is_assembly or is_verified(session, instrument)):
        raise Problem("type_is_fixed", "type_code")
    statement = select(Instrument).where(
        Instrument.type_code == identity.type_code,
        Instrument.manufacturer_key == identity.manufacturer_key,
        Instrument.serial_key == identity.serial_key,
        Instrument.part_label == identity.part_label,
        Instrument.id != instrument.id,
    )
    other = session.scalar(statement)
    if other is not None:
        raise Problem("duplicate", "serial_number", number=other.number, id=other.id)


def _days_said(
    instrument: Instrument, before: InstrumentFacts, facts: InstrumentFacts, one: InstrumentType, rule: str, today: date
) -> dict[str, Any]:
    if all(getattr(before, name) == getattr(facts, name) for name in _SCHEDULE):
        return {}
    if not takes_word(instrument):
        changed = next(name for name in _SCHEDULE if getattr(before, name) != getattr(facts, name))
        raise Problem("due_is_settled", changed)
    return _schedule(facts, one, rule, today)


def _let_parts_follow(
    session: Session,
    actor: Actor,
    whole: Instrument,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    now: datetime,
) -> list[Instrument]:
    followed: list[Instrument] = []
    for part in parts_of(session, whole) if whole.is_assembly else ():
        values = {
            name: value
            for name, value in new.items()
            if name not in ("nameplate", "notes", "part_label")
            and old[name] != value
            and getattr(part, name) == old[name]
        }
        plate = {
            key: value
            for key, value in new["nameplate"].items()
            if part.nameplate.get(key) == old["nameplate"].get(key)
        }
        gone = {key for key in old["nameplate"] if key not in new["nameplate"]}
        values["nameplate"] = {key: value for key, value in part.nameplate.items() if key not in gone} | plate
        if revise(session, actor, part, values, now=now):
            followed.append(part)
    return followed
