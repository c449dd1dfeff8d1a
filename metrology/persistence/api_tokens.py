"""Tokens by which other systems act as an account, and the answers kept for requests that are sent twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Big, Day, Instant, Json, Key, Line, Name, Words, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.people import User


class ApiToken(Model):
    """A token: who it acts as, within which scopes, until when. Of the token itself only the hash is kept."""

    __tablename__ = "api_token"
    __table_args__ = (CheckConstraint("length(name) > 0", name="has_name"),)

    id: Mapped[Key]
    user_id: Mapped[int] = reference("user.id")
    name: Mapped[Name]
    prefix: Mapped[str] = mapped_column(
        String(24), unique=True, comment="begins the token; found by it, in logs and leaks"
    )
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[Any] = mapped_column(Json, default=list)
    created_by_id: Mapped[int | None] = reference("user.id", nullable=True)
    created_at: Mapped[Instant]
    expires_on: Mapped[Day] = mapped_column(comment="last day on which it is taken")
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_ip: Mapped[Line]
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replaced_by_id: Mapped[int | None] = reference("api_token.id", nullable=True, index=False)

    user: Mapped[User] = relationship(foreign_keys=[user_id])


class KeptAnswer(Model):
    """What a request with an ``Idempotency-Key`` was answered, written with its change: sent again, it gets the same answer."""

    __tablename__ = "api_answer"
    __table_args__ = (Index("ix_api_answer_kept_at", "kept_at"),)

    token_id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64), comment="of method, address and body")
    status: Mapped[int] = mapped_column(default=0, comment="0 while the request is worked on, in its own transaction")
    headers: Mapped[Any] = mapped_column(Json, default=dict)
    body: Mapped[Words]
    kept_at: Mapped[Instant]
