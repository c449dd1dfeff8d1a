"""Webhooks for tests."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.people import User
from metrology.persistence.webhooks import WebhookEndpoint
from metrology.services import webhook_sending, webhooks
from metrology.services.webhook_sending import Round, Sender
from metrology.services.webhooks import WebhookFacts
from metrology.settings import Settings
from tests.conftest import NOW, TODAY
from tests.people import create_user

ADMINISTRATOR = Actor(None, "Zhao", frozenset({"administrator"}))


def settings_for(*hosts: str) -> Settings:
    """The settings of the installation, with hosts to which webhooks may go."""
    return dataclasses.replace(current_app.config["METROLOGY"], webhook_hosts=",".join(hosts))


def create_webhook(
    session: Session, url: str = "https://erp.example.cn/in", *, owner: User | None = None, **said: Any
) -> tuple[WebhookEndpoint, str]:
    """An endpoint of an officer's account and its secret, committed; it begins behind the last change."""
    owner = owner or create_user(session, "officer")
    host = url.split("/")[2]
    facts = WebhookFacts(said.pop("name", "ERP"), url, said.pop("kinds", webhooks.reader_of(owner).kinds))
    session.commit()
    made = webhooks.make(session, ADMINISTRATOR, owner, facts, settings=settings_for(host), now=NOW, **said)
    session.commit()
    return made


def send(
    session: Session,
    *hosts: str,
    at: datetime = NOW,
    today: date = TODAY,
    name: str = "w1",
    post: Callable[..., Any] | None = None,
) -> Round:
    """One round of sending."""
    session.commit()
    more = {} if post is None else {"post": post}
    done = webhook_sending.send_due(
        Sender(session, settings_for(*hosts), name, lambda: at, today, chance=lambda: 0.0, **more)
    )
    session.expire_all()
    return done
