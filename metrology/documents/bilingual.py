"""Text in the two languages of our papers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal


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


def of_paper(language: str) -> Literal["zh", "zh-en"]:
    """The languages of a working paper: in Chinese, and in English too for who reads English."""
    return "zh-en" if language == "en" else "zh"


def in_both(language: str, words: Callable[[str], str]) -> str:
    """What ``words`` says in the languages of a paper; once, where both say the same."""
    zh = words("zh")
    return zh if of_paper(language) == "zh" or (en := words("en")) == zh else f"{zh}  {en}"


NOTHING: Final = Bilingual("")
CITY: Final = Bilingual("全市", "The whole city")
"""What a report covers that is narrowed to no district."""
POINT: Final = Bilingual("检定点", "Point")
"""Heading of a column of points."""
