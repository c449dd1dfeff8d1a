"""Search as one types: a document a thing, its text doubled letter by letter, under a trigram index.

A trigram index (SQLite FTS5 ``trigram``, PostgreSQL ``pg_trgm``) answers substrings of three letters and more, but most
Chinese words have two. So each letter is stored twice (``水表`` → ``水水表表``): a query of two letters is four letters long and uses
the index, and a doubled query is found in a doubled text exactly where the plain one is in the plain text.
"""

from __future__ import annotations

import unicodedata

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from metrology.persistence.columns import Big, Code, Key
from metrology.persistence.database import Model


class SearchDocument(Model):
    """What can be found of a thing, and within whose scope."""

    __tablename__ = "search_document"
    __table_args__ = (
        UniqueConstraint("kind", "object_id"),
        Index(
            "ix_search_document_body_trigram",
            "body",
            postgresql_using="gin",
            postgresql_ops={"body": "gin_trgm_ops"},
        ).ddl_if(dialect="postgresql"),
    )

    id: Mapped[Key]
    kind: Mapped[Code]
    object_id: Mapped[int] = mapped_column(Big)
    district_code: Mapped[str | None] = mapped_column(ForeignKey("district.code"))
    holder_id: Mapped[int | None] = mapped_column(Big)
    title: Mapped[str] = mapped_column(String(300), default="")
    body: Mapped[str] = mapped_column(Text, comment="normalised and doubled, see folded()")


def plain(text: str) -> str:
    """Text as it is compared: full-width to half-width, no case, no spaces or hyphens.

    >>> plain(' ＹＨ-１０００ 11 ')
    'yh100011'
    """
    folded_text = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded_text if not letter.isspace() and letter not in "-‐‑–—_'\"%")


def doubled(text: str) -> str:
    """Each letter twice.

    >>> doubled('水表')
    '水水表表'
    """
    return "".join(letter * 2 for letter in plain(text))


def document_body(*parts: str | None) -> str:
    """The searchable text of a thing; parts do not run into each other."""
    return "\n".join(doubled(part) for part in parts if part)
