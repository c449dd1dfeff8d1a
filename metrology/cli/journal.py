"""``flask --app run verify-journal``: walk the chain of the journal; exit 1 when anything was touched."""

from __future__ import annotations

import json
import sys

import click
from flask.cli import with_appcontext

from metrology.persistence.database import db, reading
from metrology.persistence.journal import verify_chain
from metrology.services.journal import head

FAULTS = {
    "missing": "an entry is missing",
    "link": "it does not follow the entry before",
    "altered": "it was changed after it was written",
    "head": "the end of the journal was cut off",
}
_TOLD = 20


@click.command("verify-journal")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@with_appcontext
def verify_journal(*, as_json: bool) -> None:
    """Check that no entry of the journal was changed, added or taken away; exit 1 and name the first that was."""
    with reading():
        session = db.session()
        seq, last_hash = head(session)
        faults = []
        for fault in verify_chain(session):
            faults.append(fault)
            if len(faults) == _TOLD:
                break
        session.rollback()
    first = faults[0] if faults else None
    if as_json:
        click.echo(
            json.dumps(
                {
                    "ok": not faults,
                    "entries": seq,
                    "hash": last_hash,
                    "first_bad": {"seq": first[0], "fault": first[1]} if first else None,
                    "faults": [{"seq": number, "fault": fault} for number, fault in faults],
                }
            )
        )
    elif first is None:
        click.echo(f"The journal is whole: {seq} entries, last hash {last_hash}.")
    else:
        click.echo(f"The journal was touched. First bad entry: {first[0]} ({FAULTS[first[1]]}).", err=True)
    if faults:
        sys.exit(1)


commands = [verify_journal]
