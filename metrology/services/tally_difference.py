"""What a recount finds otherwise than a summary row says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """A group whose count is not what the rows behind it say."""

    table: str
    keys: dict[str, Any]
    kept: int
    counted: int
