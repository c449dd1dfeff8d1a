"""What an institute is authorised for: type, day, district, range; each edge on both sides."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from metrology.domain.authorised import Grant, Work, refusal

GRANT = Grant(type_code="cold_water_meter", valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31))
WORK = Work("cold_water_meter", {"dn": "20", "max": "30 kg"}, "410702", date(2026, 6, 1))


def why(*grants: Grant, **other: Any) -> str | None:
    problem = refusal(grants, replace(WORK, **other))
    return problem.code if problem else None


def test_without_any_item_nothing_is_verified() -> None:
    assert why() == "institute_without_authorisation"


def test_for_its_type_or_for_all() -> None:
    assert why(GRANT) is None
    assert why(replace(GRANT, type_code="*")) is None
    assert why(GRANT, type_code="taximeter") == "type_not_authorised"


@pytest.mark.parametrize(
    ("on", "code"),
    [
        (date(2025, 12, 31), "authorisation_lapsed"),
        (date(2026, 1, 1), None),
        (date(2026, 12, 31), None),
        (date(2027, 1, 1), "authorisation_lapsed"),
    ],
)
def test_from_its_first_day_to_its_last(on: date, code: str | None) -> None:
    assert why(GRANT, on=on) == code


def test_ended_early_it_holds_until_the_day_before() -> None:
    ended = replace(GRANT, ended_on=date(2026, 6, 1))
    assert why(ended, on=date(2026, 5, 31)) is None
    assert why(ended, on=date(2026, 6, 1)) == "authorisation_lapsed"


@pytest.mark.parametrize(
    ("district", "code"),
    [("410783", None), ("410702", "outside_authorised_district"), (None, "outside_authorised_district")],
)
def test_in_its_district_only(district: str | None, code: str | None) -> None:
    assert why(replace(GRANT, district_code="410783"), district_code=district) == code


@pytest.mark.parametrize(
    ("plate", "code"),
    [
        ({"dn": "300"}, None),
        ({"dn": "301"}, "outside_authorised_range"),
        ({"dn": "15"}, None),
        ({"dn": "14"}, "outside_authorised_range"),
        ({}, "authorised_range_unknown"),
        ({"dn": "large"}, "outside_authorised_range"),
        ({"dn": "20 kg"}, "outside_authorised_range"),
    ],
)
def test_within_its_range(plate: dict[str, str], code: str | None) -> None:
    assert why(replace(GRANT, characteristic="dn", low="15", high="300"), nameplate=plate) == code


def test_ranges_are_compared_across_units() -> None:
    scale = replace(GRANT, characteristic="max", high="0.03 t")
    assert why(scale) is None
    assert why(scale, nameplate={"max": "30001 g"}) == "outside_authorised_range"


def test_one_item_that_covers_it_is_enough() -> None:
    assert (
        why(replace(GRANT, characteristic="dn", high="15"), replace(GRANT, characteristic="dn", low="16", high="25"))
        is None
    )


@pytest.mark.parametrize(
    ("grants", "other", "text"),
    [
        ([], {}, "institute_without_authorisation (verifier)"),
        ([GRANT], {"type_code": "taximeter"}, "type_not_authorised (verifier): type=taximeter"),
        (
            [GRANT, replace(GRANT, valid_until=date(2026, 11, 30))],
            {"on": date(2027, 1, 1)},
            "authorisation_lapsed (verifier): until=2026-12-31, on=2027-01-01",
        ),
        (
            [replace(GRANT, ended_on=date(2026, 5, 1))],
            {},
            "authorisation_lapsed (verifier): until=2026-05-01, on=2026-06-01",
        ),
        (
            [replace(GRANT, district_code="410783")],
            {},
            "outside_authorised_district (verifier): district=410702",
        ),
        (
            [replace(GRANT, district_code="410783")],
            {"district_code": None},
            "outside_authorised_district (verifier): district=—",
        ),
        (
            [replace(GRANT, characteristic="dn", low="25", high="300")],
            {},
            "outside_authorised_range (verifier): characteristic=dn, value=20, low=25, high=300, range=25 … 300",
        ),
        (
            [replace(GRANT, characteristic="q3", low="25", high="300")],
            {},
            "authorised_range_unknown (verifier): characteristic=q3, value=, low=25, high=300, range=25 … 300",
        ),
    ],
)
def test_a_refusal_says_what_the_work_is_outside_of(grants: list[Grant], other: dict[str, Any], text: str) -> None:
    assert str(refusal(grants, replace(WORK, **other))) == text
