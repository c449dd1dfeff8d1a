"""Endpoints of other systems to which changes are told, and the messages sent to them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, Index, String, exists, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from metrology.persistence.columns import Big, Code, Instant, Json, Key, Line, Name, Words, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.journal import JournalHead
from metrology.persistence.people import User


class WebhookEndpoint(Model):
    """Where changes are told to: whose rights decide what, which kinds, and how far in the feed it is."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="has_name"),
        CheckConstraint("state in ('active', 'paused', 'ended')", name="state_known"),
        Index("ix_webhook_endpoint_state_next_try_at", "state", "next_try_at"),
    )

    id: Mapped[Key]
    name: Mapped[Name]
    url: Mapped[str] = mapped_column(String(500))
    owner_id: Mapped[int] = reference("user.id")
    kinds: Mapped[Any] = mapped_column(Json, default=list, comment="of the change feed")
    state: Mapped[str] = mapped_column(String(10), default="active")
    stopped_because: Mapped[str] = mapped_column(
        String(40), default="", comment="why the registry paused it; empty where a person did"
    )
    secret: Mapped[Words] = mapped_column(comment="sealed under a key in keys/")
    previous_secret: Mapped[Words] = mapped_column(comment="sealed; signs too until previous_until")
    previous_until: Mapped[date | None] = mapped_column(Date, comment="last day")
    cursor: Mapped[str] = mapped_column(String(60), comment="of the change feed: behind what was delivered last")
    seq: Mapped[int] = mapped_column(Big, default=0, comment="entry of the journal the cursor stands behind")
    tries: Mapped[int] = mapped_column(default=0, comment="in vain, since it last took a message")
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_try_at: Mapped[Instant]
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_owner: Mapped[Line]
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    created_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    """Of its name, address and kinds (``persistence.versions``): delivering is no change of them."""

    owner: Mapped[User] = relationship(foreign_keys=[owner_id])


class WebhookDelivery(Model):
    """One message to an endpoint: what is sent, the same at every try, and what became of it."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint("kind in ('changes', 'test')", name="kind_known"),
        CheckConstraint("state in ('waiting', 'delivered', 'failed', 'withdrawn')", name="state_known"),
        Index("ix_webhook_delivery_endpoint_id_id", "endpoint_id", "id"),
        Index("ix_webhook_delivery_created_at", "created_at"),
        Index(
            "uq_webhook_delivery_waiting", "endpoint_id", "kind", unique=True,
            sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'"),
        ),
    )  # fmt: skip

    id: Mapped[Key]
    endpoint_id: Mapped[int] = reference("webhook_endpoint.id", index=False)
    message_id: Mapped[str] = mapped_column(String(60), unique=True, comment="webhook-id: the same at every try")
    kind: Mapped[Code]
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    after: Mapped[str] = mapped_column(String(60), default="", comment="cursor before")
    upto: Mapped[str] = mapped_column(String(60), default="", comment="cursor behind")
    seq: Mapped[int] = mapped_column(Big, default=0, comment="entry of the journal upto stands behind")
    count: Mapped[int] = mapped_column(default=0, comment="changes in it")
    body: Mapped[Words] = mapped_column(comment="as it is sent")
    tries: Mapped[int] = mapped_column(default=0)
    last_status: Mapped[int | None]
    last_answer: Mapped[str] = mapped_column(
        String(500), default="", comment="how the answer began, or what went wrong"
    )
    created_at: Mapped[Instant]
    last_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def endpoints(session: Session) -> list[WebhookEndpoint]:
    """Every endpoint, those that have ended last."""
    statement = select(WebhookEndpoint).options(joinedload(WebhookEndpoint.owner))
    order = (WebhookEndpoint.state == "ended", WebhookEndpoint.id)
    return list(session.scalars(statement.order_by(*order).limit(500)))


def waiting(session: Session, endpoint_id: int, kind: str) -> WebhookDelivery | None:
    """The message of a kind that is not delivered yet; there is one at most."""
    return session.scalar(
        select(WebhookDelivery).where(
            WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.kind == kind, WebhookDelivery.state == "waiting"
        )
    )


def _is_waiting(kind: str) -> Any:
    table = WebhookDelivery
    return exists().where(table.endpoint_id == WebhookEndpoint.id, table.kind == kind, table.state == "waiting")


def _due(now: datetime) -> Any:
    """Free, and a test waits, or its time has come and there is something to tell."""
    table = WebhookEndpoint
    head = select(JournalHead.seq).where(JournalHead.id == 1).scalar_subquery()
    is_free = or_(table.lease_until.is_(None), table.lease_until < now)
    has_news = (table.state == "active") & (table.next_try_at <= now) & or_(table.seq < head, _is_waiting("changes"))
    return is_free & or_(has_news, (table.state != "ended") & _is_waiting("test"))


def claim(session: Session, owner: str, *, now: datetime, until: datetime) -> WebhookEndpoint | None:
    """Take the endpoint that has waited longest, under a lease; None when none is due or another process was first."""
    table = WebhookEndpoint
    first = session.scalar(select(table.id).where(_due(now)).order_by(table.next_try_at, table.id).limit(1))
    if first is None:
        return None
    taken = session.scalar(
        update(table)
        .where(table.id == first, _due(now))
        .values(lease_owner=owner, lease_until=until)
        .returning(table.id)
        .execution_options(synchronize_session=False)
    )
    return None if taken is None else session.get(table, taken, populate_existing=True)


def is_due(session: Session, *, now: datetime) -> bool:
    """Whether any endpoint waits to be told something."""
    return session.scalar(select(WebhookEndpoint.id).where(_due(now)).limit(1)) is not None


def holds(session: Session, endpoint_id: int, owner: str) -> bool:
    """Whether a turn is still ours."""
    table = WebhookEndpoint
    return session.scalar(select(table.id).where(table.id == endpoint_id, table.lease_owner == owner)) is not None


def note(session: Session, endpoint_id: int, owner: str, **values: Any) -> bool:
    """Write to an endpoint what its turn found, if the turn is still ours."""
    done = session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.lease_owner == owner)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def advance(session: Session, endpoint_id: int, owner: str, message: WebhookDelivery) -> None:
    """Move an endpoint behind a message that was taken; one that was set elsewhere meanwhile stays there."""
    table = WebhookEndpoint
    session.execute(
        update(table)
        .where(table.id == endpoint_id, table.lease_owner == owner, table.cursor == message.after)
        .values(cursor=message.upto, seq=message.seq)
        .execution_options(synchronize_session=False)
    )
