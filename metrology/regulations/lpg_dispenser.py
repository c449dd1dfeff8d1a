"""Dispensers of liquefied petroleum gas (液化石油气加气机): JJG 997-2015, which settle in litres.

Deliveries against a reference meter or balance; each nozzle is verified. Limits and repeatability were written from memory and
are unconfirmed, as is the way repeatability is computed: the range of three deliveries over 1.69, as for liquid dispensers.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from metrology.domain.conditions import HUMIDITY, TEMPERATURE
from metrology.domain.example import Examples
from metrology.domain.gas_dispensing import ITEMS, NAMEPLATE, NOZZLE, GasDispenserEdition
from metrology.domain.regulation import Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval

_NUMBERS: Mapping[str, LegalNumber] = {
    "mpe": number("1.0", "%"),
    "repeatability": number("0.5", "%"),
    "repeatability_divisor": number("1.69", clause="En = (Emax − Emin)/dn, n = 3"),
    "runs": number("3"),
    "rounding": number("0.01", "%"),
    "payment": number("0.01", "CNY", clause="minimum payment variable"),
    "in_service": number("1", clause="no wider limit in service was found"),
    "interval": number("6", "month"),
}

EDITION_2015 = GasDispenserEdition(
    code="JJG 997-2015",
    citation=Citation(
        "JJG 997-2015",
        {"zh": "液化石油气加气机检定规程", "en": "Verification Regulation of Liquefied Petroleum Gas Dispensers"},
    ),
    in_force=date(2016, 6, 7),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    items=ITEMS,
    environment=(TEMPERATURE, HUMIDITY),
    measured_in="L",
)

# -- examples


def _runs(*shown: str) -> list[dict[str, str]]:
    """What the dispenser showed when 10 L had been delivered."""
    return [{"point": "delivery", "indicated": f"{one} L", "actual": "10 L"} for one in shown]


def _price(amount: str) -> dict[str, str]:
    return {"quantity": "10.00 L", "unit_price": "5.25 CNY/L", "amount": amount}


_WHOLE: Mapping[str, Any] = {
    "items": {"appearance": True, "tightness": True, "seals": True},
    "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
    "runs": _runs("10.02", "10.03", "10.01"),
    "price": _price("52.50 CNY"),
}
_OF = Examples("lpg_dispenser", {}, "JJG 997-2015 (limits unconfirmed); arithmetic by hand", whole=_WHOLE)
_AT, _BEYOND = "10.1", "10.101"
EXAMPLES = (
    _OF.complete("within", "conforms", {"point": "delivery", "error": "0.20 %", "repeatability": "0.12 %"}),
    _OF.complete(
        "at the limit",
        "conforms",
        {"point": "delivery", "error": "1.00 %", "margin": "1"},
        readings={"runs": _runs(_AT, _AT, _AT)},
    ),
    _OF.complete(
        "a hundredth beyond",
        "rejected",
        {"point": "delivery", "within": False},
        readings={"runs": _runs(_BEYOND, _BEYOND, _BEYOND)},
    ),
    _OF.found(
        "in service", {"runs": _runs("10", "10", "10")}, {"point": "delivery", "mpe": "1.0 %"}, kind="in_service"
    ),
    _OF.found(
        "a range over 1.69 at the limit",
        {"runs": _runs("10", "10.085", "10")},
        {"point": "delivery", "repeatability": "0.50 %", "within": True},
    ),
    _OF.found(
        "and beyond",
        {"runs": _runs("10", "10.0855", "10")},
        {"point": "delivery", "repeatability": "0.51 %", "repeatability_within": False, "within": False},
    ),
    _OF.found(
        "rounded to a hundredth",
        {"runs": _runs("10.0205", "10.0215", "10.0205")},
        {"point": "delivery", "error": "0.21 %"},
    ),
    _OF.lacking("two deliveries are too few", {"runs": _runs("10", "10")}, {"runs.delivery": "missing_reading"}),
    _OF.lacking(
        "four are one too many", {"runs": _runs("10", "10", "10", "10")}, {"runs.delivery": "ambiguous_reading"}
    ),
    _OF.found("a cent too much", {"price": _price("52.51 CNY")}, {"point": "price", "within": True}),
    _OF.found("two cents too much", {"price": _price("52.52 CNY")}, {"point": "price", "within": False}),
    _OF.lasts("half a year", 6),
)

TYPE = InstrumentType(
    code="lpg_dispenser",
    names={"zh": "液化石油气加气机", "en": "LPG dispenser"},
    purposes=("trade",),
    nameplate=NAMEPLATE,
    editions=(EDITION_2015,),
    category="lpg_dispenser",
    synonyms=("LPG加气机", "液化气加气机"),
    part=NOZZLE,
    standard=RequiredStandard(
        names={"zh": "液化石油气标准流量装置", "en": "reference meter for LPG"}, ratio=(1, 3), confirmed=False
    ),
    default_interval=Interval(months=6, mode="periodic", clause="JJG 997-2015", confirmed=False),
    examples=EXAMPLES,
)
