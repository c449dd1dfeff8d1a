"""An export put into an empty, migrated database: every checksum first, then all of it in one transaction, then it is proven.

Whatever is wrong, the database stays as it was, and the import can be started anew. What the files cannot say is checked
before the end: that every reference leads somewhere, that the journal's chain holds, that the counts are what a recount finds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from metrology.documents.registry_file import Column, Manifest, Reader, TableFile
from metrology.domain.problems import Problem
from metrology.persistence import whole
from metrology.persistence.certificates import Certificate
from metrology.persistence.journal import verify_chain
from metrology.services import search_documents, tallying

AT_ONCE: Final = 2000
Step = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import."""

    manifest: Manifest
    rows: int
    wrong_counts: int
    """Groups whose count was not what a recount finds, in the registry that was exported."""
    signed_by: tuple[str, ...]
    """Ids of the keys that signed the certificates: their files must be carried along."""


def import_into(
    engine: Engine,
    source: Path,
    *,
    migration: str,
    digest: str = "",
    despite_journal: bool = False,
    step: Step = lambda _what, _rows: None,
) -> Imported:
    """Load an export. ``migration`` is the structure this release knows; ``digest`` the export's, noted down apart.

    Refused: a file that is not what the manifest says, an export of another structure, a database that holds anything, a journal
    that does not hold together (unless ``despite_journal``).
    """
    reader = Reader(source)
    try:
        _fits(engine, reader.manifest, migration, digest)
        for file in reader.manifest.files:
            reader.check(file)
            step(f"checked {file.name}", file.rows)
        return _load_all(engine, reader, despite_journal, step)
    finally:
        reader.close()


def _fits(engine: Engine, manifest: Manifest, migration: str, digest: str) -> None:
    if digest and digest.strip().lower() != manifest.digest:
        raise Problem("registry_digest", digest=manifest.digest)
    with engine.connect() as connection:
        here = whole.migration_of(connection)
        if here != migration:
            raise Problem("registry_not_migrated", here=here or "none", known=migration)
        if manifest.migration != migration:
            raise Problem("registry_structure", file=manifest.migration, here=migration)
        taken = whole.filled(connection)
    if taken is not None:
        raise Problem("registry_not_empty", table=taken)
    files = {one.table: one for one in manifest.files}
    for one in whole.tables():
        file = files.pop(one.name, None)
        if file is None:
            raise Problem("registry_incomplete", what=one.name)
        if [Column(kept.name, kept.kind, kept.longest) for kept in whole.columns_of(one)] != list(file.columns):
            raise Problem("registry_columns", table=one.name)
    if files:
        raise Problem("registry_columns", table=", ".join(sorted(files)))


def _load_all(engine: Engine, reader: Reader, despite_journal: bool, step: Step) -> Imported:
    files = {one.table: one for one in reader.manifest.files}
    total = 0
    try:
        with whole.loading(engine) as connection:
            taken = whole.filled(connection)  # somebody may have come in between
            if taken is not None:
                raise Problem("registry_not_empty", table=taken)
            for one in whole.tables():
                file = files[one.name]
                _load(connection, one, reader, file)
                total += file.rows
                step(f"loaded {one.name}", file.rows)
            with Session(connection) as session:
                if not despite_journal:
                    _check_journal(session)
                wrong = sum(1 for _one in tallying.differences(session))
                keys = session.scalars(select(Certificate.signed_by).distinct().order_by(Certificate.signed_by))
                signed_by = tuple(one for one in keys if one)
    except (IntegrityError, whole.DanglingReference) as error:
        raise Problem("registry_reference", what=_short(error)) from error
    whole.after_loading(engine)
    _find_again(engine, step)
    return Imported(reader.manifest, total, wrong, signed_by)


def _load(connection: Connection, one: Any, reader: Reader, file: TableFile) -> None:
    names = [column.name for column in file.columns]
    rows = reader.rows(file)
    while piece := list(islice(rows, AT_ONCE)):
        try:
            whole.load(connection, one, names, piece)
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise Problem("registry_refused", table=one.name, what=_short(error)) from error


def _short(error: Exception) -> str:
    said = str(getattr(error, "orig", None) or error).strip()
    return said.splitlines()[0][:200] if said else type(error).__name__


def _check_journal(session: Session) -> None:
    for seq, fault in verify_chain(session):
        raise Problem("registry_journal", seq=seq, fault=fault)


def _find_again(engine: Engine, step: Step) -> None:
    """The search is written anew; broken off here, ``reindex-search`` goes on."""
    with Session(engine) as session:
        for kind in search_documents.MODELS:
            for _last in search_documents.in_chunks(session, kind):
                session.commit()
                session.expunge_all()
            step(f"search: {kind}", 0)


__all__: Sequence[str] = ["AT_ONCE", "Imported", "import_into"]
