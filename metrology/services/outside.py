"""Institutes above ours and their standards: what the certificates of our equipment are traced to, up to the national ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.equipment import LEVELS, OutsideInstitute, OutsideStandard
from metrology.persistence.journal import changes_of, record
from metrology.services import cleaning

HIGHEST = 12
"""Steps of a chain that are followed: a real one has four or five."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideInstituteFacts:
    """What is kept of an institute above ours."""

    name: str
    level: str
    name_en: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideStandardFacts:
    """What is kept of a standard above ours."""

    institute_id: int
    name: str
    name_en: str = ""
    number: str = ""
    accuracy_text: str = ""
    is_primary: bool = False
    traces_to_id: int | None = None
    notes: str = ""


def institutes(session: Session) -> list[OutsideInstitute]:
    """All institutes above ours, the highest first (there are a handful)."""
    rows = session.scalars(select(OutsideInstitute).order_by(OutsideInstitute.name, OutsideInstitute.id).limit(500))
    return sorted(rows, key=lambda row: LEVELS.index(row.level))


def standards(session: Session) -> list[OutsideStandard]:
    """All standards above ours, by institute and name."""
    rows = session.scalars(select(OutsideStandard).order_by(OutsideStandard.name, OutsideStandard.id).limit(2000))
    return sorted(rows, key=lambda row: (LEVELS.index(row.institute.level), row.institute.name, row.name))


def keep_institute(
    session: Session, actor: Actor, facts: OutsideInstituteFacts, *, row: OutsideInstitute | None = None, now: datetime
) -> OutsideInstitute:
    """Keep an institute above ours, or put it right. Its name is its own."""
    name = cleaning.words("name", facts.name)
    if not name:
        raise Problem("bad_name", "name")
    if facts.level not in LEVELS:
        raise Problem("bad_choice", "level", value=facts.level)
    known = session.scalar(select(OutsideInstitute.id).where(OutsideInstitute.name == name))
    if known is not None and (row is None or known != row.id):
        raise Problem("outside_institute_known", "name", name=name)
    facts = replace(
        facts,
        name=name,
        name_en=cleaning.words("name_en", facts.name_en),
        notes=cleaning.paragraph("notes", facts.notes),
    )
    made = row or OutsideInstitute(created_at=now)
    _put(session, actor, made, facts, "outside_institute", now=now)
    return made


def keep_standard(
    session: Session, actor: Actor, facts: OutsideStandardFacts, *, row: OutsideStandard | None = None, now: datetime
) -> OutsideStandard:
    """Keep a standard above ours, or put it right. It may not trace to itself by any way; a primary one traces to none."""
    name = cleaning.words("name", facts.name)
    if not name:
        raise Problem("bad_name", "name")
    if session.get(OutsideInstitute, facts.institute_id) is None:
        raise Problem("bad_choice", "institute_id", value=facts.institute_id)
    if facts.is_primary and facts.traces_to_id is not None:
        raise Problem("primary_traces_to_none", "traces_to_id")
    above = None if facts.traces_to_id is None else session.get(OutsideStandard, facts.traces_to_id)
    if facts.traces_to_id is not None and above is None:
        raise Problem("bad_choice", "traces_to_id", value=facts.traces_to_id)
    if above is not None and row is not None and row.id in {one.id for one in upwards(above)}:
        raise Problem("traceability_loop", "traces_to_id", standard=above.name)
    facts = replace(
        facts,
        name=name,
        name_en=cleaning.words("name_en", facts.name_en),
        number=cleaning.code("number", facts.number),
        accuracy_text=cleaning.words("accuracy_text", facts.accuracy_text),
        notes=cleaning.paragraph("notes", facts.notes),
    )
    same = select(OutsideStandard.id).filter_by(institute_id=facts.institute_id, name=facts.name, number=facts.number)
    known = session.scalar(same)
    if known is not None and (row is None or known != row.id):
        raise Problem("outside_standard_known", "name", name=name)
    made = row or OutsideStandard(created_at=now)
    _put(session, actor, made, facts, "outside_standard", now=now)
    return made


def _put(
    session: Session,
    actor: Actor,
    row: OutsideInstitute | OutsideStandard,
    facts: OutsideInstituteFacts | OutsideStandardFacts,
    noun: str,
    *,
    now: datetime,
) -> None:
    for name in type(facts).__dataclass_fields__:
        if getattr(row, name, None) != getattr(facts, name):
            setattr(row, name, getattr(facts, name))
    is_new = row.id is None
    changes = changes_of(row)
    if changes:
        row.updated_at = now
        session.add(row)
        record(session, actor, f"{noun}.{'added' if is_new else 'changed'}", row, at=now, changes=changes)
    session.flush()
    session.refresh(row)


def upwards(standard: OutsideStandard) -> list[OutsideStandard]:
    """A standard and those it traces to, in order, to the top or ``HIGHEST`` steps."""
    found: list[OutsideStandard] = []
    one: OutsideStandard | None = standard
    while one is not None and one not in found and len(found) < HIGHEST:
        found.append(one)
        one = one.traces_to
    return found


def below(session: Session, standard: OutsideStandard) -> list[OutsideStandard]:
    """A standard and all outside ones that trace to it by any way, level by level."""
    found, wave = [standard], [standard.id]
    while wave and len(found) < 500:
        rows = session.scalars(
            select(OutsideStandard)
            .where(OutsideStandard.traces_to_id.in_(wave), OutsideStandard.id.not_in([one.id for one in found]))
            .order_by(OutsideStandard.id)
        ).all()
        found += rows
        wave = [row.id for row in rows]
    return found
