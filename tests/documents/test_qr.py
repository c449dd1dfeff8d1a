"""Codes that are written are read back."""

from __future__ import annotations

import io
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from metrology.documents import qr
from metrology.documents.qr import ErrorCorrection, qr_png, qr_svg, read_qr
from metrology.domain.problems import Problem

SIGNED = "https://metrology.example.gov.cn/c/AbCdEfGhIjKlMnOpQrStUv#" + "31415926535" * 25


@pytest.mark.parametrize("text", ["https://x.cn/c/a", SIGNED, "检定证书 №1"], ids=["short", "signed", "chinese"])
@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
def test_png_reads_back(text: str, level: ErrorCorrection) -> None:
    assert read_qr(qr_png(text, module_px=4, error_correction=level)) == [text]


def test_png_has_its_quiet_zone() -> None:
    image = Image.open(io.BytesIO(qr_png("https://x.cn/c/a", module_px=3, border=4)))
    assert image.size == (99, 99)  # version 2 has 25 modules, and 4 on each side
    assert image.getpixel((11, 12)) == 255
    assert image.getpixel((12, 12)) == 0


def test_svg_draws_the_same_modules_without_styles() -> None:
    svg = qr_svg(SIGNED, border=4)
    root = ET.fromstring(svg)
    assert "style" not in svg
    side = int(root.attrib["viewBox"].split()[2])
    image = Image.new("L", (side, side), 255)
    for run in root[1].attrib["d"].split("M")[1:]:
        start, length = run.split("v1")[0].split("h")
        x, y = map(int, start.split())
        image.paste(0, (x, y, x + int(length), y + 1))
    out = io.BytesIO()
    image.resize((side * 4, side * 4), Image.Resampling.NEAREST).save(out, "PNG")
    assert read_qr(out.getvalue()) == [SIGNED]


def test_too_long_a_text_is_a_problem() -> None:
    with pytest.raises(Problem, match="qr_text_too_long"):
        qr_png("x" * 3_000, module_px=1)


def test_pictures_without_code_and_files_that_are_none() -> None:
    out = io.BytesIO()
    Image.new("RGB", (50, 50), "white").save(out, "JPEG")
    assert read_qr(out.getvalue()) == []
    with pytest.raises(Problem, match="image_unreadable"):
        read_qr(b"no picture")
    with pytest.raises(Problem, match="image_unreadable"):
        read_qr(qr_png("https://x.cn/c/a", module_px=4)[:150])


def test_pictures_made_to_fill_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qr, "MAX_IMAGE_PIXELS", 99 * 99 - 1)
    with pytest.raises(Problem, match="image_too_large"):
        read_qr(qr_png("https://x.cn/c/a", module_px=3))
