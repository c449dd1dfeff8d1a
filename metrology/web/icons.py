"""Icons drawn into the page: ``ui.icon('clock')`` puts in the one path it needs instead of making phones load a sprite of a megabyte.

The drawings are Bootstrap Icons (MIT), read from the sprite that Bootstrap-Flask ships.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import flask_bootstrap
from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from markupsafe import Markup

SPRITE = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5" / "icons" / "bootstrap-icons.svg"
SYMBOL = re.compile(r'<symbol class="bi [^"]*" viewBox="([^"]+)" id="([^"]+)">(.*?)</symbol>', re.DOTALL)

blueprint = Blueprint("icons", __name__)


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["icon_svg"] = icon_svg


@cache
def _drawings() -> dict[str, tuple[str, str]]:
    sprite = SPRITE.read_text(encoding="utf-8")
    return {found[2]: (found[1], found[3]) for found in SYMBOL.finditer(sprite)}


@cache
def icon_svg(name: str) -> Markup:
    """The icon as inline SVG, silent for screen readers. A name that does not exist is a mistake of the template (KeyError)."""
    box, drawing = _drawings()[name]
    svg = f'<svg class="icon" viewBox="{box}" aria-hidden="true" focusable="false">{drawing}</svg>'
    return Markup(svg)  # noqa: S704 - a drawing of the package, nothing anyone typed
