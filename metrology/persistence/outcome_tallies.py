"""What became of verifications, counted by month and group, kept true by triggers in the transaction of every decision.

Indicators and statements sum these groups, not twenty million records. A record counts from its approval until a correction of
it is approved or its certificate is annulled (``stands``). Each table holds under ``known`` = 9999-12-31 what is so now, and
under every day (Shanghai) by how much that day changed it: what was known when a past day ended is now less what came since.

What a group is made of is taken down on the record when it is approved (district, manufacturer, model, the last valid day
before, the days it took): an instrument that moves later takes no past figure along.

As in ``persistence.tallies``, every PostgreSQL process adds to rows of its own (``part``); ``fold`` brings them together.
"""

# ruff: noqa: S608 - SQL is put together from the names of our own tables and columns alone
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Boolean, Column, Date, Integer, PrimaryKeyConstraint, String, Table, text
from sqlalchemy.orm import Session

from metrology.persistence.columns import Big
from metrology.persistence.database import Model

_TYPES: dict[str, Any] = {
    "known": Date,
    "month": Date,
    "due_on": Date,
    "district_code": String(12),
    "type_code": String(60),
    "kind": String(20),
    "verdict": String(12),
    "manufacturer": String(200),
    "model": String(200),
    "role": String(12),
    "subject_id": Big,
    "is_late": Boolean,
    "days": Integer,
    "part": Integer,
}
_COMMENTS = {
    "known": "9999-12-31: as it is now; else the day that changed it by so many",
    "month": "its first day",
    "district_code": "empty: none",
    "part": "who adds to the row, so that two never wait for each other",
    "subject_id": "of the account or measurement standard",
}


@dataclass(frozen=True)
class Tally:
    """A table of counts, and where its keys come from: SQL over a verification ``v`` with ``{month:…}`` and ``{day:…}``."""

    table: Table
    sources: dict[str, str]
    where: str
    joins: str = ""
    is_kept: bool = False
    """Counts what happened: a later correction takes nothing back."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Its keys without ``known`` and ``part``."""
        return tuple(self.sources)


def _tally(name: str, keys: tuple[str, ...]) -> Table:
    names = ("known", *keys, "part")
    columns: list[Column[Any]] = [
        Column(one, _TYPES[one], nullable=False, comment=_COMMENTS.get(one), autoincrement=False) for one in names
    ]
    count: Column[Any] = Column("n", Big, nullable=False, comment="of a day: the difference, which may be negative")
    return Table(name, Model.metadata, *columns, count, PrimaryKeyConstraint(*names), sqlite_with_rowid=False)


_GROUP = {"district_code": "v.district_code", "type_code": "v.type_code"}
_MONTH = {"month": "{month:v.verified_on}"}
_VERIFIED = "v.kind <> 'calibration'"


def _made(name: str, sources: dict[str, str], where: str, **more: Any) -> Tally:
    return Tally(_tally(name, tuple(sources)), sources, where, **more)


OUTCOME = _made("outcome_tally", {**_MONTH, **_GROUP, "kind": "v.kind", "verdict": "v.verdict"}, _VERIFIED)
MAKER = _made(
    "maker_tally",
    {
        **_MONTH,
        **_GROUP,
        "manufacturer": "v.manufacturer",
        "model": "v.model",
        "kind": "v.kind",
        "verdict": "v.verdict",
    },
    _VERIFIED,
)
VERIFIER = Tally(
    work_tally := _tally("work_tally", ("month", "district_code", "role", "subject_id")),
    {**_MONTH, "district_code": "v.district_code", "role": "'verifier'", "subject_id": "v.verifier_id"},
    _VERIFIED,
)
STANDARD = Tally(
    work_tally,
    {**_MONTH, "district_code": "v.district_code", "role": "'standard'", "subject_id": "u.standard_id"},
    _VERIFIED,
    joins=" join standard_use u on u.verification_id = v.id",
)
TIMELY = _made(
    "timely_tally",
    {"due_on": "v.was_due_on", **_GROUP, "is_late": "(v.verified_on > v.was_due_on)"},
    "v.kind = 'subsequent' and v.was_due_on is not null",
)
TURNAROUND = _made(
    "turnaround_tally",
    {"month": "{month:{day:coalesce(v.approved_at, v.updated_at)}}", **_GROUP, "days": "v.days_taken"},
    "v.days_taken is not null",
    is_kept=True,
)
TALLIES = (OUTCOME, MAKER, VERIFIER, STANDARD, TIMELY, TURNAROUND)
complaint_tally = _tally("complaint_tally", ("month", "district_code", "kind"))
TABLES = (*dict.fromkeys(one.table for one in TALLIES), complaint_tally)
_COMPLAINT = {
    "month": "{month:{day:%s.received_at}}",
    "district_code": "coalesce(%s.district_code, '')",
    "kind": "%s.kind",
}
FACTS = ("district_code", "manufacturer", "model", "was_due_on", "days_taken")
"""Columns of verification that are taken down when it is approved, and then fixed."""


@dataclass(frozen=True)
class Dialect:
    """How a database says the month of a day, the day of an instant (Shanghai), days between, and who adds."""

    name: str
    part: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "part", "0" if self.name == "sqlite" else "pg_backend_pid()")

    def sql(self, said: str) -> str:
        """Put ``{day:…}`` and ``{month:…}`` into the words of the database."""
        for mark, words in (("{day:", self.day), ("{month:", self.month)):
            while mark in said:
                start = said.rindex(mark)
                end = said.index("}", start)
                said = said[:start] + words(said[start + len(mark) : end]) + said[end + 1 :]
        return said

    def day(self, instant: str) -> str:
        """The day of an instant."""
        return (
            f"date({instant}, '+8 hours')"
            if self.name == "sqlite"
            else f"({instant} at time zone 'Asia/Shanghai')::date"
        )

    def month(self, day: str) -> str:
        """The first of the month of a day."""
        return f"date({day}, 'start of month')" if self.name == "sqlite" else f"date_trunc('month', {day})::date"

    def days(self, later: str, earlier: str) -> str:
        """Days between two days."""
        if self.name == "sqlite":
            return f"cast(round(julianday({later}) - julianday({earlier})) as integer)"
        return f"({later} - {earlier})"

    @property
    def now(self) -> str:
        """The day that stands for now."""
        return "'9999-12-31'" if self.name == "sqlite" else "date '9999-12-31'"

    def greater_of(self, one: str) -> str:
        """Not below nothing."""
        return f"max(0, {one})" if self.name == "sqlite" else f"greatest(0, {one})"


_APPROVED = "{day:coalesce(v.approved_at, v.updated_at)}"
_ANNULLED = (
    "select 1 from certificate c join certificate_ending e on e.certificate_id = c.id "
    "where c.verification_id = v.id and e.kind = 'annulment' and e.state = 'confirmed'"
)
_CORRECTED = "select 1 from verification w where w.replaces_id = v.id and w.state = 'approved'"
STANDS = f"v.state = 'approved' and not exists ({_CORRECTED}) and not exists ({_ANNULLED})"
"""A verification that counts: ``services.validity.stands`` in the words of the triggers."""


def _insert(one: Tally, dialect: Dialect, *, sign: str, day: str, whose: str) -> str:
    """Add (or take away) the verifications ``whose`` under now and under ``day``."""
    keys = ", ".join(one.keys)
    sources = ", ".join(dialect.sql(source) for source in one.sources.values())
    numbers = ", ".join(str(number) for number in range(1, len(one.keys) + 2))
    return (
        f"insert into {one.table.name} (known, {keys}, part, n) "
        f"select k.known, {sources}, {dialect.part}, {sign}count(*) from verification v{one.joins} "
        f"join (select {dialect.now} as known union all select {day}) k on 1 = 1 "
        f"where {whose} and {one.where} group by {numbers} "
        f"on conflict (known, {keys}, part) do update set n = {one.table.name}.n + excluded.n"
    )


# -- triggers


def statements(dialect: str) -> list[str]:
    """Triggers that keep the tallies, of a database whose tables exist."""
    return list(_sqlite() if dialect == "sqlite" else _postgresql())


def _facts(dialect: Dialect, v: str) -> dict[str, str]:
    """What is taken down on a record ``v`` whose instrument is ``i``, where nothing stands there yet.

    A correction keeps the last valid day of the record it corrects, and takes no time of its own.
    """
    approved = dialect.sql(f"{{day:coalesce({v}.approved_at, {v}.updated_at)}}")
    visit = f"(select t.created_at from visit t where t.id = {v}.visit_id)"
    taken_on = dialect.sql(f"{{day:coalesce({visit}, {v}.created_at)}}")
    corrected = f"(select r.was_due_on from verification r where r.id = {v}.replaces_id and r.state = 'approved')"
    corrects = f"exists (select 1 from verification r where r.id = {v}.replaces_id and r.state = 'approved')"
    due = "case when i.state = 'in_use' and i.due_kind = 'verification' then i.due_date end"
    silent = f"{v}.kind = 'calibration' or ({v}.kind = 'in_service' and {v}.verdict = 'conforms')"
    return {
        "district_code": "coalesce(i.district_code, '')",
        "manufacturer": "i.manufacturer",
        "model": "i.model",
        "was_due_on": f"case when {corrects} then {corrected} else {due} end",
        "days_taken": (
            f"case when {corrects} or {silent} then null else {dialect.greater_of(dialect.days(approved, taken_on))} end"
        ),
    }


def _sqlite() -> Iterator[str]:
    dialect = Dialect("sqlite")
    body = [
        _sqlite_facts(dialect),
        *_bodies(dialect, "v.id = new.id", dialect.sql("{day:coalesce(new.approved_at, new.updated_at)}")),
    ]
    corrected = (
        "v.id = new.replaces_id and v.state = 'approved' and not exists "
        f"({_CORRECTED} and w.id <> new.id) and not exists ({_ANNULLED})"
    )
    day = dialect.sql("{day:coalesce(new.approved_at, new.updated_at)}")
    body += _bodies(dialect, corrected, day, sign="-")
    joined = "; ".join(body)
    yield (
        "create trigger verification_counted_in after insert on verification when new.state = 'approved' "
        f"begin {joined}; end"
    )
    yield (
        "create trigger verification_counted_on after update of state on verification "
        f"when new.state = 'approved' and old.state <> 'approved' begin {joined}; end"
    )
    fixed = " or ".join(f"old.{name} is not new.{name}" for name in FACTS)
    yield (
        "create trigger verification_counted_once before update on verification "
        f"when old.district_code is not null and ({fixed}) begin select raise(abort, 'verification is fixed'); end"
    )
    for verb, when in (("in", "insert on"), ("on", "update of state on")):
        state = "new.state = 'confirmed' and new.kind = 'annulment'"
        if verb == "on":
            state += " and old.state <> 'confirmed'"
        taken = _bodies(dialect, _annulled("new"), dialect.day("new.decided_at"), sign="-")
        yield (
            f"create trigger certificate_ending_counted_{verb} after {when} certificate_ending when {state} "
            f"begin {'; '.join(taken)}; end"
        )
    yield f"create trigger complaint_counted after insert on complaint begin {_complaint(dialect)}; end"


def _annulled(row: str) -> str:
    """The record of the certificate that ``row`` annuls, when it counted until then."""
    return (
        f"v.id = (select c.verification_id from certificate c where c.id = {row}.certificate_id) and v.state = 'approved' "
        f"and not exists ({_CORRECTED}) and not exists ({_ANNULLED} and e.id <> {row}.id)"
    )


def _bodies(dialect: Dialect, whose: str, day: str, sign: str = "") -> list[str]:
    return [
        _insert(one, dialect, sign=sign, day=day, whose=whose) for one in TALLIES if not (sign == "-" and one.is_kept)
    ]


def _sqlite_facts(dialect: Dialect) -> str:
    facts = _facts(dialect, "new")
    said = ", ".join(
        f"{name} = (select {source} from instrument i where i.id = new.instrument_id)" for name, source in facts.items()
    )
    return f"update verification set {said} where id = new.id and district_code is null"


def _complaint(dialect: Dialect) -> str:
    sources = ", ".join(dialect.sql(source % "new") for source in _COMPLAINT.values())
    keys = ", ".join(_COMPLAINT)
    day = dialect.day("new.received_at")
    return (
        f"insert into complaint_tally (known, {keys}, part, n) "
        f"select k.known, {sources}, {dialect.part}, 1 from (select {dialect.now} as known union all select {day}) k where 1 = 1 "
        f"on conflict (known, {keys}, part) do update set n = complaint_tally.n + excluded.n"
    )


def _postgresql() -> Iterator[str]:
    dialect = Dialect("postgresql")
    facts = _facts(dialect, "new")
    yield (
        "create or replace function count_facts() returns trigger language plpgsql as $$ begin "
        "if new.state = 'approved' and new.district_code is null then "
        f"select {', '.join(facts.values())} into {', '.join('new.' + name for name in facts)} "
        "from instrument i where i.id = new.instrument_id; end if; return new; end $$"
    )
    yield (
        "create trigger verification_counted_first before insert or update on verification "
        "for each row execute function count_facts()"
    )
    fixed = " or ".join(f"old.{name} is distinct from new.{name}" for name in FACTS)
    yield (
        "create trigger verification_counted_once before update on verification for each row "
        f"when (old.district_code is not null and ({fixed})) execute function refuse_fixed()"
    )
    yield _postgresql_function(dialect)
    for name, verb, tables in (
        ("in", "insert", "new table as new_rows"),
        ("on", "update", "old table as old_rows new table as new_rows"),
    ):
        yield (
            f"create trigger verification_counted_{name} after {verb} on verification referencing {tables} "
            "for each statement execute function tally_verifications()"
        )
    taken = "; ".join(_bodies(dialect, _annulled("new"), dialect.day("new.decided_at"), sign="-"))
    yield (
        "create or replace function tally_annulment() returns trigger language plpgsql as "
        f"$$ begin {taken}; return null; end $$"
    )
    annulled = "new.state = 'confirmed' and new.kind = 'annulment'"
    for name, verb, more in (("in", "insert", ""), ("on", "update", " and old.state <> 'confirmed'")):
        yield (
            f"create trigger certificate_ending_counted_{name} after {verb} on certificate_ending for each row "
            f"when ({annulled}{more}) execute function tally_annulment()"
        )
    yield (
        "create or replace function tally_complaint() returns trigger language plpgsql as "
        f"$$ begin {_complaint(dialect)}; return null; end $$"
    )
    yield "create trigger complaint_counted after insert on complaint for each row execute function tally_complaint()"


def _postgresql_function(dialect: Dialect) -> str:
    """One statement may approve many, on many days: a day at a time."""
    here = "v.id = any(keys)"
    corrected = (
        "v.id in (select w.replaces_id from verification w where w.id = any(keys)) and v.state = 'approved' and not exists "
        f"({_CORRECTED} and not w.id = any(keys)) and not exists ({_ANNULLED})"
    )
    bodies = "; ".join([*_bodies(dialect, here, "one_day"), *_bodies(dialect, corrected, "one_day", sign="-")])
    day = dialect.sql("{day:coalesce(n.approved_at, n.updated_at)}")
    grouped = f"select {day} as d, array_agg(n.id) as ids from "
    return (
        "create or replace function tally_verifications() returns trigger language plpgsql as $$ "
        "declare keys bigint[]; one_day date; begin "
        "if tg_op = 'INSERT' then for one_day, keys in "
        f"{grouped} new_rows n where n.state = 'approved' group by 1 loop {bodies}; end loop; "
        "else for one_day, keys in "
        f"{grouped} new_rows n join old_rows o on o.id = n.id where n.state = 'approved' and o.state <> 'approved' group by 1 "
        f"loop {bodies}; end loop; end if; return null; end $$"
    )


# -- counting anew


def recount(one: Tally, dialect: Dialect) -> str:
    """SQL that counts what is so now, by the keys of a tally, as columns of the same names and ``n``."""
    sources = ", ".join(f"{dialect.sql(source)} as {key}" for key, source in one.sources.items())
    numbers = ", ".join(str(number) for number in range(1, len(one.keys) + 1))
    counts = "v.state = 'approved'" if one.is_kept else STANDS
    return f"select {sources}, count(*) as n from verification v{one.joins} where {counts} and {one.where} group by {numbers}"


def recount_complaints(dialect: Dialect) -> str:
    """The same of complaints."""
    sources = ", ".join(f"{dialect.sql(source % 'c')} as {key}" for key, source in _COMPLAINT.items())
    return f"select {sources}, count(*) as n from complaint c group by 1, 2, 3"


def filling(name: str) -> list[str]:
    """Statements that fill emptied tallies from a whole registry: what is so now, and on which day it came to be so.

    A record's approval counts on its day; the correction or annulment that ended it, whichever came first, takes it away on
    its own. The migration runs the same.
    """
    dialect = Dialect(name)
    made = [f"delete from {table.name}" for table in TABLES]
    ended = (
        "(select min(x.d) from (select {day:coalesce(w.approved_at, w.updated_at)} as d, w.replaces_id as gone from verification w "
        "where w.state = 'approved' union all select {day:e.decided_at}, c.verification_id from certificate_ending e "
        "join certificate c on c.id = e.certificate_id where e.kind = 'annulment' and e.state = 'confirmed') x "
        "where x.gone = v.id)"
    )
    # Few records end: they are found by their successors and annulments, not by walking all of them.
    gone = (
        "v.id in (select w.replaces_id from verification w where w.state = 'approved' and w.replaces_id is not null union all "
        "select c.verification_id from certificate_ending e join certificate c on c.id = e.certificate_id "
        "where e.kind = 'annulment' and e.state = 'confirmed')"
    )
    for one in TALLIES:
        made.append(_filling(one, dialect, dialect.now, "", "v.state = 'approved'"))
        made.append(_filling(one, dialect, dialect.sql(_APPROVED), "", "v.state = 'approved'"))
        if not one.is_kept:
            which = f"v.state = 'approved' and {gone}"
            made += [_filling(one, dialect, day, "-", which) for day in (dialect.now, dialect.sql(ended))]
    made += [_filling_complaints(dialect, day) for day in (dialect.now, dialect.day("c.received_at"))]
    return made


def _filling(one: Tally, dialect: Dialect, day: str, sign: str, whose: str) -> str:
    keys = ", ".join(one.keys)
    sources = ", ".join(dialect.sql(source) for source in one.sources.values())
    numbers = ", ".join(str(number) for number in range(1, len(one.keys) + 2))
    return (
        f"insert into {one.table.name} (known, {keys}, part, n) select {day}, {sources}, 0, {sign}count(*) "
        f"from verification v{one.joins} where {whose} and {one.where} group by {numbers} "
        f"on conflict (known, {keys}, part) do update set n = {one.table.name}.n + excluded.n"
    )


def _filling_complaints(dialect: Dialect, day: str) -> str:
    sources = ", ".join(dialect.sql(source % "c") for source in _COMPLAINT.values())
    return (
        f"insert into complaint_tally (known, {', '.join(_COMPLAINT)}, part, n) "
        f"select {day}, {sources}, 0, count(*) from complaint c group by 1, 2, 3, 4"
    )


def fold(session: Session, table: Table) -> None:
    """Bring the parts of each group together and drop groups of nothing. What a transaction under way holds waits."""
    keys = ", ".join(column.name for column in table.primary_key.columns if column.name != "part")
    made = [f"delete from {table.name} where part = 0 and n = 0"]
    if session.get_bind().dialect.name != "sqlite":
        made.insert(
            0,
            f"with picked as materialized (select ctid from {table.name} where part <> 0 for update skip locked), "
            f"gone as (delete from {table.name} t using picked where t.ctid = picked.ctid returning t.*), "
            f"summed as (select {keys}, sum(n) as n from gone group by {keys}) "
            f"insert into {table.name} ({keys}, part, n) select {keys}, 0, n from summed "
            f"on conflict ({keys}, part) do update set n = {table.name}.n + excluded.n",
        )
    for statement in made:
        session.execute(text(statement))


def fill(session: Session) -> None:
    """Count every record and complaint anew, by day."""
    for statement in filling(session.get_bind().dialect.name):
        session.execute(text(statement.replace(":", r"\:")))


__all__ = [
    "FACTS", "MAKER", "OUTCOME", "STANDARD", "TABLES", "TALLIES", "TIMELY", "TURNAROUND", "VERIFIER", "Dialect", "Tally",
    "complaint_tally", "fill", "filling", "fold", "recount", "recount_complaints", "statements",
]  # fmt: skip
