"""``flask --app run demo``: an example city, made through the real import and the real services, in a database of its own."""

from __future__ import annotations

import click
from flask.cli import with_appcontext


@click.command("demo")
@click.option("--scale", default=1.0, show_default=True, help="Size of the city; 1 is about 25,000 instruments.")
@with_appcontext
def demo(scale: float) -> None:
    """Make the example city, once; print an account for each role."""
    from metrology.cli.demo.making import make_city  # read when it is asked for: no other command needs it

    make_city(scale)


commands = [demo]
