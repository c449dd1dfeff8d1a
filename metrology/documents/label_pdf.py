"""Sheets of self-adhesive labels with QR codes: the 合格 label of an instrument, on A4 sheets as they are sold.

The codes are drawn at level M: at a label's size larger modules read better than more redundancy. On L7160 and L7163
a code has 27 mm, on L7162 24 mm: enough for a signed code on a printer of 300 dots an inch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal

from metrology.documents.qr import qr_svg
from metrology.documents.typesetting import typeset
from metrology.domain.problems import Problem

SheetName = Literal["L7160", "L7162", "L7163"]


@dataclass(frozen=True, slots=True)
class LabelSheet:
    """Where the labels lie on A4, in millimetres from the upper left corner."""

    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    column_pitch: float
    row_pitch: float
    qr: float

    @property
    def labels(self) -> int:
        """How many labels one sheet has."""
        return self.columns * self.rows


LABEL_SHEETS: Final[dict[SheetName, LabelSheet]] = {
    "L7160": LabelSheet(3, 7, 63.5, 38.1, 7.21, 15.15, 66.04, 38.1, 27.0),
    "L7162": LabelSheet(2, 8, 99.1, 33.9, 4.63, 12.9, 101.64, 33.9, 24.0),
    "L7163": LabelSheet(2, 7, 99.1, 38.1, 4.63, 15.15, 101.64, 38.1, 27.0),
}
MAX_LABELS: Final = 5_000
"""Of one file; more is printed in several."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label. What is empty is not printed."""

    heading: str
    """`合格` for a verified instrument; `计量器具` for one that is only registered."""
    qr_text: str
    number: str
    """Certificate number, or the number in our register."""
    serial_number: str = ""
    valid_until: str = ""
    """ISO day."""
    instrument_name: str = ""
    body_name: str = ""


def label_sheet_pdf(
    labels: Sequence[Label],
    *,
    sheet: SheetName,
    day: date,
    start: int = 1,
    copies: int = 1,
    outlines: bool = False,
    fonts_folder: Path | None = None,
) -> bytes:
    """The labels in order, each `copies` times, from position `start` of the first sheet (1 is its upper left).

    `outlines` draws the edges, to be held against a label sheet on plain paper. Print at 100 %, not "fit to page".
    """
    measures = LABEL_SHEETS[sheet]
    count = len(labels) * copies
    if not 1 <= start <= measures.labels:
        raise Problem("bad_label_start", "start", last=measures.labels)
    if not 1 <= count <= MAX_LABELS:
        raise Problem("bad_label_count", "copies", limit=MAX_LABELS, count=count)
    data = {
        "sheet": asdict(measures),
        "start": start - 1,
        "copies": copies,
        "outlines": outlines,
        "title": f"{sheet} × {count}",
        "labels": [{**asdict(label), "qr_svg": qr_svg(label.qr_text, border=0)} for label in labels],
    }
    return typeset("labels.typ", data, day=day, fonts_folder=fonts_folder)
