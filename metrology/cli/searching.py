"""``flask --app run reindex-search``: write every search document again, as after a restored backup or a new release."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from metrology.persistence.database import db
from metrology.services import search_documents


@click.command("reindex-search")
@with_appcontext
def reindex_search() -> None:
    """Write the search document of every instrument, holder, place, certificate and standard."""
    for kind in search_documents.MODELS:
        click.echo(kind)
        for _last in search_documents.in_chunks(db.session(), kind):
            db.session.commit()


commands = [reindex_search]
