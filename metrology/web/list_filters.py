"""Filters of lists: what stands in the address, the condition it makes, and the words of its chip.

A value that makes no sense finds nothing. It is never passed over, for then an address with a slip of the pen would show
everything, and what is done to "all that match" would be done to all there is. Programs are told so (``unknown``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import false
from sqlalchemy.orm import InstrumentedAttribute, Session
from werkzeug.datastructures import MultiDict

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence import clock
from metrology.persistence.keyset import Condition, Division
from metrology.services.catalogue import Named
from metrology.web.languages import is_zh

__all__ = [
    "Asking", "Chip", "ChoiceFilter", "Choices", "Condition", "DaysFilter", "Division", "Filter", "InstantsFilter",
    "ReferenceFilter", "TextFilter", "equals", "labelled", "named", "yes_no",
]  # fmt: skip

Choices = Sequence[tuple[str, Any]]
LONGEST_VALUE = 200


@dataclass
class TextUse:
    """What a filter by text found out, for the rest of the list."""

    is_few: bool = False
    """It names the rows by their keys, so that no index beside that of the keys is wanted."""
    some: tuple[int, ...] = ()
    """Keys of some rows it finds, when they are too many to be counted."""
    found: Any = None
    """What it found, looked up once."""


@dataclass(frozen=True)
class Asking:
    """Who asks for a list, on which day, and what the address says."""

    session: Session
    actor: Actor
    today: date
    args: MultiDict[str, str]
    offered: dict[str, Choices] = field(default_factory=dict)
    """Choices of filters, read once."""
    text: TextUse = field(default_factory=TextUse)

    def values(self, key: str) -> list[str]:
        """What the address says under a key; blanks do not count."""
        return [value.strip()[:LONGEST_VALUE] for value in self.args.getlist(key) if value.strip()]

    def value(self, key: str) -> str:
        """The first value under a key, or nothing."""
        return next(iter(self.values(key)), "")


@dataclass(frozen=True)
class Chip:
    """A filter in use: its name, the value in words, and what of the address goes when it is removed."""

    label: str
    value: str
    removed: Mapping[str, Sequence[str]]
    """Key → the values that stay."""


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One filter of a list."""

    key: str
    label: Any
    is_main: bool = False
    """Whether it stands above the list; the others open with "more filters"."""
    unset: Any = None
    """What stands in the control while nothing is chosen; "all" when not said."""
    control = "hidden"
    finds = False
    """Whether it is the free text whose use ``Asking.text`` tells."""

    @property
    def keys(self) -> tuple[str, ...]:
        """What it reads from the address."""
        return (self.key,)

    def condition(self, asking: Asking) -> Condition | None:
        """The condition of what the address says, or None when it says nothing."""
        raise NotImplementedError

    def division(self, asking: Asking) -> Division | None:  # noqa: ARG002 - most filters divide nothing
        """Instead of a condition: the column and its values, where an index begins with the column."""
        return None

    def chips(self, asking: Asking) -> Iterator[Chip]:
        """One chip for each value in use."""
        for value in asking.values(self.key):
            rest = [other for other in asking.values(self.key) if other != value]
            yield Chip(str(self.label), self.words(asking, value), {self.key: rest})

    def is_used(self, asking: Asking) -> bool:
        """Whether the address uses it."""
        return any(asking.values(key) for key in self.keys)

    def words(self, asking: Asking, value: str) -> str:  # noqa: ARG002 - filters by name look it up
        """A value as people say it."""
        return value

    def unknown(self, asking: Asking) -> Iterator[Problem]:  # noqa: ARG002 - free text makes sense always
        """What of the address makes no sense, for programs: a page finds nothing then and shows the chip."""
        yield from ()


@dataclass(frozen=True, kw_only=True)
class TextFilter(Filter):
    """Free text."""

    where: Callable[[Asking, str], Condition | None] = lambda _asking, _text: None
    placeholder: Any = ""
    control = "text"

    def condition(self, asking: Asking) -> Condition | None:
        """What finds the text."""
        value = asking.value(self.key)
        return self.where(asking, value) if value else None


@dataclass(frozen=True, kw_only=True)
class ChoiceFilter(Filter):
    """One of a few values, or several of them when ``is_multiple``."""

    choices: Callable[[Asking], Choices]
    where: Callable[[Asking, list[str]], Condition]
    is_multiple: bool = False
    divides: InstrumentedAttribute[Any] | None = None
    """The column of which these are the values (``none``: no value), when an index begins with it."""

    @property
    def control(self) -> str:  # type: ignore[override]
        """How it is drawn."""
        return "choices" if self.is_multiple else "choice"

    def offered(self, asking: Asking) -> Choices:
        """What can be chosen, with its words."""
        if self.key not in asking.offered:
            asking.offered[self.key] = self.choices(asking)
        return asking.offered[self.key]

    def condition(self, asking: Asking) -> Condition | None:
        """Any of the values in use; nothing when none of them is known."""
        values = asking.values(self.key)
        if not values:
            return None
        known = {code for code, _label in self.offered(asking)}
        wanted = [value for value in values if value in known]
        return self.where(asking, wanted) if wanted else false()

    def division(self, asking: Asking) -> Division | None:
        """The column and its values, when there are several."""
        values = dict.fromkeys(asking.values(self.key))
        if self.divides is None or len(values) < 2:
            return None
        known = {code for code, _label in self.offered(asking)}
        wanted = tuple(value for value in values if value in known)
        if len(wanted) < 2:
            return None
        return self.divides, tuple(None if value == "none" else value for value in wanted)

    def unknown(self, asking: Asking) -> Iterator[Problem]:
        """Values that cannot be chosen."""
        known = {code for code, _label in self.offered(asking)} if self.is_used(asking) else frozenset()
        yield from (_bad(self.key, value) for value in asking.values(self.key) if value not in known)

    def words(self, asking: Asking, value: str) -> str:
        """The label of the value."""
        return next((str(label) for code, label in self.offered(asking) if code == value), value)


@dataclass(frozen=True, kw_only=True)
class DaysFilter(Filter):
    """A range of days, both included: ``<key>_from`` and ``<key>_to``."""

    column: InstrumentedAttribute[Any]
    control = "days"

    @property
    def keys(self) -> tuple[str, ...]:
        """The two ends."""
        return (f"{self.key}_from", f"{self.key}_to")

    def condition(self, asking: Asking) -> Condition | None:
        """Between the days given."""
        first, last = (asking.value(key) for key in self.keys)
        if not first and not last:
            return None
        conditions: Condition | None = None
        for text, is_first in ((first, True), (last, False)):
            day = _day(text)
            if day is None and text:
                return false()
            if day is not None:
                one = self._bound(day, is_first=is_first)
                conditions = one if conditions is None else conditions & one
        return conditions

    def unknown(self, asking: Asking) -> Iterator[Problem]:
        """Ends that are no days."""
        yield from (_bad(key, text) for key in self.keys if (text := asking.value(key)) and _day(text) is None)

    def _bound(self, day: date, *, is_first: bool) -> Condition:
        bound: Condition = self.column >= day if is_first else self.column <= day
        return bound

    def chips(self, asking: Asking) -> Iterator[Chip]:
        """One chip for both ends."""
        first, last = (asking.value(key) for key in self.keys)
        if first or last:
            words = (
                f"{first} – {last}"
                if first and last
                else _("from %(day)s", day=first)
                if first
                else _("until %(day)s", day=last)
            )
            yield Chip(str(self.label), words, dict.fromkeys(self.keys, ()))


@dataclass(frozen=True, kw_only=True)
class InstantsFilter(DaysFilter):
    """A range of Shanghai's days of a column that holds instants."""

    def _bound(self, day: date, *, is_first: bool) -> Condition:
        """From the first instant of the one day to the last of the other."""
        bound: Condition = self.column >= clock.day_begins(day) if is_first else self.column < clock.day_is_over(day)
        return bound


@dataclass(frozen=True, kw_only=True)
class ReferenceFilter(Filter):
    """Another thing of the registry, by its key: set by links, shown as a chip with its name."""

    where: Callable[[Asking, int], Condition]
    name: Callable[[Asking, int], str | None]
    none: Condition | None = None
    """The condition of ``none``: the things without one."""

    def condition(self, asking: Asking) -> Condition | None:
        """What belongs to the thing with this key."""
        value = asking.value(self.key)
        if not value:
            return None
        if value == "none" and self.none is not None:
            return self.none
        key = _key(value)
        return false() if key is None else self.where(asking, key)

    def unknown(self, asking: Asking) -> Iterator[Problem]:
        """What is no key."""
        value = asking.value(self.key)
        if value and _key(value) is None and (value != "none" or self.none is None):
            yield _bad(self.key, value)

    def words(self, asking: Asking, value: str) -> str:
        """The name of the thing, for those who may see it."""
        if value == "none":
            return str(_("none"))
        key = _key(value)
        return (self.name(asking, key) if key is not None else None) or value


def _key(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _day(text: str) -> date | None:
    """A day as 2026-11-22, and in none of the other forms of ISO 8601."""
    try:
        return date.fromisoformat(text) if text[7:8] == "-" else None
    except ValueError:
        return None


def _bad(key: str, value: str) -> Problem:
    return Problem("bad_choice", key, value=value[:60])


def equals(column: InstrumentedAttribute[Any]) -> Callable[[Asking, list[str]], Condition]:
    """Condition of a choice that is a column's own value."""

    def where(_asking: Asking, values: list[str]) -> Condition:
        return column.in_(values)

    return where


class Labelled:
    """Choices that are the same for everybody: the codes of a table of labels."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.table = table

    def __call__(self, _asking: Asking) -> Choices:
        """The codes with their words."""
        return list(self.table.items())


def labelled(table: Mapping[str, Any]) -> Labelled:
    """Choices that are the codes of a table of labels."""
    return Labelled(table)


def named(rows: Iterable[Named]) -> Choices:
    """Choices that are types or districts, in the reader's language."""
    in_zh = is_zh()
    return [(one.code, one.zh if in_zh else one.en) for one in rows]


def yes_no(column: InstrumentedAttribute[bool]) -> dict[str, Any]:
    """Choices and condition of a filter on a column that is true or false."""

    def where(_asking: Asking, values: list[str]) -> Condition:
        return column.is_(values[0] == "yes")

    return {"choices": labelled({"yes": _l("yes"), "no": _l("no")}), "where": where}
