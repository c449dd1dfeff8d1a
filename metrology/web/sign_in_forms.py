"""Forms of signing in, passwords and second factors: Flask-Security's, with our words, lock and limits."""

from __future__ import annotations

import logging
from typing import Any, cast

from flask import request, session
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_security import (
    ChangePasswordForm,
    LoginForm,
    PasswordUtil,
    TwoFactorRescueForm,
    TwoFactorSetupForm,
    TwoFactorVerifyCodeForm,
    VerifyForm,
    hash_password,
)
from flask_security.proxies import _security
from flask_security.recovery_codes import MfRecoveryForm
from sqlalchemy import select
from wtforms import EmailField, PasswordField, RadioField, StringField
from wtforms.validators import InputRequired, Length

from metrology.persistence.database import db, reading
from metrology.persistence.people import User
from metrology.services import signing_in
from metrology.services.passwords import password_refusal
from metrology.web import rates
from metrology.web.choices import choices
from metrology.web.problems import sentence_of
from metrology.web.requests import now

log = logging.getLogger(__name__)
_GIVEN = {"autocomplete": "current-password"}
_NEW = {"autocomplete": "new-password"}
_CODE = {"autocomplete": "one-time-code", "inputmode": "numeric"}
WRONG = _l("The mail address or the password is wrong, or the account is locked for a while after many wrong attempts.")


class Passwords(PasswordUtil):
    """The rule of ``services.passwords`` where Flask-Security asks."""

    def validate(self, password: str, is_register: bool, **kwargs: Any) -> tuple[list[str] | None, str]:  # noqa: ARG002 - its signature
        """What is wrong with a new password (None when nothing is), and the password in its normal form."""
        normal = self.normalize(password)
        user = kwargs.get("user")
        known = (user.name, user.email, user.phone) if user else ()
        problem = password_refusal(normal, known=known)
        return ([sentence_of(problem)] if problem else None), normal


class SignInForm(LoginForm):
    """Mail address and password. Whatever is wrong, the answer and the time it takes are the same."""

    email = EmailField(_l("Mail address"), [InputRequired(), Length(max=255)], render_kw={"autocomplete": "username"})
    password = PasswordField(_l("Password"), [InputRequired(), Length(max=512)], render_kw=_GIVEN)
    remember = None
    """Sessions end on the server; a cookie that opens new ones would outlive them."""

    def validate(self, **kwargs: Any) -> bool:
        """Whether this is an active, unlocked account and its password; sets ``user``."""
        if not super(LoginForm, self).validate(**kwargs):
            return False
        rates.count(rates.LOGIN)
        user = self._look_up()
        given = _security.password_util.normalize(self.password.data)
        if not self._is_right(user, given):
            self.form_errors.append(WRONG)
            return False
        rates.forgive(rates.LOGIN)
        self.user, self.ifield, self.user_authenticated = user, self.email, True
        session["password_at"] = int(now().timestamp())
        return True

    def _look_up(self) -> User | None:
        """The account, read in a transaction that ends here: no lock is held while the password is hashed."""
        with reading():
            user = db.session.scalar(select(User).where(User.email == self.email.data.strip().lower()))
            db.session.commit()
        return user

    def _is_right(self, user: User | None, given: str) -> bool:
        if user is None or not user.password:
            hash_password(given)  # takes as long as comparing would
            log.info("log-in refused: no such account, or it has no password")
            return False
        matches = user.verify_and_update_password(given)
        if signing_in.is_locked(user, now=now()) or not user.active:
            log.info("log-in refused: account %s is locked or inactive", user.id)
            return False
        if not matches:
            user.track_failed_authn("password")
        return bool(matches)


class PasswordAgainForm(VerifyForm):
    """The password once more, before something that matters."""

    password = PasswordField(_l("Password"), [InputRequired(), Length(max=512)], render_kw=_GIVEN)

    def validate(self, **kwargs: Any) -> bool:
        """Whether it is right; many wrong ones lock the account."""
        db.session.commit()  # holds nothing yet; no lock is kept while hashing
        if signing_in.is_locked(cast("User", self.user), now=now()):
            self.password.errors = [WRONG]
            return False
        return bool(super().validate(**kwargs))


class NewPasswordForm(ChangePasswordForm):
    """The password of now, and the new one twice."""

    password = PasswordField(_l("Current password"), [InputRequired(), Length(max=512)], render_kw=_GIVEN)
    new_password = PasswordField(_l("New password"), [InputRequired(), Length(max=512)], render_kw=_NEW)
    new_password_confirm = PasswordField(_l("New password again"), [InputRequired(), Length(max=512)], render_kw=_NEW)

    def validate(self, **kwargs: Any) -> bool:
        """Whether the current one is right, the two are the same, and the rule allows it."""
        if not super(ChangePasswordForm, self).validate(**kwargs):
            return False
        db.session.commit()  # holds nothing yet; no lock is kept while hashing
        field, words = self._refusal()
        if field is None:
            return True
        field.errors = [words]
        return False

    def _refusal(self) -> tuple[Any, Any]:
        normal = _security.password_util.normalize
        if signing_in.is_locked(current_user, now=now()):
            return self.password, WRONG
        if self.new_password.data != self.new_password_confirm.data:
            return self.new_password_confirm, _l("The two passwords are not the same.")
        if not current_user.verify_and_update_password(normal(self.password.data)):
            current_user.track_failed_authn("password")
            return self.password, _l("The password is wrong.")
        if normal(self.new_password.data) == normal(self.password.data):
            return self.new_password, _l("The new password is the old one.")
        refused, self.new_password.data = _security.password_util.validate(
            self.new_password.data, is_register=False, user=current_user
        )
        return (self.new_password, refused[0]) if refused else (None, "")


class SecondFactorForm(TwoFactorSetupForm):
    """Turn the second factor on or off: an authenticator app is the only method, since it needs neither mail nor network."""

    setup = RadioField(
        _l("Second factor"),
        choices=choices([("disable", _l("Turn off")), ("authenticator", _l("Authenticator app"))]),
        validate_choice=False,
    )


class CodeForm(TwoFactorVerifyCodeForm):
    """Six digits from the app."""

    code = StringField(_l("Code of six digits"), [InputRequired(), Length(max=12)], render_kw=_CODE)


class RescueForm(TwoFactorRescueForm):
    """Without the phone: a recovery code. There is no way round by mail; the administrator can remove the second factor."""

    help_setup = RadioField(_l("Without the phone"), choices=[])


class RecoveryCodeForm(MfRecoveryForm):
    """One of the recovery codes written down."""

    code = StringField(_l("Recovery code"), [InputRequired(), Length(max=40)], render_kw={"autocomplete": "off"})


def browser_of() -> str:
    """What the browser says it is, as short as the table keeps it."""
    return request.user_agent.string[:200]
