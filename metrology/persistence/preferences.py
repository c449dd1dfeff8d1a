"""Settings kept in the registry (by administrators), saved filters and list layouts (by each person), numbers given out."""

from __future__ import annotations

from sqlalchemy import Boolean, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from metrology.persistence.columns import Code, Facts, Instant, Key, Name, Words, reference
from metrology.persistence.database import Model


class RegistrySetting(Model):
    """A setting of the bureau (name, rules of validity and numbering), journalled when changed."""

    __tablename__ = "registry_setting"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Words]
    updated_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


class SavedFilter(Model):
    """A filter of a list, as the query part of its URL."""

    __tablename__ = "saved_filter"
    __table_args__ = (UniqueConstraint("user_id", "page", "name"),)

    id: Mapped[Key]
    user_id: Mapped[int] = reference("user.id")
    page: Mapped[Code]
    name: Mapped[Name]
    query: Mapped[Words]
    is_shared: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[Instant]


class ListLayout(Model):
    """Columns and density a person chose for a list."""

    __tablename__ = "list_layout"
    __table_args__ = (UniqueConstraint("user_id", "page"),)

    id: Mapped[Key]
    user_id: Mapped[int] = reference("user.id")
    page: Mapped[Code]
    layout: Mapped[Facts]


class NumberSequence(Model):
    """The last number given out under a name (``certificate/XXJL/2026``). Numbers are never reused."""

    __tablename__ = "number_sequence"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)
