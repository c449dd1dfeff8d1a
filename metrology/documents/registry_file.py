"""A whole registry as files: a gzipped JSON Lines file for each table and ``manifest.json``, in a folder or in one tar archive.

The format is described for other systems in docs/registry-format.md. Everything streams: a file is never held, neither
when it is written nor when it is read. Equal registries give equal files: rows by primary key, no time of writing in them.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

from metrology.documents.hashed_file import HashedFile
from metrology.documents.registry_cells import KINDS, BadCell, Convert, as_json, from_json
from metrology.domain.problems import Problem

FORMAT: Final = "metrology-registry"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
ENDING: Final = ".jsonl.gz"
PIECE: Final = 1 << 20
_LINES_AT_ONCE: Final = 500
_LARGEST_MANIFEST: Final = 16 << 20
_LONGEST_LINE: Final = 512 << 20
"""A line holds a stored file in base64; nothing that a registry lets in comes near."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table file."""

    name: str
    kind: str
    longest: int | None = None
    """Characters a text may have."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """What the manifest says of one file."""

    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """The primary key: the rows' order."""
    rows: int
    size: int
    sha256: str
    """Of the file as it lies."""
    content_sha256: str
    """Of the lines in it: two exports of equal registries agree here whatever packed them."""

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.table + ENDING


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export holds."""

    made_at: str
    release: str
    migration: str
    """Revision of the database's structure."""
    origin: str
    """Public address of the registry."""
    journal: tuple[int, str]
    """Number and hash of the last entry of the journal."""
    files: tuple[TableFile, ...]

    @property
    def digest(self) -> str:
        """One hash for all: of a line ``content_sha256  table`` for each file, by table, with the migration in front."""
        lines = [f"{self.migration}\n"]
        lines += [f"{one.content_sha256}  {one.table}\n" for one in sorted(self.files, key=lambda one: one.table)]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def to_bytes(self) -> bytes:
        """As it is written."""
        files = [{"file": one.name, **asdict(one)} for one in self.files]
        for file in files:
            file["columns"] = [{k: v for k, v in column.items() if v is not None} for column in file["columns"]]
        said = {
            "format": FORMAT, "version": VERSION, "made_at": self.made_at, "release": self.release,
            "migration": self.migration, "origin": self.origin,
            "journal": {"entries": self.journal[0], "hash": self.journal[1]}, "digest": self.digest, "files": files,
        }  # fmt: skip
        return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()

    @classmethod
    def of(cls, data: bytes) -> Manifest:
        """Read one; refused when it is none of ours, of another version, or not in agreement with itself."""
        try:
            said = json.loads(data)
            if said["format"] != FORMAT:
                raise Problem("registry_unreadable", what=MANIFEST)
            if said["version"] != VERSION:
                raise Problem("registry_version", version=said["version"], known=VERSION)
            journal = (int(said["journal"]["entries"]), str(said["journal"]["hash"]))
            files = tuple(_file_of(one) for one in said["files"])
            found = cls(
                str(said["made_at"]), str(said["release"]), str(said["migration"]), str(said["origin"]), journal, files
            )
            digest = said["digest"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Problem("registry_unreadable", what=MANIFEST) from error
        if digest != found.digest or len({one.table for one in files}) != len(files):
            raise Problem("registry_altered", what=MANIFEST)
        return found


def _file_of(said: dict[str, Any]) -> TableFile:
    columns = tuple(Column(str(one["name"]), str(one["kind"]), one.get("longest")) for one in said["columns"])
    table = str(said["table"])
    if not table.isidentifier() or any(one.kind not in KINDS for one in columns):
        raise ValueError(table)
    key = tuple(map(str, said["key"]))
    sums = str(said["sha256"]), str(said["content_sha256"])
    return TableFile(table, columns, key, int(said["rows"]), int(said["size"]), *sums)


# -- writing


class Writer:
    """Writes an export into a new folder, or into a new ``.tar`` file. Nothing stands under its name until it is whole."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.is_archive = target.suffix == ".tar"
        if target.exists() and (self.is_archive or not target.is_dir() or any(target.iterdir())):
            raise Problem("registry_target_exists", what=target)
        self._work = target.with_name(f".{target.name}.{os.getpid()}")
        self._work.mkdir(mode=0o700, parents=True)
        self._tar_path = self._work / "all"
        self._tar = tarfile.open(self._tar_path, "w") if self.is_archive else None  # noqa: SIM115 - closed in finish

    def table(
        self, name: str, columns: Sequence[Column], key: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> TableFile:
        """Write a table's file; ``rows`` give a value for each column as the database has it."""
        path = self._work / (name + ENDING)
        with path.open("xb") as raw:
            path.chmod(0o600)
            outer = HashedFile(raw)
            inner = hashlib.sha256()
            count = 0
            with gzip.GzipFile(filename="", fileobj=outer, mode="wb", mtime=0, compresslevel=4) as packed:
                for number, piece in _lines(name, columns, key, rows):
                    inner.update(piece)
                    packed.write(piece)
                    count += number
            raw.flush()
            os.fsync(raw.fileno())
        made = TableFile(
            name, tuple(columns), tuple(key), count, outer.size, outer.digest.hexdigest(), inner.hexdigest()
        )
        if self._tar is not None:
            with path.open("rb") as raw:
                self._tar.addfile(_member(path.name, made.size), raw)
            path.unlink()
        return made

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest last, and give the export its name."""
        data = manifest.to_bytes()
        if self._tar is not None:
            self._tar.addfile(_member(MANIFEST, len(data)), io.BytesIO(data))
            self._tar.close()
            self._tar_path.chmod(0o600)
            with self._tar_path.open("rb") as raw:
                os.fsync(raw.fileno())
            self._tar_path.replace(self.target)
            self._work.rmdir()
            return
        path = self._work / MANIFEST
        path.write_bytes(data)
        path.chmod(0o600)
        if self.target.exists():
            self.target.rmdir()
        self._work.replace(self.target)

    def abandon(self) -> None:
        """Take away what was begun."""
        if self._tar is not None:
            self._tar.close()
        for path in self._work.glob("*"):
            path.unlink(missing_ok=True)
        if self._work.exists():
            self._work.rmdir()


def _member(name: str, size: int) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size, made.mode, made.mtime = size, 0o600, 0
    return made


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def _lines(
    table: str, columns: Sequence[Column], key: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[tuple[int, bytes]]:
    """The lines in pieces, each with the number of its lines. What could not be read again is refused, and named."""
    turns = [_outward(one) for one in columns]
    turned = [(place, turn) for place, turn in enumerate(turns) if turn is not None]
    waiting: list[bytes] = []
    for row in rows:
        cells, place = list(row), -1
        try:
            for place, turn in turned:
                if cells[place] is not None:
                    cells[place] = turn(cells[place])
            place = -1
            waiting.append(_encode(cells).encode())
        except ValueError as error:
            place = _unwritable(cells) if place < 0 else place
            names = [one.name for one in columns]
            which = "/".join(str(row[names.index(one)]) for one in key)
            raise Problem("registry_cell", table=table, key=which, column=names[place]) from error
        if len(waiting) >= _LINES_AT_ONCE:
            yield len(waiting), b"\n".join([*waiting, b""])
            waiting = []
    yield len(waiting), b"\n".join([*waiting, b""])


def _outward(column: Column) -> Convert | None:
    """What is done to a value of the column before it is written; a text is looked at only."""
    if column.kind == "text":
        return from_json("text", column.longest)
    return None if column.kind in ("integer", "boolean") else as_json(column.kind)


def _unwritable(cells: Sequence[Any]) -> int:
    """The cell that cannot be written as UTF-8 JSON."""
    for place, cell in enumerate(cells):
        try:
            _encode(cell).encode()
        except ValueError:
            return place
    return 0


# -- reading


class Reader:
    """Reads an export from its folder or archive; only what the manifest names is ever looked at."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self._tar: tarfile.TarFile | None = None
        if not source.is_dir():
            try:
                self._tar = tarfile.open(source, "r:")  # noqa: SIM115 - closed in close
            except (OSError, tarfile.TarError) as error:
                raise Problem("registry_unreadable", what=source) from error
        with self._open(MANIFEST) as raw:
            self.manifest = Manifest.of(raw.read(_LARGEST_MANIFEST))

    def close(self) -> None:
        """Let the archive go."""
        if self._tar is not None:
            self._tar.close()

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        try:
            if self._tar is None:
                raw: IO[bytes] | None = (self.source / name).open("rb")
            else:
                raw = self._tar.extractfile(name)
        except (OSError, KeyError, tarfile.TarError) as error:
            raise Problem("registry_incomplete", what=name) from error
        if raw is None:
            raise Problem("registry_incomplete", what=name)
        with raw:
            yield raw

    def check(self, file: TableFile) -> None:
        """Refused unless the file is the one the manifest tells of."""
        with self._open(file.name) as raw:
            digest = hashlib.file_digest(raw, "sha256")  # type: ignore[arg-type] # a member of an archive is read alike
        if digest.hexdigest() != file.sha256:
            raise Problem("registry_altered", what=file.name)

    def rows(self, file: TableFile) -> Iterator[tuple[Any, ...]]:
        """The rows of a table for the database. After the last, lines and their hash must be what the manifest says."""
        reads: list[Convert] = [from_json(one.kind, one.longest) for one in file.columns]
        inner, count = hashlib.sha256(), 0
        try:
            with self._open(file.name) as raw, gzip.GzipFile(fileobj=raw, mode="rb") as packed:
                while line := packed.readline(_LONGEST_LINE):
                    inner.update(line)
                    count += 1
                    yield _row(file, count, line, reads)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise Problem("registry_altered", what=file.name) from error
        if count != file.rows or inner.hexdigest() != file.content_sha256:
            raise Problem("registry_altered", what=file.name)


def _row(file: TableFile, number: int, line: bytes, reads: Sequence[Convert]) -> tuple[Any, ...]:
    column = "?"
    try:
        cells = json.loads(line)
        if type(cells) is not list or len(cells) != len(reads):
            raise BadCell("row")
        made = []
        for cell, read, one in zip(cells, reads, file.columns, strict=True):
            column = one.name
            made.append(None if cell is None else read(cell))
    except (ValueError, RecursionError) as error:
        raise Problem("registry_cell", table=file.table, key=f"line {number}", column=column) from error
    return tuple(made)
