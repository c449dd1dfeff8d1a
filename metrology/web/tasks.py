"""Background tasks: how far each is, what went wrong, again or not at all. The list stands in ``task_lists``."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.people import User
from metrology.persistence.tasks import Task
from metrology.services import reminder_outlook, tasks
from metrology.web.filters import label
from metrology.web.flashes import say
from metrology.web.navigation import link_to
from metrology.web.problems import sentence_of
from metrology.web.progress import progress_of
from metrology.web.reminders import REGULAR
from metrology.web.requests import actor, now, or_404, requires

_SOURCES = {
    "case_id": "cases.detail",
    "batch_id": "ledgers.detail",
    "lot_id": "lots.detail",
    "reconciliation_id": "exchange.detail",
    "what_if_id": "what_ifs.detail",
}
"""An argument of a task, and the page of what it names."""

blueprint = Blueprint("tasks", __name__, url_prefix="/tasks")


def _task(task_id: int) -> Task:
    found: Task = or_404(db.session.get(Task, task_id))
    return found


def source_url(task: Task) -> str | None:
    """The page of what a task works on."""
    for name, endpoint in _SOURCES.items():
        if key := task.arguments.get(name):
            return link_to(endpoint, **{name: key})
    return None


def result_words(task: Task) -> list[tuple[str, str]]:
    """What came of a task, in words; what is empty says nothing."""
    found = []
    for name, value in task.result.items():
        if value in ([], {}, "", None):
            continue
        text = f"{value:,}" if isinstance(value, int) else str(value)
        found.append((label(name, "TASK_RESULTS"), label(text, "TASK_STEPS") if name == "step" else text))
    return found


@blueprint.get("/<int:task_id>")
@requires("task.view")
def detail(task_id: int) -> str:
    """A task: its progress, its result or its error."""
    task = _task(task_id)
    return render_template(
        "tasks/detail.html",
        task=task,
        by=db.session.get(User, task.created_by_id) if task.created_by_id else None,
        regular=REGULAR,
        source=source_url(task),
        result=result_words(task),
    )


@blueprint.get("/<int:task_id>/progress")
@requires("task.view")
def progress(task_id: int) -> Response:
    """How far a task is, for the page that watches it."""
    task = _task(task_id)
    return progress_of(task)


@blueprint.post("/<int:task_id>/retry")
@requires("task.edit")
def retry(task_id: int) -> BaseResponse:
    """Try again, now."""
    task = _task(task_id)
    try:
        tasks.retry_now(db.session(), actor(), task, now=now())
    except Problem as problem:
        say(sentence_of(problem), "warning")
    else:
        say(_("The task is queued and starts within seconds."))
    return redirect(url_for(".detail", task_id=task_id))


@blueprint.post("/<int:task_id>/cancel")
@requires("task.edit")
def cancel(task_id: int) -> BaseResponse:
    """Take a waiting task out of the queue."""
    task = _task(task_id)
    try:
        tasks.cancel(db.session(), actor(), task, now=now())
    except Problem as problem:
        say(sentence_of(problem), "warning")
    else:
        say(_("The task was cancelled."), undo_url=url_for(".retry", task_id=task_id))
    return redirect(url_for(".detail", task_id=task_id))


def ticker() -> list[Any]:
    """The regular work of the ticker."""
    return reminder_outlook.ticker(db.session())
