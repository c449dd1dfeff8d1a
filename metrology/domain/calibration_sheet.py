"""The sheet of a calibration (校准): what is measured, the readings by point, and the entries of the uncertainty budget.

One sheet for every kind of instrument: the unit and the entries proposed for the budget are all it depends on.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from metrology.domain.conditions import HUMIDITY, TEMPERATURE
from metrology.domain.conditions import TABLE as ENVIRONMENT
from metrology.domain.conformity import RULES
from metrology.domain.quantity import UNITS
from metrology.domain.reading_sheet import Choice, PresetRow, ReadingField, ReadingTable

METHOD, POINTS, BEFORE, BUDGET = "method", "points", "before", "budget"
MOST_READINGS = 5
NO_RULE = "none"
_POINTS_SHOWN, _BEFORE_SHOWN = 5, 3
_FREE_ENTRIES = 2

DISTRIBUTIONS = (
    Choice("normal", {"zh": "正态（给出 U 和 k）", "en": "normal (U and k)"}, ("正态", "normal")),
    Choice("rectangular", {"zh": "均匀（±a）", "en": "rectangular (±a)"}, ("均匀", "矩形", "rectangular")),
    Choice("triangular", {"zh": "三角（±a）", "en": "triangular (±a)"}, ("三角", "triangular")),
    Choice("arcsine", {"zh": "反正弦（±a）", "en": "arcsine (±a)"}, ("反正弦", "U 形", "arcsine")),
)
_RULES = (
    Choice(NO_RULE, {"zh": "不作符合性判定", "en": "no statement of conformity"}),
    *(Choice(rule.code, rule.names) for rule in RULES.values()),
)
_UNIT_CHOICES = tuple(Choice(symbol, {"zh": symbol, "en": symbol}) for symbol in UNITS if symbol != "pcs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An entry of the budget that stands there before anybody writes: a standard's uncertainty, the resolution."""

    source: str
    value: str
    """Half-width or expanded uncertainty with its unit; `%` for a part of the reference value."""
    distribution: str
    coverage_factor: str = ""


def tables(
    unit: str, proposals: tuple[Proposal, ...], document: str, *, with_blanks: bool = True
) -> Iterator[ReadingTable]:
    """The tables of the sheet; without a unit only what has to be said first. A record handed in has no blank rows."""
    yield ReadingTable(
        key=ENVIRONMENT, labels={"zh": "环境条件", "en": "environmental conditions"}, layout="single",
        fields=(TEMPERATURE, HUMIDITY),
    )  # fmt: skip
    yield _method(unit, document)
    if unit:
        yield _points(unit, _POINTS_SHOWN if with_blanks else 0)
        yield _before(unit, _BEFORE_SHOWN if with_blanks else 0)
        yield _budget(proposals if with_blanks else (), _FREE_ENTRIES if with_blanks else 0)


def _method(unit: str, document: str) -> ReadingTable:
    fields = [
        ReadingField(
            key="document", labels={"zh": "校准依据", "en": "method"}, kind="text", required=not document,
            hint={"zh": document, "en": document},
        ),
        ReadingField(
            key="measurand", labels={"zh": "被测量", "en": "measurand"}, kind="text", required=False,
            hint={"zh": "示值", "en": "indication"},
        ),
        ReadingField(key="unit", labels={"zh": "单位", "en": "unit"}, kind="choice", choices=_UNIT_CHOICES),
    ]  # fmt: skip
    if unit:
        fields += [
            ReadingField(key="resolution", labels={"zh": "分辨力", "en": "resolution"}, unit=unit),
            ReadingField(
                key="rule", labels={"zh": "判定规则", "en": "decision rule"}, kind="choice", choices=_RULES, required=False,
                hint={"zh": "客户要求时选用", "en": "if the customer wants conformity stated"},
            ),
            ReadingField(
                key="next_months", labels={"zh": "复校间隔（月）", "en": "next after (months)"}, kind="text", required=False,
                hint={"zh": "仅应客户要求", "en": "only at the customer's request"},
            ),
        ]  # fmt: skip
    return ReadingTable(
        key=METHOD, labels={"zh": "方法与被测量", "en": "method and measurand"}, layout="single", fields=tuple(fields)
    )


def _points(unit: str, shown: int) -> ReadingTable:
    readings = tuple(
        ReadingField(key=f"r{i}", labels={"zh": f"示值 {i}", "en": f"indication {i}"}, unit=unit, required=i == 1)
        for i in range(1, MOST_READINGS + 1)
    )
    return ReadingTable(
        key=POINTS, labels={"zh": "校准点", "en": "points"}, layout="rows", min_rows=1, extendable=True, is_judged=False,
        hint={"zh": "至少一个点重复读数", "en": "at one point at least, read repeatedly"},
        fields=(
            ReadingField(key="reference", labels={"zh": "参考值", "en": "reference"}, unit=unit),
            ReadingField(key="mpe", labels={"zh": "最大允许误差 ±", "en": "MPE ±"}, unit=unit, required=False),
            *readings,
        ),
        rows=tuple(_numbered("校准点", "point", i) for i in range(1, shown + 1)),
    )  # fmt: skip


def _before(unit: str, shown: int) -> ReadingTable:
    return ReadingTable(
        key=BEFORE, labels={"zh": "调整前示值", "en": "before adjustment"}, layout="rows", extendable=True, required=False,
        is_judged=False, in_form=shown > 0, hint={"zh": "调整或修理过时填写", "en": "where it was adjusted or repaired"},
        fields=(
            ReadingField(key="reference", labels={"zh": "参考值", "en": "reference"}, unit=unit),
            ReadingField(key="r1", labels={"zh": "示值", "en": "indication"}, unit=unit),
        ),
        rows=tuple(_numbered("校准点", "point", i) for i in range(1, shown + 1)),
    )  # fmt: skip


def _budget(proposals: tuple[Proposal, ...], blanks: int) -> ReadingTable:
    given = tuple(
        PresetRow(
            point=f"entry-{i}",
            labels={"zh": f"分量 {i}", "en": f"entry {i}"},
            values={
                key: text
                for key, text in (
                    ("source", one.source), ("value", one.value), ("distribution", one.distribution), ("k", one.coverage_factor),
                )
                if text
            },
        )
        for i, one in enumerate(proposals, start=1)
    )  # fmt: skip
    free = tuple(_numbered("分量", "entry", len(given) + i) for i in range(1, blanks + 1))
    return ReadingTable(
        key=BUDGET, labels={"zh": "不确定度 B 类分量", "en": "uncertainty, type B"}, layout="rows", extendable=True, required=False,
        is_judged=False, hint={"zh": "重复性（A 类）由读数计算", "en": "repeatability (type A) is computed from the readings"},
        fields=(
            ReadingField(key="source", labels={"zh": "来源", "en": "source"}, kind="text", required=False),
            ReadingField(
                key="value", labels={"zh": "半宽 a 或 U", "en": "half-width a or U"}, kind="text", required=False,
                hint={"zh": "可用 %，按参考值计", "en": "may be % of the reference value"},
            ),
            ReadingField(
                key="distribution", labels={"zh": "分布", "en": "distribution"}, kind="choice", choices=DISTRIBUTIONS,
                required=False,
            ),
            ReadingField(key="k", labels={"zh": "k", "en": "k"}, kind="text", required=False),
            ReadingField(key="sensitivity", labels={"zh": "灵敏系数", "en": "sensitivity"}, kind="text", required=False),
        ),
        rows=(*given, *free),
    )  # fmt: skip


def _numbered(zh: str, en: str, number: int) -> PresetRow:
    return PresetRow(point=f"{en}-{number}", labels={"zh": f"{zh} {number}", "en": f"{en} {number}"})
