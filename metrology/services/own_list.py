"""An own list as an address says it: what it is about, its columns, filters, groups and sums.

What does not fit together is refused with a sentence; nothing of an address is passed over, for then a slip of the pen would
show more than was asked for. The same pairs in the same order come out again, so that an address can be kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from metrology.domain.problems import Problem
from metrology.services.own_list_common import day, key_of
from metrology.services.own_list_parts import ListFilter, Subject
from metrology.services.own_list_subjects import SUBJECTS

MOST_COLUMNS = 30
MOST_GROUPS = 3
MOST_VALUES = 100
LONGEST_VALUE = 200
LONGEST_QUERY = 4000
PARTS = ("about", "col", "by", "sum", "sort")


@dataclass(frozen=True)
class OwnList:
    """A list somebody put together."""

    subject: Subject
    columns: tuple[str, ...]
    sort: str
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Key of an address → its values, in the order of the subject's filters."""
    groups: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()

    @property
    def is_grouped(self) -> bool:
        """Whether it counts rows instead of listing them."""
        return bool(self.groups or self.sums)

    @property
    def given(self) -> dict[str, tuple[str, ...]]:
        """The filters by key."""
        return dict(self.filters)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What stands in the address."""
        found = [("about", self.subject.key), *(("col", key) for key in self.columns)]
        found += [("by", key) for key in self.groups] + [("sum", key) for key in self.sums]
        if self.sort != self.subject.default_sort:
            found.append(("sort", self.sort))
        return found + [(key, value) for key, values in self.filters for value in values]

    @property
    def query(self) -> str:
        """The same as text."""
        return urlencode(self.pairs)

    def values_of(self, one: ListFilter) -> tuple[str, ...]:
        """What the address says to a filter; for days both ends, an open one empty. Nothing when it is not used."""
        given = self.given
        if one.kind != "days":
            return given.get(one.key, ())
        ends = tuple(given.get(key, ("",))[0] for key in one.keys)
        return ends if any(ends) else ()

    def narrowed(self, key: str, values: tuple[str, ...]) -> OwnList:
        """The same list with a filter set to other values, or taken away by none."""
        given = {**self.given, key: values}
        return replace(self, filters=_in_order(self.subject, given))

    def as_rows(self) -> OwnList:
        """The rows behind its groups."""
        return replace(self, groups=(), sums=())


def first(subject: Subject) -> OwnList:
    """The list one begins with: the usual columns, no filter."""
    columns = tuple(one.key for one in subject.columns if one.is_default)
    return OwnList(subject, columns, subject.default_sort)


def of_query(query: str) -> OwnList:
    """The list that a kept query says. One that is too long is refused, for a part of it would match more."""
    if len(query) > LONGEST_QUERY:
        raise Problem("filter_too_long")
    try:
        pairs = parse_qsl(query, max_num_fields=300)
    except ValueError as fault:
        raise Problem("filter_too_long") from fault
    return parse(pairs)


def parse(pairs: Iterable[tuple[str, str]]) -> OwnList:
    """The list that an address says. Blanks do not count; what is unknown or impossible is refused."""
    given: dict[str, list[str]] = {}
    for key, text in pairs:
        value = text.strip()
        if value and value not in given.setdefault(key, []):
            given[key].append(value[:LONGEST_VALUE])
    subject = SUBJECTS.get(given.get("about", ["instruments"])[0])
    if subject is None:
        raise Problem("own_list_subject", "about")
    known = (*PARTS, *subject.filter_keys)
    for key in given:
        if key not in known:
            raise Problem("own_list_filter", None, key=key[:40])
    filters = {key: tuple(given.get(key, ())) for key in subject.filter_keys}
    made = OwnList(
        subject,
        _known(given, "col", {one.key for one in subject.columns}) or first(subject).columns,
        given.get("sort", [subject.default_sort])[0],
        _in_order(subject, filters),
        _known(given, "by", {one.key for one in subject.groups}),
        _known(given, "sum", {one.key for one in subject.sums}),
    )
    _check(made)
    return made if made.sums or not made.groups else replace(made, sums=(subject.sums[0].key,))


def _known(given: dict[str, list[str]], part: str, keys: set[str]) -> tuple[str, ...]:
    asked = given.get(part, [])
    for key in asked:
        if key not in keys:
            raise Problem(
                {"col": "own_list_column", "by": "own_list_group", "sum": "own_list_sum"}[part], part, key=key[:40]
            )
    return tuple(asked)


def _in_order(subject: Subject, given: dict[str, tuple[str, ...]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((key, given[key]) for key in dict.fromkeys(subject.filter_keys) if given.get(key))


def _check(made: OwnList) -> None:
    if made.sort.removeprefix("-") not in made.subject.sorts:
        raise Problem("own_list_sort", "sort")
    if len(made.columns) > MOST_COLUMNS:
        raise Problem("own_list_many_columns", "col", limit=MOST_COLUMNS)
    if len(made.groups) > MOST_GROUPS:
        raise Problem("own_list_many_groups", "by", limit=MOST_GROUPS)
    for one in made.subject.filters:
        values = made.values_of(one)
        if values:
            _check_values(one, values)


def _check_values(one: ListFilter, values: tuple[str, ...]) -> None:
    if len(values) > MOST_VALUES:
        raise Problem("own_list_many_values", one.key, limit=MOST_VALUES)
    if one.kind == "days":
        ends = [day(value) for value in values]
        if ends[0] and ends[1] and ends[1] < ends[0]:
            raise Problem("own_list_days_in_order", one.key, first=ends[0], last=ends[1])
    elif one.kind == "reference":
        key_of(values[0])
    if one.codes is not None:
        for value in values:
            if value not in one.codes:
                raise Problem("own_list_bad_value", one.key, value=value[:40])
    if one.kind in ("choice", "reference", "text") and len(values) > 1:
        raise Problem("own_list_one_value", one.key, key=one.key)
