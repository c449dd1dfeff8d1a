"""What Flask-Security says, in our words: its English sentence → ours, translated. A test holds that it still says these."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_security.babel import FsDomain

SENTENCES: dict[str, Any] = {}
SAID = {
    "Authentication failed - identity or password/passcode invalid": _l(
        "The mail address or the password is wrong, or the account is locked for a while after many wrong attempts."
    ),
    "Invalid password": _l("The password is wrong."),
    "Password not provided": _l("Please type the password."),
    "Passwords do not match": _l("The two passwords are not the same."),
    "Your new password must be different than your previous password.": _l("The new password is the old one."),
    "You successfully changed your password.": _l("The password was changed. Other browsers were logged out."),
    "You must reauthenticate to access this endpoint": _l(
        "Please type your password once more: this changes how you log in."
    ),
    "Reauthentication successful": _l("Thank you. Please go on."),
    "Your code has been confirmed": _l("You are logged in."),
    "Invalid code": _l("This code is wrong, or it was used already. Wait for the next one."),
    "Recovery code invalid": _l("This recovery code is wrong, or it was used already."),
    "No recovery codes generated yet": _l("There are no recovery codes yet."),
    "You successfully changed your two-factor method.": _l(
        "The second factor is on. Now make recovery codes and keep them safe."
    ),
    "You successfully disabled two-factor authorization.": _l("The second factor is off."),
    "You currently do not have permissions to access this page": _l("Please log in again."),
    "Marked method is not valid": _l("Please choose one of those shown."),
    "Setup must be completed within %(within)s. Please start over.": _l("That took too long. Please start again."),
    "You must sign in to view this resource.": _l("Please log in."),
    "You do not have permission to view this resource.": _l("Your role does not allow this."),
    "You can only access this endpoint when not logged in.": _l("You are logged in already."),
    "Redirections outside the domain are forbidden": _l("This address lies outside the registry."),
    "Value entered is not valid for the field": _l("This cannot be read."),
}


class Words(FsDomain):
    """Gives our sentence for each of Flask-Security's that a person can meet."""

    def gettext(self, string: Any, **variables: Any) -> str:
        """A sentence in the language of the request."""
        ours = SAID.get(str(string))
        if ours is not None:
            return str(ours) % variables if variables else str(ours)
        return str(super().gettext(string, **variables))  # type: ignore[no-untyped-call]
