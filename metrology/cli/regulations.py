"""``flask --app run types``: the instrument types, their editions, and the numbers nobody has confirmed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import DatabaseError

from metrology import regulations
from metrology.domain.regulation import Edition, InstrumentType
from metrology.persistence.database import db, reading
from metrology.services import law

_HEADINGS = ("Type", "名称", "Edition", "In force from", "Numbers", "Unconfirmed")


def table(types: Mapping[str, InstrumentType] | None = None) -> Iterator[str]:
    """The list as a Markdown table, a line for each edition; `docs/regulations.md` holds it as the files have it."""
    yield f"| {' | '.join(_HEADINGS)} |"
    yield f"|{'---|' * len(_HEADINGS)}"
    ruled = {code: one for code, one in (types or regulations.instrument_types()).items() if one.has_rules}
    for code, one in sorted(ruled.items()):
        for edition in sorted(one.editions, key=lambda edition: edition.in_force):
            yield f"| {' | '.join(_cells(code, one, edition))} |"


def _cells(code: str, one: InstrumentType, edition: Edition) -> tuple[str, ...]:
    day = edition.in_force.isoformat() + ("" if edition.text_confirmed else " ?")
    unconfirmed = [key for key in edition.unconfirmed() if key != "edition"]
    listed = ", ".join(f"`{key}`" for key in unconfirmed) or "none"
    doubtful = "all" if len(unconfirmed) == len(edition.numbers) else listed
    if edition.disputed:
        doubtful += "; disputed: " + ", ".join(f"`{key}` ({says})" for key, says in sorted(edition.disputed.items()))
    return f"`{code}`", one.names["zh"], edition.code, day, str(len(edition.numbers)), doubtful


@click.command("types")
@with_appcontext
def types() -> None:
    """Print every type that has rules, with what is unconfirmed or disputed in this registry."""
    for line in table(_known()):
        click.echo(line)


def _known() -> Mapping[str, InstrumentType]:
    """The types as the database has them; where there is none yet, as the files have them."""
    try:
        with reading():
            found = law.types(db.session())
            db.session.rollback()
    except DatabaseError:
        db.session.rollback()
        return regulations.instrument_types()
    return found


commands = [types]
