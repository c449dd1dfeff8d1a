"""Planned visits: which instruments, on which day, by whom."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Big, Instant, Key, Line, Name, Words, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import User
from metrology.persistence.places import Place

visit_verifier = Table(
    "visit_verifier",
    Model.metadata,
    Column("visit_id", Big, ForeignKey("visit.id"), primary_key=True),
    Column("user_id", Big, ForeignKey("user.id"), primary_key=True, index=True),
)


class Visit(Model):
    """One day's work at one place (or in one district) by one or more verifiers."""

    __tablename__ = "visit"
    __table_args__ = (
        CheckConstraint("state in ('planned', 'in_progress', 'done', 'cancelled')", name="state_known"),
        Index("ix_visit_planned_on_id", "planned_on", "id"),
        Index("ix_visit_state_planned_on_id", "state", "planned_on", "id"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    title: Mapped[Name]
    planned_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(20), default="planned")
    place_id: Mapped[int | None] = reference("place.id", nullable=True)
    district_code: Mapped[str | None] = mapped_column(ForeignKey("district.code"), index=True)
    notes: Mapped[Words]
    cancel_reason: Mapped[Line]
    created_by_id: Mapped[int | None] = reference("user.id", nullable=True)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1)

    place: Mapped[Place | None] = relationship()
    verifiers: Mapped[list[User]] = relationship(secondary=visit_verifier)
    items: Mapped[list[VisitItem]] = relationship(back_populates="visit", order_by="VisitItem.position")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


class VisitItem(Model):
    """An instrument on a visit. ``open_key`` is the instrument while planned and empty after, so that none is planned twice.

    Write it by ``put_on`` and ``take_off`` alone: their instant says on which days it was planned (``persistence.visits_then``).
    """

    __tablename__ = "visit_item"
    __table_args__ = (
        CheckConstraint("state in ('planned', 'done', 'not_found', 'not_possible', 'removed')", name="state_known"),
        UniqueConstraint("visit_id", "instrument_id"),
    )

    id: Mapped[Key]
    visit_id: Mapped[int] = reference("visit.id")
    instrument_id: Mapped[int] = reference("instrument.id")
    open_key: Mapped[int | None] = mapped_column(Big, unique=True)
    changed_at: Mapped[Instant] = mapped_column(comment="when open_key was last filled or emptied")
    position: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(20), default="planned")
    remark: Mapped[Line]

    visit: Mapped[Visit] = relationship(back_populates="items")
    instrument: Mapped[Instrument] = relationship()

    def put_on(self, instrument_id: int, now: datetime) -> None:
        """It is planned, whether or not it was on this visit before."""
        self.state = "planned"
        if self.open_key != instrument_id:
            self.open_key, self.changed_at = instrument_id, now

    def take_off(self, now: datetime) -> None:
        """It is free to be planned elsewhere; what became of it here, its state says."""
        if self.open_key is not None:
            self.open_key, self.changed_at = None, now


class CalendarFeed(Model):
    """A secret address under which a person's calendar fetches visits. Only the hash of its token is kept; a new one ends the old."""

    __tablename__ = "calendar_feed"

    id: Mapped[Key]
    user_id: Mapped[int] = reference("user.id")
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[Instant]
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_fetched_on: Mapped[date | None] = mapped_column(Date)

    user: Mapped[User] = relationship()
