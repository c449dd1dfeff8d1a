"""``flask --app run check-figures``: say whether the counts behind the reports are what a recount finds, or make them so."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

from metrology.persistence import clock
from metrology.persistence.database import db, reading, transaction
from metrology.services import tallying

SHOWN = 20


@click.command("check-figures")
@click.option("--repair", is_flag=True, help="Put every count right; the difference counts as of today.")
@with_appcontext
def check_figures(*, repair: bool) -> None:
    """Count every instrument anew and compare with the figures of the reports (exit 1 where one differs)."""
    if repair:
        with transaction(db.session()) as session:
            count = tallying.repair(session, today=clock.today_cn())
        click.echo(f"{count:,} counts put right.")
        return
    found = 0
    with reading():
        for one in tallying.differences(db.session()):
            found += 1
            if found <= SHOWN:
                where = ", ".join(f"{key} {value}" for key, value in one.keys.items())
                click.echo(f"{one.table}: {one.kept:,} kept, {one.counted:,} counted ({where})")
    if found:
        click.echo(f"{found:,} counts differ. Put them right with: flask --app run check-figures --repair")
        sys.exit(1)
    click.echo("Every figure is what a recount finds.")


commands = [check_figures]
