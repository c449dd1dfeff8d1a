"""Signing in and out, sessions that end on the server, passwords and second factors (Flask-Security-Too)."""

from __future__ import annotations

from flask import Flask
from flask_security import Security, SQLAlchemyUserDatastore
from flask_wtf import CSRFProtect

from metrology.persistence.database import db
from metrology.persistence.people import Role, User

csrf = CSRFProtect()
security = Security()
datastore = SQLAlchemyUserDatastore(db, User, Role)


def init_app(app: Flask) -> None:
    """Set up accounts."""
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",
        SECURITY_PASSWORD_LENGTH_MIN=10,
        SECURITY_CHANGEABLE=True,
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_POST_LOGIN_VIEW="/",
        SECURITY_POST_LOGOUT_VIEW="/login",
        SECURITY_USER_IDENTITY_ATTRIBUTES=[{"email": {"mapper": str.strip, "case_insensitive": True}}],
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=app.config["METROLOGY"].is_https,
        WTF_CSRF_TIME_LIMIT=None,
    )
    csrf.init_app(app)
    security.init_app(app, datastore, register_blueprint=True)
