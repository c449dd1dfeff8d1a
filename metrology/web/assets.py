"""Style sheets, scripts and pictures: their addresses carry a version, so that browsers keep them and an upgrade is seen at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState

blueprint = Blueprint("assets", __name__)
KEPT = "public, max-age=31536000, immutable"


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.url_defaults(_version)
    state.app.after_request(_keep)


def _version(endpoint: str, values: dict[str, Any]) -> None:
    """Add ``v`` to the address of a file: when it last changed. A script that another imports has no version and is asked for again."""
    if endpoint != "static" or "filename" not in values or "v" in values:
        return
    file = Path(current_app.static_folder or "") / values["filename"]
    if file.is_file():
        values["v"] = f"{file.stat().st_mtime_ns // 1_000_000:x}"


def _keep(response: Response) -> Response:
    if request.endpoint == "static" and "v" in request.args and response.status_code in {200, 304}:
        response.headers["Cache-Control"] = KEPT
    return response
