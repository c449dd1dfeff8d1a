"""Readings as a verifier might take them in the example city: within the limits, or one of them well outside.

Drawn from the type's own reading sheet, so that the example follows the regulations.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any

from metrology.domain.quantity import parse
from metrology.domain.reading_sheet import ReadingSheet, ReadingTable

NAMEPLATE = {
    "fuel_dispenser": {"max_flow": "50 L/min", "min_flow": "5 L/min"},
}
"""What ledgers do not say and a verifier reads off the instrument."""


def take(sheet: ReadingSheet, nameplate: Mapping[str, str], random: Random, *, conforming: bool) -> dict[str, Any]:
    """Fill a sheet. Raises KeyError for a sheet that is none of fuel, scale or water."""
    readings: dict[str, Any] = {}
    for table in sheet.tables:
        if not table.in_form or not table.key:
            continue
        if table.layout == "items":
            readings["items"] = {field.key: True for field in table.fields}
        elif table.key == "environment":
            readings["environment"] = {
                field.key: {"humidity": "48 %RH", "water_temperature": "18 °C"}.get(field.key, "21 °C")
                for field in table.fields
            }
        elif table.key == "runs":
            readings["runs"] = _runs(table, random, conforming=conforming)
        elif table.key == "price":
            readings["price"] = {"volume": "20.00 L", "unit_price": "7.85 CNY/L", "amount": "157.00 CNY"}
        elif table.key in _WEIGHING:
            readings[table.key] = _weighing(table, nameplate, random, conforming=conforming)
    return readings


_WEIGHING = ("zero", "weighing", "eccentricity", "repeatability", "discrimination")


def _runs(table: ReadingTable, random: Random, *, conforming: bool) -> list[dict[str, str]]:
    """Deliveries of a dispenser (20 L against a measure) or of a water meter."""
    is_fuel = any(field.key == "dispenser_temperature" for field in table.fields)
    volume = Decimal(20) if is_fuel else Decimal(100)
    offset = Decimal(random.randrange(-20, 26)) / 1000 if is_fuel else Decimal(random.randrange(-90, 120)) / 100
    if not conforming:
        offset = Decimal("0.110") if is_fuel else Decimal("6.4")
    rows = []
    for row in table.rows:
        noise = Decimal(random.randrange(-3, 4)) / 1000 if is_fuel else Decimal(random.randrange(-20, 21)) / 100
        actual = volume - offset - noise
        read = {"indication": f"{volume:.2f} L"} if is_fuel else {"indicated": f"{volume:.1f} L"}
        rows.append({**row.values, **read, "actual": f"{actual} L"})
    return rows


def _weighing(table: ReadingTable, nameplate: Mapping[str, str], random: Random, *, conforming: bool) -> Any:
    interval = parse(nameplate["e"]).to("g").value
    has_extra = any(field.key == "additional_load" for field in table.fields)
    bad = table.key == "weighing" and not conforming

    def read(load: Decimal, *, wrong: bool = False) -> dict[str, str]:
        if has_extra:
            extra = interval * Decimal(random.randrange(4, 7)) / 10
            shown = load + (3 * interval if wrong else 0)
            return {"load": f"{load} g", "indication": f"{shown} g", "additional_load": f"{extra} g"}
        shown = load + interval * (Decimal(3) if wrong else Decimal(random.randrange(-1, 2)) / 10)
        return {"load": f"{load} g", "indication": f"{shown} g"}

    if table.key == "zero":
        return read(10 * interval)
    rows = []
    for place, row in enumerate(table.rows):
        load = parse(row.values["load"]).to("g").value
        reading = {**row.values, **read(load, wrong=bad and place == len(table.rows) // 2)}
        if table.key == "discrimination":
            reading = {"load": f"{load} g", "indication": f"{load} g", "indication_after": f"{load + 2 * interval} g"}
        rows.append(reading)
    return rows
