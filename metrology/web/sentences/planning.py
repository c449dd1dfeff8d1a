"""What can be wrong with visits, reminders and tasks."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

SENTENCES: dict[str, Any] = {
    "visit_in_the_past": _l("The day has passed. Choose today or a later one."),
    "day_is_off": _l("%(day)s is not a working day (%(why)s). Plan it there all the same?"),
    "visit_too_large": _l("A visit holds at most %(largest)s instruments. Split it by place or by day."),
    "nothing_to_plan": _l("Nothing of what was chosen can be planned: it is on a visit already, or out of use."),
    "planned_already": _l("It is on another visit already."),
    "not_to_be_verified": _l("It is retired or lost, or an assembly whose parts are verified."),
    "not_found": _l("It does not exist, or lies outside your district."),
    "visit_closed": _l("This visit is finished or called off and cannot be changed."),
    "visit_not_cancelled": _l("Only a visit that was called off can be planned again."),
    "visit_item_done": _l("It is verified already and stays on the visit."),
    "visit_needs_verifiers": _l("Only people with an active account and the role of a verifier can be sent."),
    "not_your_visit": _l("Others are sent on this visit. Ask the officer to add you."),
    "reason_missing": _l("Please give a reason."),
    "span_too_long": _l("That are too many days at once."),
    "notice_still_queued": _l("This message is waiting to be sent anyway."),
    "task_not_waiting": _l("This task is running or done: nothing was changed."),
}
