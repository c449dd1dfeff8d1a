"""What of the office's own ends: standards, equipment, checks, qualifications, authorisations, by day."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import lazy_gettext as _l

from metrology.persistence.database import db
from metrology.services import house_due
from metrology.services.house_due import HouseDue
from metrology.web.requests import requires, today

blueprint = Blueprint("house", __name__, url_prefix="/validity")
KINDS: dict[str, Any] = {
    "standard": _l("Certificate of a standard"),
    "examination": _l("Examination certificate"),
    "equipment": _l("Certificate of equipment"),
    "check": _l("Intermediate check"),
    "qualification": _l("Qualification"),
    "authorisation": _l("Authorisation"),
    "institute": _l("Authorisation certificate of the institute"),
}
PAGES = {
    "standard": ("standards.detail", "standard_id"),
    "examination": ("standards.detail", "standard_id"),
    "equipment": ("equipment.detail", "equipment_id"),
    "check": ("equipment.detail", "equipment_id"),
    "qualification": ("people.detail", "user_id"),
    "authorisation": ("institutes.detail", "institute_id"),
    "institute": ("institutes.detail", "institute_id"),
}
HORIZONS = (30, 60, 180, 365)


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(
        house_kind=lambda one: KINDS[one.kind], house_url=_url, ours_to_calibrate=_to_calibrate
    )


def _url(one: HouseDue) -> str:
    endpoint, argument = PAGES[one.kind]
    key: dict[str, Any] = {argument: one.owner}
    return url_for(endpoint, **key)


def _to_calibrate() -> list[HouseDue]:
    found = house_due.due_within(db.session(), today())
    return [one for one in found if one.kind in ("standard", "examination", "equipment", "check")]


@blueprint.get("/")
@requires("standard.view")
def listing() -> str:
    """Everything of ours that ends within the time chosen, the first to end on top."""
    days = request.args.get("within", house_due.HORIZON, type=int)
    days = days if days in HORIZONS else house_due.HORIZON
    rows = house_due.due_within(db.session(), today(), days)
    return render_template("house/listing.html", rows=rows, days=days, horizons=HORIZONS)
