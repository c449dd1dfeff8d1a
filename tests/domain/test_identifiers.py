import pytest

from metrology.domain.identifiers import compact_uscc


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("9141 0700-ma45 xxx0 x", "91410700MA45XXX0X"),
        ("９１４１０７００–ＭＡ４５—ｘ", "91410700MA45X"),
        (" \t", ""),
    ],
)
def test_a_credit_code_is_kept_without_blanks_and_dashes_and_with_its_letters(text, kept):
    assert compact_uscc(text) == kept
