"""``flask --app run verify-code TEXT``: what the code on a certificate is worth, by the lists at hand alone. No database is asked."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from metrology.documents.code_checker import (
    KeyList,
    Refused,
    Shade,
    StatusList,
    check,
    open_key_list,
    open_status_list,
    roots_of,
)
from metrology.persistence import clock
from metrology.services import keys as key_service

File = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("verify-code")
@click.argument("text")
@click.option("--keys", "keys_file", type=File, help="Key list (metrology-keys.json); default: this registry's own.")
@click.option(
    "--roots", "roots_file", type=File, help="Trusted roots (metrology-roots.json); default: this registry's own."
)
@click.option("--status", "status_files", type=File, multiple=True, help="Status list of a shard; may be repeated.")
@click.option(
    "--at", "instant", help="Instant to check for: 2026-11-25 (noon in Shanghai) or 2026-11-25T04:00:00Z; default now."
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@with_appcontext
def verify_code(
    text: str,
    keys_file: Path | None,
    roots_file: Path | None,
    status_files: tuple[Path, ...],
    instant: str | None,
    *,
    as_json: bool,
) -> None:
    """Check TEXT, all that a certificate's QR code holds (``-`` reads it from standard input).

    Exit 0: valid. 10 to 23: it does not hold or is false. 30 to 41: cannot be decided here. The words and their numbers stand in
    docs/certificate-code.md, section 6.
    """
    now = _instant(instant)
    text = sys.stdin.read() if text == "-" else text
    trusted = _key_list(keys_file, roots_file, now)
    shade = check(text, trusted, _status_lists(status_files, trusted, now), now=now)
    click.echo(json.dumps(_facts(shade), ensure_ascii=False) if as_json else "\n".join(_lines(shade)))
    sys.exit(shade.exit_code)


def _instant(text: str | None) -> datetime:
    if text is None:
        return clock.now_utc()
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC).replace(hour=4)
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter("not a day or an instant", param_hint="--at") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=clock.SHANGHAI)


def _key_list(keys_file: Path | None, roots_file: Path | None, now: datetime) -> KeyList | None:
    ring = key_service.ring()
    body = keys_file.read_text() if keys_file else ring.body()
    if not body:
        return None
    try:
        roots = roots_of(json.loads(roots_file.read_text())["roots"] if roots_file else ring.roots())
        return open_key_list(body, roots, now=now)
    except (Refused, ValueError, KeyError, TypeError) as refusal:
        raise click.ClickException(f"The key list is refused: {refusal}") from refusal


def _status_lists(files: tuple[Path, ...], keys: KeyList | None, now: datetime) -> dict[int, StatusList]:
    found: dict[int, StatusList] = {}
    for file in files:
        if keys is None:
            break
        try:
            one = open_status_list(file.read_text(), keys, now=now, kept=found)
        except Refused as refusal:
            click.echo(f"{file}: refused, {refusal.word}", err=True)
            continue
        found[one.shard] = one
    return found


def _facts(shade: Shade) -> dict[str, object]:
    said = asdict(shade.facts) if shade.facts else None
    plain = (
        {name: value.isoformat() if isinstance(value, date) else value for name, value in said.items()}
        if said
        else None
    )
    return {"word": shade.word, "detail": shade.detail, "colour": shade.colour, "facts": plain}


def _lines(shade: Shade) -> list[str]:
    lines = [f"{shade.word}{f' ({shade.detail})' if shade.detail else ''} — {shade.colour}"]
    if shade.facts:
        lines += [f"  {name}: {'—' if value in ('', None) else value}" for name, value in asdict(shade.facts).items()]
        lines.append("Compare the serial number with the nameplate: a copied code verifies too.")
    return lines


commands = [verify_code]
