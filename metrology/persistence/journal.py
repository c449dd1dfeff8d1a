"""The journal: who changed what, when, from what to what. Hash-chained, appended only, in the change's own transaction.

Services call :func:`record`; the entries are numbered and chained when the transaction commits, under a lock on the head
row, so that the chain cannot fork and the lock is short. A trigger refuses UPDATE and DELETE.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Index, String, event, inspect, select, update
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from metrology.domain.authority import Actor
from metrology.persistence import bulk
from metrology.persistence.canonical import encoded
from metrology.persistence.columns import Big, Code, Instant, Json, Line, Words
from metrology.persistence.database import Model

if TYPE_CHECKING:
    from sqlalchemy import Table

GENESIS = "0" * 64
_PENDING = "journal.pending"
_MARKS = "journal.savepoints"
"""Savepoint → how many entries waited when it was set."""
_NOT_TOLD = frozenset(
    [
        "id",
        "updated_at",
        "created_at",
        "version",
        "path",
        "password",
        "fs_uniquifier",
        "tf_totp_secret",
        "tf_last_counter",
        "mf_recovery_codes",
        "token_hash",
        "secret",
        "previous_secret",
    ]
)
"""Columns that say nothing to a reader, or are secrets."""


class JournalEntry(Model):
    """One change of one thing."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        Index("ix_journal_entry_object", "object_kind", "object_id", "seq"),
        Index("ix_journal_entry_instrument_id_seq", "instrument_id", "seq"),
        Index("ix_journal_entry_actor_id_seq", "actor_id", "seq"),
        Index("ix_journal_entry_action_seq", "action", "seq"),
        Index("ix_journal_entry_at", "at"),
    )

    seq: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    at: Mapped[Instant]
    actor_id: Mapped[int | None] = mapped_column(Big)
    actor_name: Mapped[Line]
    role: Mapped[Line]
    ip: Mapped[Line]
    action: Mapped[str] = mapped_column(String(60), comment="object.verb, such as certificate.issued")
    object_kind: Mapped[Code]
    object_id: Mapped[str] = mapped_column(String(60))
    instrument_id: Mapped[int | None] = mapped_column(Big, comment="whose timeline shows it")
    changes: Mapped[Any] = mapped_column(Json, default=dict, comment="field → [old, new]")
    reason: Mapped[Words]
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class JournalHead(Model):
    """The last entry of the chain; one row, locked while entries are appended."""

    __tablename__ = "journal_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(Big, default=0)
    hash: Mapped[str] = mapped_column(String(64), default=GENESIS)


@dataclass(slots=True)
class _Pending:
    actor: Actor
    action: str
    subject: Any
    at: datetime
    changes: dict[str, list[Any]] = field(default_factory=dict)
    instrument: Any = None
    reason: str = ""
    is_plain: bool = False
    """The changes are as JSON keeps them."""


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: Any,
    *,
    at: datetime,
    changes: dict[str, list[Any]] | None = None,
    instrument: Any = None,
    reason: str = "",
) -> None:
    """Note a change; it is written when the session commits.

    ``subject`` is the row changed (its key may not be known yet) or a pair (kind, key). ``changes`` maps a field to
    ``[old, new]``; without it, the changes SQLAlchemy sees on the row now are taken. ``instrument`` puts the entry on an
    instrument's timeline (an instrument as subject is on its own).
    """
    is_plain = changes is None
    if changes is None:
        changes = changes_of(subject) if isinstance(subject, Model) else {}
    pending = _Pending(actor, action, subject, at, changes, instrument, reason, is_plain)
    session.info.setdefault(_PENDING, []).append(pending)


def record_new_instruments(
    session: Session, actor: Actor, action: str, rows: Iterable[tuple[int, dict[str, list[Any]]]], *, at: datetime
) -> None:
    """The same for many new instruments: the key of each, and what ``said`` tells of it."""
    waiting = session.info.setdefault(_PENDING, [])
    waiting += [_Pending(actor, action, ("instrument", key), at, told, key, is_plain=True) for key, told in rows]


def waiting(session: Session, action: str, subject: Model) -> dict[str, list[Any]] | None:
    """The changes of the last such entry that this session has noted and not written yet; None when there is none."""
    pending: list[_Pending] = session.info.get(_PENDING, [])
    return next((one.changes for one in reversed(pending) if one.action == action and one.subject is subject), None)


def changes_of(row: Model) -> dict[str, list[Any]]:
    """Columns of a row that differ from what the database holds: field → [old, new]. All set columns for a new row."""
    state = inspect(row)
    changed: dict[str, list[Any]] = {}
    if not state.has_identity:  # a new row has no history to ask for, and ledgers bring new rows by the thousand
        return said(type(row), state.dict)
    for attribute in state.mapper.column_attrs:
        name = attribute.key
        if name in _NOT_TOLD:
            continue
        history = state.attrs[name].history
        if not history.has_changes():
            continue
        old = history.deleted[0] if history.deleted else None
        new = history.added[0] if history.added else None
        if old != new and not (old is None and new in ("", None)):
            changed[name] = [plain_value(old), plain_value(new)]
    return changed


def said(model: type[Model], values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What the columns of a new row say: field → [None, value]; blanks say nothing."""
    told: dict[str, list[Any]] = {}
    for name in _told(model):
        value = values.get(name)
        if value is None or value == "":
            continue
        told[name] = [None, value if type(value) in _SIMPLE else plain_value(value)]
    return told


@cache
def _told(model: type[Model]) -> tuple[str, ...]:
    return tuple(one.key for one in inspect(model).column_attrs if one.key not in _NOT_TOLD)


def plain_value(value: Any) -> Any:
    """A value as JSON keeps it: exact, stable, without floats."""
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (bytes, memoryview)):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, dict):
        if _SIMPLE.issuperset(map(type, value.values())) and _TEXT.issuperset(map(type, value)):
            return dict(value)
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_value(item) for item in value]
    return value


def _plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    """``plain_value`` of changes: most are plain already, and a ledger brings them by the million."""
    return {
        field: pair if isinstance(pair, list) and _SIMPLE.issuperset(map(type, pair)) else plain_value(pair)
        for field, pair in changes.items()
    }


_SIMPLE = frozenset({str, int, bool, type(None)})
_TEXT = frozenset({str})


def entry_hash(prev_hash: str, facts: dict[str, Any]) -> str:
    """SHA-256 of the previous hash and the canonical JSON of an entry's facts."""
    return hashlib.sha256(prev_hash.encode() + b"\n" + encoded(facts)).hexdigest()


def _key_of(subject: Any) -> tuple[str, str]:
    if isinstance(subject, tuple):
        return str(subject[0]), str(subject[1])
    identity = inspect(subject).identity or inspect(subject).mapper.primary_key_from_instance(subject)
    return subject.__tablename__, "/".join(str(part) for part in identity)


def _instrument_of(pending: _Pending) -> int | None:
    row = pending.instrument
    if row is None and getattr(pending.subject, "__tablename__", "") == "instrument":
        row = pending.subject
    return row if isinstance(row, int) or row is None else int(row.id)


def _chained(waiting: Iterable[_Pending], seq: int, link: str) -> list[dict[str, Any]]:
    """The entries with their numbers and hashes, behind the entry with this number and hash."""
    rows: list[dict[str, Any]] = []
    roles: dict[frozenset[str], str] = {}
    instants: dict[datetime, tuple[datetime, str]] = {}
    for pending in waiting:
        seq += 1
        kind, key = _key_of(pending.subject)
        actor = pending.actor
        if actor.roles not in roles:
            roles[actor.roles] = " ".join(sorted(actor.roles))
        if pending.at not in instants:
            instants[pending.at] = pending.at.astimezone(UTC), plain_value(pending.at)
        at, written = instants[pending.at]
        facts: dict[str, Any] = {
            "seq": seq,
            "at": written,
            "actor_id": actor.user_id,
            "actor_name": actor.name,
            "role": roles[actor.roles],
            "ip": actor.ip or "",
            "action": pending.action,
            "object_kind": kind,
            "object_id": key,
            "instrument_id": _instrument_of(pending),
            "changes": pending.changes if pending.is_plain else _plain(pending.changes),
            "reason": pending.reason,
        }
        own = entry_hash(link, facts)
        facts["at"], facts["prev_hash"], facts["hash"] = at, link, own
        rows.append(facts)
        link = own
    return rows


@event.listens_for(Session, "before_commit")
def _write_pending(session: Session) -> None:
    if session.in_nested_transaction():
        return
    waiting: list[_Pending] = session.info.pop(_PENDING, [])
    if not waiting:
        return
    session.flush()
    head = session.execute(select(JournalHead.seq, JournalHead.hash).where(JournalHead.id == 1).with_for_update()).one()
    rows = _chained(waiting, head.seq, head.hash)
    bulk.write(session, cast("Table", JournalEntry.__table__), rows)  # nobody needs these as objects
    seq, prev = rows[-1]["seq"], rows[-1]["hash"]
    session.execute(update(JournalHead).where(JournalHead.id == 1).values(seq=seq, hash=prev))


@event.listens_for(Session, "after_rollback")
def _forget_pending(session: Session) -> None:
    session.info.pop(_PENDING, None)


@event.listens_for(Session, "after_transaction_create")
def _mark_savepoint(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info.setdefault(_MARKS, {})[transaction] = len(session.info.get(_PENDING, ()))


@event.listens_for(Session, "after_soft_rollback")
def _forget_since_savepoint(session: Session, previous: SessionTransaction) -> None:
    """What a savepoint took back did not happen, so it is not told."""
    mark = session.info.get(_MARKS, {}).pop(previous, None)
    if mark is not None:
        del session.info.get(_PENDING, [])[mark:]


@event.listens_for(Session, "after_transaction_end")
def _forget_savepoint(session: Session, transaction: SessionTransaction) -> None:
    session.info.get(_MARKS, {}).pop(transaction, None)


def verify_chain(
    session: Session,
    *,
    after: int = 0,
    link: str = GENESIS,
    upto: tuple[int, str] | None = None,
    heads: Mapping[int, frozenset[str]] = MappingProxyType({}),
) -> Iterator[tuple[int, str]]:
    """Walk the chain in order; yield (seq, fault) for each fault: gap, broken link, altered entry, wrong head.

    ``after`` and ``link`` begin behind an entry whose hash is known; ``upto`` ends at another. ``heads`` are hashes that somebody
    else keeps, by number: an entry with another hash is a fault "rewritten". The journal is read in pieces, never held.
    """
    table = JournalEntry.__table__.c
    columns = [table[name] for name in (*_HASHED, "prev_hash", "hash")]
    statement = select(*columns).where(table.seq > after).order_by(table.seq).execution_options(yield_per=2000)
    if upto is not None:
        statement = statement.where(table.seq <= upto[0])
    expected, prev = after + 1, link
    for row in session.execute(statement):
        seq, kept = row.seq, row.hash
        if seq != expected:
            yield expected, "missing"
            expected = seq
        if row.prev_hash != prev:
            yield seq, "link"
        if _hash_of(row) != kept:
            yield seq, "altered"
        if seq in heads and heads[seq] != {kept}:
            yield seq, "rewritten"
        prev, expected = kept, seq + 1
    if upto is None:
        head = session.execute(select(JournalHead.seq, JournalHead.hash).where(JournalHead.id == 1)).one_or_none()
        upto = (-1, "") if head is None else (head.seq, head.hash)
    if upto != (expected - 1, prev):
        yield expected, "head"


_HASHED = (
    "seq", "at", "actor_id", "actor_name", "role", "ip", "action", "object_kind", "object_id", "instrument_id", "changes",
    "reason",
)  # fmt: skip


def _hash_of(row: Any) -> str:
    """The hash a row should have: ``entry_hash`` of its facts, which the database gives back as JSON keeps them."""
    facts = dict(zip(_HASHED, row, strict=False))
    facts["at"] = facts["at"].isoformat()
    return entry_hash(row.prev_hash, facts)
