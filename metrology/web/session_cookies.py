"""Flask's signed session cookie, without making a signer for each visitor who has none."""

from __future__ import annotations

from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin


class SessionCookies(SecureCookieSessionInterface):
    """The same cookie; its signer is made once for a key, and not at all for who brings no cookie."""

    def __init__(self) -> None:
        self._made: tuple[Any, Any] | None = None

    def get_signing_serializer(self, app: Flask) -> Any:
        """The signer of the present keys."""
        keys = (app.secret_key, tuple(app.config.get("SECRET_KEY_FALLBACKS") or ()))
        if self._made is None or self._made[0] != keys:
            self._made = (keys, super().get_signing_serializer(app))
        return self._made[1]

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie holds; nothing where there is none."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Nothing to keep of a visitor who brought nothing and was given nothing; the answer says what it looked at."""
        if session or session.modified or self.get_cookie_name(app) in request.cookies:
            super().save_session(app, session, response)
        elif session.accessed:
            response.headers.add("Vary", "Cookie")
