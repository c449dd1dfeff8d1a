"""Label stock to choose from: what is sold everywhere, and the office's own sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.documents.label_layout import LABEL_SHEETS, LabelSheet
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.instrument_labels import LabelLayout
from metrology.persistence.journal import record
from metrology.services import cleaning

MOST = 40


@dataclass(frozen=True)
class Stock:
    """A layout one can choose: its key in addresses, its name, its measures."""

    key: str
    name: str
    sheet: LabelSheet
    row: LabelLayout | None = None


def choices(session: Session) -> dict[str, Stock]:
    """The office's own layouts by name, then those known everywhere."""
    own = session.scalars(
        select(LabelLayout).where(LabelLayout.removed_at.is_(None)).order_by(LabelLayout.name).limit(MOST)
    )
    found = {f"own-{row.id}": Stock(f"own-{row.id}", row.name, LabelSheet.parse(row.measures), row) for row in own}
    return found | {key: Stock(key, key, sheet) for key, sheet in LABEL_SHEETS.items()}


def choose(session: Session, key: str) -> Stock:
    """The layout of a key; refused when there is none."""
    found = choices(session).get(key)
    if found is None:
        raise Problem("bad_choice", "layout", value=key[:40])
    return found


def save(session: Session, actor: Actor, name: str, measures: Mapping[str, Any], *, now: datetime) -> LabelLayout:
    """Keep a layout under a name; one of that name takes the new measures."""
    name = cleaning.words("name", name, 80)
    if not name:
        raise Problem("missing_name", "name")
    sheet = LabelSheet.parse(measures)
    row = session.scalar(select(LabelLayout).where(LabelLayout.name == name))
    if row is None:
        if len([one for one in choices(session).values() if one.row is not None]) >= MOST:
            raise Problem("too_many_layouts", "name", limit=MOST)
        row = LabelLayout(name=name, created_by_id=actor.user_id, created_at=now)
        session.add(row)
    row.measures, row.removed_at = sheet.measures(), None
    record(session, actor, "label_layout.kept", row, at=now)
    session.flush()
    return row


def remove(session: Session, actor: Actor, row: LabelLayout, *, now: datetime) -> None:
    """Offer a layout no longer."""
    row.removed_at = now
    record(session, actor, "label_layout.removed", row, at=now)
    session.flush()
