"""What if the law were otherwise: which past records another edition, or another number, would have judged differently.

Nothing of the registry is changed; a trial keeps its own counts and the records that would come out otherwise. A few records
are judged at once, many in the background; a trial that was cut off goes on behind the record it judged last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from metrology.domain.authority import Actor
from metrology.domain.problems import BadQuantity, Problem
from metrology.domain.quantity import UNITS, parse
from metrology.domain.regulation import Edition, InstrumentType
from metrology.domain.verdict import Verdict
from metrology.persistence.districts import District
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.verifications import Verification
from metrology.persistence.what_ifs import WhatIf, WhatIfRecord
from metrology.services import law, tasks
from metrology.services.rechecking import Rejudging

TASK = "law.what_if"
AT_ONCE = 300
"""Up to so many records are judged while one waits."""
PAGE = 250
OUTCOMES = ("would_reject", "would_conform", "no_verdict", "not_covered")
SAME = "same"
MOST_NUMBERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposition:
    """What is supposed: another edition (empty: the one that judged each record), other numbers, and of which records."""

    type_code: str
    edition_code: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)
    since: date | None = None
    until: date | None = None
    district_code: str | None = None


# -- beginning


def begin(session: Session, actor: Actor, supposed: Supposition, *, now: datetime) -> WhatIf:
    """Keep a trial and judge its records: at once where there are few, else as a task."""
    if actor.user_id is None:
        raise Problem("person_needed", "type_code")
    one = law.type_of(session, supposed.type_code)
    numbers = _checked(session, one, supposed)
    row = WhatIf(
        type_code=one.code, edition_code=supposed.edition_code, numbers=numbers, since=supposed.since,
        until=supposed.until, district_code=supposed.district_code or None, state="queued", counts={},
        created_by_id=actor.user_id, created_at=now,
    )  # fmt: skip
    session.add(row)
    record(session, actor, "law.tried", row, at=now)
    session.flush()
    total = count(session, row, limit=AT_ONCE + 1)
    if total > AT_ONCE:
        task = tasks.enqueue(session, actor, TASK, {"what_if_id": row.id}, now=now, key=f"{TASK}/{row.id}")
        row.task_id = task.id
        session.flush()
        return row
    run(session, row.id, now=lambda: now)
    return row


def _checked(session: Session, one: InstrumentType, supposed: Supposition) -> dict[str, str]:
    if not one.has_rules:
        raise Problem("type_has_no_rules", "type_code", type=one.code)
    editions = [one.edition(supposed.edition_code)] if supposed.edition_code else list(one.editions)
    if supposed.since and supposed.until and supposed.until < supposed.since:
        raise Problem("days_not_in_order", "until")
    if supposed.district_code and session.get(District, supposed.district_code) is None:
        raise Problem("bad_choice", "district_code", value=supposed.district_code[:64])
    if len(supposed.numbers) > MOST_NUMBERS:
        raise Problem("too_many", "numbers", limit=MOST_NUMBERS)
    numbers = {key: _value(editions, key, text) for key, text in supposed.numbers.items() if text.strip()}
    if not numbers and not supposed.edition_code:
        raise Problem("nothing_supposed", "numbers")
    return numbers


def _value(editions: list[Edition], key: str, text: str) -> str:
    number = next((edition.numbers[key] for edition in editions if key in edition.numbers), None)
    if number is None:
        raise Problem("bad_choice", "numbers", value=key[:64])
    if number.unit in UNITS:
        return f"{parse(text, number.unit, field=f'number.{key}').in_unit(number.unit):f}"
    bare = text.strip().removesuffix(number.unit).strip()
    try:
        value = Decimal(bare)
    except ArithmeticError as error:
        raise BadQuantity(f"number.{key}", value=text[:64], unit=number.unit) from error
    if not value.is_finite() or abs(value.adjusted()) > 18:
        raise BadQuantity(f"number.{key}", value=text[:64], unit=number.unit)
    return f"{value:f}"


def _asked(what_if: WhatIf, columns: Any) -> Select[Any]:
    statement: Select[Any] = columns.where(
        Verification.state == "approved", Verification.type_code == what_if.type_code
    )
    if what_if.since is not None:
        statement = statement.where(Verification.verified_on >= what_if.since)
    if what_if.until is not None:
        statement = statement.where(Verification.verified_on <= what_if.until)
    if what_if.district_code is not None:
        there = select(Instrument.id).where(
            Instrument.id == Verification.instrument_id, Instrument.district_code == what_if.district_code
        )
        statement = statement.where(there.exists())
    return statement


def count(session: Session, what_if: WhatIf, *, limit: int | None = None) -> int:
    """How many records a trial is about, counted to ``limit``."""
    statement = _asked(what_if, select(Verification.id))
    return session.scalar(select(func.count()).select_from(statement.limit(limit).subquery())) or 0


# -- judging


def run(
    session: Session, what_if_id: int, *, now: Callable[[], datetime], step: Callable[[int, int], None] | None = None
) -> dict[str, int]:
    """Judge what is left of a trial. ``step`` is told how far it is and commits; without it all is one transaction."""
    what_if = session.get_one(WhatIf, what_if_id)
    if what_if.state == "done":
        return dict(what_if.counts)
    numbers = dict(what_if.numbers)
    judge = Rejudging(session, instead=lambda edition: _with(edition, numbers))
    what_if.state = "running"
    total = count(session, what_if) if step is not None else 0
    while rows := _page(session, what_if):
        counts = Counter(what_if.counts)
        for row in rows:
            found = _judged(judge, what_if, row)
            counts[found.outcome if found else SAME] += 1
            if found is not None:
                session.add(found)
        what_if.counts, what_if.last_id = dict(counts), rows[-1].id
        session.flush()
        if step is not None:
            step(sum(counts.values()), total)
    what_if.state, what_if.finished_at = "done", now()
    session.flush()
    return dict(what_if.counts)


def _page(session: Session, what_if: WhatIf) -> list[Any]:
    columns = select(
        Verification.id, Verification.type_code, Verification.kind, Verification.nameplate, Verification.readings,
        Verification.edition_code, Verification.verdict, Verification.judgement,
    )  # fmt: skip
    statement = _asked(what_if, columns).where(Verification.id > what_if.last_id)
    return list(session.execute(statement.order_by(Verification.id).limit(PAGE)))


def _with(edition: Edition, numbers: Mapping[str, str]) -> Edition:
    known = {key: text for key, text in numbers.items() if key in edition.numbers}
    return edition.with_numbers(known) if known else edition


def _judged(judge: Rejudging, what_if: WhatIf, row: Any) -> WhatIfRecord | None:
    """The record as a trial keeps it; None where it would be judged as it was."""
    code = what_if.edition_code or row.edition_code
    kept = WhatIfRecord(
        what_if_id=what_if.id, verification_id=row.id, was=row.verdict,
        margin_was=_worst(row.judgement.get("findings") or ()), margin_would_be="", point="",
    )  # fmt: skip
    try:
        verdict = judge.judge(row.type_code, code, row.kind, row.nameplate, row.readings)
    except Problem as problem:
        kept.outcome, kept.point = "not_covered", str(problem)[:200]
        return kept
    if verdict.verdict == row.verdict:
        return None
    kept.would_be = verdict.verdict
    kept.margin_would_be = _worst([finding.to_dict() for finding in verdict.findings])
    kept.outcome, kept.point = _told(verdict)
    return kept


def _told(verdict: Verdict) -> tuple[str, str]:
    if verdict.verdict is None:
        lack = verdict.missing[0] if verdict.missing else None
        return "no_verdict", (str(lack.labels.get("zh") or lack.path) if lack else "")[:200]
    if verdict.verdict == "conforms":
        return "would_conform", ""
    labels = verdict.failed[0].labels
    return "would_reject", str(labels.get("zh") or verdict.failed[0].point)[:200]


def _worst(findings: Any) -> str:
    margins = [str(finding["margin"]) for finding in findings if finding.get("margin")]
    return max(margins, key=Decimal, default="")


# -- looking


def recent(session: Session, district_code: str | None = None, limit: int = 50) -> list[WhatIf]:
    """The trials made last; those about a district for somebody who works there alone."""
    statement = select(WhatIf).options(joinedload(WhatIf.created_by)).order_by(WhatIf.id.desc()).limit(limit)
    if district_code is not None:
        statement = statement.where(WhatIf.district_code == district_code)
    return list(session.scalars(statement))


def records(
    session: Session, what_if: WhatIf, *, outcome: str = "", after: int = 0, limit: int = 100
) -> list[WhatIfRecord]:
    """Records that would come out otherwise, in the order of their keys."""
    statement = select(WhatIfRecord).where(WhatIfRecord.what_if_id == what_if.id, WhatIfRecord.id > after)
    if outcome:
        statement = statement.where(WhatIfRecord.outcome == outcome)
    options = joinedload(WhatIfRecord.verification).joinedload(Verification.instrument).joinedload(Instrument.holder)
    return list(session.scalars(statement.options(options).order_by(WhatIfRecord.id).limit(limit)))


def every_record(session: Session, what_if: WhatIf, *, outcome: str = "") -> Iterator[WhatIfRecord]:
    """All of them, a page at a time: for a file."""
    after = 0
    while page := records(session, what_if, outcome=outcome, after=after, limit=500):
        yield from page
        after = page[-1].id
        session.expunge_all()
