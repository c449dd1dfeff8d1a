r"""Our units in D-SI, the notation of units in a DCC (SmartCom, D-SI 2.x).

>>> d_si("m³/h").symbol, d_si("L/min").symbol
('\\metre\\tothe{3}\\per\\hour', '\\litre\\per\\minute')
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from metrology.domain.problems import Problem


class DsiUnit(NamedTuple):
    """A unit in D-SI: its symbol, the factor by which a value is multiplied, and its name where SI has no such unit."""

    symbol: str
    factor: Decimal = Decimal(1)
    non_si: str = ""


_LENGTH = {
    "nm": r"\nano\metre", "μm": r"\micro\metre", "mm": r"\milli\metre", "cm": r"\centi\metre", "dm": r"\deci\metre",
    "m": r"\metre", "km": r"\kilo\metre",
}  # fmt: skip
_VOLUME = {
    "μL": r"\micro\litre", "mL": r"\milli\litre", "L": r"\litre", "cm³": r"\centi\metre\tothe{3}",
    "dm³": r"\deci\metre\tothe{3}", "m³": r"\metre\tothe{3}",
}  # fmt: skip
_MASS = {"μg": r"\micro\gram", "mg": r"\milli\gram", "g": r"\gram", "kg": r"\kilogram", "t": r"\tonne"}
_TIME = {"ms": r"\milli\second", "s": r"\second", "min": r"\minute", "h": r"\hour", "d": r"\day"}


def _quotients(above: dict[str, str], below: dict[str, str]) -> dict[str, str]:
    return {f"{a}/{b}": rf"{over}\per{under}" for a, over in above.items() for b, under in below.items()}


_SYMBOLS: Final[dict[str, str]] = {
    **_LENGTH, **_VOLUME, **_MASS, **_TIME,
    **{f"{unit}²": rf"{dsi}\tothe{{2}}" for unit, dsi in _LENGTH.items()},
    **_quotients(_VOLUME, _TIME), **_quotients(_MASS, _TIME), **_quotients(_LENGTH, _TIME),
    **_quotients({"mL": _VOLUME["mL"]}, {"mm": _LENGTH["mm"]}),
    **_quotients({"mg": _MASS["mg"]}, {"m³": _VOLUME["m³"], "L": _VOLUME["L"]}),
    "Pa": r"\pascal", "hPa": r"\hecto\pascal", "kPa": r"\kilo\pascal", "MPa": r"\mega\pascal",
    "mbar": r"\milli\bar", "bar": r"\bar", "mmHg": r"\mmHg",
    "μV": r"\micro\volt", "mV": r"\milli\volt", "V": r"\volt", "kV": r"\kilo\volt",
    "μA": r"\micro\ampere", "mA": r"\milli\ampere", "A": r"\ampere", "kA": r"\kilo\ampere",
    "W": r"\watt", "kW": r"\kilo\watt",
    "J": r"\joule", "kJ": r"\kilo\joule", "MJ": r"\mega\joule", "GJ": r"\giga\joule",
    "Wh": r"\watt\hour", "kWh": r"\kilo\watt\hour", "MWh": r"\mega\watt\hour",
    "Ω": r"\ohm", "kΩ": r"\kilo\ohm", "Hz": r"\hertz", "kHz": r"\kilo\hertz",
    "°C": r"\degreeCelsius", "℃": r"\degreeCelsius", "K": r"\kelvin",
    "%": r"\percent", "%RH": r"\percent", "dB": r"\decibel",
    "μmol/mol": r"\micro\mole\per\mole",
    "imp/kWh": r"\kilo\watt\tothe{-1}\hour\tothe{-1}",
    "N": r"\newton", "kN": r"\kilo\newton", "MN": r"\mega\newton", "N·m": r"\newton\metre", "kN·m": r"\kilo\newton\metre",
    **_quotients({"kg": _MASS["kg"]}, {"m³": _VOLUME["m³"]}), **_quotients({"g": _MASS["g"]}, {"cm³": _VOLUME["cm³"]}),
    "μS/cm": r"\micro\siemens\per\centi\metre", "mS/cm": r"\milli\siemens\per\centi\metre",
    "lx": r"\lux", "cd/m²": r"\candela\per\metre\tothe{2}", "1/min": r"\minute\tothe{-1}", "m⁻¹": r"\metre\tothe{-1}",
    "°": r"\degree", "mmol/L": r"\milli\mole\per\litre",
    "μGy": r"\micro\gray", "mGy": r"\milli\gray", "Gy": r"\gray",
    "μGy/h": r"\micro\gray\per\hour", "mGy/h": r"\milli\gray\per\hour",
    "μSv/h": r"\micro\sievert\per\hour", "mSv/h": r"\milli\sievert\per\hour",
    "Bq": r"\becquerel", "kBq": r"\kilo\becquerel", "MBq": r"\mega\becquerel", "GBq": r"\giga\becquerel",
    "": r"\one", "pcs": r"\one",
}  # fmt: skip

_OTHERS: Final[dict[str, DsiUnit]] = {
    "‰": DsiUnit(r"\percent", Decimal("0.1")),
    **{scale: DsiUnit(r"\one", non_si=scale) for scale in ("pH", "NTU", "Abs", "HRC", "HBW", "HV")},
    "r/min": DsiUnit(r"\minute\tothe{-1}", non_si="r/min"),
    "CNY": DsiUnit(r"\one", non_si="CNY"),
    "CNY/L": DsiUnit(r"\litre\tothe{-1}", non_si="CNY/L"),
    "CNY/kg": DsiUnit(r"\kilogram\tothe{-1}", non_si="CNY/kg"),
    "CNY/kWh": DsiUnit(r"\kilo\watt\tothe{-1}\hour\tothe{-1}", non_si="CNY/kWh"),
}
UNITS: Final[dict[str, DsiUnit]] = {symbol: DsiUnit(dsi) for symbol, dsi in _SYMBOLS.items()} | _OTHERS
"""Symbol of ours → unit in D-SI. A symbol that is missing here is refused; a test holds every unit of the registry."""


def d_si(unit: str) -> DsiUnit:
    """The unit in D-SI, or the Problem that there is none: a value is never given with a unit guessed."""
    if unit not in UNITS:
        raise Problem("unit_without_d_si", "unit", unit=unit)
    return UNITS[unit]
