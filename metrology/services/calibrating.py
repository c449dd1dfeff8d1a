"""Calibration of instruments that need not be verified: which may be, what the form proposes, what an approved one changes.

A calibration is a record of kind ``calibration`` on the same form, checked and approved like a verification. It gives no
verdict and moves no instrument; a day for the next one is set only where the customer asked for it (ISO/IEC 17025 7.8.4.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.calibrating import KIND, CalibrationMethod, method_for, months_of
from metrology.domain.calibration_sheet import METHOD, Proposal
from metrology.domain.problems import Problem
from metrology.domain.quantity import UNITS, parse, plain, unit_of
from metrology.domain.regulation import InstrumentType
from metrology.domain.schedule import DueRule, due_date
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.verifications import Verification
from metrology.services import law, settings
from metrology.services.record_readings import mapping_of, text_of

STATES: Final = frozenset({"in_use", "suspended", "awaiting_verification", "under_repair"})
"""States in which an instrument can be calibrated."""
OTHER_PURPOSE: Final = "other"
_UNIT_AT_END: Final = re.compile(r"\d\s*([^\d\s~～…\-–—)）(（]+)\s*[)）]?\s*$")
_FACTOR: Final = re.compile(r"k\s*[=＝]\s*(\d+(?:\.\d+)?)")
_IS_EXPANDED: Final = re.compile(r"\bU\w{0,4}\s*[=＝]|k\s*[=＝]")


def may_be_calibrated(one: InstrumentType, instrument: Instrument) -> bool:
    """Whether the law leaves it to the user: a kind outside the catalogue, or one used for none of the four purposes."""
    return one.default_interval.mode == "calibration" or instrument.purpose == OTHER_PURPOSE


def refusal(session: Session, instrument: Instrument) -> Problem | None:
    """Why an instrument is not calibrated here: it must be verified, it stands verified, or its state forbids it."""
    if not may_be_calibrated(law.type_of(session, instrument.type_code), instrument):
        return Problem("must_be_verified", "kind", number=instrument.number)
    if instrument.state not in STATES:
        return Problem("kind_does_not_fit", "kind", kind=KIND, state=instrument.state)
    number = session.scalar(
        select(Certificate.number).where(
            Certificate.instrument_id == instrument.id, Certificate.standing == "valid",
            Certificate.kind != "calibration_certificate",
        )
    )  # fmt: skip
    return Problem("stands_verified", "kind", number=number) if number else None


# -- the form


def method_of(one: InstrumentType, verification: Verification) -> CalibrationMethod:
    """The method of a record: its unit as chosen in it, the standards' uncertainty and the resolution proposed."""
    said = mapping_of(verification.readings.get(METHOD))
    unit = text_of(said.get("unit"))
    unit = unit if unit in UNITS else ""
    is_draft = verification.state == "draft"
    proposals = tuple(_proposals(verification, said, unit)) if unit and is_draft else ()
    return method_for(unit, document_of(one), proposals, with_blanks=is_draft)


def document_of(one: InstrumentType) -> str:
    """The document a kind is usually calibrated to, by the catalogue."""
    return one.default_interval.clause


def first_readings(one: InstrumentType, nameplate: Mapping[str, str]) -> dict[str, Any]:
    """What stands on the form of a new calibration: the unit of the measuring range, the usual document."""
    return {METHOD: {"document": document_of(one), "unit": _unit_of_range(nameplate), "rule": "none"}}


def _unit_of_range(nameplate: Mapping[str, str]) -> str:
    """The unit at the end of a range such as ``(0~150) mm``.

    >>> _unit_of_range({"range": "(0~150) mm"}), _unit_of_range({"range": "0-200g"}), _unit_of_range({})
    ('mm', 'g', '')
    """
    text = str(nameplate.get("range") or "").replace(")", "").replace("）", "")
    found = _UNIT_AT_END.search(text)
    unit = unit_of(found[1]) if found else None
    return unit.symbol if unit else ""


def _proposals(verification: Verification, said: Mapping[str, Any], unit: str) -> list[Proposal]:
    given = [_of_standard(use.standard) for use in verification.standards]
    found = [one for one in given if one]
    if half := _half_of(text_of(said.get("resolution")), unit):
        found.append(Proposal(source="被校器具分辨力", value=half, distribution="rectangular"))
    return found


def _of_standard(standard: MeasurementStandard) -> Proposal | None:
    """A standard's uncertainty by its certificate: U with its k, or a limit of error as half-width of a rectangle."""
    accuracy = standard.accuracy.replace("±", "").strip()
    if not accuracy:
        return None
    source = f"标准器 {standard.name}"
    if _IS_EXPANDED.search(standard.accuracy_text):
        factor = _FACTOR.search(standard.accuracy_text)
        return Proposal(
            source=source, value=accuracy, distribution="normal", coverage_factor=factor[1] if factor else "2"
        )
    return Proposal(source=source, value=accuracy, distribution="rectangular")


def _half_of(resolution: str, unit: str) -> str:
    try:
        step = parse(resolution, unit)
    except Problem:
        return ""
    return f"{plain(step.value / Decimal(2))} {step.unit}" if step.value > 0 else ""


# -- what an approved one changes


@dataclass(frozen=True, slots=True)
class Agreed:
    """The day until which the customer wants it calibrated again; None without such a wish."""

    until: date | None


def agreed(session: Session, verification: Verification) -> Agreed:
    """What the customer asked for, counted by the bureau's rule from the day of calibration."""
    months = months_of(text_of(mapping_of(verification.readings.get(METHOD)).get("next_months")))
    if months is None:
        return Agreed(None)
    return Agreed(due_date(verification.verified_on, months, cast("DueRule", settings.read(session).validity_rule)))


def take_effect(session: Session, verification: Verification, instrument: Instrument) -> None:
    """The instrument's last calibration and, at the customer's wish, its next; its state stays."""
    instrument.last_verified_on = verification.verified_on
    instrument.due_date = agreed(session, verification).until
    instrument.due_basis = "certificate" if instrument.due_date else None
