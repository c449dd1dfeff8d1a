"""Fuel dispensers (燃油加油机): JJG 443-2023, and JJG 443-2015 before it. Each nozzle is verified.

The regulations themselves were not at hand: sources are the pages named at each number; numbers without one, or
with one that speaks of an older edition, are unconfirmed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from metrology.domain.dispensing import DispenserEdition
from metrology.domain.example import Examples
from metrology.domain.nameplate import Characteristic
from metrology.domain.reading_sheet import Choice, ReadingField
from metrology.domain.regulation import (
    Citation,
    Example,
    InstrumentType,
    LegalNumber,
    PartDefinition,
    RequiredStandard,
    number,
)
from metrology.domain.schedule import Interval

_RECORDS = "published three-run records: jhq8.cn 3458638, bkd208.com 182855"
_RUNYUN = "runyun888.cn news 332 (overview of JJG 443-2023)"
_NEWS = "91zxmr.com 2025-06-05 (verification campaign under JJG 443-2023)"
_VOLUME = "xljd888 (volume formula and coefficients)"
_FORUM = "gfjl.org 145867 (JJG 443-2006, 7.7)"

_COMMON: Mapping[str, LegalNumber] = {
    "mpe": number("0.30", "%", source=_NEWS),
    "repeatability": number("0.10", "%", source=_NEWS),
    "repeatability_divisor": number("1.69", clause="En = (Emax − Emin)/dn, n = 3", source=_RECORDS),
    "runs": number("3", source=_RUNYUN),
    "rounding": number("0.01", "%", source=_RECORDS),
    "max_flow": number("200", "L/min", clause="scope", source=_RUNYUN),
    "q1_from": number("0.90", clause="0.90 Qmax ≤ Q1 ≤ Qmax", source=_FORUM, confirmed=False),
    "q1_to": number("1.0", clause="0.90 Qmax ≤ Q1 ≤ Qmax", source=_FORUM, confirmed=False),
    "q2_from": number("0.36", clause="0.36 Qmax ≤ Q2 ≤ 0.44 Qmax", source=_FORUM, confirmed=False),
    "q2_to": number("0.44", clause="0.36 Qmax ≤ Q2 ≤ 0.44 Qmax", source=_FORUM, confirmed=False),
    "reference_temperature": number("20", "°C", source=_VOLUME),
    "beta_gasoline": number("0.0012", "1/°C", source=_VOLUME),
    "beta_kerosene": number("0.0009", "1/°C", source=_VOLUME),
    "beta_diesel": number("0.0009", "1/°C", source=_VOLUME),
    "beta_stainless_steel": number("0.000050", "1/°C", source=_VOLUME),
    "beta_carbon_steel": number("0.000033", "1/°C", source=_VOLUME),
    "payment": number("0.01", "CNY", clause="minimum payment variable", source=_RUNYUN),
    "temperature_from": number("-20", "°C", source="taodocs.com 698714069 (JJG 443-1998)", confirmed=False),
    "temperature_to": number("40", "°C", source="taodocs.com 698714069 (JJG 443-1998)", confirmed=False),
    "interval": number("6", "month", source="taodocs.com 698714069; 91zxmr.com 2025-06-05"),
}


def _grades() -> tuple[Choice, ...]:
    petrol = [
        Choice(
            f"gasoline_{grade}",
            {"zh": f"{grade}号车用汽油", "en": f"gasoline {grade}"},
            (
                f"{grade}#",
                f"{grade}号",
                grade,
                f"{grade}#汽油",
                f"{grade}号汽油",
                f"汽油{grade}#",
                f"汽油{grade}号",
                f"{grade}#乙醇汽油",
                f"{grade}号乙醇汽油",
                f"E{grade}",
                f"E{grade}#",
                f"{grade}#车用汽油",
            ),
        )
        for grade in ("89", "90", "92", "93", "95", "97", "98", "101")
    ]
    diesel = [
        Choice(
            f"diesel_{grade}",
            {"zh": f"{grade}号车用柴油", "en": f"diesel {grade}"},
            (
                f"{grade}#柴油",
                f"{grade}号柴油",
                f"{grade}#",
                f"{grade}号",
                f"柴油{grade}#",
                f"柴油{grade}号",
                f"{grade}#车用柴油",
            ),
        )
        for grade in ("5", "0", "-10", "-20", "-35", "-50")
    ]
    return (
        Choice("gasoline", {"zh": "汽油", "en": "gasoline"}, ("车用汽油", "乙醇汽油", "petrol")),
        *petrol,
        Choice("diesel", {"zh": "柴油", "en": "diesel"}, ("车用柴油", "轻柴油")),
        *diesel,
        Choice("kerosene", {"zh": "煤油", "en": "kerosene"}, ("航空煤油",)),
    )


NAMEPLATE = (
    Characteristic(
        key="max_flow",
        labels={"zh": "最大流量", "en": "maximum flow rate"},
        unit="L/min",
        required_for_verdict=True,
        synonyms=("Qmax", "最大流量L/min", "最大流量(L/min)"),
    ),
    Characteristic(
        key="min_flow",
        labels={"zh": "最小流量", "en": "minimum flow rate"},
        unit="L/min",
        synonyms=("Qmin", "最小流量L/min", "最小流量(L/min)"),
    ),
    Characteristic(
        key="product",
        labels={"zh": "油品", "en": "product"},
        kind="choice",
        choices=_grades(),
        of_part=True,
        required_for_verdict=True,
        synonyms=("油品", "油品名称", "油品牌号", "油号", "标号", "介质", "fuel", "grade"),
    ),
    Characteristic(
        key="accuracy",
        labels={"zh": "准确度等级", "en": "accuracy"},
        kind="choice",
        choices=(
            Choice(
                "0.30 %",
                {"zh": "±0.30 %", "en": "±0.30 %"},
                ("±0.3%", "0.3%", "0.30%", "0.3", "0.30", "0.3级", "0.30级"),
            ),
        ),
        synonyms=("准确度等级", "最大允许误差", "准确度", "精度", "accuracy class"),
    ),
)

_ITEMS_2015 = (
    ReadingField(
        key="appearance", labels={"zh": "铭牌标记和外观结构", "en": "markings and construction"}, kind="boolean"
    ),
    ReadingField(
        key="seals",
        kind="boolean",
        clause=_NEWS,
        labels={
            "zh": "三处铅封完好(流量测量变换器调整装置、编码器与变换器之间、计控主板与机体之间)",
            "en": "three seals intact (transducer adjuster, encoder to transducer, metering board to housing)",
        },
    ),
    ReadingField(
        key="tax_memory", labels={"zh": "税控存储数据一致", "en": "tax-control memory consistent"}, kind="boolean"
    ),
)
_ITEMS_2023 = (
    *_ITEMS_2015,
    ReadingField(
        key="self_lock", labels={"zh": "自锁功能", "en": "self-locking function"}, kind="boolean", clause=_RUNYUN
    ),
    ReadingField(
        key="software_identity",
        labels={"zh": "软件标识", "en": "software identification"},
        kind="boolean",
        clause=_RUNYUN,
    ),
    ReadingField(
        key="own_transducer",
        labels={"zh": "各枪不共用流量测量变换器", "en": "no flow transducer shared between hoses"},
        kind="boolean",
        clause=_RUNYUN,
    ),
)

EDITION_2023 = DispenserEdition(
    code="JJG 443-2023",
    citation=Citation(
        "JJG 443-2023",
        {
            "zh": "燃油加油机检定规程(试行)",
            "en": "Verification Regulation of Fuel Dispensers (for trial implementation)",
        },
        "plusstd.com 2124877079; chinesestandard.net JJG443-2023",
    ),
    in_force=date(2024, 5, 1),
    numbers=_COMMON,
    nameplate=NAMEPLATE,
    items=_ITEMS_2023,
)
EDITION_2015 = DispenserEdition(
    code="JJG 443-2015",
    citation=Citation("JJG 443-2015", {"zh": "燃油加油机检定规程", "en": "Verification Regulation of Fuel Dispensers"}),
    # Neither the day it took force nor its numbers were found in a source; those of the neighbouring editions stand in.
    in_force=date(2016, 6, 7),
    numbers={key: replace(one, source="", confirmed=False) for key, one in _COMMON.items()},
    nameplate=NAMEPLATE,
    items=_ITEMS_2015,
    text_confirmed=False,
)

# (product, material, unrounded error of 20 L shown for 20 L in the measure, drawn 5 °C warmer, read at 25 °C)
_EXPANSIONS = (
    ("gasoline", "stainless_steel", "-0.621118012 %"),
    ("diesel", "carbon_steel", "-0.464333882 %"),
    ("kerosene", "stainless_steel", "-0.472754417 %"),
)
_MEASURE = {"mark_height": "66 mm", "mark_volume": "20 L", "neck": "2 mL/mm", "material": "stainless_steel"}


def _readings(q1: Mapping[str, str], q2: Mapping[str, str], **other: Any) -> dict[str, Any]:
    """A whole sheet: three like runs at each point."""
    runs = [{"flow_point": "q1", **q1}] * 3 + [{"flow_point": "q2", **q2}] * 3
    return {
        "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
        "runs": runs,
        "price": {"volume": "20.00 L", "unit_price": "7.51 CNY/L", "amount": "150.20 CNY"},
        **other,
    }


_SHOWS_20 = {"indication": "20.00 L"}
_PLATE = {"max_flow": "50 L/min", "min_flow": "5 L/min", "product": "92#"}


def _spread(*errors: str) -> dict[str, Any]:
    return {"errors": {"q1": list(errors)}}


def _at_flow(point: str, *flows: str) -> list[dict[str, str]]:
    return [{"flow_point": point, "flow": f"{flow} L/min", **_SHOWS_20, "actual": "20.00 L"} for flow in flows]


_COUNTS = {
    "q1": ("45", "50", "44.5", "50.5"),
    "q2": ("18", "22", "17.9", "22.1"),
}


def _of_edition(of: Examples, items: tuple[ReadingField, ...]) -> Iterator[Example]:
    """What both editions are held to."""
    asked = {"items": {item.key: True for item in items}}
    yield of.found(
        "three runs on a 19.75 L mark",
        {
            "standard_measure": {"mark_height": "68.3 mm", "mark_volume": "19.75 L", "neck": "2.1 mL/mm"},
            "runs": [
                {"flow_point": "q1", "indication": "19.77 L", "height": "37.4 mm"},
                {"flow_point": "q1", "indication": "19.82 L", "height": "67.6 mm"},
                {"flow_point": "q1", "indication": "20.00 L", "height": "132.2 mm"},
            ],
        },
        {"point": "q1", "error": "0.46 %", "mpe": "0.30 %", "repeatability": "0.13 %", "within": False},
        source=_RECORDS,
    )
    for product, material, unrounded in _EXPANSIONS:
        run = {"height": "66 mm", **_SHOWS_20, "dispenser_temperature": "30 °C", "measure_temperature": "25 °C"}
        yield of.found(
            f"one run of {product} in {material}",
            {"standard_measure": {**_MEASURE, "material": material}, "runs": [{"flow_point": "q1", **run}]},
            {"point": "q1", "unrounded": unrounded},
            plate={"product": product},
            source=_VOLUME,
        )
    yield of.found(
        "errors of three runs at both points, as a verifier recorded them",
        {"errors": {"q1": ["0.050 %", "0.090 %", "0.022 %"], "q2": ["-0.080 %", "-0.025 %", "-0.035 %"]}},
        {"point": "q1", "error": "0.05 %", "repeatability": "0.04 %", "within": True},
        {"point": "q2", "error": "-0.05 %", "repeatability": "0.03 %", "within": True},
        source="practitioner's record of point errors (JJG 443)",
    )
    yield of.complete(
        "at both limits it conforms",
        "conforms",
        {"point": "q1", "error": "0.30 %", "margin": "1"},
        {"point": "q2", "error": "-0.30 %", "margin": "1"},
        {"point": "price", "error": "0.0000 CNY"},
        readings=asked
        | _readings({**_SHOWS_20, "actual": "19.940179 L"}, {"indication": "19.94 L", "actual": "20.00 L"}),
    )
    yield of.complete(
        "one hundredth beyond is rejected",
        "rejected",
        {"point": "q1", "error": "0.31 %", "within": False},
        readings=asked | _readings({"indication": "20.062 L", "actual": "20.00 L"}, {**_SHOWS_20, "actual": "20.00 L"}),
    )
    yield of.found(
        "a range of 0.177 over 1.69 is at the limit",
        _spread("0.00 %", "0.177 %", "0.00 %"),
        {"point": "q1", "error": "0.06 %", "repeatability": "0.10 %", "repeatability_limit": "0.10 %", "within": True},
    )
    yield of.found(
        "one of 0.178 is beyond",
        _spread("0.00 %", "0.178 %", "0.00 %"),
        {"point": "q1", "repeatability": "0.11 %", "repeatability_within": False, "within": False},
    )
    yield of.lacking("two runs are too few", _spread("0.01 %", "0.02 %"), {"errors.q1": "missing_reading"})
    yield of.lacking("four are one too many", _spread(*["0.01 %"] * 4), {"runs.q1": "ambiguous_reading"})
    price = {"volume": "20.00 L", "unit_price": "7.51 CNY/L"}
    for amount, within in (("150.21 CNY", True), ("150.22 CNY", False)):
        found = {"point": "price", "mpe": "0.01 CNY", "within": within}
        yield of.found(f"an amount of {amount}", {"price": {**price, "amount": amount}}, found, source=_RUNYUN)
    for point, flows in _COUNTS.items():
        lacks = {f"runs[{i}].flow": "outside_conditions" if i > 1 else None for i in range(4)}
        yield of.lacking(f"flow rates that count as {point}", {"runs": _at_flow(point, *flows)}, lacks)
    yield from of.edges("environment.temperature", ("-20 °C", "40 °C"), ("-21 °C", "41 °C"))
    yield of.lasts("half a year", 6, plate={"max_flow": "200 L/min"})
    yield of.refused("beyond 200 L/min", plate={"max_flow": "201 L/min"})


_OF_2023 = Examples("fuel_dispenser", _PLATE, _NEWS)
_OF_2015 = Examples("fuel_dispenser", _PLATE, "JJG 443-2015 (unconfirmed)", on="2024-04-30")
EXAMPLES = (
    *_of_edition(_OF_2023, _ITEMS_2023),
    *(replace(one, id=f"{one.id} (2015)") for one in _of_edition(_OF_2015, _ITEMS_2015)),
    _OF_2015.of("judged by the edition before", {}, {"edition": "JJG 443-2015", "confirmed": False}),
)

TYPE = InstrumentType(
    code="fuel_dispenser",
    names={"zh": "燃油加油机", "en": "fuel dispenser"},
    purposes=("trade",),
    nameplate=NAMEPLATE,
    editions=(EDITION_2015, EDITION_2023),
    category="fuel_dispenser",
    synonyms=(
        "加油机",
        "税控燃油加油机",
        "电脑加油机",
        "税控加油机",
        "汽油加油机",
        "柴油加油机",
        "fuel pump",
        "petrol pump",
    ),
    part=PartDefinition(
        code="nozzle",
        names={"zh": "油枪", "en": "nozzle"},
        number={"zh": "枪号", "en": "nozzle no."},
        synonyms=("枪号", "油枪号", "加油枪号", "枪编号", "nozzle"),
    ),
    standard=RequiredStandard(
        names={"zh": "标准金属量器(20 L 等)", "en": "standard metal measure (20 L and others)"}, ratio=(1, 3)
    ),
    default_interval=Interval(months=6, mode="periodic", clause="JJG 443"),
    examples=EXAMPLES,
)
