import pytest

from metrology import regulations
from tests.regulations.drawn import FILE, calibration_lines, lines

TYPES = [one for one in regulations.instrument_types().values() if one.has_rules]
READ = FILE.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("one", TYPES, ids=lambda one: one.code)
def test_sheets_limits_and_findings_read_as_they_were_read_last(one):
    assert lines(one) == [line for line in READ if line.startswith(f"{one.code}: ")]


def test_no_line_is_left_of_a_type_that_went():
    assert {line.partition(":")[0] for line in READ} == {one.code for one in TYPES} | {"calibration"}


def test_the_sheet_of_a_calibration_reads_as_it_was_read_last():
    assert calibration_lines() == [line for line in READ if line.startswith("calibration: ")]
