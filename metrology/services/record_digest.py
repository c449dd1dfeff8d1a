"""Fingerprints of records and certificates: kept in the journal's chain, compared when one is shown or printed.

The rows themselves are large; the journal keeps their SHA-256, so that one touched by hand is found by its own entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from metrology.domain.problems import Problem
from metrology.persistence.canonical import encoded
from metrology.persistence.certificates import Certificate
from metrology.persistence.journal import JournalEntry, plain_value, waiting
from metrology.persistence.verifications import Verification

KEY = "sha256"
ISSUED, ENDED = "certificate.issued", "certificate.ended"
_RECORD = (
    "number", "instrument_id", "type_code", "kind", "verified_on", "place_text", "environment", "nameplate", "readings",
    "seals", "edition_code", "verdict", "judgement", "institute_id", "verifier_id", "replaces_id",
)  # fmt: skip
_CERTIFICATE = (
    "number", "code", "kind", "instrument_id", "verification_id", "verified_on", "issued_on", "valid_until",
    "validity_rule", "payload",
)  # fmt: skip


def digest(row: Verification | Certificate) -> str:
    """SHA-256 of everything that was fixed of a record or a certificate."""
    if not isinstance(row, Verification):
        return digest_of(row)
    facts = _of(row, _RECORD)
    facts["standards"] = sorted(([use.standard_id, use.snapshot] for use in row.standards), key=lambda use: use[0])
    return _sha256(facts)


def digest_of(paper: Any) -> str:
    """The same of whatever has what was fixed of a certificate."""
    return _sha256(_of(paper, _CERTIFICATE))


def digest_as_kept(paper: Any, payload: bytes) -> str:
    """The same with the payload's text taken as it stands, unparsed: right where that text is canonical, another everywhere else."""
    facts = _of(paper, _CERTIFICATE[:-1])
    return _hashed(orjson.dumps({**facts, "payload": orjson.Fragment(payload)}, None, orjson.OPT_SORT_KEYS))


def _of(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    # What is printed is JSON already; to look through it value by value would take longer than all the rest.
    return {
        name: value if name == "payload" else plain_value(value)
        for name, value in ((name, getattr(row, name)) for name in names)
    }


def _sha256(facts: Mapping[str, Any]) -> str:
    return _hashed(encoded(facts))


def _hashed(said: bytes) -> str:
    found = hashlib.sha256()
    for start in range(0, len(said), _PIECE):
        found.update(said[start : start + _PIECE])
    return found.hexdigest()


_PIECE = 2047
"""What hashlib takes without letting go of the interpreter: for these few kilobytes, standing in line to get it back takes longer."""


def digest_changes(row: Verification | Certificate) -> dict[str, list[Any]]:
    """The fingerprint as a journal entry keeps it."""
    return {KEY: [None, digest(row)]}


def is_intact(session: Session, row: Verification | Certificate) -> bool:
    """Whether a record or certificate is still what the journal says was fixed; a certificate also, how it ended."""
    if isinstance(row, Certificate):
        return not altered(session, [row])
    changes = waiting(session, "verification.submitted", row) or session.scalar(
        select(JournalEntry.changes)
        .where(JournalEntry.object_kind == row.__tablename__, JournalEntry.object_id == str(row.id))
        .where(JournalEntry.action == "verification.submitted")
        .order_by(JournalEntry.seq)
        .limit(1)
    )
    return changes is not None and changes.get(KEY) == [None, digest(row)]


def check_intact(session: Session, row: Verification | Certificate) -> None:
    """Refuse a record or certificate that is no longer what the journal says was fixed."""
    if not is_intact(session, row):
        code = "record_altered" if isinstance(row, Verification) else "certificate_altered"
        raise Problem(code, None, number=row.number)


def altered(session: Session, certificates: Iterable[Certificate]) -> frozenset[int]:
    """Keys of those certificates that are no longer what the journal says was issued, or did not end as it says.

    One question for them all. Entries that this session has yet to write count.
    """
    rows = {str(one.id): one for one in certificates}
    if not rows:
        return frozenset()
    issued: dict[str, Any] = {}
    ended: dict[str, Any] = {}
    statement = select(JournalEntry.object_id, JournalEntry.action, JournalEntry.changes).where(
        JournalEntry.object_kind == "certificate",
        JournalEntry.object_id.in_(list(rows)),
        JournalEntry.action.in_((ISSUED, ENDED)),
    )
    for key, action, changes in session.execute(statement.order_by(JournalEntry.seq)):
        if action == ENDED:
            ended[key] = changes
        else:
            issued.setdefault(key, changes)
    for key, one in rows.items():
        if key not in issued:
            issued[key] = waiting(session, ISSUED, one)
        ended[key] = waiting(session, ENDED, one) or ended.get(key)
    return frozenset(one.id for key, one in rows.items() if not _is_as_told(one, issued[key], ended[key]))


def _is_as_told(row: Certificate, issued: Any, ended: Any) -> bool:
    if (issued or {}).get(KEY) != [None, digest(row)]:
        return False
    if ended:
        return bool((ended["standing"][1], ended["end_reason"][1]) == (row.standing, row.end_reason))
    # What had ended when it was issued has no entry of its own for that.
    return row.standing == "valid" or (row.standing == "superseded" and row.ended_at == row.issued_at)


def altered_records(session: Session, records: Iterable[Verification]) -> frozenset[int]:
    """Keys of those records that are no longer what the journal says was handed in; drafts are not fixed yet."""
    rows = {str(one.id): one for one in records if one.state not in ("draft", "discarded")}
    if not rows:
        return frozenset()
    keys = [one.id for one in rows.values()]
    session.scalars(
        select(Verification).where(Verification.id.in_(keys)).options(selectinload(Verification.standards))
    ).all()
    told: dict[str, Any] = {}
    statement = select(JournalEntry.object_id, JournalEntry.changes).where(
        JournalEntry.object_kind == "verification",
        JournalEntry.object_id.in_(list(rows)),
        JournalEntry.action == "verification.submitted",
    )
    for key, changes in session.execute(statement.order_by(JournalEntry.seq)):
        told.setdefault(key, changes)
    return frozenset(one.id for key, one in rows.items() if (told.get(key) or {}).get(KEY) != [None, digest(one)])
