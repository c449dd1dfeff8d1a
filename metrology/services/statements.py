"""Statements (计量工作报表) of a month or year: prepared by one person, approved by another, locked from then on.

A draft holds no figures: it shows what a recount finds at the moment. Who approves approves what was shown: the digest of it comes
back with the form, and where a record was approved in between, the statement is shown again. A locked one never changes;
what was wrong or came later goes into a new version that names the one it replaces.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.indicator import BY_CODE, INDICATORS
from metrology.domain.period import Period
from metrology.domain.problems import Problem
from metrology.domain.quantity import plain
from metrology.persistence import outcome_tallies as kept
from metrology.persistence.districts import District
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.journal import record
from metrology.persistence.outcome_reading import sums
from metrology.persistence.statements import DECIMALS, IndicatorTarget, Statement
from metrology.persistence.tally_reading import TallyScope, grouped
from metrology.services import cleaning
from metrology.services.indicator_counting import Asked
from metrology.services.indicators import measure, target_of

Figures = dict[str, Any]
LINE = ("in_use", "verified", "conforms", "rejected", "certificates", "overdue")
"""What each line of a statement counts, in its order."""


_LARGEST = 9_999_999


# -- targets


def set_target(
    session: Session, actor: Actor, code: str, value: Decimal | None, valid_from: date, *, now: datetime
) -> IndicatorTarget:
    """Say what an indicator should reach from a day on; None ends the target. Earlier ones stay as they were."""
    indicator = BY_CODE.get(code)
    if indicator is None:
        raise Problem("bad_choice", "indicator", value=code[:40])
    if value is not None and not _is_target(value, 100 if indicator.unit == "share" else _LARGEST):
        raise Problem("out_of_range", "value")
    before = target_of(session, code, valid_from)
    row = IndicatorTarget(indicator=code, value=value, valid_from=valid_from, set_by_id=actor.user_id, set_at=now)
    session.add(row)
    record(
        session, actor, "target.set", row, at=now,
        changes={"indicator": [None, code], "value": [_text(before), _text(value)], "valid_from": [None, valid_from.isoformat()]},
    )  # fmt: skip
    session.flush()
    return row


def _is_target(value: Decimal, largest: int) -> bool:
    """A number from nothing to the largest, with no more decimals than are kept."""
    return value.is_finite() and 0 <= value <= largest and value == round(value, DECIMALS)


def _text(value: Decimal | None) -> str | None:
    """A target as it was said: 95 and not 95.0000."""
    return None if value is None else plain(value)


# -- figures


def figures_of(session: Session, actor: Actor, statement: Statement, *, today: date) -> Figures:
    """What a recount finds now for the period and district of a statement: plain values, the same for the same records."""
    period = period_of(statement)
    asked = Asked(period, today=today, district_code=statement.district_code or None)
    # The statement is of its district, whoever looks at it: who may see it is asked before.
    whole = replace(actor, district_code=None, roles=actor.roles | {"manager"})
    measured = {one.code: measure(session, whole, one.code, asked) for one in INDICATORS}
    return {
        "period": period.code,
        "district": statement.district_code,
        "indicators": {
            code: {
                "counted": one.counted,
                "against": one.against,
                "value": None if one.value is None else round(one.value, 4),
            }
            for code, one in measured.items()
        },
        "targets": {code: _text(target_of(session, code, asked.end)) for code in measured},
        "types": _lines(session, asked, "type_code"),
        "districts": _lines(session, asked, "district_code"),
        "complaints": measured["complaints"].counted,
    }


def _lines(session: Session, asked: Asked, key: str) -> list[dict[str, Any]]:
    lines: dict[str, dict[str, Any]] = {}

    def line(code: str) -> dict[str, Any]:
        return lines.setdefault(code, {"code": code, **dict.fromkeys(LINE, 0)})

    day = None if asked.end == asked.today else asked.end
    scope = TallyScope(district_code=asked.district_code, day=day)
    for keys, counts in grouped(session, scope, (key,)):
        line(keys[0])["in_use"] += counts[0]
    for keys, counts in grouped(session, scope, (key,), ((None, asked.end - timedelta(days=1)),)):
        line(keys[0])["overdue"] += counts[0]
    rows = sums(
        session, kept.OUTCOME.table, (key, "kind", "verdict"), first=asked.period.first, last=asked.period.last,
        equal={"district_code": asked.district_code},
    )  # fmt: skip
    for (code, kind, verdict), number in rows:
        one = line(code)
        one["verified"] += number
        one[verdict] += number
        if verdict == "conforms" and kind != "in_service":
            one["certificates"] += number
    names = _names(session, key)
    for code, one in lines.items():
        one["zh"], one["en"] = names.get(code, ("", ""))
    return sorted(lines.values(), key=lambda one: (-one["verified"], -one["in_use"], one["code"]))


def _names(session: Session, key: str) -> dict[str, tuple[str, str]]:
    model: Any = TypeEntry if key == "type_code" else District
    return {one.code: (one.name_zh, one.name_en) for one in session.scalars(select(model))}


def written(figures: Figures) -> str:
    """The figures as the very text that is kept and digested."""
    return json.dumps(figures, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(text: str) -> str:
    """SHA-256 of the kept text."""
    return hashlib.sha256(text.encode()).hexdigest()


def locked(statement: Statement) -> Figures:
    """The figures of an approved statement. Refused where they are not those that were approved."""
    if statement.figures is None or digest_of(statement.figures) != statement.digest:
        raise Problem("statement_altered", number=statement.number)
    found: Figures = json.loads(statement.figures)
    return found


def differences(before: Figures, now: Figures) -> list[tuple[str, Any, Any]]:
    """Indicators and lines in which a recount differs from what was locked: where, then, now."""
    found: list[tuple[str, Any, Any]] = []
    for code, one in now["indicators"].items():
        was = before["indicators"].get(code)
        if was != one:
            found.append((f"indicators.{code}", was, one))
    for part in ("types", "districts"):
        then = {one["code"]: one for one in before[part]}
        here = {one["code"]: one for one in now[part]}
        for code in dict.fromkeys((*then, *here)):
            was, one = then.get(code), here.get(code)
            if [was and was[name] for name in LINE] != [one and one[name] for name in LINE]:
                found.append((f"{part}.{code}", was, one))
    return found


def later_corrections(session: Session, statement: Statement, *, today: date) -> int:
    """How many records of its months were approved, corrected or annulled since it was locked (days after the day of locking)."""
    if statement.approved_at is None:
        return 0
    table, since = kept.OUTCOME.table, _day(statement.approved_at)
    rows = session.execute(
        select(table.c.n).where(
            table.c.known > since, table.c.known <= today, table.c.month >= statement.first_day, table.c.month <= statement.last_day,
            *([table.c.district_code == statement.district_code] if statement.district_code else []),
        )
    )  # fmt: skip
    return sum(abs(row[0]) for row in rows)


def _day(instant: datetime) -> date:
    return (instant + timedelta(hours=8)).date()


def period_of(statement: Statement) -> Period:
    """The months of a statement."""
    return Period(statement.first_day, 12 if statement.period == "year" else 1)


# -- the steps


def sees_statement(actor: Actor, statement: Statement) -> bool:
    """A district's account sees the statements of its district only."""
    return not actor.is_holder and actor.district_code in (None, statement.district_code)


def prepare(
    session: Session, actor: Actor, period: Period, district_code: str, *, today: date, now: datetime
) -> Statement:
    """Begin the statement of a month or year. Refused where one is there: an approved one is corrected, a draft goes on."""
    person = _person(actor)
    if period.code != f"{period.first.year}" and period.months != 1:
        raise Problem("bad_choice", "period")
    if period.first > today:
        raise Problem("future_date", "period")
    if actor.district_code is not None:
        district_code = actor.district_code
    if district_code and session.get(District, district_code) is None:
        raise Problem("bad_choice", "district")
    kind = "month" if period.months == 1 else "year"
    known = select(Statement).where(
        Statement.period == kind,
        Statement.first_day == period.first,
        Statement.district_code == district_code,
        Statement.state != "withdrawn",
    )
    if (before := session.scalars(known.limit(1)).first()) is not None:
        raise Problem("statement_exists", "period", number=before.number)
    return _new(session, actor, person, kind, period, district_code, version=1, replaces=None, reason="", now=now)


def correct(session: Session, actor: Actor, statement: Statement, reason: str, *, now: datetime) -> Statement:
    """Begin a new version of a locked statement; the locked one stays and is named."""
    person = _person(actor)
    reason = cleaning.paragraph("reason", reason, 500)
    if not reason:
        raise Problem("reason_needed", "reason")
    session.refresh(statement, with_for_update={"of": Statement})
    successor = select(Statement).where(Statement.replaces_id == statement.id, Statement.state != "withdrawn")
    if statement.state != "approved" or session.scalars(successor.limit(1)).first() is not None:
        raise Problem("statement_not_correctable", "state", number=statement.number)
    return _new(
        session, actor, person, statement.period, period_of(statement), statement.district_code,
        version=statement.version + 1, replaces=statement, reason=reason, now=now,
    )  # fmt: skip


def _new(
    session: Session, actor: Actor, person: int, kind: str, period: Period, district_code: str, *,
    version: int, replaces: Statement | None, reason: str, now: datetime,
) -> Statement:  # fmt: skip
    number = f"BB-{period.code}-{district_code or 'ALL'}-{version}"
    taken = session.scalars(select(Statement.number).where(Statement.number.startswith(number, autoescape=True))).all()
    row = Statement(
        number=number if not taken else f"{number}-{len(taken) + 1}", period=kind, first_day=period.first, last_day=period.last,
        district_code=district_code, version=version, replaces_id=replaces.id if replaces else None, reason=reason,
        state="draft", prepared_by_id=person, prepared_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    changes = {
        "number": [None, row.number],
        "period": [None, period.code],
        "replaces": [None, replaces.number if replaces else None],
    }
    record(session, actor, "statement.prepared", row, at=now, changes=changes, reason=reason)
    session.flush()
    return row


def approve(
    session: Session, actor: Actor, statement: Statement, digest: str, *, today: date, now: datetime
) -> Statement:
    """Lock a draft with the figures that were shown. Refused to who prepared it, before the period is over, and when a figure has moved."""
    person = _person(actor)
    session.refresh(statement, with_for_update={"of": Statement})
    if statement.state != "draft":
        raise Problem("statement_decided", "state", number=statement.number)
    if person == statement.prepared_by_id:
        raise Problem("two_people_needed", "state", number=statement.number)
    if statement.last_day >= today:
        raise Problem("statement_too_early", "state", day=statement.last_day)
    text = written(figures_of(session, actor, statement, today=today))
    if digest_of(text) != digest:
        raise Problem("statement_moved", "state", number=statement.number)
    statement.figures, statement.digest, statement.state = text, digest, "approved"
    statement.approved_by_id, statement.approved_at = person, now
    record(
        session,
        actor,
        "statement.approved",
        statement,
        at=now,
        changes={"state": ["draft", "approved"], "digest": [None, digest]},
    )
    session.flush()
    return statement


def withdraw(session: Session, actor: Actor, statement: Statement, *, now: datetime) -> Statement:
    """Take back a draft."""
    _person(actor)
    session.refresh(statement, with_for_update={"of": Statement})
    if statement.state != "draft":
        raise Problem("statement_decided", "state", number=statement.number)
    statement.state = "withdrawn"
    record(session, actor, "statement.discarded", statement, at=now, changes={"state": ["draft", "withdrawn"]})
    session.flush()
    return statement


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise Problem("person_needed", "state")
    return actor.user_id
