"""One-time codes of an authenticator app: each serves once, wrong ones count towards the lock, QR codes are drawn here."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from flask_security import MfRecoveryCodesUtil, Totp
from passlib.exc import TokenError
from sqlalchemy import select

from metrology.documents.qr import qr_svg
from metrology.persistence.database import db
from metrology.persistence.people import User
from metrology.services import signing_in
from metrology.web.requests import now


def recovery_key(totp_key: str) -> bytes:
    """Key under which recovery codes are kept, derived from the one of the secrets."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"recovery codes\n{totp_key}".encode()).digest())


class OneTimeCodes(Totp):
    """Codes by RFC 6238, with the protection against replay that Flask-Security leaves to the application."""

    def verify_totp(self, token: str, totp_secret: str, user: Any, window: int = 0) -> bool:
        """Whether a code is right, new, and the account not locked."""
        if signing_in.is_locked(user, now=now()):
            return False
        try:
            match = self._totp.verify(token, totp_secret, window=window, last_counter=None)
        except (TokenError, ValueError, TypeError):
            return False
        return signing_in.take_code(db.session(), user, match.counter)

    def generate_qrcode(self, username: str, totp: str) -> str:
        """Image of the set-up address, as a data URL."""
        picture = qr_svg(self.get_totp_uri(username, totp))
        return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()


class RecoveryCodes(MfRecoveryCodesUtil):
    """Codes for one who lost the phone; wrong ones count towards the lock like wrong passwords."""

    def check_recovery_code(self, user: Any, code: str) -> bool:
        """Whether a code is one of the account's own and the account is not locked."""
        db.session.execute(select(User.id).where(User.id == user.id).with_for_update())  # of two at once, one waits
        db.session.refresh(user, ["mf_recovery_codes", "locked_until"])
        if signing_in.is_locked(user, now=now()):
            return False
        if super().check_recovery_code(user, code.strip().lower()):
            return True
        user.track_failed_authn("recovery_code", tfa=True)
        return False

    def delete_recovery_code(self, user: Any, code: str) -> bool:
        """Take a code off, so that it serves once."""
        return bool(super().delete_recovery_code(user, code.strip().lower()))
