"""The measurement results of a DCC: methods, standards used, conditions, and each table as lists of values in D-SI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from metrology.documents.bilingual import Bilingual
from metrology.documents.certificate_facts import CertificateFacts, PointResult, ResultTable, StandardUsed
from metrology.documents.dcc_elements import (
    SI,
    Element,
    add,
    contents,
    described,
    identification,
    named,
    one_line,
    one_word,
    optional,
)
from metrology.documents.dcc_units import UNITS, DsiUnit, d_si
from metrology.domain.problems import Problem
from metrology.domain.quantity import parse

_PROBABILITY: Final = "0.95"
_CONDITIONS: Final = {
    "环境温度": "basic_temperature",
    "温度": "basic_temperature",
    "相对湿度": "basic_humidityRelative",
}
_STATUSES: Final = {
    "before_adjustment": ("beforeAdjustment", Bilingual("调整前", "before adjustment")),
    "after_adjustment": ("afterAdjustment", Bilingual("调整后", "after adjustment")),
}

Value = tuple[str, DsiUnit]


def measurement_results(parent: Element, facts: CertificateFacts) -> None:
    """All results, with what holds for all of them in front."""
    methods = add(parent, "usedMethods")
    for regulation in facts.regulations:
        method = add(methods, "usedMethod")
        named(method, regulation.name if regulation.name.zh else Bilingual(regulation.number))
        optional(method, "norm", regulation.number)
    if facts.standards:
        equipment = add(parent, "measuringEquipments")
        for standard in facts.standards:
            _standard(add(equipment, "measuringEquipment", refType="basic_measurementStandard"), standard)
    _conditions(parent, facts)
    if facts.checks:
        _checks(add(parent, "measurementResult"), facts)
    for table in facts.tables:
        _table(add(parent, "measurementResult"), table)
    if not (facts.checks or facts.tables):
        only = add(parent, "measurementResult")
        named(only, Bilingual("结果", "results"))
        result = add(add(only, "results"), "result")
        named(result, Bilingual("结论", "conclusion"))
        contents(add(add(result, "data"), "text"), facts.conclusion)


def _standard(parent: Element, standard: StandardUsed) -> None:
    named(parent, standard.name)
    described(parent, [Bilingual(f"有效期至 {standard.valid_until}", f"valid until {standard.valid_until}")])
    numbers = add(parent, "identifications")
    identification(numbers, "owner", standard.serial_number, Bilingual("编号", "No."))
    identification(
        numbers,
        "calibrationLaboratory",
        standard.certificate_number,
        Bilingual("溯源证书编号", "No. of its certificate"),
    )
    if len(numbers) == 0:
        identification(numbers, "owner", "—", Bilingual("编号", "No."))
    quantities = add(parent, "measuringEquipmentQuantities")
    for name, text in (
        (Bilingual("测量范围", "range"), standard.measuring_range),
        (Bilingual("不确定度 / 准确度等级 / 最大允许误差", "uncertainty / class / MPE"), standard.accuracy),
    ):
        one = add(quantities, "measuringEquipmentQuantity")
        named(one, name)
        contents(add(one, "noQuantity"), Bilingual(text or "—"))


def _conditions(parent: Element, facts: CertificateFacts) -> None:
    conditions = add(parent, "influenceConditions")
    place = add(conditions, "influenceCondition")
    named(place, Bilingual("地点", "place"))
    contents(add(add(place, "data"), "text"), Bilingual(facts.place or "—"))
    for one in facts.environment:
        condition = add(conditions, "influenceCondition", refType=_CONDITIONS.get(one.label.zh, ""))
        named(condition, one.label)
        quantity_of(add(add(condition, "data"), "quantity"), Bilingual(one.value, one.value_en))


def quantity_of(parent: Element, text: Bilingual) -> None:
    """What stands in a quantity element after its name: a value with its unit, or the text where it is no value."""
    value = _value(text.zh, "")
    if value is None or value[0] == "NaN" or value[1].symbol == r"\one":
        contents(add(parent, "noQuantity"), text)
        return
    real = add(parent, "real", ns=SI)
    add(real, "value", value[0], ns=SI)
    add(real, "unit", value[1].symbol, ns=SI)


def _checks(parent: Element, facts: CertificateFacts) -> None:
    named(parent, Bilingual("检定项目", "items checked"))
    results = add(parent, "results")
    for check in facts.checks:
        result = add(results, "result")
        named(result, check.item)
        contents(add(add(result, "data"), "text"), check.finding)
    judged = add(parent, "measurementMetaData")
    for check in facts.checks:
        one = add(judged, "metaData", refType="basic_conformity")
        named(one, check.item)
        optional(one, "norm", check.clause)
        add(one, "conformity", "pass" if check.within else "fail")


# -- tables


def _table(parent: Element, table: ResultTable) -> None:
    named(parent, table.title)
    if table.status:
        code, words = _STATUSES[table.status]
        condition = add(add(parent, "influenceConditions"), "influenceCondition")
        named(condition, Bilingual("器具状态", "state of the instrument"))
        add(condition, "status", code)
        contents(add(add(condition, "data"), "text"), words)
    result = add(add(parent, "results"), "result")
    named(result, table.title)
    columns = add(add(result, "data"), "list")
    _words(columns, table.point_heading, [row.point for row in table.rows], "cnlm_point")
    rows = table.rows
    _column(
        columns,
        Bilingual("参考值", "reference value"),
        [row.reference for row in rows],
        table.unit,
        "basic_referenceValue",
    )
    _column(
        columns, Bilingual("示值", "indication"), [row.indication for row in rows], table.unit, "basic_measuredValue"
    )
    _errors(columns, table)
    limits = [_limits(row.mpe) for row in rows]
    error_unit = table.error_unit or table.unit
    for side, name, ref_type in (
        (0, Bilingual("最大允许误差下限", "lower limit of error"), "cnlm_lowerLimit"),
        (1, Bilingual("最大允许误差上限", "upper limit of error"), "cnlm_upperLimit"),
    ):
        _column(columns, name, [pair[side] for pair in limits], error_unit, ref_type)
    for index, heading in enumerate(table.extra_headings):
        name, unit = _heading(heading)
        _column(columns, name, [row.extra[index] if index < len(row.extra) else "" for row in rows], unit, "")
    _judged(columns, table)


def _errors(columns: Element, table: ResultTable) -> None:
    rows = table.rows
    errors = _column(
        columns, Bilingual("示值误差", "error of indication"), [row.error for row in rows], table.error_unit or table.unit,
        "basic_measurementError",
    )  # fmt: skip
    if errors is None or not all(row.uncertainty and row.coverage_factor for row in rows):
        return
    unit = d_si(table.error_unit or table.unit)
    expanded = add(add(errors, "measurementUncertaintyUnivariateXMLList", ns=SI), "expandedMUXMLList", ns=SI)
    add(expanded, "valueExpandedMUXMLList", " ".join(_scaled(row.uncertainty, unit) for row in rows), ns=SI)
    add(expanded, "coverageFactorXMLList", " ".join(row.coverage_factor for row in rows), ns=SI)
    add(expanded, "coverageProbabilityXMLList", " ".join(_PROBABILITY for _ in rows), ns=SI)


def _judged(columns: Element, table: ResultTable) -> None:
    """Whether each row conforms, on what its limit rests, and which limits nobody has confirmed."""
    rows = table.rows
    bases = list(dict.fromkeys((row.formula, row.clause) for row in rows if row.formula or row.clause))
    if any(row.within is not None for row in rows) or bases:
        metadata = add(columns, "measurementMetaData")
        if all(row.within is not None for row in rows):
            one = add(metadata, "metaData", refType="basic_conformity")
            named(one, Bilingual("结论", "result"))
            add(one, "conformityXMLList", " ".join("pass" if row.within else "fail" for row in rows))
        elif any(row.within is not None for row in rows):
            _conformity_of_some(metadata, rows)
        for formula, clause in bases:
            basis = add(metadata, "metaData", refType="cnlm_basis")
            described(basis, [Bilingual(formula)])
            optional(basis, "norm", clause)
        if not all(row.confirmed for row in rows):
            doubt = add(metadata, "metaData", refType="cnlm_unconfirmed")
            add(doubt, "validXMLList", " ".join("true" if row.confirmed else "false" for row in rows))


def _conformity_of_some(metadata: Element, rows: Sequence[PointResult]) -> None:
    for row in rows:
        if row.within is not None:
            one = add(metadata, "metaData", refType="basic_conformity")
            named(one, Bilingual(row.point, row.point_en))
            add(one, "conformity", "pass" if row.within else "fail")


def _column(columns: Element, name: Bilingual, texts: Sequence[str], unit: str, ref_type: str) -> Element | None:
    """A column as a list of numbers; as words where one of them is no number; not at all where nothing stands in it."""
    if not any(text.strip() for text in texts):
        return None
    values = [_value(text, unit) for text in texts]
    if any(value is None for value in values):
        _words(columns, name, texts, ref_type)
        return None
    found = [value for value in values if value is not None]
    units = [value[1] for value in found]
    quantity = add(columns, "quantity", refType=ref_type)
    named(quantity, name)
    numbers = add(quantity, "realListXMLList", ns=SI)
    add(numbers, "valueXMLList", " ".join(value[0] for value in found), ns=SI)
    symbols = [one.symbol for one in units]
    add(numbers, "unitXMLList", symbols[0] if len(set(symbols)) == 1 else " ".join(symbols), ns=SI)
    if others := {one.non_si for one in units if one.non_si}:
        metadata = add(add(quantity, "measurementMetaData"), "metaData")
        add(metadata, "nonSIUnit", one_line(" ".join(sorted(others))))
    return numbers


def _words(columns: Element, name: Bilingual, texts: Iterable[str], ref_type: str) -> None:
    quantity = add(columns, "quantity", refType=ref_type)
    named(quantity, name)
    add(quantity, "charsXMLList", " ".join(one_word(text) for text in texts))


# -- values


def _value(text: str, unit: str) -> Value | None:
    """A cell as number and unit: NaN where nothing stands, None where words stand."""
    text = text.strip()
    known = d_si(unit)
    if not text:
        return "NaN", known
    number = text.replace("−", "-")
    if _is_number(number):
        return _scaled(number, known), known
    try:
        quantity = parse(text)
    except Problem:
        return None
    own = UNITS[quantity.unit]
    return _scaled(f"{quantity.value:f}", own), own


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite() and "e" not in text.casefold() and "_" not in text
    except InvalidOperation:
        return False


def _scaled(text: str, unit: DsiUnit) -> str:
    return text if unit.factor == 1 else f"{Decimal(text) * unit.factor:f}"


def _limits(text: str) -> tuple[str, str]:
    """The lower and the upper limit of ``±5``, ``-4.0 … +1.0``; nothing for any other form.

    >>> _limits("±0.30 %"), _limits("-4.0 … +1.0 %"), _limits("")
    (('-0.30 %', '0.30 %'), ('-4.0 %', '+1.0 %'), ('', ''))
    """
    text = text.replace("−", "-").strip()
    if text.startswith("±"):
        size = text.removeprefix("±").strip()
        return f"-{size}", size
    low, separator, high = text.partition("…")
    if not separator:
        return "", ""
    number, _, unit = high.strip().partition(" ")
    return f"{low.strip()} {unit}".strip(), f"{number} {unit}".strip()


def _heading(heading: Bilingual) -> tuple[Bilingual, str]:
    """A heading such as ``标称流量 / L/min`` as name and unit."""
    name, separator, unit = heading.zh.partition(" / ")
    if not separator or unit not in UNITS:
        return heading, ""
    return Bilingual(name, heading.en.removesuffix(f" / {unit}")), unit
