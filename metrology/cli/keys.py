"""``flask --app run keys …``: the registry's keys. When to do what: docs/operations.md, "Keys"."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from metrology.documents.key_list import PURPOSES
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence import clock
from metrology.persistence.database import db, transaction
from metrology.services import certificate_codes, status_lists
from metrology.services import keys as service

Folder = click.Path(file_okay=False, path_type=Path)
File = click.Path(exists=True, dir_okay=False, path_type=Path)
PASSPHRASE = click.option(
    "--passphrase", envvar="METROLOGY_ROOT_PASSPHRASE", prompt="Passphrase of the root", hide_input=True,
    help="Passphrase under which the root is sealed; asked for when it is not given (METROLOGY_ROOT_PASSPHRASE).",
)  # fmt: skip


@click.group("keys")
def keys() -> None:
    """Keys that sign certificates, status lists, checkpoints and dumps; the root that signs their list."""


class _Refusals(click.Command):
    """A command that says a problem in a line, without a trace."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            raise click.ClickException(str(problem)) from problem


def _say(published: bool) -> None:
    if published:
        click.echo(f"Published: key list {service.opened(clock.now_utc()).version}.")
    else:
        click.echo(
            "The root is not on this machine. Carry the list to it: keys request FILE; keys sign-list; keys import-list."
        )


@keys.command("list", cls=_Refusals)
@with_appcontext
def list_keys() -> None:
    """What the present key list says, and which private keys are here."""
    ring, now = service.ring(), clock.now_utc()
    current = service.opened(now)
    click.echo(f"Key list {current.version}, issued {current.issued:%Y-%m-%d}, good until {current.expires:%Y-%m-%d}.")
    for key in current.keys:
        here = "here" if (ring.folder / "issuing" / f"{key.kid}.json").is_file() else "-"
        since = f" since {key.since:%Y-%m-%dT%H:%MZ}" if key.since else ""
        click.echo(f"{key.kid}  {key.purpose:<12} {key.sign_from} … {key.sign_until}  {key.state}{since}  {here}")
    for root in ring.roots():
        here = "here" if (ring.folder / "root" / f"{root['kid']}.json").is_file() else "away"
        click.echo(f"{root['kid']}  root ({root['role']})  {here}")


@keys.command("renew-list", cls=_Refusals)
@with_appcontext
def renew_list() -> None:
    """List the same keys anew, with a later end (done by itself while the root is here)."""
    with transaction(db.session()) as session:
        _say(service.renew(session, Actor.system(), now=clock.now_utc()))


@keys.command("rotate", cls=_Refusals)
@click.option("--purpose", type=click.Choice(PURPOSES), multiple=True, help="Only for this purpose; default all.")
@with_appcontext
def rotate(purpose: tuple[str, ...]) -> None:
    """Make new keys: published now, signing two weeks from now; the old ones sign until two weeks after that."""
    with transaction(db.session()) as session:
        _say(service.rotate(session, Actor.system(), purpose or PURPOSES, now=clock.now_utc()))


@keys.command("retire", cls=_Refusals)
@click.argument("kid")
@click.option("--reason", default="", help="Kept in the journal.")
@with_appcontext
def retire(kid: str, reason: str) -> None:
    """A key was lost: it signs no more, what it signed holds. A successor signs from today."""
    with transaction(db.session()) as session:
        _say(service.retire(session, Actor.system(), kid, now=clock.now_utc(), reason=reason))


@keys.command("revoke", cls=_Refusals)
@click.argument("kid")
@click.option("--since", required=True, help="From when it may have been in other hands: 2026-11-25T04:00:00Z.")
@click.option("--reason", default="", help="Kept in the journal.")
@with_appcontext
def revoke(kid: str, since: str, reason: str) -> None:
    """A key was stolen: nothing it signed since then is believed. A successor signs from today; then: keys sign-again."""
    try:
        instant = datetime.fromisoformat(since)
    except ValueError as error:
        raise click.BadParameter("not an instant", param_hint="--since") from error
    instant = instant if instant.tzinfo else instant.replace(tzinfo=clock.SHANGHAI)
    with transaction(db.session()) as session:
        _say(service.revoke(session, Actor.system(), kid, instant, now=clock.now_utc(), reason=reason))


@keys.command("sign-again", cls=_Refusals)
@click.argument("kid")
@click.option(
    "--journal-size", type=int, required=True, help="Size named by the last journal checkpoint made before the theft."
)
@with_appcontext
def sign_again(kid: str, journal_size: int) -> None:
    """Sign the certificates of a revoked key anew, those that a checkpoint of the journal from before the theft vouches for."""
    now = clock.now_utc()
    done, doubtful = certificate_codes.sign_again(
        db.session(), Actor.system(), kid, journal_size, day=clock.day_cn(now), now=now
    )
    click.echo(f"Signed again: {done}.")
    for number in doubtful:
        click.echo(f"Not vouched for, look at it and issue it again: {number}")
    if doubtful:
        raise click.exceptions.Exit(1)


@keys.command("sign-missing", cls=_Refusals)
@with_appcontext
def sign_missing() -> None:
    """Sign the certificates that were issued without a code (done by itself every day)."""
    now = clock.now_utc()
    so_far = certificate_codes.sign_missing(db.session(), Actor.system(), day=clock.day_cn(now), now=now)
    click.echo(f"Signed: {max(so_far, default=0)}.")


@keys.command("new-shard", cls=_Refusals)
@with_appcontext
def new_shard() -> None:
    """After an older backup of the database was restored: give slots of the status list from a new shard on, none twice."""
    with transaction(db.session()) as session:
        status_lists.close_shard(session)
    click.echo("The next certificate opens a new shard.")


@keys.command("request", cls=_Refusals)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def request(file: Path) -> None:
    """Write the list that waits for the root's signature (or the present one, renewed), to be carried to the root."""
    file.write_text(service.request(now=clock.now_utc()))
    click.echo(f"Written: {file}. Where the root is: flask --app run keys sign-list {file.name} SIGNED --root FOLDER")


@keys.command("sign-list", cls=_Refusals)
@click.argument("request_file", type=File)
@click.argument("signed_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--root", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@PASSPHRASE
def sign_list(request_file: Path, signed_file: Path, folder: Path, passphrase: str) -> None:
    """Sign a list with the root in a folder: on the machine without a network where it is kept. Shows what is signed."""
    text = request_file.read_text()
    content = service.key_list_content(text)
    click.echo(f"Key list {content['version']}, until {content['expires']}, for {', '.join(content['origins'])}")
    for one in content["keys"]:
        click.echo(f"  {one['kid']}  {one['purpose']:<12} {one['sign_from']} … {one['sign_until']}  {one['state']}")
    signed_file.write_text(service.sign_request(text, folder, passphrase))
    click.echo(f"Signed: {signed_file}. Back at the registry: flask --app run keys import-list {signed_file.name}")


@keys.command("import-list", cls=_Refusals)
@click.argument("file", type=File)
@with_appcontext
def import_list(file: Path) -> None:
    """Publish a list that the root has signed."""
    with transaction(db.session()) as session:
        found = service.import_list(session, Actor.system(), file.read_text(), now=clock.now_utc())
    click.echo(f"Published: key list {found.version}.")


@keys.command("move-root", cls=_Refusals)
@click.argument("folder", type=Folder)
@click.option(
    "--passphrase", envvar="METROLOGY_ROOT_PASSPHRASE", prompt="New passphrase of the root", hide_input=True,
    confirmation_prompt=True, help="At least 12 characters; asked for when it is not given.",
)  # fmt: skip
@with_appcontext
def move_root(folder: Path, passphrase: str) -> None:
    """Move the root's private part off this machine (a stick, two of them kept apart); from then on lists are signed there."""
    with transaction(db.session()) as session:
        moved = service.move_root(session, Actor.system(), folder, passphrase, now=clock.now_utc())
    for file in moved:
        click.echo(f"Moved: {file}")
    click.echo("Copy the folder to a second place. Without it and its passphrase no further key can be listed.")


@keys.command("roll-root", cls=_Refusals)
@click.option("--root", "folder", type=Folder, help="Folder of the root; default the one on this machine.")
@click.option("--passphrase", envvar="METROLOGY_ROOT_PASSPHRASE", default="", help="Of the root in that folder.")
@with_appcontext
def roll_root(folder: Path | None, passphrase: str) -> None:
    """The next root becomes the current one and a new next is made; checkers that know either follow."""
    with transaction(db.session()) as session:
        found = service.roll_root(session, Actor.system(), folder, passphrase, now=clock.now_utc())
    click.echo(f"Published: key list {found.version}; current root {json.dumps(list(found.roots))}.")


commands = [keys]
