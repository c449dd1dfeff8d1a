"""What a doubt about a standard does to a verdict: how near each record was to its limit, and whether an error found would turn it.

The error of the standard is said as the value it gave less the true value (δ). An error of indication is indication less
reference, so with the true reference it is E + δ; a relative one, at a point of reference value r, is E + δ/r.

>>> near({"findings": [{"point": "q1", "within": True, "margin": "0.9", "error": "0.27 %"}], "verdict": "conforms"})
Nearness(margin=Decimal('0.1'), point='q1')
>>> finding = {"point": "q1", "within": True, "error": "0.27 %", "lower": "-0.30 %", "upper": "0.30 %", "margin": "0.9"}
>>> record = {"verdict": "conforms", "findings": [finding]}
>>> outlook(record, parse("0.02 %")), outlook(record, parse("0.04 %")), outlook(record, parse("1 mL"))
('stays', 'turns', 'unknown')
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any, Literal

from metrology.domain.problems import Problem
from metrology.domain.quantity import ARITHMETIC, Quantity, parse

Outlook = Literal["turns", "stays", "unknown"]
REFERENCES = ("reference", "load", "actual", "reference_value", "standard_value", "nominal")
"""Names under which findings keep the reference value of their point."""
DIFFERENCES = ("repeatability", "discrimination", "variation", "hysteresis", "sensitivity")
"""Points judged by differences of readings: an error of the standard falls out of them."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """How far a record was from being judged otherwise, in parts of the limit; None where nothing measured says so."""

    margin: Decimal | None
    point: str


def near(judgement: Mapping[str, Any]) -> Nearness:
    """The distance to the limit that decides: of a conforming record the smallest, of a rejected one the largest excess.

    A rejection that rests on something not measured (a seal, a marking) cannot turn by an error of a standard: it is as far
    away as can be, which is said by no margin and no point.
    """
    findings = judgement.get("findings") or ()
    used = [(part, str(one.get("point", ""))) for one in findings if (part := _part_used(one)) is not None]
    if judgement.get("verdict") == "conforms":
        return min((Nearness(1 - part, point) for part, point in used), key=_margin, default=Nearness(None, ""))
    failing = [one for one in findings if not one.get("within")] if judgement.get("verdict") == "rejected" else []
    beyond = [_part_used(one) for one in failing]
    if not failing or any(part is None or part <= 1 for part in beyond):
        return Nearness(None, "")
    return max(
        (
            Nearness(part - 1, str(one.get("point", "")))
            for one, part in zip(failing, beyond, strict=True)
            if part is not None
        ),
        key=_margin,
    )


def _margin(one: Nearness) -> Decimal:
    return one.margin if one.margin is not None else Decimal(0)


def _part_used(finding: Mapping[str, Any]) -> Decimal | None:
    try:
        return None if finding.get("margin") in (None, "") else Decimal(str(finding["margin"]))
    except InvalidOperation:
        return None


def outlook(judgement: Mapping[str, Any], error: Quantity | None) -> Outlook:
    """What would become of a verdict with the error of the standard taken out of every measured error.

    ``unknown`` without an error, or where it cannot be set against a point. Rounding of the type is not repeated, so an error
    within one rounding interval of a limit is for people to look at: this weighs work, it decides nothing.
    """
    if error is None or judgement.get("verdict") not in ("conforms", "rejected"):
        return "unknown"  # a calibration gives no verdict that could turn
    findings = judgement.get("findings") or ()
    conforms = judgement.get("verdict") == "conforms"
    unsure, outside = False, False
    with localcontext(ARITHMETIC):
        for one in findings:
            is_difference = str(one.get("point", "")).startswith(DIFFERENCES) or _is_arithmetic(one)
            if is_difference or one.get("margin") in (None, ""):
                inside: bool | None = bool(one.get("within"))  # nothing of the standard's in it: it stays as found
            else:
                inside = _inside(one, error)
            unsure = unsure or inside is None
            outside = outside or inside is False
    if outside:
        return "turns" if conforms else "stays"
    if unsure or not findings:
        return "unknown"
    return "stays" if conforms else "turns"


def _is_arithmetic(finding: Mapping[str, Any]) -> bool:
    """Whether a point tries the instrument's own arithmetic (a price): no standard comes into it."""
    error = _read(finding.get("error"))
    return error is not None and error.dimension == "money"


def _inside(finding: Mapping[str, Any], error: Quantity) -> bool | None:
    """Whether a point lies within its limits with the error taken out; None where nobody can say."""
    measured = _read(finding.get("unrounded")) or _read(finding.get("error"))
    lower, upper = _read(finding.get("lower")), _read(finding.get("upper"))
    if measured is None or lower is None or upper is None:
        return None
    shift = _shift(finding, measured, error)
    if shift is None:
        return None
    corrected = measured + shift
    return lower <= corrected <= upper


def _shift(finding: Mapping[str, Any], measured: Quantity, error: Quantity) -> Quantity | None:
    """The error of the standard in the kind the point is judged in: relative to its reference value, or absolute."""
    if error.dimension == measured.dimension:
        return error
    reference = _reference(finding)
    if reference is None or reference.value == 0:
        return None
    percent = Quantity(Decimal(100), "%")
    if error.dimension == "ratio" and reference.dimension == measured.dimension:
        return reference.times(error.ratio_to(percent))
    if measured.dimension == "ratio" and error.dimension == reference.dimension:
        return percent.times(error.ratio_to(reference))
    return None


def _reference(finding: Mapping[str, Any]) -> Quantity | None:
    inputs = finding.get("inputs") or {}
    for name in REFERENCES:
        found = _read(inputs.get(name)) or _read(finding.get(name))
        if found is not None:
            return found
    return None


def _read(text: object) -> Quantity | None:
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        return parse(text)
    except Problem:
        return None
