"""Building blocks of a DCC: elements of its two namespaces, texts in two languages, contacts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

from lxml import etree

from metrology.documents.certificate_facts import Bilingual

DCC: Final = "https://ptb.de/dcc"
SI: Final = "https://ptb.de/si"
NAMESPACES: Final = {"dcc": DCC, "si": SI}
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BLANK: Final = re.compile(r"[\s\u00a0\u2000-\u200a\u202f\u3000]+")

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml has no public name for the type of its elements


def add(parent: Element, name: str, text: str | None = None, *, ns: str = DCC, **attributes: str) -> Element:
    """A child of ``parent``; attributes with an empty value are left out."""
    given = {key: value for key, value in attributes.items() if value}
    child = etree.SubElement(parent, f"{{{ns}}}{name}", given)
    if text is not None:
        child.text = legal(text)
    return child


def legal(text: str) -> str:
    """Text without the characters XML 1.0 cannot hold."""
    return _FORBIDDEN.sub("", text)


def one_line(text: str) -> str:
    """Text as ``notEmptyStringType`` wants it: no blanks around it and something in it.

    >>> one_line("  a  b "), one_line("")
    ('a b', '—')
    """
    return _BLANK.sub(" ", legal(text)).strip() or "—"


def one_word(text: str) -> str:
    r"""Text as an item of a list that is separated by blanks: those inside become no-break spaces.

    >>> one_word("½ Max")
    '½\xa0Max'
    """
    return one_line(text).replace(" ", "\u00a0")


def optional(parent: Element, name: str, text: str, *, ns: str = DCC) -> None:
    """A child with this text, where there is any."""
    if text.strip():
        add(parent, name, one_line(text), ns=ns)


def contents(parent: Element, text: Bilingual) -> None:
    """The texts of both languages; a language without a text is left out."""
    for lang, words in (("zh", text.zh), ("en", text.en)):
        if words.strip():
            add(parent, "content", words, lang=lang)
    if len(parent) == 0 or etree.QName(parent[-1]).localname != "content":
        add(parent, "content", "—", lang="zh")


def named(parent: Element, text: Bilingual, name: str = "name") -> Element:
    """A ``name`` (or another text element) in both languages."""
    child = add(parent, name)
    contents(child, text)
    return child


def described(parent: Element, texts: Iterable[Bilingual], name: str = "description") -> None:
    """A description of several sentences, where there is any."""
    kept = [one for one in texts if one.zh.strip() or one.en.strip()]
    if kept:
        child = add(parent, name)
        for one in kept:
            contents(child, one)


def identification(parent: Element, issuer: str, value: str, name: Bilingual, *, ref_type: str = "") -> None:
    """A number something is known by, where it has one."""
    if value.strip():
        one = add(parent, "identification", refType=ref_type)
        add(one, "issuer", issuer)
        add(one, "value", one_line(value))
        named(one, name)


def location(parent: Element, *, street: str = "", postcode: str = "", country: str = "") -> None:
    """Where somebody is. An address is one line here: it is not taken apart by guessing."""
    place = add(parent, "location")
    optional(place, "countryCode", country)
    optional(place, "postCode", postcode)
    optional(place, "street", street)
    if len(place) == 0:
        contents(add(place, "further"), Bilingual("未登记", "not registered"))
