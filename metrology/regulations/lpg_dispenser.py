"""Dispensers of liquefied petroleum gas (液化石油气加气机): JJG 997-2015, which settle in litres.

Deliveries against a reference meter or balance; each nozzle is verified. Limits and repeatability were written from memory and
are unconfirmed, as is the way repeatability is computed: the range of three deliveries over 1.69, as for liquid dispensers.
"""

from collections.abc import Mapping
from datetime import date

from metrology.domain.conditions import HUMIDITY, TEMPERATURE
from metrology.domain.example import Examples
from metrology.domain.gas_dispensing import ITEMS, NAMEPLATE, NOZZLE, GasDispenserEdition
from metrology.domain.gas_dispensing_examples import counted, limits, paying, spread, whole
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

_UNIT = "L"
_OF = Examples("lpg_dispenser", {}, "JJG 997-2015 (limits unconfirmed); arithmetic by hand", whole=whole(_UNIT))
EXAMPLES = (
    *limits(_OF, _UNIT, at=("10.1", "1.00 %"), beyond=("10.101", "1.01 %"), in_service="1.0 %"),
    *spread(_OF, _UNIT, at=("10.085", "0.50 %"), beyond=("10.0855", "0.51 %")),
    *counted(_OF, _UNIT, runs=3),
    *paying(_OF, _UNIT, at="52.51 CNY", beyond="52.52 CNY"),
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
