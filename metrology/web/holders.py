"""Holders of instruments and their contacts. The list of all stands in ``holder_lists``."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("holders", __name__, url_prefix="/holders")
