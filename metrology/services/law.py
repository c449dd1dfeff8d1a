"""The law as this registry holds it: types, what people confirmed or disputed of them, rules that institutes entered.

Everything that needs an edition asks here. What was read is kept for the whole process under a mark in the database that is
new after each change (``changed``): one small query in a transaction (``mark``) tells whether it still holds, in any number of
processes.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from threading import Lock
from types import MappingProxyType

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from metrology import regulations
from metrology.domain.generic import GenericEdition, generic_edition, nameplate_for, standard_for
from metrology.domain.problems import UnknownType
from metrology.domain.regulation import Edition, InstrumentType
from metrology.persistence.law import LawMark, NumberConfirmation
from metrology.persistence.rules_versions import RulesVersion

OWN_DAY = "edition"
"""The key under which an edition's own day is confirmed."""
_KEPT = 4
_IN_SESSION, _MARK = "law", "law mark"
_ASK_MARK = select(LawMark.mark).where(LawMark.id == 1)
"""Asked by every page of a list, so built once."""

Types = Mapping[str, InstrumentType]
Statement = tuple[str, str, str]
"""Type, edition, key."""

_lock = Lock()
_known: OrderedDict[tuple[int, str], tuple[Types, Types]] = OrderedDict()
"""(which registry's files, mark) → those types, and the types as the database has them."""


def types(session: Session) -> Types:
    """Every type and kind, by code."""
    transaction = session.get_transaction()
    base = regulations.all_types()
    held = session.info.get(_IN_SESSION)
    if held is not None and transaction is not None and held[0] is transaction and held[1] is base:
        found: Types = held[2]
        return found
    found = _under(session, mark(session), base)
    session.info[_IN_SESSION] = (session.get_transaction(), base, found)
    return found


def mark(session: Session) -> str:
    """What is new whenever the law, a type or a district is: asked once in a transaction. Nothing is kept under an empty one."""
    held = session.info.get(_MARK)
    if held is None or held[0] is not session.get_transaction():
        found = session.scalar(_ASK_MARK) or ""
        held = session.info[_MARK] = (session.get_transaction(), found)
    return str(held[1])


def type_of(session: Session, code: str) -> InstrumentType:
    """The type or kind with this code, or UnknownType."""
    known = types(session).get(code)
    if known is None:
        raise UnknownType("type", value=code)
    return known


def edition_on(session: Session, type_code: str, day: date) -> Edition:
    """The edition by which an instrument of a type is judged on a day, or NotCovered."""
    return type_of(session, type_code).edition_on(day)


def edition(session: Session, type_code: str, code: str) -> Edition:
    """The edition a record names, with what has been confirmed of it since; NotCovered when it is gone."""
    return type_of(session, type_code).edition(code)


def changed(session: Session) -> None:
    """The law has changed in this transaction: what was read before holds no more, here and in every process once it commits."""
    session.flush()
    new = secrets.token_hex(16)
    done = session.execute(update(LawMark).where(LawMark.id == 1).values(mark=new))
    if not done.rowcount:  # type: ignore[attr-defined]
        session.add(LawMark(id=1, mark=new))
    session.info.pop(_IN_SESSION, None)
    session.info.pop(_MARK, None)
    session.flush()


def _under(session: Session, under: str, base: Types) -> Types:
    key = (id(base), under)
    with _lock:
        known = _known.get(key)
        if known is not None and known[0] is base:
            _known.move_to_end(key)
            return known[1]
    found = _read(session, base) if under else base
    with _lock:
        _known[key] = (base, found)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


# -- read anew


def _read(session: Session, base: Types) -> Types:
    statements = latest_statements(session)
    by_type: dict[str, list[NumberConfirmation]] = {}
    for row in statements:
        by_type.setdefault(row.type_code, []).append(row)
    ruled = _ruled(session, base)
    found = {**base, **ruled}
    changed_types = {code: with_statements(found[code], rows) for code, rows in by_type.items() if code in found}
    return MappingProxyType({**found, **changed_types})


def _ruled(session: Session, base: Types) -> dict[str, InstrumentType]:
    """The kinds without a file of whose rules a version was ever approved, with every such version."""
    statement = select(RulesVersion).where(RulesVersion.state.in_(("approved", "withdrawn")))
    by_type: dict[str, list[RulesVersion]] = {}
    for row in session.scalars(statement.order_by(RulesVersion.type_code, RulesVersion.version)):
        by_type.setdefault(row.type_code, []).append(row)
    kinds = ((base[code], rows) for code, rows in by_type.items() if code in base)
    # A file that comes later speaks for the kind from then on; what its versions judged stays recomputable beside it.
    return {one.code: with_versions(one, rows) for one, rows in kinds}


def with_versions(one: InstrumentType, rows: Sequence[RulesVersion]) -> InstrumentType:
    """A kind with the versions of its rules as editions."""
    editions = tuple(edition_of(row) for row in rows)
    if one.has_rules:
        first = min(edition.in_force for edition in one.editions)
        past = tuple(replace(each, ended=max(each.in_force, min(first, each.ended or first))) for each in editions)
        return replace(one, editions=(*past, *one.editions))
    newest = max(rows, key=lambda row: row.version).rules
    return replace(one, editions=editions, nameplate=nameplate_for(newest), standard=standard_for(newest))


def edition_of(row: RulesVersion, *, on: date | None = None) -> GenericEdition:
    """The edition a version is; one that is not dated yet is taken to begin on ``on``."""
    in_force = row.in_force or on or date.max
    return generic_edition(row.rules, code=row.code, in_force=in_force, ended=row.withdrawn_from, sources=row.sources)


def latest_statements(session: Session, type_code: str | None = None) -> list[NumberConfirmation]:
    """The last statement about each number of which anything was ever stated."""
    statement = select(NumberConfirmation).order_by(NumberConfirmation.id)
    if type_code is not None:
        statement = statement.where(NumberConfirmation.type_code == type_code)
    last: dict[Statement, NumberConfirmation] = {}
    for row in session.scalars(statement):
        last[row.type_code, row.edition_code, row.number_key] = row
    return list(last.values())


def with_statements(one: InstrumentType, rows: Iterable[NumberConfirmation]) -> InstrumentType:
    """A type whose editions say of their numbers what was stated about them."""
    by_edition: dict[str, list[NumberConfirmation]] = {}
    for row in rows:
        by_edition.setdefault(row.edition_code, []).append(row)
    editions = tuple(_stated(edition, by_edition.get(edition.code, ())) for edition in one.editions)
    return replace(one, editions=editions)


def _stated(edition: Edition, rows: Iterable[NumberConfirmation]) -> Edition:
    confirmed: dict[str, str] = {}
    disputed: dict[str, str] = {}
    for row in rows:
        if not speaks_of(row, edition):
            continue
        if row.finding == "confirmed":
            confirmed[row.number_key] = source_text(row)
        elif row.finding == "disputed":
            disputed[row.number_key] = row.text_says
    if confirmed:
        edition = edition.with_confirmed(confirmed)
    return edition.with_disputed(disputed) if disputed else edition


def speaks_of(row: NumberConfirmation, edition: Edition) -> bool:
    """Whether a statement is about the value the edition has now: of another value it says nothing."""
    known = row.number_key == OWN_DAY or row.number_key in edition.numbers
    return known and edition.stated(row.number_key) == row.value


def source_text(row: NumberConfirmation) -> str:
    """What a confirmation cites, in a line."""
    return f"{row.document} {row.clause}".strip()
