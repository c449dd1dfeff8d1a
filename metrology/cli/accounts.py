"""``flask --app run first-administrator`` and ``password-link``: links for whom no administrator can help."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from metrology.domain.authority import Actor
from metrology.persistence import clock
from metrology.persistence.database import db, transaction
from metrology.persistence.people import User
from metrology.services import accounts
from metrology.services.account_links import first_administrator_link, make_password_link


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


@click.command("password-link")
@click.argument("email")
@with_appcontext
def password_link(email: str) -> None:
    """Print a link, valid once and for 72 hours, by which the owner of an account chooses a password; lifts its lock."""
    with transaction(db.session()) as session:
        user = session.scalar(select(User).where(User.email == email.strip().lower()))
        if user is None or not user.active:
            click.echo("There is no active account with this mail address.", err=True)
            sys.exit(1)
        now = clock.now_utc()
        accounts.unlock(session, Actor.system(), user, now=now)
        token = make_password_link(session, Actor.system(), user, now=now)
    click.echo(f"{current_app.config['METROLOGY'].public_url}/choose-password/{token}")


commands = [first_administrator, password_link]
