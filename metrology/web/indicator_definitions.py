"""What every indicator means: numerator, denominator, what is left out, which day counts. Other pages link to its anchors."""

from __future__ import annotations

from flask import Blueprint, render_template

from metrology.domain.indicator import INDICATORS
from metrology.domain.overdue_figure import OVERDUE_FIGURES
from metrology.web import labels
from metrology.web.requests import requires

blueprint = Blueprint("indicator_definitions", __name__, url_prefix="/reports/definitions")


@blueprint.get("/")
@requires("statement.view", replica=True)
def index() -> str:
    """All definitions; each has its code as anchor."""
    return render_template(
        "indicators/definitions.html",
        indicators=(*INDICATORS, *OVERDUE_FIGURES),
        units=labels.UNITS,
        directions=labels.DIRECTIONS,
        of_overdue={one.code for one in OVERDUE_FIGURES},
    )
