"""Registering instruments: one by one from a form, or thousands from a ledger, by the same code.

``Registrar`` works in batches: check rows, ``prefetch`` them, ``outlook`` or ``save`` each, then ``flush``. The functions below it
do one instrument in one call.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, object_session, selectinload

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.bulk import as_read, attach, take_keys, write
from metrology.persistence.database import Model
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, Seal
from metrology.persistence.journal import record, record_new_instruments, said
from metrology.persistence.places import Place
from metrology.services import cleaning, holding, law, numbering, placing, searching, settings
from metrology.services.assembling import settle
from metrology.services.holding import HolderBook, HolderFacts
from metrology.services.instrument_facts import Identity, InstrumentFacts, SealFacts, check, facts_of, standing_of
from metrology.services.locating import Districts, must_lie_within
from metrology.services.placing import PlaceBook, PlaceFacts
from metrology.services.revising import changes_by, columns_of, district_of, found, revise, revise_instrument

if TYPE_CHECKING:
    from sqlalchemy import Table

__all__ = [
    "HolderFacts", "Identity", "InstrumentFacts", "Outcome", "PlaceFacts", "Registrar", "Row", "SealFacts", "check", "facts_of",
    "register_instrument", "revise_instrument",
]  # fmt: skip

CHUNK = 500
_COLUMNS = tuple(Instrument.__table__.columns.keys())
Result = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An instrument with its holder and place, as a ledger says them."""

    instrument: InstrumentFacts
    holder: HolderFacts | None = None
    place: PlaceFacts | None = None


@dataclass(slots=True)
class Outcome:
    """What became of a row. ``made`` are the holder, places and assembly made for it; keys are there after ``flush``."""

    instrument: Instrument
    result: Result
    before: dict[str, Any] = field(default_factory=dict)
    """Columns as they were, when updated."""
    made: list[Model] = field(default_factory=list)
    seals: list[Seal] = field(default_factory=list)
    """Seals added."""


@dataclass(slots=True)
class _New:
    row: Instrument
    holder: Holder | None
    place: Place | None
    whole: Instrument | None


class Registrar:
    """Registers many. It keeps what it has read, so it lives for one transaction: make a new one after a rollback.

    Without ``are_objects`` the new instruments of its outcomes are their columns alone, which costs half: the session does
    not know them, and asked for their holder or place they say nothing.
    """

    def __init__(self, session: Session, actor: Actor, *, today: date, now: datetime, are_objects: bool = True) -> None:
        self.session, self.actor, self.today, self.now = session, actor, today, now
        self._are_objects = are_objects
        self.districts = Districts(session)
        self.holders = HolderBook(session, actor, now=now)
        self.places = PlaceBook(session, actor, now=now)
        self._rule = settings.read(session).validity_rule
        self._types = law.types(session)
        self._serials: set[str] = set()
        self._known: dict[Identity, Instrument] = {}
        self._new: list[_New] = []
        self._seals: list[tuple[Seal, Instrument]] = []
        self._touched: list[Instrument] = []

    def check(self, row: Row) -> Row:
        """The row as it is stored, or the Problem of its first wrong field (``holder.<field>``, ``place.<field>`` there)."""
        return Row(
            instrument=check(row.instrument, today=self.today),
            holder=None if row.holder is None else self.check_holder(row.holder),
            place=None if row.place is None else self.check_place(row.place),
        )

    def check_holder(self, facts: HolderFacts) -> HolderFacts:
        """The facts of a row's holder as they are stored."""
        checked: HolderFacts = _within("holder", holding.check, facts, self.districts)
        return checked

    def check_place(self, facts: PlaceFacts) -> PlaceFacts:
        """The facts of a row's place as they are stored."""
        checked: PlaceFacts = _within("place", placing.check, facts, self.districts)
        return checked

    def prefetch(self, rows: Iterable[Row]) -> None:
        """Look up holders, places and instruments of checked rows, so that none is asked for alone."""
        rows = list(rows)
        self.holders.prefetch(holding.identity_of(one) for one in {row.holder for row in rows} if one)
        self.places.prefetch(key for one in {row.place for row in rows} if one for key in self._place_keys(one))
        self._fetch({Identity.of(row.instrument).serial_key for row in rows})

    def find(self, facts: InstrumentFacts) -> Instrument | None:
        """The instrument with the identity of these checked facts."""
        return self._find(Identity.of(facts))

    def outlook(self, row: Row) -> Result:
        """What ``save`` would do with a checked row. Nothing is changed."""
        known = self.find(row.instrument)
        if known is None:
            self._must_be_allowed(row)
            return "created"
        return "updated" if self._says_anew(known, row) else "unchanged"

    def save(self, row: Row) -> Outcome:
        """Register a checked row; or bring the instrument it names up to date with what it says, blanks saying nothing."""
        known = self.find(row.instrument)
        if known is None:
            return self.register(row)
        if object_session(known) is None:  # made for an earlier row
            self.flush()
            if object_session(known) is None:
                attach(self.session, [known])
        changes = self._says_anew(known, row)
        if not changes:
            return Outcome(known, "unchanged")
        outcome = Outcome(known, "updated")
        seals = changes.pop("seals", ())
        holder, place = known.holder, known.place
        if changes.pop("holder", False):
            holder = self._holder(row, outcome.made)
            self.holders.flush()
            changes["holder_id"] = holder.id if holder else None
        if changes.pop("place", False):
            place = self._place(row, outcome.made)
            self.places.flush()
            changes["place_id"] = place.id if place else None
        changes["district_code"] = district_of(holder, place)
        must_lie_within(self.actor, changes["district_code"], "place.district_code")
        outcome.before = revise(self.session, self.actor, known, changes, now=self.now)
        outcome.seals = [self._add_seal(known, seal, row.instrument.last_verified_on) for seal in seals]
        self._touched.append(known)
        return outcome

    def register(self, row: Row) -> Outcome:
        """Register a checked row; an instrument known already is refused as ``duplicate``."""
        identity = Identity.of(row.instrument)
        known = self._find(identity)
        if known is not None:
            raise Problem("duplicate", "serial_number", number=known.number, id=known.id)
        self._must_be_allowed(row)
        made: list[Model] = []
        holder, place = self._holder(row, made), self._place(row, made)
        whole = self._whole(row, holder, place, made) if identity.part_label else None
        instrument = self._make(row.instrument, holder, place, whole)
        outcome = Outcome(instrument, "created", made=made)
        outcome.seals = [
            self._add_seal(instrument, seal, row.instrument.last_verified_on) for seal in row.instrument.seals
        ]
        return outcome

    def flush(self) -> None:
        """Write what is new and changed, with its journal and search documents."""
        self.holders.flush()
        self.places.flush()
        new, self._new = self._new, []
        self._write([one for one in new if one.whole is None])
        self._write([one for one in new if one.whole is not None])
        self._write_seals()
        touched, self._touched = self._touched, []
        added = {one.row.id: one.row for one in new}
        changed = {row.id: row for row in touched if row.id not in added}
        if added:
            searching.index(self.session, *added.values(), are_new=True)
        settle(self.session, self.actor, [one.whole for one in new if one.whole is not None], now=self.now)
        if changed:
            searching.index(self.session, *changed.values())

    # -- what is known

    def _place_keys(self, facts: PlaceFacts) -> list[str]:
        keys = [self.places.identity(facts)]
        return keys if facts.parent is None else [*self._place_keys(facts.parent), *keys]

    def _fetch(self, serials: Iterable[str]) -> None:
        wanted = [serial for serial in dict.fromkeys(serials) if serial not in self._serials]
        for start in range(0, len(wanted), CHUNK):
            chunk = wanted[start : start + CHUNK]
            self._serials.update(chunk)
            statement = select(Instrument).where(Instrument.serial_key.in_(chunk))
            options = (selectinload(Instrument.holder), selectinload(Instrument.place), selectinload(Instrument.seals))
            for row in self.session.scalars(statement.options(*options)):
                self._known[Identity.of_row(row)] = row

    def _find(self, identity: Identity) -> Instrument | None:
        if identity.serial_key not in self._serials:
            self._fetch([identity.serial_key])
        return self._known.get(identity)

    def _says_anew(self, known: Instrument, row: Row) -> dict[str, Any]:
        changes = changes_by(
            known,
            row.instrument,
            self._types[row.instrument.type_code],
            rule=self._rule,
            today=self.today,
        )
        if row.holder is not None and not _is_held_by(known.holder, row.holder):
            changes["holder"] = True
        if row.place is not None and (
            known.place is None or known.place.identity_key != self.places.identity(row.place)
        ):
            changes["place"] = True
        if changes:
            must_lie_within(self.actor, known.district_code, "serial_number")
        return changes

    # -- what is made

    def _must_be_allowed(self, row: Row) -> None:
        district = row.place.district_code if row.place else None
        must_lie_within(
            self.actor, district or (row.holder.district_code if row.holder else None), "place.district_code"
        )

    def _holder(self, row: Row, made: list[Model]) -> Holder | None:
        if row.holder is None:
            kept: Holder | None = found(self.session, Holder, row.instrument.holder_id, "holder_id")
            return kept
        holder = self.holders.find(row.holder)
        if holder is None:
            holder = self.holders.add(row.holder)
            made.append(holder)
        return holder

    def _place(self, row: Row, made: list[Model]) -> Place | None:
        if row.place is None:
            kept: Place | None = found(self.session, Place, row.instrument.place_id, "place_id")
            return kept
        place = self.places.find(row.place)
        if place is None:
            new = self.places.add(row.place)
            made.extend(new)
            place = new[-1]
        return place

    def _whole(self, row: Row, holder: Holder | None, place: Place | None, made: list[Model]) -> Instrument:
        identity = Identity.of(row.instrument).whole
        known = self._find(identity)
        if known is not None:
            return known
        own = {one.key for one in row.instrument.type.nameplate if not one.of_part}
        facts = replace(
            row.instrument, part_label="", seals=(), notes="", last_verified_on=None, due_date=None,
            nameplate={key: value for key, value in row.instrument.nameplate.items() if key in own},
        )  # fmt: skip
        whole = self._make(facts, holder, place, None)
        made.append(whole)
        return whole

    def _make(
        self, facts: InstrumentFacts, holder: Holder | None, place: Place | None, whole: Instrument | None
    ) -> Instrument:
        identity, kind = Identity.of(facts), self._types[facts.type_code]
        standing = standing_of(facts, kind, rule=self._rule, today=self.today)
        values = {
            "public_code": secrets.token_urlsafe(16), "is_assembly": facts.is_assembly, "state": standing.state,
            "last_verified_on": facts.last_verified_on, "due_date": standing.due_date, "due_basis": standing.due_basis,
            "due_kind": standing.due_kind, "created_at": self.now, "updated_at": self.now,
        }  # fmt: skip
        instrument = as_read(Instrument, columns_of(facts) | values)
        must_lie_within(self.actor, district_of(holder, place), "place_id")
        self._serials.add(identity.serial_key)
        self._known[identity] = instrument
        self._new.append(_New(instrument, holder, place, whole))
        return instrument

    def _add_seal(self, instrument: Instrument, facts: SealFacts, applied_on: date | None) -> Seal:
        seal = Seal(number=facts.number, position=facts.position, state="intact", applied_on=applied_on)
        self._seals.append((seal, instrument))
        return seal

    def _write_seals(self) -> None:
        seals, self._seals = self._seals, []
        for seal, instrument in seals:
            seal.instrument_id = instrument.id
            record(self.session, self.actor, "seal.added", seal, at=self.now, instrument=instrument)
        self.session.add_all(seal for seal, _instrument in seals)
        self.session.flush()
        for _seal, instrument in seals:
            if object_session(instrument) is not None:
                self.session.expire(instrument, ["seals"])

    def _write(self, new: Sequence[_New]) -> None:
        if not new:
            return
        numbers = numbering.take(self.session, "instrument", len(new))
        keys = take_keys(self.session, Instrument, len(new))
        values, told = [], []
        for one, number, key in zip(new, numbers, keys, strict=True):
            columns = vars(one.row)
            columns.update(
                id=key, number=numbering.number("instrument", number), holder_id=one.holder.id if one.holder else None,
                place_id=one.place.id if one.place else None, parent_id=one.whole.id if one.whole else None,
                district_code=district_of(one.holder, one.place), version=1,
            )  # fmt: skip
            values.append(columns)
            told.append((key, said(Instrument, columns)))
        record_new_instruments(self.session, self.actor, "instrument.registered", told, at=self.now)
        write(self.session, cast("Table", Instrument.__table__), values, _COLUMNS)
        attach(self.session, [one.row for one in new if self._are_objects or one.row.is_assembly])


def _within(noun: str, check_facts: Any, facts: Any, districts: Districts) -> Any:
    try:
        return check_facts(facts, districts)
    except Problem as problem:
        problem.field = f"{noun}.{problem.field}"
        raise


def _is_held_by(holder: Holder | None, facts: HolderFacts) -> bool:
    """Whether these facts mean this holder: the same identity, or the same name where no credit code is said."""
    if holder is None:
        return False
    same_name = cleaning.key_of(holder.name) == cleaning.key_of(facts.name)
    return holder.identity_key == holding.identity_of(facts) or (
        facts.uscc is None and holder.uscc is not None and same_name
    )


def register_instrument(
    session: Session, actor: Actor, facts: InstrumentFacts, *, today: date, now: datetime
) -> Instrument:
    """Register one instrument. One with this type, manufacturer and serial number is refused as ``duplicate``.

    A holder's own account registers for its holder alone, and its word on verification is not taken.
    """
    facts = check(facts, today=today)
    if actor.is_holder:
        facts = replace(facts, holder_id=actor.holder_id, last_verified_on=None, due_date=None, seals=())
    registrar = Registrar(session, actor, today=today, now=now)
    outcome = registrar.register(Row(instrument=facts))
    try:
        with session.begin_nested():
            registrar.flush()
    except IntegrityError as error:  # somebody registered it a moment ago
        raise Problem("duplicate", "serial_number") from error
    return outcome.instrument
