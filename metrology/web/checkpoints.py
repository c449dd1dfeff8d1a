"""Checkpoints of the journal: what was signed, where it was taken, and what waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy import select

from metrology.persistence.checkpoints import Checkpoint
from metrology.persistence.database import db
from metrology.services import checkpointing
from metrology.web.requests import now, or_404, requires, settings

blueprint = Blueprint("checkpoints", __name__, url_prefix="/journal/checkpoints")
PAGE = 50
NOTE_TYPE = "text/plain; charset=utf-8"


def standing() -> dict[str, Any]:
    """How checkpoints stand: the newest, its age, whether one is late, and each place they are taken to."""
    session = db.session()
    last = checkpointing.last(session)
    return {
        "last": last,
        "late": checkpointing.is_late(session, now=now()),
        "sinks": checkpointing.states(session, checkpointing.sinks_of(settings())),
    }


def age_of(last: Checkpoint | None, at: datetime) -> int | None:
    """Seconds since a checkpoint was signed."""
    return None if last is None else max(0, int((at - last.at).total_seconds()))


@blueprint.get("/")
@requires("journal.view")
def listing() -> str:
    """Every checkpoint, the newest first."""
    before = request.args.get("before", type=int)
    statement = select(Checkpoint).order_by(Checkpoint.size.desc()).limit(PAGE + 1)
    if before is not None:
        statement = statement.where(Checkpoint.size < before)
    rows = list(db.session.scalars(statement))
    next_url = url_for(".listing", before=rows[PAGE - 1].size) if len(rows) > PAGE else None
    return render_template("journal/checkpoints.html", rows=rows[:PAGE], next_url=next_url, standing=standing())


@blueprint.get("/<int:size>.note")
@requires("journal.view")
def note(size: int) -> Response:
    """A signed note as it was taken out."""
    found: Checkpoint = or_404(db.session.get(Checkpoint, size))
    answer = Response(found.note, content_type=NOTE_TYPE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{checkpointing.file_name(size)}"'
    return answer
