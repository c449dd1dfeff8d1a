"""Instruments: what one is, where it stands, what may be done with it. The list of all stands in ``instrument_lists``."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("instruments", __name__, url_prefix="/instruments")
