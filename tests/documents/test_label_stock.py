"""Labels to the millimetre on any stock, and what thermal printers are sent, read back."""

from __future__ import annotations

import io
import re
from datetime import date

import pypdfium2
import pytest
from PIL import Image

from metrology.documents import thermal
from metrology.documents.label_layout import LABEL_SHEETS, LabelSheet
from metrology.documents.label_pdf import Label, dots_of, label_sheet_pdf
from metrology.documents.qr import modules_of, read_qr
from metrology.domain.label import CODE_DIGITS, new_code, profile_for
from metrology.domain.problems import Problem
from tests.documents.paper import page_png, page_texts

DAY = date(2026, 11, 22)
CODE = "123456789012345678901234567"
HOST = "https://jl.xinxiang.gov.cn"
CERTIFICATE = f"{HOST}/c/AbCdEfGhIjKlMnOpQrStUv"
MM = 72 / 25.4


def mark(text: str = CERTIFICATE) -> Label:
    return Label(
        "合格", text, "XXJL-JD-2026-000128", "SC100001", "2027-11-21", "电子计价秤", "新乡市计量技术检测中心", "jl.xinxiang.gov.cn", "mark", "2026-11-22",
    )  # fmt: skip


def blank(code: str = CODE) -> Label:
    return Label("计量器具", f"{HOST}/i/{code}", "XX00000042", body_name="新乡市市场监督管理局", kind="blank")


# -- the code


def test_the_code_stays_a_small_symbol_for_real_hosts() -> None:
    assert len(CODE) == CODE_DIGITS
    assert modules_of(f"{HOST}/i/{CODE}") == 29  # version 3
    assert modules_of(f"https://metrology.xinxiang.henan.gov.cn/i/{CODE}") == 33  # version 4
    assert modules_of(f"https://{'h' * 38}/i/{CODE}") == 33
    assert modules_of(f"https://{'h' * 39}/i/{CODE}") == 37


def test_codes_never_begin_with_nought() -> None:
    codes = [new_code() for _time in range(300)]
    assert all(re.fullmatch(r"[1-9][0-9]{26}", code) for code in codes)


@pytest.mark.parametrize(
    ("side", "dpi", "profile"),
    [(20.9, 300, "P0"), (21, 300, "P1"), (21, 299, "P0"), (40, 203, "P0"), (14, 600, "P0"), (27, 600, "P1")],
)
def test_a_signed_code_only_where_it_is_read_back(side: float, dpi: int, profile: str) -> None:
    assert profile_for(side, dpi) == profile


# -- measures on paper


@pytest.mark.parametrize("name", [key for key, sheet in LABEL_SHEETS.items() if sheet.is_single])
def test_a_tape_is_as_long_and_high_as_it_says(name: str) -> None:
    sheet = LABEL_SHEETS[name]
    document = pypdfium2.PdfDocument(label_sheet_pdf([blank(), blank()], sheet=name, day=DAY))
    assert len(document) == 2
    for page in document:
        assert page.get_size() == pytest.approx((sheet.width * MM, sheet.height * MM), abs=0.02)
    document.close()


def _images(pdf: bytes, page: int = 0) -> list[tuple[float, float, float, float]]:
    """Left, top, width, height of each drawing of a code, in millimetres."""
    document = pypdfium2.PdfDocument(pdf)
    opened = document[page]
    high = opened.get_size()[1]
    picture = opened.render(scale=600 / 72).to_pil().convert("L")
    document.close()
    found = []
    import zxingcpp

    for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])):
        corners = [code.position.top_left, code.position.bottom_right]
        left, top, right, bottom = (value / 600 * 25.4 for corner in corners for value in (corner.x, corner.y))
        found.append((left, top, right - left, bottom - top))
    assert high > 0
    return sorted(found, key=lambda one: (round(one[1]), one[0]))


def test_codes_stand_where_an_own_size_says_with_the_printers_offset() -> None:
    sheet = LabelSheet.parse(
        {"width": "50", "height": "30", "columns": 3, "rows": 8, "left": "20", "top": "15", "column_pitch": "60.5",
         "row_pitch": "33", "offset_x": "1.5", "offset_y": "-0.5"}
    )  # fmt: skip
    pdf = label_sheet_pdf([blank(new_code()) for _time in range(5)], sheet=sheet, day=DAY, start=2)
    found = _images(pdf)
    assert len(found) == 5
    # modules of the quiet zone between the square and what is drawn
    quiet = 4 * sheet.qr / (29 + 8)
    for (column, row), (left, top, width, _height) in zip([(1, 0), (2, 0), (0, 1), (1, 1), (2, 1)], found, strict=True):
        assert left == pytest.approx(20 + 1.5 + column * 60.5 + sheet.pad + quiet, abs=0.3)
        assert top == pytest.approx(15 - 0.5 + row * 33 + (30 - sheet.qr) / 2 + quiet, abs=0.3)
        assert width == pytest.approx(sheet.qr * 29 / 37, abs=0.3)


def test_a_mark_says_body_number_dates_and_its_code_reads() -> None:
    pdf = label_sheet_pdf([mark()], sheet="50x30", day=DAY)
    page = page_texts(pdf)[0]
    for said in ("合格", "2027-11-21", "XXJL-JD-2026-000128", "SC100001", "新乡市计量技术检测中心"):
        assert said in page
    assert read_qr(page_png(pdf, dots_per_inch=300)) == [CERTIFICATE]


@pytest.mark.parametrize("name", sorted(LABEL_SHEETS))
def test_every_known_stock_reads_back_at_its_printers_dots(name: str) -> None:
    sheet = LABEL_SHEETS[name]
    label = blank()
    assert dots_of(sheet, label.qr_text) >= 4
    pdf = label_sheet_pdf([label], sheet=name, day=DAY)
    assert read_qr(page_png(pdf, dots_per_inch=min(sheet.dots_per_inch, 300))) == [label.qr_text]


def test_a_code_too_fine_for_its_printer_is_left_out() -> None:
    sheet = LABEL_SHEETS["TZe-12"]
    long = mark(CERTIFICATE + "#" + "1234567890" * 20)
    assert dots_of(sheet, long.qr_text) == 0
    pdf = label_sheet_pdf([long], sheet="TZe-12", day=DAY)
    assert read_qr(page_png(pdf, dots_per_inch=600)) == []
    assert "XXJL-JD-2026-000128" in page_texts(pdf)[0]


@pytest.mark.parametrize(
    ("measures", "code"),
    [
        ({"width": "7", "height": "30"}, "bad_label_size"),
        ({"width": "40", "height": "x"}, "bad_number"),
        ({"width": "40", "height": "NaN"}, "bad_number"),
        ({"width": "40", "height": "30", "columns": 2, "rows": 1, "column_pitch": "39"}, "labels_overlap"),
        ({"width": "70", "height": "30", "columns": 4, "rows": 1}, "labels_leave_page"),
        ({"width": "70", "height": "30", "columns": 3, "rows": 10}, "labels_leave_page"),
        ({"width": "70", "height": "30", "columns": 3, "rows": 9, "offset_x": "21"}, "out_of_range"),
        ({"width": "40", "height": "30", "dots_per_inch": "301"}, "bad_choice"),
    ],
)
def test_sizes_that_cannot_be_are_refused(measures: dict[str, object], code: str) -> None:
    with pytest.raises(Problem, match=code):
        LabelSheet.parse(measures)


def test_measures_are_kept_as_they_were_given() -> None:
    given = {
        "width": "63.5",
        "height": "38.1",
        "columns": "3",
        "rows": "7",
        "left": "7.21",
        "top": "15.15",
        "column_pitch": "66.04",
    }
    sheet = LabelSheet.parse(given)
    assert LabelSheet.parse(sheet.measures()) == sheet
    assert {key: sheet.measures()[key] for key in given} == given


# -- thermal printers: what they are sent is drawn again here, by what their manuals say


def _rows_of_zpl(field: str, row: int) -> bytes:
    """Decode Zebra's ASCII compression: counts G–Y (1–19) and g–z (20–400), `,` zeros to the end, `:` the row above."""
    lines, line, count = [], "", 0
    for sign in field:
        if sign == ":":
            lines.append(lines[-1])
        elif sign == ",":
            lines.append(line.ljust(row * 2, "0"))
            line = ""
        elif "G" <= sign <= "Y":
            count += ord(sign) - ord("F")
        elif "g" <= sign <= "z":
            count += 20 * (ord(sign) - ord("f"))
        else:
            line += sign * (count or 1)
            count = 0
            if len(line) == row * 2:
                lines.append(line)
                line = ""
    assert not line
    return bytes.fromhex("".join(lines))


def _image(data: bytes, row: int, height: int, width: int, *, dark: int) -> Image.Image:
    picture = Image.frombytes("1", (row * 8, height), data)
    if dark:
        picture = picture.point(lambda value: 255 - value)
    return picture.crop((0, 0, width, height)).convert("L")


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("name", ["40x30", "50x30", "DK-62", "TZe-18"])
def test_zpl_draws_the_same_label_and_its_code_reads(name: str) -> None:
    sheet = LABEL_SHEETS[name]
    drawn = thermal.pictures([blank(), mark()], sheet)
    jobs = thermal.zpl(drawn, copies=3).decode("ascii").strip().split("\n")
    assert len(jobs) == 2
    for job, picture in zip(jobs, drawn, strict=True):
        found = re.fullmatch(r"\^XA\^LH0,0\^PW(\d+)\^LL(\d+)\^FO0,0\^GFA,(\d+),(\d+),(\d+),(.+)\^FS\^PQ3\^XZ", job)
        assert found
        width, height, total, again, row = (int(found[number]) for number in range(1, 6))
        assert (width, height) == picture.size
        assert total == again == row * height
        decoded = _image(_rows_of_zpl(found[6], row), row, height, width, dark=1)
        assert decoded.tobytes() == picture.convert("L").tobytes()
    assert read_qr(_png(drawn[0])) == [f"{HOST}/i/{CODE}"]


def test_tspl_draws_the_same_label_and_its_code_reads() -> None:
    sheet = LABEL_SHEETS["60x40"]
    drawn = thermal.pictures([mark()], sheet)
    job = thermal.tspl(drawn, sheet, copies=2)
    head, _bitmap, rest = job.partition(b"BITMAP 0,0,")
    assert b"SIZE 60 mm,40 mm\r\nGAP 2 mm,0 mm\r\n" in head
    row, height = (int(number) for number in rest.split(b",", 2)[:2])
    data = rest.split(b",", 3)[3]
    body, end = data[: row * height], data[row * height :]
    assert end == b"\r\nPRINT 1,2\r\n"
    decoded = _image(body, row, height, drawn[0].width, dark=0)
    assert decoded.tobytes() == drawn[0].convert("L").tobytes()
    assert read_qr(_png(decoded)) == [CERTIFICATE]


def test_modules_are_whole_dots() -> None:
    """Every run of black along the code's middle is a multiple of its dots a module: nothing was scaled."""
    sheet = LABEL_SHEETS["50x30"]
    picture, dots = thermal.pictures([blank()], sheet)[0], dots_of(sheet, blank().qr_text)
    assert dots >= 4
    square = round((sheet.pad + sheet.qr) / 25.4 * sheet.dots_per_inch)
    line = [picture.getpixel((x, picture.height // 2)) for x in range(square)]
    runs = re.findall(r"0+", "".join("1" if value else "0" for value in line))
    assert runs
    assert {len(run) % dots for run in runs} == {0}


def test_sheets_do_not_go_to_a_roll_printer() -> None:
    with pytest.raises(Problem, match="not_a_roll"):
        thermal.pictures([blank()], LABEL_SHEETS["L7160"])
