"""``flask --app run prepare``: create or upgrade the database, load catalogue and districts."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade

from metrology.persistence.database import db, transaction
from metrology.services.preparing import prepare as prepare_registry


@click.command("prepare")
@with_appcontext
def prepare() -> None:
    """Create or upgrade the database; load the catalogue of instrument types and the districts."""
    current_app.logger.setLevel("WARNING")
    upgrade()
    with transaction(db.session()):
        prepare_registry(db.session())
    click.echo("Database ready.")


commands = [prepare]
