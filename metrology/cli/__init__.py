"""Commands (``flask --app run …``): thin, over jobs and services. Each module of this package adds its own."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from flask import Flask


def init_app(app: Flask) -> None:
    """Add the commands of every module here (``commands``: a list of click commands)."""
    for module in iter_modules(__path__):
        for command in getattr(import_module(f"{__name__}.{module.name}"), "commands", ()):
            app.cli.add_command(command)
