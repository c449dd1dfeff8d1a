"""Reminders: a notice as it was sent, sending it again, what goes out next, and how the ticker runs. The list: ``reminder_lists``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.wrappers import Response

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.reminders import Notice
from metrology.services import outbox, reminder_outlook
from metrology.web.flashes import say
from metrology.web.problems import sentence_of
from metrology.web.requests import actor, allowed, now, or_404, requires, settings, today

blueprint = Blueprint("reminders", __name__, url_prefix="/reminders")

STAGES: dict[str, Any] = {
    "60": _l("60 days before"),
    "30": _l("30 days before"),
    "7": _l("7 days before"),
    "0": _l("on the last valid day"),
}
REGULAR: dict[str, Any] = {
    "reminders": _l("Writing reminders"),
    "outbox": _l("Sending"),
    "office reminders": _l("Telling what of ours ends"),
    "nameplate figures": _l("Counting nameplates for the view of capability"),
    "overdue figures": _l("Figures of the overdue report"),
    "journal checkpoint": _l("Signing the journal"),
    "checkpoint delivery": _l("Taking checkpoints out"),
    "status dump": _l("Nightly dump of certificate statuses"),
    "forgetting": _l("Forgetting what the public left behind"),
    "packages": _l("Removing packages whose time is over"),
    "list files": _l("Removing files of lists whose time is over"),
    "subscriptions": _l("Reports that are due to be sent by mail"),
    "webhooks": _l("Telling other systems of changes"),
    "webhook messages": _l("Forgetting old messages to other systems"),
    "counts brought together": _l("Counts of the reports, tidied"),
}


def recipient_words(notice: Notice) -> str:
    """The address, whole only for those who may send."""
    if notice.channel == "email" and allowed("reminder.send"):
        return notice.recipient
    return reminder_outlook.mask(notice.recipient, notice.channel)


def stage_words(stage: str) -> str:
    """A stage in words."""
    if stage.startswith("overdue-"):
        return str(_("%(weeks)s weeks overdue", weeks=stage.removeprefix("overdue-")))
    return str(STAGES.get(stage, stage))


def _notice(notice_id: int) -> Notice:
    found: Notice = or_404(reminder_outlook.notice_of(db.session(), actor(), notice_id))
    return found


@blueprint.get("/<int:notice_id>")
@requires("reminder.view")
def detail(notice_id: int) -> str:
    """A notice: its text as it goes, the instruments it carries, and what became of it."""
    notice = _notice(notice_id)
    reminders, count = reminder_outlook.carried(db.session(), notice)
    copies = db.session.scalars(select(Notice).where(Notice.resend_of_id == notice.id).order_by(Notice.id)).all()
    return render_template(
        "reminders/detail.html",
        notice=notice,
        reminders=reminders,
        count=count,
        copies=copies,
        recipient=recipient_words(notice),
        stage_words=stage_words,
        is_set_up=bool(settings().smtp_url) or notice.channel != "email",
    )


@blueprint.post("/<int:notice_id>/resend")
@requires("reminder.send")
def resend(notice_id: int) -> Response:
    """Send a notice again: as it is when it never went, as a copy when it did."""
    notice = _notice(notice_id)
    try:
        again = outbox.resend(db.session(), actor(), notice, now=now())
    except Problem as problem:
        say(sentence_of(problem), "warning")
        return redirect(url_for(".detail", notice_id=notice_id))
    say(_("The message is queued and goes out within a minute."))
    return redirect(url_for(".detail", notice_id=again.id))


@blueprint.get("/outlook")
@requires("reminder.view")
def outlook() -> str:
    """What goes out in the next fourteen days, whom nobody can tell, and how the ticker runs."""
    session = db.session()
    return render_template(
        "reminders/outlook.html",
        days=reminder_outlook.outlook(session, actor(), today=today()),
        unreachable=reminder_outlook.unreachable(
            session, actor(), until=today() + timedelta(days=60), limit=request.args.get("limit", 20, type=int) % 201
        ),
        outbox=reminder_outlook.outbox(session, actor()),
        ticker=reminder_outlook.ticker(session),
        regular=REGULAR,
        is_set_up=bool(settings().smtp_url),
        scheduler=settings().scheduler,
    )
