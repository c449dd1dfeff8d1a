"""``flask --app run export-registry`` and ``import-registry``: the whole registry as files, between SQLite, PostgreSQL and others."""

from __future__ import annotations

import time
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from metrology.documents.registry_file import Reader, TableFile
from metrology.domain.problems import Problem
from metrology.persistence import clock
from metrology.persistence.database import db
from metrology.services import keys, registry_export, registry_import
from metrology.services import registry_tables as registry_tables_page
from metrology.settings import ROOT, Settings
from metrology.web.health import head_revision

FAULTS = {
    "registry_target_exists": "{what} is there already: name a new folder, or a new file that ends in .tar",
    "registry_unreadable": "{what} is no export of a registry",
    "registry_version": "it is written in version {version} of the format; this release reads version {known}",
    "registry_incomplete": "the export lacks {what}",
    "registry_altered": "{what} is not what was exported: its checksum differs",
    "registry_digest": "it is another export: its digest is {digest}",
    "registry_cell": "table {table}, row {key}, column {column}: no database would take this value",
    "registry_not_migrated": (
        "the database is at revision {here}, this release at {known}: run flask --app run db upgrade first"
    ),
    "registry_structure": (
        "the export is of revision {file}, this release is at {here}: import it with the release it was made with, then upgrade"
    ),
    "registry_columns": "the export and this release do not agree on the columns of {table}",
    "registry_not_empty": "the database is not empty ({table} has rows): import into a new one, right after flask --app run db upgrade",
    "registry_reference": "a row refers to one that is not in the export: {what}",
    "registry_refused": "the database refused a row of {table}: {what}",
    "registry_journal": (
        "the journal in the export does not hold together (entry {seq}: {fault}); look at the registry it came from with "
        "verify-journal, or import it as it is with --despite-journal"
    ),
}
CARRY = (
    "Not in the files, carry them along: instance/keys (without it no code, cookie, password or second factor of this registry "
    "works on), the settings in the environment, and, where they are kept in the instance, checkpoints, dumps and packages."
)


@click.command("export-registry")
@click.argument("target", type=click.Path(path_type=Path))
@with_appcontext
def export_registry(*, target: Path) -> None:
    """Write the whole registry to a new folder TARGET, or to one new file when TARGET ends in .tar; others may work meanwhile.

    The files are as secret as a backup of the database. Note the digest down apart: import-registry --digest checks it.
    """
    from metrology import __version__

    settings: Settings = current_app.config["METROLOGY"]
    started = time.monotonic()
    try:
        made = registry_export.export(
            db.engine, target, release=__version__, origin=settings.public_url, now=clock.now_utc(), step=_told
        )
    except Problem as problem:
        raise _refused(problem) from None
    rows = sum(one.rows for one in made.files)
    click.echo(f"{target}: {rows:,} rows of {len(made.files)} tables in {time.monotonic() - started:.1f} s.")
    click.echo(f"Digest: {made.digest}")
    click.echo(CARRY)


@click.command("import-registry")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--digest", default="", help="The digest that export-registry told.")
@click.option("--despite-journal", is_flag=True, help="Import a journal that does not hold together as it is.")
@with_appcontext
def import_registry(*, source: Path, digest: str, despite_journal: bool) -> None:
    """Load an export (folder or .tar) into an empty, migrated database: all of it or nothing."""
    started = time.monotonic()
    try:
        made = registry_import.import_into(
            db.engine,
            source,
            migration=head_revision() or "",
            digest=digest,
            despite_journal=despite_journal,
            step=lambda what, rows: click.echo(f"{what}: {rows:,} rows" if rows else what, err=True),
        )
    except Problem as problem:
        raise _refused(problem) from None
    click.echo(f"{made.rows:,} rows in {time.monotonic() - started:.1f} s. Digest: {made.manifest.digest}")
    click.echo(
        f"The journal holds: {made.manifest.journal[0]:,} entries." if not despite_journal else "Journal not checked."
    )
    if made.wrong_counts:
        click.echo(
            f"{made.wrong_counts:,} counts were wrong where it came from: flask --app run check-figures --repair",
            err=True,
        )
    _tell_of_keys(made.signed_by)


@click.command("check-registry")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--digest", default="", help="The digest that export-registry told.")
def check_registry(*, source: Path, digest: str) -> None:
    """Read an export through and hold every file, line and cell against its manifest; no database is needed."""
    try:
        reader = Reader(source)
        if digest and digest.strip().lower() != reader.manifest.digest:
            raise Problem("registry_digest", digest=reader.manifest.digest)  # noqa: TRY301 - told like the others
        for file in reader.manifest.files:
            reader.check(file)
            for _row in reader.rows(file):
                pass
        reader.close()
    except Problem as problem:
        raise _refused(problem) from None
    made = reader.manifest
    click.echo(
        f"{source} is whole: {sum(one.rows for one in made.files):,} rows, exported {made.made_at} from {made.origin}."
    )
    click.echo(f"Digest: {made.digest}")


@click.command("registry-tables")
def registry_tables() -> None:
    """Write the list of tables in docs/registry-format.md anew, as the models have it."""
    differed = registry_tables_page.write(ROOT / "docs" / "registry-format.md")
    click.echo("docs/registry-format.md written." if differed else "docs/registry-format.md is as the models have it.")


def _told(file: TableFile) -> None:
    click.echo(f"{file.name}: {file.rows:,} rows", err=True)


def _refused(problem: Problem) -> click.ClickException:
    sentence = FAULTS.get(problem.code)
    return click.ClickException(sentence.format(**problem.params) if sentence else str(problem))


def _tell_of_keys(signed_by: tuple[str, ...]) -> None:
    current = keys.ring().current(clock.now_utc())
    here = {key.kid for key in current.keys} if current else set()
    lacking = [kid for kid in signed_by if kid not in here]
    if lacking:
        click.echo(
            f"The key list here does not know the keys that signed its certificates ({', '.join(lacking)}): "
            "put instance/keys of the old installation here before anybody works.",
            err=True,
        )


commands = [export_registry, import_registry, check_registry, registry_tables]
