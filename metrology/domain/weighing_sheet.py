"""The sheet and nameplate of non-automatic weighing instruments: what JJG 539, 13 and 14 have in common to be read.

No numbers of the law stand here: test loads and limits come from the editions.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from metrology.domain.nameplate import Characteristic
from metrology.domain.quantity import Quantity
from metrology.domain.reading_sheet import Choice, PresetRow, ReadingField, ReadingTable
from metrology.domain.verdict import Labels

CLASS_CHOICES = {
    "I": Choice(
        "I", {"zh": "特种准确度级(Ⅰ)", "en": "special (I)"}, ("Ⅰ级", "一级", "特种准确度级", "特种准确度", "1级", "I级")
    ),
    "II": Choice(
        "II", {"zh": "高准确度级(Ⅱ)", "en": "high (II)"}, ("Ⅱ级", "二级", "高准确度级", "高准确度", "2级", "II级")
    ),
    "III": Choice(
        "III",
        {"zh": "中准确度级(Ⅲ)", "en": "medium (III)"},
        ("Ⅲ级", "三级", "中准确度级", "中准确度", "中准确度等级", "3级", "III级", "(Ⅲ)"),
    ),
    "IIII": Choice(
        "IIII",
        {"zh": "普通准确度级(Ⅳ)", "en": "ordinary (IIII)"},
        ("Ⅳ", "IV", "Ⅳ级", "四级", "普通准确度级", "普通准确度", "4级", "IIII级", "ⅢⅠ", "(Ⅳ)"),
    ),
}


def nameplate(*classes: str, digital: bool) -> tuple[Characteristic, ...]:
    """The characteristics of a scale."""
    own = (
        Characteristic(
            key="max",
            labels={"zh": "最大秤量", "en": "maximum capacity Max"},
            unit="kg",
            required=True,
            synonyms=("Max", "最大称量", "最大秤量Max", "最大秤量(Max)", "称量", "最大量程", "capacity"),
        ),
        Characteristic(
            key="e",
            labels={"zh": "检定分度值", "en": "verification scale interval e"},
            unit="g",
            required=True,
            synonyms=(
                "检定分度值e",
                "检定分度值(e)",
                "分度值",
                "分度值e",
                "分度值(e)",
                "e",
                "e值",
                "verification interval",
            ),
        ),
        Characteristic(
            key="accuracy_class",
            labels={"zh": "准确度等级", "en": "accuracy class"},
            kind="choice",
            required=True,
            choices=tuple(CLASS_CHOICES[one] for one in classes),
            synonyms=("等级", "准确度级", "精度等级", "级别", "class"),
        ),
        Characteristic(
            key="min",
            labels={"zh": "最小秤量", "en": "minimum capacity Min"},
            unit="g",
            synonyms=("Min", "最小称量", "最小秤量Min"),
        ),
        Characteristic(
            key="supports",
            labels={"zh": "承载器支承点数", "en": "points of support"},
            kind="integer",
            synonyms=("支承点数", "支承点"),
        ),
    )
    if not digital:
        return own
    return (
        *own,
        Characteristic(
            key="d",
            labels={"zh": "实际分度值", "en": "actual scale interval d"},
            unit="g",
            synonyms=("实际分度值d", "实际分度值(d)", "d", "d值"),
        ),
        Characteristic(
            key="intervals",
            labels={"zh": "多分度值", "en": "partial ranges"},
            kind="text",
            synonyms=("多分度", "分段秤量/分度值"),
            hint={"zh": "如 6 kg/2 g, 15 kg/5 g", "en": "such as 6 kg/2 g, 15 kg/5 g"},
        ),
        Characteristic(
            key="multiple_ranges",
            labels={"zh": "多称量范围", "en": "weighing ranges"},
            kind="text",
            synonyms=("多范围", "称量范围", "多量程"),
            hint={
                "zh": "各范围均从零开始,如 30 t/10 kg, 60 t/20 kg",
                "en": "each from zero, such as 30 t/10 kg, 60 t/20 kg",
            },
        ),
    )


UP_DOWN = (
    Choice("up", {"zh": "加载", "en": "increasing"}),
    Choice("down", {"zh": "卸载", "en": "decreasing"}),
)
_ADDITIONAL = {"zh": "附加小砝码 ΔL", "en": "additional load ΔL"}
LOAD = ReadingField(key="load", labels={"zh": "载荷 L", "en": "load L"}, unit="g")
INDICATION = ReadingField(key="indication", labels={"zh": "示值 I", "en": "indication I"}, unit="g")


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """A load the scale is to be tested at."""

    point: str
    labels: Labels
    load: Quantity
    within: str = ""
    """The number of the weighing range it is put on in, where there are several."""


ZERO_LABELS = {"zh": "零点误差", "en": "zero error E0"}
POINT_LABELS: Mapping[str, Labels] = {
    "weighing": {"zh": "称量", "en": "weighing"},
    "eccentricity": {"zh": "偏载", "en": "eccentricity"},
    "rolling": {"zh": "偏载(滚动载荷)", "en": "eccentricity (rolling load)"},
    "repeatability": {"zh": "重复性", "en": "repeatability"},
    "discrimination": {"zh": "鉴别力", "en": "discrimination"},
}
_LOAD_NAMES = {
    "min": {"zh": "最小秤量", "en": "Min"},
    "half": {"zh": "½ 最大秤量", "en": "½ Max"},
    "max": {"zh": "最大秤量", "en": "Max"},
    "change_1": {"zh": "允差改变点 1", "en": "first change of MPE"},
    "change_2": {"zh": "允差改变点 2", "en": "second change of MPE"},
    "quarter": {"zh": "¼ 最大秤量", "en": "¼ Max"},
    "three_quarters": {"zh": "¾ 最大秤量", "en": "¾ Max"},
    "eighth": {"zh": "⅛ 最大秤量", "en": "⅛ Max"},
    "seven_eighths": {"zh": "⅞ 最大秤量", "en": "⅞ Max"},
}


def zero_tables(*, change_over: bool) -> Iterator[ReadingTable]:
    """The zero error from readings, or given as it is."""
    hint = {"zh": "加放 10e 砝码脱离零点跟踪后测量", "en": "with 10 e on, so that zero tracking does not act"}
    yield ReadingTable(
        key="zero",
        labels={"zh": "置零准确度", "en": "accuracy of zero setting"},
        layout="single",
        fields=weighed(change_over=change_over),
        instead="zero",
        hint=hint if change_over else {},
    )
    yield ReadingTable(
        key="",
        labels=ZERO_LABELS,
        layout="single",
        instead="zero",
        in_form=False,
        fields=(ReadingField(key="zero_error", labels=ZERO_LABELS, unit="g"),),
    )


def weighed(*, change_over: bool) -> tuple[ReadingField, ...]:
    """What is read at a load."""
    hint = {"zh": "示值跳变一个 e 时加放的小砝码", "en": "added until the indication changes by one e"}
    if not change_over:
        return (LOAD, INDICATION)
    return (LOAD, INDICATION, ReadingField(key="additional_load", labels=_ADDITIONAL, unit="g", hint=hint))


def load_labels(name: str, load: Quantity) -> Labels:
    """The name of a test load with the load itself."""
    kind, _, number = name.partition("_")
    if kind == "partial":
        texts = {"zh": f"分段 {number} 最大秤量", "en": f"Max{number}"}
    else:
        texts = _LOAD_NAMES.get(name) or _LOAD_NAMES[name.rpartition("_")[0]]
    return {lang: f"{text} ({load.plain()})" for lang, text in texts.items()}


def together(first: Labels, second: Labels) -> Labels:
    """Two labels as one."""
    return {lang: f"{first[lang]} {second[lang]}" for lang in ("zh", "en")}


def range_labels(number: int) -> Labels:
    """The name of one of several weighing ranges."""
    return {"zh": f"范围 {number}", "en": f"range {number}"}


def weighing_table(
    loads: Sequence[LoadPoint], directions: Sequence[str], hint: Callable[[LoadPoint], Labels], *, change_over: bool
) -> ReadingTable:
    """Loads up and down; the loads are proposals, since a body has the weights it has.

    With several weighing ranges each row says in which one its load was put on.
    """
    ranges = tuple(dict.fromkeys(one.within for one in loads if one.within))
    labels = {choice.value: choice.labels for choice in UP_DOWN}
    rows = tuple(
        PresetRow(
            point=f"{one.point}_{direction}",
            labels=together(one.labels, labels[direction]),
            hint=hint(one),
            values={"load": one.load.plain(), "direction": direction, **({"range": one.within} if ranges else {})},
            fixed=("direction", "range") if ranges else ("direction",),
        )
        for direction in directions
        for one in (loads if direction == "up" else reversed(loads))
    )
    direction_field = ReadingField(
        key="direction", labels={"zh": "加卸载", "en": "direction"}, kind="choice", choices=UP_DOWN, required=False
    )
    return ReadingTable(
        key="weighing",
        labels=POINT_LABELS["weighing"],
        layout="rows",
        rows=rows,
        extendable=True,
        fields=(direction_field, *range_field(ranges), *weighed(change_over=change_over)),
    )


def range_field(ranges: Sequence[str]) -> tuple[ReadingField, ...]:
    """Which of several weighing ranges a load was put on in; nothing where there is one."""
    choices = tuple(Choice(one, range_labels(int(one))) for one in ranges)
    labels = {"zh": "称量范围", "en": "weighing range"}
    return (ReadingField(key="range", labels=labels, kind="choice", choices=choices),) if ranges else ()


def eccentricity_table(load: Quantity, positions: int, *, change_over: bool) -> ReadingTable:
    """The same load at each position."""
    rows = tuple(
        PresetRow(
            point=f"position_{i}",
            labels={"zh": f"位置 {i}", "en": f"position {i}"},
            values={"position": str(i), "load": load.plain()},
            fixed=("position",),
        )
        for i in range(1, positions + 1)
    )
    position = ReadingField(key="position", labels={"zh": "位置", "en": "position"}, kind="text")
    return ReadingTable(
        key="eccentricity",
        labels=POINT_LABELS["eccentricity"],
        layout="rows",
        rows=rows,
        by="position",
        fields=(position, *weighed(change_over=change_over)),
    )


def repeatability_table(load: Quantity, runs: int, *, change_over: bool) -> ReadingTable:
    """The same load several times."""
    rows = tuple(
        PresetRow(
            point=f"weighing_{i}", labels={"zh": f"第 {i} 次", "en": f"weighing {i}"}, values={"load": load.plain()}
        )
        for i in range(1, runs + 1)
    )
    return ReadingTable(
        key="repeatability",
        labels=POINT_LABELS["repeatability"],
        layout="rows",
        rows=rows,
        min_rows=runs,
        fields=weighed(change_over=change_over),
        extendable=True,
    )


def discrimination_table(loads: Sequence[LoadPoint], extra: Mapping[str, str], *, required: bool) -> ReadingTable:
    """The indication before and after a small extra load, at Min, about half of Max and Max."""
    rows = tuple(
        PresetRow(
            point=one.point,
            labels=one.labels,
            values={"load": one.load.plain()},
            hint={"zh": f"加放 {extra[one.point]}", "en": f"add {extra[one.point]}"},
        )
        for one in loads
    )
    after = ReadingField(key="indication_after", labels={"zh": "加放后示值", "en": "indication after"}, unit="g")
    return ReadingTable(
        key="discrimination",
        labels=POINT_LABELS["discrimination"],
        layout="rows",
        rows=rows,
        min_rows=len(rows),
        fields=(LOAD, INDICATION, after),
        required=required,
    )
