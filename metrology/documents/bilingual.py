"""Text in the two languages of our papers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A text in Chinese and, where there is one, in English. In a Chinese certificate only the Chinese is printed."""

    zh: str
    en: str = ""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A value with its name: of the nameplate (`最大秤量 Max` – `15 kg`) or the surroundings (`温度` – `21.3 ℃`)."""

    label: Bilingual
    value: str
    value_en: str = ""
    """The value in English where its words are Chinese, such as a fuel."""


NOTHING: Final = Bilingual("")
POINT: Final = Bilingual("检定点", "Point")
"""Heading of a column of points."""
