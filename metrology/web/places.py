"""Places of use in their tree. The list of all stands in ``place_lists``."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("places", __name__, url_prefix="/places")
