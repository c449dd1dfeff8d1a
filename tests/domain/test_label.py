"""The code of a label: its form, its prefix, and how much fits on a label of a size."""

import pytest

from metrology.domain import label


def test_a_new_code_has_its_form_and_no_nought_in_front():
    codes = [label.new_code() for _ in range(400)]
    assert all(label.is_code(code) for code in codes)
    assert {code[0] for code in codes} == set("123456789")
    assert {digit for code in codes for digit in code[1:]} == set("0123456789")
    assert len(set(codes)) == 400


@pytest.mark.parametrize(
    ("text", "fits"), [("1" * 27, True), ("1" * 26, False), ("1" * 28, False), ("1" * 26 + "A", False), ("", False)]
)
def test_the_form_of_a_code(text, fits):
    assert label.is_code(text) is fits


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("X", True),
        ("XX2026", True),
        ("XX20261", False),
        ("2X", False),
        ("xx", False),
        ("QJ", False),
        ("QJA", True),
        ("", False),
    ],
)
def test_what_the_numbers_of_a_batch_begin_with(text, fits):
    assert label.is_prefix(text) is fits


@pytest.mark.parametrize(
    ("side", "dots", "profile"), [(21, 300, "P1"), (20.9, 300, "P0"), (21, 299, "P0"), (30, 600, "P1"), (10, 100, "P0")]
)
def test_what_a_code_says_on_a_label_of_a_size(side, dots, profile):
    assert label.profile_for(side, dots) == profile
