"""Places of use in their tree: checked, found or registered, revised, moved under another place.

A place is known by its parent, kind and name; one without a parent by its district as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Table, bindparam, exists, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.places import PLACE_KINDS, Place
from metrology.services import cleaning, searching
from metrology.services.locating import Districts, must_lie_within, take_along

CHUNK = 500
DEEPEST = 8
BETWEEN = " / "


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFacts:
    """What is said of a place. Its parent is another place of the registry (``parent_id``) or is said too (``parent``)."""

    name: str
    kind: str = "other"
    parent: PlaceFacts | None = None
    parent_id: int | None = None
    district_code: str | None = None
    """Code or name; a place within another takes its district where it says none."""
    address: str = ""
    latitude: Decimal | str | None = None
    longitude: Decimal | str | None = None
    organiser_id: int | None = None
    """The holder that runs it."""


def check(facts: PlaceFacts, districts: Districts) -> PlaceFacts:
    """The facts as they are stored, or the Problem of the first wrong one, with its field."""
    return _check(facts, districts, depth=1, below=None)


def _check(facts: PlaceFacts, districts: Districts, *, depth: int, below: str | None) -> PlaceFacts:
    """``below`` is the district of what stands within: a topmost place that says none is there."""
    name = cleaning.comparable("name", cleaning.words("name", facts.name))
    if cleaning.says_nothing(name):
        raise Problem("missing_name", "name")
    if depth > DEEPEST:
        raise Problem("place_too_deep", "parent_id", limit=DEEPEST)
    district = districts.code_of(facts.district_code)
    parent = None
    if facts.parent is not None:
        parent = _check(facts.parent, districts, depth=depth + 1, below=district or below)
        district = district or parent.district_code
    elif facts.parent_id is None:
        district = district or below
    latitude = _coordinate("latitude", facts.latitude, 90)
    longitude = _coordinate("longitude", facts.longitude, 180)
    if (latitude is None) != (longitude is None):
        raise Problem("bad_coordinates", "longitude" if longitude is None else "latitude")
    return replace(
        facts,
        name=name,
        kind=cleaning.choice("kind", facts.kind, PLACE_KINDS, "other"),
        parent=parent,
        district_code=district,
        address=cleaning.words("address", facts.address),
        latitude=latitude,
        longitude=longitude,
    )


def _coordinate(field: str, value: Decimal | str | None, limit: int) -> Decimal | None:
    if value is None or not str(value).strip():
        return None
    try:
        number = Decimal(cleaning.code(field, str(value), 40).rstrip("°"))
    except InvalidOperation as error:
        raise Problem("bad_coordinates", field) from error
    if not number.is_finite() or abs(number) > limit:
        raise Problem("bad_coordinates", field)
    return number.quantize(Decimal("0.000001"))


def identity_of(facts: PlaceFacts, parent_identity: str | None = None) -> str:
    """What makes a checked place the same one; the identity of a parent from the registry is given."""
    if facts.parent is not None:
        parent_identity = identity_of(facts.parent, parent_identity)
    return _identity(parent_identity, facts.kind, facts.name, facts.district_code)


@lru_cache(maxsize=8192)
def _identity(parent_identity: str | None, kind: str, name: str, district_code: str | None) -> str:
    if parent_identity is None:
        return f"|{kind}|{cleaning.key_of(name)}|{district_code or ''}"
    above = hashlib.sha256(parent_identity.encode()).hexdigest()[:24]
    return f"{above}|{kind}|{cleaning.key_of(name)}|"


def facts_of(place: Place) -> PlaceFacts:
    """What is kept of a place, as facts."""
    return PlaceFacts(
        name=place.name, kind=place.kind, parent_id=place.parent_id, district_code=place.district_code,
        address=place.address, latitude=place.latitude, longitude=place.longitude, organiser_id=place.organiser_id,
    )  # fmt: skip


class PlaceBook:
    """Places by identity: those found, and new ones waiting to be written together by ``flush``."""

    def __init__(self, session: Session, actor: Actor, *, now: datetime) -> None:
        self._session, self._actor, self._now = session, actor, now
        self._known: dict[str, Place | None] = {}
        self._new: list[tuple[Place, Place | None]] = []

    def prefetch(self, identities: Iterable[str]) -> None:
        """Look up many at once."""
        wanted = [key for key in dict.fromkeys(identities) if key not in self._known]
        for start in range(0, len(wanted), CHUNK):
            chunk = wanted[start : start + CHUNK]
            self._known.update(dict.fromkeys(chunk))
            found = self._session.scalars(select(Place).where(Place.identity_key.in_(chunk)))
            self._known.update({place.identity_key: place for place in found})

    def identity(self, facts: PlaceFacts) -> str:
        """The identity of checked facts; a parent named by its key is looked up."""
        root = facts
        while root.parent is not None:
            root = root.parent
        return identity_of(facts, self._parent(root).identity_key if root.parent_id is not None else None)

    def find(self, facts: PlaceFacts) -> Place | None:
        """The place with these checked facts' identity."""
        key = self.identity(facts)
        if key not in self._known:
            self.prefetch([key])
        return self._known[key]

    def add(self, facts: PlaceFacts) -> list[Place]:
        """A new place and those above it that are new too, the topmost first; they have no key before ``flush``."""
        made: list[Place] = []
        parent: Place | None = None
        if facts.parent is not None:
            parent = self.find(facts.parent)
            if parent is None:
                made = self.add(facts.parent)
                parent = made[-1]
        elif facts.parent_id is not None:
            parent = self._parent(facts)
        district = facts.district_code or (parent.district_code if parent else None)
        must_lie_within(self._actor, district, "district_code")
        place = Place(
            identity_key=self.identity(facts), name=facts.name, kind=facts.kind, district_code=district,
            address=facts.address, latitude=facts.latitude, longitude=facts.longitude, organiser_id=facts.organiser_id,
            full_name=_full_name(parent, facts.name), created_at=self._now, updated_at=self._now, is_active=True,
        )  # fmt: skip
        self._known[place.identity_key] = place
        self._new.append((place, parent))
        return [*made, place]

    def flush(self) -> Sequence[Place]:
        """Journal, write and index the new ones."""
        waiting, self._new = self._new, []
        new = [place for place, _parent in waiting]
        while waiting:
            # Those whose parent is written already; what stands within them comes in the next round.
            ready = [(place, parent) for place, parent in waiting if parent is None or parent.id is not None]
            for place, parent in ready:
                place.parent_id = parent.id if parent else None
                record(self._session, self._actor, "place.registered", place, at=self._now)
            self._session.add_all(place for place, _parent in ready)
            self._session.flush()
            self._keep_paths(ready)
            waiting = [(place, parent) for place, parent in waiting if not place.path]
        if new:
            searching.index(self._session, *new)
        return new

    def _keep_paths(self, written: Sequence[tuple[Place, Place | None]]) -> None:
        """A path holds the place's own key, so it comes after: in one statement for all."""
        paths = [{"key": place.id, "path": _path(parent, place)} for place, parent in written]
        table = cast("Table", Place.__table__)
        self._session.connection().execute(update(table).where(table.c.id == bindparam("key")), paths)
        for (place, _parent), kept in zip(written, paths, strict=True):
            set_committed_value(place, "path", kept["path"])

    def _parent(self, facts: PlaceFacts) -> Place:
        parent = self._session.get(Place, facts.parent_id)
        if parent is None:
            raise Problem("unknown_place", "parent_id")
        return parent


def _full_name(parent: Place | None, name: str) -> str:
    return (f"{parent.full_name}{BETWEEN}{name}" if parent else name)[:400]


def _path(parent: Place | None, place: Place) -> str:
    path = f"{parent.path if parent else '/'}{place.id}/"
    if path.count("/") > DEEPEST + 1:
        raise Problem("place_too_deep", "parent_id", limit=DEEPEST)
    return path


def find_or_register(session: Session, actor: Actor, facts: PlaceFacts, *, now: datetime) -> tuple[Place, bool]:
    """The place with this identity, or a new one (with new parents as said); and whether it is new."""
    facts = check(facts, Districts(session))
    _check_organiser(session, facts)
    book = PlaceBook(session, actor, now=now)
    known = book.find(facts)
    if known is not None:
        return known, False
    place = book.add(facts)[-1]
    book.flush()
    return place, True


def register_place(session: Session, actor: Actor, facts: PlaceFacts, *, now: datetime) -> Place:
    """A new place; one with this identity is refused as ``duplicate_place``."""
    try:
        with session.begin_nested():
            place, is_new = find_or_register(session, actor, facts, now=now)
    except IntegrityError as error:  # somebody registered it a moment ago
        raise Problem("duplicate_place", "name") from error
    if not is_new:
        raise Problem("duplicate_place", "name", name=place.full_name, id=place.id)
    return place


def _check_organiser(session: Session, facts: PlaceFacts) -> None:
    if facts.organiser_id is not None and session.get(Holder, facts.organiser_id) is None:
        raise Problem("unknown_holder", "organiser_id")


def revise_place(session: Session, actor: Actor, place: Place, changes: Mapping[str, Any], *, now: datetime) -> Place:
    """Change facts of a place, or put it within another. What stands in it follows: names, paths, and district where equal."""
    facts = check(replace(facts_of(place), **changes), Districts(session))
    must_lie_within(actor, facts.district_code, "district_code")
    _check_organiser(session, facts)
    parent = None if facts.parent_id is None else session.get(Place, facts.parent_id)
    if facts.parent_id is not None and parent is None:
        raise Problem("unknown_place", "parent_id")
    if parent is not None and parent.path.startswith(place.path):
        raise Problem("place_cycle", "parent_id")
    below = list(subtree(session, place))[1:]
    old_district = place.district_code
    values = {
        "name": facts.name, "kind": facts.kind, "parent_id": facts.parent_id, "district_code": facts.district_code,
        "address": facts.address, "latitude": facts.latitude, "longitude": facts.longitude,
        "organiser_id": facts.organiser_id,
        "identity_key": _identity(parent.identity_key if parent else None, facts.kind, facts.name, facts.district_code),
    }  # fmt: skip
    other = select(Place).where(Place.identity_key == values["identity_key"], Place.id != place.id)
    if (same := session.scalar(other)) is not None:
        raise Problem("duplicate_place", "name", name=same.full_name, id=same.id)
    for name, value in values.items():
        if getattr(place, name) != value:
            setattr(place, name, value)
    if not session.is_modified(place):
        return place
    record(session, actor, "place.revised", place, at=now)
    place.updated_at = now
    _let_follow(session, actor, place, parent, below, old_district, now=now)
    return place


def _let_follow(
    session: Session,
    actor: Actor,
    place: Place,
    parent: Place | None,
    below: Sequence[Place],
    old_district: str | None,
    *,
    now: datetime,
) -> None:
    """Names, paths and identities of a place and of what stands in it; their district where it was the same."""
    by_id = {place.id: place} | {one.id: one for one in below}
    moved = []
    for one in (place, *below):
        above = parent if one is place else by_id[one.parent_id or 0]
        if one is not place and one.district_code == old_district != place.district_code:
            one.district_code = place.district_code
            record(session, actor, "place.followed", one, at=now)
            moved.append(one)
        one.full_name, one.path = _full_name(above, one.name), _path(above, one)
        one.identity_key = _identity(above.identity_key if above else None, one.kind, one.name, one.district_code)
    session.flush()
    searching.index(session, place, *below)
    if place.district_code != old_district:
        moved.append(place)
    for one in moved:
        _take_instruments_along(session, actor, one, now=now)


def _take_instruments_along(session: Session, actor: Actor, place: Place, *, now: datetime) -> None:
    if place.district_code is not None:
        take_along(session, actor, place, true(), place.district_code, now=now)
        return
    holders = select(Instrument.holder_id, Holder.district_code).join(Holder, Holder.id == Instrument.holder_id)
    for holder_id, district in session.execute(holders.where(Instrument.place_id == place.id).distinct()).all():
        take_along(session, actor, place, Instrument.holder_id == holder_id, district, now=now)
    take_along(session, actor, place, Instrument.holder_id.is_(None), None, now=now)


def subtree(session: Session, place: Place) -> Iterator[Place]:
    """A place and all that stands in it, parents before children."""
    within = select(Place).where(Place.path.startswith(place.path, autoescape=True))
    yield from sorted(session.scalars(within), key=lambda one: one.path.count("/"))


def set_active(session: Session, actor: Actor, place: Place, *, is_active: bool, reason: str, now: datetime) -> None:
    """Close a place that no longer exists, or open it again. One in which instruments stand stays open."""
    keys = select(Place.id).where(Place.path.startswith(place.path, autoescape=True))
    kept = exists().where(Instrument.place_id.in_(keys), Instrument.state != "retired")
    if not is_active and session.scalar(select(kept)):
        raise Problem("place_has_instruments")
    place.is_active, place.updated_at = is_active, now
    record(session, actor, "place.reopened" if is_active else "place.closed", place, at=now, reason=reason)
    session.flush()
