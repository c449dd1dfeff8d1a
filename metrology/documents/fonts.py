"""Which characters can be printed, and with which fonts.

The two Noto fonts that are installed with the registry cover some thirty thousand characters. Names hold rarer ones: then a
Noto CJK font of the system, or one put into the fonts folder (such as Plangothic), is used. A character that no font
covers is refused by name: a certificate never shows an empty box where a person's name should be.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import pylopdf_fonts_zh_cn as noto
import typst
from fontTools.ttLib import TTCollection, TTFont

from metrology.domain.problems import Problem

SANS: Final = "Noto Sans SC"
SERIF: Final = "Noto Serif SC"

_SYSTEM_FOLDERS: Final = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_SYSTEM_PATTERNS: Final = ("NotoSansCJK*Regular*", "NotoSerifCJK*Regular*", "HanaMin*", "Plangothic*", "SimSunExt*")
_ENDINGS: Final = {".otf", ".ttf", ".ttc", ".otc"}
_UNSEEN: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_SPACES: Final = {"\n", " ", "\u00a0", "\u3000"}


class MissingGlyphs(Problem):
    """Characters that no font at hand can print, or that nobody could see on paper."""

    code = "missing_glyphs"

    def __init__(self, characters: tuple[str, ...]) -> None:
        self.characters = characters
        listed = " ".join(map(_named, characters))
        super().__init__(self.code, None, characters=listed)


def _named(character: str) -> str:
    """The character with its number; only the number when it cannot be seen."""
    number = f"U+{ord(character):04X}"
    return number if unicodedata.category(character) in _UNSEEN else f"{character} ({number})"


@dataclass(frozen=True, slots=True, eq=False)
class PaperFonts:
    """The fonts of one fonts folder, ready for typst, and the characters they cover."""

    typst_fonts: typst.Fonts
    fallbacks: tuple[str, ...]
    """Families used for what the two Noto fonts lack, in order."""
    covered: frozenset[int]

    def missing(self, text: str) -> tuple[str, ...]:
        """Characters of `text` that cannot be printed, each once, in order of appearance."""
        return tuple(
            character
            for character in dict.fromkeys(text)
            if character not in _SPACES
            and (unicodedata.category(character) in _UNSEEN or ord(character) not in self.covered)
        )


@lru_cache(maxsize=4)
def paper_fonts(folder: Path | None = None) -> PaperFonts:
    """The Noto fonts of the registry, then those of `folder`, then CJK fonts of the system. Read once a process."""
    own = [noto.sans_path(), noto.serif_path()]
    extra = [*_fonts_in(folder), *_system_fonts()]
    covered: set[int] = set()
    for path in own + extra:
        covered |= _covered_by(path)
    folders = dict.fromkeys(path.parent for path in own + extra)
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(path) for path in folders]
    )
    fallbacks = tuple(family for family in fonts.families() if family not in (SANS, SERIF))
    return PaperFonts(fonts, fallbacks, frozenset(covered))


def _fonts_in(folder: Path | None) -> list[Path]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS)


def _system_fonts() -> Iterator[Path]:
    for folder in _SYSTEM_FOLDERS:
        for pattern in _SYSTEM_PATTERNS:
            yield from sorted(path for path in folder.rglob(pattern) if path.suffix.lower() in _ENDINGS)


def _covered_by(path: Path) -> set[int]:
    """Code points in the font's character map; of a collection, those of its first font."""
    is_collection = path.suffix.lower() in {".ttc", ".otc"}
    font = TTCollection(path, lazy=True).fonts[0] if is_collection else TTFont(path, lazy=True)
    return set(font.getBestCmap() or ())
