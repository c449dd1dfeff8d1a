"""Instrument labels (一器一码): what is printed in their code, and the states of one that is made before it is given away.

A label outlives every verification. Its code opens the page of the instrument it sits on and says nothing else, so it can be
printed in advance and bound on site. The code is 27 decimal digits (89.7 random bits): digits are packed three to ten bits in
a QR code, so the whole address of a host of up to eighteen characters is a version 3 symbol at level M, of up to thirty-eight
a version 4; and they can be read over a telephone and typed on any keypad.

>>> profile_for(14, 300), profile_for(21, 300), profile_for(27, 203)
('P0', 'P1', 'P0')
"""

from __future__ import annotations

import re
import secrets
from typing import Final, Literal

LabelState = Literal["blank", "bound", "void"]
LABEL_STATES: Final[tuple[LabelState, ...]] = ("blank", "bound", "void")
CODE_DIGITS: Final = 27
LONGEST_PREFIX: Final = 6
DOTS_PER_MODULE: Final = 4
"""Below this a thermal head smears a module into its neighbour."""
_CODE: Final = re.compile(rf"[0-9]{{{CODE_DIGITS}}}")
_PREFIX: Final = re.compile(rf"[A-Z][A-Z0-9]{{0,{LONGEST_PREFIX - 1}}}")
_TAKEN: Final = frozenset({"QJ"})
"""Begins the numbers of instruments, which stand on labels printed for one instrument."""

Profile = Literal["P0", "P1", "P2"]
_SIGNED_FROM_MM: Final = 21
_SIGNED_FROM_DPI: Final = 300


def new_code() -> str:
    """A code nobody can guess; the first digit is never 0, for spreadsheets drop it."""
    return str(secrets.randbelow(9) + 1) + "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS - 1))


def is_code(text: str) -> bool:
    """Whether a text has the form of a label's code."""
    return _CODE.fullmatch(text) is not None


def is_prefix(text: str) -> bool:
    """Whether the numbers of a batch may begin so: one to six capitals and digits, a letter first."""
    return _PREFIX.fullmatch(text) is not None and text not in _TAKEN


def number_of(prefix: str, value: int) -> str:
    """The number under the code, by which people name a label.

    >>> number_of("XX", 42)
    'XX00000042'
    """
    return f"{prefix}{value:08d}"


def profile_for(side_mm: float, dots_per_inch: int) -> Profile:
    """How much a certificate's code on a label may say: signed from 21 mm at 300 dots an inch, the address alone below."""
    return "P1" if side_mm >= _SIGNED_FROM_MM and dots_per_inch >= _SIGNED_FROM_DPI else "P0"
