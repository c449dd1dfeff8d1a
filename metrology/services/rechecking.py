"""Verdicts recomputed from what was kept: readings, nameplate and edition of each record that was handed in.

Nothing is changed. Records are read in short pages by key, so memory stays the same for a thousand and for a million. What is
compared is what was judged: the word, and at each point error, limits and whether it is within, with what else was judged
there. Confirmations, labels and the wording of formulas may have changed since; a verdict keeps what it said.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from itertools import zip_longest
from typing import Any, Literal

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from metrology.domain.calibrating import KIND as CALIBRATION
from metrology.domain.calibrating import method_for, to_dict
from metrology.domain.problems import Problem
from metrology.domain.regulation import Edition, Ready
from metrology.domain.verdict import Finding, Verdict
from metrology.persistence.verifications import Verification
from metrology.services import law

PAGE = 500
CHUNK = 2000
"""Records that one process recomputes at a time."""
_SHEETS = 2048
_FIGURES = ("error", "mpe", "within", "lower", "upper")
"""What was judged at a point. Labels, clause, formula and inputs explain it, and may be worded better later."""
_NO_EXTRA = frozenset(one.name for one in fields(Finding))
"""Keys of a finding as text that are no extras of it."""

Kind = Literal["same", "verdict", "figures", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What recomputing one record gave.

    ``same``; another ``verdict``; other ``figures`` under the same verdict; ``unknown`` where it cannot be recomputed.
    ``difference`` is the first finding that differs, or why nothing can be said.
    """

    id: int
    number: str
    type_code: str
    edition: str
    kind: Kind
    was: str
    would_be: str | None
    difference: str = ""

    @property
    def is_same(self) -> bool:
        """Whether the record would be judged as it was."""
        return self.kind == "same"

    def to_dict(self) -> dict[str, Any]:
        """For a report, a line each."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of records by key: those after ``after_id`` up to ``until_id``; how many there are of those asked for."""

    after_id: int
    until_id: int
    count: int


def recheck(
    session: Session,
    *,
    since: date | None = None,
    type_code: str | None = None,
    after_id: int = 0,
    until_id: int | None = None,
    limit: int | None = None,
    between: Callable[[], object] | None = None,
) -> Iterator[Outcome]:
    """Recompute records in the order of their keys. ``between`` is called after each page, to end a long read."""
    judge, left = Rejudging(session), limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        statement = _asked(select(*COLUMNS), since, type_code).where(Verification.id > after_id)
        if until_id is not None:
            statement = statement.where(Verification.id <= until_id)
        rows = session.execute(statement.order_by(Verification.id).limit(size)).all()
        for row in rows:
            yield judge.outcome(row)
        if len(rows) < size:
            return
        after_id = rows[-1].id
        left = None if left is None else left - len(rows)
        if between is not None:
            between()


COLUMNS = (
    Verification.id, Verification.number, Verification.type_code, Verification.kind, Verification.nameplate,
    Verification.readings, Verification.edition_code, Verification.verdict, Verification.judgement,
)  # fmt: skip


def _asked(statement: Any, since: date | None, type_code: str | None) -> Any:
    # Drafts and discarded ones have no verdict; a calibration never has, and its results are recomputed.
    handed_in = (Verification.kind == CALIBRATION) & Verification.state.not_in(("draft", "discarded"))
    statement = statement.where(Verification.verdict.is_not(None) | handed_in)
    if since is not None:
        statement = statement.where(Verification.verified_on >= since)
    return statement if type_code is None else statement.where(Verification.type_code == type_code)


def count(session: Session, *, since: date | None = None, type_code: str | None = None) -> int:
    """How many records would be recomputed."""
    return session.scalar(_asked(select(func.count(Verification.id)), since, type_code)) or 0


def chunks(
    session: Session,
    *,
    since: date | None = None,
    type_code: str | None = None,
    limit: int | None = None,
    size: int = CHUNK,
) -> Iterator[Chunk]:
    """The records asked for in stretches, to be shared out among processes."""
    after, left = 0, limit
    while left is None or left > 0:
        wanted = size if left is None else min(size, left)
        statement = _asked(select(Verification.id), since, type_code).where(Verification.id > after)
        ids = session.scalars(statement.order_by(Verification.id).limit(wanted)).all()
        if not ids:
            return
        yield Chunk(after, ids[-1], len(ids))
        after = ids[-1]
        left = None if left is None else left - len(ids)


class Rejudging:
    """Judges many records: an edition and the sheet of a nameplate are looked up once for all records like it."""

    def __init__(self, session: Session, *, instead: Callable[[Edition], Edition] | None = None) -> None:
        self._session, self._instead = session, instead
        self._editions: dict[tuple[str, str], Edition | Problem] = {}
        self._ready: OrderedDict[tuple[object, ...], Ready] = OrderedDict()

    def judge(
        self, type_code: str, edition_code: str, kind: str, nameplate: Mapping[str, str], readings: Mapping[str, Any]
    ) -> Verdict:
        """The verdict by the edition named, or the Problem why there is none."""
        key = (type_code, edition_code, kind, *sorted(nameplate.items()))
        ready = self._ready.get(key)
        if ready is None:
            ready = self._ready[key] = self._edition(type_code, edition_code).ready(nameplate, kind)
            if len(self._ready) > _SHEETS:
                self._ready.popitem(last=False)
        return ready.judge(readings)

    def _edition(self, type_code: str, code: str) -> Edition:
        found = self._editions.get((type_code, code))
        if found is None:
            try:
                found = law.edition(self._session, type_code, code)
                found = self._instead(found) if self._instead else found
            except Problem as problem:
                found = problem
            self._editions[type_code, code] = found
        if isinstance(found, Problem):
            raise found
        return found

    def outcome(self, row: Row[Any]) -> Outcome:
        """One record recomputed and compared with what was kept."""
        facts = (row.id, row.number, row.type_code, row.edition_code)
        if row.kind == CALIBRATION:
            return _calibration(row, facts)
        try:
            verdict = self.judge(row.type_code, row.edition_code, row.kind, row.nameplate, row.readings)
        except Problem as problem:
            return Outcome(*facts, "unknown", row.verdict, None, str(problem))
        except Exception as fault:  # noqa: BLE001 - one record that cannot be read must not hide the others
            return Outcome(*facts, "unknown", row.verdict, None, f"{type(fault).__name__}: {fault}"[:300])
        told = difference(verdict, row.judgement)
        if verdict.verdict != row.verdict:
            return Outcome(*facts, "verdict", row.verdict, verdict.verdict, told)
        return Outcome(*facts, "figures" if told else "same", row.verdict, verdict.verdict, told)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A record beside its recomputation, point by point: what was kept (None: not judged then), what comes out now."""

    was: str
    would_be: str | None
    points: tuple[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None, str], ...]
    problem: str = ""

    @property
    def is_same(self) -> bool:
        """Whether the recomputation equals what is kept."""
        return not self.problem and self.was == self.would_be and not any(told for _, _, told in self.points)


def comparison(session: Session, record: Verification) -> Comparison:
    """One record recomputed from its readings, nameplate and edition, beside what it has kept."""
    if record.kind == CALIBRATION:
        one = _calibration(record, (record.id, record.number, record.type_code, record.edition_code))
        return Comparison(one.was, one.would_be, (), problem=one.difference)
    kept = list(record.judgement.get("findings") or ())
    was = str(record.verdict)
    try:
        verdict = Rejudging(session).judge(
            record.type_code, record.edition_code, record.kind, record.nameplate, record.readings
        )
    except Problem as problem:
        return Comparison(was, None, tuple((old, None, "") for old in kept), problem=str(problem))
    points = []
    for old, new in zip_longest(kept, verdict.findings):
        if old is None or new is None:
            points.append((old, new.to_dict() if new else None, "not judged then" if new else "not judged now"))
        else:
            points.append((old, new.to_dict(), finding_difference(new, old)))
    return Comparison(was, verdict.verdict, tuple(points))


def _calibration(row: Row[Any] | Verification, facts: tuple[int, str, str, str]) -> Outcome:
    """The results of a calibration, errors with U and k, computed from its readings once more."""
    kept: Mapping[str, Any] = row.judgement.get(CALIBRATION) or {}
    was = str(kept.get("outcome") or CALIBRATION)
    try:
        unit = str(kept.get("unit") or "")
        result = method_for(unit, facts[3], with_blanks=False).evaluate(row.nameplate, row.readings)
    except Exception as fault:  # noqa: BLE001 - one record that cannot be read must not hide the others
        return Outcome(*facts, "unknown", was, None, f"{type(fault).__name__}: {fault}"[:300])
    if result.lacks:
        return Outcome(*facts, "unknown", was, None, f"{result.lacks[0].path}: {result.lacks[0].code}")
    now = to_dict(result)
    would_be = str(now["outcome"] or CALIBRATION)
    if would_be != was:
        return Outcome(*facts, "verdict", was, would_be, f"{was} → {would_be}")
    told = next((f"{key}: {_told(kept.get(key))} → {_told(now[key])}" for key in now if now[key] != kept.get(key)), "")
    return Outcome(*facts, "figures" if told else "same", was, would_be, told[:300])


# -- comparing


def difference(verdict: Verdict, kept: Mapping[str, Any]) -> str:
    """The first finding that comes out otherwise than it was kept, in a line; empty when there is none."""
    findings = kept.get("findings")
    if not isinstance(findings, list):
        return "no findings were kept"
    for new, old in zip(verdict.findings, findings, strict=False):
        if told := finding_difference(new, old):
            return told
    if len(verdict.findings) != len(findings):
        longer: list[Any] = list(verdict.findings) if len(verdict.findings) > len(findings) else findings
        one = longer[min(len(verdict.findings), len(findings))]
        point = one.point if isinstance(one, Finding) else one["point"]
        return f"{point}: {'not judged then' if isinstance(one, Finding) else 'not judged now'}"
    if verdict.missing:
        return f"{verdict.missing[0].path}: {verdict.missing[0].code}"
    return ""


def finding_difference(new: Finding, old: Mapping[str, Any]) -> str:
    """What differs at one point, in a line; empty when nothing does."""
    if new.point != old["point"]:
        return f"{old['point']}: now {new.point}"
    for name in _FIGURES:
        then, now = old.get(name), getattr(new, name)
        if then != now:
            return f"{new.point}: {name} {_told(then)} → {_told(now)}"
    extras = {key: value for key, value in old.items() if key not in _NO_EXTRA and value is not None}
    if extras != {key: value for key, value in new.extras.items() if value is not None}:
        for key in (*extras, *new.extras):
            if extras.get(key) != new.extras.get(key):
                return f"{new.point}: {key} {_told(extras.get(key))} → {_told(new.extras.get(key))}"
    return ""


def _told(value: Any) -> str:
    return "—" if value is None else str(value)
