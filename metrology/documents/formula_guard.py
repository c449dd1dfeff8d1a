"""Keeps text from being run as a formula by the spreadsheet that opens an export (OWASP ASVS 5.0, 1.2.10).

A text that begins like a formula gets an apostrophe in front, which spreadsheets take as "this is text". The reader
takes it off again, so that a file read back is the file written.

>>> with_guard("=HYPERLINK(1)"), without_guard("'=HYPERLINK(1)")
("'=HYPERLINK(1)", '=HYPERLINK(1)')
>>> with_guard("'quoted'"), with_guard("''")
("'quoted'", "'''")
"""

from __future__ import annotations

from typing import Final

GUARD: Final = "'"
_FORMULA_STARTS: Final = frozenset("=+-@\t\r\n\0＝＋－＠")
_GUARDED: Final = _FORMULA_STARTS | {GUARD}


def with_guard(text: str) -> str:
    """The text as it may be written into a cell of delimited text."""
    looks_guarded = text[:1] == GUARD and text[1:2] in _GUARDED and len(text) > 1
    return GUARD + text if (text[:1] in _FORMULA_STARTS and text) or looks_guarded else text


def without_guard(text: str) -> str:
    """The text as it was before `with_guard`."""
    return text[1:] if text[:1] == GUARD and len(text) > 1 and text[1] in _GUARDED else text
