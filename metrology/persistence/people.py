"""Accounts with their roles and scope, qualifications of verifiers, institutes, and the sessions that are open."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_security.core import RoleMixin, UserMixin
from flask_security.datastore import AsaList
from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Index, String, Table, text
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Big, Code, Day, Instant, Key, Line, Name, Words, reference
from metrology.persistence.database import Model, UtcDateTime

user_role = Table(
    "user_role",
    Model.metadata,
    Column("user_id", Big, ForeignKey("user.id"), primary_key=True),
    Column("role_id", Big, ForeignKey("role.id"), primary_key=True),
)


class Role(Model, RoleMixin):
    """One of ``domain.authority.ROLES``; what it may do stands there, not here."""

    __tablename__ = "role"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(40), unique=True)
    description: Mapped[Line]
    permissions: Mapped[Any] = mapped_column(MutableList.as_mutable(AsaList()), nullable=True)


class Institute(Model):
    """A body authorised to verify (法定计量检定机构): what its certificates say about it."""

    __tablename__ = "institute"

    id: Mapped[Key]
    name: Mapped[Name]
    name_en: Mapped[Line]
    short_code: Mapped[str] = mapped_column(
        String(20), unique=True, comment="begins every certificate number it issues"
    )
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    authorisation_number: Mapped[Line]
    authorised_until: Mapped[Day | None]
    district_code: Mapped[str | None] = mapped_column(ForeignKey("district.code"))
    address: Mapped[Line]
    postcode: Mapped[Line]
    phone: Mapped[Line]
    fax: Mapped[Line]
    email: Mapped[Line]
    website: Mapped[Line]
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


class User(Model, UserMixin):
    """A person with an account."""

    __tablename__ = "user"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="has_name"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        Index("ix_user_name_id", "name", "id"),
    )

    id: Mapped[Key]
    email: Mapped[str] = mapped_column(String(255), unique=True)
    username: Mapped[str | None] = mapped_column(String(255), unique=True)
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    tf_phone_number: Mapped[str | None] = mapped_column(String(128))
    tf_last_counter: Mapped[int | None] = mapped_column(
        Big, comment="step of the last one-time code taken: none serves twice"
    )
    mf_recovery_codes: Mapped[Any] = mapped_column(MutableList.as_mutable(AsaList()), nullable=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    name: Mapped[Name]
    phone: Mapped[Line]
    language: Mapped[str] = mapped_column(String(20), default="zh_Hans_CN")
    district_code: Mapped[str | None] = mapped_column(
        ForeignKey("district.code"), index=True, comment="scope of the account; empty means the whole city"
    )
    holder_id: Mapped[int | None] = reference("holder.id", nullable=True)
    institute_id: Mapped[int | None] = reference("institute.id", nullable=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[Instant]
    last_login_on: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    """Of what administrators say of the account (``persistence.versions``): logging in is no change of it."""

    roles: Mapped[list[Role]] = relationship(  # type: ignore[assignment] # a list of roles, where the mixin says any
        secondary=user_role, lazy="selectin"
    )
    institute: Mapped[Institute | None] = relationship(lazy="joined", innerjoin=False)
    qualifications: Mapped[list[Qualification]] = relationship(back_populates="user", order_by="Qualification.id")

    @property
    def role_names(self) -> frozenset[str]:
        """Names of the roles held."""
        return frozenset(role.name for role in self.roles)


class Qualification(Model):
    """What a verifier may verify (注册计量师注册项目): one type, or all with ``type_code`` ``*``.

    What a row says never changes (a trigger refuses it): it ends early by ``ended_on``; what was wrong, or is prolonged, is
    replaced by another row, and one that was replaced counts for nothing.
    """

    __tablename__ = "qualification"
    __table_args__ = (
        Index(
            "uq_qualification_kept",
            "user_id",
            "certificate_number",
            "type_code",
            unique=True,
            sqlite_where=text("replaced_by_id is null and ended_on is null"),
            postgresql_where=text("replaced_by_id is null and ended_on is null"),
        ),
        CheckConstraint("valid_until >= valid_from", name="days_in_order"),
        Index("ix_qualification_type_code_valid_until", "type_code", "valid_until"),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = reference("user.id")
    type_code: Mapped[Code]
    certificate_number: Mapped[Name]
    grade: Mapped[Line]
    valid_from: Mapped[Day]
    valid_until: Mapped[Day]
    notes: Mapped[Words]
    ended_on: Mapped[date | None] = mapped_column(Date, comment="first day on which it holds no more")
    end_reason: Mapped[str] = mapped_column(String(200), default="", server_default="")
    replaced_by_id: Mapped[int | None] = reference("qualification.id", nullable=True, index=False)
    recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="empty: before such days were kept")
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    user: Mapped[User] = relationship(back_populates="qualifications")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form

    @property
    def is_kept(self) -> bool:
        """Whether it counts: not replaced by another row."""
        return self.replaced_by_id is None

    def holds_on(self, day: date) -> bool:
        """Whether it covers a day."""
        return (
            self.is_kept
            and self.valid_from <= day <= self.valid_until
            and (self.ended_on is None or day < self.ended_on)
        )


class LoginSession(Model):
    """A signed-in browser. The cookie names it by a random value of which only the hash is kept; ending it here ends it."""

    __tablename__ = "login_session"

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = reference("user.id")
    created_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ip: Mapped[Line]
    browser: Mapped[Line]

    user: Mapped[User] = relationship()


class AccountLink(Model):
    """A link that works once: to choose a password, or to create the first administrator. Only the hash of its token is kept."""

    __tablename__ = "account_link"
    __table_args__ = (CheckConstraint("purpose in ('first_administrator', 'password')", name="purpose_known"),)

    id: Mapped[Key]
    purpose: Mapped[Code]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int | None] = reference("user.id", nullable=True)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="used, or replaced by a newer link")

    user: Mapped[User | None] = relationship()


class RateBucket(Model):
    """How often something was tried in a window (failed log-ins, look-ups of codes), shared by all processes."""

    __tablename__ = "rate_bucket"

    key: Mapped[str] = mapped_column(String(120), primary_key=True, comment="purpose and a keyed hash of who")
    window_start: Mapped[Instant] = mapped_column(UtcDateTime, primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
