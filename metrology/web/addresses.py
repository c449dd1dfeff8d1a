"""Addresses of this registry: a thing has one alone, and a page sends somebody on to none but these."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask
from werkzeug.routing import IntegerConverter, ValidationError

LARGEST_KEY = 2**63 - 1


class OneNumber(IntegerConverter):
    """A key in an address, written in one way: ``7``, not ``007`` or ``７``; one that no database can hold is no key."""

    regex = r"(?:0|[1-9][0-9]{0,18})"

    def to_python(self, value: str) -> int:
        """The key, at most the largest of 63 bits."""
        key = int(value)
        if key > LARGEST_KEY:
            raise ValidationError
        return key


def init_app(app: Flask) -> None:
    """Read every ``<int:…>`` of an address strictly."""
    app.url_map.converters["int"] = OneNumber


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
