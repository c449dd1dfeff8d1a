"""Forms of worked examples that all dispensers of gaseous fuels have. The numbers at the edges are typed in the files of the types."""

from collections.abc import Iterator, Mapping
from typing import Any

from metrology.domain.example import Example, Examples


def deliveries(unit: str, *shown: str) -> list[dict[str, str]]:
    """What the dispenser showed when ten units had been delivered."""
    return [{"point": "delivery", "indicated": f"{one} {unit}", "actual": f"10 {unit}"} for one in shown]


def whole(unit: str) -> Mapping[str, Any]:
    """A complete verification with small errors: +0.20 % on average, 0.20 % apart."""
    return {
        "items": {"appearance": True, "tightness": True, "seals": True},
        "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
        "runs": deliveries(unit, "10.02", "10.03", "10.01"),
        "price": price(unit, "52.50 CNY"),
    }


def price(unit: str, amount: str) -> dict[str, str]:
    """The amount shown for ten units at 5.25 CNY."""
    return {"quantity": f"10.00 {unit}", "unit_price": f"5.25 CNY/{unit}", "amount": amount}


def limits(
    of: Examples, unit: str, *, at: tuple[str, str], beyond: tuple[str, str], in_service: str
) -> Iterator[Example]:
    """Both sides of the limit, (shown, error), and that in service."""
    yield of.complete("within", "conforms", {"point": "delivery", "error": "0.20 %", "repeatability": "0.12 %"})
    yield of.complete(
        "at the limit",
        "conforms",
        {"point": "delivery", "error": at[1], "margin": "1"},
        readings={"runs": deliveries(unit, at[0], at[0], at[0])},
    )
    yield of.complete(
        "a hundredth beyond",
        "rejected",
        {"point": "delivery", "error": beyond[1], "within": False},
        readings={"runs": deliveries(unit, beyond[0], beyond[0], beyond[0])},
    )
    shown = {"runs": deliveries(unit, "10", "10", "10")}
    yield of.found("in service", shown, {"point": "delivery", "mpe": in_service}, kind="in_service")
    yield of.found(
        "rounded to a hundredth",
        {"runs": deliveries(unit, "10.0205", "10.0215", "10.0205")},
        {"point": "delivery", "error": "0.21 %"},
    )


def spread(of: Examples, unit: str, *, at: tuple[str, str], beyond: tuple[str, str]) -> Iterator[Example]:
    """Both sides of the limit of repeatability: (the one delivery that differs, the range over the divisor)."""
    for name, (shown, repeatability), within in (("at the limit", at, True), ("beyond", beyond, False)):
        yield of.found(
            f"a range over the divisor {name}",
            {"runs": deliveries(unit, "10", shown, "10")},
            {
                "point": "delivery",
                "repeatability": repeatability,
                "repeatability_within": within,
                "within": within,
            },
        )


def counted(of: Examples, unit: str, *, runs: int) -> Iterator[Example]:
    """So many deliveries, no fewer and no more."""
    few, many = (deliveries(unit, *["10"] * count) for count in (runs - 1, runs + 1))
    yield of.lacking("one delivery too few", {"runs": few}, {"runs.delivery": "missing_reading"})
    yield of.lacking("one too many", {"runs": many}, {"runs.delivery": "ambiguous_reading"})


def paying(of: Examples, unit: str, *, at: str, beyond: str) -> Iterator[Example]:
    """Both sides of the limit of the amount to pay, where 52.50 CNY are due."""
    yield of.found(f"{at} for 52.50", {"price": price(unit, at)}, {"point": "price", "within": True})
    yield of.found(f"{beyond} for 52.50", {"price": price(unit, beyond)}, {"point": "price", "within": False})
