"""Electricity meters: errors at loads, as JJG 596 judges an active energy meter.

A load is a current, a power factor and, for polyphase meters, the phase that carries it. Its error is the mean of the
readings, rounded by the interval of the class (化整), and the rounded value is judged. A mean near the limit is read
again. The reading is an error in per cent from the bench, or a time for a number of pulses:

    T0 = N · 3600 · 1000 / (C · P),   E = (T0 − T) / T × 100 %

The legal numbers an edition gives, with `<zone>` one of `direct`, `ct`, `s` (classes 0.2S, 0.5S) and `<pf>` one of `unity`, `lag`:
`<zone>.<pf>.low_from|main_from` and `<zone>.single.<pf>_from` (parts of the basic current), `<class>.<pf>.low|main`,
`<class>.single.<pf>`, `rounding.<class>`, `readings`, `more_readings`, `near_from|near_to` (parts of the limit), `in_service`, `clock`,
`start.<class>`, `interval.s|other`, `rotation`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from metrology.domain.comparing import Limit, items_table, texts_of
from metrology.domain.conditions import HUMIDITY, TEMPERATURE, environment, outside
from metrology.domain.mpe import MaximumPermissibleError, MpeAt
from metrology.domain.nameplate import Nameplate
from metrology.domain.problems import NotCovered
from metrology.domain.quantity import Quantity, plain, round_to
from metrology.domain.reading_sheet import Choice, PresetRow, ReadingField, ReadingTable, Row
from metrology.domain.regulation import Case, Edition
from metrology.domain.schedule import Interval, Mode
from metrology.domain.verdict import Finding, Labels, Lack, of_error

POWER_FACTORS = (
    Choice("1.0", {"zh": "1.0", "en": "1.0"}, ("1", "1.00")),
    Choice("0.5L", {"zh": "0.5L(感性)", "en": "0.5 L (inductive)"}, ("0.5 L", "0.5l")),
    Choice("0.8C", {"zh": "0.8C(容性)", "en": "0.8 C (capacitive)"}, ("0.8 C", "0.8c")),
)
PHASES = (
    Choice("all", {"zh": "平衡负载", "en": "balanced"}, ("abc", "三相", "合元", "合相")),
    *(Choice(one, {"zh": f"{one} 相", "en": f"phase {one}"}, (f"{one}相", f"{one}元")) for one in "ABC"),
)
_LOAD_LABELS = {"zh": "负载点误差", "en": "error at a load"}
_CURRENT = ReadingField(key="current", labels={"zh": "负载电流", "en": "current"}, unit="A")
_FACTOR = ReadingField(
    key="power_factor", labels={"zh": "功率因数", "en": "power factor"}, kind="choice", choices=POWER_FACTORS
)
_PHASE = ReadingField(
    key="phase", labels={"zh": "负载相别", "en": "phase"}, kind="choice", choices=PHASES, required=False
)
_PULSES = ReadingField(key="pulses", labels={"zh": "脉冲数 N", "en": "pulses N"}, unit="pcs", required=False)
_POWER = ReadingField(key="power", labels={"zh": "实际功率 P", "en": "power P"}, unit="W", required=False)
_CLOCK = ReadingTable(
    key="clock",
    labels={"zh": "日计时误差", "en": "daily error of the clock"},
    layout="single",
    fields=(ReadingField(key="daily_error", labels={"zh": "日计时误差", "en": "daily error"}, unit="s"),),
)
_SECONDS_WATTS = Decimal(3_600_000)  # W·s in a kWh
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Load:
    """A load the regulation asks for."""

    key: str
    labels: Labels
    current: Quantity
    power_factor: str
    phase: str = "all"


@dataclass(frozen=True, kw_only=True)
class EnergyMeterEdition(Edition):
    """A regulation on active energy meters."""

    items: tuple[ReadingField, ...]

    # -- what the nameplate says

    def check(self, nameplate: Nameplate) -> None:
        """Classes S are for transformers; the largest current lies above the basic one."""
        basic, largest = nameplate.quantity("basic_current"), nameplate.quantity("max_current")
        if nameplate["accuracy_class"].endswith("S") and nameplate.get("connection") == "direct":
            raise NotCovered("connection", value=nameplate["connection"], accuracy_class=nameplate["accuracy_class"])
        if basic is not None and largest is not None and largest <= basic:
            raise NotCovered("max_current", value=largest.plain(), limit=basic.plain())

    def _zone(self, plate: Nameplate) -> str:
        if plate["accuracy_class"].endswith("S"):
            return "s"
        return "ct" if plate.get("connection") == "ct" else "direct"

    def interval(self, nameplate: Mapping[str, str], use: str = "trade") -> Interval:
        """Household meters are replaced at the end of their service life, the others verified again."""
        del use
        zone = self._zone(Nameplate(nameplate))
        household = zone == "direct" and nameplate.get("phases") != "three"
        key = "rotation" if household else "interval.s" if zone == "s" else "interval.other"
        months = self.numbers[key]
        mode: Mode = "first_only_rotate" if household else "periodic"
        return Interval(months=int(months.value), mode=mode, clause=self.code, confirmed=months.confirmed)

    # -- loads and limits

    def loads(self, plate: Nameplate) -> Sequence[Load]:
        """The edges of the zones, the basic and the largest current, at both power factors; single phases at the basic."""
        basic, largest = plate.quantity("basic_current"), plate.quantity("max_current")
        if basic is None or largest is None:
            return ()
        zone, symbol = self._zone(plate), "Ib" if plate.get("connection") == "direct" else "In"
        found: list[Load] = []
        for factor, name in (("1.0", "unity"), ("0.5L", "lag")):
            parts = [self.value(f"{zone}.{name}.low_from"), self.value(f"{zone}.{name}.main_from"), _ONE]
            at = [(f"{plain(part)} {symbol}" if part != 1 else symbol, basic.times(part)) for part in parts]
            for text, current in [*at, ("Imax", largest)]:
                labels = dict.fromkeys(("zh", "en"), f"cosφ = {factor}, {text}")
                found.append(Load(f"{name}.{text.replace(' ', '')}", labels, _tidy(current), factor))
            if plate.get("phases") == "three":
                for phase in PHASES[1:]:
                    labels = {lang: f"cosφ = {factor}, {symbol}, {phase.labels[lang]}" for lang in ("zh", "en")}
                    key = f"{name}.{symbol}.{phase.value}"
                    found.append(Load(key, labels, _tidy(basic), factor, phase.value))
        return found

    def limit_at(self, plate: Nameplate, kind: str, current: Quantity, factor: str, phase: str = "all") -> Limit | None:
        """The limit at a load and the keys of its numbers; None below the currents it holds for."""
        basic, largest = plate.quantity("basic_current"), plate.quantity("max_current")
        if basic is None or largest is None or current > largest:
            return None
        one, zone, name = plate["accuracy_class"], self._zone(plate), "unity" if factor == "1.0" else "lag"
        part = current.ratio_to(basic)
        key: str | None
        used: tuple[str, ...]
        if phase != "all":
            start = f"{zone}.single.{name}_from"
            key = f"{one}.single.{name}" if part >= self.value(start) and factor != "0.8C" else None
            used = (start,)
        else:
            low, main = f"{zone}.{name}.low_from", f"{zone}.{name}.main_from"
            key = f"{one}.{name}.main" if part >= self.value(main) else f"{one}.{name}.low"
            key, used = (key, (low, main)) if part >= self.value(low) else (None, ())
        if key is None:
            return None
        limit = MaximumPermissibleError.symmetric(self.quantity(key))
        if kind == "in_service":
            return limit.times(self.value("in_service")), (key, *used, "in_service")
        return limit, (key, *used)

    def limits(self, nameplate: Nameplate, kind: str) -> Iterable[MpeAt]:
        """The limits at the loads asked for."""
        held = [
            (load, self.limit_at(nameplate, kind, load.current, load.power_factor, load.phase))
            for load in self.loads(nameplate)
        ]
        if not held:  # the currents are not known yet: the narrowest of the class
            return [MpeAt(self.quantity(f"{nameplate['accuracy_class']}.unity.main"))]
        return [MpeAt(limit[0].smallest(), load.current) for load, limit in held if limit]

    # -- the sheet

    def tables(self, nameplate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """Checks, environment, loads, and the clock of a meter with tariffs."""
        del kind
        yield items_table(tuple(self._hinted(nameplate, one) for one in self.items))
        yield environment(self, TEMPERATURE, HUMIDITY)
        yield self._loads_table(nameplate)
        yield replace(_CLOCK, required=nameplate.get("tariffs") == "multiple")

    def _hinted(self, plate: Nameplate, item: ReadingField) -> ReadingField:
        basic, start = plate.quantity("basic_current"), self.numbers.get(f"start.{plate['accuracy_class']}")
        if item.key != "starting" or start is None or basic is None or self._zone(plate) != "direct":
            return item
        text = f"Ist = {_tidy(basic.times(start.value)).plain()}"
        return replace(item, hint={"zh": text, "en": text})

    def _keys(self, name: str, *, more: bool) -> tuple[str, ...]:
        count = int(self.value("readings")) + (int(self.value("more_readings")) if more else 0)
        return tuple(f"{name}_{i}" for i in range(1, count + 1))

    def _loads_table(self, plate: Nameplate) -> ReadingTable:
        numbered = [
            ReadingField(key=f"{key}_{i}", labels={k: f"{text} {i}" for k, text in labels.items()}, unit=unit, required=False)
            for key, labels, unit in (
                ("error", {"zh": "误差", "en": "error"}, "%"),
                ("time", {"zh": "实测时间 T", "en": "time T"}, "s"),
            )
            for i in range(1, len(self._keys("error", more=True)) + 1)
        ]  # fmt: skip
        rows = tuple(
            PresetRow(
                point=load.key,
                labels=load.labels,
                values={"current": load.current.plain(), "power_factor": load.power_factor, "phase": load.phase},
                fixed=("current", "power_factor", "phase"),
            )
            for load in self.loads(plate)
        )
        by_pulses = ("pulses", "power", *self._keys("time", more=False))
        return ReadingTable(
            key="loads",
            labels={"zh": "基本误差", "en": "intrinsic error"},
            layout="rows",
            fields=(_CURRENT, _FACTOR, _PHASE, *numbered[: len(numbered) // 2], _PULSES, _POWER, *numbered[len(numbered) // 2 :]),
            rows=rows,
            extendable=True,
            either=((self._keys("error", more=False), by_pulses),),
        )  # fmt: skip

    def arranged(self, readings: Mapping[str, object]) -> Mapping[str, object]:
        """A bench may write the errors of a load, or the times of its pulses, as one list."""
        loads = readings.get("loads")
        if not isinstance(loads, Sequence) or isinstance(loads, str):
            return readings
        for name in ("error", "time"):
            loads = [_spread_out(row, f"{name}s", self._keys(name, more=True)) for row in loads]
        return {**readings, "loads": loads}

    # -- the verdict

    def findings(self, case: Case) -> Iterator[Finding | Lack]:
        """A finding for each load read, and what is lacking: loads nobody read, readings near the limit."""
        yield from outside(self, case)
        read: set[tuple[Quantity, str, str]] = set()
        for row in case.reading.rows("loads"):
            current, factor = row.get("current"), row.texts.get("power_factor")
            if current is None or factor is None:
                continue
            phase = row.texts.get("phase", "all")
            if row.complete:
                read.add((current, factor, phase))
            yield from self._load(case, row, current, factor, phase)
        for load in self.loads(case.nameplate):
            if (load.current, load.power_factor, load.phase) not in read:
                yield Lack("missing_reading", f"loads.{load.key}", load.labels, {"load": load.current.plain()})
        if "basic_current" in case.nameplate and "max_current" in case.nameplate:
            yield from self._clock(case)

    def _load(self, case: Case, row: Row, current: Quantity, factor: str, phase: str) -> Iterator[Finding | Lack]:
        held = self.limit_at(case.nameplate, case.kind, current, factor, phase)
        errors = self._errors(case, row)
        if isinstance(errors, Lack):
            yield errors
            return
        if not errors:
            return
        if held is None:
            yield Lack("not_covered", f"loads[{row.index}].current", _CURRENT.labels, {"value": current.text()})
            return
        limit, used = held
        mean = sum(errors, Decimal(0)) / len(errors)
        part = abs(mean) / limit.upper.value
        wanted = len(self._keys("error", more=True))
        if self.value("near_from") <= part <= self.value("near_to") and len(errors) < wanted:
            params = {"wanted": str(wanted), "got": str(len(errors))}
            yield Lack("missing_reading", f"loads[{row.index}]", _LOAD_LABELS, params)
        interval = f"rounding.{case.nameplate['accuracy_class']}"
        # GB/T 8170 rounds once: the mean of the readings as they were read.
        error = Quantity(round_to(mean, self.value(interval)), "%")
        yield of_error(
            f"loads[{row.index}]",
            _LOAD_LABELS,
            error=error,
            limit=limit,
            unrounded=mean,
            clause=self.numbers[used[0]].clause,
            formula="E = (T0 − T)/T × 100 %, T0 = N·3600·1000/(C·P)" if row.has("pulses") else "E = mean of the readings",
            inputs=texts_of(row),
            numbers=(*used, interval, "readings", "more_readings", "near_from", "near_to"),
            extras={"readings": str(len(errors))},
        )  # fmt: skip

    def _errors(self, case: Case, row: Row) -> list[Decimal] | Lack:
        given = [error.in_unit("%") for key in self._keys("error", more=True) if (error := row.get(key)) is not None]
        times = [time.in_unit("s") for key in self._keys("time", more=True) if (time := row.get(key)) is not None]
        if given and times:
            return Lack("ambiguous_reading", f"loads[{row.index}]", _LOAD_LABELS)
        if not times:
            return given
        pulses, power, constant = row.get("pulses"), row.get("power"), case.nameplate.quantity("constant")
        if pulses is None or power is None:
            return []
        if constant is None:
            return Lack("missing_characteristic", "nameplate.constant", {"zh": "电能表常数", "en": "meter constant"})
        if min(times) <= 0 or power.value <= 0 or pulses.value <= 0:
            return Lack("bad_quantity", f"loads[{row.index}].time_1", _LOAD_LABELS, {"value": "0", "unit": "s"})
        due = pulses.value * _SECONDS_WATTS / (constant.value * power.in_unit("W"))
        return [(due - time) / time * 100 for time in times]

    def _clock(self, case: Case) -> Iterator[Finding]:
        error = case.reading.single("clock").get("daily_error")
        if error is not None:
            yield of_error(
                "clock",
                _CLOCK.labels,
                error=error,
                limit=MaximumPermissibleError.symmetric(self.quantity("clock")),
                clause=self.numbers["clock"].clause,
                formula="E = error in a day",
                numbers=("clock",),
                inputs={"daily_error": error.text()},
            )


def _tidy(quantity: Quantity) -> Quantity:
    return Quantity(Decimal(plain(quantity.value)), quantity.unit)


def _spread_out(row: object, name: str, keys: Sequence[str]) -> object:
    if not isinstance(row, Mapping) or not isinstance(row.get(name), Sequence) or isinstance(row[name], str):
        return row
    values = list(row[name])
    if len(values) > len(keys):
        # More than the sheet has room for: nobody leaves some out unseen, so the last place becomes illegible.
        values = [*values[: len(keys) - 1], "; ".join(map(str, values[len(keys) - 1 :]))]
    listed = dict(zip(keys, values, strict=False))
    return {**listed, **{key: value for key, value in row.items() if key != name}}
