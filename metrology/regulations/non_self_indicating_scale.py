"""Non-self-indicating scales (非自行指示秤: platform and counter scales with beam and poise): JJG 14-2016, after OIML R 76-1:2006.

The scale is brought to balance; what it then reads, less the small load that had to be added to balance it, is the indication:
`P = I − ΔL`, `Ec = P − L − E0`. An extra load of four tenths of the limit must visibly move the beam.

Neither text was at hand: sources are named at each number; numbers without one are unconfirmed.
Clause numbers of R 76 were written from memory, except Table 6 and Table 3.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from metrology.domain.comparing import texts_of, yes
from metrology.domain.example import Examples
from metrology.domain.nameplate import Nameplate
from metrology.domain.quantity import Quantity
from metrology.domain.reading_sheet import Choice, PresetRow, ReadingField, ReadingTable, Row
from metrology.domain.regulation import Case, Citation, InstrumentType, LegalNumber, RequiredStandard, number
from metrology.domain.schedule import Interval
from metrology.domain.verdict import Finding, Lack
from metrology.domain.weighing import WeighingEdition
from metrology.domain.weighing_examples import at, least_load, scope, steps
from metrology.domain.weighing_scope import tidy
from metrology.domain.weighing_sheet import LOAD, POINT_LABELS, LoadPoint, nameplate

_R76 = "OIML R 76-1:2006 (github 70968382684; gfjl.org 6435)"
_T6 = "OIML R 76-1:2006 Table 6"
_T3 = "OIML R 76-1:2006 Table 3"

_NUMBERS: Mapping[str, LegalNumber] = {
    "mpe.1": number("0.5", "e", clause=_T6, source=_R76),
    "mpe.2": number("1.0", "e", clause=_T6, source=_R76),
    "mpe.3": number("1.5", "e", clause=_T6, source=_R76),
    "III.to.1": number("500", "e", clause=_T6, source=_R76),
    "III.to.2": number("2000", "e", clause=_T6, source=_R76),
    "IIII.to.1": number("50", "e", clause=_T6, source=_R76),
    "IIII.to.2": number("200", "e", clause=_T6, source=_R76),
    "in_service": number("2", clause="OIML R 76-1:2006 3.5.2", source=_R76),
    "III.low.e_from": number("0.1", "g", clause=_T3, source=_R76),
    "III.low.n_from": number("100", clause=_T3, source=_R76),
    "III.low.n_to": number("10000", clause=_T3, source=_R76),
    "III.min": number("20", "e", clause=_T3, source=_R76),
    "III.high.e_from": number("5", "g", clause=_T3, source=_R76),
    "III.high.n_from": number("500", clause=_T3, source=_R76),
    "III.high.n_to": number("10000", clause=_T3, source=_R76),
    "IIII.low.e_from": number("5", "g", clause=_T3, source=_R76),
    "IIII.low.n_from": number("100", clause=_T3, source=_R76),
    "IIII.low.n_to": number("1000", clause=_T3, source=_R76),
    "IIII.min": number("10", "e", clause=_T3, source=_R76),
    "zero": number("0.25", "e", clause="OIML R 76-1:2006 4.5.2", source=_R76),
    "loads": number("5", clause="Min, 500 e, 2000 e, ½ Max, Max"),
    "eccentricity.divisor": number("3", clause="OIML R 76-1:2006 3.6.2", source=_R76),
    "repeatability.runs": number("3", clause="OIML R 76-1:2006 A.4.10"),
    "repeatability.load": number("0.5", "Max", clause="OIML R 76-1:2006 A.4.10"),
    "discrimination.load": number("0.4", "MPE", clause="OIML R 76-1:2006 3.8.1"),
    "temperature_from": number("-10", "°C", clause="OIML R 76-1:2006 3.9.2.1"),
    "temperature_to": number("40", "°C", clause="OIML R 76-1:2006 3.9.2.1"),
    "interval": number("12", "month"),
}

_ITEMS = (
    yes("appearance", "外观与结构", "construction and condition"),
    yes("markings", "计量法制标志与铭牌", "legal markings and nameplate"),
    yes("knife_edges", "刀子刀承与杠杆", "knife edges, bearings and levers"),
    yes("weights", "增砣与游砣", "proportional weights and poise"),
    yes("seals", "铅封(检定标记)完好", "seals and verification mark intact"),
)
NAMEPLATE = nameplate("III", "IIII", digital=False)
_MOVES = (
    Choice("yes", {"zh": "有可见位移", "en": "moves visibly"}, ("是", "有", "true")),
    Choice("no", {"zh": "无可见位移", "en": "does not move"}, ("否", "无", "false")),
)
_BALANCING = ReadingField(
    key="additional_load",
    labels={"zh": "附加小砝码 ΔL", "en": "additional load ΔL"},
    unit="g",
    hint={"zh": "使秤平衡而加放的小砝码,自行平衡时为 0", "en": "added to balance it; 0 where it balances by itself"},
)
_MOVEMENT = ReadingField(
    key="movement", labels={"zh": "加放后计量杠杆", "en": "beam after the extra load"}, kind="choice", choices=_MOVES
)


@dataclass(frozen=True, kw_only=True)
class BeamScaleEdition(WeighingEdition):
    """A scale balanced by hand."""

    def tables(self, nameplate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """Those of all scales, with the small load named for what it does here."""
        for table in super().tables(nameplate, kind):
            fields = tuple(_BALANCING if one.key == _BALANCING.key else one for one in table.fields)
            yield replace(table, fields=fields, hint={} if table.key == "zero" else table.hint)

    def reads_change_over(self, plate: Nameplate) -> bool:
        """A small load that balances it is read with every weighing, nought where it balanced by itself."""
        del plate
        return True

    def balance_point(self, plate: Nameplate, row: Row) -> Quantity | None:
        """P = I − ΔL."""
        del plate
        indication, additional = row.get("indication"), row.get("additional_load")
        return None if indication is None or additional is None else indication - additional

    def formula(self, plate: Nameplate, *, zero: bool = False) -> str:
        """As printed beside a finding."""
        del plate
        return "E0 = I − ΔL − L" if zero else "P = I − ΔL; Ec = P − L − E0"

    def extra_load(self, plate: Nameplate, load: Quantity, kind: str) -> Quantity:
        """Four tenths of the limit."""
        return tidy(self.limit_at(plate, load, kind)[0].upper.times(self.value("discrimination.load")))

    def least_change(self, plate: Nameplate, load: Quantity, kind: str) -> Quantity:
        """Any change that is seen."""
        return self.extra_load(plate, load, kind).times(0)

    def discrimination_table(
        self, loads: Sequence[LoadPoint], extra: Mapping[str, str], *, required: bool
    ) -> ReadingTable:
        """Whether the beam moved, at Min, about half of Max and Max."""
        rows = tuple(
            PresetRow(
                point=one.point,
                labels=one.labels,
                values={"load": one.load.plain()},
                hint={"zh": f"加放 {extra[one.point]}", "en": f"add {extra[one.point]}"},
            )
            for one in loads
        )
        return ReadingTable(
            key="discrimination",
            labels={"zh": "灵敏度", "en": "sensitivity"},
            layout="rows",
            rows=rows,
            min_rows=len(rows),
            fields=(LOAD, _MOVEMENT),
            required=required,
        )

    def discrimination(self, case: Case) -> Iterator[Finding | Lack]:
        """A finding for each load an extra load was added to."""
        for row in case.reading.rows("discrimination"):
            load, moved = row.get("load"), row.texts.get("movement")
            if load is not None and moved is not None:
                yield Finding(
                    f"discrimination[{row.index}]",
                    POINT_LABELS["discrimination"],
                    moved == "yes",
                    clause=self.numbers["discrimination.load"].clause,
                    formula="the beam moves visibly",
                    inputs=texts_of(row),
                    numbers=("discrimination.load",),
                    extras={"extra_load": self.extra_load(case.nameplate, load, case.kind).text()},
                )


EDITION_2016 = BeamScaleEdition(
    code="JJG 14-2016",
    citation=Citation(
        "JJG 14-2016",
        {
            "zh": "非自行指示秤检定规程",
            "en": "Verification Regulation of Non-self-indicating Weighing Instruments",
        },
        "chinesestandard.net JJG14-2016",
    ),
    in_force=date(2016, 9, 3),
    numbers=_NUMBERS,
    nameplate=NAMEPLATE,
    items=_ITEMS,
)

# -- examples

_NOUGHT = "0 g"
_LOADS = ("4 kg", "100 kg", "250 kg", "400 kg", "500 kg")
# An initial verification of a platform scale of 500 kg, e = 200 g, that balances at every load.
_WHOLE: Mapping[str, Any] = {
    "items": {"appearance": True, "markings": True, "knife_edges": True, "weights": True, "seals": True},
    "environment": {"temperature": "20 °C", "humidity": "50 %RH"},
    "zero": at("0 g", _NOUGHT),
    "weighing": [at(load, _NOUGHT, direction=way) for way in ("up", "down") for load in _LOADS],
    "eccentricity": [at("166.6 kg", _NOUGHT, position=position) for position in "1234"],
    "repeatability": [at("250 kg", _NOUGHT)] * 3,
    "discrimination": [{"load": load, "movement": "yes"} for load in ("4 kg", "250 kg", "500 kg")],
}
_OF = Examples(
    "non_self_indicating_scale",
    {"accuracy_class": "III", "max": "500 kg", "e": "200 g"},
    "OIML R 76-1:2006 Tables 3 and 6; arithmetic by hand",
    kind="initial",
    whole=_WHOLE,
)
EXAMPLES = (
    steps(
        _OF,
        "Table 6, class III",
        {"100 kg": "100 g", "100.2 kg": "200 g", "400 kg": "200 g", "400.2 kg": "300 g"},
        _NOUGHT,
    ),
    steps(
        _OF,
        "Table 6, class IIII",
        {"10 kg": "100 g", "10.2 kg": "200 g", "40 kg": "200 g", "40.2 kg": "300 g"},
        _NOUGHT,
        plate={"accuracy_class": "IIII", "max": "200 kg"},
    ),
    _OF.found(
        "in service",
        {"weighing": [at("100 kg", _NOUGHT)], "zero_error": "0 g"},
        {"point": "weighing[0]", "mpe": "200 g"},
        kind="in_service",
    ),
    _OF.found(
        "what had to be added was missing from the indication",
        {"weighing": [at("100 kg", "80 g")], "zero_error": "20 g"},
        {"point": "weighing[0]", "error": "-100 g", "within": True},
    ),
    _OF.found("zero within a quarter of e", {"zero_error": "50 g"}, {"point": "zero", "mpe": "50 g", "within": True}),
    _OF.found("and no more", {"zero_error": "-51 g"}, {"point": "zero", "within": False}),
    _OF.found(
        "four tenths of the limit move the beam",
        {"discrimination": [{"load": "250 kg", "movement": "是"}, {"load": "250 kg", "movement": "否"}]},
        {"point": "discrimination[0]", "extra_load": "80 g", "within": True},
        {"point": "discrimination[1]", "within": False},
    ),
    _OF.complete("balanced at every load", "conforms"),
    _OF.complete(
        "a load beyond its limit",
        "rejected",
        {"point": "weighing[1]", "error": "-101 g", "mpe": "100 g"},
        readings={
            "weighing": [
                at(load, "101 g" if load == "100 kg" else _NOUGHT, direction=way)
                for way in ("up", "down")
                for load in _LOADS
            ]
        },
    ),
    _OF.complete(
        "a beam that does not move",
        "rejected",
        {"point": "discrimination[2]", "within": False},
        readings={"discrimination": [*_WHOLE["discrimination"][:2], {"load": "500 kg", "movement": "no"}]},
    ),
    *scope(_OF, "III", "0.1 g", ("10 g",), ("9.9 g",)),
    *scope(_OF, "III", "0.05 g", (), ("100 g",)),
    *scope(_OF, "III", "2 g", ("200 g", "20 kg"), ("198 g", "20.002 kg")),
    *scope(_OF, "III", "5 g", ("2.5 kg", "50 kg"), ("2.495 kg", "50.005 kg")),
    *scope(_OF, "IIII", "5 g", ("500 g", "5 kg"), ("495 g", "5.005 kg")),
    *scope(_OF, "IIII", "2 g", (), ("1 kg",)),
    least_load(_OF, "III", "200 g", "500 kg", "4000 g"),
    least_load(_OF, "IIII", "200 g", "200 kg", "2000 g"),
    _OF.of(
        "five loads up and down",
        {},
        {"rows": {"weighing": 10, "eccentricity": 4, "repeatability": 3}},
        plate={"max": "100 kg"},
    ),
    _OF.of(
        "loads of eccentricity and repeatability",
        {},
        {
            "values": {
                "eccentricity.position_1": {"position": "1", "load": "166600 g"},
                "repeatability.weighing_1": {"load": "250000 g"},
            },
            "hints": {"discrimination.half": "add 80 g"},
        },
    ),
    *_OF.edges("environment.temperature", ("-10 °C", "40 °C"), ("-11 °C", "41 °C")),
    _OF.lasts("a year", 12),
)

TYPE = InstrumentType(
    code="non_self_indicating_scale",
    names={"zh": "非自行指示秤", "en": "non-self-indicating scale"},
    purposes=("trade", "medical", "safety"),
    nameplate=NAMEPLATE,
    editions=(EDITION_2016,),
    category="non_self_indicating_scale",
    synonyms=("机械台秤", "机械秤", "案秤", "机械案秤", "台秤", "磅秤", "机械磅秤", "机械地磅", "platform scale"),
    standard=RequiredStandard(
        names={"zh": "标准砝码(M1 级等)", "en": "standard weights (class M1 or better)"}, ratio=(1, 3)
    ),
    default_interval=Interval(months=12, mode="periodic", clause="JJG 14-2016", confirmed=False),
    examples=EXAMPLES,
)
