"""The results of a calibration as pages draw them: while one types, and as fixed at submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from metrology.domain.calibrating import CalibrationResult, to_dict
from metrology.domain.calibration_sheet import DISTRIBUTIONS
from metrology.domain.conformity import RULES
from metrology.persistence.verifications import Verification
from metrology.services.calibration_text import result_of
from metrology.web.filters import pick

OUTCOMES = {"conforms": _l("conforms"), "rejected": _l("does not"), "undetermined": _l("undetermined")}


@dataclass(frozen=True)
class Shown:
    """What a page says of a calibration."""

    unit: str
    points: tuple[Mapping[str, Any], ...]
    budget: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]
    rule: str
    """The decision rule in words; empty where no conformity is stated."""
    outcome: str | None


def shown(result: CalibrationResult | None) -> Shown | None:
    """Results so far; None while something is lacking, or for a verification."""
    return _of(to_dict(result)) if result is not None and result.points else None


def kept(record: Verification) -> Shown | None:
    """The results of a record handed in."""
    result = result_of(record)
    return _of(result) if result else None


def _of(result: Mapping[str, Any]) -> Shown:
    rule = RULES.get(str(result["rule"]))
    return Shown(
        unit=str(result["unit"]),
        points=tuple({**one, "outcome_words": OUTCOMES.get(str(one["outcome"]), "")} for one in result["points"]),
        budget=result["budget"],
        lines=tuple({**one, "shape": _shape(one)} for one in result["budget"]["lines"]),
        rule=pick(dict(rule.statement)) if rule else "",
        outcome=result["outcome"],
    )


def _shape(line: Mapping[str, Any]) -> str:
    return next((pick(dict(one.labels)) for one in DISTRIBUTIONS if one.value == line.get("distribution")), "")
