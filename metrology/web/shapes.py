"""Pages that many ask for, drawn once for each shape: the template is drawn with marks in place of the values, and later only filled.

A shape says everything the template decides by (language, standing, which facts there are); a value is only written. So a
filled page is the very page the template would have drawn, for a hundredth of the time. The values come anew from the database
each time: nothing that is shown is kept.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Hashable, Sequence

from markupsafe import escape

MOST = 400
"""Shapes kept; beyond, all are forgotten and drawn again as they come."""
_MARK = f"q{secrets.token_hex(8)}"
_MARKED = re.compile(f"{_MARK}([0-9]+)z")
_BETWEEN = "\0"
_Pieces = tuple[tuple[bytes, ...], tuple[int, ...]]


class Slot(str):
    """Stands for a value while a shape is drawn: letters and digits only, so that nothing on the way escapes it. Also for a day."""

    __slots__ = ()

    def isoformat(self) -> str:
        """As a day writes itself."""
        return str(self)


class Shapes:
    """What was drawn of one page."""

    def __init__(self) -> None:
        self._drawn: dict[Hashable, _Pieces] = {}

    def fill(self, shape: Hashable, values: Sequence[str], draw: Callable[[list[Slot]], str]) -> bytes:
        """The page with these values, each escaped; ``draw`` is called with a slot for each when the shape is new."""
        pieces = self._drawn.get(shape)
        if pieces is None:
            if len(self._drawn) >= MOST:
                self._drawn.clear()
            pieces = _pieces(draw([Slot(f"{_MARK}{place}z") for place in range(len(values))]))
            self._drawn[shape] = pieces
        texts, places = pieces
        written = str(escape(_BETWEEN.join(values))).encode().split(_BETWEEN.encode())  # at once, not one by one
        if len(written) != len(values):
            written = [str(escape(value)).encode() for value in values]
        page = [texts[0]]
        for text, place in zip(texts[1:], places, strict=True):
            page += (written[place], text)
        return b"".join(page)


def _pieces(page: str) -> _Pieces:
    parts = _MARKED.split(page)
    return tuple(text.encode() for text in parts[::2]), tuple(int(place) for place in parts[1::2])
