"""Signing in and out, sessions that end on the server, passwords and second factors (Flask-Security-Too).

Flask-Security checks passwords and codes; who is signed in is said by ``LoginSession`` rows only. Its tokens, its JSON answers
and its "remember me" cookie are switched off: each would outlive a session that was ended.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask_login import current_user, user_logged_out
from flask_security import (
    Security,
    SQLAlchemyUserDatastore,
    password_changed,
    tf_disabled,
    tf_profile_changed,
    user_authenticated,
    user_failed_authn,
)
from flask_security.utils import set_request_attr
from flask_wtf import CSRFProtect
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from metrology.persistence.database import db, is_reading, on_primary
from metrology.persistence.journal import record
from metrology.persistence.people import Role, User
from metrology.services import signing_in
from metrology.web import sign_in_forms as forms
from metrology.web.addresses import is_own_path
from metrology.web.beside import kept
from metrology.web.replicas import SAFE
from metrology.web.requests import now
from metrology.web.second_factor import OneTimeCodes, RecoveryCodes, recovery_key
from metrology.web.sentences.library import Words

log = logging.getLogger(__name__)
csrf = CSRFProtect()
datastore = SQLAlchemyUserDatastore(db, User, Role)
TOKEN = "login"  # noqa: S105 - the key in the cookie
FACTORS_WITHIN = timedelta(minutes=10)
"""Between the right password and the right code."""
_AWAITS_CODE = frozenset(
    ["security.two_factor_token_validation", "security.two_factor_rescue", "security.mf_recovery", "security.tf_select"]
)
_REFUSES = _AWAITS_CODE | {"security.login", "security.verify", "security.change_password"}
"""Pages of Flask-Security whose answer to a POST is a form again only when they refuse."""


def init_app(app: Flask) -> None:
    """Set up accounts."""
    _configure(app)
    csrf.init_app(app)
    security = Security(
        app,
        datastore,
        login_form=forms.SignInForm,
        verify_form=forms.PasswordAgainForm,
        change_password_form=forms.NewPasswordForm,
        two_factor_setup_form=forms.SecondFactorForm,
        two_factor_verify_code_form=forms.CodeForm,
        two_factor_rescue_form=forms.RescueForm,
        mf_recovery_form=forms.RecoveryCodeForm,
        password_util_cls=forms.Passwords,
        totp_cls=OneTimeCodes,
        mf_recovery_codes_util_cls=RecoveryCodes,
    )
    security.want_json(lambda _request: False)
    security.i18n_domain = Words(app)  # type: ignore[no-untyped-call]
    security.principal.identity_loaders.clear()  # permissions are ours; it would load the account for every style sheet
    security.login_manager.user_loader(_signed_in)
    security.login_manager.request_loader(lambda _request: None)
    app.before_request(_watch)
    app.after_request(_refusal)
    user_authenticated.connect(_begin, app)
    user_logged_out.connect(_end, app)
    user_failed_authn.connect(_failed, app)
    password_changed.connect(_password_changed, app)
    tf_profile_changed.connect(_factor_set, app)
    tf_disabled.connect(_factor_removed, app)


def _configure(app: Flask) -> None:
    settings = app.config["METROLOGY"]
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of a method
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        # OWASP ASVS 5.0, appendix C: argon2id with t=2, m ≥ 19 MiB, p=1; what was hashed otherwise is hashed again at log-in
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={
            "argon2__type": "ID",
            "argon2__time_cost": 2,
            "argon2__memory_cost": 32 * 1024,
            "argon2__parallelism": 1,
        },
        SECURITY_CHANGEABLE=True,
        SECURITY_CACHE_CONTROL=None,  # web/headers.py says it for every page
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_VERIFY_URL="/confirm-password",  # /verify is where anybody checks a certificate
        SECURITY_POST_LOGIN_VIEW="/",
        SECURITY_POST_LOGOUT_VIEW="/login",
        SECURITY_POST_CHANGE_VIEW="/sessions",
        SECURITY_USER_IDENTITY_ATTRIBUTES=[{"email": {"mapper": str.strip, "case_insensitive": True}}],
        SECURITY_API_ENABLED_METHODS=["session"],
        SECURITY_STATIC_FOLDER=None,
        SECURITY_FRESHNESS=timedelta(minutes=30),
        SECURITY_FRESHNESS_GRACE_PERIOD=timedelta(minutes=5),
        SECURITY_TWO_FACTOR=True,
        SECURITY_TWO_FACTOR_ENABLED_METHODS=["authenticator"],
        SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY=30,
        SECURITY_TWO_FACTOR_RESCUE_EMAIL=False,
        SECURITY_TOTP_SECRETS={"1": settings.totp_key},
        SECURITY_TOTP_ISSUER="Metrology registry",
        SECURITY_MULTI_FACTOR_RECOVERY_CODES=True,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES_N=8,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS=[recovery_key(settings.totp_key)],
        SESSION_COOKIE_NAME="__Host-metrology" if settings.is_https else "metrology",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        PERMANENT_SESSION_LIFETIME=signing_in.ABSOLUTE,
        WTF_CSRF_TIME_LIMIT=None,
    )


def _ip() -> str:
    return request.remote_addr or ""


def _signed_in(user_id: str) -> User | None:
    """The account of the session that the browser's token names (Flask-Login asks once in a request that needs it)."""
    token = session.get(TOKEN)
    if not token:
        return None
    with on_primary():  # a session ended elsewhere is ended here
        login = signing_in.find_session(db.session(), token, now=now())
        if login is None or login.user.fs_uniquifier != user_id:
            return None
    if signing_in.needs_touch(login, now=now()):
        _touch(login.id)
    g.login_session = login
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", session.get("fs_paa", 0))
    return login.user


def _touch(login_id: int) -> None:
    """Note that the session is used; when that cannot be written just now, the page is shown all the same."""
    if not is_reading():
        signing_in.touch(db.session(), login_id, now=now())
        return
    try:
        with kept() as writing:
            signing_in.touch(writing, login_id, now=now())
    except OperationalError:
        log.warning("last use of session %s could not be written", login_id, exc_info=True)


def _begin(_app: Flask, user: Any, authn_via: list[str] | None = None, **_known: Any) -> None:
    """All factors were right: a new session with a new token; a changed password ends the others."""
    account = getattr(user, "_get_current_object", lambda: user)()
    who = signing_in.actor_of(account, _ip())
    if authn_via == ["change"]:
        signing_in.end_sessions(db.session(), who, account, now=now())
    elif old := session.get(TOKEN):
        _end_token(old)
    session.pop("csrf_token", None)
    g.pop("csrf_token", None)
    g.pop("actor", None)
    session.pop("password_at", None)
    session[TOKEN] = signing_in.open_session(db.session(), account, now=now(), ip=_ip(), browser=forms.browser_of())


def _end(_app: Flask, **_known: Any) -> None:
    if token := session.pop(TOKEN, None):
        _end_token(token)


def _end_token(token: str) -> None:
    login = signing_in.find_session(db.session(), token, now=now())
    if login is not None:
        signing_in.end_session(db.session(), signing_in.actor_of(login.user, _ip()), login, now=now())


def _failed(_app: Flask, user: Any, **_known: Any) -> None:
    """Count it, and keep the count whatever the request answers."""
    account = getattr(user, "_get_current_object", lambda: user)()
    log.info("wrong password or code for account %s from %s", account.id, _ip())
    signing_in.note_failure(db.session(), account, now=now(), ip=_ip())
    db.session.commit()


def _password_changed(_app: Flask, user: Any, **_known: Any) -> None:
    _note(user, "user.password_changed")


def _factor_set(_app: Flask, user: Any, **_known: Any) -> None:
    _note(user, "user.second_factor_set")


def _factor_removed(_app: Flask, user: Any, **_known: Any) -> None:
    _note(user, "user.second_factor_removed")


def _note(user: Any, action: str) -> None:
    account = getattr(user, "_get_current_object", lambda: user)()
    record(db.session(), signing_in.actor_of(account, _ip()), action, account, at=now(), changes={})


def _watch() -> BaseResponse | None:
    """Before a page of Flask-Security: ``next`` stays here, and a code follows its password soon."""
    if request.blueprint != "security":
        return None
    given = [value for value in (request.args.get("next"), request.form.get("next")) if value]
    if not all(is_own_path(value) for value in given):
        if request.method in SAFE:
            return redirect(url_for(request.endpoint or "security.login", **(request.view_args or {})))
        abort(400)
    if request.endpoint in _AWAITS_CODE:
        if current_user.is_authenticated:  # nothing to do here; Flask-Security would log out who merely looks
            return redirect("/")
        age = now().timestamp() - session.get("password_at", 0)
        if age > FACTORS_WITHIN.total_seconds():
            session.pop("tf_user_id", None)
    return None


def _refusal(response: Response) -> Response:
    """A refused form answers 422 like everywhere here."""
    if request.method == "POST" and request.endpoint in _REFUSES and response.status_code == 200:
        response.status_code = 422
    return response


def hashed(password: str) -> str:
    """A password as it is kept."""
    security = current_app.extensions["security"]
    from flask_security import hash_password

    return str(hash_password(security.password_util.normalize(password)))
