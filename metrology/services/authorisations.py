"""What institutes are authorised to verify: kept item by item for ever, ended, replaced, and asked when a record is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology import regulations
from metrology.domain import authorised
from metrology.domain.authorised import ALL_TYPES, Grant, Work
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.authorisations import Authorisation
from metrology.persistence.districts import District
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.journal import record
from metrology.persistence.people import Institute
from metrology.services import cleaning


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationFacts:
    """What an item of an authorisation says."""

    number: str
    type_code: str
    valid_from: date
    valid_until: date
    characteristic: str = ""
    low: str = ""
    high: str = ""
    district_code: str | None = None
    notes: str = ""


def check(session: Session, facts: AuthorisationFacts) -> AuthorisationFacts:
    """The facts in their normal form, or the Problem of the first that is wrong."""
    number = cleaning.words("number", facts.number)
    if not number:
        raise Problem("bad_certificate_number", "number")
    if facts.valid_until < facts.valid_from:
        raise Problem("days_not_in_order", "valid_until")
    if facts.type_code != ALL_TYPES and session.get(TypeEntry, facts.type_code) is None:
        raise Problem("bad_choice", "type_code", value=facts.type_code)
    if facts.district_code and session.get(District, facts.district_code) is None:
        raise Problem("bad_choice", "district_code", value=facts.district_code)
    low, high = _range(facts)
    return replace(
        facts,
        number=number,
        characteristic=facts.characteristic if low or high else "",
        low=low,
        high=high,
        district_code=facts.district_code or None,
        notes=cleaning.paragraph("notes", facts.notes),
    )


def _range(facts: AuthorisationFacts) -> tuple[str, str]:
    """The ends of the range as the nameplate of the type has such values."""
    if not facts.characteristic:
        if facts.low.strip() or facts.high.strip():
            raise Problem("range_of_what", "characteristic")
        return "", ""
    one = regulations.all_types().get(facts.type_code)
    known = {each.key: each for each in one.nameplate} if one is not None else {}
    if facts.characteristic not in known:
        raise Problem("bad_choice", "characteristic", value=facts.characteristic)
    ends = []
    for name, text in (("low", facts.low), ("high", facts.high)):
        try:
            ends.append(known[facts.characteristic].normalise(text) if text.strip() else "")
        except Problem as problem:
            raise Problem(problem.code, name, **problem.params) from problem
    if not any(ends):
        raise Problem("range_without_ends", "high")
    bounds = Grant(
        type_code=facts.type_code, valid_from=facts.valid_from, valid_until=facts.valid_until,
        characteristic=facts.characteristic, low=ends[0], high=ends[1],
    )  # fmt: skip
    if all(ends) and not authorised.within_range(bounds, {facts.characteristic: ends[0]}):
        raise Problem("range_not_in_order", "high", low=ends[0], high=ends[1])
    return ends[0], ends[1]


def authorise(
    session: Session, actor: Actor, institute: Institute, facts: AuthorisationFacts, *, now: datetime
) -> Authorisation:
    """Keep an item of an institute's authorisation."""
    row = Authorisation(institute_id=institute.id, recorded_at=now, **asdict(check(session, facts)))
    session.add(row)
    record(session, actor, "authorisation.added", row, at=now)
    session.flush()
    return row


def end(session: Session, actor: Actor, row: Authorisation, reason: str, *, on: date, now: datetime) -> Authorisation:
    """An item holds no more from a day on, with a reason. It stays for the days before."""
    _still_kept(row)
    reason = cleaning.words("reason", reason)
    if not reason:
        raise Problem("reason_needed", "reason")
    if on < row.valid_from:
        raise Problem("days_not_in_order", "ended_on")
    row.ended_on, row.end_reason = on, reason
    record(session, actor, "authorisation.ended", row, at=now, reason=reason)
    session.flush()
    return row


def replace_item(
    session: Session, actor: Actor, row: Authorisation, facts: AuthorisationFacts, *, now: datetime
) -> Authorisation:
    """Put an item right or prolong it: another says what holds, and this one counts for nothing any more."""
    _still_kept(row)
    made = authorise(session, actor, row.institute, facts, now=now)
    row.replaced_by_id = made.id
    record(session, actor, "authorisation.replaced", row, at=now)
    session.flush()
    return made


def _still_kept(row: Authorisation) -> None:
    if row.replaced_by_id is not None or row.ended_on is not None:
        raise Problem("authorisation_ended_already")


def of_institute(session: Session, institute: Institute, *, with_past: bool = True) -> list[Authorisation]:
    """The items of an institute, those that count first, by type and the day they end."""
    statement = select(Authorisation).where(Authorisation.institute_id == institute.id)
    if not with_past:
        statement = statement.where(Authorisation.replaced_by_id.is_(None))
    statement = statement.order_by(
        Authorisation.replaced_by_id.is_not(None),
        Authorisation.type_code,
        Authorisation.valid_until.desc(),
        Authorisation.id,
    )
    return list(session.scalars(statement.limit(2000)))


def grant_of(row: Authorisation) -> Grant:
    """An item as the rules read it."""
    return Grant(
        type_code=row.type_code, valid_from=row.valid_from, valid_until=row.valid_until,
        characteristic=row.characteristic, low=row.low, high=row.high, district_code=row.district_code,
        ended_on=row.ended_on,
    )  # fmt: skip


def refusal(
    session: Session, institute: Institute, instrument: Instrument, nameplate: Mapping[str, str], on: date
) -> Problem | None:
    """Why an institute may not verify an instrument on a day: what it is authorised for does not cover it."""
    rows = session.scalars(
        select(Authorisation).where(Authorisation.institute_id == institute.id, Authorisation.replaced_by_id.is_(None))
    )
    problem = authorised.refusal(
        (grant_of(row) for row in rows),
        Work(instrument.type_code, nameplate, instrument.district_code, on),
    )
    if problem is None:
        return None
    return Problem(problem.code, problem.field, institute=institute.name, **problem.params)
