"""Column types shared by the tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import mapped_column

from metrology.persistence.canonical import encoded
from metrology.persistence.database import UtcDateTime

Big = BigInteger().with_variant(Integer, "sqlite")
"""64-bit key; SQLite's rowid is one already, and only INTEGER PRIMARY KEY grows by itself there."""
Json = JSON().with_variant(JSONB(), "postgresql")


class _CanonicalText(JSON):
    """JSON whose text is the very bytes that are hashed (``persistence.canonical``)."""

    def adapt(self, cls: Any, **kw: Any) -> Any:  # noqa: ARG002 - SQLAlchemy's own signature
        """Itself, where the dialect would put the usual JSON in its place."""
        return self

    def bind_processor(self, dialect: Any) -> Any:  # noqa: ARG002 - SQLAlchemy's own signature
        """The text of a value."""
        return lambda value: encoded(value).decode()


CanonicalJson = Json.with_variant(_CanonicalText(), "sqlite")
"""JSON that SQLite keeps in the form that is hashed, so that its fingerprint needs no parsing; JSONB has a form of its own."""

Key = Annotated[int, mapped_column(Big, primary_key=True, autoincrement=True)]
Code = Annotated[str, mapped_column(String(40))]
Name = Annotated[str, mapped_column(String(200))]
Line = Annotated[str, mapped_column(String(200), default="")]
Words = Annotated[str, mapped_column(Text, default="")]
Day = Annotated[date, mapped_column(Date)]
Instant = Annotated[datetime, mapped_column(UtcDateTime)]
Facts = Annotated[dict[str, Any], mapped_column(Json, default=dict)]
"""Exact values as text, by key. Replace the whole value: changes inside are not seen."""


def reference(target: str, **options: Any) -> Any:
    """Column that refers to another table's key; referred rows are never deleted under it."""
    unique = options.pop("unique", False)
    options.setdefault("index", not unique)
    options.setdefault("nullable", False)
    return mapped_column(Big, ForeignKey(target), unique=unique or None, **options)


def sparse_index(name: str, column: str) -> Index:
    """Index of a column that few rows fill: NULLs are left out of it.

    With them SQLite's statistics say that each value stands for nearly all rows, and its planner then reads the whole table
    for every look-up.
    """
    filled = text(f"{column} is not null")
    return Index(name, column, sqlite_where=filled, postgresql_where=filled)
