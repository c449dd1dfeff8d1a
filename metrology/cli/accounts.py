"""``flask --app run first-administrator``: the link by which the first account is made."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from metrology.persistence import clock
from metrology.persistence.database import db, transaction
from metrology.services.account_links import first_administrator_link


@click.command("first-administrator")
@with_appcontext
def first_administrator() -> None:
    """Print a link, valid once and for 24 hours, to create the first administrator. Links printed before serve no longer."""
    with transaction(db.session()) as session:
        link = first_administrator_link(session, current_app.config["METROLOGY"], clock.now_utc())
    if link is None:
        click.echo(
            "There is an administrator already; accounts are made on the page Administration → Accounts.", err=True
        )
        sys.exit(1)
    click.echo(link)


commands = [first_administrator]
