"""Choices of a select or radio field, from pairs of code and words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms.fields.choices import SelectChoice


def choices(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """What a field offers, in this order."""
    return [SelectChoice(code, words) for code, words in pairs]
