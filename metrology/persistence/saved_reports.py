"""Reports kept under a name, files made of them in the background, and who gets them by mail, when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from metrology.persistence.columns import Big, Code, Instant, Json, Key, Name, Words, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.people import User
from metrology.persistence.reminders import Notice

SHARING = ("private", "office", "staff")
RHYTHMS = ("workdays", "weekly", "monthly")


class SavedReport(Model):
    """A report with its filters, as the query part of its address. Who opens it sees what his own rights show."""

    __tablename__ = "saved_report"
    __table_args__ = (
        CheckConstraint("sharing in " + str(SHARING), name="sharing_known"),
        CheckConstraint("length(name) > 0", name="has_name"),
        Index("ix_saved_report_owner_id_id", "owner_id", "id"),
        Index("ix_saved_report_sharing_id", "sharing", "id"),
    )

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(40), comment="of services.report_kinds")
    name: Mapped[Name]
    query: Mapped[Words]
    owner_id: Mapped[int] = reference("user.id", index=False)
    sharing: Mapped[str] = mapped_column(
        String(8), default="private", comment="office: those of the owner's own district, or of none like him"
    )
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    owner: Mapped[User] = relationship(lazy="joined", innerjoin=True)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


class ReportFile(Model):
    """A file of an own list that was too large to be made while somebody waits; fetched by the one who asked."""

    __tablename__ = "report_file"
    __table_args__ = (
        CheckConstraint("state in ('making', 'ready', 'expired')", name="state_known"),
        CheckConstraint("state <> 'ready' or (sha256 <> '' and expires_at is not null)", name="ready_is_whole"),
        Index("ix_report_file_made_for_id_id", "made_for_id", "id"),
        Index("ix_report_file_state_expires_at", "state", "expires_at"),
    )

    id: Mapped[Key]
    title: Mapped[Name]
    query: Mapped[Words]
    form: Mapped[Code]
    language: Mapped[str] = mapped_column(String(20), default="zh_Hans_CN")
    made_for_id: Mapped[int] = reference("user.id", index=False)
    task_id: Mapped[int | None] = reference("task.id", nullable=True, index=False)
    state: Mapped[str] = mapped_column(String(10), default="making")
    rows: Mapped[int] = mapped_column(Big, default=0)
    size: Mapped[int] = mapped_column(Big, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    asked_at: Mapped[Instant]
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Subscription(Model):
    """That somebody gets a saved report by mail. It runs with its owner's rights of the day, or stops and says why."""

    __tablename__ = "report_subscription"
    __table_args__ = (
        CheckConstraint("rhythm in " + str(RHYTHMS), name="rhythm_known"),
        CheckConstraint("day between 0 and 31", name="day_in_range"),
        CheckConstraint("hour between 0 and 23", name="hour_in_range"),
        CheckConstraint("with_pdf or with_xlsx", name="sends_something"),
        CheckConstraint("state in ('active', 'paused', 'stopped', 'ended')", name="state_known"),
        CheckConstraint("(state = 'active') = (next_at is not null)", name="active_has_next"),
        Index("ix_report_subscription_next_at", "next_at", "id"),
        Index("ix_report_subscription_user_id_id", "user_id", "id"),
    )

    id: Mapped[Key]
    report_id: Mapped[int] = reference("saved_report.id")
    user_id: Mapped[int] = reference("user.id", index=False)
    rhythm: Mapped[str] = mapped_column(String(10))
    day: Mapped[int] = mapped_column(default=0, comment="weekday 1–7, day of the month 1–31 (its last when shorter)")
    hour: Mapped[int] = mapped_column(default=8, comment="Shanghai")
    with_pdf: Mapped[bool] = mapped_column(Boolean, default=True)
    with_xlsx: Mapped[bool] = mapped_column(Boolean, default=True)
    language: Mapped[str] = mapped_column(String(20), default="zh_Hans_CN")
    further: Mapped[Any] = mapped_column(
        Json, default=list, comment="further addresses, at domains the bureau allows; looked at again at each sending"
    )
    state: Mapped[str] = mapped_column(String(10), default="active")
    stopped_because: Mapped[str] = mapped_column(String(40), default="", comment="code of a problem")
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1)

    report: Mapped[SavedReport] = relationship(lazy="joined", innerjoin=True)
    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


class Delivery(Model):
    """That a subscription was served for a day. The key is the promise: once, whatever fails, however many schedulers run."""

    __tablename__ = "report_delivery"
    __table_args__ = (
        UniqueConstraint("subscription_id", "period", name="uq_report_delivery_once"),
        CheckConstraint("state in ('making', 'made', 'dropped')", name="state_known"),
    )

    id: Mapped[Key]
    subscription_id: Mapped[int] = reference("report_subscription.id", index=False)
    period: Mapped[str] = mapped_column(String(40), comment="the day (Shanghai), or the minute of one asked for now")
    state: Mapped[str] = mapped_column(String(10), default="making")
    dropped_because: Mapped[str] = mapped_column(String(40), default="", comment="code of a problem")
    task_id: Mapped[int | None] = reference("task.id", nullable=True, index=False)
    created_at: Mapped[Instant]
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    subscription: Mapped[Subscription] = relationship()
    letters: Mapped[list[Letter]] = relationship(order_by="Letter.id")


class Letter(Model):
    """One mail of a delivery: to its owner or to a further address."""

    __tablename__ = "report_letter"
    __table_args__ = (UniqueConstraint("delivery_id", "recipient", name="uq_report_letter_once"),)

    id: Mapped[Key]
    delivery_id: Mapped[int] = reference("report_delivery.id", index=False)
    recipient: Mapped[str] = mapped_column(String(255))
    notice_id: Mapped[int] = reference("notice.id")

    notice: Mapped[Notice] = relationship(lazy="joined", innerjoin=True)


class NoticeFile(Model):
    """A file that goes with notices. Its bytes are let go of some weeks after; what it was stays."""

    __tablename__ = "notice_file"
    __table_args__ = (Index("ix_notice_file_delivery_id_id", "delivery_id", "id"),)

    id: Mapped[Key]
    delivery_id: Mapped[int] = reference("report_delivery.id", index=False)
    name: Mapped[Name]
    media_type: Mapped[Name]
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    created_at: Mapped[Instant] = mapped_column(UtcDateTime, index=True)
