"""The picture of a traceability chain: boxes and lines placed by the server, as SVG without a script.

Two drawings of the same chain: columns from left to right for wide screens, an indented tree for phones; the style sheet shows
one of them. The same chain stands beside it as a nested list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from metrology.services.tracing import Node
from metrology.web.filters import day
from metrology.web.languages import is_zh
from metrology.web.requests import allowed

WIDTH, GAP, ROW_GAP, LINE, PAD = 176, 34, 14, 17, 10
NARROW, STEP = 344, 14
EM = 12.5
TITLE_LINES = 3

KINDS: dict[str, Any] = {
    "instrument": _l("Instrument"),
    "standard": _l("Measurement standard"),
    "equipment": _l("Equipment"),
    "certificate": _l("Certificate"),
    "standard_certificate": _l("Certificate"),
    "outside_standard": _l("Higher standard"),
    "outside_institute": _l("Institute above ours"),
}
WORDS: dict[str, Any] = {
    "main": _l("Main equipment"),
    "ancillary": _l("Ancillary equipment"),
    "verification": _l("Verification certificate"),
    "calibration": _l("Calibration certificate"),
    "national": _l("National"),
    "regional": _l("Regional"),
    "provincial": _l("Provincial"),
    "municipal": _l("Municipal"),
    "other": _l("Other"),
}
PAGES = {
    "instrument": ("instruments.detail", "instrument_id", "instrument.view"),
    "standard": ("standards.detail", "standard_id", "standard.view"),
    "equipment": ("equipment.detail", "equipment_id", "standard.view"),
    "certificate": ("equipment.certificate", "certificate_id", "standard.view"),
    "outside_standard": ("outside.standard", "outside_id", "standard.view"),
    "outside_institute": ("outside.institute", "outside_id", "standard.view"),
}


@dataclass(frozen=True)
class Box:
    """A link placed: its corner and size, the lines of its text, and what it opens."""

    node: Node
    x: int
    y: int
    width: int
    height: int
    head: str
    title: tuple[str, ...]
    notes: tuple[str, ...]
    url: str | None
    is_repeated: bool = False


@dataclass(frozen=True)
class Picture:
    """A drawing: its size, boxes, and lines as paths."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]


def head_of(node: Node) -> str:
    """What kind of link it is, in a word or two."""
    return str(WORDS.get(node.word) or KINDS[node.kind]) if node.kind in ("equipment", "certificate") else _head(node)


def _head(node: Node) -> str:
    kind = str(KINDS[node.kind])
    return f"{WORDS[node.word]} · {kind}" if node.word in WORDS else kind


def name_of(node: Node) -> str:
    """Its name in the reader's language."""
    return node.name if is_zh() or not node.name_en else node.name_en


def notes_of(node: Node) -> list[str]:
    """What else is said of it: number, accuracy, institute, last day."""
    said = [node.institute, node.number, node.detail]
    if node.until is not None:
        said.append(_("until %(day)s", day=day(node.until)))
    if node.is_lapsed:
        said.append(_("does not hold"))
    elif node.is_top:
        said.append(_("top of the chain"))
    return [one for one in said if one]


def url_of(node: Node) -> str | None:
    """The page of a link, where the reader may open it."""
    endpoint, argument, action = PAGES.get(node.kind, ("", "", "standard.view"))
    if not endpoint or endpoint not in current_app.view_functions or not allowed(action):
        return None
    key: dict[str, Any] = {argument: node.key}
    return url_for(endpoint, **key)


def wide(root: Node) -> Picture:
    """Columns from left to right, a link that several lead to drawn once, each column centred."""
    layers: dict[tuple[str, int], int] = {}
    order: list[Node] = []
    _layer(root, 0, layers, order)
    columns: dict[int, list[Box]] = {}
    for node in order:
        column = layers[node.identity]
        columns.setdefault(column, []).append(_box(node, column * (WIDTH + GAP), 0, WIDTH))
    heights = {column: sum(box.height + ROW_GAP for box in boxes) - ROW_GAP for column, boxes in columns.items()}
    height = max(heights.values())
    placed: dict[tuple[str, int], Box] = {}
    for column, boxes in columns.items():
        y = (height - heights[column]) // 2
        for box in boxes:
            placed[box.node.identity] = _moved(box, y)
            y += box.height + ROW_GAP
    lines = tuple(_curve(placed[node.identity], placed[above.identity]) for node in order for above in node.above)
    return Picture(max(columns) * (WIDTH + GAP) + WIDTH, height, tuple(placed.values()), lines)


def _layer(node: Node, depth: int, layers: dict[tuple[str, int], int], order: list[Node]) -> None:
    if node.identity not in layers:
        order.append(node)
    elif layers[node.identity] >= depth:
        return
    layers[node.identity] = depth
    for above in node.above:
        _layer(above, depth + 1, layers, order)


def narrow(root: Node) -> Picture:
    """An indented tree from top to bottom; a link that was drawn above is named again without what stands above it."""
    boxes: list[Box] = []
    lines: list[str] = []
    seen: set[tuple[str, int]] = set()

    def put(node: Node, depth: int, below: Box | None) -> None:
        repeated = node.identity in seen
        seen.add(node.identity)
        y = boxes[-1].y + boxes[-1].height + ROW_GAP if boxes else 0
        x = min(depth, 6) * STEP
        box = _box(node, x, y, NARROW - x, is_repeated=repeated)
        boxes.append(box)
        if below is not None:
            lines.append(f"M{below.x + 6} {below.y + below.height} V{box.y + 16} H{box.x}")
        if not repeated:
            for above in node.above:
                put(above, depth + 1, box)

    put(root, 0, None)
    return Picture(NARROW, boxes[-1].y + boxes[-1].height, tuple(boxes), tuple(lines))


def _box(node: Node, x: int, y: int, width: int, *, is_repeated: bool = False) -> Box:
    room = (width - 2 * PAD) / EM
    title = tuple(_wrapped(name_of(node), room, TITLE_LINES))
    notes = () if is_repeated else tuple(line for note in notes_of(node) for line in _wrapped(note, room / 0.9, 2))
    lines = 1 + len(title) + len(notes)
    return Box(node, x, y, width, PAD * 2 + lines * LINE, head_of(node), title, notes, url_of(node), is_repeated)


def _moved(box: Box, y: int) -> Box:
    return Box(box.node, box.x, y, box.width, box.height, box.head, box.title, box.notes, box.url)


def _curve(start: Box, end: Box) -> str:
    x, y = start.x + start.width, start.y + start.height // 2
    to_x, to_y = end.x, end.y + end.height // 2
    middle = to_x - GAP // 2
    return f"M{x} {y} H{middle - GAP // 2} C{middle} {y} {middle} {to_y} {to_x} {to_y}"


def _wrapped(text: str, room: float, most: int) -> Iterator[str]:
    """The text in lines of so many ems, the last one cut. Chinese characters are an em wide, others about half."""
    line, used, count = "", 0.0, 0
    for piece in _words(text):
        word = piece
        wide_by = _ems(word)
        if line and used + wide_by > room:
            count += 1
            if count == most:
                yield line.rstrip()[:-1] + "…"
                return
            yield line.rstrip()
            line, used = "", 0.0
            word = word.lstrip()
        line, used = line + word, used + wide_by
    if line.strip():
        yield line.rstrip()


def _words(text: str) -> Iterator[str]:
    """Pieces that are not broken: a Chinese character, or a run of others up to a blank (long runs in parts)."""
    piece = ""
    for letter in text:
        if ord(letter) > 0x2E80:
            if piece:
                yield piece
            piece = ""
            yield letter
        elif letter == " " or len(piece) >= 14:
            yield piece + letter
            piece = ""
        else:
            piece += letter
    if piece:
        yield piece


def _ems(text: str) -> float:
    return sum(1.0 if ord(letter) > 0x2E80 else 0.58 for letter in text)
