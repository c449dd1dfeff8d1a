"""Forms of worked examples that chargers have. The numbers at the edges are typed in the files of the types."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from metrology.domain.example import Example, Examples


def runs(high: str, low: str = "10.000") -> list[dict[str, str]]:
    """What it showed when ten kilowatt-hours had been delivered, twice at each current."""
    return [
        {"point": point, "indicated": f"{shown} kWh", "actual": "10.000 kWh"}
        for point, shown in (("high", high), ("low", low))
        for _ in range(2)
    ]


def price(amount: str) -> dict[str, str]:
    """The amount shown for ten kilowatt-hours at 1.25 CNY."""
    return {"energy": "10.000 kWh", "unit_price": "1.25 CNY/kWh", "amount": amount}


def whole(*items: str) -> Mapping[str, Any]:
    """A complete verification with small errors."""
    return {
        "items": dict.fromkeys(items, True),
        "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
        "runs": runs("10.030", "9.970"),
        "clock": {"difference": "4 s"},
        "price": price("12.50 CNY"),
    }


def limits(
    of: Examples, accuracy_class: str, *, at: tuple[str, str], beyond: tuple[str, str], mpe: str, in_service: str
) -> Iterator[Example]:
    """Both sides of the limit of a class, (shown, error), and that in service."""
    plate = {"accuracy_class": accuracy_class}
    for name, verdict, (shown, error), within in (
        ("at the limit", "conforms", at, True),
        ("beyond", "rejected", beyond, False),
    ):
        yield of.complete(
            f"class {accuracy_class} {name}",
            verdict,
            {"point": "high", "error": error, "mpe": mpe, "within": within},
            plate=plate,
            readings={"runs": runs(shown)},
        )
    found = {"point": "high", "mpe": in_service}
    yield of.found(
        f"class {accuracy_class} in service", {"runs": runs("10.000")}, found, kind="in_service", plate=plate
    )


def rounded(of: Examples, accuracy_class: str, errors: Mapping[str, str]) -> Iterator[Example]:
    """How errors of a class are rounded: shown → error."""
    for shown, error in errors.items():
        yield of.found(
            f"class {accuracy_class} rounds {shown} to {error}",
            {"runs": runs(shown)},
            {"point": "high", "error": error},
            plate={"accuracy_class": accuracy_class},
        )


def clock(of: Examples, edges: Sequence[tuple[str, str, bool]]) -> Iterator[Example]:
    """Both sides of the limits of the clock: (kind, difference, within)."""
    for kind, difference, within in edges:
        yield of.found(
            f"clock {difference} off, {kind}",
            {"clock": {"difference": difference}},
            {"point": "clock", "within": within},
            kind=kind,
        )


def paying(of: Examples, *, at: str, beyond: str) -> Iterator[Example]:
    """Both sides of the limit of the amount to pay, where 12.50 CNY are due."""
    yield of.found(f"{at} for 12.50", {"price": price(at)}, {"point": "price", "within": True})
    yield of.found(f"{beyond} for 12.50", {"price": price(beyond)}, {"point": "price", "within": False})


def counted(of: Examples) -> Iterator[Example]:
    """Two readings at a current, no fewer and no more."""
    two = runs("10.000")[:2]
    yield of.lacking("one reading at a current is too few", {"runs": two[:1]}, {"runs.high": "missing_reading"})
    yield of.lacking("three are too many", {"runs": [*two, two[0]]}, {"runs.high": "ambiguous_reading"})
