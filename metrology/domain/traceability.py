"""May this measurement standard serve: valid on the day, authorised for the type, in range, good enough for the limit.

A regulation's simple acceptance rests on U ≤ MPE/3 (¼ for gauges, ⅕ for electricity): here that is looked at.
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
class StandardFacts:
    """What must be known of a measurement standard. `accuracy` is its U or |MPE|, relative ("0.05 %") or absolute."""

    name: str
    valid_from: date | None
    valid_until: date | None
    serves: frozenset[str]
    low: str | None = None
    high: str | None = None
    accuracy: str | None = None
    state: str = "in_use"


def refusal(standard: StandardFacts, one: InstrumentType, limits: Sequence[MpeAt], on: date) -> Problem | None:
    """Why it may not serve for the limits at hand (`edition.mpe_at(nameplate, kind)`) on a day; None when it may."""
    with localcontext(ARITHMETIC):
        return (
            _lapsed(standard, on)
            or _not_authorised(standard, one)
            or _out_of_range(standard, limits)
            or _not_good_enough(standard, one, limits)
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


def _not_authorised(standard: StandardFacts, one: InstrumentType) -> Problem | None:
    if one.code in standard.serves or (one.category and one.category in standard.serves):
        return None
    return Problem("standard_not_authorised", "standards", standard=standard.name, type=one.code)


def _read(text: str | None) -> Quantity | None:
    return parse(text, plus_minus=True, field="standards") if text and text.strip() else None


def _out_of_range(standard: StandardFacts, limits: Sequence[MpeAt]) -> Problem | None:
    low, high = _read(standard.low), _read(standard.high)
    for limit in limits:
        at = limit.at
        if at is None:
            continue
        # A range stated in another dimension (a measure's litres, a dispenser's litres a minute) says nothing here.
        below = low is not None and low.dimension == at.dimension and at < low
        above = high is not None and high.dimension == at.dimension and at > high
        if below or above:
            return Problem(
                "standard_out_of_range",
                "standards",
                standard=standard.name,
                value=at.plain(),
                low=low.plain() if low else "",
                high=high.plain() if high else "",
            )
    return None


def _not_good_enough(standard: StandardFacts, one: InstrumentType, limits: Sequence[MpeAt]) -> Problem | None:
    accuracy = _read(standard.accuracy)
    if one.standard is None:
        return None
    numerator, denominator = one.standard.ratio
    for limit in limits:
        # Without a stated accuracy, or one that cannot be set against the limit, nobody knows that it is good enough.
        share = None if accuracy is None else _share(accuracy, limit)
        if share is None or share * denominator > numerator:
            return Problem(
                "standard_not_good_enough",
                "standards",
                standard=standard.name,
                accuracy=standard.accuracy or "",
                mpe=limit.limit.plain(),
                ratio=one.standard.ratio_text,
            )
    return None


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
