"""``flask --app run verify-journal``: walk the journal's chain, hold it against what others keep; exit 1 when it was touched."""

from __future__ import annotations

import binascii
import json
import re
import sys
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

import click
from flask.cli import with_appcontext

from metrology.domain.problems import Problem
from metrology.persistence import clock
from metrology.persistence.database import db, reading
from metrology.services import checkpoint_keys
from metrology.services.journal import head
from metrology.services.journal_audit import Fault, Witness, audit, read_witnesses

FAULTS = {
    "missing": "an entry is missing",
    "link": "it does not follow the entry before",
    "altered": "it was changed after it was written",
    "head": "the end of the journal was cut off",
    "rewritten": "the journal was written anew: it no longer has the hash that was kept outside",
    "cut": "the end of the journal was cut off: entries are gone that a checkpoint vouches for",
    "restored": "entries are gone that a checkpoint vouches for, and so are the checkpoints: an older backup was put back",
    "forked": "two checkpoints of the same number of entries differ: there were two journals",
}
_TOLD = 20
_HEAD = re.compile(r"([1-9][0-9]*):([0-9a-f]{64})")


@click.command("verify-journal")
@click.option(
    "--checkpoints",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with checkpoints (*.note) kept outside; may be given several times.",
)
@click.option("--head", "heads", multiple=True, help="NUMBER:HASH as printed at the foot of a certificate.")
@click.option(
    "--keys",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Public keys kept outside (see journal-keys); without it those of this installation.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@with_appcontext
def verify_journal(*, folders: tuple[Path, ...], heads: tuple[str, ...], key_file: Path | None, as_json: bool) -> None:
    """Check that no entry of the journal was changed, added or taken away; exit 1 and name the first that was.

    The chain alone shows an entry that was changed or taken out. With --checkpoints or --head also a tail that was cut, a
    journal written anew, and an old backup put back.
    """
    witnesses, bad = _witnesses(folders, key_file)
    witnesses += [_paper(one) for one in heads]
    started = time.monotonic()
    with reading():
        session = db.session()
        seq, last_hash = head(session)
        faults = []
        for fault in audit(session, witnesses):
            faults.append(fault)
            if len(faults) == _TOLD:
                break
        session.rollback()
    took = time.monotonic() - started
    if as_json:
        click.echo(json.dumps(_as_json(seq, last_hash, faults, witnesses, bad)))
    else:
        _tell(seq, last_hash, faults, witnesses, bad, took)
    if faults or bad:
        sys.exit(1)


def _witnesses(folders: tuple[Path, ...], key_file: Path | None) -> tuple[list[Witness], list[str]]:
    if not folders:
        return [], []
    try:
        keys = _read_keys(key_file) if key_file else checkpoint_keys.public_keys(now=clock.now_utc())
    except Problem as problem:
        raise click.ClickException(f"no key to check the checkpoints with ({problem.code}): give --keys") from None
    found: list[Witness] = []
    bad: list[str] = []
    for folder in folders:
        read, unread = read_witnesses(folder, keys)
        found += read
        bad += [str(folder / name) for name in unread]
    if not found and not bad:
        raise click.ClickException(f"no checkpoint (*.note) in {', '.join(str(one) for one in folders)}")
    return found, bad


def _read_keys(file: Path) -> list[bytes]:
    """Lines of key id and public key, as ``journal-keys`` prints them."""
    try:
        keys = [_unpadded(line.split()[-1]) for line in file.read_text().splitlines() if line.strip()]
    except (ValueError, binascii.Error) as error:
        raise click.ClickException(f"{file} is no list of public keys") from error
    if not keys or any(len(key) != 32 for key in keys):
        raise click.ClickException(f"{file} is no list of public keys")
    return keys


def _unpadded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _paper(text: str) -> Witness:
    found = _HEAD.fullmatch(text.strip().lower())
    if found is None:
        raise click.ClickException(f"{text!r} is not NUMBER:HASH")
    return Witness(int(found[1]), found[2], "--head")


def _as_json(
    seq: int, last_hash: str, faults: list[Fault], witnesses: list[Witness], bad: list[str]
) -> dict[str, object]:
    told = [{"seq": one.seq, "last": one.last, "fault": one.kind, "witness": one.witness} for one in faults]
    return {
        "ok": not faults and not bad,
        "entries": seq,
        "hash": last_hash,
        "witnesses": len(witnesses),
        "unreadable": bad,
        "first_bad": told[0] if told else None,
        "faults": told,
    }


def _tell(seq: int, last_hash: str, faults: list[Fault], witnesses: list[Witness], bad: list[str], took: float) -> None:
    for name in bad:
        click.echo(f"{name} is no checkpoint signed by a key of this registry.", err=True)
    if faults:
        first = faults[0]
        entries = f"{first.seq}" if first.last == first.seq else f"{first.seq} (or a later one up to {first.last})"
        shown = f" Shown by {first.witness}." if first.witness else ""
        click.echo(f"The journal was touched. First bad entry: {entries}: {FAULTS[first.kind]}.{shown}", err=True)
        return
    vouched = max((one.size for one in witnesses), default=0)
    click.echo(f"The journal is whole: {seq} entries in {took:.1f} s, last hash {last_hash}.")
    if witnesses:
        click.echo(f"{len(witnesses)} checkpoints agree; the last one vouches for the first {vouched} entries.")
    else:
        click.echo("A journal written anew would look the same: compare with checkpoints kept outside (--checkpoints).")


@click.command("journal-keys")
@click.option("--purpose", type=click.Choice(["journal", "dump"]), default="journal", help="Checkpoints, or dumps.")
@with_appcontext
def journal_keys(*, purpose: str) -> None:
    """Print the public keys that sign checkpoints (or dumps), one a line: to be kept where verify-journal is run."""
    for kid, public in checkpoint_keys.named_keys(purpose, now=clock.now_utc()):
        click.echo(f"{kid} {urlsafe_b64encode(public).rstrip(b'=').decode()}")


commands = [verify_journal, journal_keys]
