"""Where a page may send somebody next: only to a path of this registry."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_own_path(text: str) -> bool:
    r"""Whether a ``next`` stays here whatever a lenient browser makes of it.

    >>> is_own_path("/instruments?state=in_use")
    True
    >>> [is_own_path(text) for text in ("//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "", "/a\tb")]
    [False, False, False, False, False, False]
    """
    if not text.startswith("/") or text.startswith("//") or "\\" in text or len(text) > 2000:
        return False
    if any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in text):
        return False
    parts = urlsplit(text)
    return not parts.scheme and not parts.netloc
