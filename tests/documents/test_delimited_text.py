"""Delimited text: encodings, delimiters, row numbers, and nothing broken taken in silence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from metrology.documents.delimited_text import DelimitedFormat, read_rows, recognise
from metrology.documents.workbook import DEFAULT_LIMITS
from metrology.domain.problems import Problem

LEDGER = "名称,编号\n电子秤,DH1\n"


def rows_of(text: str | bytes) -> list[tuple[int, tuple[object, ...]]]:
    data = text.encode() if isinstance(text, str) else text
    return [(row.number, row.cells) for row in read_rows(data)]


def problem_of(text: str | bytes) -> tuple[str, str | None]:
    with pytest.raises(Problem) as caught:
        rows_of(text)
    return caught.value.code, caught.value.params.get("row")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(encoding: str) -> None:
    data = LEDGER.encode(encoding)
    assert recognise(data) == DelimitedFormat(encoding, ",")
    assert rows_of(data) == [(1, ("名称", "编号")), (2, ("电子秤", "DH1"))]


def test_rare_characters_of_gb18030() -> None:
    assert rows_of("名称,姓名\n秤,𬭸䶮\n".encode("gb18030"))[1] == (2, ("秤", "𬭸䶮"))


def test_a_mark_is_believed_and_never_read_as_another_encoding() -> None:
    assert problem_of(b"\xef\xbb\xbfa,b\n\xb5\xe7,1\n")[0] == "file_encoding_unknown"
    assert problem_of(b"a,b\n\xff\xff\xff\xff,1\n")[0] == "file_encoding_unknown"


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("名称;价;注\n甲,乙;1,5;x\n丙,丁;2,5;y\n", ";"),
        ("名称;价\n甲,乙;1,5\n丙,丁;2,5\n", ";"),
        ("名称\t编号\n电子秤,大;小\tDH1\n", "\t"),
        ("名称,编号,地址\n秤,1,东街;西巷\n秤,2,南街;北巷\n", ","),
        ("集贸市场台账\n填报单位：甲；乙，丙\n名称,编号\n秤,1\n秤,2\n", ","),
        ("名称，编号；地址\n秤，1；东街\n", ","),
        ('名称,编号\n"a;b;c;d",1\n"a;b;c;d",2\n', ","),
        ("只有一列\n秤\n", ","),
    ],
)
def test_delimiters(text: str, delimiter: str) -> None:
    assert recognise(text.encode()).delimiter == delimiter


def test_blank_lines_and_line_breaks_in_cells_count_as_a_spreadsheet_counts() -> None:
    text = '\n名称,注\n\n秤,"两行\n文字"\n,,\n秤,末\n'
    assert rows_of(text) == [(2, ("名称", "注")), (4, ("秤", "两行\n文字")), (6, ("秤", "末"))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    assert rows_of(f"a,b{end}1,2{end}3,4") == [(1, ("a", "b")), (2, ("1", "2")), (3, ("3", "4"))]


def test_quotes_in_the_middle_are_text() -> None:
    assert rows_of('名称,口径\n水表,1/2"\n水表,"3/4"""\n') == [
        (1, ("名称", "口径")),
        (2, ("水表", '1/2"')),
        (3, ("水表", '3/4"')),
    ]


@pytest.mark.parametrize(
    ("text", "code", "row"),
    [
        ('a,b\n1,"x\n2,y\n3,z\n', "csv_unterminated_quote", "2"),
        ('a,b\n1,"x\n2,y\n3,"z"\n', "csv_unterminated_quote", "2"),
        ('a,b\n1,2\n1,"' + "x,y\n" * 50_000, "csv_unterminated_quote", "3"),
        ('a,b\n1,2\n"x"y,2\n', "csv_stray_quote", "3"),
        ("a,b\n1,x\0y\n", "csv_nul", "2"),
        ("a,b\n" + "x" * 32_768 + ",1\n", "cell_too_long", "2"),
        ("a,b\n" + "x" * 200_000 + ",1\n", "cell_too_long", "2"),
        ("a,b\n1" + ",x" * 256 + "\n", "file_too_many_columns", "2"),
    ],
)
def test_broken_text_is_a_problem_with_its_row(text: str, code: str, row: str) -> None:
    assert problem_of(text) == (code, row)


def test_the_longest_cell_is_taken() -> None:
    assert rows_of("a,b\n" + "x" * 32_767 + ",1\n")[1][1] == ("x" * 32_767, "1")


def test_streamed_rows_are_limited_on_both_sides(tmp_path: Path) -> None:
    file = tmp_path / "big.csv"
    file.write_text("a,b\n" * 5)
    assert sum(1 for _ in read_rows(file, replace(DEFAULT_LIMITS, streamed_rows=5))) == 5
    with pytest.raises(Problem, match="file_too_many_rows"):
        list(read_rows(file, replace(DEFAULT_LIMITS, streamed_rows=4)))


def test_the_first_row_comes_before_the_rest_is_read() -> None:
    rows = read_rows(b"a,b\n1,2\n" + b'"broken', written=DelimitedFormat("utf-8", ","))
    assert next(rows).cells == ("a", "b")
    assert next(rows).cells == ("1", "2")
    with pytest.raises(Problem, match="csv_unterminated_quote"):
        next(rows)
