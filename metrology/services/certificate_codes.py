"""The signed codes of certificates: made at issue, read when something is printed.

Issuing never waits for a key: where none may sign, the certificate goes out with the address alone (the live page tells what it is
worth), and the digits follow when there is a key again.
"""

from __future__ import annotations

import logging
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.documents import certificate_code
from metrology.documents.certificate_code import CodeFacts, Profile, Result
from metrology.documents.key_vault import SigningKey
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.journal import JournalEntry, record
from metrology.services import keys, status_lists
from metrology.services.record_digest import is_intact

log = logging.getLogger(__name__)
BATCH = 500
_RESULTS: dict[str, Result] = {
    "verification_certificate": "conforms",
    "rejection_notice": "rejected",
    "calibration_certificate": "calibrated",
}


def text_of(certificate: Certificate, profile: Profile, base_url: str) -> str:
    """All that the QR code of a profile holds; the address alone (P0) for one that is not signed."""
    cose = {"P1": certificate.label_code, "P2": certificate.page_code}.get(profile) if profile != "P0" else None
    return certificate_code.text(base_url, certificate.code, cose)


def sign(session: Session, certificate: Certificate, *, day: date, now: datetime) -> bool:
    """Give a certificate its slot and its signed codes; whether a key was there to do it."""
    try:
        signer = keys.signer("certificate", day=day, now=now)
    except (Problem, OSError) as problem:
        log.warning("%s is issued without a signed code: %s", certificate.number, problem)
        return False
    _seal(session, certificate, signer, day)
    return True


def _seal(session: Session, certificate: Certificate, signer: SigningKey, day: date) -> None:
    if certificate.status_index is None:
        certificate.status_index = status_lists.take_index(session)
    facts, origin = facts_of(certificate, day), keys.ring().origin
    identity = urlsafe_b64decode(certificate.code + "==")
    certificate.label_code = certificate_code.encode(facts, identity, signer, "P1", origin)
    certificate.page_code = certificate_code.encode(facts, identity, signer, "P2", origin)
    certificate.signed_by = signer.kid


def facts_of(certificate: Certificate, day: date) -> CodeFacts:
    """What the code of a certificate says, from what was fixed at issue."""
    payload: dict[str, Any] = certificate.payload
    instrument = payload["instrument"]
    return CodeFacts(
        serial=instrument["serial_number"],
        result=_RESULTS[certificate.kind],
        verified=certificate.verified_on,
        until=certificate.valid_until,
        status_index=certificate.status_index or 0,
        signed=day,
        register=instrument.get("registry_number") or "",
        number=certificate.number,
        kind=instrument["name"]["zh"],
        model=instrument["model"],
        body=payload["body"]["name"]["zh"],
    )


# -- certificates of before, and those of a stolen key


def sign_missing(session: Session, actor: Actor, *, day: date, now: datetime) -> Iterator[int]:
    """Sign what was issued without a code; yields how many so far, after each batch that was committed."""
    done, last = 0, 0
    signer = keys.signer("certificate", day=day, now=now)
    while rows := _batch(session, last, Certificate.signed_by.is_(None)):
        for certificate in rows:
            _seal(session, certificate, signer, day)
            changes = {"signed_by": [None, signer.kid]}
            record(session, actor, "certificate.signed", certificate, at=now, changes=changes)
        done, last = done + len(rows), rows[-1].id
        session.commit()
        session.expunge_all()
        yield done


def sign_again(
    session: Session, actor: Actor, kid: str, journal_size: int, *, day: date, now: datetime
) -> tuple[int, list[str]]:
    """Sign the certificates of a stolen key with its successor: those that an old checkpoint of the journal vouches for.

    ``journal_size`` is the size of a journal checkpoint made before the theft. A certificate is signed again when its entry
    stands below it and it still is what the entry says. How many were, and the numbers of the others: they are to be looked
    at one by one, and issued again.
    """
    signer = keys.signer("certificate", day=day, now=now)
    if signer.kid == kid:
        raise Problem("key_still_signs", "kid", kid=kid)
    done, doubtful, last = 0, list[str](), 0
    while rows := _batch(session, last, Certificate.signed_by == kid):
        last = rows[-1].id
        for certificate in rows:
            if not _is_vouched_for(session, certificate, journal_size):
                doubtful.append(certificate.number)
                continue
            _seal(session, certificate, signer, day)
            changes = {"signed_by": [kid, signer.kid]}
            record(session, actor, "certificate.signed", certificate, at=now, changes=changes, reason="key revoked")
            done += 1
        session.commit()
        session.expunge_all()
    return done, doubtful


def _batch(session: Session, after: int, which: Any) -> list[Certificate]:
    statement = select(Certificate).where(which, Certificate.id > after).order_by(Certificate.id).limit(BATCH)
    return list(session.scalars(statement))


def _is_vouched_for(session: Session, certificate: Certificate, journal_size: int) -> bool:
    seq = session.scalar(
        select(JournalEntry.seq)
        .where(JournalEntry.object_kind == "certificate", JournalEntry.object_id == str(certificate.id))
        .where(JournalEntry.action == "certificate.issued")
        .order_by(JournalEntry.seq)
        .limit(1)
    )
    return seq is not None and seq <= journal_size and is_intact(session, certificate)
