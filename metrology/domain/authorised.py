"""What an institute is authorised to verify (计量授权): types, a range of one nameplate characteristic, a district, and days.

Recording outside it is refused, and the refusal says which of these it is outside of (计量法 §20, 计量授权管理办法: an institute
works within the items, the range and the area it was authorised for).

>>> large = Grant(type_code="cold_water_meter", valid_from=date(2026, 1, 1), valid_until=date(2027, 12, 31),
...               characteristic="dn", high="300")
>>> work = Work("cold_water_meter", {"dn": "400"}, "410702", date(2026, 6, 1))
>>> refusal([large], work).code
'outside_authorised_range'
>>> refusal([large], replace(work, nameplate={"dn": "300"}))
>>> scale = replace(large, type_code="truck_scale", characteristic="max", high="150 t")
>>> within_range(scale, {"max": "100000 kg"}), within_range(scale, {"max": "151 t"}), within_range(scale, {})
(True, False, False)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from metrology.domain.problems import Problem
from metrology.domain.quantity import Quantity, parse

__all__ = ["ALL_TYPES", "Grant", "Work", "refusal", "replace", "within_range"]

ALL_TYPES = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One item of an authorisation. `ended_on` is the first day on which it held no more."""

    type_code: str
    valid_from: date
    valid_until: date
    characteristic: str = ""
    low: str = ""
    high: str = ""
    district_code: str | None = None
    ended_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a day: its last valid day all day."""
        return self.valid_from <= day <= self.valid_until and (self.ended_on is None or day < self.ended_on)

    def is_for(self, type_code: str) -> bool:
        """Whether it is for a type."""
        return self.type_code in (ALL_TYPES, type_code)


@dataclass(frozen=True, slots=True)
class Work:
    """A verification to be done: of which type and nameplate, where, on which day."""

    type_code: str
    nameplate: Mapping[str, str]
    district_code: str | None
    on: date


def refusal(grants: Iterable[Grant], work: Work) -> Problem | None:
    """Why none of the items covers the work: by the one that comes nearest to it; None when one covers it."""
    kept = list(grants)
    if not kept:
        return Problem("institute_without_authorisation", "verifier")
    for_type = [grant for grant in kept if grant.is_for(work.type_code)]
    if not for_type:
        return Problem("type_not_authorised", "verifier", type=work.type_code)
    holding = [grant for grant in for_type if grant.holds_on(work.on)]
    if not holding:
        ends = [_last_day(grant) for grant in for_type]
        return Problem("authorisation_lapsed", "verifier", until=max(ends).isoformat(), on=work.on.isoformat())
    here = [grant for grant in holding if grant.district_code in (None, work.district_code)]
    if not here:
        return Problem("outside_authorised_district", "verifier", district=work.district_code or "—")
    if any(within_range(grant, work.nameplate) for grant in here):
        return None
    nearest = here[0]
    value = work.nameplate.get(nearest.characteristic, "")
    return Problem(
        "outside_authorised_range" if value else "authorised_range_unknown",
        "verifier",
        characteristic=nearest.characteristic,
        value=value,
        low=nearest.low,
        high=nearest.high,
        range=range_text(nearest.low, nearest.high),
    )


def range_text(low: str, high: str) -> str:
    """A range as it is read in every language; an end may be open.

    >>> range_text("25", "300"), range_text("", "50"), range_text("1 kg", "")
    ('25 … 300', '≤ 50', '≥ 1 kg')
    """
    if low and high:
        return f"{low} … {high}"
    return f"≤ {high}" if high else f"≥ {low}"


def _last_day(grant: Grant) -> date:
    return grant.valid_until if grant.ended_on is None else min(grant.valid_until, grant.ended_on)


def within_range(grant: Grant, nameplate: Mapping[str, str]) -> bool:
    """Whether the nameplate lies within the item's range, its ends included. A value nobody recorded, or can read, does not."""
    if not grant.characteristic:
        return True
    value = nameplate.get(grant.characteristic, "")
    try:
        at = _amount(value)
        bounds = [_amount(bound) if bound else None for bound in (grant.low, grant.high)]
    except Problem:
        return False
    low, high = bounds
    if any(bound is not None and bound.dimension != at.dimension for bound in bounds):
        return False
    return not ((low is not None and at < low) or (high is not None and at > high))


def _amount(text: str) -> Quantity:
    """A value of a nameplate: a quantity with its unit (30 kg), or a bare number (DN 300), which then stands on both sides."""
    try:
        return Quantity(Decimal(text), "pcs")
    except InvalidOperation:
        return parse(text)
