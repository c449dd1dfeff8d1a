"""Where the page of a thing is, by its kind: one table, so that lists and search results link without knowing each area."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, url_for
from flask.blueprints import BlueprintSetupState

from metrology.web.requests import allowed

blueprint = Blueprint("thing_links", __name__)

PAGES: dict[str, tuple[str, str, str, str]] = {
    "instrument": ("instruments.detail", "instrument_id", "id", "instrument.view"),
    "holder": ("holders.detail", "holder_id", "id", "holder.view"),
    "place": ("places.detail", "place_id", "id", "place.view"),
    "certificate": ("certificates.detail", "certificate_id", "id", "certificate.view"),
    "measurement_standard": ("standards.detail", "standard_id", "id", "standard.view"),
    "verification": ("verifications.detail", "verification_id", "id", "verification.view"),
    "instrument_type": ("types.detail", "code", "code", "type.view"),
}
"""Table of the row → endpoint, its argument, the column that fills it, the action that opens it."""


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["page_of"] = page_of


def page_of(row: Any) -> str | None:
    """Address of the page of a row; None where there is none, or not for the one who asks."""
    if row is None:
        return None
    endpoint, argument, column, action = PAGES[row.__tablename__]
    if endpoint not in current_app.view_functions or not allowed(action):
        return None
    return url_for(endpoint, **{argument: getattr(row, column)})
