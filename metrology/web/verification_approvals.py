"""Approving many records at once, in the background: asked for from the list, watched here, the refused ones listed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as BaseResponse

from metrology.persistence.database import db
from metrology.persistence.tasks import Task
from metrology.services import approving_many, packaging
from metrology.web import listing
from metrology.web.chosen import chosen_keys
from metrology.web.listing import BulkAction
from metrology.web.problems import sentence
from metrology.web.progress import progress_of
from metrology.web.refusals import told_at
from metrology.web.requests import actor, now, or_404, requires
from metrology.web.verification_lists import VERIFICATIONS

blueprint = Blueprint("verification_approvals", __name__, url_prefix="/verifications/approvals")


def _own(task_id: int) -> Task:
    found: Task = or_404(approving_many.own(db.session(), actor(), task_id))
    return found


@blueprint.post("/")
@requires("verification.approve")
@told_at("verifications.listing")
def create() -> BaseResponse:
    """Approve the chosen records, or all that match, each for itself."""
    keys = chosen_keys(VERIFICATIONS, request.form, limit=approving_many.MOST)
    task = approving_many.ask(db.session(), actor(), keys, now=now())
    return redirect(url_for(".detail", approval_id=task.id))


listing.add_bulk_action(
    "verifications",
    BulkAction(label=_l("Approve"), endpoint="verification_approvals.create", action="verification.approve"),
)


@blueprint.get("/<int:approval_id>")
@requires("verification.approve")
def detail(approval_id: int) -> str:
    """How far it is, what was approved, what was refused and why."""
    task = _own(approval_id)
    return render_template("verifications/approvals.html", task=task, refused=_refused(task.result or {}))


def _refused(result: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(key, number, sentence(code, params)) for key, number, code, params in result.get("problems", ())]


@blueprint.get("/<int:approval_id>/progress")
@requires("verification.approve")
def progress(approval_id: int) -> Response:
    """For the page that watches it."""
    task = _own(approval_id)
    return progress_of(task)


@blueprint.post("/<int:approval_id>/package")
@requires("verification.approve")
@told_at("packages.listing")
def package(approval_id: int) -> BaseResponse:
    """The certificates that came of it as one ZIP."""
    task = _own(approval_id)
    keys = list((task.result or {}).get("certificates", ()))
    made = packaging.ask(db.session(), actor(), f"{task.id}", keys, request.form.get("language", "zh"), now=now())
    return redirect(url_for("packages.detail", package_id=made.id))
