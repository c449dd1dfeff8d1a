"""Recording a verification: a draft is started, filled in, handed in, and corrected by a new record.

Drafts stand in ``drafting``, checking and approving in ``approving``; their functions are offered here too, so that callers
know one name. From the submission on the database refuses to change what was recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.calibrating import KIND as CALIBRATION
from metrology.domain.calibrating import to_dict, without_blanks
from metrology.domain.conditions import TABLE as ENVIRONMENT
from metrology.domain.problems import Problem
from metrology.domain.verdict import Lack
from metrology.persistence.journal import record
from metrology.persistence.verifications import Verification
from metrology.services import cleaning, judging, serving_standards, visiting
from metrology.services.approving import approve, check, return_record
from metrology.services.drafting import (
    DraftChanges,
    new_record,
    own_draft,
    save_draft,
    start_draft,
    token_of,
    use_standards,
)
from metrology.services.judging import Preview
from metrology.services.record_digest import check_intact, digest_changes

__all__ = [
    "DraftChanges",
    "RecordRefused",
    "approve",
    "check",
    "correct",
    "discard",
    "fix",
    "note_submitted",
    "preview",
    "return_record",
    "save_draft",
    "start_draft",
    "submit",
    "token_of",
]


class RecordRefused(Problem):
    """A record that cannot be handed in, with everything that stands in the way."""

    def __init__(self, problems: Sequence[Problem], missing: Sequence[Lack]) -> None:
        self.problems = tuple(problems)
        self.missing = tuple(missing)
        first = self.problems[0] if self.problems else Problem("incomplete_readings", "readings", count=len(missing))
        super().__init__(first.code, first.field, **first.params)


def preview(session: Session, verification: Verification, *, today: date) -> Preview:
    """The record as it stands: its sheet, the findings so far, what is missing and what stands in the way."""
    return judging.preview(session, verification, today=today)


# -- handing in


def submit(session: Session, actor: Actor, verification: Verification, *, today: date, now: datetime) -> Verification:
    """Hand a record in: judged by the edition in force on its day, and fixed from then on.

    RecordRefused, with everything at once: readings that lack or lie outside the conditions, a standard that may not serve,
    a verifier or body that may not verify, a day to come, an instrument or kind that does not fit.
    """
    own_draft(session, actor, verification)
    found = judging.preview(session, verification, today=today)
    if not found.is_ready:
        raise RecordRefused(found.problems, found.missing)
    snapshots = {
        use.standard_id: serving_standards.snapshot(session, use.standard, verification.verified_on)
        for use in verification.standards
    }
    fix(verification, found, snapshots, now=now)
    note_submitted(session, actor, verification, now=now)
    visiting.mark_verified(session, actor, verification.instrument_id, now=now)
    session.flush()
    return verification


def fix(verification: Verification, found: Preview, snapshots: Mapping[int, dict[str, Any]], *, now: datetime) -> None:
    """Write into a record what it was judged by and what came of it; ``snapshots`` are of its standards on its day."""
    edition, verdict = found.edition, found.verdict
    if edition is None or verdict is None:
        raise RecordRefused(found.problems, found.missing)
    verification.nameplate = found.nameplate
    verification.readings = found.readings
    verification.environment = dict(found.readings.get(ENVIRONMENT) or {})
    verification.edition_code = edition.code
    verification.verdict, verification.judgement = verdict.verdict, verdict.to_dict()
    if found.calibration is not None:
        verification.readings = without_blanks(found.readings)
        verification.judgement = {**verification.judgement, CALIBRATION: to_dict(found.calibration)}
    for use in verification.standards:
        use.snapshot = snapshots[use.standard_id]
    verification.state, verification.submitted_at, verification.updated_at = "submitted", now, now


def note_submitted(session: Session, actor: Actor, verification: Verification, *, now: datetime) -> None:
    """Tell the journal that a record was handed in, with its fingerprint."""
    record(
        session, actor, "verification.submitted", verification, at=now, instrument=verification.instrument_id,
        changes={
            "state": ["draft", "submitted"], "verdict": [None, verification.verdict],
            "edition_code": [None, verification.edition_code],
            "verified_on": [None, verification.verified_on.isoformat()], **digest_changes(verification),
        },
    )  # fmt: skip


def discard(session: Session, actor: Actor, verification: Verification, *, now: datetime) -> Verification:
    """Put a draft away. Its number stays used."""
    own_draft(session, actor, verification)
    verification.state, verification.updated_at = "discarded", now
    record(session, actor, "verification.discarded", verification, at=now, instrument=verification.instrument_id)
    session.flush()
    return verification


# -- correcting


def correct(
    session: Session, actor: Actor, verification: Verification, *, today: date, now: datetime, reason: str = ""
) -> Verification:
    """A new draft with the readings of a returned or approved record, which it names. The old record stays as it is."""
    if verification.state not in ("returned", "approved"):
        raise Problem("not_correctable", "state", number=verification.number, state=verification.state)
    check_intact(session, verification)
    reason = cleaning.paragraph("reason", reason)
    if verification.state == "approved" and not reason:
        raise Problem("reason_needed", "reason")
    later = session.scalar(
        select(Verification)
        .where(Verification.replaces_id == verification.id, Verification.state != "discarded")
        .order_by(Verification.id.desc())
        .limit(1)
    )
    if later is not None:
        if later.state == "draft" and later.verifier_id == actor.user_id:
            return later
        raise Problem("corrected_already", "state", number=verification.number, by=later.number)
    draft = new_record(session, actor, verification.instrument, today=today, now=now)
    draft.kind, draft.verified_on, draft.place_text = (
        verification.kind,
        verification.verified_on,
        verification.place_text,
    )
    draft.nameplate, draft.readings = dict(verification.nameplate), dict(verification.readings)
    draft.seals, draft.notes = list(verification.seals), verification.notes
    draft.replaces, draft.visit_id = verification, verification.visit_id
    session.add(draft)
    record(
        session,
        actor,
        "verification.correction_started",
        draft,
        at=now,
        instrument=verification.instrument_id,
        reason=reason,
    )
    session.flush()
    use_standards(session, draft, [use.standard_id for use in verification.standards])
    return draft
