"""Types and districts by name, as lists offer them: they nearly never change, so each process keeps what it read of them.

They change when a release brings others (``preparing``) and when rules that institutes entered are approved (``rules_versions``).
Both give the law a new mark, by which every process sees that it must read them anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.persistence.districts import District
from metrology.persistence.instruments import TypeEntry
from metrology.services import law


@dataclass(frozen=True, slots=True)
class Named:
    """A type or a district: its code and its names."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Types and districts, each in the order in which they are offered."""

    types: tuple[Named, ...]
    """Those with rules first; also those of which only records are left."""
    ruled: tuple[Named, ...]
    """Those with rules."""
    districts: tuple[Named, ...]


_kept: dict[str, Catalogue] = {}
"""What was read last, by its mark."""


def read(session: Session) -> Catalogue:
    """Types and districts as they stand in this transaction."""
    mark = law.mark(session)
    found = _kept.get(mark) or _read(session)
    if mark and mark not in _kept:
        _kept.clear()
        _kept[mark] = found
    return found


def _read(session: Session) -> Catalogue:
    types = session.execute(
        select(TypeEntry.has_rules, TypeEntry.code, TypeEntry.name_zh, TypeEntry.name_en).order_by(
            TypeEntry.has_rules.desc(), TypeEntry.position
        )
    ).all()
    districts = session.execute(select(District.code, District.name_zh, District.name_en).order_by(District.position))
    return Catalogue(
        types=tuple(Named(*names) for _has_rules, *names in types),
        ruled=tuple(Named(*names) for has_rules, *names in types if has_rules),
        districts=tuple(Named(*names) for names in districts),
    )
