"""What a calibration certificate says beside what every certificate says: results with U and k, the budget, the statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from sqlalchemy.orm import Session

from metrology.documents.calibration_facts import BudgetLine, BudgetText, CalibrationFacts
from metrology.documents.certificate_facts import Bilingual, PointResult, RegulationUsed, ResultTable
from metrology.domain.calibrating import CODE, KIND
from metrology.domain.calibration_sheet import BEFORE, DISTRIBUTIONS, METHOD, NO_RULE
from metrology.domain.conformity import RULES, DecisionRule
from metrology.domain.quantity import plain
from metrology.persistence.verifications import Verification
from metrology.services import calibrating, law
from metrology.services.record_readings import mapping_of, number_in, text_of

CONCLUSIONS: Final = {
    None: Bilingual("给出校准结果，不作符合性判定", "Results stated; no statement of conformity"),
    "conforms": Bilingual("所校准各点符合最大允许误差要求", "All points conform to the maximum permissible error"),
    "rejected": Bilingual("有校准点不符合最大允许误差要求", "Not all points conform to the maximum permissible error"),
    "undetermined": Bilingual("有校准点待定，不能判定符合与否", "Conformity of some points is undetermined"),
}
_OUTCOMES: Final = {"conforms": True, "rejected": False}
_POINT: Final = Bilingual("校准点", "Point")
_REPEATABILITY: Final = Bilingual("测量重复性", "Repeatability of the indications")
_METHOD_NAME: Final = Bilingual("测量不确定度评定与表示", "Evaluation and expression of uncertainty in measurement")
_UNCERTAINTY: Final = Bilingual(
    "各校准点的扩展不确定度 U 为合成标准不确定度与该点包含因子 k 的乘积，包含概率约为 95 %，按 JJF 1059.1-2012 评定，"
    "包含被校器具的重复性和分辨力。",
    "At each point U is the combined standard uncertainty times the coverage factor k of that point, for a coverage probability "
    "of about 95 %, evaluated by the GUM (JJF 1059.1-2012); repeatability and resolution of the item are included.",
)


def result_of(verification: Verification) -> Mapping[str, Any]:
    """The results as fixed at submission; empty for a draft."""
    return mapping_of(mapping_of(verification.judgement).get(KIND))


def conclusion(verification: Verification) -> Bilingual:
    """Whether conformity is stated, and what it is."""
    return CONCLUSIONS[result_of(verification).get("outcome")]


def regulations(session: Session, verification: Verification) -> tuple[RegulationUsed, ...]:
    """The document calibrated to, and the one by which the uncertainty was evaluated."""
    said = mapping_of(verification.readings.get(METHOD))
    document = text_of(said.get("document")) or calibrating.document_of(law.type_of(session, verification.type_code))
    own = (RegulationUsed(document, Bilingual("")),) if document and document != CODE else ()
    return (*own, RegulationUsed(CODE, _METHOD_NAME))


def tables(verification: Verification) -> tuple[ResultTable, ...]:
    """What was read before an adjustment, then the results."""
    result = result_of(verification)
    unit = str(result["unit"])
    before = tuple(_before(verification, unit))
    rows = tuple(_row(one, unit) for one in result["points"])
    measurand = _measurand(verification)
    results = ResultTable(
        title=Bilingual(f"{measurand.zh}误差", "Error of indication"), unit=unit, rows=rows, point_heading=_POINT,
        status="after_adjustment" if before else "",
    )  # fmt: skip
    if not before:
        return (results,)
    first = ResultTable(
        title=Bilingual(f"{measurand.zh}误差", "Error of indication"), unit=unit, rows=before, point_heading=_POINT,
        status="before_adjustment",
    )  # fmt: skip
    return first, results


def _measurand(verification: Verification) -> Bilingual:
    said = text_of(mapping_of(verification.readings.get(METHOD)).get("measurand"))
    return Bilingual(said or "示值", said or "indication")


def _row(one: Mapping[str, Any], unit: str) -> PointResult:
    mpe = str(one.get("mpe") or "")
    outcome = one.get("outcome")
    point = f"{one['reference']} {unit}"
    return PointResult(
        point=point, point_en=point, reference=str(one["reference"]), indication=str(one["mean"]),
        error=_signed(str(one["error"])), mpe=f"±{mpe}" if mpe and outcome else "", within=_OUTCOMES.get(str(outcome)),
        uncertainty=str(one["expanded"]), coverage_factor=str(one["k"]),
    )  # fmt: skip


def _signed(text: str) -> str:
    return text if text.startswith("-") or not text.strip("0.") else f"+{text}"


def _before(verification: Verification, unit: str) -> Iterator[PointResult]:
    content = verification.readings.get(BEFORE)
    for row in content if isinstance(content, list) else ():
        reference, indication = (number_in(mapping_of(row).get(key), unit) for key in ("reference", "r1"))
        if reference and indication:
            point = f"{reference} {unit}"
            yield PointResult(
                point=point, point_en=point, reference=reference, indication=indication,
                error=_signed(_difference(indication, reference)), mpe="", within=None,
            )  # fmt: skip


def _difference(indication: str, reference: str) -> str:
    return plain(Decimal(indication) - Decimal(reference))


def statements(session: Session, verification: Verification) -> CalibrationFacts:
    """Uncertainty, traceability, the budget, and what the customer asked for."""
    result = result_of(verification)
    until = calibrating.agreed(session, verification).until
    rule = RULES.get(str(result["rule"]))
    return CalibrationFacts(
        measurand=_measurand(verification),
        uncertainty=_UNCERTAINTY,
        traceability=_traceability(verification),
        budget=_budget(result["budget"], str(result["unit"])),
        decision_rule=_rule(rule) if rule and result["rule"] != NO_RULE else Bilingual(""),
        next_on=until.isoformat() if until else "",
    )


def _rule(rule: DecisionRule) -> Bilingual:
    """The rule in its own words; the paper says in front that it is the decision rule."""
    zh, en = rule.statement["zh"], rule.statement["en"]
    return Bilingual(zh.removeprefix("判定规则").lstrip("：:"), en.removeprefix("Decision rule:").lstrip())


def _traceability(verification: Verification) -> Bilingual:
    issuers = dict.fromkeys(str(use.snapshot.get("certificate_issuer") or "") for use in verification.standards)
    named = "、".join(filter(None, issuers))
    by_zh, by_en = (f"（溯源机构：{named}）", f" (calibrated by {named})") if named else ("", "")
    return Bilingual(
        f"测量结果通过所列测量标准{by_zh}溯源至国家计量基准，以国际单位制（SI）单位表示。",
        f"The results are traceable to national measurement standards and the SI through the standards listed{by_en}.",
    )


def _budget(shown: Mapping[str, Any], unit: str) -> BudgetText:
    freedom = shown.get("freedom")
    return BudgetText(
        point=str(shown["point"]), lines=tuple(_line(one, unit) for one in shown["lines"]),
        combined=f"{shown['combined']} {unit}", freedom="" if freedom is None else str(freedom),
        coverage_factor=str(shown["k"]), expanded=f"{shown['expanded']} {unit}",
    )  # fmt: skip


def _line(one: Mapping[str, Any], unit: str) -> BudgetLine:
    if one["kind"] == "A":
        source, shape, value = _REPEATABILITY, Bilingual("t 分布", "Student's t"), ""
    else:
        source, value = Bilingual(str(one["source"]) or "—"), str(one["value"])
        labels = next((dict(each.labels) for each in DISTRIBUTIONS if each.value == one["distribution"]), {})
        zh, en = (labels.get(lang, "").partition("（")[0].partition(" (")[0] for lang in ("zh", "en"))
        factor = f"，k = {one['k'] or 2}" if one["distribution"] == "normal" else ""
        shape = Bilingual(zh + factor, en + factor.replace("，", ", "))
        value = value if any(letter.isalpha() or letter == "%" for letter in value) else f"{value} {unit}"
    return BudgetLine(
        source=source, kind=str(one["kind"]), distribution=shape, value=value, u=f"{one['u']} {unit}",
        sensitivity=str(one["sensitivity"]), share=str(one["share"]),
    )  # fmt: skip
