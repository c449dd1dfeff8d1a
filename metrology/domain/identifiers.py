"""Identifiers other people give: the unified social credit code (统一社会信用代码, GB 32100-2015).

>>> is_uscc("91110000600037341L"), is_uscc("91110000600037341N"), is_uscc("９１１１００００６０００３７３４１ｌ")
(True, False, True)
"""

import unicodedata

from stdnum.cn import uscc


def compact_uscc(text: str) -> str:
    """The code as it is stored: eighteen half-width capitals and digits, without the blanks and dashes of a ledger."""
    normal = unicodedata.normalize("NFKC", text).upper()
    return "".join(c for c in normal if not c.isspace() and c not in "-–—")


def is_uscc(text: str) -> bool:
    """Whether it is a credit code whose check character is right."""
    compact = compact_uscc(text)
    return compact.isascii() and bool(uscc.is_valid(compact))
