"""Cells as people write them: one reading each, or a problem."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrology.domain.ledger import heading_name, heading_unit, is_note_line, is_totals_line, read_day, written
from metrology.domain.problems import Problem

DAYS = st.dates(date(1900, 3, 1), date(2199, 12, 31))
SHAPES = (
    "{y:04d}-{m:02d}-{d:02d}",
    "{y}-{m}-{d}",
    "{y}/{m}/{d}",
    "{y}.{m}.{d}",
    "{y}。{m}。{d}",
    "{y:04d}{m:02d}{d:02d}",
    "{y}年{m}月{d}日",
    "{y} 年 {m} 月 {d} 日",
    "{y}年{m:02d}月{d:02d}号",
    "{y}、{m}、{d}",
    " {y}-{m:02d}-{d:02d} ",
    "{y}-{m}-{d} 10:30",
    "{y:04d}-{m:02d}-{d:02d}T08:00:00",
    "{y}年{m}月{d}日 星期五",
)
FULL_WIDTH = str.maketrans("0123456789-/.", "０１２３４５６７８９－／．")


@given(DAYS, st.sampled_from(SHAPES))
def test_a_day_is_read_in_every_shape(day: date, shape: str) -> None:
    text = shape.format(y=day.year, m=day.month, d=day.day)
    assert read_day(text) == day
    assert read_day(text.translate(FULL_WIDTH)) == day


@given(DAYS)
def test_a_day_of_a_spreadsheet_is_itself(day: date) -> None:
    assert read_day(day) == day
    assert read_day(Decimal(f"{day:%Y%m%d}")) == day


@given(st.dates(date(1954, 10, 3), date(2149, 12, 31)))
def test_a_serial_number_of_days_is_read(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    assert read_day(Decimal(serial)) == day
    assert read_day(Decimal(serial) + Decimal("0.4375")) == day
    assert read_day(str(serial)) == day


@given(st.text(max_size=40))
def test_any_text_is_a_day_or_blank_or_a_problem_with_its_code(text: str) -> None:
    def outcome() -> object:
        try:
            return read_day(text, "verified_on")
        except Problem as problem:
            return problem.code

    found = outcome()
    assert found in (None, "bad_date", "spreadsheet_error") or date(1900, 1, 1) <= found <= date(2199, 12, 31)  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-30", "2025-13-01", "2025-00-10", "2026-02-29", "待定", "3/4/2026", "26-05-02", "2026-5", "202605", "2026年5月",
        "长期", "12345678", "0206-05-22", "2026-05-22、2027-05-22", "2026-05-22 至 2027-05-21", "19999", "91313", "22 Foo 2026",
    ],
)  # fmt: skip
def test_what_is_no_single_day_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="bad_date"):
        read_day(text)


@pytest.mark.parametrize("text", ["", "  ", "/", "／", "—", "——", "-", "无", "N/A", None])
def test_a_mark_for_nothing_is_no_day(text: str | None) -> None:
    assert read_day(text) is None


def test_leap_days_stand_on_both_sides_of_the_rule() -> None:
    assert read_day("2024-02-29") == date(2024, 2, 29)
    with pytest.raises(Problem, match="bad_date"):
        read_day("2100-02-29")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("二〇二六年五月二十二日", date(2026, 5, 22)),
        ("二零二六年十月十日", date(2026, 10, 10)),
        ("二○二六年十二月三十一日", date(2026, 12, 31)),
        ("22 May 2026", date(2026, 5, 22)),
        ("May 2, 2026", date(2026, 5, 2)),
        ("2nd Sep. 2026", date(2026, 9, 2)),
    ],
)
def test_days_in_words_are_read(text: str, day: date) -> None:
    assert read_day(text) == day


def test_truth_is_no_day() -> None:
    with pytest.raises(Problem, match="bad_date"):
        read_day(True)


def test_the_problem_names_field_and_text() -> None:
    with pytest.raises(Problem) as caught:
        read_day("待定", "verified_on")
    assert (caught.value.field, caught.value.params) == ("verified_on", {"value": "待定"})


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("ＹＨ１０００１１", "YH100011"),
        ("  A 12\n", "A 12"),
        (Decimal(10000001), "10000001"),
        (Decimal("2.50"), "2.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal(0), "0"),
        (date(2026, 5, 22), "2026-05-22"),
        (True, "是"),
        ("新乡市示范（集团）公司", "新乡市示范（集团）公司"),
        ("－", ""),
        ("三十", "三十"),
    ],
)
def test_a_cell_is_one_line_of_text(cell: object, text: str) -> None:
    assert written(cell) == text  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?"])
def test_an_error_of_the_spreadsheet_is_not_taken_for_text(text: str) -> None:
    with pytest.raises(Problem, match="spreadsheet_error"):
        written(text)


@pytest.mark.parametrize(
    "first", ["合计", "总 计", "小计:", "本页小计", "合计：420台", "Total", "TOTAL: 3", "Subtotal", "以上合计420台"]
)
def test_a_line_that_sums_up_is_known_by_its_first_word(first: str) -> None:
    assert is_totals_line([first, "", "420"])
    assert is_totals_line(["", first])


@pytest.mark.parametrize("first", ["1", "合计市场", "总计科技有限公司", "Totally Weighed Ltd", "小计量"])
def test_a_name_that_begins_like_a_sum_is_none(first: str) -> None:
    assert not is_totals_line([first, "合计"])


def test_names_at_the_foot_are_remarks() -> None:
    assert is_note_line(["填表人：张三", "", "", "审核人：李四", "日期：2026-11-01"])
    assert is_note_line(["注：1.本表一式两份"])
    assert is_note_line(["备注1：空白栏不填"])
    assert not is_note_line(["注", "示范01号集贸市场"])
    assert not is_note_line(["1", "A", "B", "C", "D", "E"])


@pytest.mark.parametrize(
    ("heading", "name", "unit"),
    [
        ("最大秤量（kg）", "最大秤量", "kg"),
        ("最大秤量【公斤】", "最大秤量", "kg"),
        ("Q3(m³/h)", "Q3", "m³/h"),
        ("最大流量 L/min", "最大流量", "L/min"),
        ("最大秤量,g", "最大秤量", "g"),
        ("Q3/Q1", "Q3/Q1", None),
        ("使用单位(人)", "使用单位(人)", None),
        ("型号/规格", "型号/规格", None),
    ],
)
def test_a_heading_gives_the_unit_of_its_column(heading: str, name: str, unit: str | None) -> None:
    assert heading_unit(heading) == (name, unit)


def test_a_heading_loses_its_star_and_its_brackets() -> None:
    assert heading_name("＊出厂编号（必填）") == "出厂编号"
    assert heading_name("出厂编号*") == "出厂编号"


@pytest.mark.parametrize("year", [1900, 2199])
def test_the_first_and_the_last_year_of_a_ledger(year):
    assert read_day(f"{year}-06-01") == date(year, 6, 1)
    assert read_day(date(year, 6, 1)) == date(year, 6, 1)


@pytest.mark.parametrize("cell", [date(1899, 12, 31), date(2200, 1, 1)])
def test_a_day_out_of_a_ledgers_years_is_told_at_its_field(cell):
    with pytest.raises(Problem) as refused:
        read_day(cell, "verified_on")
    assert str(refused.value) == f"bad_date (verified_on): value={cell.isoformat()}"


def test_a_day_that_was_never_is_told_at_its_field():
    with pytest.raises(Problem) as refused:
        read_day("2026-02-30", "verified_on")
    assert str(refused.value) == "bad_date (verified_on): value=2026-02-30"


def test_half_a_day_of_a_spreadsheet_is_that_day():
    assert read_day(Decimal("46164.75")) == date(2026, 5, 22)


@pytest.mark.parametrize(
    ("heading", "name"), [(" *序号* ", "序号"), ("*XX型号X", "XX型号X"), ("＊出厂编号", "出厂编号")]
)
def test_what_stands_around_a_heading_is_no_part_of_it(heading, name):
    assert heading_name(heading) == name
