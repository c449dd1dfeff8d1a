"""API tokens for tests."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from metrology.domain.token_scopes import scopes_for
from metrology.persistence.people import User
from metrology.services import api_tokens
from metrology.services.api_tokens import TokenFacts
from metrology.services.signing_in import actor_of
from tests.conftest import NOW, TODAY


def create_token(session: Session, user: User, *scopes: str, name: str = "test", **facts: Any) -> str:
    """A token of an account with some scopes (all its roles reach when none is named), flushed."""
    given = TokenFacts(name, scopes or scopes_for(user.role_names), facts.pop("expires_on", TODAY.replace(year=2028)))
    _row, token = api_tokens.make(session, actor_of(user), user, given, today=TODAY, now=NOW)
    return token


class Program:
    """A program that asks with a token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client, self.token = client, token

    def ask(self, method: str, address: str, *, key: str = "", match: str = "", **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en", **more.pop("headers", {})}
        headers |= {"Idempotency-Key": key} if key else {}
        headers |= {"If-Match": match} if match else {}
        path = address if address.startswith("/") else f"/api/v1/{address}"
        return self.client.open(path, method=method, headers=headers, **more)

    def get(self, address: str, **more: Any) -> TestResponse:
        return self.ask("GET", address, **more)

    def post(self, address: str, content: Any = None, **more: Any) -> TestResponse:
        return self.ask("POST", address, **({"json": content} if content is not None else {}), **more)

    def patch(self, address: str, content: Any, **more: Any) -> TestResponse:
        return self.ask("PATCH", address, json=content, **more)
