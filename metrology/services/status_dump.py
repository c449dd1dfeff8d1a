"""The nightly dump for other departments: what every certificate is worth, a line each, with a signed manifest.

Written as it is read, so that a million certificates need no more memory than a thousand. A certificate that is no longer what was
issued has a line that says so and nothing else.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrology.documents.hashed_file import HashedFile
from metrology.documents.signed_json import open_json, sign_json
from metrology.documents.signed_note import NoteSigner
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import reading, writing
from metrology.services.journal import head
from metrology.services.public_status import status_of, with_facts
from metrology.services.record_digest import altered

KIND = "metrology-dump+json"
CHUNK = 500
PIECE = 1 << 20
_NAME = re.compile(r"status-(\d{4}-\d{2}-\d{2})\.(jsonl\.gz|manifest\.json)")

Step = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Dump:
    """A finished dump of a day."""

    day: date
    data: Path
    manifest: Path


def data_name(day: date) -> str:
    """Name of the file with the lines."""
    return f"status-{day.isoformat()}.jsonl.gz"


def manifest_name(day: date) -> str:
    """Name of the signed manifest; it is written last, so where it is the dump is whole."""
    return f"status-{day.isoformat()}.manifest.json"


def dumps(folder: Path) -> list[Dump]:
    """Every finished dump, the newest first."""
    found = []
    for file in folder.glob("status-*.manifest.json"):
        named = _NAME.fullmatch(file.name)
        data = file.with_name(file.name.replace(".manifest.json", ".jsonl.gz"))
        if named and data.exists():
            found.append(Dump(date.fromisoformat(named[1]), data, file))
    return sorted(found, key=lambda one: one.day, reverse=True)


def file_of(folder: Path, name: str) -> Path | None:
    """A file of a finished dump by its name; nothing else of the folder, or beyond it, has one."""
    return next((file for one in dumps(folder) for file in (one.data, one.manifest) if file.name == name), None)


def prune(folder: Path, *, today: date, days: int) -> list[str]:
    """Remove what is older than the days it is kept; tell what."""
    gone = []
    for file in sorted(folder.glob("status-*")):
        named = _NAME.fullmatch(file.name)
        if named and date.fromisoformat(named[1]) < today - timedelta(days=days):
            file.unlink(missing_ok=True)
            gone.append(file.name)
    return gone


# -- writing


def write(
    session: Session,
    folder: Path,
    signer: NoteSigner,
    *,
    origin: str,
    today: date,
    now: datetime,
    warn_days: int,
    step: Step = lambda _done, _total: None,
) -> dict[str, Any]:
    """Write the dump of a day and its manifest, which is answered. An unfinished one is never seen under its name.

    Everything is read in one snapshot, beside whatever is written meanwhile; ``step`` is told how far it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{data_name(today)}.{os.getpid()}"
    counts: Counter[str] = Counter()
    try:
        with reading(), Session(session.get_bind()) as snapshot, unfinished.open("wb") as raw:
            if snapshot.get_bind().dialect.name == "postgresql":
                snapshot.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            size, last_hash = head(snapshot)
            hashed = HashedFile(raw)
            with gzip.GzipFile(filename="", fileobj=hashed, mode="wb", mtime=0) as packed:
                for line in _lines(snapshot, today, warn_days, counts, step):
                    packed.write(line)
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.replace(folder / data_name(today))
    finally:
        unfinished.unlink(missing_ok=True)
    manifest = {
        "version": 1, "origin": origin, "day": today.isoformat(),
        "made_at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "file": data_name(today),
        "sha256": hashed.digest.hexdigest(), "bytes": hashed.size, "lines": sum(counts.values()),
        "counts": dict(sorted(counts.items())), "journal": {"size": size, "hash": last_hash},
    }  # fmt: skip
    _write_whole(folder / manifest_name(today), sign_json(manifest, signer, KIND) + "\n")
    return manifest


def _write_whole(target: Path, text: str) -> None:
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(target)


def _lines(session: Session, today: date, warn_days: int, counts: Counter[str], step: Step) -> Iterator[bytes]:
    total = session.scalar(select(func.count()).select_from(Certificate)) or 0
    done, last = 0, 0
    while True:
        statement = select(Certificate).where(Certificate.id > last).order_by(Certificate.id).limit(CHUNK)
        rows = list(session.scalars(statement.options(*with_facts())))
        if not rows:
            return
        broken = altered(session, rows)
        for row in rows:
            content = _altered(row) if row.id in broken else _content(row, today, warn_days)
            counts[str(content.get("standing") or content["problem"])] += 1
            yield json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        done, last = done + len(rows), rows[-1].id
        session.expunge_all()
        with writing():  # who is told may write down how far it is
            step(done, total)


def _altered(row: Certificate) -> dict[str, Any]:
    return {"code": row.code, "number": row.number, "problem": "certificate_altered"}


def _content(row: Certificate, today: date, warn_days: int) -> dict[str, Any]:
    one = status_of(row, today, warn_days)
    return {
        "code": one.code, "number": one.number, "kind": one.kind, "standing": one.standing, "holds": one.holds,
        "verified_on": one.verified_on.isoformat(), "issued_on": one.issued_on.isoformat(),
        "valid_until": one.valid_until.isoformat() if one.valid_until else None,
        "ended_on": one.ended_on.isoformat() if one.ended_on else None,
        "replaced_by": one.replaced_by[0] if one.replaced_by else None, "type": one.instrument_type,
        "name": one.name.get("zh", ""), "model": one.model, "manufacturer": one.manufacturer,
        "serial_number": one.serial_number, "body": one.body.get("zh", ""),
    }  # fmt: skip


# -- checking


def check(manifest: Path, public_keys: Mapping[str, bytes]) -> dict[str, Any]:
    """What a receiver does: the signature, then the file's hash and its lines. Refused with what does not fit."""
    content = open_json(manifest.read_text(encoding="utf-8"), public_keys, KIND)
    named = _NAME.fullmatch(str(content.get("file")))
    data = manifest.with_name(str(content.get("file")))
    if named is None or not data.exists():
        raise Problem("dump_incomplete")
    with data.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    if digest.hexdigest() != content["sha256"]:
        raise Problem("dump_altered")
    with gzip.open(data, "rt", encoding="utf-8") as lines:
        count = sum(1 for _line in lines)
    if count != content["lines"]:
        raise Problem("dump_altered")
    return content
