"""Search as one types: a document a thing, its text doubled letter by letter, under a trigram index.

A trigram index (SQLite FTS5 ``trigram``, PostgreSQL ``pg_trgm``) answers substrings of three letters and more, but most
Chinese words have two. So each letter is stored twice (``水表`` → ``水水表表``): a query of two letters is four letters long and uses
the index, and a doubled query is found in a doubled text exactly where the plain one is in the plain text.

In a doubled text three letters in a row are never all different. So three different letters make a mark that no text
can hold: one says the kind of the document, others whose it is, and the index answers them together with the words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from zlib import crc32

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from metrology.persistence.columns import Big, Code, Key
from metrology.persistence.database import Model

KIND_MARKS = {
    "instrument": "ins",
    "holder": "hol",
    "place": "pla",
    "certificate": "cer",
    "measurement_standard": "sta",
}
_FIRST_SYLLABLE, _THIRD_OF_SYLLABLES = 0xAC00, 3724
_SQLITE_INDEX = table("search_index", column("rowid"))


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
    body: Mapped[str] = mapped_column(Text, comment="marks, then text normalised and doubled, see document_body()")


def plain(text: str) -> str:
    """Text as it is compared: full-width to half-width, no case, no spaces or hyphens.

    >>> plain(' ＹＨ-１０００ 11 ')
    'yh100011'
    """
    folded_text = (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()
    return _UNCOMPARED.sub("", "".join(folded_text.split()))


_UNCOMPARED = re.compile("[-‐‑–—_'\"%\0]")


@lru_cache(maxsize=16384)
def doubled(text: str) -> str:
    """Each letter twice.

    >>> doubled('水表')
    '水水表表'
    """
    return "".join([letter + letter for letter in plain(text)])


@lru_cache(maxsize=16384)
def scope_mark(whose: str) -> str:
    """Three letters that stand for a district or holder: one trigram, hence one look-up in the index.

    Two may share a mark (the column is asked too); no doubled text holds one.

    >>> len(scope_mark("holder 1")), scope_mark("holder 1") == scope_mark("holder 2")
    (3, False)
    """
    number, letters = crc32(whose.encode()), ""
    for third in range(3):
        number, place = divmod(number, _THIRD_OF_SYLLABLES)
        letters += chr(_FIRST_SYLLABLE + third * _THIRD_OF_SYLLABLES + place)
    return letters


def document_body(kind: str, *parts: str | None, district_code: str | None = None, holder_id: int | None = None) -> str:
    """The searchable text of a thing behind its marks; parts do not run into each other."""
    marks = [KIND_MARKS[kind], *_scope_marks(district_code, holder_id)]
    return "\n".join([*marks, *dict.fromkeys(doubled(part) for part in parts if part)])


def _scope_marks(district_code: str | None, holder_id: int | None) -> Iterator[str]:
    if district_code is not None:
        yield scope_mark(f"district {district_code}")
    if holder_id is not None:
        yield scope_mark(f"holder {holder_id}")


def matching(
    session: Session,
    kind: str,
    words: Sequence[str],
    *,
    district_code: str | None = None,
    holder_id: int | None = None,
    also_without_district: bool = False,
) -> Select[int]:
    """Keys of the things of a kind whose text holds every word (plain, at least one of two letters), within a scope.

    ``also_without_district`` lets things through that lie in no district: they belong to everyone in the city.
    """
    marked_district = None if also_without_district else district_code
    terms = [KIND_MARKS[kind], *_scope_marks(marked_district, holder_id)]
    terms += [doubled(word) for word in words if len(word) > 1]
    statement = select(SearchDocument.object_id)
    if session.get_bind().dialect.name == "sqlite":
        found = " AND ".join(f'"{term}"' for term in terms)
        statement = statement.join_from(
            _SQLITE_INDEX, SearchDocument, SearchDocument.id == _SQLITE_INDEX.c.rowid
        ).where(literal_column("search_index").op("match")(found))
    else:
        statement = statement.where(*(_has(term) for term in terms))
    for word in words:
        if len(word) == 1:  # too short for the index: looked at in what the other words found
            statement = statement.where(SearchDocument.body.contains(doubled(word), autoescape=True))
    if holder_id is not None:
        statement = statement.where(SearchDocument.holder_id == holder_id)
    if district_code is not None:
        own = SearchDocument.district_code == district_code
        statement = statement.where(or_(own, SearchDocument.district_code.is_(None)) if also_without_district else own)
    return statement


def _has(term: str) -> ColumnElement[bool]:
    """The text holds a term, which stands in the statement itself: PostgreSQL cannot plan by the index for a word it does not know.

    It plans a statement that is asked often once and for all, and then reads all that a common word finds for the first few.
    """
    escaped = term.replace("/", "//").replace("%", "/%").replace("_", "/_")
    pattern = bindparam(None, f"%{escaped}%", String, unique=True, literal_execute=True)
    return SearchDocument.body.like(pattern, escape="/")


def holds(session: Session, kind: str, key: InstrumentedAttribute[int], words: Sequence[str]) -> ColumnElement[bool]:
    """Whether the document of a row holds every word, looked at row by row: for words that so many hold that an index is no help."""
    find = func.instr if session.get_bind().dialect.name == "sqlite" else func.strpos
    found = [find(SearchDocument.body, doubled(word)) > 0 for word in words]
    return exists().where(SearchDocument.kind == kind, SearchDocument.object_id == key, *found)
