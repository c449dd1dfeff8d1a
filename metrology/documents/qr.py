"""QR codes: written with one fixed mask, read back with zxing-cpp.

ISO/IEC 18004 allows any of the eight masks; searching for the prettiest costs several times the drawing and
no reader needs it. Level M suits labels (larger modules on little paper), level Q a page that is folded and stamped.

>>> svg = qr_svg("https://example.org/c/abc")
>>> svg[:4], "style" in svg
('<svg', False)
"""

from __future__ import annotations

import io
import re
from itertools import groupby
from typing import Literal

import qrcode
import zxingcpp
from PIL import Image, UnidentifiedImageError
from qrcode import constants
from qrcode.util import QRData

from metrology.domain.problems import Problem

ErrorCorrection = Literal["L", "M", "Q", "H"]

MASK = 4
MAX_IMAGE_PIXELS = 50_000_000
"""A photograph of a phone has about 12 million; more is a picture made to fill memory."""

_AS_DIGITS: Literal[1] = 1
_AS_BYTES: Literal[4] = 4
"""Mode indicators of ISO/IEC 18004, table 2."""
_SIGNED = re.compile(r"([!-~]+#)([0-9]{20,})")
_LEVELS: dict[ErrorCorrection, int] = {
    "L": constants.ERROR_CORRECT_L,
    "M": constants.ERROR_CORRECT_M,
    "Q": constants.ERROR_CORRECT_Q,
    "H": constants.ERROR_CORRECT_H,
}


def _drawn(text: str, error_correction: ErrorCorrection) -> list[list[bool]]:
    """The modules without the quiet zone.

    A signed address is two segments, the address in byte mode and its digits in numeric mode (3⅓ bits each): what the sizes of
    docs/certificate-code.md count on. Other texts are cut where the library sees a gain.
    """
    code = qrcode.QRCode(error_correction=_LEVELS[error_correction], border=0, mask_pattern=MASK)
    if signed := _SIGNED.fullmatch(text):
        code.add_data(QRData(signed[1].encode(), mode=_AS_BYTES))
        code.add_data(QRData(signed[2].encode(), mode=_AS_DIGITS))
    else:
        code.add_data(text)
    try:
        code.make(fit=True)
    except ValueError as error:  # no version of the symbol holds so much
        raise Problem("qr_text_too_long", length=len(text)) from error
    return [[bool(module) for module in row] for row in code.get_matrix()]


def modules_of(text: str, error_correction: ErrorCorrection = "M") -> int:
    """Modules along one side, without the quiet zone: 29 is version 3, 33 version 4, each version four more."""
    return len(_drawn(text, error_correction))


def qr_png(text: str, *, module_px: int, border: int = 4, error_correction: ErrorCorrection = "M") -> bytes:
    """A black and white PNG with `module_px` dots a module and a quiet zone of `border` modules."""
    modules = _drawn(text, error_correction)
    side = len(modules) + 2 * border
    margin = b"\xff" * border
    quiet = b"\xff" * (side * border)
    dots = b"".join(margin + bytes(0 if dark else 255 for dark in row) + margin for row in modules)
    image = Image.frombytes("L", (side, side), quiet + dots + quiet)
    image = image.resize((side * module_px, side * module_px), Image.Resampling.NEAREST)
    out = io.BytesIO()
    image.convert("1").save(out, "PNG", optimize=True)
    return out.getvalue()


def qr_svg(text: str, *, border: int = 4, error_correction: ErrorCorrection = "M") -> str:
    """An SVG of one path, coloured by attributes: a page with a strict policy on styles can hold it inline."""
    modules = _drawn(text, error_correction)
    side = len(modules) + 2 * border
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{_dark_runs(modules, border)}"/></svg>'
    )


def _dark_runs(modules: list[list[bool]], border: int) -> str:
    """Each horizontal run of dark modules as one rectangle of the path."""
    parts: list[str] = []
    for y, row in enumerate(modules, border):
        x = border
        for dark, run in groupby(row):
            length = len(list(run))
            if dark:
                parts.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length
    return "".join(parts)


def read_qr(image_bytes: bytes) -> list[str]:
    """The texts of all QR codes in a photograph or scan, in the order found; an empty list when there is none."""
    try:
        image = Image.open(io.BytesIO(image_bytes), formats=("PNG", "JPEG", "WEBP"))
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise Problem("image_unreadable") from error
    if image.width * image.height > MAX_IMAGE_PIXELS:
        raise Problem("image_too_large", width=image.width, height=image.height)
    try:
        grey = image.convert("L")
    except (OSError, SyntaxError, ValueError) as error:
        raise Problem("image_unreadable") from error
    found = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    return [code.text for code in found]
