"""What becomes of the rows of a ledger, as it is counted, kept and shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from metrology.domain.problems import Problem
from metrology.persistence.holders import Holder
from metrology.persistence.journal import plain_value
from metrology.persistence.places import Place
from metrology.services import holding, law
from metrology.services.ledger_cells import packed
from metrology.services.ledger_chunks import Settled
from metrology.services.registering import Outcome, Registrar, Row
from metrology.services.revising import changes_by

Change = tuple[str, str | None, str | None]
"""Field, old value, new value, as people read them."""
OUTCOMES = ("created", "updated", "unchanged", "rejected")
_UNSAID = frozenset({"district_code", "due_basis", "due_kind"})
"""Columns that follow from others that are shown."""
_MOST_NAMES = 50


@dataclass
class Counts:
    """Rows by outcome, problems by code, names of instruments that nobody knows, and what else is new."""

    by_outcome: Counter[str] = field(default_factory=Counter)
    by_code: Counter[str] = field(default_factory=Counter)
    unknown_names: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    """Holders, places and assemblies made along."""

    def add(self, outcome: str, problem: Problem | None = None) -> None:
        """Count a row."""
        self.by_outcome[outcome] += 1
        if problem is None:
            return
        self.by_code[problem.code] += 1
        name = problem.params.get("value", "") if problem.code == "unknown_category" else ""
        if name and (name in self.unknown_names or len(self.unknown_names) < _MOST_NAMES):
            self.unknown_names[name] += 1

    def to_dict(self) -> dict[str, Any]:
        """As it is kept with the batch; the figures first, as the command prints them."""
        by = {outcome: self.by_outcome[outcome] for outcome in OUTCOMES}
        rows = sum(by.values())
        return {
            "rows": rows,
            "accepted": rows - by["rejected"],
            **by,
            "codes": dict(self.by_code),
            "unknown_names": dict(self.unknown_names),
            "made": dict(self.made),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Counts:
        """What `to_dict` made, for going on after a restart."""
        return cls(
            Counter({outcome: stored.get(outcome, 0) for outcome in OUTCOMES}),
            Counter(stored.get("codes", {})),
            Counter(stored.get("unknown_names", {})),
            Counter(stored.get("made", {})),
        )


def row_values(one: Settled[Any], outcome: str, batch_id: int, done_at: datetime | None) -> dict[str, Any]:
    """Columns of the record of a row. The cells of a refused one are kept, for the sheet to correct."""
    problem = one.problem
    return {
        "batch_id": batch_id,
        "sheet": one.sheet,
        "row": one.line.row,
        "outcome": outcome,
        "label": one.label,
        "instrument_id": None,
        "column": one.column[:200],
        "code": problem.code if problem else "",
        "params": dict(problem.params) if problem else {},
        "cells": [packed(cell) for cell in one.line.cells] if problem else [],
        "changes": None,
        "before": None,
        "made": None,
        "is_undone": False,
        "done_at": done_at,
    }


# -- what changes, for people


def foreseen(registrar: Registrar, row: Row, rule: str) -> list[Change]:
    """What ``save`` would change on the instrument that a checked row means."""
    known = registrar.find(row.instrument)
    if known is None:
        return []
    said = changes_by(
        known,
        row.instrument,
        law.type_of(registrar.session, row.instrument.type_code),
        rule=rule,
        today=registrar.today,
    )
    seals = said.pop("seals", ())
    before = {name: plain_value(getattr(known, name)) for name in said}
    changes = _in_words(before, {name: plain_value(value) for name, value in said.items()})
    if row.holder is not None and (
        known.holder is None or known.holder.identity_key != holding.identity_of(row.holder)
    ):
        changes.append(("holder", known.holder.name if known.holder else None, row.holder.name))
    if row.place is not None and (
        known.place is None or known.place.identity_key != registrar.places.identity(row.place)
    ):
        parent = f"{row.place.parent.name} / " if row.place.parent else ""
        changes.append(("place", known.place.full_name if known.place else None, parent + row.place.name))
    changes += [("seals", None, seal.number) for seal in seals]
    return [change for change in changes if change[1] != change[2]]


def changed(session: Session, outcome: Outcome) -> list[Change]:
    """What a row has changed on its instrument."""
    before = dict(outcome.before)
    after = {name: plain_value(getattr(outcome.instrument, name)) for name in before}
    changes: list[Change] = []
    for name, model, text in (("holder", Holder, "name"), ("place", Place, "full_name")):
        if f"{name}_id" in before:
            keys = before.pop(f"{name}_id"), after.pop(f"{name}_id")
            old, new = (session.get(model, key) if key is not None else None for key in keys)
            changes.append((name, getattr(old, text, None), getattr(new, text, None)))
    return [*_in_words(before, after), *changes, *(("seals", None, seal.number) for seal in outcome.seals)]


def _in_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    changes: list[Change] = []
    for name, old in before.items():
        new = after[name]
        if name in _UNSAID or old == new:
            continue
        if name == "nameplate":
            keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
            changes += [(f"nameplate.{key}", old.get(key), new.get(key)) for key in keys]
        else:
            changes.append((name, _text(old), _text(new)))
    return changes


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def made_keys(outcome: Outcome) -> dict[str, list[int]]:
    """Table → keys of what was made for a row beside its instrument; known after ``flush``."""
    made: dict[str, list[int]] = {}
    for thing in (*outcome.made, *outcome.seals):
        made.setdefault(thing.__tablename__, []).append(thing.id)  # type: ignore[attr-defined]
    return made
