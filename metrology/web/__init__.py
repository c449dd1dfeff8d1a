"""PAGES: request → service → template; nothing is decided here.

Each module of this package with a ``blueprint`` is mounted by the factory, so a new page touches one file here and its
templates. ``init_app`` also sets what holds for every request: who acts, transactions, headers, language, problems.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from flask import Blueprint, Flask

from metrology.web import accounts, addresses, api, filters, headers, languages, problems, replicas, requests
from metrology.web.session_cookies import SessionCookies

__all__ = ["SessionCookies", "init_app"]


def init_app(app: Flask) -> None:
    """Mount every page and what surrounds a request."""
    addresses.init_app(app)
    requests.init_app(app)
    replicas.init_app(app)
    languages.init_app(app)
    filters.init_app(app)
    headers.init_app(app)
    accounts.init_app(app)
    problems.init_app(app)
    for module in iter_modules(__path__):
        blueprint = getattr(import_module(f"{__name__}.{module.name}"), "blueprint", None)
        if isinstance(blueprint, Blueprint):
            app.register_blueprint(blueprint)
    api.init_app(app)
