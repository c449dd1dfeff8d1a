"""Forms of worked examples that all scales have: the scope of a class, the steps of its limits, loads on the sheet."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from metrology.domain.example import Example, Examples


def at(load: str, additional: str | None = None, **more: str) -> dict[str, str]:
    """A weighing that shows the load itself, with the additional load that makes the indication change."""
    added = {} if additional is None else {"additional_load": additional}
    return {"load": load, "indication": load, **added, **more}


def steps(of: Examples, name: str, loads: Mapping[str, str], additional: str | None = None, **how: Any) -> Example:
    """The limit of every load, on both sides of those where it changes."""
    readings = {"weighing": [at(load, additional) for load in loads], "zero_error": "0 g"}
    found = [{"point": f"weighing[{i}]", "mpe": limit} for i, limit in enumerate(loads.values())]
    return of.of(name, readings, {"findings": found}, **how)


def scope(
    of: Examples, accuracy_class: str, e: str, covered: Sequence[str], beyond: Sequence[str]
) -> Iterator[Example]:
    """Capacities a class covers at a scale interval, and others just outside."""
    for capacity in covered:
        plate = {"accuracy_class": accuracy_class, "e": e, "max": capacity}
        yield of.accepted(f"class {accuracy_class}, e = {e}: Max {capacity}", plate=plate)
    for capacity in beyond:
        plate = {"accuracy_class": accuracy_class, "e": e, "max": capacity}
        yield of.refused(f"class {accuracy_class}, e = {e}: not Max {capacity}", plate=plate)


def least_load(of: Examples, accuracy_class: str, e: str, capacity: str, least: str) -> Example:
    """The least test load, which is Min of the class."""
    plate = {"accuracy_class": accuracy_class, "e": e, "max": capacity}
    return of.of(
        f"Min of class {accuracy_class} at e = {e}",
        {},
        {"values": {"weighing.min_up": {"load": least, "direction": "up"}}},
        plate=plate,
    )
