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
from metrology.web.flashes import say
from metrology.web.navigation import link_to
from metrology.web.problems import sentence_of
from metrology.web.progress import progress_of
from metrology.web.reminders import REGULAR
from metrology.web.requests import actor, now, or_404, requires

blueprint = Blueprint("tasks", __name__, url_prefix="/tasks")


def _task(task_id: int) -> Task:
    found: Task = or_404(db.session.get(Task, task_id))
    return found


def source_url(task: Task) -> str | None:
    """The page of what a task works on."""
    ledger = task.arguments.get("batch_id")
    case = task.arguments.get("case_id")
    if case:
        return link_to("cases.detail", case_id=case)
    return link_to("ledgers.detail", batch_id=ledger) if ledger else None


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
