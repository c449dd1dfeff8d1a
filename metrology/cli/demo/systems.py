"""Another system that the example city could tell of changes: paused from the start, so that nothing is ever sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.people import User
from metrology.services import webhooks
from metrology.services.webhooks import WebhookFacts
from metrology.settings import Settings

ADDRESS = "https://water.demo.example/hooks/metrology"
"""Under ``example``, which RFC 2606 lets nobody own."""


def add_webhook(session: Session, people: Mapping[str, Actor], *, settings: Settings, now: datetime) -> None:
    """The water company's system, told of instruments and certificates once somebody resumes it."""
    admin = people["admin"]
    owner = session.get_one(User, admin.user_id)
    facts = WebhookFacts("自来水公司表务系统(示范)", ADDRESS, ("instrument", "certificate"))
    row, _secret = webhooks.make(session, admin, owner, facts, settings=settings, now=now)
    webhooks.pause(session, admin, row, now=now)
