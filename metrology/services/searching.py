"""Finding things as one types: exact identifiers first, then any part of them, grouped by kind and within one's scope.

``index`` keeps the documents of what can be found; whoever creates or changes such a thing calls it after the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import Session, joinedload

from metrology import regulations
from metrology.domain.authority import Actor, may
from metrology.persistence.certificates import Certificate
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.persistence.search import matching, plain
from metrology.persistence.standards import MeasurementStandard
from metrology.services import cleaning
from metrology.services.search_documents import index, remove

__all__ = ["SearchGroup", "SearchHit", "condition", "index", "instrument_condition", "query_words", "remove", "search"]

LONGEST_WORD = 64
MOST_WORDS = 6
_CANDIDATES = 40
_KINDS: tuple[tuple[str, str, type[Any]], ...] = (
    ("instrument", "instrument.view", Instrument),
    ("holder", "holder.view", Holder),
    ("place", "place.view", Place),
    ("certificate", "certificate.view", Certificate),
    ("measurement_standard", "standard.view", MeasurementStandard),
)
_IDENTIFIERS: dict[str, tuple[Any, ...]] = {
    "instrument": (Instrument.number, Instrument.serial_key),
    "holder": (Holder.number, Holder.uscc),
    "certificate": (Certificate.number,),
    "measurement_standard": (MeasurementStandard.number,),
}


@dataclass(frozen=True)
class SearchHit:
    """One thing found: its row, and whether the text is exactly one of its identifiers."""

    kind: str
    row: Any
    is_exact: bool = False


@dataclass(frozen=True)
class SearchGroup:
    """Things of one kind that were found, best first."""

    kind: str
    hits: tuple[SearchHit, ...]
    has_more: bool = False


def query_words(text: str) -> tuple[str, ...]:
    """The words of a query as they are compared, each once.

    >>> query_words(" ＹＨ-1000  东湖 东湖 ")
    ('yh1000', '东湖')
    """
    words = (plain(word)[:LONGEST_WORD] for word in text.replace("\0", " ").split()[:MOST_WORDS])
    return tuple(dict.fromkeys(word for word in words if word))


def search(session: Session, actor: Actor, text: str, *, limit_per_kind: int = 8) -> list[SearchGroup]:
    """What the text finds within the actor's scope, the kind it fits best first. Kinds without any are left out."""
    words = query_words(text)
    if not words:
        return []
    ranked: list[tuple[int, SearchGroup]] = []
    for kind, action, model in _KINDS:
        if may(actor, action):
            exact = exact_keys(session, actor, kind, text)
            found = [key for key in _candidates(session, actor, kind, words) if key not in exact]
            hits = _hits(session, kind, model, exact=exact, found=found, words=words)
            best = min((_rank(hit.row, words)[0] for hit in hits[:1] if not hit.is_exact), default=-1)
            ranked.append((best, SearchGroup(kind, tuple(hits[:limit_per_kind]), len(hits) > limit_per_kind)))
    types = _types(session, words)
    if may(actor, "type.view"):
        named = tuple(SearchHit("instrument_type", row) for row in types[:limit_per_kind])
        ranked.append((_HOLDS, SearchGroup("instrument_type", named, len(types) > limit_per_kind)))
    return [group for _best, group in sorted(ranked, key=lambda pair: pair[0]) if group.hits]


def instrument_condition(session: Session, actor: Actor, text: str) -> ColumnElement[bool] | None:
    """Condition on Instrument that a text finds it, for filtering a list; None for a text without words.

    A word that names a type of instrument may stand for the type: "东湖 电子秤" finds the scales of the 东湖 market.
    """
    words = query_words(text)
    if not words:
        return None
    if all(len(word) == 1 for word in words):
        return or_(Instrument.serial_key.in_(_spellings(text)), Instrument.type_code.in_(sorted(split_types(words)[0])))
    found: ColumnElement[bool] = Instrument.id.in_(matching_keys(session, actor, "instrument", words))
    codes, rest = split_types(words)
    if not codes:
        return found
    of_type: ColumnElement[bool] = Instrument.type_code.in_(sorted(codes))
    if any(len(word) > 1 for word in rest):
        of_type &= Instrument.id.in_(matching_keys(session, actor, "instrument", rest))
    elif rest:
        return found
    return or_(found, of_type)


def condition(session: Session, actor: Actor, kind: str, text: str) -> ColumnElement[bool] | None:
    """The same for a holder, place, certificate or standard; words of one letter find names that begin with them."""
    words = query_words(text)
    if not words:
        return None
    key: ColumnElement[int] = next(model.id for name, _action, model in _KINDS if name == kind)
    if all(len(word) == 1 for word in words):
        return key.in_(_candidates(session, actor, kind, words))
    return key.in_(matching_keys(session, actor, kind, words))


def matching_keys(session: Session, actor: Actor, kind: str, words: Sequence[str]) -> Select[int]:
    """Keys of the things of a kind that hold every word, within the actor's scope, by the trigram index."""
    if kind == "measurement_standard":
        return matching(session, kind, words)
    if actor.is_holder:
        statement = matching(session, kind, words, holder_id=actor.holder_id)
        return statement if actor.holder_id is not None else statement.where(false())
    everyones = kind in ("holder", "place")
    return matching(session, kind, words, district_code=actor.district_code, also_without_district=everyones)


def _candidates(session: Session, actor: Actor, kind: str, words: Sequence[str]) -> list[int]:
    """Keys found by substring, in no order. Words of one letter alone are looked for at the beginning of names."""
    if all(len(word) == 1 for word in words):
        return _by_first_letters(session, actor, kind, "".join(words))
    found = list(session.scalars(matching_keys(session, actor, kind, words).limit(_CANDIDATES)))
    if kind == "instrument" and len(found) < _CANDIDATES:
        codes, rest = split_types(words)
        if codes and any(len(word) > 1 for word in rest):
            more = select(Instrument.id).where(
                Instrument.id.in_(matching_keys(session, actor, kind, rest)), Instrument.type_code.in_(sorted(codes))
            )
            found += [key for key in session.scalars(more.limit(_CANDIDATES)) if key not in found]
    return found


def _by_first_letters(session: Session, actor: Actor, kind: str, letters: str) -> list[int]:
    models: dict[str, type[Holder | Place]] = {"holder": Holder, "place": Place}
    if kind not in models:
        return []
    model = models[kind]
    beginnings = [_begins(session, model.name, start) for start in {letters, letters.upper()}]
    statement = within(select(model.id), actor, model).where(or_(*beginnings)).limit(_CANDIDATES)
    return list(session.scalars(statement))


def _begins(session: Session, column: Any, start: str) -> ColumnElement[bool]:
    """Names beginning so, as a range of the index: PostgreSQL takes it from LIKE, SQLite only from comparisons."""
    if session.get_bind().dialect.name == "sqlite":
        between: ColumnElement[bool] = (column >= start) & (column < start + "\U0010ffff")
        return between
    begins: ColumnElement[bool] = column.startswith(start, autoescape=True)
    return begins


def _spellings(text: str) -> list[str]:
    """The text as identifiers may be kept: as typed, in capitals, compared, folded."""
    typed = text.strip()[:200].replace("\0", "")
    return list(dict.fromkeys([typed, typed.upper(), plain(typed), plain(typed).upper(), cleaning.key_of(typed)]))


def exact_keys(session: Session, actor: Actor, kind: str, text: str) -> list[int]:
    """Keys of the things of which the text is an identifier: by the index of each such column, then within the scope."""
    keys: list[int] = []
    model = next(model for name, _action, model in _KINDS if name == kind)
    for column in _IDENTIFIERS.get(kind, ()):
        keys += session.scalars(select(model.id).where(column.in_(_spellings(text))).limit(_CANDIDATES))
    if not keys:
        return []
    seen = select(model.id).where(model.id.in_(keys))
    if kind == "certificate":
        seen = within(seen.join(Certificate.instrument), actor)
    elif kind != "measurement_standard":
        seen = within(seen, actor, model)
    visible = set(session.scalars(seen))
    return [key for key in dict.fromkeys(keys) if key in visible]


def _hits(
    session: Session, kind: str, model: type[Any], *, exact: list[int], found: list[int], words: Sequence[str]
) -> list[SearchHit]:
    rows = {row.id: row for row in _rows(session, model, [*exact, *found])}
    others = sorted((rows[key] for key in found if key in rows), key=lambda row: _rank(row, words))
    hits = [SearchHit(kind, rows[key], is_exact=True) for key in exact if key in rows]
    return hits + [SearchHit(kind, row) for row in others]


def _rows(session: Session, model: type[Any], keys: Iterable[int]) -> Sequence[Any]:
    options = {
        Instrument: [joinedload(Instrument.holder), joinedload(Instrument.place)],
        Certificate: [joinedload(Certificate.instrument)],
    }
    statement = select(model).where(model.id.in_(list(keys))).options(*options.get(model, []))
    return session.scalars(statement).all()


_IS, _BEGINS, _HOLDS, _ELSEWHERE = range(4)
_NAMES = ("name", "full_name", "number", "serial_number", "uscc")


def _rank(row: Any, words: Sequence[str]) -> tuple[int, str]:
    """Own names and numbers that are the query, begin with it, or hold it; then what is found elsewhere in it; by name."""
    names = [plain(name) for key in _NAMES if (name := getattr(row, key, None))]
    query = "".join(words)
    if query in names:
        return _IS, names[0]
    if any(name.startswith(query) for name in names):
        return _BEGINS, names[0]
    return _HOLDS if any(query in name for name in names) else _ELSEWHERE, names[0]


def _types(session: Session, words: Sequence[str]) -> list[TypeEntry]:
    """Types that every word names."""
    codes = set(_codes_named(words[0])).intersection(*(_codes_named(word) for word in words[1:]))
    statement = select(TypeEntry).where(TypeEntry.code.in_(sorted(codes))).order_by(TypeEntry.position)
    return list(session.scalars(statement)) if codes else []


def split_types(words: Sequence[str]) -> tuple[set[str], list[str]]:
    """The types that words name (all such words together), and the words that name none."""
    codes: set[str] = set()
    rest: list[str] = []
    for word in words:
        named = _codes_named(word)
        if named:
            codes = codes & named if codes else named
        else:
            rest.append(word)
    return codes, rest


def _codes_named(word: str) -> set[str]:
    return {
        code for code, one in regulations.all_types().items() if any(word in plain(name) for name in one.names_known)
    }
