"""Liquid dispensers: three runs at each flow point against a standard measure, as JJG 443 judges a nozzle.

Error of a run `E = (V_J − V_Bt) / V_Bt`, with the volume of the standard measure brought to the temperature at the dispenser,
`V_Bt = V_B · [1 + β_Y (t_J − t_B) + β_B (t_B − 20 °C)]`; the mean of the runs is the error of the flow point, their range over
a divisor its repeatability, both rounded once.

The legal numbers an edition gives: `mpe`, `repeatability`, `repeatability_divisor`, `runs`, `rounding`, `max_flow`, for each
flow point `<point>_from|to` (parts of Qmax), `beta_<product>`, `beta_<material>`, `reference_temperature`, `payment`,
`temperature_from|to`, `interval`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from metrology.domain.conditions import HUMIDITY, TEMPERATURE, environment, outside
from metrology.domain.mpe import MaximumPermissibleError, MpeAt
from metrology.domain.nameplate import Nameplate
from metrology.domain.problems import NotCovered
from metrology.domain.quantity import Quantity, round_to
from metrology.domain.reading_sheet import Choice, PresetRow, ReadingField, ReadingTable, Row
from metrology.domain.regulation import Case, Edition
from metrology.domain.schedule import Interval
from metrology.domain.verdict import Finding, Lack, of_error

POINTS = ("q1", "q2")
POINT_LABELS = {
    "q1": {"zh": "大流量点 Q1", "en": "flow point Q1"},
    "q2": {"zh": "第二流量点 Q2", "en": "flow point Q2"},
}

_MATERIALS = (
    Choice("stainless_steel", {"zh": "不锈钢", "en": "stainless steel"}),
    Choice("carbon_steel", {"zh": "碳钢", "en": "carbon steel"}),
)

_MATERIAL = ReadingField(
    key="material", labels={"zh": "量器材料", "en": "material of the measure"}, kind="choice", choices=_MATERIALS
)
_STANDARD_MEASURE = ReadingTable(
    # Asked for only when heights are read; an actual volume given directly needs none of it.
    key="standard_measure",
    labels={"zh": "标准金属量器", "en": "standard measure"},
    layout="single",
    required=False,
    fields=(
        ReadingField(
            key="mark_height", labels={"zh": "标称容量刻线高度", "en": "height of the nominal mark"}, unit="mm"
        ),
        ReadingField(key="mark_volume", labels={"zh": "刻线处容量", "en": "volume at the mark"}, unit="L"),
        ReadingField(key="neck", labels={"zh": "量颈分度容积", "en": "volume per mm of the neck"}, unit="mL/mm"),
        _MATERIAL,
    ),
)
_FLOW = ReadingField(key="flow", labels={"zh": "流量", "en": "flow rate"}, unit="L/min", required=False)
_ACTUAL = ReadingField(
    key="actual",
    labels={"zh": "标准器换算容量", "en": "reference volume"},
    unit="L",
    required=False,
    hint={
        "zh": "已换算到加油机处油温;与量颈高度二选一",
        "en": "already at the dispenser's temperature; instead of the height",
    },
)
_RUN_LABELS = {
    "flow_point": {"zh": "流量点", "en": "flow point"},
    "indication": {"zh": "加油机示值", "en": "indication"},
    "height": {"zh": "量颈液位高度", "en": "height on the neck"},
    "dispenser_temperature": {"zh": "加油机处油温 tJ", "en": "temperature at the dispenser tJ"},
    "measure_temperature": {"zh": "量器内油温 tB", "en": "temperature in the measure tB"},
}
_RUN_FIELDS = (
    ReadingField(
        key="flow_point",
        labels=_RUN_LABELS["flow_point"],
        kind="choice",
        choices=tuple(Choice(point, POINT_LABELS[point]) for point in POINTS),
    ),
    _FLOW,
    ReadingField(key="indication", labels=_RUN_LABELS["indication"], unit="L"),
    ReadingField(key="height", labels=_RUN_LABELS["height"], unit="mm", required=False),
    ReadingField(key="dispenser_temperature", labels=_RUN_LABELS["dispenser_temperature"], unit="°C", required=False),
    ReadingField(key="measure_temperature", labels=_RUN_LABELS["measure_temperature"], unit="°C", required=False),
    _ACTUAL,
)
_PRICE = ReadingTable(
    key="price",
    labels={"zh": "付费金额误差", "en": "error of the amount to pay"},
    layout="single",
    fields=(
        ReadingField(key="volume", labels={"zh": "显示体积", "en": "volume shown"}, unit="L"),
        ReadingField(key="unit_price", labels={"zh": "单价", "en": "unit price"}, unit="CNY/L"),
        ReadingField(key="amount", labels={"zh": "显示金额", "en": "amount shown"}, unit="CNY"),
    ),
)


def _texts(row: Row) -> dict[str, str]:
    return {**row.texts, **{key: quantity.text() for key, quantity in row.quantities.items()}}


def _row_text(row: Row) -> str:
    return ", ".join(f"{key} {text}" for key, text in _texts(row).items() if key != "flow_point")


@dataclass(frozen=True, kw_only=True)
class DispenserEdition(Edition):
    """A regulation on liquid dispensers."""

    items: tuple[ReadingField, ...]

    def check(self, nameplate: Nameplate) -> None:
        """Dispensers up to the flow rate the regulation speaks of."""
        flow = nameplate.quantity("max_flow")
        if flow and flow > self.quantity("max_flow"):
            raise NotCovered("max_flow", value=flow.text(), limit=self.numbers["max_flow"].text())
        least = nameplate.quantity("min_flow")
        if flow and least and least >= flow:
            raise NotCovered("min_flow", value=least.text(), limit=flow.text())

    def interval(self, nameplate: Mapping[str, str], use: str = "trade") -> Interval:
        """The same for every dispenser."""
        del nameplate, use
        months = self.numbers["interval"]
        return Interval(months=int(months.value), mode="periodic", clause=self.code, confirmed=months.confirmed)

    def limits(self, nameplate: Nameplate, kind: str) -> Iterable[MpeAt]:
        """The same limit at both flow points and for every kind of verification."""
        del kind
        flow = nameplate.quantity("max_flow")
        for point in POINTS:
            yield MpeAt(self.quantity("mpe"), flow and flow.times(self.value(f"{point}_to")))

    # -- the sheet

    def tables(self, nameplate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """Both flow points three times for every kind of verification.

        Sources name Q1 and Q2 for the initial verification only and are silent on the others; asking for both
        everywhere can cost a verifier time, asking for less could let through a nozzle nobody looked at.
        """
        del kind
        yield ReadingTable(
            key="items",
            labels={"zh": "外观与功能检查", "en": "visual and functional checks"},
            layout="items",
            fields=self.items,
        )
        yield environment(self, TEMPERATURE, HUMIDITY)
        yield _STANDARD_MEASURE
        yield self._runs(nameplate)
        yield ReadingTable(
            key="errors",
            labels={"zh": "各次示值误差", "en": "errors of the runs"},
            layout="series",
            instead="errors",
            in_form=False,
            fields=tuple(
                ReadingField(key=p, labels=POINT_LABELS[p], unit="%", repeat=int(self.value("runs"))) for p in POINTS
            ),
        )
        yield _PRICE

    def _runs(self, nameplate: Nameplate) -> ReadingTable:
        times = int(self.value("runs"))
        rows = tuple(
            PresetRow(
                point=point,
                values={"flow_point": point},
                fixed=("flow_point",),
                hint=self._flow_hint(nameplate, point),
                labels={lang: f"{POINT_LABELS[point][lang]} – {run}" for lang in ("zh", "en")},
            )
            for point in POINTS
            for run in range(1, times + 1)
        )
        return ReadingTable(
            key="runs",
            labels={"zh": "示值误差与重复性", "en": "error of indication and repeatability"},
            layout="rows",
            fields=_RUN_FIELDS,
            rows=rows,
            by="flow_point",
            instead="errors",
            either=((("height", "dispenser_temperature", "measure_temperature"), ("actual",)),),
        )

    def _flow_hint(self, nameplate: Nameplate, point: str) -> Mapping[str, str]:
        bounds = self._flow_range(nameplate, point)
        if bounds is None:
            return {}
        text = f"{bounds[0].plain().removesuffix(' ' + bounds[0].unit)}–{bounds[1].plain()}"
        return {"zh": text, "en": text}

    def _flow_range(self, nameplate: Nameplate, point: str) -> tuple[Quantity, Quantity] | None:
        flow = nameplate.quantity("max_flow")
        if flow is None:
            return None
        return flow.times(self.value(f"{point}_from")), flow.times(self.value(f"{point}_to"))

    # -- the verdict

    def findings(self, case: Case) -> Iterator[Finding | Lack]:
        """A finding per flow point, one for the price, and what is lacking beyond the sheet."""
        yield from outside(self, case)
        errors: dict[str, list[Decimal]] = {point: [] for point in POINTS}
        inputs: dict[str, dict[str, str]] = {point: {} for point in POINTS}
        used: set[str] = set()
        for row in case.reading.rows("runs"):
            point = row.texts.get("flow_point")
            if point not in errors:
                continue
            yield from self._off_flow(case, row, point)
            computed = self._run_error(case, row, used)
            if isinstance(computed, Lack):
                yield computed
            elif computed is not None:
                errors[point].append(computed)
                inputs[point][f"run {len(errors[point])}"] = _row_text(row)
        for point, series in case.reading.series("errors").items():
            errors[point] += [error.in_unit("%") for error in series]
            inputs[point]["errors"] = ", ".join(error.text() for error in series)
        for point in POINTS:
            if len(errors[point]) > int(self.value("runs")):
                # Which of them count would be for somebody to choose.
                yield Lack("ambiguous_reading", f"runs.{point}", POINT_LABELS[point], {"got": str(len(errors[point]))})
            elif errors[point]:
                yield self._point(point, errors[point], inputs[point], used)
        yield from self._price(case)

    def _off_flow(self, case: Case, row: Row, point: str) -> Iterator[Lack]:
        bounds, flow = self._flow_range(case.nameplate, point), row.get("flow")
        if bounds and flow and not bounds[0] <= flow <= bounds[1]:
            params = {"value": flow.text(), "lower": bounds[0].plain(), "upper": bounds[1].plain()}
            yield Lack("outside_conditions", f"runs[{row.index}].flow", _FLOW.labels, params)

    def _run_error(self, case: Case, row: Row, used: set[str]) -> Decimal | Lack | None:
        indication, height, actual = row.get("indication"), row.get("height"), row.get("actual")
        if height and actual:
            return Lack("ambiguous_reading", f"runs[{row.index}].actual", _ACTUAL.labels)
        if indication is None:
            return None
        if actual is None:
            volume = self._measured(case, height, row)
            if volume is None or isinstance(volume, Lack):
                return volume
            corrected = self._at_dispenser(case, row, volume, used)
            if isinstance(corrected, Lack):
                return corrected
            actual = corrected
        shown, true = indication.in_unit("L"), actual.in_unit("L")
        if true <= 0:
            return Lack(
                "bad_quantity", f"runs[{row.index}].actual", _ACTUAL.labels, {"value": actual.text(), "unit": "L"}
            )
        return (shown - true) / true * 100

    def _measured(self, case: Case, height: Quantity | None, row: Row) -> Quantity | Lack | None:
        """The volume of the standard measure at the height read on its neck."""
        if height is None:
            return None
        measure = case.reading.single("standard_measure")
        mark_height, mark_volume, neck = (measure.get(key) for key in ("mark_height", "mark_volume", "neck"))
        if not (mark_height and mark_volume and neck):
            return Lack("missing_reading", "standard_measure", _STANDARD_MEASURE.labels, {"row": str(row.index)})
        above = (height.in_unit("mm") - mark_height.in_unit("mm")) * neck.value
        return Quantity(mark_volume.in_unit("mL") + above, "mL")

    def _at_dispenser(self, case: Case, row: Row, volume: Quantity, used: set[str]) -> Quantity | Lack:
        """The volume at the dispenser's temperature and the measure's own expansion from 20 °C."""
        dispenser, measure = row.get("dispenser_temperature"), row.get("measure_temperature")
        if dispenser is None and measure is None:
            # The sheet has noted both as missing: this is a preview, never a verdict.
            return volume
        if dispenser is None or measure is None:
            key = "dispenser_temperature" if dispenser is None else "measure_temperature"
            return Lack("missing_reading", f"runs[{row.index}].{key}", _RUN_LABELS[key])
        warmer = dispenser.in_unit("°C") - measure.in_unit("°C")
        above = measure.in_unit("°C") - self.value("reference_temperature")
        used.add("reference_temperature")
        product = case.nameplate.get("product", "").partition("_")[0]
        material = case.reading.single("standard_measure").texts.get("material")
        # Without a difference there is nothing to correct; the sheet asks for product and material all the same.
        if warmer and not product:
            return Lack("missing_characteristic", "nameplate.product", {"zh": "油品", "en": "product"})
        if above and material is None:
            return Lack("missing_reading", "standard_measure.material", _MATERIAL.labels)
        factor = Decimal(1)
        for name, difference in ((product, warmer), (material, above)):
            if name:
                used.add(f"beta_{name}")
                factor += self.value(f"beta_{name}") * difference
        return Quantity(volume.in_unit("mL") * factor, "mL")

    def _point(self, point: str, errors: Sequence[Decimal], inputs: Mapping[str, str], used: set[str]) -> Finding:
        mean = sum(errors, Decimal(0)) / len(errors)
        interval, unit = self.value("rounding"), "%"
        error = Quantity(round_to(mean, interval), unit)
        limit = MaximumPermissibleError.symmetric(self.quantity("mpe"))
        extras: dict[str, str | bool | None] = {"runs": str(len(errors))}
        repeats = True
        # The divisor 1.69 is that of three runs; a range of two says nothing.
        if len(errors) >= int(self.value("runs")):
            spread = (max(errors) - min(errors)) / self.value("repeatability_divisor")
            rounded = Quantity(round_to(spread, interval), unit)
            repeats = rounded <= self.quantity("repeatability")
            extras |= {
                "repeatability": rounded.text(),
                "repeatability_limit": self.numbers["repeatability"].text(),
                "repeatability_within": repeats,
            }
        return of_error(
            point,
            POINT_LABELS[point],
            error=error,
            limit=limit,
            unrounded=mean,
            within=repeats,
            extras=extras,
            clause=f"{self.code}: ±{self.numbers['mpe'].text()}, {self.numbers['repeatability'].text()}",
            formula="E = mean of (V_J − V_Bt)/V_Bt × 100 %; En = (Emax − Emin)/1.69",
            inputs=inputs,
            numbers=("mpe", "repeatability", "repeatability_divisor", "runs", "rounding", *sorted(used)),
        )

    def _price(self, case: Case) -> Iterator[Finding]:
        row = case.reading.single("price")
        volume, price, amount = (row.get(key) for key in ("volume", "unit_price", "amount"))
        if volume and price and amount:
            due = volume.in_unit("L") * price.value
            yield of_error(
                "price",
                _PRICE.labels,
                error=Quantity(amount.value - due, "CNY"),
                limit=MaximumPermissibleError.symmetric(self.quantity("payment")),
                clause=self.numbers["payment"].clause,
                formula="E = P − V × p",
                inputs=_texts(row),
                numbers=("payment",),
            )
