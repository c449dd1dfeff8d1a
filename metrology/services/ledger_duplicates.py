"""Which lines of a ledger mean an instrument that another line, or the registry under another maker's name, means already.

Two instruments of one type with one serial number at one holder are the same one, also when the manufacturer is written
differently: the second line is refused, and a person decides. The first line stands.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.problems import Problem
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.ledgers import LedgerRow
from metrology.services import holding
from metrology.services.instrument_facts import Identity
from metrology.services.registering import Row

IN_FILE = "duplicate_in_file"
OTHER_MAKER = "duplicate_other_maker"
"""Which sentence a ``duplicate`` gets, in its parameter ``sentence``."""
_CHUNK = 500
_Same = tuple[str, str, str, str]


class SeenKeys:
    """Keys seen so far with the row of each, in a scratch file that the system deletes: flat memory for any ledger."""

    def __init__(self) -> None:
        self._scratch = sqlite3.connect("")
        self._scratch.execute("create table seen (key blob primary key, row integer) without rowid")

    def rows_of(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """The rows of those keys that were seen."""
        found: dict[bytes, int] = {}
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            found.update(self._scratch.execute(f"select key, row from seen where key in ({marks})", chunk))  # noqa: S608
        return found

    def add(self, keys: Iterable[tuple[bytes, int]]) -> None:
        """Keys with their rows; the first row of a key stands."""
        self._scratch.executemany("insert or ignore into seen values (?, ?)", keys)


@dataclass(frozen=True, slots=True)
class _Known:
    manufacturer_key: str
    manufacturer: str
    number: str


@dataclass(frozen=True, slots=True)
class _Meant:
    """Which instrument a line means: its identity in the registry, and the same number at the same holder."""

    maker_key: str
    same: _Same
    keys: tuple[bytes, ...]

    @classmethod
    def by(cls, row: Row) -> _Meant:
        identity = Identity.of(row.instrument)
        holder = holding.identity_of(row.holder) if row.holder else ""
        same = identity.type_code, identity.serial_key, identity.part_label, holder
        exact = ("exact", identity.type_code, identity.manufacturer_key, identity.serial_key, identity.part_label)
        keys = (_digest(exact), _digest(("held", *same))) if holder else (_digest(exact),)
        return cls(identity.manufacturer_key, same, keys)


class Duplicates:
    """Finds them, chunk by chunk: ``prefetch`` a chunk, ``settle`` each row, ``note`` the good ones, ``keep`` them."""

    def __init__(self, session: Session, seen: SeenKeys) -> None:
        self._session, self._seen = session, seen
        self._meant: dict[int, _Meant] = {}
        self._rows: dict[bytes, int] = {}
        self._fresh: list[tuple[bytes, int]] = []
        self._known: dict[_Same, list[_Known]] = {}

    def prefetch(self, rows: Sequence[Row]) -> None:
        """Look up a chunk of checked rows."""
        self._meant = {id(row): _Meant.by(row) for row in rows}
        self._rows = self._seen.rows_of([key for meant in self._meant.values() for key in meant.keys])
        self._known = defaultdict(list)
        serials = list({meant.same[1] for meant in self._meant.values()})
        for start in range(0, len(serials), _CHUNK):
            statement = select(
                Instrument.type_code, Instrument.serial_key, Instrument.part_label, Holder.identity_key,
                Instrument.manufacturer_key, Instrument.manufacturer, Instrument.number,
            ).join(Holder, Holder.id == Instrument.holder_id)  # fmt: skip
            for *same, maker_key, maker, number in self._session.execute(
                statement.where(Instrument.serial_key.in_(serials[start : start + _CHUNK]))
            ):
                self._known[same[0], same[1], same[2], same[3]].append(_Known(maker_key, maker, number))

    def settle(self, row: Row) -> Row:
        """The row, with its manufacturer where only the registry knows it; a ``duplicate`` is refused."""
        meant = self._meant[id(row)]
        for key in meant.keys:
            if key in self._rows:
                raise Problem("duplicate", "serial_number", sentence=IN_FILE, row=self._rows[key])
        known = self._known.get(meant.same, ()) if row.holder else ()
        if not known or any(one.manufacturer_key == meant.maker_key for one in known):
            return row
        if not meant.maker_key and len(known) == 1:
            named = replace(row, instrument=replace(row.instrument, manufacturer=known[0].manufacturer))
            self._meant[id(named)] = _Meant.by(named)
            return named
        raise Problem(
            "duplicate",
            "serial_number",
            sentence=OTHER_MAKER,
            number=known[0].number,
            maker=known[0].manufacturer or "—",
        )

    def note(self, row: Row, number: int) -> None:
        """Remember a row for the rest of this chunk."""
        fresh = [(key, number) for key in self._meant[id(row)].keys]
        self._rows.update(fresh)
        self._fresh += fresh

    def keep(self) -> None:
        """The chunk went in: remember its rows for the rest of the file."""
        self._seen.add(self._fresh)
        self._fresh = []


def _digest(parts: Sequence[str]) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=12).digest()


def seen_before(session: Session, batch_id: int) -> SeenKeys:
    """What the rows that a batch has done already mean, for going on after a restart."""
    seen = SeenKeys()
    statement = (
        select(
            Instrument.type_code, Instrument.manufacturer_key, Instrument.serial_key, Instrument.part_label,
            Holder.identity_key, LedgerRow.row,
        )
        .join(LedgerRow, LedgerRow.instrument_id == Instrument.id)
        .join(Holder, Holder.id == Instrument.holder_id, isouter=True)
        .where(LedgerRow.batch_id == batch_id, LedgerRow.done_at.is_not(None))
        .order_by(LedgerRow.id)
    )  # fmt: skip
    for type_code, maker, serial, part, holder, row in session.execute(statement.execution_options(yield_per=2000)):
        keys = [_digest(("exact", type_code, maker, serial, part))]
        if holder is not None:
            keys.append(_digest(("held", type_code, serial, part, holder)))
        seen.add([(key, row) for key in keys])
    return seen
