"""What can be wrong with the registry's keys."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

SENTENCES: dict[str, Any] = {
    "key_list_refused": _l("The key list is refused (%(word)s). See the operations guide."),
    "key_not_opened": _l("The key in %(file)s cannot be opened: another passphrase, or the file was touched."),
    "key_still_signs": _l("The key %(kid)s still signs. Revoke it first."),
    "key_unknown": _l("No key has the id %(kid)s."),
    "keys_locked": _l("The keys are locked: the passphrase they were sealed under is not set."),
    "keys_not_made": _l("There are no keys yet. They are made when the registry is prepared."),
    "keys_not_opened": _l("The keys of this installation were not opened."),
    "no_signing_key": _l("No key may sign today (%(purpose)s). See the operations guide."),
    "passphrase_too_short": _l("A passphrase has at least %(least)s characters."),
    "purpose_unknown": _l("No key serves the purpose %(purpose)s."),
    "request_unreadable": _l("This is no key list to be signed, or it was touched."),
    "root_not_here": _l("The root key is not here."),
    "since_in_future": _l("The day a key was lost does not lie ahead."),
}
