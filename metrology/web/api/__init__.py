"""The API for programs, ``/api/v1``. Nothing is decided here: token → scope → form of the request → service → answer.

Each module of this package that makes an ``Area`` is mounted. See docs/api.md for those who use it.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from flask import Flask

from metrology.web.accounts import csrf
from metrology.web.api.document import Registry
from metrology.web.api.kit import AREAS

__all__ = ["init_app"]


def init_app(app: Flask) -> None:
    """Mount every area and write the document. No cookie is believed here, so no CSRF token is asked for."""
    for module in sorted(iter_modules(__path__), key=lambda one: one.name):
        import_module(f"{__name__}.{module.name}")
    app.json.ensure_ascii, app.json.sort_keys = False, False  # type: ignore[attr-defined]
    options = {"title": "计量器具登记 Metrology registry", "version": "1.0.0", "openapi_version": "3.1.0"}
    registry = app.extensions["metrology-api"] = Registry(app, spec_kwargs=options)
    for area in AREAS:
        csrf.exempt(area)
        registry.register_blueprint(area)
