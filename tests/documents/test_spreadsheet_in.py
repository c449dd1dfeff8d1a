"""Ledgers are read as a person sees them; files made to do harm are refused with a code."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from metrology.documents.spreadsheet_in import read_workbook
from metrology.documents.workbook import DEFAULT_LIMITS, Cell, MergedRange
from metrology.domain.problems import Problem

FILES = Path(__file__).with_name("files")
LEDGERS = Path(__file__).parents[3] / "shared" / "examples" / "ledgers"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ONE_CELL = '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'


def workbook_bytes(fill: Callable[[openpyxl.worksheet.worksheet.Worksheet], None]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    fill(book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def raw_xlsx(rows: str = ONE_CELL, *, doctype: str = "", more: dict[str, str] | None = None) -> bytes:
    """The least that is an XLSX file, with `rows` as its sheet data."""
    out = io.BytesIO()
    head = '<?xml version="1.0"?>'
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'{head}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="xml" ContentType="application/xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'{head}<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'{head}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'{head}<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'{head}{doctype}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
        )
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return out.getvalue()


def code_of(data: bytes, **limits: int) -> str:
    with pytest.raises(Problem) as caught:
        read_workbook(data, "ledger", replace(DEFAULT_LIMITS, **limits))
    return caught.value.code


def test_cells_keep_their_type_without_float_noise() -> None:
    values: list[object] = [
        "文字",
        5,
        2.5,
        0.1 + 0.2,
        -0.005,
        date(2026, 1, 15),
        datetime.combine(date(2026, 1, 15), time(13, 30)),
        True,
        False,
        None,
        time(8, 30),
        " x ",
    ]
    sheet = read_workbook(workbook_bytes(lambda ws: ws.append(values)), "a.xlsx").sheets[0]
    expected: tuple[Cell, ...] = (
        "文字", Decimal(5), Decimal("2.5"), Decimal("0.3"), Decimal("-0.005"), date(2026, 1, 15), date(2026, 1, 15),
        True, False, None, "08:30:00", " x ",
    )  # fmt: skip
    assert sheet.rows[0].cells == expected
    assert str(sheet.rows[0].cells[1]) == "5"


def test_rows_and_columns_are_where_the_spreadsheet_shows_them() -> None:
    def fill(ws: openpyxl.worksheet.worksheet.Worksheet) -> None:
        ws["C4"] = "heading"
        ws["C7"] = "value"
        ws["B9"] = "left of it"

    sheet = read_workbook(workbook_bytes(fill), "a.xlsx").sheets[0]
    assert [(row.number, row.cells) for row in sheet.rows] == [
        (4, (None, None, "heading")),
        (7, (None, None, "value")),
        (9, (None, "left of it")),
    ]
    assert sheet.rows[0].cell(2) == "heading"
    assert sheet.rows[0].cell(3) is None


def test_error_cells_are_text_and_not_empty() -> None:
    def fill(ws: openpyxl.worksheet.worksheet.Worksheet) -> None:
        for place, text in (("B3", "#N/A"), ("D4", "#REF!")):
            ws[place] = text
            ws[place].data_type = "e"
        ws["A4"] = "x"

    rows = read_workbook(workbook_bytes(fill), "a.xlsx").sheets[0].rows
    assert [(row.number, row.cells) for row in rows] == [(3, (None, "#N/A")), (4, ("x", None, None, "#REF!"))]


def test_merged_hidden_and_several_sheets() -> None:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "台账"
    first["A1"] = "标题"
    first.merge_cells("A1:D2")
    book.create_sheet("隐藏").sheet_state = "hidden"
    book["隐藏"]["A1"] = 1
    out = io.BytesIO()
    book.save(out)
    sheets = read_workbook(out.getvalue(), "a.xlsx").sheets
    assert [(sheet.name, sheet.hidden) for sheet in sheets] == [("台账", False), ("隐藏", True)]
    assert sheets[0].merged == (MergedRange(1, 0, 2, 3),)


def test_xls_is_read_alike() -> None:
    book = read_workbook((FILES / "ledger.xls").read_bytes(), "ledger.xls")
    assert book.kind == "xls"
    assert [(row.number, row.cells) for row in book.sheets[0].rows] == [
        (3, ("集贸市场台账",)),
        (4, ("名称", "数量", "检定日期", "备注")),
        (5, ("电子秤", Decimal("2.5"), date(2026, 5, 22))),
        (7, ("弹簧度盘秤", Decimal(5), None, True)),
    ]
    assert book.sheets[0].merged == (MergedRange(3, 0, 3, 3),)


def test_the_name_does_not_decide_the_kind() -> None:
    assert read_workbook(raw_xlsx(), "ledger.csv").kind == "xlsx"
    assert read_workbook(b"a,b\n1,2\n", "ledger.xlsx").kind == "csv"


@pytest.mark.parametrize(
    ("start", "kind"),
    [(b"%PDF-1.7", "pdf"), (b"\x89PNG\r\n", "png"), (b"\xff\xd8\xff\xe0", "jpeg"), (b"  <html><table>", "html"), (b"<?xml version='1.0'?>", "html"), (bytes(range(1, 256)) * 20, "binary")],
)  # fmt: skip
def test_other_kinds_are_named(start: bytes, kind: str) -> None:
    with pytest.raises(Problem) as caught:
        read_workbook(start, "ledger.xls")
    assert (caught.value.code, caught.value.params["kind"]) == ("file_kind_unknown", kind)


def test_upload_limit_stands_on_both_sides() -> None:
    data = b"a,b\n1,2\n"
    assert read_workbook(data, "a.csv", replace(DEFAULT_LIMITS, bytes_uploaded=8)).sheets
    assert code_of(data, bytes_uploaded=7) == "file_too_large"
    assert code_of(b"") == "file_empty"


def test_row_column_and_cell_limits_stand_on_both_sides() -> None:
    data = workbook_bytes(lambda ws: [ws.append(["abc", "d"]) for _ in range(3)])
    exact = replace(DEFAULT_LIMITS, rows=3, columns=2, cell_characters=3)
    assert len(read_workbook(data, "a", exact).sheets[0].rows) == 3
    assert code_of(data, rows=2) == "file_too_many_rows"
    assert code_of(data, columns=1) == "file_too_many_columns"
    assert code_of(data, cell_characters=2) == "cell_too_long"
    assert code_of(data, total_characters=10) == "file_too_complex"


def test_a_bomb_is_refused_before_it_unpacks() -> None:
    bomb = raw_xlsx(f'<row r="1"><c r="A1" t="inlineStr"><is><t>{"x" * 40_000_000}</t></is></c></row>')
    assert len(bomb) < 100_000
    assert code_of(bomb) == "file_too_complex"


def test_unpacked_bytes_are_counted_over_all_members() -> None:
    members = {f"xl/media/{n}.bin": "".join(chr(33 + (i * n) % 90) for i in range(60_000)) for n in range(1, 6)}
    data = raw_xlsx(more=members)
    assert read_workbook(data, "a").sheets
    assert code_of(data, unpacked_bytes=200_000) == "file_too_complex"


def test_many_members_are_refused() -> None:
    assert code_of(raw_xlsx(more={f"x{n}": "" for n in range(1_000)})) == "file_too_complex"


def test_a_lying_size_and_a_cut_off_file_are_damaged() -> None:
    data = bytearray(raw_xlsx(ONE_CELL * 1))
    entry = data.rfind(b"xl/worksheets/sheet1.xml") - 46
    data[entry + 24 : entry + 28] = struct.pack("<I", 20)
    assert code_of(bytes(data)) == "file_damaged"
    whole = raw_xlsx()
    assert code_of(whole[:-30]) in {"file_damaged", "file_kind_unknown"}


def test_entities_are_not_followed() -> None:
    laughs = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>&{};</t></is></c></row>'
    assert code_of(raw_xlsx(cell.format("j"), doctype=f'<!DOCTYPE a [<!ENTITY a "lol">{laughs}]>')) == "file_damaged"
    outside = raw_xlsx(cell.format("x"), doctype='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>')
    assert code_of(outside) == "file_damaged"


def test_a_sheet_of_two_far_corners_costs_the_child_and_not_us() -> None:
    corners = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    assert code_of(raw_xlsx(corners)) == "file_too_complex"


def test_encrypted_files_are_named() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    assert code_of(ole + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600) == "file_encrypted"
    data = bytearray(raw_xlsx())
    for mark, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + flags_at] |= 1
    assert code_of(bytes(data)) == "file_encrypted"
    assert code_of(ole) == "file_damaged"


def test_several_threads_read_at_once() -> None:
    data = raw_xlsx()
    with ThreadPoolExecutor(4) as pool:
        books = list(pool.map(lambda _: read_workbook(data, "a"), range(4)))
    assert {book.sheets[0].rows[0].cells for book in books} == {("x",)}


def test_the_child_does_not_see_our_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spy = tmp_path / "spy.py"
    spy.write_text(
        "import os, sys, json\nsys.stdin.buffer.read()\nassert 'SECRET_KEY' not in os.environ\nprint(json.dumps({'end': True}))\n"
    )
    monkeypatch.setenv("SECRET_KEY", "hush")
    monkeypatch.setattr("metrology.documents.spreadsheet_in._CHILD", spy)
    assert read_workbook(raw_xlsx(), "a").sheets == ()


@pytest.mark.skipif(not LEDGERS.is_dir(), reason="the example ledgers are not beside the project")
@pytest.mark.parametrize(
    ("name", "rows", "last", "encoding"),
    [("market_scales.xlsx", 424, 424, None), ("fuel_dispensers.csv", 465, 465, "gb18030"), ("water_meters.csv", 5001, 5001, "utf-8-sig")],
)  # fmt: skip
def test_real_ledgers(name: str, rows: int, last: int, encoding: str | None) -> None:
    book = read_workbook((LEDGERS / name).read_bytes(), name)
    assert (len(book.sheets[0].rows), book.sheets[0].rows[-1].number, book.encoding) == (rows, last, encoding)


@pytest.mark.skipif(not LEDGERS.is_dir(), reason="the example ledgers are not beside the project")
def test_row_32_of_the_market_ledger_is_the_one_with_the_impossible_day() -> None:
    rows = read_workbook((LEDGERS / "market_scales.xlsx").read_bytes(), "x").sheets[0].rows
    assert [row.cell(13) for row in rows if row.number == 32] == ["2025-02-30"]
