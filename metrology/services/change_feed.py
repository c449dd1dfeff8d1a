"""What changed since, for other systems that stay in step: a cursor over the journal, within the reader's scope.

Nothing is skipped and everything comes in order: entries are numbered under a lock kept until their transaction has ended, so
a number that can be seen has no unseen one before it. What is told is *that* a thing changed (which, when, which fields), never
a value: the reader fetches the thing as it may see it. So the feed holds no personal data and cannot tell of another's.

A thing that left the reader's scope is told as ``gone``, and so is one that was taken back; one that came in as ``entered``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from metrology.domain.authority import Actor, may
from metrology.domain.problems import Problem
from metrology.persistence import change_feed as fed
from metrology.persistence.change_feed import KINDS, FedKind
from metrology.services import journal

MOST: Final = 500
LOOKED_AT: Final = 5000
"""Entries looked through at most for one page: a narrow scope gets short pages, and goes on from the cursor."""
_PIECE: Final = 1000
_CURSOR: Final = re.compile(r"([0-9]{1,18})\.([0-9a-f]{8})\.([0-9a-f]{8})")
NOW: Final = "now"
MANY: Final = "instruments.followed"
_PRIVATE: Final = frozenset({"phone", "email", "wecom_webhook", "contact", "text"})
"""Fields of persons: not even that they changed is told."""

Readable = Callable[[str], bool]
"""Whether the reader may do an action (a token may do less than its account)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one thing."""

    seq: int
    at: datetime
    change: str
    """``entered``, ``changed``, ``gone``; ``many``: instruments of the holder or place, all at once: read them anew."""
    kind: str
    key: int
    action: str
    instrument_id: int | None
    fields: tuple[str, ...]
    by: str | None = None
    """Who did it; only for those who may read the journal."""

    def told(self) -> dict[str, Any]:
        """As JSON tells it, here and in the API."""
        return {
            "seq": self.seq, "at": self.at.isoformat(), "change": self.change, "kind": self.kind, "key": self.key,
            "action": self.action, "instrument_id": self.instrument_id, "changed_fields": list(self.fields), "by": self.by,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Changes in order, the cursor to go on from, and whether there is more at once."""

    changes: tuple[Change, ...]
    next: str
    has_more: bool

    @property
    def seq(self) -> int:
        """The entry of the journal behind which ``next`` stands."""
        return int(self.next.partition(".")[0])


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the feed: which kinds, within which scope."""

    actor: Actor
    kinds: tuple[str, ...]
    may_see_people: bool = False

    @property
    def mark(self) -> str:
        """Eight letters for the scope: a cursor taken under another scope leads nowhere."""
        scope = f"{self.actor.district_code}|{self.actor.holder_id if self.actor.is_holder else ''}"
        return hashlib.sha256(scope.encode()).hexdigest()[:8]

    def only(self, kinds: Collection[str]) -> Reader:
        """The same reader, of some of its kinds: those it may read no more are left out."""
        return replace(self, kinds=tuple(name for name in self.kinds if name in kinds))

    @property
    def is_narrow(self) -> bool:
        """Whether it sees a part of the registry only."""
        return self.actor.is_holder or self.actor.district_code is not None

    def was_in(self, kind: str, changes: Mapping[str, Any], side: int) -> bool | None:
        """Whether a thing was (side 0) or came to be (side 1) in scope by what changed; None where nothing about it did."""
        columns = fed.SCOPE_COLUMNS.get(kind, {})
        if self.actor.is_holder:
            wanted: Any = self.actor.holder_id
            column = columns.get("holder")
        else:
            wanted, column = self.actor.district_code, columns.get("district")
        if column is None or column not in changes:
            return None
        value = changes[column][side]
        is_open = value is None and side == 1 and not self.actor.is_holder and kind in fed.OPEN_WITHOUT_DISTRICT
        return bool(value == wanted or is_open)


def reader(actor: Actor, *, kinds: Collection[str] = (), readable: Readable | None = None) -> Reader:
    """A reader of some kinds, or of all it may read. A kind that is none, or not for it, is refused."""
    able = readable or (lambda action: may(actor, action))
    known = tuple(name for name, kind in KINDS.items() if able(kind.action))
    for name in kinds:
        if name not in known:
            raise Problem("bad_choice", "kind", value=name[:64])
    return Reader(actor, tuple(name for name in known if not kinds or name in kinds), able("journal.view"))


def cursor_now(session: Session, who: Reader) -> str:
    """The cursor behind the last change: take it, read everything, then follow from it."""
    seq, link = journal.head(session)
    return _cursor(who, seq, link)


def page(session: Session, who: Reader, *, after: str = "", limit: int = 100) -> FeedPage:
    """The changes after a cursor; from the beginning without one; none, with a cursor to begin from, after ``now``."""
    if not 1 <= limit <= MOST:
        raise Problem("out_of_range", "limit", least=1, most=MOST)
    if after == NOW:
        return FeedPage((), cursor_now(session, who), has_more=False)
    seq = position(session, who, after)
    head, _link = journal.head(session)
    told: list[Change] = []
    last = min(head, seq + LOOKED_AT)
    while seq < last and len(told) < limit:
        window = min(last, seq + _PIECE)
        rows = fed.entries_between(session, seq, window, who.kinds)
        found = [change for change in _changes(session, who, rows) if change is not None]
        seq = window
        if len(told) + len(found) > limit:
            found = found[: limit - len(told)]
            seq = found[-1].seq
        told += found
    return FeedPage(tuple(told), _cursor(who, seq, fed.hash_of(session, seq) or ""), has_more=seq < head)


# -- cursors


def _cursor(who: Reader, seq: int, link: str) -> str:
    return f"{seq}.{link[:8] if seq else '0' * 8}.{who.mark}"


def position(session: Session, who: Reader, text: str) -> int:
    """The place in the journal that a cursor names. One of another journal or another scope is refused as ``cursor_lost``."""
    if not text:
        return 0
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise Problem("bad_cursor", "after")
    seq, link, mark = int(found[1]), found[2], found[3]
    if mark != who.mark:
        raise Problem("cursor_lost", "after", why="scope")
    if seq and not (fed.hash_of(session, seq) or "").startswith(link):
        raise Problem("cursor_lost", "after", why="history")
    return seq


# -- entries as changes


def _changes(session: Session, who: Reader, rows: Any) -> list[Change | None]:
    """What each entry is to the reader; None where it is nothing to it."""
    keys: dict[str, set[int]] = {}
    for row in rows:
        kind = KINDS[row.object_kind]
        keys.setdefault(kind.name, set()).add(int(row.object_id))
        if _is_withdrawn(kind, row) and (owner := _owner(kind, row)) is not None:
            keys.setdefault(kind.of, set()).add(owner)
    seen = {kind: fed.visible(session, who.actor, KINDS[kind], sorted(some)) for kind, some in keys.items()}
    return [_change(who, row, seen) for row in rows]


def _is_withdrawn(kind: FedKind, row: Any) -> bool:
    """Whether the entry says that the row was taken away (an import that was undone)."""
    return row.action.endswith(".withdrawn") and kind.born_with in (row.changes or {})


def _owner(kind: FedKind, row: Any) -> int | None:
    """The instrument or holder to which a row that is no more belonged."""
    return row.changes.get(f"{kind.of}_id", (None,))[0] if kind.of else None


def _change(who: Reader, row: Any, seen: Mapping[str, Collection[int]]) -> Change | None:
    kind, changes = KINDS[row.object_kind], row.changes or {}
    if row.action == MANY:
        how = "many" if _concerns(who, changes) else None
    elif _is_withdrawn(kind, row):
        how = _withdrawn(who, kind, row, seen)
    else:
        how = _how(who, kind, changes, is_there=int(row.object_id) in seen[kind.name])
    if how is None:
        return None
    fields = tuple(sorted(name for name in changes if name in kind.model.__table__.c and name not in _PRIVATE))
    return Change(
        seq=row.seq,
        at=row.at,
        change=how,
        kind=kind.name,
        key=int(row.object_id),
        action=row.action,
        instrument_id=row.instrument_id,
        fields=() if how in ("gone", "many") else fields,
        by=row.actor_name if who.may_see_people else None,
    )


def _concerns(who: Reader, changes: Mapping[str, Any]) -> bool:
    """Whether many instruments that moved from a district to another came into the reader's or left it."""
    if not who.is_narrow or who.actor.is_holder:
        return True
    return bool(who.actor.district_code in changes.get("district_code", ()))


def _how(who: Reader, kind: FedKind, changes: Mapping[str, Any], *, is_there: bool) -> str | None:
    was, is_in = who.was_in(kind.name, changes, 0), who.was_in(kind.name, changes, 1)
    if who.is_narrow and was and is_in is False:
        return "gone"
    if not is_there:
        return None
    is_new = kind.born_with in changes and changes[kind.born_with][0] is None
    return "entered" if is_new or (who.is_narrow and was is False and is_in) else "changed"


def _withdrawn(who: Reader, kind: FedKind, row: Any, seen: Mapping[str, Collection[int]]) -> str | None:
    """A row that is no more is told to whom it was visible; what went with its instrument is covered by the instrument."""
    if int(row.object_id) in seen[kind.name]:
        return None
    if not who.is_narrow:
        return "gone"
    is_ours = _owner(kind, row) in seen.get(kind.of, ()) if kind.of else who.was_in(kind.name, row.changes, 0)
    return "gone" if is_ours else None
