"""Automatic instruments for weighing road vehicles in motion (动态公路车辆自动衡器): JJG 907-2006, after OIML R 134.

Every passage of a reference vehicle is judged by its mass. The regulation itself was not at hand; its limits were written from
memory and are unconfirmed. Limits of axle loads, and the least limit of one scale interval for each axle, are not kept here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from metrology.domain.comparing import ComparisonEdition, Limit, TestPoint, yes
from metrology.domain.conditions import HUMIDITY, TEMPERATURE
from metrology.domain.example import Examples
from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.reading_sheet import Choice, ReadingField, Row
from metrology.domain.regulation import Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval

_CLASSES = ("0.2", "0.5", "1", "2", "5", "10")

_NUMBERS: Mapping[str, LegalNumber] = {
    "0.2.mpe": number("0.10", "%", clause="vehicle mass"),
    "0.5.mpe": number("0.25", "%", clause="vehicle mass"),
    "1.mpe": number("0.50", "%", clause="vehicle mass"),
    "2.mpe": number("1.00", "%", clause="vehicle mass"),
    "5.mpe": number("2.50", "%", clause="vehicle mass"),
    "10.mpe": number("5.00", "%", clause="vehicle mass"),
    "in_service": number("2", clause="twice the limit in service"),
    "runs": number("10", clause="passages"),
    "rounding": number("0.01", "%"),
    "interval": number("12", "month"),
}

NAMEPLATE = (
    Characteristic(
        key="accuracy_class",
        labels={"zh": "准确度等级(整车总质量)", "en": "accuracy class (vehicle mass)"},
        kind="choice",
        required=True,
        choices=tuple(Choice(one, {"zh": f"{one} 级", "en": f"class {one}"}, (f"{one}级",)) for one in _CLASSES),
        synonyms=("准确度等级", "等级", "动态准确度等级", "整车准确度等级", "class"),
    ),
    Characteristic(
        key="max_axle_load",
        labels={"zh": "最大轴载荷", "en": "maximum axle load"},
        unit="t",
        synonyms=("最大轴重", "额定轴载", "最大轴载"),
    ),
    Characteristic(
        key="speed",
        labels={"zh": "通行速度范围", "en": "range of speeds"},
        kind="text",
        synonyms=("速度范围", "通过速度"),
    ),
)
_ITEMS = (
    yes("appearance", "外观与标志", "appearance and markings"),
    yes("approach", "引道与承载器", "approach and load receptor"),
    yes("speed_limit", "超速提示", "overspeed indication"),
    yes("seals", "封印完好", "seals intact"),
)


@dataclass(frozen=True, kw_only=True)
class AxleScaleEdition(ComparisonEdition):
    """Passages of vehicles of known mass."""

    unit: ClassVar[str] = "kg"
    each: ClassVar[bool] = True
    extendable: ClassVar[bool] = True
    formula: ClassVar[str] = "E = (M − Ms)/Ms × 100 %"

    def points(self, plate: Nameplate, kind: str) -> Sequence[TestPoint]:
        """Passages, of one vehicle or several."""
        del plate, kind
        return (
            TestPoint(key="vehicle", labels={"zh": "整车总质量", "en": "vehicle mass"}, runs=int(self.value("runs"))),
        )

    def run_fields(self, plate: Nameplate, kind: str) -> tuple[ReadingField, ...]:
        """The mass shown and the mass of the vehicle."""
        del plate, kind
        return (
            ReadingField(key="indicated", labels={"zh": "示值 M", "en": "indication M"}, unit="kg"),
            ReadingField(
                key="actual", labels={"zh": "车辆总质量约定真值 Ms", "en": "mass of the vehicle Ms"}, unit="kg"
            ),
            ReadingField(key="speed", labels={"zh": "通过速度", "en": "speed"}, unit="km/h", required=False),
        )

    def limit_of(self, plate: Nameplate, kind: str, point: TestPoint, row: Row | None) -> Limit:
        """A part of the vehicle's mass."""
        del point, row
        key = f"{plate['accuracy_class']}.mpe"
        limit = MaximumPermissibleError.symmetric(self.quantity(key))
        return (limit.times(self.value("in_service")), (key, "in_service")) if kind == "in_service" else (limit, (key,))


EDITION_2006 = AxleScaleEdition(
    code="JJG 907-2006",
    citation=Citation(
        "JJG 907-2006",
        {
            "zh": "动态公路车辆自动衡器检定规程",
            "en": "Verification Regulation of Automatic Instruments for Weighing Road Vehicles in Motion",
        },
        "chinesestandard.net JJG907-2006",
    ),
    in_force=date(2006, 11, 23),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    items=_ITEMS,
    environment=(TEMPERATURE, HUMIDITY),
)

# -- examples


def _runs(*shown: str, times: int = 10) -> list[dict[str, str]]:
    """What was shown when a vehicle of 20 t passed; the last reading stands for the rest."""
    readings = [*shown, *[shown[-1]] * (times - len(shown))]
    return [{"point": "vehicle", "indicated": f"{one} kg", "actual": "20000 kg"} for one in readings]


_WHOLE: Mapping[str, Any] = {
    "items": {"appearance": True, "approach": True, "speed_limit": True, "seals": True},
    "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
    "runs": _runs("20040", "19960", "20000"),
}
_OF = Examples(
    "axle_scale", {"accuracy_class": "1级"}, "OIML R 134 classes (unconfirmed); arithmetic by hand", whole=_WHOLE
)


def _limit(one: str, mpe: str, at: str, beyond: str) -> tuple[Any, ...]:
    plate = {"accuracy_class": one}
    return (
        _OF.found(
            f"class {one} at the limit",
            {"runs": _runs(at)},
            {"point": "vehicle", "mpe": mpe, "within": True},
            plate=plate,
        ),
        _OF.found(
            f"class {one} beyond",
            {"runs": _runs("20000", beyond, "20000")},
            {"point": "vehicle", "within": False},
            plate=plate,
        ),
    )


EXAMPLES = (
    _OF.complete("within", "conforms", {"point": "vehicle", "error": "0.20 %", "mpe": "0.50 %"}),
    _OF.complete(
        "one passage beyond",
        "rejected",
        {"point": "vehicle", "error": "-0.51 %"},
        readings={"runs": _runs("19898", "20000")},
    ),
    *_limit("0.2", "0.10 %", "20020", "20022"),
    *_limit("0.5", "0.25 %", "20050", "20052"),
    *_limit("1", "0.50 %", "19900", "19898"),
    *_limit("2", "1.00 %", "19800", "19798"),
    *_limit("5", "2.50 %", "20500", "20502"),
    *_limit("10", "5.00 %", "21000", "21002"),
    _OF.found("in service", {"runs": _runs("20000")}, {"point": "vehicle", "mpe": "1.00 %"}, kind="in_service"),
    _OF.found("rounded to a hundredth", {"runs": _runs("20005")}, {"point": "vehicle", "error": "0.02 %"}),
    _OF.found("and not coarser", {"runs": _runs("20002")}, {"point": "vehicle", "error": "0.01 %"}),
    _OF.lacking("nine passages are too few", {"runs": _runs("20000", times=9)}, {"runs.vehicle": "missing_reading"}),
    _OF.lacking("ten are enough", {"runs": _runs("20000", times=10)}, {"runs.vehicle": None}),
    _OF.lasts("a year", 12),
)

TYPE = InstrumentType(
    code="axle_scale",
    names={"zh": "动态公路车辆自动衡器", "en": "dynamic road-vehicle scale"},
    purposes=("trade", "safety"),
    nameplate=NAMEPLATE,
    editions=(EDITION_2006,),
    category="axle_scale",
    synonyms=("动态汽车衡", "轴重秤", "轴重仪", "动态轴重衡", "整车式动态汽车衡", "公路车辆动态称重设备"),
    standard=RequiredStandard(
        names={"zh": "参考车辆与控制衡器", "en": "reference vehicles and control scale"}, ratio=(1, 3), confirmed=False
    ),
    default_interval=Interval(months=12, mode="periodic", clause="JJG 907-2006", confirmed=False),
    examples=EXAMPLES,
)
