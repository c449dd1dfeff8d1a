"""DC chargers of electric vehicles (非车载充电机): JJG 1149-2022. Each connector is verified.

The regulation itself was not at hand: sources are named at each number; numbers without one are unconfirmed.
"""

from collections.abc import Mapping
from datetime import date

from metrology.domain.charging import CONNECTOR, ITEMS, NAMEPLATE, ChargerEdition
from metrology.domain.charging_examples import clock, counted, limits, paying, rounded, whole
from metrology.domain.comparing import yes
from metrology.domain.conditions import HUMIDITY, TEMPERATURE
from metrology.domain.example import Examples
from metrology.domain.regulation import Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval

_NOTICE = "efolxx85b.com nrbpvfqf (clock, smallest change of energy)"

_NUMBERS: Mapping[str, LegalNumber] = {
    "1.mpe": number("1.0", "%", clause="working error"),
    "2.mpe": number("2.0", "%", clause="working error"),
    "1.rounding": number("0.1", "%"),
    "2.rounding": number("0.2", "%"),
    "load.high": number("1.0", "Imax", clause="a proposal"),
    "load.low": number("0.1", "Imax", clause="a proposal"),
    "runs": number("2"),
    "clock.initial": number("5", "s", clause="initial verification", source=_NOTICE),
    "clock.later": number("180", "s", clause="subsequent verification: 3 min", source=_NOTICE),
    "payment": number("0.01", "CNY", clause="smallest unit of money"),
    "in_service": number("1", clause="no wider limit in service was found"),
    "interval": number("36", "month"),
}

_STEP = yes("least_energy", "最小电能变量为 0.001 kWh", "smallest change of energy is 0.001 kWh", clause=_NOTICE)

EDITION_2022 = ChargerEdition(
    code="JJG 1149-2022",
    citation=Citation(
        "JJG 1149-2022",
        {
            "zh": "电动汽车非车载充电机检定规程(试行)",
            "en": "Off-board Chargers for Electric Vehicles (for Trial Implementation)",
        },
        "chinesestandard.net JJG1149-2022",
    ),
    in_force=date(2022, 12, 28),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    items=(*ITEMS, _STEP),
    environment=(TEMPERATURE, HUMIDITY),
)

# -- examples

_OF = Examples(
    "dc_ev_charger",
    {"accuracy_class": "2", "max_current": "250 A"},
    "JJG 1149-2022 (clock: trade press; limits unconfirmed); arithmetic by hand",
    whole=whole("appearance", "display", "insulation", "seals", "least_energy"),
)
_CLOCK = (
    ("initial", "5 s", True),
    ("initial", "-6 s", False),
    ("subsequent", "3 min", True),
    ("subsequent", "181 s", False),
)
EXAMPLES = (
    _OF.complete("within", "conforms", {"point": "low", "within": True}),
    *limits(_OF, "1", at=("9.900", "-1.0 %"), beyond=("9.890", "-1.1 %"), mpe="1.0 %", in_service="1.0 %"),
    *limits(_OF, "2", at=("10.200", "2.0 %"), beyond=("10.215", "2.2 %"), mpe="2.0 %", in_service="2.0 %"),
    *rounded(_OF, "1", {"10.035": "0.4 %", "10.045": "0.4 %", "10.030": "0.3 %"}),
    *rounded(_OF, "2", {"10.110": "1.2 %", "10.150": "1.6 %"}),
    *clock(_OF, _CLOCK),
    *paying(_OF, at="12.51 CNY", beyond="12.52 CNY"),
    *counted(_OF),
    _OF.of("loads", {}, {"hints": {"runs.high": "about 250 A", "runs.low": "about 25 A"}}),
    _OF.lasts("three years", 36),
)

TYPE = InstrumentType(
    code="dc_ev_charger",
    names={"zh": "非车载充电机", "en": "DC EV charger"},
    purposes=("trade",),
    nameplate=NAMEPLATE,
    editions=(EDITION_2022,),
    category="dc_ev_charger",
    synonyms=("直流充电桩", "电动汽车非车载充电机", "电动汽车直流充电桩", "直流桩", "快充桩", "直流充电机"),
    part=CONNECTOR,
    standard=RequiredStandard(
        names={"zh": "电动汽车非车载充电机现场校验仪(JJG 1192)", "en": "calibrator of off-board chargers (JJG 1192)"},
        ratio=(1, 5),
        confirmed=False,
    ),
    default_interval=Interval(months=36, mode="periodic", clause="JJG 1149-2022", confirmed=False),
    examples=EXAMPLES,
)
