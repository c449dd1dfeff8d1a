"""What can be wrong with targets and statements."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

SENTENCES: dict[str, Any] = {
    "statement_exists": _l("There is a statement of this period already: %(number)s."),
    "statement_decided": _l("%(number)s is locked or withdrawn."),
    "statement_not_correctable": _l(
        "Only the last approved version can be corrected, and only once at a time (%(number)s)."
    ),
    "statement_moved": _l("A figure changed while you were looking. Please look at %(number)s again, then approve it."),
    "statement_too_early": _l("The period ends on %(day)s. It can be approved from the day after."),
    "statement_altered": _l("The figures kept for %(number)s are not those that were approved."),
}
