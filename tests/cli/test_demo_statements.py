"""The example city's papers and systems: targets of the year, last year locked, last month waiting; a webhook that sends nothing."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.cli.demo.statements import TARGETS, file_statements
from metrology.cli.demo.systems import add_webhook
from metrology.domain.indicator import BY_CODE
from metrology.persistence.statements import Statement
from metrology.persistence.webhooks import WebhookEndpoint
from metrology.services.indicators import target_of
from tests.conftest import NOW, TODAY
from tests.hooks import settings_for
from tests.people import create_user
from tests.records import actor_of


def test_a_newcomer_finds_targets_a_locked_year_and_a_draft(session: Session) -> None:
    people = {role: actor_of(create_user(session, role)) for role in ("manager", "officer", "approver")}
    file_statements(session, people, today=TODAY, now=NOW)
    rows = session.execute(select(Statement.period, Statement.first_day, Statement.state).order_by(Statement.id)).all()
    assert [tuple(row) for row in rows] == [
        ("year", date(2025, 1, 1), "approved"),
        ("month", date(2026, 10, 1), "draft"),
    ]
    assert set(TARGETS) < set(BY_CODE)
    assert all(target_of(session, code, TODAY) is not None for code in TARGETS)


def test_a_newcomer_finds_a_webhook_that_sends_nothing(session: Session) -> None:
    add_webhook(session, {"admin": actor_of(create_user(session, "administrator"))}, settings=settings_for(), now=NOW)
    row = session.scalars(select(WebhookEndpoint)).one()
    assert (row.state, row.kinds) == ("paused", ["instrument", "certificate"])
    assert urlsplit(row.url).hostname.endswith(".example")
