"""What is written is read back, and no cell of an export is a formula."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrology.documents import spreadsheet_out
from metrology.documents.formula_guard import with_guard, without_guard
from metrology.documents.spreadsheet_in import read_rows, read_workbook
from metrology.documents.spreadsheet_out import ListColumn, write_csv, write_xlsx
from metrology.documents.workbook import Cell
from metrology.domain.problems import Problem

COLUMNS = [ListColumn("名称"), ListColumn("数值", 12), ListColumn("日期")]
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "＝1+1", "'=1", "''"]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff"), max_size=20)


def xlsx(rows: list[list[Cell]], **more: object) -> bytes:
    with write_xlsx(COLUMNS, rows, title="台账", **more) as file:  # type: ignore[arg-type]
        return file.read()


def csv(rows: list[list[Cell]]) -> bytes:
    return b"".join(write_csv(COLUMNS, rows))


def test_xlsx_keeps_types_and_comes_back() -> None:
    rows: list[list[Cell]] = [
        ["秤", Decimal("2.50"), date(2026, 1, 2)],
        ["表", 7, None],
        [True, Decimal("-0.005"), date(1899, 5, 1)],
    ]
    book = read_workbook(xlsx(rows), "a.xlsx")
    assert [row.cells for row in book.sheets[0].rows] == [
        ("名称", "数值", "日期"),
        ("秤", Decimal("2.5"), date(2026, 1, 2)),
        ("表", Decimal(7)),
        (True, Decimal("-0.005"), "1899-05-01"),
    ]
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx(rows))).active
    assert sheet is not None
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:C4")
    assert sheet["B2"].number_format == "0.00"
    assert sheet["C2"].number_format == "yyyy-mm-dd"


def test_digits_a_spreadsheet_would_lose_are_written_as_text() -> None:
    rows = (
        read_workbook(xlsx([[Decimal(123456789012345), Decimal(1234567890123456), Decimal("0.1234567890123456")]]), "a")
        .sheets[0]
        .rows
    )
    assert rows[1].cells == (Decimal(123456789012345), "1234567890123456", "0.1234567890123456")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text: str) -> None:
    cell = openpyxl.load_workbook(io.BytesIO(xlsx([[text]]))).active["A2"]  # type: ignore[index]
    assert cell.data_type in {"s", "inlineStr"}
    assert read_workbook(xlsx([[text]]), "a").sheets[0].rows[1].cells == (text,)
    field = csv([[text]]).decode("utf-8-sig").split("\r\n", 1)[1].removeprefix('"')
    assert field[0] == "'"


def test_numbers_in_csv_are_not_guarded() -> None:
    assert csv([[Decimal("-1.50"), -2, date(2026, 1, 2)]]).decode("utf-8-sig").split("\r\n")[1] == "-1.50,-2,2026-01-02"


def test_csv_starts_with_the_mark_and_quotes_what_others_would_cut() -> None:
    data = csv([["a;b", "c\td", 'e"f'], [" g ", "", None]])
    assert data[:3] == b"\xef\xbb\xbf"
    assert data.decode("utf-8-sig").split("\r\n")[1:3] == ['"a;b","c\td","e""f"', '" g ",,']


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=5))
def test_csv_read_back_is_what_was_written(rows: list[list[str]]) -> None:
    read = {row.number: row.cells for row in read_rows(csv([list(row) for row in rows]))}
    for number, row in enumerate(rows, 2):
        cells = read.get(number, ())
        assert [cell or "" for cell in cells] + [""] * (3 - len(cells)) == row


@settings(max_examples=15, deadline=None)
@given(st.lists(TEXT.filter(bool), min_size=1, max_size=8))
def test_xlsx_read_back_is_what_was_written(texts: list[str]) -> None:
    rows = read_workbook(xlsx([[text] for text in texts]), "a").sheets[0].rows
    assert [row.cells[0] for row in rows[1:]] == texts


@given(st.text(alphabet="'=+-@\t\r\nab＝", max_size=4))
def test_the_guard_comes_off_as_it_went_on(text: str) -> None:
    assert without_guard(with_guard(text)) == text
    assert with_guard(text)[:1] not in set("=+-@\t\r＝")


def test_the_same_rows_give_the_same_bytes() -> None:
    assert xlsx([["秤", 1, date(2026, 1, 2)]]) == xlsx([["秤", 1, date(2026, 1, 2)]])


def test_definitions_stand_on_a_second_sheet() -> None:
    sheets = read_workbook(xlsx([], definitions=[("数值", "=示值")]), "a").sheets
    assert [sheet.name for sheet in sheets] == ["台账", "说明 Definitions"]
    assert sheets[1].rows[0].cells == ("数值", "=示值")


def test_a_list_longer_than_a_sheet_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet_out, "_LAST_ROW", 2)
    sheets = read_workbook(xlsx([["a"], ["b"], ["c"]]), "a").sheets
    assert [(sheet.name, [row.cells for row in sheet.rows[1:]]) for sheet in sheets] == [
        ("台账", [("a",), ("b",)]),
        ("台账 (2)", [("c",)]),
    ]


def test_a_text_longer_than_a_cell_is_refused_and_not_cut() -> None:
    assert read_workbook(xlsx([["x" * 32_767]]), "a").sheets[0].rows[1].cells == ("x" * 32_767,)
    with pytest.raises(Problem, match="cell_too_long"):
        xlsx([["x" * 32_768]])


def test_sheet_names_spreadsheets_refuse_are_cleaned() -> None:
    with write_xlsx(COLUMNS, [], title="[2026/11]: 超期*" + "长" * 40) as file:
        assert read_workbook(file.read(), "a").sheets[0].name == "2026 11   超期 " + "长" * 18


def test_csv_comes_in_pieces() -> None:
    pieces = list(write_csv(COLUMNS, (["秤" * 50, n, None] for n in range(4_000))))
    assert len(pieces) > 2
    assert sum(1 for _ in read_rows(b"".join(pieces))) == 4_001
