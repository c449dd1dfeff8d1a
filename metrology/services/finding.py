"""Instruments that a text finds, for a list in any order: by their keys when they are few, else looked at row by row.

Sorting a list by its due date when a word stands in a million documents would fetch all of these first. So they are
fetched up to a limit; beyond it so many rows hold the word that walking the list in its order soon finds a page of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, or_
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.instruments import Instrument
from metrology.persistence.keyset import among
from metrology.persistence.search import holds
from metrology.services import searching

FEW = 10_000


@dataclass(frozen=True)
class InstrumentsFound:
    """Which instruments a text finds."""

    condition: ColumnElement[bool] | None = None
    """Holds for what is found; None: everything of ``type_codes``."""
    is_few: bool = False
    """Whether the condition names all keys."""
    some: tuple[int, ...] = ()
    """Keys of some that are found, when they are many."""
    type_codes: tuple[str, ...] = ()
    """Types that the words name, when nothing but types is found."""


def find_instruments(session: Session, actor: Actor, text: str) -> InstrumentsFound | None:
    """What a text finds; None for a text without words. Words that name a type may stand for it, as in ``searching``."""
    words = searching.query_words(text)
    if not words:
        return None
    codes, rest = searching.split_types(words)
    if all(len(word) == 1 for word in words):
        exact = searching.exact_keys(session, actor, "instrument", text)
        return _with_types(exact, among(session, Instrument.id, exact), codes)
    keys = _keys(session, actor, words)
    found = _condition(session, keys, words)
    if codes and not rest:
        return _with_types(keys, found, codes)
    if codes and any(len(word) > 1 for word in rest):
        others = _keys(session, actor, rest)
        of_type = Instrument.type_code.in_(sorted(codes)) & _condition(session, others, rest)
        both = found | of_type if keys else of_type
        return InstrumentsFound(both, max(len(keys), len(others)) <= FEW, tuple(keys or others))
    return InstrumentsFound(found, len(keys) <= FEW, tuple(keys))


def _with_types(keys: list[int], found: ColumnElement[bool], codes: set[str]) -> InstrumentsFound:
    """Found by the text, or of a type that it names."""
    if not codes:
        return InstrumentsFound(found if keys else false(), is_few=len(keys) <= FEW, some=tuple(keys))
    if not keys:
        return InstrumentsFound(type_codes=tuple(sorted(codes)))
    return InstrumentsFound(or_(found, Instrument.type_code.in_(sorted(codes))), some=tuple(keys))


def _keys(session: Session, actor: Actor, words: Sequence[str]) -> list[int]:
    statement = searching.matching_keys(session, actor, "instrument", words)
    return list(session.scalars(statement.limit(FEW + 1)))


def _condition(session: Session, keys: list[int], words: Sequence[str]) -> ColumnElement[bool]:
    if len(keys) <= FEW:
        return among(session, Instrument.id, keys)
    return holds(session, "instrument", Instrument.id, words)
