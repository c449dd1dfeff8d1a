"""What stands in the navigation: one table, by the user's job. A row shows when its page exists and the role may use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import lazy_gettext as _l

from metrology.web.requests import allowed

blueprint = Blueprint("navigation", __name__)


@dataclass(frozen=True)
class Item:
    """A page: its endpoint, the action that opens it, its words. Without words it is what its group's own row opens."""

    endpoint: str
    action: str
    label: Any = None
    also: tuple[str, ...] = ()
    """Other blueprints whose pages light this row."""

    @property
    def nouns(self) -> tuple[str, ...]:
        """The blueprints whose pages light this row."""
        return self.endpoint.partition(".")[0], *self.also


@dataclass(frozen=True)
class Group:
    """A job: what the row says, its icon, the pages it holds, and whose thumb it should lie under.

    Who may do one of ``foot`` has the row in the bar at the foot of a phone (four fit).
    """

    label: Any
    icon: str
    items: tuple[Item, ...]
    foot: tuple[str, ...] = ()


GROUPS = (
    Group(_l("Today"), "sun", (Item("today.index", "today.view"),), foot=("today.view",)),
    Group(
        _l("Instruments"),
        "speedometer2",
        (
            Item("instruments.listing", "instrument.view"),
            Item("holders.listing", "holder.view", _l("Holders")),
            Item("places.listing", "place.view", _l("Places")),
            Item("condition_reports.listing", "instrument.move", _l("Reports of holders")),
            Item("complaints.listing", "complaint.view", _l("Complaints")),
            Item("label_batches.listing", "label.view", _l("Label stock")),
            Item("ledgers.listing", "import.view", _l("Ledgers")),
            Item("exchange.listing", "import.view", _l("National system")),
            Item("types.listing", "type.view", _l("Instrument types")),
            Item("rules.listing", "rules.view", _l("Rules entered here")),
        ),
        foot=("instrument.view",),
    ),
    Group(
        _l("Verification"),
        "clipboard2-check",
        (
            Item("verifications.listing", "verification.view"),
            Item("verifications.queue", "verification.view", _l("Waiting for me")),
            Item("lots.listing", "lot.view", _l("Lots")),
        ),
        foot=("verification.record", "verification.check", "verification.approve"),
    ),
    Group(
        _l("Certificates"),
        "patch-check",
        (
            Item("certificates.listing", "certificate.view"),
            Item("endings.listing", "certificate.propose_ending", _l("Revocations and corrections")),
            Item("print_queue.listing", "print.view", _l("To be printed")),
            Item("packages.listing", "package.make", _l("Packages")),
        ),
        foot=("certificate.view",),
    ),
    Group(
        _l("Plan"),
        "calendar3",
        (
            Item("plan.due", "plan.view", _l("Falling due")),
            Item("plan.calendar", "plan.view", _l("Calendar")),
            Item("visits.listing", "plan.view", _l("Visits")),
            Item("reminders.listing", "reminder.view", _l("Reminders")),
        ),
        foot=("plan.edit",),
    ),
    Group(
        _l("Reports"),
        "bar-chart",
        (
            Item("reports.overdue", "report.view", _l("Overdue")),
            Item("indicators.dashboard", "report.view", _l("Indicators"), also=("targets",)),
            Item("statements.listing", "statement.view", _l("Statements")),
            Item("own_lists.build", "list.build", _l("Own lists")),
            Item("saved_reports.listing", "report.keep", _l("Saved reports")),
            Item("subscriptions.listing", "report.subscribe", _l("Subscriptions")),
            Item("indicator_definitions.index", "statement.view", _l("Definitions")),
        ),
        foot=("report.view",),
    ),
    Group(
        _l("Standards"),
        "rulers",
        (
            Item("standards.listing", "standard.view"),
            Item("equipment.listing", "standard.view", _l("Equipment")),
            Item("outside.listing", "standard.view", _l("Institutes above ours")),
            Item("cases.listing", "standard.view", _l("Found defective")),
            Item("capability.matrix", "standard.view", _l("Capability")),
            Item("house.listing", "standard.view", _l("What of ours ends")),
        ),
    ),
    Group(
        _l("Administration"),
        "gear",
        (
            Item("users.listing", "user.view", _l("Accounts")),
            Item("people.listing", "person.view", _l("Qualifications")),
            Item("webhooks.listing", "webhook.view", _l("Webhooks")),
            Item("settings.edit", "setting.view", _l("Settings")),
            Item("journal.listing", "journal.view", _l("Journal")),
            Item("tasks.listing", "task.view", _l("Tasks")),
            Item("what_ifs.listing", "law.try", _l("What if")),
        ),
    ),
)
"""The whole navigation, in the order of a working day."""


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(navigation=navigation, has_page=has_page, link_to=link_to)


def has_page(endpoint: str) -> bool:
    """Whether a page is mounted."""
    return endpoint in current_app.view_functions


def link_to(endpoint: str, **values: Any) -> str | None:
    """Address of a page, or None where this installation has no such page."""
    return url_for(endpoint, **values) if has_page(endpoint) else None


def navigation() -> list[dict[str, Any]]:
    """The groups the one who acts may use: label, icon, url, is_current, is_page, in_foot, items (label, url, is_current)."""
    current = _current()
    return [row for group in GROUPS if (row := _row(group, current))]


def _row(group: Group, current: Item | None) -> dict[str, Any] | None:
    shown = [item for item in group.items if has_page(item.endpoint) and allowed(item.action)]
    if not shown:
        return None
    own = next((item for item in shown if item.label is None), None)
    items = [item for item in shown if item.label is not None]
    single = own is None and len(items) == 1
    return {
        "label": group.label,
        "icon": group.icon,
        "url": url_for(shown[0].endpoint),
        "is_current": current in shown,
        "in_foot": any(allowed(action) for action in group.foot),
        "is_page": current is not None and (current == own or (single and current in shown)),
        "items": []
        if single
        else [{"label": item.label, "url": url_for(item.endpoint), "is_current": item == current} for item in items],
    }


def _current() -> Item | None:
    """The row of the page that is open: the page itself, or the first of its blueprint (a detail page lights its list)."""
    items = [item for group in GROUPS for item in group.items]
    endpoint = request.endpoint or ""
    exact = next((item for item in items if item.endpoint == endpoint), None)
    noun = endpoint.partition(".")[0]
    return exact or next((item for item in items if noun in item.nouns), None)
