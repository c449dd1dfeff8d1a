"""Labels for thermal printers, in their own languages: ZPL II (Zebra and many others) and TSPL (TSC, Xprinter, Gprinter, …).

Each label goes over as one picture of black dots, Chinese and all, so a printer needs no Chinese font; the code in it is drawn
with a whole number of dots a module.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops

from metrology.documents.label_layout import LabelSheet
from metrology.documents.label_pdf import MM_PER_INCH, QUIET_ZONE, Label, dots_of, drawn, measures
from metrology.documents.qr import qr_png
from metrology.documents.typesetting import typeset_pictures
from metrology.domain.problems import Problem

MOST: Final = 1_000
"""Labels of one job."""
_DARK: Final = 168
"""Grey from which a dot stays white: thin strokes of small Chinese must not break."""


def pictures(labels: Sequence[Label], sheet: LabelSheet, *, fonts_folder: Path | None = None) -> list[Image.Image]:
    """Each label as it is burnt in: black and white, one pixel a dot."""
    if not sheet.is_single:
        raise Problem("not_a_roll", "layout")
    if not 1 <= len(labels) <= MOST:
        raise Problem("bad_label_count", "copies", limit=MOST, count=len(labels))
    data = {
        "sheet": measures(sheet), "start": 0, "copies": 1, "outlines": False, "mono": True, "title": "",
        "labels": [drawn(label, sheet, with_code=False) for label in labels],
    }  # fmt: skip
    pages = typeset_pictures("labels.typ", data, dots_per_inch=sheet.dots_per_inch, fonts_folder=fonts_folder)
    return [_with_code(page, label, sheet) for page, label in zip(pages, labels, strict=True)]


def _with_code(page: bytes, label: Label, sheet: LabelSheet) -> Image.Image:
    """The text in black, and the code put on in whole dots in the middle of its square."""
    size = (_dots(sheet.width, sheet), _dots(sheet.height, sheet))
    grey = Image.open(io.BytesIO(page)).convert("L").resize(size, Image.Resampling.NEAREST)
    picture = grey.point(lambda value: 255 if value >= _DARK else 0).convert("1")
    dots = dots_of(sheet, label.qr_text)
    if dots:
        code = Image.open(io.BytesIO(qr_png(label.qr_text, module_px=dots, border=QUIET_ZONE))).convert("1")
        square = _dots(sheet.qr, sheet)
        left = _dots(sheet.pad + sheet.offset_x, sheet) + (square - code.width) // 2
        top = (size[1] - code.height) // 2 + _dots(sheet.offset_y, sheet)
        picture.paste(code, (left, top))
    return picture


def _dots(millimetres: float, sheet: LabelSheet) -> int:
    return round(millimetres / MM_PER_INCH * sheet.dots_per_inch)


def _bits(picture: Image.Image, *, dark: int) -> tuple[int, bytes]:
    """Bytes a row and the rows, most significant dot first; ``dark`` is the bit of a black dot."""
    width = (picture.width + 7) // 8 * 8
    whole = Image.new("1", (width, picture.height), 1)
    whole.paste(picture, (0, 0))
    return width // 8, (ImageChops.invert(whole) if dark else whole).tobytes()


# -- ZPL


def zpl(images: Iterable[Image.Image], *, copies: int = 1) -> bytes:
    """One format a label, its picture as a graphic field compressed in ASCII."""
    return b"".join(_zpl_label(image, copies) for image in images)


def _zpl_label(image: Image.Image, copies: int) -> bytes:
    row, data = _bits(image, dark=1)
    field = f"^FO0,0^GFA,{len(data)},{len(data)},{row},{_zpl_graphic(data, row)}^FS"
    return f"^XA^LH0,0^PW{image.width}^LL{image.height}{field}^PQ{copies}^XZ\n".encode("ascii")


def _zpl_graphic(data: bytes, row: int) -> str:
    """Rows as hexadecimal with Zebra's counts; a row like the one above is a colon, zeros to the end a comma."""
    parts: list[str] = []
    before = ""
    for start in range(0, len(data), row):
        line = data[start : start + row].hex().upper()
        parts.append(":" if line == before else _zpl_row(line))
        before = line
    return "".join(parts)


def _zpl_row(line: str) -> str:
    body = line.rstrip("0")
    coded = "".join(_zpl_run(digit, len(list(run))) for digit, run in groupby(body))
    return coded + ("," if len(body) < len(line) else "")


def _zpl_run(digit: str, count: int) -> str:
    """`G` to `Y` stand for 1 to 19 of the digit that follows, `g` to `z` for 20 to 400 in steps of twenty.

    >>> _zpl_run("F", 2), _zpl_run("F", 3), _zpl_run("A", 27), _zpl_run("0", 850)
    ('FF', 'IF', 'gMA', 'zzhP0')
    """
    if count < 3:
        return digit * count
    coded = "z" * (count // 400)
    twenties, ones = divmod(count % 400, 20)
    coded += chr(ord("g") + twenties - 1) if twenties else ""
    return coded + (chr(ord("G") + ones - 1) if ones else "") + digit


# -- TSPL


def tspl(images: Iterable[Image.Image], sheet: LabelSheet, *, copies: int = 1) -> bytes:
    """One label after another as bitmaps; a bit that is 0 is a black dot."""
    head = (
        f"SIZE {sheet.width:g} mm,{sheet.height:g} mm\r\nGAP {sheet.gap:g} mm,0 mm\r\nDIRECTION 1\r\nREFERENCE 0,0\r\n"
    )
    parts = [head.encode("ascii")]
    for image in images:
        row, data = _bits(image, dark=0)
        parts += [f"CLS\r\nBITMAP 0,0,{row},{image.height},0,".encode("ascii"), data, b"\r\n"]
        parts.append(f"PRINT 1,{copies}\r\n".encode("ascii"))
    return b"".join(parts)
