"""Pages of a list by the last row seen (keyset), never by counting rows off: page one thousand costs what page one costs.

The order is a column and then the key, so it is total; rows where the column is NULL stand at the end in either direction.
A filter of several values of a column that stands before the sorted one in the index ("state in (…)") is given as a
division: each value is one range of the index, and their beginnings are merged, where one query would sort all that match.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from sqlalchemy import ColumnElement, Select, any_, func, literal, or_, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.functions import FunctionElement

Condition = ColumnElement[bool]
Division = tuple[InstrumentedAttribute[Any], tuple[Any, ...]]
"""A column and the values it may have; None stands for no value."""
MOST_RANGES = 42
"""Ranges merged at most: six types in all seven states."""


class Unindexed(FunctionElement[Any]):
    """A column that SQLite is told not to look up by: its planner would take the index and then sort all it finds."""

    inherit_cache = True


@compiles(Unindexed)
def _plain(element: Unindexed, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(Unindexed, "sqlite")
def _plus(element: Unindexed, compiler: Any, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


def any_of(column: Any, values: Sequence[Any]) -> Condition:
    """The column has one of these values; None stands for no value."""
    given = [value for value in values if value is not None]
    here: Condition = column.in_(given)
    return here if len(given) == len(values) else or_(here, column.is_(None))


def among(session: Session, column: InstrumentedAttribute[Any], keys: Sequence[Any]) -> Condition:
    """The column has one of these keys, however many: they go to the database as one value."""
    if session.get_bind().dialect.name == "sqlite":
        one = func.json_each(json.dumps(list(keys))).table_valued("value")
        return column.in_(select(one.c.value))
    return column == any_(literal(list(keys), ARRAY(column.type)))


@dataclass(frozen=True)
class Order:
    """By which column, which way; ties by the key in the same direction."""

    column: InstrumentedAttribute[Any]
    key: InstrumentedAttribute[Any]
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True)
class Position:
    """The place of a row in the order."""

    value: Any
    key: Any


@dataclass(frozen=True)
class KeyPage:
    """One page: positions in order, and whether there are rows before and after it."""

    positions: tuple[Position, ...]
    has_previous: bool
    has_next: bool

    @property
    def keys(self) -> list[Any]:
        """Keys of the rows, in order."""
        return [position.key for position in self.positions]


class Walked(ABC):
    """A list that is read from any of its rows onwards or backwards."""

    @abstractmethod
    def count(self, session: Session, cap: int) -> int:
        """How many rows, counted to at most ``cap`` + 1."""

    @abstractmethod
    def walk(self, session: Session, limit: int, start: Position | None, *, backwards: bool = False) -> list[Position]:
        """So many rows after a position, or before it in the order turned round; from an end of the list without one."""

    def page(
        self, session: Session, limit: int, *, after: Position | None = None, before: Position | None = None
    ) -> KeyPage:
        """The rows after a position, or the ones just before it, or the first ones."""
        if before is not None:
            found = self.walk(session, limit + 1, before, backwards=True)
            return KeyPage(tuple(reversed(found[:limit])), has_previous=len(found) > limit, has_next=True)
        found = self.walk(session, limit + 1, after, backwards=False)
        return KeyPage(tuple(found[:limit]), has_previous=after is not None, has_next=len(found) > limit)

    def chunks(self, session: Session, size: int) -> Iterator[list[Any]]:
        """The keys of the whole list, in order, so many at a time."""
        last: Position | None = None
        while True:
            found = self.walk(session, size, last, backwards=False)
            if found:
                yield [position.key for position in found]
                last = found[-1]
            if len(found) < size:
                return


@dataclass(frozen=True)
class KeysetQuery(Walked):
    """What a list holds, in which order."""

    order: Order
    conditions: tuple[Condition, ...] = ()
    divisions: tuple[Division, ...] = ()

    @classmethod
    def undivided(cls, order: Order, conditions: Sequence[Condition], divisions: Sequence[Division]) -> KeysetQuery:
        """The same list for an order that the divisions' indexes do not have: they are looked at row by row."""
        looked_at = [any_of(Unindexed(column), values) for column, values in divisions]
        return cls(order, (*conditions, *looked_at))

    def count(self, session: Session, cap: int) -> int:
        """How many rows, counted to at most ``cap`` + 1."""
        divided = [any_of(column, values) for column, values in self.divisions]
        some: Select[Any] = select(self.order.key).where(*self.conditions, *divided)
        return session.scalar(select(func.count()).select_from(some.limit(cap + 1).subquery())) or 0

    def walk(self, session: Session, limit: int, start: Position | None, *, backwards: bool = False) -> list[Position]:
        """The rows, part by part: those with a value and those without."""
        found: list[Position] = []
        if any(not values for _column, values in self.divisions):
            return found
        for part in self._parts(start, backwards=backwards):
            if len(found) < limit:
                rows = session.execute(self._statement(part, limit - len(found), backwards=backwards))
                found += [Position(value, key) for value, key in rows]
        return found

    def _parts(self, start: Position | None, *, backwards: bool) -> list[Condition | None]:
        """Conditions for the rows with a value and for those without, in the order in which they are walked."""
        order, descends = self.order, self.order.descending != backwards
        with_value, without = order.column.is_not(None), order.column.is_(None)
        if not order.nullable:
            return [None if start is None else self._beyond(start, descends=descends)]
        if start is None:
            return [without, with_value] if backwards else [with_value, without]
        if start.value is None:
            beyond = order.key < start.key if descends else order.key > start.key
            return [without & beyond, with_value] if backwards else [without & beyond]
        rest = self._beyond(start, descends=descends)
        return [rest] if backwards else [rest, without]

    def _beyond(self, start: Position, *, descends: bool) -> Condition:
        column, key = self.order.column, self.order.key
        here, there = tuple_(column, key), tuple_(literal(start.value, column.type), literal(start.key, key.type))
        return here < there if descends else here > there

    def _statement(self, part: Condition | None, limit: int, *, backwards: bool) -> Select[Any]:
        order, descends = self.order, self.order.descending != backwards
        conditions = self.conditions if part is None else (*self.conditions, part)
        plain: Select[Any] = select(order.column.label("sorted_by"), order.key.label("key")).where(*conditions)
        by = [column.desc() if descends else column.asc() for column in (order.column, order.key)]
        ranges = [plain.where(*one).order_by(*by).limit(limit) for one in self._ranges()]
        if len(ranges) == 1:
            return ranges[0]
        merged = union_all(*(select(one.subquery()) for one in ranges)).subquery()
        ends = (merged.c.sorted_by, merged.c.key)
        return select(*ends).order_by(*(end.desc() if descends else end.asc() for end in ends)).limit(limit)

    def _ranges(self) -> list[tuple[Condition, ...]]:
        """The conditions of each range: one value of every division. What would make too many is one condition for all."""
        divided = list(self.divisions)
        whole: list[Condition] = []
        while prod(len(values) for _column, values in divided) > MOST_RANGES:
            column, values = divided.pop()
            whole.append(any_of(column, values))
        choices = [[column == value for value in values] for column, values in divided]
        return [(*whole, *one) for one in product(*choices)]


@dataclass(frozen=True)
class Merged(Walked):
    """Lists of the same order as one, none of whose rows is in two of them. Sorted by a day or a number, not by a text.

    Each is read as far as the page may reach: what they hold is never put together whole.
    """

    parts: tuple[KeysetQuery, ...]

    def count(self, session: Session, cap: int) -> int:
        """How many rows, counted to at most ``cap`` + 1."""
        return min(sum(part.count(session, cap) for part in self.parts), cap + 1)

    def walk(self, session: Session, limit: int, start: Position | None, *, backwards: bool = False) -> list[Position]:
        """The first of all that the parts begin with."""
        found = [one for part in self.parts for one in part.walk(session, limit, start, backwards=backwards)]
        descends = self.parts[0].order.descending != backwards
        found.sort(key=lambda one: one.key, reverse=descends)
        with_value = [one for one in found if one.value is not None]
        with_value.sort(key=lambda one: one.value, reverse=descends)
        without = [one for one in found if one.value is None]
        return [*without, *with_value][:limit] if backwards else [*with_value, *without][:limit]
