"""Rules of kinds without a file, entered by an institute: drafted and proposed by one person, approved by another, dated.

A version approved stays as it is for ever, because verdicts rest on it. Other rules are a further version with a later first
day; a day gone by is judged by the version that was in force then. A version can be withdrawn from a day on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from metrology import regulations
from metrology.domain.authority import Actor
from metrology.domain.generic import GenericEdition
from metrology.domain.generic_rules import PARTS, checked
from metrology.domain.problems import Problem
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.journal import record
from metrology.persistence.rules_versions import RulesVersion
from metrology.persistence.verifications import Verification
from metrology.services import cleaning, law

OPEN = ("draft", "returned")
EARLIEST = date(1985, 9, 6)
"""The Metrology Law was adopted; no rules of verification can be older here."""
COUNTED = 10_000


def kinds(session: Session) -> list[tuple[TypeEntry, RulesVersion | None]]:
    """The kinds of the catalogue without a file, each with its newest version of rules; those with instruments first."""
    ruled = {code for code, one in regulations.all_types().items() if one.has_rules}
    newest: dict[str, RulesVersion] = {}
    statement = select(RulesVersion).where(RulesVersion.state != "discarded").order_by(RulesVersion.version)
    for row in session.scalars(statement.options(joinedload(RulesVersion.proposer))):
        newest[row.type_code] = row
    used = select(Instrument.id).where(Instrument.type_code == TypeEntry.code).exists()
    entries = select(TypeEntry).where(TypeEntry.is_current).order_by(used.desc(), TypeEntry.position)
    return [(entry, newest.get(entry.code)) for entry in session.scalars(entries) if entry.code not in ruled]


def versions(session: Session, type_code: str) -> list[RulesVersion]:
    """Every version of a kind's rules, the newest first."""
    statement = select(RulesVersion).where(RulesVersion.type_code == type_code)
    return list(session.scalars(statement.order_by(RulesVersion.version.desc())))


def waiting(session: Session) -> list[RulesVersion]:
    """Proposals that wait for a second person."""
    return list(session.scalars(select(RulesVersion).where(RulesVersion.state == "proposed").order_by(RulesVersion.id)))


def uses(session: Session, version: RulesVersion, *, since: date | None = None) -> int:
    """How many records rest on a version, counted to one over ``COUNTED``."""
    some = select(Verification.id).where(
        Verification.type_code == version.type_code, Verification.edition_code == version.code
    )
    if since is not None:
        some = some.where(Verification.verified_on >= since)
    return session.scalar(select(func.count()).select_from(some.limit(COUNTED + 1).subquery())) or 0


# -- drafting


def start(session: Session, actor: Actor, type_code: str, *, now: datetime) -> RulesVersion:
    """A draft of rules for a kind, with what its newest version says; the open draft where there is one."""
    one = law.type_of(session, type_code)
    if regulations.get(type_code).has_rules:
        raise Problem("kind_has_a_file", "type", type=type_code)
    known = versions(session, type_code)
    still = next((row for row in known if row.state in (*OPEN, "proposed")), None)
    if still is not None:
        return still
    if actor.user_id is None:
        raise Problem("person_needed", "proposer")
    before = next((row for row in known if row.state in ("approved", "withdrawn")), None)
    number = max((row.version for row in known), default=0) + 1
    entry = session.get_one(TypeEntry, type_code)
    blank = {
        "document": entry.regulation.partition(";")[0].strip(),
        "title": dict.fromkeys(("zh", "en"), ""),
        "mode": one.default_interval.mode,
        "interval": str(one.default_interval.months or ""),
    }
    row = RulesVersion(
        type_code=type_code, version=number, state="draft", rules=dict(before.rules) if before else blank, sources={},
        proposer_id=actor.user_id, created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(row)
    record(session, actor, "rules.started", row, at=now)
    session.flush()
    return row


def save(
    session: Session,
    actor: Actor,
    version: RulesVersion,
    rules: Mapping[str, Any],
    in_force: date | None,
    *,
    now: datetime,
    seen: int | None = None,
) -> RulesVersion:
    """Keep a draft as it was typed, right or wrong. Who writes last is its proposer.

    ``seen`` is the ``row_version`` that was read: what somebody else kept since is not written over.
    """
    _hold(session, version, OPEN)
    if seen is not None and seen != version.row_version:
        raise Problem("changed_meanwhile")
    if actor.user_id is None:
        raise Problem("person_needed", "proposer")
    version.rules, version.in_force = dict(rules), in_force
    version.state, version.proposer_id, version.updated_at = "draft", actor.user_id, now
    session.flush()
    return version


def propose(session: Session, actor: Actor, version: RulesVersion, *, today: date, now: datetime) -> RulesVersion:
    """Hand rules to a second person; refused (RulesRefused) while anything of them is wrong."""
    _hold(session, version, OPEN)
    if actor.user_id != version.proposer_id:
        raise Problem("not_your_draft", "proposer", number=f"v{version.version}")
    rules = checked(version.rules)
    _check_day(session, version, today)
    version.rules, version.code = rules, f"{rules['document']} v{version.version}"
    version.state, version.proposed_at, version.updated_at, version.sources = "proposed", now, now, {}
    changes: dict[str, list[Any]] = {
        "state": ["draft", "proposed"],
        "code": [None, version.code],
        "sha256": [None, digest(version)],
    }
    changes["in_force"] = [None, version.in_force.isoformat() if version.in_force else None]
    record(session, actor, "rules.proposed", version, at=now, changes=changes)
    session.flush()
    return version


def discard(session: Session, actor: Actor, version: RulesVersion, *, now: datetime) -> RulesVersion:
    """Put a draft away. Its number stays used."""
    _hold(session, version, OPEN)
    version.state, version.updated_at = "discarded", now
    record(session, actor, "rules.discarded", version, at=now, changes={"state": ["draft", "discarded"]})
    session.flush()
    return version


# -- deciding


def approve(
    session: Session,
    actor: Actor,
    version: RulesVersion,
    sources: Mapping[str, str],
    *,
    seen: str,
    today: date,
    now: datetime,
) -> RulesVersion:
    """Put rules in force from their day. ``sources`` names for each part the text the second person compared it with.

    ``seen`` is the digest of what that person had before them: rules changed since are not approved.
    """
    _decidable(session, actor, version)
    if seen != digest(version):
        raise Problem("draft_changed_elsewhere", "token", number=version.code)
    law.edition_of(version)  # what cannot be judged by is not approved
    _check_day(session, version, today)
    cited = {part: cleaning.words(f"source.{part}", sources.get(part, "")) for part in PARTS}
    version.sources = {part: text for part, text in cited.items() if text}
    version.state, version.approver_id = "approved", actor.user_id
    version.approved_at = version.updated_at = now
    changes: dict[str, list[Any]] = {"state": ["proposed", "approved"], "sources": [None, version.sources]}
    changes["sha256"] = [None, digest(version)]
    record(session, actor, "rules.approved", version, at=now, changes=changes)
    entry = session.get_one(TypeEntry, version.type_code)
    entry.has_rules = True
    law.changed(session)
    return version


def send_back(session: Session, actor: Actor, version: RulesVersion, reason: str, *, now: datetime) -> RulesVersion:
    """Give rules back to who proposed them, with a reason."""
    _decidable(session, actor, version)
    reason = cleaning.paragraph("reason", reason)
    if not reason:
        raise Problem("reason_needed", "reason")
    version.state, version.return_reason, version.returned_by_id = "returned", reason, actor.user_id
    version.updated_at = now
    record(
        session, actor, "rules.returned", version, at=now, reason=reason, changes={"state": ["proposed", "returned"]}
    )
    session.flush()
    return version


def withdraw(
    session: Session, actor: Actor, version: RulesVersion, from_day: date | None, reason: str, *, now: datetime
) -> RulesVersion:
    """End a version from a day on, with a reason. What it judged before stays; from that day the kind has no verdict by it."""
    _hold(session, version, ("approved",))
    reason = cleaning.paragraph("reason", reason)
    if not reason:
        raise Problem("reason_needed", "reason")
    if from_day is None or version.in_force is None or from_day < version.in_force:
        raise Problem("withdrawn_before_start", "from_day", start=version.in_force or "—")
    version.state, version.withdrawn_from, version.withdraw_reason = "withdrawn", from_day, reason
    version.withdrawn_by_id, version.withdrawn_at, version.updated_at = actor.user_id, now, now
    changes: dict[str, list[Any]] = {"state": ["approved", "withdrawn"], "withdrawn_from": [None, from_day.isoformat()]}
    record(session, actor, "rules.stopped", version, at=now, reason=reason, changes=changes)
    law.changed(session)
    return version


# -- what holds


def digest(version: RulesVersion) -> str:
    """SHA-256 of what a version says: kept in the journal, compared before it is approved."""
    day = version.in_force.isoformat() if version.in_force else None
    facts = [version.type_code, version.version, version.code, day, version.rules]
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def trial(version: RulesVersion, today: date) -> GenericEdition:
    """The edition a version would be, to look at its sheet; RulesRefused while it cannot be one."""
    return law.edition_of(version, on=today)


def _hold(session: Session, version: RulesVersion, states: Sequence[str]) -> None:
    session.refresh(version, with_for_update={"of": RulesVersion})
    if version.state not in states:
        raise Problem("rules_not_in_state", "state", number=version.code or f"v{version.version}", state=version.state)


def _decidable(session: Session, actor: Actor, version: RulesVersion) -> None:
    _hold(session, version, ("proposed",))
    if actor.user_id is None:
        raise Problem("person_needed", "approver")
    if actor.user_id == version.proposer_id:
        raise Problem("proposer_cannot_approve", "approver")


def _check_day(session: Session, version: RulesVersion, today: date) -> None:
    """The first version may begin in the past, as the regulation did; a later one changes no day that has gone by."""
    day = version.in_force
    if day is None:
        raise Problem("rules_lack", "in_force")
    if day < EARLIEST or day.year > today.year + 20:
        raise Problem("date_out_of_range", "in_force", value=day.isoformat())
    earlier = [row for row in versions(session, version.type_code) if row.state in ("approved", "withdrawn")]
    starts = [row.in_force for row in earlier if row.in_force and row.withdrawn_from != row.in_force]
    if starts and day <= max(starts):
        raise Problem("version_not_later", "in_force", start=max(starts).isoformat())
    if starts and day < today:
        raise Problem("version_changes_the_past", "in_force", today=today.isoformat())
