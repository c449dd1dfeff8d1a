"""Who may verify what: qualifications of verifiers (注册计量师注册证, 检定员证) and the institutes they work for. Journalled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from metrology.domain import identifiers
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.districts import District
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.journal import changes_of, plain_value, record
from metrology.persistence.people import Institute, Qualification, Role, User
from metrology.services import cleaning

ALL_TYPES = "*"
GRADES = ("", "verifier", "registered_2", "registered_1")
"""检定员, 二级注册计量师, 一级注册计量师; empty where the certificate names none."""
PROFESSIONS = ("verifier", "checker", "approver")


@dataclass(frozen=True)
class QualificationFacts:
    """What a certificate of qualification says of one type of instrument (or of all: ``*``)."""

    type_code: str
    certificate_number: str
    valid_from: date
    valid_until: date
    grade: str = ""
    notes: str = ""


@dataclass(frozen=True)
class InstituteFacts:
    """What certificates print about the body that issues them."""

    name: str
    short_code: str
    name_en: str = ""
    uscc: str | None = None
    authorisation_number: str = ""
    authorised_until: date | None = None
    district_code: str | None = None
    address: str = ""
    postcode: str = ""
    phone: str = ""
    fax: str = ""
    email: str = ""
    website: str = ""
    is_active: bool = True


def qualification_refusal(session: Session, user: User, type_code: str, on: date) -> Problem | None:
    """Why a person may not verify or check a type on a day, or None: never qualified for it, or not on that day."""
    rows = session.execute(
        select(Qualification.valid_from, Qualification.valid_until, Qualification.ended_on).where(
            Qualification.user_id == user.id,
            Qualification.type_code.in_((type_code, ALL_TYPES)),
            Qualification.replaced_by_id.is_(None),
        )
    ).all()
    held = [(row.valid_from, _last_day(row.valid_until, row.ended_on)) for row in rows]
    if any(first <= on <= last for first, last in held):
        return None
    ended = [last for _first, last in held if last < on]
    if ended:
        return Problem("qualification_lapsed", "verifier_id", name=user.name, until=max(ended).isoformat())
    return Problem("verifier_not_qualified", "verifier_id", name=user.name)


def _last_day(valid_until: date, ended_on: date | None) -> date:
    return valid_until if ended_on is None else min(valid_until, ended_on - timedelta(days=1))


def check_qualification(
    session: Session, user: User, facts: QualificationFacts, *, but: int | None = None
) -> QualificationFacts:
    """The facts in their normal form; refused when they contradict each other, the person, or what is kept already."""
    number = " ".join(facts.certificate_number.split())
    if not number or len(number) > 200:
        raise Problem("bad_certificate_number", "certificate_number")
    if facts.valid_until < facts.valid_from:
        raise Problem("days_not_in_order", "valid_until")
    if facts.grade not in GRADES:
        raise Problem("bad_choice", "grade")
    if facts.type_code != ALL_TYPES and session.get(TypeEntry, facts.type_code) is None:
        raise Problem("bad_choice", "type_code")
    if not user.role_names & set(PROFESSIONS):
        raise Problem("not_a_verifier", name=user.name)
    known = session.scalar(
        select(Qualification.id).where(
            Qualification.user_id == user.id,
            Qualification.certificate_number == number,
            Qualification.type_code == facts.type_code,
            Qualification.replaced_by_id.is_(None),
            Qualification.ended_on.is_(None),
        )
    )
    if known is not None and known != but:
        raise Problem("qualification_known", "certificate_number", number=number)
    notes = cleaning.paragraph("notes", facts.notes)
    return QualificationFacts(facts.type_code, number, facts.valid_from, facts.valid_until, facts.grade, notes)


def add_qualification(
    session: Session, actor: Actor, user: User, facts: QualificationFacts, *, now: datetime
) -> Qualification:
    """Keep a qualification of a person."""
    facts = check_qualification(session, user, facts)
    row = Qualification(user_id=user.id, recorded_at=now, **asdict(facts))
    session.add(row)
    record(session, actor, "qualification.added", row, at=now)
    session.flush()
    return row


def change_qualification(
    session: Session, actor: Actor, row: Qualification, facts: QualificationFacts, *, now: datetime
) -> Qualification:
    """Put a qualification right or prolong it: another row says what holds, and this one counts for nothing any more.

    What was verified under it keeps its own record. A change of the notes alone needs no other row.
    """
    _still_kept(row)
    facts = check_qualification(session, row.user, facts, but=row.id)
    told = {key: value for key, value in asdict(facts).items() if key != "notes"}
    if all(getattr(row, key) == value for key, value in told.items()):
        row.notes = facts.notes
        _record_changes(session, actor, "qualification.changed", row, now=now)
        return row
    made = Qualification(user_id=row.user_id, recorded_at=now, ended_on=facts.valid_until, **asdict(facts))
    session.add(made)
    session.flush()
    row.replaced_by_id, made.ended_on = made.id, None
    record(session, actor, "qualification.replaced", row, at=now)
    session.flush()
    session.expire(row.user, ["qualifications"])
    record(session, actor, "qualification.added", made, at=now, changes=_said(made))
    return made


def end_qualification(
    session: Session, actor: Actor, row: Qualification, reason: str, *, on: date, now: datetime
) -> None:
    """A qualification holds no more from a day on (withdrawn, left the institute), with a reason; it stays for the days before."""
    _still_kept(row)
    reason = cleaning.words("reason", reason)
    if not reason:
        raise Problem("reason_needed", "reason")
    if on < row.valid_from:
        raise Problem("days_not_in_order", "ended_on")
    row.ended_on, row.end_reason = on, reason
    record(session, actor, "qualification.ended", row, at=now, reason=reason)
    session.flush()


def _still_kept(row: Qualification) -> None:
    if row.replaced_by_id is not None or row.ended_on is not None:
        raise Problem("qualification_ended_already")


def _said(row: Qualification) -> dict[str, list[Any]]:
    names = ("user_id", "type_code", "certificate_number", "grade", "valid_from", "valid_until")
    return {name: [None, plain_value(getattr(row, name))] for name in names}


def check_institute(session: Session, facts: InstituteFacts, *, but: int | None = None) -> InstituteFacts:
    """The facts in their normal form; refused when another institute has the same code."""
    values: dict[str, Any] = {
        key: cleaning.words(key, value) if isinstance(value, str) else value for key, value in asdict(facts).items()
    }
    values["uscc"] = values["uscc"] or None
    values["district_code"] = values["district_code"] or None
    if not values["name"]:
        raise Problem("bad_name", "name")
    code = values["short_code"].upper()
    if not code.isascii() or not code.isalnum() or not 2 <= len(code) <= 20:
        raise Problem("bad_short_code", "short_code")
    values["short_code"] = code
    if values["uscc"]:
        if not identifiers.is_uscc(values["uscc"]):
            raise Problem("bad_uscc", "uscc")
        values["uscc"] = identifiers.compact_uscc(values["uscc"])
    if values["district_code"] and session.get(District, values["district_code"]) is None:
        raise Problem("bad_choice", "district_code")
    for column, field in ((Institute.short_code, "short_code"), (Institute.uscc, "uscc")):
        if values[field] is None:
            continue
        taken = session.scalar(select(Institute.id).where(column == values[field]))
        if taken is not None and taken != but:
            raise Problem("institute_known", field)
    return InstituteFacts(**values)


def create_institute(session: Session, actor: Actor, facts: InstituteFacts, *, now: datetime) -> Institute:
    """Keep a body that verifies. What it may verify is kept item by item (``services.authorisations``)."""
    row = Institute(**asdict(check_institute(session, facts)))
    session.add(row)
    record(session, actor, "institute.created", row, at=now)
    session.flush()
    return row


def change_institute(session: Session, actor: Actor, row: Institute, facts: InstituteFacts, *, now: datetime) -> None:
    """Change what certificates will print; those issued keep what they printed."""
    _set(row, asdict(check_institute(session, facts, but=row.id)))
    _record_changes(session, actor, "institute.changed", row, now=now)


def _set(row: Qualification | Institute, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        setattr(row, key, value)


def _record_changes(
    session: Session, actor: Actor, action: str, row: Qualification | Institute, *, now: datetime
) -> None:
    if changes := changes_of(row):
        record(session, actor, action, row, at=now, changes=changes)
    session.flush()


def institutes(session: Session, *, only_active: bool = False) -> list[Institute]:
    """All institutes (a city has a handful), by name."""
    statement = select(Institute).order_by(Institute.name, Institute.id).limit(500)
    return list(session.scalars(statement.where(Institute.is_active) if only_active else statement))


def professionals(
    session: Session,
    *,
    text: str = "",
    institute_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> tuple[list[User], int | None]:
    """A page of those who verify, check or approve, with their qualifications, by name; and the key of the next page."""
    statement = (
        select(User)
        .where(User.active, User.roles.any(Role.name.in_(PROFESSIONS)))
        .options(selectinload(User.qualifications))
        .order_by(User.name, User.id)
    )
    if text.strip():
        statement = statement.where(func.lower(User.name).contains(text.strip().lower(), autoescape=True))
    if institute_id is not None:
        statement = statement.where(User.institute_id == institute_id)
    if after is not None and (last := session.get(User, after)) is not None:
        statement = statement.where(or_(User.name > last.name, (User.name == last.name) & (User.id > last.id)))
    rows = list(session.scalars(statement.limit(limit + 1)))
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None
