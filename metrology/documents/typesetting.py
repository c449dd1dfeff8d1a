"""Sets a page with typst: a template of ours, and data that is only ever data.

Values reach the template as JSON in `sys.inputs` and are printed as strings: `#import`, `*` or `$` in a holder's name
are characters, not markup. The same data gives the same bytes.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Literal

import typst

from metrology.documents.fonts import SANS, SERIF, MissingGlyphs, PaperFonts, paper_fonts

TEMPLATES: Final = Path(__file__).with_name("templates")
_SPACE_OF_PAPER: Final = str.maketrans(
    dict.fromkeys("\t\u2002\u2003\u2004\u2005\u2007\u2008\u2009\u200a\u202f", "\u00a0")
)
"""Spaces of other widths, which the fonts lack, are printed as a space that does not break."""

_LONG_WORD: Final = re.compile(r"[!-~]{18}|[^\W\u3400-\u9fff\U00020000-\U0003ffff]{18}")
_BROKEN_BY_TEMPLATE: Final = frozenset(
    {"public_url", "qr_text", "qr_svg", "checkpoint", "email", "kind", "number", "record_number", "replaces", "sha256"}
)
"""Texts that the template breaks itself, prints where there is room, or does not print."""
_PLAIN_JSON: Final[dict[str, Any]] = {"ensure_ascii": False, "sort_keys": True}

_thread = threading.local()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside a PDF/A-3: text that a machine reads, and what it is to the pages (`AFRelationship`)."""

    name: str
    text: str
    mime_type: str
    relationship: Literal["source", "data", "alternative", "supplement"]
    description: str


def typeset(
    template: str,
    data: Mapping[str, Any],
    *,
    day: date,
    fonts_folder: Path | None = None,
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """PDF/A-3b of `template` with `data`; `day` is the date of the document's making in its metadata."""
    fonts, inputs = _inputs(data, fonts_folder, attachments)
    pdf = _compiler(fonts).compile(
        input=str(TEMPLATES / template),
        format="pdf",
        sys_inputs=inputs,
        pdf_standards=["a-3b"],
        timestamp=datetime(day.year, day.month, day.day, tzinfo=UTC),
    )
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no PDF")
    return pdf


def unprintable(data: Mapping[str, Any], fonts_folder: Path | None = None) -> tuple[str, ...]:
    """Characters of the data that no font at hand can print, each once."""
    return paper_fonts(fonts_folder).missing("".join(_texts(_printable(data))))


def typeset_pictures(
    template: str, data: Mapping[str, Any], *, dots_per_inch: int, fonts_folder: Path | None = None
) -> list[bytes]:
    """The pages as PNG with so many dots an inch, for printers that take pictures."""
    fonts, inputs = _inputs(data, fonts_folder)
    pages = _compiler(fonts).compile(
        input=str(TEMPLATES / template), format="png", ppi=float(dots_per_inch), sys_inputs=inputs
    )
    return [pages] if isinstance(pages, bytes) else [page for page in pages or () if isinstance(page, bytes)]


def _inputs(
    data: Mapping[str, Any], fonts_folder: Path | None, attachments: Sequence[Attachment] = ()
) -> tuple[PaperFonts, dict[str, str]]:
    """The fonts, and what the template reads. A character that no font has is refused here."""
    fonts = paper_fonts(fonts_folder)
    printable = _printable(data)
    if missing := fonts.missing("".join(_texts(printable))):
        raise MissingGlyphs(missing)
    return fonts, {
        "data": json.dumps({**printable, "has_long_words": _has_long_words(printable)}, **_PLAIN_JSON),
        "attachments": json.dumps([asdict(one) for one in attachments], **_PLAIN_JSON),
        "fonts": json.dumps({"sans": [SANS, *fonts.fallbacks], "serif": [SERIF, *fonts.fallbacks]}),
    }


def _compiler(fonts: PaperFonts) -> typst.Compiler:
    """One compiler a thread, for it refuses to be used by two at once; the fonts are shared."""
    compilers: dict[int, typst.Compiler] = _thread.__dict__.setdefault("compilers", {})
    if id(fonts) not in compilers:
        compilers[id(fonts)] = typst.Compiler(
            root=str(TEMPLATES), font_paths=fonts.typst_fonts, ignore_system_fonts=True
        )
    return compilers[id(fonts)]


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\r\n", "\n").translate(_SPACE_OF_PAPER)
    if isinstance(value, Mapping):
        return {key: _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list | tuple) else value


def _has_long_words(data: Mapping[str, Any]) -> bool:
    """Whether a word is so long that the template must let it break anywhere."""
    return any(_LONG_WORD.search(text) for text in _texts(data, without=_BROKEN_BY_TEMPLATE))


def _texts(value: Any, without: Collection[str] = ()) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if name not in without:
                yield from _texts(item, without)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, without)
