"""DC chargers of electric vehicles (非车载充电机): JJG 1149-2022. Each connector is verified.

The regulation itself was not at hand: sources are named at each number; numbers without one are unconfirmed.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from metrology.domain.charging import CONNECTOR, ITEMS, NAMEPLATE, ChargerEdition
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


def _runs(high: str, low: str = "10.000") -> list[dict[str, str]]:
    """What it showed when ten kilowatt-hours had been delivered."""
    return [
        {"point": point, "indicated": f"{shown} kWh", "actual": "10.000 kWh"}
        for point, shown in (("high", high), ("low", low))
        for _ in range(2)
    ]


def _price(amount: str) -> dict[str, str]:
    return {"energy": "10.000 kWh", "unit_price": "1.25 CNY/kWh", "amount": amount}


_WHOLE: Mapping[str, Any] = {
    "items": {"appearance": True, "display": True, "insulation": True, "seals": True, "least_energy": True},
    "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
    "runs": _runs("10.030", "9.970"),
    "clock": {"difference": "4 s"},
    "price": _price("12.50 CNY"),
}
_OF = Examples(
    "dc_ev_charger",
    {"accuracy_class": "2", "max_current": "250 A"},
    "JJG 1149-2022 (clock: trade press; limits unconfirmed); arithmetic by hand",
    whole=_WHOLE,
)
_TWO, _ONE = {"accuracy_class": "2"}, {"accuracy_class": "1"}
EXAMPLES = (
    _OF.complete("within", "conforms", {"point": "low", "within": True}),
    _OF.complete(
        "class 2 at the limit",
        "conforms",
        {"point": "high", "error": "2.0 %", "mpe": "2.0 %"},
        plate=_TWO,
        readings={"runs": _runs("10.200")},
    ),
    _OF.complete(
        "class 2 beyond",
        "rejected",
        {"point": "high", "error": "2.2 %"},
        plate=_TWO,
        readings={"runs": _runs("10.215")},
    ),
    _OF.found(
        "class 1 at the limit",
        {"runs": _runs("9.900")},
        {"point": "high", "error": "-1.0 %", "mpe": "1.0 %", "within": True},
        plate=_ONE,
    ),
    _OF.found(
        "class 1 beyond", {"runs": _runs("9.890")}, {"point": "high", "error": "-1.1 %", "within": False}, plate=_ONE
    ),
    _OF.found("class 1 rounds to tenths", {"runs": _runs("10.035")}, {"point": "high", "error": "0.4 %"}, plate=_ONE),
    _OF.found(
        "and 0.05 to the even one",
        {"runs": _runs("10.045", "10.030")},
        {"point": "high", "error": "0.4 %"},
        {"point": "low", "error": "0.3 %"},
        plate=_ONE,
    ),
    _OF.found(
        "class 2 rounds to fifths",
        {"runs": _runs("10.110", "10.150")},
        {"point": "high", "error": "1.2 %"},
        {"point": "low", "error": "1.6 %"},
        plate=_TWO,
    ),
    _OF.found(
        "in service", {"runs": _runs("10.000")}, {"point": "high", "mpe": "1.0 %"}, kind="in_service", plate=_ONE
    ),
    *(
        _OF.found(
            f"clock {difference} off, {kind}",
            {"clock": {"difference": difference}},
            {"point": "clock", "within": within},
            kind=kind,
        )
        for kind, difference, within in (
            ("initial", "5 s", True),
            ("initial", "-6 s", False),
            ("subsequent", "3 min", True),
            ("subsequent", "181 s", False),
        )
    ),
    _OF.found("a cent too much", {"price": _price("12.51 CNY")}, {"point": "price", "within": True}),
    _OF.found("two cents too much", {"price": _price("12.52 CNY")}, {"point": "price", "within": False}),
    _OF.lacking("one reading at a load is too few", {"runs": _runs("10.000")[:1]}, {"runs.high": "missing_reading"}),
    _OF.lacking(
        "three are too many", {"runs": [*_runs("10.000")[:2], _runs("10.000")[0]]}, {"runs.high": "ambiguous_reading"}
    ),
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
