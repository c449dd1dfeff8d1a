"""Is the journal still the one that was written? Its chain is walked, and held against hashes that others keep.

The chain alone finds an entry that was edited or taken out, and names it. With checkpoints kept outside, a tail that was cut, a
journal written anew and an old backup put back are found too; then what is named is the first entry nobody vouches for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from metrology.documents.signed_note import LONGEST, Note, is_signed, read_note
from metrology.domain.problems import Problem
from metrology.persistence.journal import verify_chain
from metrology.services import checkpointing
from metrology.services.journal import head

CUT, RESTORED, REWRITTEN, FORKED = "cut", "restored", "rewritten", "forked"


@dataclass(frozen=True, slots=True)
class Witness:
    """A hash that somebody else keeps: the journal's last entry had it when there were ``size``."""

    size: int
    hash: str
    source: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong: the first bad entry, the last that may be, what it is, and the witness that shows it."""

    seq: int
    last: int
    kind: str
    witness: str = ""


def read_witnesses(folder: Path, public_keys: Iterable[bytes]) -> tuple[list[Witness], list[str]]:
    """The signed notes (``*.note``) of a folder, by size; and the names of files that are no notes, or not signed by our keys."""
    keys = tuple(public_keys)
    found, bad = [], []
    for file in sorted(folder.glob("*.note")):
        note = _note(file)
        if note is None or not is_signed(note, keys):
            bad.append(file.name)
        else:
            found.append(Witness(note.size, note.hash, file.name))
    return sorted(found, key=lambda one: one.size), bad


def _note(file: Path) -> Note | None:
    try:
        with file.open(encoding="utf-8") as stream:
            return read_note(stream.read(LONGEST + 1))
    except (OSError, UnicodeDecodeError, Problem):
        return None


def audit(session: Session, witnesses: Iterable[Witness] = ()) -> Iterator[Fault]:
    """Every fault, in the order of entries. After the first hash that differs from a witness nothing later is vouched for."""
    by_size: dict[int, list[Witness]] = {}
    for one in witnesses:
        by_size.setdefault(one.size, []).append(one)
    heads = {size: frozenset(one.hash for one in those) for size, those in by_size.items()}
    for size, those in by_size.items():
        if len(heads[size]) > 1:
            yield Fault(size, size, FORKED, ", ".join(one.source for one in those))
    sizes = sorted(by_size)
    is_rewritten = False
    for seq, kind in verify_chain(session, heads=heads):
        if kind != REWRITTEN:
            yield Fault(seq, seq, kind)
        elif not is_rewritten and len(heads[seq]) == 1:
            is_rewritten = True
            vouched = max((size for size in sizes if size < seq), default=0)
            yield Fault(vouched + 1, seq, REWRITTEN, by_size[seq][0].source)
    yield from _beyond(session, by_size, sizes)


def _beyond(session: Session, by_size: dict[int, list[Witness]], sizes: list[int]) -> Iterator[Fault]:
    """Checkpoints of entries that are no longer there."""
    end, _hash = head(session)
    if not sizes or sizes[-1] <= end:
        return
    own = checkpointing.last(session)
    kind = CUT if own is not None and own.size > end else RESTORED
    yield Fault(end + 1, sizes[-1], kind, by_size[sizes[-1]][0].source)
