"""Holders of instruments: checked, found or registered, revised.

A holder is known by its unified social credit code; a small vendor without one by name, market and stall.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.identifiers import compact_uscc, is_uscc
from metrology.domain.problems import Problem
from metrology.persistence.holders import HOLDER_KINDS, Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.places import Place
from metrology.services import cleaning, numbering, searching
from metrology.services.locating import Districts, must_lie_within, take_along

CHUNK = 500
_KIND_BY_USCC = {"1": "government", "91": "enterprise", "92": "vendor"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderFacts:
    """What is said of a holder. ``market`` and ``stall`` tell apart vendors of one name who have no credit code."""

    name: str
    kind: str | None = None
    uscc: str | None = None
    district_code: str | None = None
    """Code or name of the district."""
    address: str = ""
    legal_representative: str = ""
    industry: str = ""
    notes: str = ""
    market: str = ""
    stall: str = ""


def check(facts: HolderFacts, districts: Districts) -> HolderFacts:
    """The facts as they are stored, or the Problem of the first wrong one, with its field."""
    name = cleaning.comparable("name", cleaning.words("name", facts.name))
    if cleaning.says_nothing(name):
        raise Problem("missing_name", "name")
    uscc = None if cleaning.says_nothing((facts.uscc or "").strip()) else compact_uscc(facts.uscc or "")
    if uscc is not None and not is_uscc(uscc):
        raise Problem("bad_uscc", "uscc", value=uscc[:32])
    return HolderFacts(
        name=name,
        kind=cleaning.choice("kind", facts.kind, HOLDER_KINDS, _kind_of(uscc)),
        uscc=uscc,
        district_code=districts.code_of(facts.district_code),
        address=cleaning.words("address", facts.address),
        legal_representative=cleaning.words("legal_representative", facts.legal_representative),
        industry=cleaning.words("industry", facts.industry),
        notes=cleaning.paragraph("notes", facts.notes),
        market=cleaning.comparable("market", cleaning.words("market", facts.market, 60), 60),
        stall=cleaning.comparable("stall", cleaning.words("stall", facts.stall, 30), 30),
    )


def _kind_of(uscc: str | None) -> str:
    if uscc is None:
        return "vendor"
    return _KIND_BY_USCC.get(uscc[:2]) or _KIND_BY_USCC.get(uscc[:1]) or "other"


def identity_of(facts: HolderFacts) -> str:
    """What makes a checked holder the same one."""
    return facts.uscc or "|".join(cleaning.key_of(part) for part in (facts.name, facts.market, facts.stall))


def facts_of(holder: Holder) -> HolderFacts:
    """What is kept of a holder, as facts."""
    market, stall = ("", "")
    if not holder.uscc:
        _name, market, stall = (*holder.identity_key.upper().split("|"), "", "")[:3]
    kept = {
        field.name: getattr(holder, field.name)
        for field in fields(HolderFacts)
        if field.name not in ("market", "stall")
    }
    return HolderFacts(**kept, market=market, stall=stall)


class HolderBook:
    """Holders by identity: those found, and new ones waiting to be written together by ``flush``."""

    def __init__(self, session: Session, actor: Actor, *, now: datetime) -> None:
        self._session, self._actor, self._now = session, actor, now
        self._known: dict[str, Holder | None] = {}
        self._new: list[Holder] = []

    def prefetch(self, identities: Iterable[str]) -> None:
        """Look up many at once."""
        wanted = [key for key in dict.fromkeys(identities) if key not in self._known]
        for start in range(0, len(wanted), CHUNK):
            chunk = wanted[start : start + CHUNK]
            self._known.update(dict.fromkeys(chunk))
            found = self._session.scalars(select(Holder).where(Holder.identity_key.in_(chunk)))
            self._known.update({holder.identity_key: holder for holder in found})

    def find(self, facts: HolderFacts) -> Holder | None:
        """The holder with these checked facts' identity."""
        key = identity_of(facts)
        if key not in self._known:
            self.prefetch([key])
        return self._known[key]

    def add(self, facts: HolderFacts) -> Holder:
        """A new holder; it has no number or key before ``flush``."""
        must_lie_within(self._actor, facts.district_code, "district_code")
        holder = Holder(
            identity_key=identity_of(facts),
            created_at=self._now,
            updated_at=self._now,
            is_active=True,
            **_columns(facts),
        )
        self._known[holder.identity_key] = holder
        self._new.append(holder)
        return holder

    def flush(self) -> Sequence[Holder]:
        """Number, journal, write and index the new ones."""
        new, self._new = self._new, []
        if not new:
            return new
        numbers = numbering.take(self._session, "holder", len(new))
        for holder, number in zip(new, numbers, strict=True):
            holder.number = numbering.number("holder", number)
            record(self._session, self._actor, "holder.registered", holder, at=self._now)
        self._session.add_all(new)
        self._session.flush()
        searching.index(self._session, *new)
        return new


def _columns(facts: HolderFacts) -> dict[str, Any]:
    return {field.name: getattr(facts, field.name) for field in fields(facts) if field.name not in ("market", "stall")}


def find_or_register(session: Session, actor: Actor, facts: HolderFacts, *, now: datetime) -> tuple[Holder, bool]:
    """The holder with this identity, or a new one; and whether it is new. One that is known stays as it is."""
    facts = check(facts, Districts(session))
    book = HolderBook(session, actor, now=now)
    known = book.find(facts)
    if known is not None:
        return known, False
    holder = book.add(facts)
    book.flush()
    return holder, True


def register_holder(session: Session, actor: Actor, facts: HolderFacts, *, now: datetime) -> Holder:
    """A new holder; one with this identity is refused as ``duplicate``."""
    try:
        with session.begin_nested():
            holder, is_new = find_or_register(session, actor, facts, now=now)
    except IntegrityError as error:  # somebody registered it a moment ago
        raise Problem("duplicate_holder", "uscc") from error
    if not is_new:
        raise Problem("duplicate_holder", "uscc" if facts.uscc else "name", number=holder.number, id=holder.id)
    return holder


def revise_holder(
    session: Session, actor: Actor, holder: Holder, changes: Mapping[str, Any], *, now: datetime
) -> Holder:
    """Change facts of a holder. Its instruments follow it to another district where no place of their own says otherwise."""
    facts = check(replace(facts_of(holder), **changes), Districts(session))
    must_lie_within(actor, facts.district_code, "district_code")
    identity = identity_of(facts)
    if identity != holder.identity_key:
        other = session.scalar(select(Holder).where(Holder.identity_key == identity, Holder.id != holder.id))
        if other is not None:
            raise Problem("duplicate_holder", "uscc" if facts.uscc else "name", number=other.number, id=other.id)
        holder.identity_key = identity
    old_district = holder.district_code
    for name, value in _columns(facts).items():
        if getattr(holder, name) != value:
            setattr(holder, name, value)
    if not session.is_modified(holder):
        return holder
    record(session, actor, "holder.revised", holder, at=now)
    holder.updated_at = now
    session.flush()
    searching.index(session, holder)
    if old_district != holder.district_code:
        placeless = select(Place.id).where(Place.district_code.is_(None))
        theirs = or_(Instrument.place_id.is_(None), Instrument.place_id.in_(placeless))
        take_along(session, actor, holder, theirs, holder.district_code, now=now)
    return holder


def set_active(session: Session, actor: Actor, holder: Holder, *, is_active: bool, reason: str, now: datetime) -> None:
    """Close a holder that no longer exists, or open it again. One that still has instruments stays open."""
    kept = exists().where(Instrument.holder_id == holder.id, Instrument.state != "retired")
    if not is_active and session.scalar(select(kept)):
        raise Problem("holder_has_instruments")
    holder.is_active, holder.updated_at = is_active, now
    record(session, actor, "holder.reopened" if is_active else "holder.closed", holder, at=now, reason=reason)
    session.flush()
