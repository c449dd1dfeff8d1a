from datetime import date

import pytest

from metrology.domain.certificate import NumberingScheme, document_kind, valid_until
from metrology.domain.problems import BadNumbering
from metrology.domain.schedule import Interval

HALF_YEAR = Interval(months=6, mode="periodic")


def test_the_number_of_each_kind():
    scheme = NumberingScheme()
    numbers = [
        scheme.number(body="XX", kind=kind, year=2026, seq=42)
        for kind in ("certificate", "rejection_notice", "calibration_certificate")
    ]
    assert numbers == ["XX-JD-2026-000042", "XX-TZ-2026-000042", "XX-XZ-2026-000042"]


def test_a_body_sets_its_own_template():
    assert (
        NumberingScheme("{yy}{kind}{body}第{seq}号").number(body="新", kind="certificate", year=2026, seq=7)
        == "26JD新第7号"
    )


@pytest.mark.parametrize(
    "template",
    [
        "{body}-{kind}-{yyyy}",
        "{body}-{kind}-{seq}",
        "{kind}-{yyyy}-{seq}",
        "{body}-{yyyy}-{seq}",
        "{body}-{kind}-{yyyy}-{seq}-{x}",
        "{body",
        "{body}-{kind}-{yyyy}-{seq:q}",
        "{body}-{kind}-{yyyy}-{seq:0100d}",
        "",
    ],
)
def test_a_template_that_could_repeat_a_number_is_refused(template):
    with pytest.raises(BadNumbering):
        NumberingScheme(template)


def test_kinds_must_differ():
    with pytest.raises(BadNumbering):
        NumberingScheme(kinds={"certificate": "A", "rejection_notice": "A", "calibration_certificate": "C"})


def test_numbers_start_at_one():
    with pytest.raises(BadNumbering):
        NumberingScheme().number(body="XX", kind="certificate", year=2026, seq=0)


def test_only_a_certificate_of_verification_has_an_end():
    assert valid_until("certificate", date(2026, 5, 22), HALF_YEAR) == date(2026, 11, 21)
    assert valid_until("certificate", date(2026, 5, 22), HALF_YEAR, "anniversary") == date(2026, 11, 22)
    assert valid_until("rejection_notice", date(2026, 5, 22), HALF_YEAR) is None
    assert valid_until("calibration_certificate", date(2026, 5, 22), HALF_YEAR) is None


def test_what_a_verdict_is_certified_with():
    assert [document_kind("conforms"), document_kind("rejected"), document_kind("conforms", calibration=True)] == [
        "certificate",
        "rejection_notice",
        "calibration_certificate",
    ]
