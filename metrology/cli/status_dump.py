"""``flask --app run dump-status`` writes the dump of certificate statuses now; ``verify-dump`` checks one as its receiver would."""

from __future__ import annotations

import binascii
import dataclasses
import json
from base64 import urlsafe_b64decode
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from metrology.domain.problems import Problem
from metrology.jobs.status_dump import make
from metrology.persistence import clock
from metrology.persistence.database import db
from metrology.services import checkpoint_keys, status_dump
from metrology.settings import Settings

FAULTS = {
    "not_signed": "the manifest is not signed by a key of this registry for dumps",
    "dump_incomplete": "the file that the manifest names is not there",
    "dump_altered": "the file is not the one that was signed",
    "no_signing_key": "there is no key for dumps",
    "keys_not_made": "there are no keys yet: run prepare",
    "keys_locked": "the keys are locked: set METROLOGY_KEYS_PASSPHRASE",
}


@click.command("dump-status")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Instead of METROLOGY_DUMP_FOLDER.")
@with_appcontext
def dump_status(*, folder: Path | None) -> None:
    """Write today's dump of what every certificate is worth, and its signed manifest; an earlier one of today is replaced."""
    settings: Settings = current_app.config["METROLOGY"]
    if folder is not None:
        settings = dataclasses.replace(settings, dump_folder=str(folder))
    today, now = clock.today_cn(), clock.now_utc()
    try:
        made = make(db.session(), settings, today=today, now=now, step=_told)
    except Problem as problem:
        raise click.ClickException(FAULTS.get(problem.code, problem.code)) from None
    click.echo(f"{Path(settings.dump_folder) / made['file']}: {made['lines']} lines, SHA-256 {made['sha256']}")


def _told(done: int, total: int) -> None:
    if done % 50_000 == 0:
        click.echo(f"{done} of {total}", err=True)


@click.command("verify-dump")
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--keys",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Lines of key id and public key; without it the keys of this installation.",
)
@with_appcontext
def verify_dump(*, manifest: Path, key_file: Path | None) -> None:
    """Check the signature of a manifest, and the hash and lines of the file it names; exit 1 when anything does not fit."""
    try:
        keys = _read(key_file) if key_file else dict(checkpoint_keys.named_keys("dump", now=clock.now_utc()))
        content = status_dump.check(manifest, keys)
    except Problem as problem:
        raise click.ClickException(FAULTS.get(problem.code, problem.code)) from None
    click.echo(f"{content['file']} is whole: {content['lines']} lines of {content['day']}.")
    click.echo(json.dumps(content["counts"]))


def _read(file: Path) -> dict[str, bytes]:
    try:
        named = [line.split() for line in file.read_text().splitlines() if line.strip()]
        return {kid: urlsafe_b64decode(x + "=" * (-len(x) % 4)) for kid, x in named}
    except (ValueError, binascii.Error) as error:
        raise click.ClickException(f"{file} is no list of public keys") from error


commands = [dump_status, verify_dump]
