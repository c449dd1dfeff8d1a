"""How far long work is, as the page that watches it asks (static/js): the same answer wherever the work was begun."""

from __future__ import annotations

from flask import Response, jsonify

from metrology.persistence.tasks import Task


def progress_of(task: Task) -> Response:
    """Of a task by itself."""
    return jsonify(progress=task.progress, total=task.total, note=task.note, state=task.state)


def progress_of_file(task: Task | None, *, is_working: bool) -> Response:
    """Of a sent file, whose own state says whether it is worked on; a task that was given up failed."""
    gave_up = task is not None and task.state == "failed"
    state = ("failed" if gave_up else "running") if is_working else "done"
    return jsonify(progress=task.progress if task else 0, total=task.total if task else 0, note="", state=state)
