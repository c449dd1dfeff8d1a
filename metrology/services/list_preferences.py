"""How a person likes lists: filters kept under a name (for oneself or everyone), columns and density.

Filters are journalled, for others may rely on a shared one. Columns and density are not: nobody else sees them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.journal import record
from metrology.persistence.people import User
from metrology.persistence.preferences import ListLayout, SavedFilter

DENSITIES = ("dense", "usual", "roomy")
MOST_FILTERS = 100
LONGEST_QUERY = 4000


@dataclass(frozen=True)
class Layout:
    """Columns in their order (None: the list's own choice) and how close the rows stand."""

    columns: tuple[str, ...] | None = None
    density: str = "usual"


@dataclass(frozen=True)
class Preferences:
    """How a person likes a list."""

    layout: Layout
    filters: tuple[SavedFilter, ...]
    """The person's own and those others share, by name."""


def read(session: Session, actor: Actor, page: str) -> Preferences:
    """Layout and filters of a page, in one question: each page of a list shows both."""
    rows = session.execute(_ASKED, {"user_id": actor.user_id, "page": page}).all()
    kept = rows[0][0] if rows else None
    return Preferences(_layout(kept or {}), tuple(one for _kept, one in rows if one is not None))


_VISIBLE = or_(SavedFilter.user_id == User.id, SavedFilter.is_shared)
_ASKED = (
    select(ListLayout.layout, SavedFilter)
    .select_from(User)
    .outerjoin(ListLayout, (ListLayout.user_id == User.id) & (ListLayout.page == bindparam("page")))
    .outerjoin(SavedFilter, (SavedFilter.page == bindparam("page")) & _VISIBLE)
    .where(User.id == bindparam("user_id"))
    .order_by(SavedFilter.name, SavedFilter.id)
    .limit(MOST_FILTERS)
)
"""Asked by every page of a list, so built once."""


def _layout(kept: Mapping[str, Any]) -> Layout:
    columns, density = kept.get("columns"), kept.get("density")
    return Layout(tuple(columns) if columns else None, density if density in DENSITIES else "usual")


def save_filter(
    session: Session, actor: Actor, page: str, name: str, query: str, *, is_shared: bool, now: datetime
) -> SavedFilter:
    """Keep a filter under a name; a name of one's own used before on that page takes the new filter."""
    name = name.strip()
    if not name:
        raise Problem("filter_needs_name", "name")
    if len(name) > 80 or not name.isprintable():
        raise Problem("bad_text", "name", value=name[:64])
    if len(query) > LONGEST_QUERY:
        raise Problem("filter_too_long", "name")
    row = session.scalar(select(SavedFilter).filter_by(user_id=actor.user_id, page=page, name=name))
    if row is None:
        row = SavedFilter(user_id=actor.user_id, page=page, name=name, created_at=now)
        session.add(row)
    row.query, row.is_shared = query, is_shared
    record(session, actor, "saved_filter.kept", row, at=now)
    session.flush()
    return row


def remove_filter(session: Session, actor: Actor, filter_id: int, *, now: datetime) -> SavedFilter | None:
    """Take one's own filter away; None when there is no such filter of this person."""
    row = session.scalar(select(SavedFilter).filter_by(id=filter_id, user_id=actor.user_id))
    if row is None:
        return None
    changes = {"page": [row.page, None], "name": [row.name, None], "query": [row.query, None]}
    record(session, actor, "saved_filter.removed", ("saved_filter", row.id), at=now, changes=changes)
    session.delete(row)
    session.flush()
    return row


def keep_layout(session: Session, actor: Actor, page: str, columns: Sequence[str], density: str) -> None:
    """Remember a person's columns and density of a page; no columns means the list's own choice."""
    if density not in DENSITIES:
        raise Problem("bad_choice", "density", value=density[:64])
    row = session.scalar(select(ListLayout).filter_by(user_id=actor.user_id, page=page))
    if row is None:
        row = ListLayout(user_id=actor.user_id, page=page)
        session.add(row)
    row.layout = {"columns": list(columns), "density": density}
    session.flush()
