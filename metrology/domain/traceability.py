"""May this measurement standard serve: valid on the day, authorised for the type, in range, good enough for the limit.

A regulation's simple acceptance rests on U ≤ MPE/3 (¼ for gauges, ⅕ for electricity): here that is looked at, of the standard
and of the equipment it is made of (JJF 1033: 主标准器及配套设备 are each traceable and within their validity).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from metrology.domain.mpe import MpeAt
from metrology.domain.problems import Problem
from metrology.domain.quantity import ARITHMETIC, UNITS, Quantity, parse
from metrology.domain.regulation import InstrumentType

USABLE_STATES = frozenset({"in_use"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentFacts:
    """What must be known of a piece of a standard's equipment, by the certificate it had on the day (None: it had none).

    `accuracy` is U or |MPE| of that certificate; `failed_on` the day of an intermediate check that failed and was not mended.
    """

    name: str
    is_main: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    low: str | None = None
    high: str | None = None
    accuracy: str | None = None
    state: str = "in_use"
    failed_on: date | None = None
    doubted_by: str = ""
    """Number of the case that found it defective on the day; empty when none did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardFacts:
    """What must be known of a measurement standard. `accuracy` is its U or |MPE|, relative ("0.05 %") or absolute.

    `equipment` is what it was made of on the day; a standard whose equipment nobody entered is judged by itself.
    """

    name: str
    valid_from: date | None
    valid_until: date | None
    serves: frozenset[str]
    low: str | None = None
    high: str | None = None
    accuracy: str | None = None
    state: str = "in_use"
    examined_until: date | None = None
    """Last day of its examination certificate (计量标准考核证书); None: not stated."""
    doubted_by: str = ""
    equipment: tuple[EquipmentFacts, ...] = ()


def refusal(standard: StandardFacts, one: InstrumentType, limits: Sequence[MpeAt], on: date) -> Problem | None:
    """Why it may not serve for the limits at hand (`edition.mpe_at(nameplate, kind)`) on a day; None when it may."""
    with localcontext(ARITHMETIC):
        return (
            _lapsed(standard, on)
            or _examination_lapsed(standard, on)
            or _doubted(standard, standard)
            or _not_authorised(standard, one)
            or _equipment_refused(standard, on)
            or _out_of_range(standard, limits)
            or _not_good_enough(standard, one, limits)
            or _equipment_short(standard, one, limits)
        )


def first_refusal(
    standards: Iterable[StandardFacts], one: InstrumentType, limits: Sequence[MpeAt], on: date
) -> Problem | None:
    """The first refusal among several standards used together; `no_standard` when there is none at all."""
    used = list(standards)
    if not used:
        return Problem("no_standard", "standards", type=one.code)
    return next((problem for standard in used if (problem := refusal(standard, one, limits, on))), None)


def _lapsed(standard: StandardFacts, on: date) -> Problem | None:
    holds = (
        standard.state in USABLE_STATES
        and standard.valid_from is not None
        and standard.valid_until is not None
        and standard.valid_from <= on <= standard.valid_until
    )
    if holds:
        return None
    until = standard.valid_until.isoformat() if standard.valid_until else ""
    return Problem(
        "standard_lapsed",
        "standards",
        standard=standard.name,
        valid_until=until,
        on=on.isoformat(),
        state=standard.state,
    )


def _examination_lapsed(standard: StandardFacts, on: date) -> Problem | None:
    until = standard.examined_until
    if until is None or on <= until:
        return None
    return Problem("standard_examination_lapsed", "standards", standard=standard.name, valid_until=until.isoformat())


def _doubted(standard: StandardFacts, one: StandardFacts | EquipmentFacts) -> Problem | None:
    if not one.doubted_by:
        return None
    code = "standard_in_doubt" if one is standard else "equipment_in_doubt"
    return Problem(code, "standards", standard=standard.name, equipment=one.name, case=one.doubted_by)


def _equipment_refused(standard: StandardFacts, on: date) -> Problem | None:
    """The first piece of equipment that may not serve on the day, main equipment before ancillary."""
    for one in sorted(standard.equipment, key=lambda piece: not piece.is_main):
        said = {"standard": standard.name, "equipment": one.name}
        if one.state not in USABLE_STATES:
            return Problem("equipment_out_of_service", "standards", **said)
        if found := _doubted(standard, one):
            return found
        if one.valid_from is None or one.valid_until is None or not one.valid_from <= on <= one.valid_until:
            until = one.valid_until.isoformat() if one.valid_until else ""
            return Problem(
                "equipment_lapsed" if until else "equipment_without_certificate", "standards", valid_until=until, **said
            )
        if one.failed_on is not None and one.failed_on <= on:
            return Problem("equipment_check_failed", "standards", checked_on=one.failed_on.isoformat(), **said)
    return None


def _not_authorised(standard: StandardFacts, one: InstrumentType) -> Problem | None:
    if one.code in standard.serves or (one.category and one.category in standard.serves):
        return None
    return Problem("standard_not_authorised", "standards", standard=standard.name, type=one.code)


def _read(text: str | None) -> Quantity | None:
    return parse(text, plus_minus=True, field="standards") if text and text.strip() else None


def _out_of_range(standard: StandardFacts, limits: Sequence[MpeAt]) -> Problem | None:
    for limit in limits:
        if not _covers(standard, limit):
            low, high = _read(standard.low), _read(standard.high)
            return Problem(
                "standard_out_of_range",
                "standards",
                standard=standard.name,
                value=limit.at.plain() if limit.at else "",
                low=low.plain() if low else "",
                high=high.plain() if high else "",
            )
    return None


def _covers(one: StandardFacts | EquipmentFacts, limit: MpeAt) -> bool:
    at = limit.at
    if at is None:
        return True
    low, high = _read(one.low), _read(one.high)
    # A range stated in another dimension (a measure's litres, a dispenser's litres a minute) says nothing here.
    below = low is not None and low.dimension == at.dimension and at < low
    above = high is not None and high.dimension == at.dimension and at > high
    return not (below or above)


def _equipment_short(standard: StandardFacts, one: InstrumentType, limits: Sequence[MpeAt]) -> Problem | None:
    """A point that no main equipment covers, or covers well enough. Where its certificate states no U, the standard's counts."""
    mains = [piece for piece in standard.equipment if piece.is_main]
    if not mains:
        return None
    for limit in limits:
        covering = [piece for piece in mains if _covers(piece, limit)]
        if not covering:
            names = "、".join(piece.name for piece in mains)
            at = limit.at.plain() if limit.at else ""
            return Problem("equipment_out_of_range", "standards", standard=standard.name, equipment=names, value=at)
        short = [piece for piece in covering if piece.accuracy and not _good_enough(piece.accuracy, one, limit)]
        if len(short) == len(covering) and one.standard is not None:
            return Problem(
                "equipment_not_good_enough",
                "standards",
                standard=standard.name,
                equipment=short[0].name,
                accuracy=short[0].accuracy or "",
                mpe=limit.limit.plain(),
                ratio=one.standard.ratio_text,
            )
    return None


def _not_good_enough(standard: StandardFacts, one: InstrumentType, limits: Sequence[MpeAt]) -> Problem | None:
    if one.standard is None:
        return None
    for limit in limits:
        if not _good_enough(standard.accuracy, one, limit):
            return Problem(
                "standard_not_good_enough",
                "standards",
                standard=standard.name,
                accuracy=standard.accuracy or "",
                mpe=limit.limit.plain(),
                ratio=one.standard.ratio_text,
            )
    return None


def _good_enough(stated: str | None, one: InstrumentType, limit: MpeAt) -> bool:
    """Whether U or |MPE| is at most the required part of the limit. Unstated, or not to be set against it: nobody knows."""
    if one.standard is None:
        return True
    accuracy = _read(stated)
    share = None if accuracy is None else _share(accuracy, limit)
    numerator, denominator = one.standard.ratio
    return share is not None and share * denominator <= numerator


def _share(accuracy: Quantity, limit: MpeAt) -> Decimal | None:
    """The standard's accuracy as a part of the limit: both brought to one of them's kind, relative or absolute."""
    accuracy, allowed = accuracy.magnitude(), limit.limit.magnitude()
    if accuracy.dimension == allowed.dimension:
        return accuracy.ratio_to(allowed)
    if limit.at is None:
        return None
    if accuracy.dimension == "ratio":
        absolute = limit.at.times(accuracy.ratio_to(Quantity(Decimal(100), "%")))
        return absolute.ratio_to(allowed) if absolute.dimension == allowed.dimension else None
    if allowed.dimension == "ratio" and UNITS[accuracy.unit].dimension == limit.at.dimension:
        absolute = limit.at.times(allowed.ratio_to(Quantity(Decimal(100), "%")))
        return accuracy.ratio_to(absolute)
    return None
