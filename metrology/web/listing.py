"""Lists, declared: columns, filters and orders in one place; pages, counts, chips, layouts and exports follow from it.

Everything a list shows stands in its address, so that a list can be linked to, kept and exported as it is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import current_app, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from metrology.documents.workbook import Cell
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.keyset import Condition, Division, KeyPage, KeysetQuery, Order, Position, Walked, among
from metrology.services import list_preferences
from metrology.services.list_preferences import Preferences
from metrology.web.list_filters import Asking, Chip, Filter
from metrology.web.requests import actor, allowed, settings, today

PAGE_SIZE = 50
COUNT_CAP = 10_000
_CURSORS = ("after", "before")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: its heading and its value, typed, as an export writes it.

    A page shows the macro of the column's key in the list's cells template, or the value where there is none.
    """

    key: str
    label: Any
    value: Callable[[Any], Cell]
    sort: str | None = None
    is_default: bool = True
    is_numeric: bool = False
    loads: tuple[Any, ...] = ()
    """Options that load what the cell reads beyond the row."""


@dataclass(frozen=True, kw_only=True)
class BulkAction:
    """Something done with chosen rows: the endpoint takes them by POST (see ``instrument_lists.selected_ids``)."""

    label: Any
    endpoint: str
    action: str


@dataclass(frozen=True, kw_only=True)
class ListDefinition:
    """A list of the registry."""

    page: str
    endpoint: str
    action: str
    title: Any
    model: type[Any]
    columns: Sequence[Column]
    filters: Sequence[Filter]
    sorts: dict[str, Order]
    default_sort: str
    within: Callable[[Select[Any], Asking], Select[Any]]
    """Narrows a statement to what the one who asks may see."""
    cells: str
    """Template whose macros draw cells."""
    divide: Callable[[Asking], Division | None] = lambda _asking: None
    """Column and values that divide the list into ranges of the index (see ``persistence.keyset``)."""
    divided_sorts: tuple[str, ...] | None = None
    """Orders that the indexes of the divisions have; None: all."""
    chips: Callable[[Asking], Iterable[Chip]] = lambda _asking: ()
    """Chips of what the division stands for."""
    altered: Callable[[Session, Sequence[Any]], frozenset[int]] = lambda _session, _rows: frozenset()
    """Keys of those rows that are no longer what the journal says was fixed: an export tells their number and nothing else."""
    asked: Callable[[Asking], Asking] = lambda asking: asking
    """Who asks for what, once what the address says of the day is taken into account; may refuse it."""
    widened: Callable[[KeysetQuery, Asking], Walked] = lambda query, _asking: query
    """What the list holds, where that is not the table of the model alone."""
    shown: Callable[[Session, Sequence[Any], Asking], Sequence[Any]] = lambda _session, rows, _asking: rows
    """What the columns read, of rows of the model."""
    extra_keys: tuple[str, ...] = ()
    """What of the address says which list it is, beside the filters: it stays when these are cleared."""
    loads: tuple[Any, ...] = ()
    export_action: str = "instrument.export"
    template: str = "lists/page.html"
    bulk: list[BulkAction] = field(default_factory=list)
    bulk_limit: int = 2000

    @property
    def keys(self) -> tuple[str, ...]:
        """Everything of the address that says what the list holds."""
        return (*dict.fromkeys(key for one in self.filters for key in one.keys), *self.extra_keys, "sort")


DEFINITIONS: dict[str, ListDefinition] = {}


def register(definition: ListDefinition) -> ListDefinition:
    """Make a list known to exports, saved filters and layouts."""
    DEFINITIONS[definition.page] = definition
    return definition


def add_bulk_action(page: str, action: BulkAction) -> None:
    """Offer something to do with chosen rows of a list."""
    DEFINITIONS[page].bulk.append(action)


class Listing:
    """A list as it is asked for now. Nothing is queried before it is looked at."""

    cap = COUNT_CAP

    def __init__(self, definition: ListDefinition, asking: Asking) -> None:
        self.definition = definition
        self.asking = asking = definition.asked(asking)
        wanted = asking.value("sort") or definition.default_sort
        name = wanted.removeprefix("-")
        self.sort = wanted if name in definition.sorts else definition.default_sort

    # -- what it holds

    @cached_property
    def query(self) -> Walked:
        """The rows, by conditions and order."""
        return self.definition.widened(self._query(with_text=True), self.asking)

    def _query(self, *, with_text: bool) -> KeysetQuery:
        asking, definition = self.asking, self.definition
        scope = definition.within(select(definition.model), asking).whereclause
        conditions: list[Condition] = [] if scope is None else [scope]
        divide = definition.divide(asking)
        divisions = [] if divide is None else [divide]
        for one in definition.filters:
            if one.finds and not with_text:
                continue
            division = one.division(asking)
            condition = one.condition(asking) if division is None else None
            divisions += [] if division is None else [division]
            conditions += [] if condition is None else [condition]
        sorts = definition.divided_sorts
        if asking.text.is_few or (sorts is not None and self.sort.removeprefix("-") not in sorts):
            return KeysetQuery.undivided(self.order, conditions, divisions)
        return KeysetQuery(self.order, tuple(conditions), tuple(divisions))

    @cached_property
    def order(self) -> Order:
        """The order in force."""
        order = self.definition.sorts[self.sort.removeprefix("-")]
        return Order(order.column, order.key, descending=self.sort.startswith("-"), nullable=order.nullable)

    @cached_property
    def page(self) -> KeyPage:
        """The keys of the page that the address names; the first one when its cursor does not fit."""
        positions = {name: self._position(self.asking.args.get(name, "")) for name in _CURSORS}
        page = self.query.page(self.asking.session, PAGE_SIZE, **positions)
        if page.positions or not any(positions.values()):
            return page
        return self.query.page(self.asking.session, PAGE_SIZE)

    def load(self, session: Session, keys: Sequence[int], columns: Sequence[Column]) -> list[Any]:
        """The rows with these keys, in this order, with what the columns read of other tables."""
        if not keys:
            return []
        key = self.order.key
        options = [*self.definition.loads, *(load for column in columns for load in column.loads)]
        rows = session.scalars(select(self.definition.model).where(among(session, key, keys)).options(*options))
        found = {getattr(row, key.key): row for row in rows.unique()}
        here = [found[one] for one in keys if one in found]
        return list(self.definition.shown(session, here, self.asking))

    @cached_property
    def rows(self) -> list[Any]:
        """The rows of the page."""
        return self.load(self.asking.session, self.page.keys, self.columns)

    @cached_property
    def count(self) -> int:
        """How many rows match, at most one over ``COUNT_CAP``; less than there are when ``is_count_open``."""
        if not self.is_count_open:
            is_whole = not (self.page.has_previous or self.page.has_next)
            return len(self.page.positions) if is_whole else self.query.count(self.asking.session, COUNT_CAP)
        some = among(self.asking.session, self.order.key, self.asking.text.some)
        query = self._query(with_text=False)
        return replace(query, conditions=(*query.conditions, some)).count(self.asking.session, COUNT_CAP)

    @cached_property
    def is_count_open(self) -> bool:
        """Whether there may be more rows than were counted: a word stands in so many that only some were looked at."""
        return bool(self.query and self.asking.text.some and not self.asking.text.is_few)

    # -- how it looks

    @cached_property
    def preferences(self) -> Preferences:
        """Columns and density the person chose; filters kept under a name, by this person or shared by others."""
        return list_preferences.read(self.asking.session, self.asking.actor, self.definition.page)

    @cached_property
    def columns(self) -> list[Column]:
        """The columns shown: those chosen, or the list's own choice."""
        chosen = self.preferences.layout.columns
        shown = [one for one in self.definition.columns if (one.is_default if chosen is None else one.key in chosen)]
        return shown or [one for one in self.definition.columns if one.is_default]

    @property
    def all_chips(self) -> list[tuple[str, str, str]]:
        """Filters in use: name, value, and the address without it."""
        chips = [chip for one in self.definition.filters for chip in one.chips(self.asking)]
        chips += self.definition.chips(self.asking)
        return [(chip.label, chip.value, self.url(**dict(chip.removed))) for chip in chips]

    @property
    def is_filtered(self) -> bool:
        """Whether the address narrows the list."""
        given = {"sort", *self.definition.extra_keys}
        return any(self.asking.values(key) for key in self.definition.keys if key not in given)

    @property
    def bulk_actions(self) -> list[BulkAction]:
        """What this person may do with chosen rows, of the pages that are there."""
        known = current_app.view_functions
        return [one for one in self.definition.bulk if one.endpoint in known and allowed(one.action)]

    @property
    def may_export(self) -> bool:
        """Whether this person may take the list along."""
        return allowed(self.definition.export_action)

    # -- addresses

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What of the address says what the list holds, in a fixed order."""
        return [(key, value) for key in self.definition.keys for value in self.asking.values(key)]

    def uses_any(self, filters: Iterable[Filter]) -> bool:
        """Whether the address uses one of these filters."""
        return any(one.is_used(self.asking) for one in filters)

    @property
    def undrawn_pairs(self) -> list[tuple[str, str]]:
        """What the filter form sends along without showing it: filters set by links, and the order."""
        drawn = {key for one in self.definition.filters if one.control != "hidden" for key in one.keys}
        return [(key, value) for key, value in self.pairs if key not in drawn]

    @property
    def query_string(self) -> str:
        """The same as text, to be kept or handed on."""
        return urlencode(self.pairs)

    def url(self, **changes: Any) -> str:
        """Address of this list with some values changed; from its first page unless a cursor is among them."""
        values = self._values()
        for key, change in changes.items():
            values[key] = [change] if isinstance(change, str) else [str(one) for one in change]
        return url_for(self.definition.endpoint, **{key: value for key, value in values.items() if value})

    @property
    def clear_url(self) -> str:
        """Address of this list without filters."""
        keys = self.definition.extra_keys
        return url_for(self.definition.endpoint, **{key: value for key, value in self._values().items() if key in keys})

    def sort_url(self, column: Column) -> str:
        """Address with the list sorted by a column; the other way round when it already is."""
        return self.url(sort=f"-{column.sort}" if self.sort == column.sort else str(column.sort))

    @property
    def next_url(self) -> str | None:
        """Address of the next page."""
        page = self.page
        return self.url(after=self.cursor(page.positions[-1])) if page.has_next and page.positions else None

    @property
    def previous_url(self) -> str | None:
        """Address of the page before."""
        page = self.page
        return self.url(before=self.cursor(page.positions[0])) if page.has_previous and page.positions else None

    def export_url(self, form: str) -> str:
        """Address of the export of just this."""
        return url_for("lists.export", page=self.definition.page, form=form, **self._values())

    def _values(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in self.pairs:
            values.setdefault(key, []).append(value)
        return values

    # -- cursors: signed, so that nobody types one, and good for one order only

    def _signer(self) -> URLSafeSerializer:
        return URLSafeSerializer(settings().secret_key, salt=f"list {self.definition.page} {self.sort}")

    def cursor(self, position: Position) -> str:
        """What stands for a place in the list in its addresses, signed."""
        value = position.value.isoformat() if isinstance(position.value, date) else position.value
        return str(self._signer().dumps([value, position.key]))

    def _position(self, cursor: str) -> Position | None:
        if not cursor:
            return None
        try:
            value, key = self._signer().loads(cursor)
        except BadSignature:
            return None
        kind = self.order.column.type.python_type
        return Position(kind.fromisoformat(value) if value is not None and issubclass(kind, date) else value, key)


def asking(args: MultiDict[str, str] | None = None) -> Asking:
    """Who asks now, and for what."""
    return Asking(db.session(), actor(), today(), request.args if args is None else args)


def args_of(query: str) -> MultiDict[str, str]:
    """What a kept query string says. One that is too long is refused, for a part of it would match more."""
    try:
        pairs = parse_qsl(query, max_num_fields=200)
    except ValueError as fault:
        raise Problem("filter_too_long", "query") from fault
    if len(query) > list_preferences.LONGEST_QUERY:
        raise Problem("filter_too_long", "query")
    return MultiDict(pairs)


def show(definition: ListDefinition, **values: Any) -> str:
    """The page of a list."""
    return render_template(definition.template, list=Listing(definition, asking()), **values)
