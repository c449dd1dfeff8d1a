"""The whole registry written to files, in one snapshot beside whatever is written meanwhile: to move to another database or system.

What it holds is as secret as a backup: names, telephone numbers, hashes of passwords. Private keys are not in it: they are
files of the instance, and are carried along apart (docs/operations.md).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine import Engine

from metrology.documents.registry_file import Column, Manifest, TableFile, Writer
from metrology.persistence import whole
from metrology.persistence.journal import GENESIS, JournalHead

Step = Callable[[TableFile], None]


def export(
    engine: Engine,
    target: Path,
    *,
    release: str,
    origin: str,
    now: datetime,
    step: Step = lambda _file: None,
) -> Manifest:
    """Write every table to a new folder, or to a new file that ends in ``.tar``; nothing is there until all of it is.

    Refused when the target is there already, and when a cell holds what not every database keeps (the cell is named).
    """
    writer = Writer(target)
    try:
        with whole.snapshot(engine) as connection:
            head = connection.execute(
                select(JournalHead.seq, JournalHead.hash).where(JournalHead.id == 1)
            ).one_or_none()
            files = []
            for one in whole.tables():
                columns = [Column(kept.name, kept.kind, kept.longest) for kept in whole.columns_of(one)]
                files.append(writer.table(one.name, columns, whole.key_of(one), whole.rows(connection, one)))
                step(files[-1])
            manifest = Manifest(
                made_at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                release=release,
                migration=whole.migration_of(connection),
                origin=origin,
                journal=(head.seq, head.hash) if head else (0, GENESIS),
                files=tuple(files),
            )
        writer.finish(manifest)
    except BaseException:
        writer.abandon()
        raise
    return manifest
