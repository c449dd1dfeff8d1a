"""``flask --app run types``: the instrument types, their editions, and the numbers nobody has confirmed."""

from __future__ import annotations

from collections.abc import Iterator

import click

from metrology import regulations
from metrology.domain.regulation import Edition, InstrumentType

_HEADINGS = ("Type", "名称", "Edition", "In force from", "Numbers", "Unconfirmed")


def table() -> Iterator[str]:
    """The list as a Markdown table, a line for each edition; `docs/regulations.md` holds it."""
    yield f"| {' | '.join(_HEADINGS)} |"
    yield f"|{'---|' * len(_HEADINGS)}"
    for code, one in sorted(regulations.instrument_types().items()):
        for edition in sorted(one.editions, key=lambda edition: edition.in_force):
            yield f"| {' | '.join(_cells(code, one, edition))} |"


def _cells(code: str, one: InstrumentType, edition: Edition) -> tuple[str, ...]:
    day = edition.in_force.isoformat() + ("" if edition.text_confirmed else " ?")
    unconfirmed = [key for key in edition.unconfirmed() if key != "edition"]
    listed = ", ".join(f"`{key}`" for key in unconfirmed) or "none"
    doubtful = "all" if len(unconfirmed) == len(edition.numbers) else listed
    return f"`{code}`", one.names["zh"], edition.code, day, str(len(edition.numbers)), doubtful


@click.command("types")
def types() -> None:
    """Print every type that has a regulation, with what is unconfirmed."""
    for line in table():
        click.echo(line)


commands = [types]
