"""Which instruments a form names for a visit: whole groups of the due list, chosen rows, or all that match a list's filters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy import select

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.services import due_groups, visiting
from metrology.web.due_query import due_filter, due_pairs
from metrology.web.instrument_lists import selected_ids
from metrology.web.problems import sentence
from metrology.web.requests import actor, today

SHOWN = 100
"""Instruments left out that are named one by one."""


@dataclass(frozen=True)
class Choice:
    """What was chosen, as keys; ``hidden`` is what a form sends along to say it again."""

    ids: tuple[int, ...]
    groups: tuple[str, ...]
    hidden: tuple[tuple[str, str], ...]

    @property
    def parts(self) -> list[list[int]]:
        """The instruments of each group by themselves; all together when no group was named."""
        return [_ids_of((key,)) for key in self.groups] if self.groups else [list(self.ids)]


@dataclass(frozen=True)
class Preview:
    """What a visit would hold and what would be left out, with the sentence that says why."""

    chosen: list[Instrument]
    left_out: list[tuple[Instrument | None, str]]
    left_count: int

    @property
    def types(self) -> list[tuple[Any, int]]:
        """Types with how many, the most first."""
        kinds = {one.type_code: one.type for one in self.chosen}
        return [(kinds[code], number) for code, number in Counter(one.type_code for one in self.chosen).most_common()]

    @property
    def places(self) -> int:
        """At how many places they stand."""
        return len({one.place_id for one in self.chosen})


def choice() -> Choice:
    """What the request names. Raises Problem: nothing, or too many."""
    groups = tuple(dict.fromkeys(request.values.getlist("group")))
    if groups:
        ids = tuple(_ids_of(groups))
        if len(ids) > visiting.LARGEST:
            raise Problem("too_many_selected", limit=visiting.LARGEST)
        pairs = [("group", key) for key in groups] + [(key, str(value)) for key, value in due_pairs().items()]
        return Choice(ids, groups, tuple(pairs))
    ids = tuple(selected_ids(request.values, limit=visiting.LARGEST))
    return Choice(ids, (), tuple(("id", str(key)) for key in ids))


def _ids_of(groups: tuple[str, ...]) -> list[int]:
    return due_groups.ids_of(db.session(), actor(), due_filter(), groups, today=today(), limit=visiting.LARGEST + 1)


def preview(ids: tuple[int, ...]) -> Preview:
    """What planning these would do."""
    chosen, left_out = visiting.choose(db.session(), actor(), ids)
    shown = left_out[:SHOWN]
    rows = db.session.scalars(select(Instrument).where(Instrument.id.in_([key for key, _code in shown])))
    found = {row.id: row for row in rows}
    named = [(found.get(key) if code != "not_found" else None, sentence(code)) for key, code in shown]
    return Preview(chosen, named, len(left_out))


def left_out_words(left_out: tuple[tuple[int, str], ...]) -> str:
    """How many were left out, by reason: for the message after planning."""
    reasons = Counter(code for _key, code in left_out)
    return " ".join(
        _("%(count)s left out: %(why)s", count=number, why=sentence(code)) for code, number in reasons.most_common()
    )
