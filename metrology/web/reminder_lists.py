"""The list of notices: what was sent, what waits, what did not go and why."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from metrology.persistence.database import db
from metrology.persistence.holders import Holder
from metrology.persistence.keyset import Order
from metrology.persistence.reminders import Notice
from metrology.persistence.scope import within
from metrology.services import reminder_outlook
from metrology.web import labels, listing
from metrology.web.filters import instant, label
from metrology.web.list_filters import (
    Asking,
    ChoiceFilter,
    InstantsFilter,
    ReferenceFilter,
    equals,
    labelled,
)
from metrology.web.listing import Column, ListDefinition
from metrology.web.reminders import blueprint as reminders
from metrology.web.reminders import recipient_words
from metrology.web.requests import actor, requires

TOLD = (selectinload(Notice.holder), selectinload(Notice.user))
STATES = ("queued", "sending", "sent", "failed", "withheld")


def _within(statement: Select[Any], asking: Asking) -> Select[Any]:
    scope = reminder_outlook.in_scope(asking.actor)
    return statement if scope is None else statement.where(scope)


def _holder_name(asking: Asking, key: int) -> str | None:
    name: str | None = asking.session.scalar(within(select(Holder.name).where(Holder.id == key), asking.actor, Holder))
    return name


def _divide(asking: Asking) -> Any:
    asked = [one for one in asking.values("state") if one in STATES]
    return (Notice.state, tuple(asked)) if asked else None


NOTICES = listing.register(
    ListDefinition(
        page="reminders",
        endpoint="reminders.listing",
        action="reminder.view",
        export_action="reminder.view",
        title=_l("Reminders"),
        model=Notice,
        columns=(
            Column(key="created", label=_l("Written"), value=lambda row: instant(row.created_at), sort="created"),
            Column(key="state", label=_l("State"), value=lambda row: label(row.state, "NOTICE_STATES")),
            Column(key="subject", label=_l("Subject"), value=lambda row: row.subject),
            Column(
                key="holder",
                label=_l("Told"),
                value=lambda row: row.told or None,
                loads=TOLD,
            ),
            Column(key="channel", label=_l("Channel"), value=lambda row: label(row.channel, "NOTICE_CHANNELS")),
            Column(key="recipient", label=_l("Address"), value=recipient_words),
            Column(
                key="instruments",
                label=_l("Instruments"),
                value=lambda row: Decimal((row.facts or {}).get("instruments", 0)),
                is_numeric=True,
            ),
            Column(key="tries", label=_l("Tries"), value=lambda row: Decimal(row.tries), is_numeric=True),
            Column(key="sent", label=_l("Sent"), value=lambda row: instant(row.sent_at) if row.sent_at else None),
            Column(key="error", label=_l("Last fault"), value=lambda row: row.last_error or None, is_default=False),
        ),
        filters=(
            ChoiceFilter(
                key="state",
                label=_l("State"),
                choices=labelled(labels.NOTICE_STATES),
                where=equals(Notice.state),
                is_multiple=True,
                is_main=True,
            ),
            ChoiceFilter(
                key="channel",
                label=_l("Channel"),
                choices=labelled(labels.NOTICE_CHANNELS),
                where=equals(Notice.channel),
                is_main=True,
            ),
            InstantsFilter(key="day", label=_l("Written"), column=Notice.created_at, is_main=True),
            ReferenceFilter(
                key="holder",
                label=_l("Holder"),
                where=lambda _asking, key: Notice.holder_id == key,
                name=_holder_name,
                none=Notice.holder_id.is_(None),
            ),
        ),
        sorts={"created": Order(Notice.id, Notice.id)},
        default_sort="-created",
        within=_within,
        divide=_divide,
        cells="reminders/_cells.html",
        template="reminders/listing.html",
    )
)


@reminders.get("/", endpoint="listing")
@requires("reminder.view")
def notice_list() -> str:
    """The notices, the newest first."""
    return listing.show(
        NOTICES,
        primary=(_("What goes out next"), url_for("reminders.outlook")),
        outbox=reminder_outlook.outbox(db.session(), actor()),
        empty=(
            _("No reminders yet"),
            _(
                "From 60 days before the last valid day on, holders and officers are told what falls due. Here stands each message."
            ),
        ),
    )
