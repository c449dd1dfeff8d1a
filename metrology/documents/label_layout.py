"""Label stock, in millimetres: A4 sheets as they are sold, tapes, single labels on a roll, and an office's own sizes.

>>> LABEL_SHEETS["L7160"].labels, LABEL_SHEETS["TZe-24"].labels
(21, 1)
>>> LabelSheet.parse({"width": "40", "height": "30"}).qr
20.7
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

from metrology.domain.problems import Problem

SheetName = Literal["L7160", "L7162", "L7163"]
PAD: Final = 1.5
"""White edge of a small label."""
WIDE_PAD: Final = 3.2
_MEASURES: Final = (
    "width", "height", "columns", "rows", "left", "top", "column_pitch", "row_pitch", "page_width", "page_height",
    "offset_x", "offset_y", "gap", "dots_per_inch",
)  # fmt: skip
_WHOLE: Final = frozenset({"columns", "rows", "dots_per_inch"})
_LARGEST_PAGE: Final = 450.0
DPI: Final = (180, 203, 300, 360, 600)


@dataclass(frozen=True, slots=True)
class LabelSheet:
    """Where the labels lie on a page, from its upper left corner. One label a page is a tape or a roll."""

    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    column_pitch: float
    row_pitch: float
    qr: float
    """Side of the square a code has, its quiet zone included."""
    page_width: float = 210.0
    page_height: float = 297.0
    offset_x: float = 0.0
    """Moves everything to the right, for a printer that draws the sheet askew."""
    offset_y: float = 0.0
    gap: float = 2.0
    """Between two labels of a roll."""
    dots_per_inch: int = 600

    @property
    def labels(self) -> int:
        """How many labels one page has."""
        return self.columns * self.rows

    @property
    def is_single(self) -> bool:
        """Whether a page is one label: tape, roll, thermal printer."""
        return self.labels == 1 and (self.page_width, self.page_height) == (self.width, self.height)

    @property
    def pad(self) -> float:
        """White edge of each label."""
        return WIDE_PAD if self.height > 33 and self.width > 60 else PAD if self.height > 13 else 0.5

    @classmethod
    def single(cls, width: float, height: float, *, dots_per_inch: int, gap: float = 2.0) -> LabelSheet:
        """One label a page."""
        made = cls(1, 1, width, height, 0, 0, width, height, 0, width, height, 0, 0, gap, dots_per_inch)
        return made._with_code()

    @classmethod
    def parse(cls, measures: Mapping[str, Any]) -> LabelSheet:
        """An office's own stock from what was typed; refused when the labels overlap or leave the page."""
        given = {name: _number(name, measures.get(name)) for name in _MEASURES}
        width, height = given["width"] or 0, given["height"] or 0
        if not (8 <= width <= 300 and 8 <= height <= 300):
            raise Problem("bad_label_size", "width" if not 8 <= width <= 300 else "height")
        columns, rows = int(given["columns"] or 1), int(given["rows"] or 1)
        dpi = int(given["dots_per_inch"] or 300)
        if dpi not in DPI:
            raise Problem("bad_choice", "dots_per_inch")
        if (columns, rows) == (1, 1) and not given["page_width"]:
            return replace(
                cls.single(width, height, dots_per_inch=dpi, gap=given["gap"] or 2.0),
                offset_x=given["offset_x"] or 0, offset_y=given["offset_y"] or 0,
            )  # fmt: skip
        sheet = cls(
            columns, rows, width, height, given["left"] or 0, given["top"] or 0, given["column_pitch"] or width,
            given["row_pitch"] or height, 0, given["page_width"] or 210.0, given["page_height"] or 297.0,
            given["offset_x"] or 0, given["offset_y"] or 0, given["gap"] or 2.0, dpi,
        )  # fmt: skip
        sheet._check()
        return sheet._with_code()

    def measures(self) -> dict[str, str]:
        """The measures as they are kept: exact text."""
        return {name: f"{getattr(self, name):g}" for name in _MEASURES}

    def _check(self) -> None:
        if self.columns < 1 or self.rows < 1 or self.labels > 500:
            raise Problem("bad_label_grid", "columns")
        if max(self.page_width, self.page_height) > _LARGEST_PAGE:
            raise Problem("bad_label_size", "page_width")
        if self.column_pitch < self.width or self.row_pitch < self.height:
            raise Problem("labels_overlap", "column_pitch" if self.column_pitch < self.width else "row_pitch")
        right = self.left + (self.columns - 1) * self.column_pitch + self.width
        bottom = self.top + (self.rows - 1) * self.row_pitch + self.height
        if self.left < 0 or self.top < 0 or right > self.page_width + 0.01 or bottom > self.page_height + 0.01:
            raise Problem("labels_leave_page", "left" if right > self.page_width + 0.01 else "top")
        if max(abs(self.offset_x), abs(self.offset_y)) > 20:
            raise Problem("out_of_range", "offset_x")

    def _with_code(self) -> LabelSheet:
        """The square for the code: as high as the label, but at most half of its width or so, never over 30 mm."""
        inside = self.height - 2 * self.pad
        share = 0.56 if self.width < 60 else 0.5
        return replace(self, qr=round(max(min(inside, (self.width - 2 * self.pad) * share, 30.0), 0), 1))


def _number(name: str, value: Any) -> float | None:
    if value in (None, ""):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise Problem("bad_number", name, value=str(value)[:20]) from error
    if not number.is_finite() or (name in _WHOLE and number != number.to_integral_value()) or abs(number) > 10_000:
        raise Problem("bad_number", name, value=str(value)[:20])
    return float(number)


LABEL_SHEETS: Final[dict[str, LabelSheet]] = {
    "L7160": LabelSheet(3, 7, 63.5, 38.1, 7.21, 15.15, 66.04, 38.1, 27.0),
    "L7162": LabelSheet(2, 8, 99.1, 33.9, 4.63, 12.9, 101.64, 33.9, 24.0),
    "L7163": LabelSheet(2, 7, 99.1, 38.1, 4.63, 15.15, 101.64, 38.1, 27.0),
    "TZe-12": LabelSheet.single(40.0, 12.0, dots_per_inch=360),
    "TZe-18": LabelSheet.single(46.0, 18.0, dots_per_inch=360),
    "TZe-24": LabelSheet.single(54.0, 24.0, dots_per_inch=360),
    "DK-62": LabelSheet.single(62.0, 29.0, dots_per_inch=300),
    "30x20": LabelSheet.single(30.0, 20.0, dots_per_inch=300),
    "40x30": LabelSheet.single(40.0, 30.0, dots_per_inch=203),
    "50x30": LabelSheet.single(50.0, 30.0, dots_per_inch=300),
    "60x40": LabelSheet.single(60.0, 40.0, dots_per_inch=300),
}
"""Stock known by name: three Avery sheets, Brother tapes 12 to 62 mm, and rolls of the usual thermal printers."""
