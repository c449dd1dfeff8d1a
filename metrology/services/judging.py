"""What can be said of a record as it stands: its sheet, the findings so far, and everything in the way of handing it in.

The form shows it as one types and the submission decides by it: one truth for both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology import regulations
from metrology.domain.calibrating import KIND as CALIBRATION
from metrology.domain.calibrating import CalibrationMethod, CalibrationResult
from metrology.domain.mpe import MpeAt
from metrology.domain.nameplate import Nameplate
from metrology.domain.problems import BadChoice, MissingCharacteristic, Problem
from metrology.domain.reading_sheet import ReadingSheet
from metrology.domain.regulation import KINDS, Edition, InstrumentType
from metrology.domain.verdict import Lack, Verdict
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import Institute
from metrology.persistence.verifications import Verification
from metrology.services import authorisations, calibrating, law, people, serving_standards
from metrology.services.calibrating import method_of
from metrology.services.record_readings import arranged, settled
from metrology.services.record_sheet import LaidSheet, lay
from metrology.services.serving_standards import StandardJudged
from metrology.services.validity import Validity, stands, validity

EARLIEST = 1990
"""Year before which no verification of ours can have been."""
NEVER_VERIFIED = frozenset({"retired", "lost"})
_KINDS_IN = {
    "in_use": frozenset(KINDS),
    "suspended": frozenset({"initial", "subsequent", "after_repair"}),
    "awaiting_verification": frozenset({"initial", "subsequent", "after_repair"}),
    "under_repair": frozenset({"after_repair"}),
    "rejected": frozenset({"after_repair"}),
}
"""State of an instrument → the kinds of verification it can have. A rejected one was repaired, or it is not verified."""

_NOTHING = ReadingSheet(())


@dataclass(frozen=True, slots=True)
class Preview:
    """A record as it stands: what the form draws, and what the submission decides by."""

    instrument_type: InstrumentType
    edition: Edition | None
    nameplate: dict[str, str]
    nameplate_problems: dict[str, Problem]
    sheet: ReadingSheet
    sheet_key: str
    """Changes when the sheet does: a form drawn from another one is drawn again."""
    laid: LaidSheet
    verdict: Verdict | None
    standards: tuple[StandardJudged, ...]
    problems: tuple[Problem, ...]
    """What stands in the way besides missing readings."""
    validity: Validity | None
    readings: dict[str, Any] = field(default_factory=dict)
    """As they are kept at submission; the verdict is on these. ``laid`` shows them as typed."""
    calibration: CalibrationResult | None = None
    """The results of a calibration, which has no verdict; None for a verification."""

    @property
    def missing(self) -> tuple[Lack, ...]:
        """What has still to be read."""
        return self.verdict.missing if self.verdict else ()

    @property
    def so_far(self) -> str | None:
        """The verdict, or ``rejected`` as soon as one finding says so; None while nothing can be said."""
        if self.verdict is None:
            return None
        return "rejected" if self.verdict.failed else self.verdict.verdict

    @property
    def is_ready(self) -> bool:
        """Whether it can be handed in."""
        if self.problems or self.verdict is None:
            return False
        if self.calibration is not None:
            return not self.calibration.lacks
        return self.verdict.verdict is not None


def nameplate_of(instrument: Instrument) -> dict[str, str]:
    """The nameplate by which an instrument is judged: a nozzle has its dispenser's beside its own."""
    known = {one.key for one in regulations.get(instrument.type_code).nameplate}
    whole = instrument.parent.nameplate if instrument.parent else {}
    return {key: str(value) for key, value in {**whole, **instrument.nameplate}.items() if key in known and value}


@dataclass(frozen=True, slots=True)
class Drawn:
    """The sheet a record's type, day, kind and nameplate ask for, and why there is none."""

    instrument_type: InstrumentType
    nameplate: dict[str, str]
    wrong: dict[str, Problem]
    edition: Edition | None
    sheet: ReadingSheet
    problem: Problem | None

    @property
    def key(self) -> str:
        """Changes when the sheet does."""
        text = f"{self.edition.code if self.edition else ''}{self.sheet!r}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def drawn(session: Session, verification: Verification) -> Drawn:
    """The sheet to be filled in for a record as it stands."""
    one = law.type_of(session, verification.type_code)
    plate, wrong = normalised(one, verification.nameplate)
    edition, sheet, problem = None, _NOTHING, None
    try:
        edition = (
            method_of(one, verification) if is_calibration(verification) else one.edition_on(verification.verified_on)
        )
        if not wrong:
            edition.check(Nameplate(plate))
            sheet = edition.reading_sheet(plate, verification.kind)
    except Problem as found:
        problem = Problem(
            found.code, f"nameplate.{found.field}" if found.field in plate else found.field, **found.params
        )
    return Drawn(one, plate, wrong, edition, sheet, problem)


def preview(session: Session, verification: Verification, *, today: date) -> Preview:
    """The record as it stands."""
    draft = drawn(session, verification)
    one, edition, sheet, plate = draft.instrument_type, draft.edition, draft.sheet, draft.nameplate
    problems = [
        *_record_problems(session, verification, plate, today),
        *(Problem(problem.code, f"nameplate.{key}", **problem.params) for key, problem in draft.wrong.items()),
        *([draft.problem] if draft.problem else []),
    ]
    typed = arranged(sheet, verification.readings)
    readings = settled(sheet, typed)
    verdict = edition.judge(plate, verification.kind, readings) if edition and sheet.tables else None
    limits = edition.mpe_at(plate, verification.kind) if edition and sheet.tables else ()
    standards = _standards(session, verification, one, limits)
    if sheet.tables:
        problems += _standard_problems(one, standards)
    held = validity(
        session, verification.instrument, one, plate, verification.verified_on, replaces_id=verification.replaces_id
    )
    if held.has_run_out and verdict and verdict.verdict == "conforms" and verification.kind != "in_service":
        problems.append(Problem("service_life_ended", "verified_on", until=held.until))
    return Preview(
        instrument_type=one, edition=edition, nameplate=plate, nameplate_problems=draft.wrong, sheet=sheet,
        sheet_key=draft.key, laid=lay(sheet, typed, _texts(verdict)), verdict=verdict, standards=tuple(standards),
        problems=tuple(problems), validity=held, readings=readings,
        calibration=edition.evaluate(plate, readings) if isinstance(edition, CalibrationMethod) else None,
    )  # fmt: skip


def is_calibration(verification: Verification) -> bool:
    """Whether a record is a calibration: it states errors with their uncertainty and gives no verdict."""
    return verification.kind == CALIBRATION


def _texts(verdict: Verdict | None) -> list[dict[str, Any]]:
    return [finding.to_dict() for finding in verdict.findings] if verdict else []


def normalised(one: InstrumentType, values: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Problem]]:
    """Nameplate values as they are stored, and the problem of each that cannot be, or without which nothing is drawn."""
    plate: dict[str, str] = {}
    wrong: dict[str, Problem] = {}
    for characteristic in one.nameplate:
        text = str(values.get(characteristic.key) or "").strip()
        if not text:
            if characteristic.required:
                wrong[characteristic.key] = MissingCharacteristic(characteristic.key)
            continue
        try:
            plate[characteristic.key] = characteristic.normalise(text)
        except Problem as problem:
            wrong[characteristic.key] = problem
    return plate, wrong


# -- who, what, when


def _record_problems(
    session: Session, verification: Verification, plate: Mapping[str, str], today: date
) -> list[Problem]:
    found = [
        instrument_refusal(session, verification.instrument),
        kind_refusal(session, verification.instrument, verification.kind, replaces=verification.replaces),
        _day_refusal(verification, today),
        institute_refusal(verification.institute, verification.verified_on),
        authorisation_refusal(session, verification, plate),
        people.qualification_refusal(session, verification.verifier, verification.type_code, verification.verified_on),
    ]
    return [problem for problem in found if problem]


def instrument_refusal(session: Session, instrument: Instrument) -> Problem | None:
    """Why no verification of an instrument can be recorded; an expired certificate is no reason, but a retired one is."""
    if instrument.is_assembly:
        return Problem("assembly_is_not_verified", "instrument", number=instrument.number)
    if instrument.state in NEVER_VERIFIED:
        return Problem("instrument_not_verifiable", "instrument", number=instrument.number, state=instrument.state)
    one = law.type_of(session, instrument.type_code)
    if not one.has_rules and not calibrating.may_be_calibrated(one, instrument):
        return Problem("type_has_no_rules", "instrument", type=instrument.type_code)
    return None


def kind_refusal(
    session: Session, instrument: Instrument, kind: str, *, replaces: Verification | None = None
) -> Problem | None:
    """Why this kind of verification does not fit: the state of the instrument, or an initial one was done before."""
    if kind == CALIBRATION:
        return calibrating.refusal(session, instrument) if replaces is None else None
    if kind not in KINDS:
        return BadChoice("kind", value=kind)
    if not law.type_of(session, instrument.type_code).has_rules:
        return Problem("type_has_no_rules", "kind", type=instrument.type_code)
    # A correction speaks of the day of the record it replaces, whatever has become of the instrument since.
    if replaces is None and kind not in _KINDS_IN.get(instrument.state, frozenset()):
        return Problem("kind_does_not_fit", "kind", kind=kind, state=instrument.state)
    if kind == "initial" and _verified_before(session, instrument, replaces):
        return Problem("initial_done_before", "kind")
    return None


def usual_kind(session: Session, instrument: Instrument) -> str:
    """The kind a new record of an instrument most likely has."""
    if not law.type_of(session, instrument.type_code).has_rules:
        return CALIBRATION
    if instrument.state in ("under_repair", "rejected"):
        return "after_repair"
    known = instrument.last_verified_on is not None or _verified_before(session, instrument, None)
    return "subsequent" if known else "initial"


def kinds_of(session: Session, instrument: Instrument) -> tuple[str, ...]:
    """The kinds of record an instrument can have: verifications where there are rules, calibration where the law allows it."""
    one = law.type_of(session, instrument.type_code)
    calibrations = (CALIBRATION,) if calibrating.may_be_calibrated(one, instrument) else ()
    return (*(KINDS if one.has_rules else ()), *calibrations)


def _verified_before(session: Session, instrument: Instrument, replaces: Verification | None) -> bool:
    statement = select(Verification.id).where(
        Verification.instrument_id == instrument.id,
        Verification.verdict == "conforms",
        Verification.kind != "in_service",
        stands(replaces.id if replaces else None),
    )
    return session.scalar(statement.limit(1)) is not None


def _day_refusal(verification: Verification, today: date) -> Problem | None:
    if verification.verified_on > today:
        return Problem("verified_in_future", "verified_on", on=verification.verified_on)
    if verification.verified_on.year < EARLIEST:
        return Problem("date_out_of_range", "verified_on", value=verification.verified_on)
    return None


def institute_refusal(institute: Institute | None, on: date) -> Problem | None:
    """Why a body may not verify on a day: unknown, closed, or its authorisation has lapsed."""
    if institute is None:
        return Problem("no_institute", "verifier")
    if not institute.is_active:
        return Problem("institute_closed", "verifier", institute=institute.name)
    if institute.authorised_until is not None and institute.authorised_until < on:
        return Problem(
            "institute_not_authorised", "verifier", institute=institute.name, until=institute.authorised_until
        )
    return None


def authorisation_refusal(session: Session, verification: Verification, plate: Mapping[str, str]) -> Problem | None:
    """Why its authorisation does not let the body verify this instrument on the day; None where the body is refused anyway."""
    if institute_refusal(verification.institute, verification.verified_on) or verification.institute is None:
        return None
    if is_calibration(verification):  # outside mandatory control nobody authorises: the customer asks
        return None
    return authorisations.refusal(
        session, verification.institute, verification.instrument, plate, verification.verified_on
    )


# -- standards


def _standards(
    session: Session, verification: Verification, one: InstrumentType, limits: Sequence[MpeAt]
) -> list[StandardJudged]:
    rows = [use.standard for use in verification.standards]
    return serving_standards.judged(session, rows, one, limits, verification.verified_on, verification.institute_id)


def _standard_problems(one: InstrumentType, standards: Sequence[StandardJudged]) -> list[Problem]:
    if not standards:
        return [Problem("no_standard", "standards", type=one.code)]
    return [judged.refusal for judged in standards if judged.refusal]
