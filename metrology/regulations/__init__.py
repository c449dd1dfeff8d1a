"""The law: one file per instrument type, the only place with legal numbers.

A file in this package that defines `TYPE` (an `InstrumentType`) is a type; it is found by being there. Kinds of the
mandatory catalogue without a file come from `catalogue.csv` and can be registered and scheduled, not judged.
"""

import contextlib
import importlib
import os
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from metrology.domain.problems import BadChoice, BadQuantity, Problem, UnknownType
from metrology.domain.reading_sheet import folded
from metrology.domain.regulation import KINDS, InstrumentType
from metrology.domain.verdict import Verdict
from metrology.regulations.catalogue import CatalogueEntry, catalogue_rows, generic_type

__all__ = [
    "CatalogueEntry",
    "all_types",
    "catalogue",
    "evaluate",
    "evaluate_by",
    "get",
    "held",
    "instrument_types",
    "recognise",
    "reload",
]

_NO_TYPES = frozenset({"catalogue"})

_Place = tuple[tuple[str, int], ...]


_held: ContextVar[_Place | None] = ContextVar("held", default=None)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """The files are looked at once for all that is done within: for thousands of rows of a ledger, not for a server's life."""
    token = _held.set(_place())
    try:
        yield
    finally:
        _held.reset(token)


def _place() -> _Place:
    """What the package's folders hold, cheaply: a file that comes or goes changes the time of its folder."""
    if (known := _held.get()) is not None:
        return known
    found = []
    for path in __path__:
        with contextlib.suppress(FileNotFoundError):
            found.append((path, os.stat(path).st_mtime_ns))  # noqa: PTH116 - asked for by everything
    return tuple(found)


def instrument_types() -> Mapping[str, InstrumentType]:
    """The types that have a file, by code."""
    return _types_at(_place())


def all_types() -> Mapping[str, InstrumentType]:
    """Those and the kinds of the catalogue without a file, by code."""
    return _all_at(_place())


def get(code: str) -> InstrumentType:
    """The type or catalogue kind with this code, or UnknownType."""
    known = all_types().get(code)
    if known is None:
        raise UnknownType("type", value=code)
    return known


def catalogue() -> tuple[CatalogueEntry, ...]:
    """The rows of the mandatory catalogue, the non-mandatory kinds, then types known only by their file."""
    rows = catalogue_rows()
    listed = {row.code for row in rows}
    own = (CatalogueEntry.of_type(one) for code, one in instrument_types().items() if code not in listed)
    return (*rows, *own)


def recognise(name: str) -> str | None:
    """The code of the type a ledger calls by this name (器具名称), or None when nobody calls anything so."""
    return _names_at(_place()).get(folded(name))


def reload() -> None:
    """Look at the folders again: for a file dropped in, changed place or taken away while running."""
    importlib.invalidate_caches()
    _types_at.cache_clear()
    _all_at.cache_clear()
    _names_at.cache_clear()
    present = {info.name for info in pkgutil.iter_modules(__path__)}
    for full in [name for name in sys.modules if name.startswith(f"{__name__}.")]:
        file = getattr(sys.modules[full], "__file__", None)
        here = file is not None and Path(file).exists() and str(Path(file).parent) in __path__
        if not here or full.rpartition(".")[2] not in present:
            del sys.modules[full]


@lru_cache(maxsize=4)
def _types_at(place: _Place) -> Mapping[str, InstrumentType]:
    del place  # only the key: the same folders with the same times hold the same files
    found: dict[str, InstrumentType] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        if info.name in _NO_TYPES:
            continue
        one: InstrumentType = importlib.import_module(f"{__name__}.{info.name}").TYPE
        if one.code in found:
            raise Problem("type_twice", value=one.code)
        found[one.code] = one
    return MappingProxyType(found)


@lru_cache(maxsize=4)
def _all_at(place: _Place) -> Mapping[str, InstrumentType]:
    generic = {row.code: generic_type(row) for row in catalogue_rows()}
    return MappingProxyType({**generic, **_types_at(place)})


@lru_cache(maxsize=4)
def _names_at(place: _Place) -> Mapping[str, str]:
    named: dict[str, str] = {}
    # A type with a file speaks for a name before a bare catalogue kind does.
    for one in sorted(_all_at(place).values(), key=lambda one: not one.has_rules):
        for name in one.names_known:
            named.setdefault(folded(name), one.code)
    return MappingProxyType(named)


def evaluate(case: Mapping[str, Any], *, partial: bool = False) -> dict[str, Any]:
    """Judge a worked case: type, day, kind, nameplate and readings as plain text → verdict, findings, edition, problem.

    A value of the nameplate the regulation does not know is a nameplate outside it, so both answer `not_covered`.
    """
    try:
        one = get(case["type"])
    except Problem as problem:
        return _no_verdict(problem)
    return evaluate_by(one, case, partial=partial)


def evaluate_by(one: InstrumentType, case: Mapping[str, Any], *, partial: bool = False) -> dict[str, Any]:
    """The same by a type at hand, such as one with other numbers to see what would be judged otherwise."""
    try:
        verdict = _judge(one, case, partial=partial)
    except Problem as problem:
        return _no_verdict(problem)
    answer = verdict.to_dict()
    if verdict.missing and not partial:
        answer["problem"] = {"code": "incomplete_readings", "missing": answer["missing"]}
    return answer


def _no_verdict(problem: Problem) -> dict[str, Any]:
    code = "not_covered" if isinstance(problem, BadChoice) and problem.field != "kind" else problem.code
    return {"verdict": None, "findings": [], "edition": None, "problem": {**problem.to_dict(), "code": code}}


def _judge(one: InstrumentType, case: Mapping[str, Any], *, partial: bool) -> Verdict:
    if case["kind"] not in KINDS:
        raise BadChoice("kind", value=case["kind"])
    try:
        day = date.fromisoformat(case["on"])
    except (TypeError, ValueError) as error:
        raise BadQuantity("on", value=case["on"]) from error
    edition = one.edition_on(day)
    nameplate = one.validate_nameplate(case["nameplate"], on=day)
    return edition.judge(nameplate, case["kind"], case["readings"], partial=partial)
