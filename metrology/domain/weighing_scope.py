"""Scales: which nameplates a regulation covers, where their limits change, which loads they are tested at (OIML R 76).

The legal numbers an edition gives: `mpe.1…3` (in e) and for each class `<class>.to.1…2` (bounds in e; the last step is open, as the
scope ends it), `<class>.min`, the scope `<class>.low.e_from|n_from|n_to` and, from `<class>.high.e_from` on,
`<class>.high.n_from|n_to|min`, `<class>.partial` (least Max_i/e_(i+1) of a multi-interval scale); `in_service`, `loads`, `interval`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from metrology.domain.mpe import MaximumPermissibleError, MpeAt, Steps
from metrology.domain.nameplate import Nameplate
from metrology.domain.problems import BadQuantity, NotCovered
from metrology.domain.quantity import Quantity, parse, plain, round_to
from metrology.domain.reading_sheet import ReadingField
from metrology.domain.regulation import Edition
from metrology.domain.schedule import Interval
from metrology.domain.weighing_sheet import LoadPoint, load_labels, range_labels, together

_MULTIPLE = "multiple_ranges"

PARTS = {
    "half": Decimal("0.5"),
    "quarter": Decimal("0.25"),
    "three_quarters": Decimal("0.75"),
    "eighth": Decimal("0.125"),
    "seven_eighths": Decimal("0.875"),
}


@dataclass(frozen=True, slots=True)
class PartialRange:
    """A partial weighing range: up to a load, with its own verification scale interval."""

    to: Quantity
    e: Quantity


def partial_ranges(text: str, field: str = "intervals") -> tuple[PartialRange, ...]:
    """The partial ranges of a multi-interval scale, or the ranges of one with several, as nameplates state them.

    >>> [(one.to, one.e) for one in partial_ranges("6 kg/2 g, 15kg/5g")]
    [(6 kg, 2 g), (15 kg, 5 g)]
    """
    found = []
    for part in re.split(r"[,，;；、]", text):
        to, slash, e = part.partition("/")
        if not slash:
            raise BadQuantity(field, value=part.strip(), unit="kg/g")
        found.append(PartialRange(parse(to.strip(), "kg", field=field), parse(e.strip(), "g", field=field)))
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class WeighingScope(Edition):
    """What a regulation on scales covers, and its limits."""

    items: tuple[ReadingField, ...]
    always: tuple[str, ...] = ("half",)

    # -- scope

    def e(self, plate: Nameplate) -> Quantity:
        """The verification scale interval."""
        e = plate.quantity("e")
        assert e is not None
        return e

    def capacity(self, plate: Nameplate) -> Quantity:
        """Max."""
        capacity = plate.quantity("max")
        assert capacity is not None
        return capacity

    def ranges(self, plate: Nameplate) -> tuple[PartialRange, ...]:
        """The partial ranges; one that is the whole for a scale of a single interval."""
        if "intervals" in plate:
            return partial_ranges(plate["intervals"])
        return (PartialRange(self.capacity(plate), self.e(plate)),)

    def weighing_ranges(self, plate: Nameplate) -> tuple[Nameplate, ...]:
        """A nameplate for each weighing range, smallest first: each range is a scale of its own, from zero to its Max."""
        if _MULTIPLE not in plate:
            return (plate,)
        common = {key: text for key, text in plate.items() if key not in {_MULTIPLE, "max", "e", "d", "min"}}
        least = {"min": plate["min"]} if "min" in plate else {}
        found: list[Nameplate] = []
        for one in partial_ranges(plate[_MULTIPLE], _MULTIPLE):
            own = {**common, "max": one.to.plain(), "e": one.e.plain()}
            found.append(Nameplate({**own, **({} if found else least)}))
        return tuple(found)

    def e_at(self, plate: Nameplate, load: Quantity) -> Quantity:
        """The verification scale interval at a load: that of the partial range it lies in."""
        ranges = self.ranges(plate)
        return next((one.e for one in ranges if load.magnitude() <= one.to), ranges[-1].e)

    def minimum(self, plate: Nameplate) -> Quantity:
        """Min as marked, else the least the class allows."""
        marked = plate.quantity("min")
        return marked or self.e(plate).times(self._scope(plate, "min") or Decimal(0))

    def _scope(self, plate: Nameplate, key: str, e: Quantity | None = None) -> Decimal | None:
        one = plate["accuracy_class"]
        start = self.numbers.get(f"{one}.high.e_from")
        ranges = ["high", "low"] if start and (e or self.e(plate)) >= Quantity(start.value, "g") else ["low"]
        for name in [f"{one}.{part}.{key}" for part in ranges] + [f"{one}.{key}"]:
            if name in self.numbers:
                return self.numbers[name].value
        return None

    def check(self, nameplate: Nameplate) -> None:
        """E is 1, 2 or 5 times a power of ten, and n = Max/e within what the class allows for it."""
        own = self.weighing_ranges(nameplate)
        for plate in own:
            for one in self.ranges(plate):
                self._check_range(plate, one)
        self._check_together(nameplate)
        if _MULTIPLE in nameplate:
            self._check_multiple(nameplate, own)
        d = nameplate.quantity("d")
        if d and d > self.e(nameplate):
            raise NotCovered("d", value=d.plain())
        marked = nameplate.quantity("min")
        if marked and marked >= self.capacity(nameplate):
            raise NotCovered("min", value=marked.plain())

    def _check_range(self, plate: Nameplate, one: PartialRange) -> None:
        name = plate["accuracy_class"]
        if one.e.value.normalize().as_tuple().digits not in ((1,), (2,), (5,)):
            raise NotCovered("e", value=one.e.plain())
        if one.e < self.quantity(f"{name}.low.e_from"):
            raise NotCovered("e", value=one.e.plain(), accuracy_class=name)
        n = one.to.ratio_to(one.e)
        least, most = self._scope(plate, "n_from", one.e), self._scope(plate, "n_to", one.e)
        if one.to < self.capacity(plate):
            least = None  # the least number of a partial range is that of the ratio to the next interval
        if (least is not None and n < least) or (most is not None and n > most):
            raise NotCovered("max", value=one.to.plain(), n=f"{n.normalize():f}", accuracy_class=name)

    def _check_together(self, plate: Nameplate) -> None:
        """Partial ranges rise to Max from e, each large enough for the interval of the next."""
        ranges, least = self.ranges(plate), self.numbers.get(f"{plate['accuracy_class']}.partial")
        if ranges[0].e != self.e(plate) or ranges[-1].to != self.capacity(plate):
            raise NotCovered("intervals", value=plate.get("intervals", ""))
        for one, following in pairwise(ranges):
            rises = one.to < following.to and one.e < following.e
            if least is None or not rises or one.to.ratio_to(following.e) < least.value:
                raise NotCovered("intervals", value=plate.get("intervals", ""))

    def _check_multiple(self, plate: Nameplate, own: Sequence[Nameplate]) -> None:
        """Weighing ranges rise to Max from e; each has one interval, which it also shows."""
        rises = all(
            self.capacity(one) < self.capacity(following) and self.e(one) < self.e(following)
            for one, following in pairwise(own)
        )
        ends = self.e(own[0]) == self.e(plate) and self.capacity(own[-1]) == self.capacity(plate)
        d = plate.quantity("d")
        if not (rises and ends) or "intervals" in plate or (d is not None and d != self.e(plate)):
            raise NotCovered(_MULTIPLE, value=plate[_MULTIPLE])

    def interval(self, nameplate: Mapping[str, str], use: str = "trade") -> Interval:
        """A year at most."""
        del nameplate, use
        months = self.numbers["interval"]
        return Interval(months=int(months.value), mode="periodic", clause=self.code, confirmed=months.confirmed)

    # -- limits

    def limit_at(self, plate: Nameplate, load: Quantity, kind: str) -> tuple[MaximumPermissibleError, tuple[str, ...]]:
        """The limit for a load and the keys of the numbers it comes from."""
        e, one = self.e_at(plate, load), plate["accuracy_class"]
        rows = [i for i in (1, 2, 3) if f"mpe.{i}" in self.numbers]
        bounded = [(self.numbers[f"{one}.to.{i}"].value, Decimal(i)) for i in rows if f"{one}.to.{i}" in self.numbers]
        if len(bounded) < len(rows):
            bounded.append((Decimal("Infinity"), Decimal(len(bounded) + 1)))
        row = int(Steps(tuple(bounded)).at(load.magnitude().ratio_to(e)))
        used = (f"mpe.{row}", *(key for i in (row - 1, row) if (key := f"{one}.to.{i}") in self.numbers))
        limit = MaximumPermissibleError.symmetric(tidy(e.times(self.value(f"mpe.{row}"))))
        if kind == "in_service":
            return doubled(limit, self.value("in_service")), (*used, "in_service")
        return limit, used

    def limits(self, nameplate: Nameplate, kind: str) -> Iterable[MpeAt]:
        """The limits at the test loads."""
        return [
            MpeAt(self.limit_at(plate, one.load, kind)[0].smallest(), one.load)
            for plate in self.weighing_ranges(nameplate)
            for one in self.test_loads(plate)
        ]

    def loads_by_range(self, plate: Nameplate) -> Sequence[LoadPoint]:
        """The test loads of every weighing range, each saying which where there are several."""
        own = self.weighing_ranges(plate)
        if len(own) == 1:
            return self.test_loads(plate)
        return [
            replace(one, point=f"range_{i}_{one.point}", labels=together(range_labels(i), one.labels), within=str(i))
            for i, ranged in enumerate(own, start=1)
            for one in self.test_loads(ranged)
        ]

    def test_loads(self, plate: Nameplate) -> Sequence[LoadPoint]:
        """Min, the loads where the limit changes, half of Max and Max; quarters are added until there are enough."""
        capacity, least, e = self.capacity(plate), self.minimum(plate), self.e(plate)
        found = {"min": least, "max": capacity, **self._changes(plate, least)}
        wished = int(self.value("loads")) if "loads" in self.numbers else 0
        # A load that is both is named for the change, which is the stricter.
        for name, part in PARTS.items():
            load = to_e(capacity.times(part), self.e_at(plate, capacity.times(part)))
            wanted = name in self.always or len(found) < wished
            if wanted and load not in found.values():
                found[name] = load
        unique = {load: name for name, load in found.items()}
        return [
            LoadPoint(unique[load], load_labels(unique[load], load), tidy(load.to(e.unit))) for load in sorted(unique)
        ]

    def _changes(self, plate: Nameplate, least: Quantity) -> dict[str, Quantity]:
        """Where the limit changes, and where one partial range ends."""
        found: dict[str, Quantity] = {}
        below, capacity = least, self.capacity(plate)
        for number, one in enumerate(self.ranges(plate), start=1):
            suffix = f"_{number}" if one.to < capacity else ""
            for i in (1, 2):
                change = self.numbers.get(f"{plate['accuracy_class']}.to.{i}")
                if change and below < (load := one.e.times(change.value)) < one.to:
                    found[f"change_{i}{suffix}"] = load
            if one.to < capacity:
                found[f"partial_{number}"] = one.to
            below = one.to
        return found


def to_e(load: Quantity, e: Quantity) -> Quantity:
    """A load that can be put on: a whole number of e."""
    return tidy(e.times(round_to(load.ratio_to(e), Decimal(1))))


def tidy(quantity: Quantity) -> Quantity:
    """Without zeros a multiplication left behind: 0.5 × 5 g is 2.5 g, 1.0 × 1 g is 1 g."""
    return Quantity(Decimal(plain(quantity.value)), quantity.unit)


def doubled(limit: MaximumPermissibleError, factor: Decimal) -> MaximumPermissibleError:
    """A multiple of a limit, written plainly."""
    twice = limit.times(factor)
    return MaximumPermissibleError(tidy(twice.lower), tidy(twice.upper))
