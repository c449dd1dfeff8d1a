"""Self-adhesive labels with QR codes, to the millimetre: the lifelong label of an instrument, and the dated 合格 mark.

The codes are drawn at level M: at a label's size larger modules read better than more redundancy. A square smaller than four
dots a module on its printer has no code at all: one that cannot be read is worse than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from metrology.documents.label_layout import LABEL_SHEETS, LabelSheet, SheetName
from metrology.documents.qr import modules_of, qr_svg
from metrology.documents.typesetting import typeset
from metrology.domain.label import DOTS_PER_MODULE
from metrology.domain.problems import Problem

__all__ = ["LABEL_SHEETS", "MAX_LABELS", "Label", "LabelSheet", "SheetName", "dots_of", "label_sheet_pdf"]

MAX_LABELS: Final = 5_000
"""Of one file; more is printed in several."""
QUIET_ZONE: Final = 4
"""Modules of white around a code, inside its square."""
MM_PER_INCH: Final = 25.4


@dataclass(frozen=True, slots=True)
class Label:
    """One label. What is empty is not printed."""

    heading: str
    """`合格` on a mark; `计量器具` on the lifelong label of an instrument."""
    qr_text: str
    number: str
    """Certificate number, the number in our register, or that of a blank label."""
    serial_number: str = ""
    valid_until: str = ""
    """ISO day."""
    instrument_name: str = ""
    body_name: str = ""
    note: str = ""
    """A line at the foot, such as the official domain."""
    kind: Literal["label", "mark", "blank"] = "label"
    verified_on: str = ""


def dots_of(sheet: LabelSheet, text: str) -> int:
    """Dots a module of the code of `text` has on this stock; 0 when fewer than a printer draws clearly."""
    dots = int(sheet.qr / MM_PER_INCH * sheet.dots_per_inch) // (modules_of(text) + 2 * QUIET_ZONE)
    return dots if dots >= DOTS_PER_MODULE else 0


def drawn(label: Label, sheet: LabelSheet, *, with_code: bool) -> dict[str, Any]:
    """What the template gets of a label."""
    fits = dots_of(sheet, label.qr_text) > 0
    svg = qr_svg(label.qr_text, border=QUIET_ZONE) if with_code and fits else ""
    return {**asdict(label), "qr_svg": svg, "has_code": fits}


def measures(sheet: LabelSheet) -> dict[str, Any]:
    """What the template gets of the stock."""
    return {**asdict(sheet), "pad": sheet.pad}


def label_sheet_pdf(
    labels: Sequence[Label],
    *,
    sheet: str | LabelSheet,
    day: date,
    start: int = 1,
    copies: int = 1,
    outlines: bool = False,
    fonts_folder: Path | None = None,
) -> bytes:
    """The labels in order, each `copies` times, from position `start` of the first page (1 is its upper left).

    `outlines` draws the edges, to be held against a label sheet on plain paper. Print at 100 %, not "fit to page".
    """
    stock = LABEL_SHEETS[sheet] if isinstance(sheet, str) else sheet
    count = len(labels) * copies
    if not 1 <= start <= stock.labels:
        raise Problem("bad_label_start", "start", last=stock.labels)
    if not 1 <= count <= MAX_LABELS:
        raise Problem("bad_label_count", "copies", limit=MAX_LABELS, count=count)
    name = sheet if isinstance(sheet, str) else f"{stock.width:g} × {stock.height:g} mm"
    data = {
        "sheet": measures(stock),
        "start": start - 1,
        "copies": copies,
        "outlines": outlines,
        "mono": False,
        "title": f"{name} × {count}",
        "labels": [drawn(label, stock, with_code=True) for label in labels],
    }
    return typeset("labels.typ", data, day=day, fonts_folder=fonts_folder)
