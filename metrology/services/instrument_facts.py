"""What is said of an instrument, checked and brought into the form in which it is kept.

The one validation of forms, imports and the API. A wrong value raises a Problem with a stable code and the field; a
characteristic of the nameplate has the field ``nameplate.<key>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple, cast

from metrology import regulations
from metrology.domain.problems import Problem
from metrology.domain.regulation import PURPOSES, InstrumentType
from metrology.domain.schedule import DueRule, due_date
from metrology.persistence.instruments import Instrument
from metrology.services import cleaning

ALL_PURPOSES = (*PURPOSES, "other")
MOST_SEALS = 20


@dataclass(frozen=True, slots=True)
class SealFacts:
    """A seal: its number and where it sits."""

    number: str
    position: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentFacts:
    """What is said of an instrument. With a ``part_label`` it is a part (a nozzle) of the assembly with the same serial number."""

    type_code: str
    serial_number: str
    manufacturer: str = ""
    model: str = ""
    part_label: str = ""
    nameplate: Mapping[str, str] = field(default_factory=dict)
    purpose: str | None = None
    holder_id: int | None = None
    place_id: int | None = None
    is_onsite: bool | None = None
    """Verified where it stands (the default) or brought in."""
    location: str = ""
    """Where within its place: door, counter, room."""
    type_approval_number: str = ""
    identification_code: str = ""
    factory_code: str = ""
    repair_code: str = ""
    lot_code: str = ""
    manufactured_on: date | None = None
    installed_on: date | None = None
    last_verified_on: date | None = None
    due_date: date | None = None
    seals: tuple[SealFacts, ...] = ()
    notes: str = ""

    @property
    def type(self) -> InstrumentType:
        """Its type."""
        return regulations.get(self.type_code)

    @property
    def is_assembly(self) -> bool:
        """Whether it is a whole whose parts are verified, not itself."""
        return self.type.part is not None and not self.part_label


CODES = ("model", "type_approval_number", "identification_code", "factory_code", "repair_code", "lot_code")
DAYS = ("manufactured_on", "installed_on", "last_verified_on", "due_date")


def check(facts: InstrumentFacts, *, today: date) -> InstrumentFacts:
    """The facts as they are stored, or the Problem of the first wrong one."""
    kind = _type(facts.type_code)
    serial = check_serial(facts.serial_number)
    part_label = _part_label(kind, facts.part_label)
    is_assembly = kind.part is not None and not part_label
    codes: dict[str, Any] = {name: cleaning.code(name, getattr(facts, name)) for name in CODES}
    checked = replace(
        facts,
        serial_number=serial,
        part_label=part_label,
        manufacturer=cleaning.comparable("manufacturer", cleaning.words("manufacturer", facts.manufacturer)),
        purpose=cleaning.choice("purpose", facts.purpose, ALL_PURPOSES, (*kind.purposes, "trade")[0]),
        is_onsite=True if facts.is_onsite is None else facts.is_onsite,
        location=cleaning.words("location", facts.location),
        seals=_seals(facts.seals),
        notes=cleaning.paragraph("notes", facts.notes),
        last_verified_on=None if is_assembly else facts.last_verified_on,
        due_date=None if is_assembly else facts.due_date,
        nameplate=_nameplate(kind, facts.nameplate, is_assembly=is_assembly),
        **codes,
    )
    _check_days(checked, today)
    return checked


def check_serial(text: str) -> str:
    """A serial number as it is stored."""
    serial = cleaning.comparable("serial_number", cleaning.code("serial_number", text))
    if cleaning.says_nothing(serial):
        raise Problem("missing_serial", "serial_number")
    return serial


def _type(code: str) -> InstrumentType:
    known = regulations.all_types().get(code)
    if known is None:
        raise Problem("unknown_category", "type_code", value=code[:64])
    return known


def _part_label(kind: InstrumentType, text: str) -> str:
    label = cleaning.code("part_label", text, 40)
    if cleaning.says_nothing(label):
        return ""
    if kind.part is None:
        raise Problem("type_has_no_parts", "part_label", value=label)
    return label


def _seals(seals: tuple[SealFacts, ...]) -> tuple[SealFacts, ...]:
    if not seals:
        return seals
    if len(seals) > MOST_SEALS:
        raise Problem("too_many_seals", "seals", limit=MOST_SEALS)
    clean = (SealFacts(cleaning.code("seals", s.number), cleaning.words("seals", s.position)) for s in seals)
    return tuple(dict.fromkeys(seal for seal in clean if not cleaning.says_nothing(seal.number)))


def _nameplate(kind: InstrumentType, values: Mapping[str, str], *, is_assembly: bool) -> dict[str, str]:
    key = (id(kind), is_assembly, tuple(values.items()))
    known = _read_before.get(key)
    if known is not None and known[0] is kind:  # thousands of meters have the same nameplate
        return dict(known[1])
    try:
        normal = kind.validate_nameplate(values, part=False if is_assembly else None)
    except Problem as problem:
        # The field is named anew so that a characteristic is never taken for a fact of the same name.
        problem.field = f"nameplate.{problem.field}" if problem.field else "nameplate"
        raise
    if len(_read_before) >= _MOST_READ:
        _read_before.clear()
    _read_before[key] = (kind, normal)
    return dict(normal)


_MOST_READ = 4096
_read_before: dict[tuple[int, bool, tuple[tuple[str, str], ...]], tuple[InstrumentType, dict[str, str]]] = {}
"""Nameplates as they were given → the type that read them (it is kept, so its id is its own) and what it made of them."""


def _check_days(facts: InstrumentFacts, today: date) -> None:
    _check_these(facts.manufactured_on, facts.installed_on, facts.last_verified_on, facts.due_date, today)


@lru_cache(maxsize=4096)
def _check_these(*days: date | None) -> None:
    """Refuse ``DAYS`` that cannot be, as of the last. The meters of a lot have the same, and what was right stays right."""
    *said, today = days
    assert today is not None
    known = dict(zip(DAYS, said, strict=True))
    for name, value in known.items():
        future = {"due_date": "", "last_verified_on": "future_verification"}.get(name, "future_date")
        cleaning.day(name, value, today, future=future)
    for earlier, later in (
        ("manufactured_on", "installed_on"),
        ("manufactured_on", "last_verified_on"),
        ("last_verified_on", "due_date"),
    ):
        first, second = known[earlier], known[later]
        if first and second and second < first:
            raise Problem("date_order", later, earlier=first.isoformat(), later=second.isoformat())


class Identity(NamedTuple):
    """What makes an instrument the same one, as the columns of its unique key."""

    type_code: str
    manufacturer_key: str
    serial_key: str
    part_label: str

    @classmethod
    def of(cls, facts: InstrumentFacts) -> Identity:
        """Of checked facts."""
        return cls(
            facts.type_code, cleaning.key_of(facts.manufacturer), cleaning.key_of(facts.serial_number), facts.part_label
        )

    @classmethod
    def of_row(cls, row: Instrument) -> Identity:
        """Of an instrument."""
        return cls(row.type_code, row.manufacturer_key, row.serial_key, row.part_label)

    @property
    def whole(self) -> Identity:
        """That of the assembly a part belongs to."""
        return self._replace(part_label="")


def facts_of(instrument: Instrument) -> InstrumentFacts:
    """What is kept of an instrument, as facts (without its seals, which have a record of their own)."""
    kept: dict[str, Any] = {f.name: getattr(instrument, f.name) for f in fields(InstrumentFacts) if f.name != "seals"}
    return InstrumentFacts(**kept)


@dataclass(frozen=True, slots=True)
class Standing:
    """What facts mean for the schedule of a new instrument: its state and when it is due, by the ledger's word."""

    state: str
    due_date: date | None
    due_basis: str | None
    due_kind: str


def standing_of(facts: InstrumentFacts, one: InstrumentType, *, rule: str, today: date) -> Standing:
    """State and due date of checked facts.

    A due date comes from what is said, else from the last verification and the interval or service life of the type. It is
    the ledger's word and no proof that the instrument conforms; one of which nothing is known awaits verification.
    """
    key = (
        *(id(one), tuple(facts.nameplate.items()), facts.purpose, bool(facts.part_label)),
        *(facts.last_verified_on, facts.due_date, rule, today),
    )
    known = _stood_before.get(key)
    if known is not None and known[0] is one:  # thousands of meters are due alike
        return known[1]
    if len(_stood_before) >= _MOST_READ:
        _stood_before.clear()
    found = _standing(facts, one, rule, today)
    _stood_before[key] = (one, found)
    return found


_stood_before: dict[tuple[Any, ...], tuple[InstrumentType, Standing]] = {}
"""What the schedule depends on → the type that said it (kept, so its id is its own) and what it said."""


def _standing(facts: InstrumentFacts, one: InstrumentType, rule: str, today: date) -> Standing:
    interval = one.interval(facts.nameplate, facts.last_verified_on or today, facts.purpose or "trade")
    due_kind = "rotation" if interval.is_service_life else "verification"
    if facts.is_assembly:
        return Standing("awaiting_verification", None, None, due_kind)
    due = facts.due_date
    if due is None and facts.last_verified_on is not None:
        due = due_date(facts.last_verified_on, interval, cast("DueRule", rule))
    if due is not None:
        return Standing("in_use", due, "ledger", due_kind)
    is_free = interval.mode in ("calibration", "not_verified")
    verified_for_good = interval.mode == "first_only_scrap" and facts.last_verified_on is not None
    return Standing("in_use" if is_free or verified_for_good else "awaiting_verification", None, None, due_kind)
