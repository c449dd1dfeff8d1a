"""What people have stated about numbers of the law (appended only), and the mark that tells processes when the law has changed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Instant, Key, Line, Words, reference
from metrology.persistence.database import Model
from metrology.persistence.people import User


class NumberConfirmation(Model):
    """A statement about one number of one edition: it stands in the text, the text says otherwise, or neither any more.

    The last row of a number counts, and only while the number still has the value the row speaks of.
    """

    __tablename__ = "number_confirmation"
    __table_args__ = (
        CheckConstraint("finding in ('confirmed', 'disputed', 'withdrawn')", name="finding_known"),
        CheckConstraint("finding <> 'confirmed' or length(document) > 0", name="confirmed_has_document"),
        CheckConstraint("finding <> 'disputed' or length(text_says) > 0", name="disputed_has_text"),
        Index("ix_number_confirmation_type_code_id", "type_code", "id"),
    )

    id: Mapped[Key]
    type_code: Mapped[str] = mapped_column(ForeignKey("instrument_type.code"))
    edition_code: Mapped[Line]
    number_key: Mapped[str] = mapped_column(String(80), comment="`edition` speaks of the day it took force")
    value: Mapped[Line] = mapped_column(String(200), default="", comment="the value spoken of, as text with its unit")
    finding: Mapped[str] = mapped_column(String(12))
    text_says: Mapped[Line] = mapped_column(String(200), default="", comment="what stands in the text instead")
    document: Mapped[Line]
    clause: Mapped[Line]
    reason: Mapped[Words]
    stated_by_id: Mapped[int] = reference("user.id", index=False)
    stated_at: Mapped[Instant]

    stated_by: Mapped[User] = relationship()


class LawMark(Model):
    """One row whose mark is new whenever a statement or a version of rules changes: what was read under it still holds."""

    __tablename__ = "law_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(String(32), default="")
