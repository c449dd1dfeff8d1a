"""Runs an own list for somebody: pages and rows by key, groups from the tallies, and what it would cost otherwise.

A list always runs with the rights of the one who reads it. Rows are walked in the order of an index. Groups are asked of
tallies; where these do not know what is asked, rows are counted at once when they are few, and otherwise in the background.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final, Literal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from metrology.documents.bilingual import Bilingual
from metrology.documents.workbook import Cell
from metrology.domain.authority import Actor, may
from metrology.domain.problems import Problem
from metrology.persistence import tally_groups
from metrology.persistence.holders import Holder
from metrology.persistence.keyset import Condition, Division, KeyPage, KeysetQuery, Order, Position, among, any_of
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.persistence.tally_groups import TallyQuestion
from metrology.services.own_list import OwnList
from metrology.services.own_list_common import NONE, place_path
from metrology.services.own_list_instruments import due_days, states
from metrology.services.own_list_parts import Asked, Codes, Column, Group, ListFilter, Names, Sum, expression, said

FEW: Final = 20_000
"""Rows that are counted or sent while somebody waits; more go to the background."""
SHOWN_GROUPS: Final = 200
MOST_GROUPS: Final = 100_000
CHUNK: Final = 1000
NOT_RECORDED: Final = Bilingual("未登记", "not recorded")
TOTAL: Final = Bilingual("合计", "Total")
DOES_NOT_MATCH: Final = Bilingual("数据不一致", "Data do not match")
_YES, _NO = Bilingual("是", "yes"), Bilingual("否", "no")
Cost = Literal["at_once", "background"]


@dataclass(frozen=True)
class GroupRow:
    """One group: its keys, their words, its figures."""

    keys: tuple[Any, ...]
    words: tuple[str, ...]
    figures: tuple[int, ...]


@dataclass(frozen=True)
class Grouped:
    """The groups of a list, those with most in front, and the figures of all together."""

    rows: tuple[GroupRow, ...]
    totals: tuple[int, ...]
    is_cut: bool = False
    """Whether there are more groups than these."""


class Run:
    """A list as somebody sees it on a day. Nothing is asked of the database before it is looked at."""

    def __init__(
        self, session: Session, actor: Actor, made: OwnList, *, today: date, language: str = "zh_Hans_CN"
    ) -> None:
        if not may(actor, made.subject.action):
            raise Problem("own_list_not_allowed")
        self.asked = Asked(session, actor, today, language)
        self.made = made
        self.subject = made.subject

    # -- rows

    @cached_property
    def columns(self) -> list[Column]:
        """The columns chosen, in their order."""
        return [one for key in self.made.columns if (one := self.subject.column(key)) is not None]

    @cached_property
    def query(self) -> KeysetQuery:
        """The rows, by conditions and order."""
        conditions, divisions = self._conditions()
        sorts = self.subject.divided_sorts
        found = self.asked.found.get("text")
        if (found is not None and found.is_few) or (
            sorts is not None and self.made.sort.removeprefix("-") not in sorts
        ):
            return KeysetQuery.undivided(self.order, conditions, divisions)
        return KeysetQuery(self.order, tuple(conditions), tuple(divisions))

    @property
    def order(self) -> Order:
        """The order in force."""
        order = self.subject.sorts[self.made.sort.removeprefix("-")]
        return Order(order.column, order.key, descending=self.made.sort.startswith("-"), nullable=order.nullable)

    def _conditions(self) -> tuple[list[Condition], list[Division]]:
        scope = self.subject.scope(self.asked)
        conditions: list[Condition] = [*self.subject.always, *([] if scope is None else [scope])]
        divide = self.subject.divide(self.made.given)
        divisions = [] if divide is None else [divide]
        for one in self.subject.filters:
            values = self.made.values_of(one)
            if not values:
                continue
            if one.divides is not None and len(values) > 1:
                divisions.append((one.divides, tuple(None if value == NONE else value for value in values)))
            elif (condition := one.where(self.asked, values)) is not None:
                conditions.append(condition)
        return conditions, divisions

    def page(self, limit: int, after: Position | None = None) -> KeyPage:
        """Keys of one page."""
        return self.query.page(self.asked.session, limit, after=after)

    def count(self, cap: int) -> int:
        """How many rows, counted to at most one more than ``cap``."""
        return self.query.count(self.asked.session, cap)

    def cells(self, keys: Sequence[int]) -> list[tuple[int, list[Cell]]]:
        """The rows of some keys, in their order: typed, with codes in words."""
        session, subject = self.asked.session, self.subject
        plain = [one for one in self.columns if one.compute is None]
        values = [expression(one, self.asked).label(f"c{place}") for place, one in enumerate(plain)]
        statement = self._joined(
            select(self.order.key.label("key"), *values), [join for one in plain for join in one.joins]
        )
        found = {row[0]: row[1:] for row in session.execute(statement.where(self.order.key.in_(keys)))}
        rows = {row.id: row for row in subject.load(session, list(keys))} if subject.load else {}
        broken = subject.altered(session, list(rows.values()))
        made: list[tuple[int, list[Cell]]] = []
        for key in keys:
            if key in found:
                given = dict(zip((one.key for one in plain), found[key], strict=True))
                made.append((key, self._row(given, rows.get(key), is_broken=key in broken)))
        return made

    def _row(self, given: dict[str, Any], row: Any, *, is_broken: bool) -> list[Cell]:
        if is_broken:
            stands = said(DOES_NOT_MATCH, self.asked.language)
            return [given.get("number") if one.key == "number" else stands for one in self.columns]
        return [
            self._cell(one, given[one.key] if one.compute is None else one.compute(self.asked, row))
            for one in self.columns
        ]

    def _cell(self, column: Column, value: Any) -> Cell:
        if value is None or value == "":
            return None
        if column.kind == "yes":
            return said(_YES if value else _NO, self.asked.language)
        if column.codes is not None:
            return self._word(column.codes, value)
        found: Cell = value
        return found

    def _word(self, codes: Codes, value: Any) -> str:
        word = codes.get(value)
        return str(value) if word is None else said(word, self.asked.language)

    def _joined(self, statement: Select[Any], joins: Sequence[str]) -> Select[Any]:
        statement = statement.select_from(self.subject.model)
        for name, (table, condition) in self.subject.joins.items():
            if name in joins:
                statement = statement.outerjoin(table, condition)
        return statement

    def rows(self) -> Iterator[list[Cell]]:
        """Every row of the list, chunk by chunk, so that memory stays flat."""
        for keys in self.query.chunks(self.asked.session, CHUNK):
            for _key, cells in self.cells(keys):
                yield cells
            self.asked.session.expunge_all()

    # -- groups

    @cached_property
    def groups(self) -> list[Group]:
        """What is counted by."""
        return [one for key in self.made.groups if (one := self.subject.group(key)) is not None]

    @cached_property
    def sums(self) -> list[Sum]:
        """The figures of each group."""
        return [one for key in self.made.sums if (one := self.subject.sum(key)) is not None]

    @cached_property
    def question(self) -> TallyQuestion | None:
        """What to ask of the tallies; None when they do not know all of it."""
        if any(group.tally is None for group in self.groups) or any(one.tally is None for one in self.sums):
            return None
        used = [one for one in self.subject.filters if self.made.values_of(one)]
        if any(one.tally is None for one in used):
            return None
        asked, given = self.asked, self.made.given
        limits: dict[str, tuple[Any, ...]] = {"state": states(given)}
        due: tuple[date | None, date | None] | None = None
        path: str | None = None
        for one in used:
            values = self.made.values_of(one)
            if one.key == "due":
                due = _meet(due, self._due(one, values))
            elif one.tally == "place_id":
                path = place_path(asked, values[0])
            elif one.tally == "holder_id":
                limits["holder_id"] = (int(values[0]),)
            elif one.tally != "state":
                limits[str(one.tally)] = tuple("" if value == NONE else value for value in values)
        if asked.actor.district_code is not None:
            mine = asked.actor.district_code
            limits["district_code"] = tuple(code for code in limits.get("district_code", (mine,)) if code == mine)
        question = TallyQuestion(
            keys=tuple(str(one.tally) for one in self.groups),
            figures=tuple(one.tally(asked.today) for one in self.sums if one.tally is not None),
            within=limits,
            due=due,
            is_without_due=given.get("due") == ("none",),
            place_path=path,
        )
        return question if tally_groups.table_of(question) is not None else None

    def _due(self, one: ListFilter, values: tuple[str, ...]) -> tuple[date | None, date | None] | None:
        if one.kind == "days":
            first, last = (date.fromisoformat(value) if value else None for value in values)
            return first, last
        return None if values[0] == "none" else due_days(values[0], self.asked.today)

    def cost(self) -> Cost:
        """Whether the list can be answered while somebody waits."""
        if not self.made.is_grouped or self.question is not None:
            return "at_once"
        return "at_once" if self.count(FEW) <= FEW else "background"

    def grouped(self, limit: int = SHOWN_GROUPS) -> Grouped:
        """The groups with their figures, at most so many, and the totals of all."""
        session, question = self.asked.session, self.question
        if question is not None:
            totals = tally_groups.totals(session, question)
            found = tally_groups.groups(session, question, limit=limit + 1) if self.groups else []
        else:
            totals, found = self._totals(), self._counted(limit + 1) if self.groups else []
        words = [self._names(group, [keys[place] for keys, _n in found]) for place, group in enumerate(self.groups)]
        rows = tuple(
            GroupRow(keys, tuple(words[place].get(key, str(key)) for place, key in enumerate(keys)), figures)
            for keys, figures in found[:limit]
        )
        return Grouped(rows, totals, is_cut=len(found) > limit)

    def _base(self, columns: Sequence[Any], joins: Sequence[str]) -> Select[Any]:
        conditions, divisions = self._conditions()
        statement = self._joined(select(*columns), joins)
        return statement.where(*conditions, *(any_of(column, values) for column, values in divisions))

    def _sums(self) -> list[Any]:
        return [one.value(self.asked).label(f"n{place}") for place, one in enumerate(self.sums)]

    def _totals(self) -> tuple[int, ...]:
        row = self.asked.session.execute(self._base(self._sums(), [])).one()
        return tuple(int(n or 0) for n in row)

    def _counted(self, limit: int) -> list[tuple[tuple[Any, ...], tuple[int, ...]]]:
        keys = [one.value(self.asked).label(f"k{place}") for place, one in enumerate(self.groups)]
        sums, joins = self._sums(), [join for one in self.groups for join in one.joins]
        statement = self._base([*keys, *sums], joins).group_by(*(key.name for key in keys))
        statement = statement.order_by(sums[0].desc(), *keys).limit(limit)
        width = len(keys)
        return [
            (tuple(row[:width]), tuple(int(n or 0) for n in row[width:]))
            for row in self.asked.session.execute(statement)
        ]

    def _names(self, group: Group, keys: Sequence[Any]) -> dict[Any, str]:
        nothing = said(NOT_RECORDED, self.asked.language)
        given = [key for key in dict.fromkeys(keys) if key not in ("", 0, None)]
        if group.codes is not None:
            named = {key: self._word(group.codes, key) for key in given}
        elif group.names is not None:
            named = self._looked_up(group.names, given)
        else:
            named = {key: str(key) for key in given}
        return {**dict.fromkeys(("", 0, None), nothing), **named}

    def _looked_up(self, names: Names, keys: Sequence[Any]) -> dict[Any, str]:
        text = names.en if self.asked.language == "en" else names.zh
        here = among(self.asked.session, names.key, keys)
        return {row[0]: row[1] for row in self.asked.session.execute(select(names.key, text).where(here))}

    # -- words

    def words(self, one: ListFilter, value: str) -> str:
        """A value of a filter as people say it; a thing outside one's scope stays a number."""
        if one.codes is not None and value in one.codes:
            return said(one.codes[value], self.asked.language)
        if one.kind == "reference":
            model = Place if one.key == "place" else Holder
            name = Place.full_name if one.key == "place" else Holder.name
            statement = within(select(name).where(model.id == int(value)), self.asked.actor, model)
            return str(self.asked.session.scalar(statement) or value)
        if value == NONE:
            return said(NOT_RECORDED, self.asked.language)
        if one.names is not None:
            return self._looked_up(one.names, [value]).get(value, value)
        return value

    def narrowings(self) -> list[tuple[ListFilter, str]]:
        """The filters in use with their values in words."""
        between = {"en": " to ", "zh": "至"}["en" if self.asked.language == "en" else "zh"]
        found: list[tuple[ListFilter, str]] = []
        for one in self.subject.filters:
            values = self.made.values_of(one)
            if values and one.kind == "days":
                found.append((one, between.join(value or "…" for value in values)))
            elif values:
                mark = ", " if self.asked.language == "en" else "、"
                found.append((one, mark.join(self.words(one, value) for value in values)))
        return found


def _meet(
    one: tuple[date | None, date | None] | None, other: tuple[date | None, date | None] | None
) -> tuple[date | None, date | None] | None:
    """The days that lie in both spans."""
    if one is None or other is None:
        return one or other
    firsts = [end for end in (one[0], other[0]) if end is not None]
    lasts = [end for end in (one[1], other[1]) if end is not None]
    return max(firsts, default=None), min(lasts, default=None)
