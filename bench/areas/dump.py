"""The whole registry written to one file, as it is moved to another database: records in a second, and whether memory stays flat."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from bench.measuring import Measure, memory, once
from bench.registries import FOLDER, Registry
from bench.rows import INSTANT
from metrology.persistence.database import db
from metrology.services import registry_export

AREA = "dump"
MOST = 1_000_000
"""A larger registry is not written: it would take an hour and tell the same."""
_EVERY = 0.2


def measure(registry: Registry) -> Iterator[Measure]:
    """All tables into a .tar."""
    if registry.size > MOST:
        return
    made: list[Any] = []
    with registry.app.app_context(), tempfile.TemporaryDirectory(dir=FOLDER) as folder, _Memory() as watched:
        target = Path(folder) / "registry.tar"

        def write() -> None:
            made.append(
                registry_export.export(db.engine, target, release="bench", origin="https://bench.example", now=INSTANT)
            )

        seconds = once(write)
        size = target.stat().st_size
    rows = sum(one.rows for one in made[0].files)
    note = f"{rows:,} rows, {size / 2**20:,.0f} MiB, memory grew by {watched.grown} MiB"
    yield Measure(
        AREA, "the whole registry to one file", registry.name, registry.database, seconds, per="rows", count=rows, note=note
    )  # fmt: skip


class _Memory:
    """The most memory there was while something went on, looked at from a thread beside it."""

    def __enter__(self) -> Self:
        self._before = self._peak = memory()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._over.wait(_EVERY):
            self._peak = max(self._peak, memory())

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def grown(self) -> int:
        """MiB above what there was before."""
        return max(0, self._peak - self._before)
