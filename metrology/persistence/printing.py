"""What waits to be printed and what was printed, by whom and when; and packages of papers to be fetched."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.certificates import Certificate
from metrology.persistence.columns import Big, Instant, Key, Line, Name, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import Institute, User

PRINT_KINDS = ("certificate", "label", "mark")
PRINT_STATES = ("waiting", "printed", "withdrawn")


class PrintItem(Model):
    """A paper to be printed: a certificate, the label of an instrument, or the 合格 mark of a certificate.

    A printed row stays as it is; printing again is a new row with its reason.
    """

    __tablename__ = "print_item"
    __table_args__ = (
        CheckConstraint("kind in " + str(PRINT_KINDS), name="kind_known"),
        CheckConstraint("state in " + str(PRINT_STATES), name="state_known"),
        CheckConstraint("(kind = 'label') = (certificate_id is null)", name="paper_named"),
        CheckConstraint("(state = 'printed') = (printed_at is not null)", name="printed_has_time"),
        CheckConstraint("state <> 'printed' or copies >= 1", name="printed_has_copies"),
        CheckConstraint("not is_again or reason <> ''", name="again_has_reason"),
        Index(
            "uq_print_item_waiting",
            "kind",
            "instrument_id",
            "certificate_id",
            unique=True,
            sqlite_where=text("state = 'waiting' and certificate_id is not null"),
            postgresql_where=text("state = 'waiting' and certificate_id is not null"),
        ),
        Index(
            "uq_print_item_waiting_label",
            "instrument_id",
            unique=True,
            sqlite_where=text("state = 'waiting' and certificate_id is null"),
            postgresql_where=text("state = 'waiting' and certificate_id is null"),
        ),
        Index("ix_print_item_state_id", "state", "id"),
        Index("ix_print_item_institute_id_state_id", "institute_id", "state", "id"),
    )

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(12))
    instrument_id: Mapped[int] = reference("instrument.id")
    certificate_id: Mapped[int | None] = reference("certificate.id", nullable=True)
    institute_id: Mapped[int | None] = reference("institute.id", nullable=True, index=False)
    for_user_id: Mapped[int | None] = reference("user.id", nullable=True)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    is_again: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[Line]
    asked_at: Mapped[Instant]
    printed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    printed_by_id: Mapped[int | None] = reference("user.id", nullable=True)
    copies: Mapped[int] = mapped_column(default=0)

    instrument: Mapped[Instrument] = relationship()
    certificate: Mapped[Certificate | None] = relationship()
    institute: Mapped[Institute | None] = relationship()
    for_user: Mapped[User | None] = relationship(foreign_keys=[for_user_id])
    printed_by: Mapped[User | None] = relationship(foreign_keys=[printed_by_id])

    @property
    def number(self) -> str:
        """By what people name it: the certificate's number, or the instrument's."""
        return self.certificate.number if self.certificate is not None else self.instrument.number


class PaperPackage(Model):
    """Papers of many instruments in one ZIP file, made in the background, fetched until it expires."""

    __tablename__ = "paper_package"
    __table_args__ = (
        CheckConstraint("state in ('making', 'ready', 'expired', 'failed')", name="state_known"),
        CheckConstraint("state <> 'ready' or (sha256 <> '' and expires_at is not null)", name="ready_is_whole"),
        Index("ix_paper_package_state_expires_at", "state", "expires_at"),
        Index("ix_paper_package_made_for_id_id", "made_for_id", "id"),
    )

    id: Mapped[Key]
    title: Mapped[Name]
    made_for_id: Mapped[int] = reference("user.id", index=False)
    task_id: Mapped[int | None] = reference("task.id", nullable=True, index=False)
    state: Mapped[str] = mapped_column(String(10), default="making")
    papers: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(Big, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    asked_at: Mapped[Instant]
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    made_for: Mapped[User] = relationship()
