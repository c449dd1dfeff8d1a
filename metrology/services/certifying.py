"""Certificates and rejection notices: issued once, ended with a reason, and what each is worth today.

An instrument has one document that stands. A new one ends the earlier; a rejection ends a certificate at once; a broken seal
or a repair ends it without a new one.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.documents.certificate_facts import CertificateFacts, CertificateKind, PreviousDocument
from metrology.documents.fonts import MissingGlyphs
from metrology.documents.typesetting import unprintable
from metrology.domain.authority import Actor
from metrology.domain.calibrating import KIND as CALIBRATION
from metrology.domain.certificate import DocumentKind, NumberingScheme, document_kind
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalHead, record
from metrology.persistence.verifications import Verification
from metrology.services import certificate_codes, certificate_text, numbering, settings
from metrology.services.record_digest import digest, digest_changes
from metrology.services.validity import ANNULLED, CORRECTED, Validity

REJECTED, SUPERSEDED, SEAL_BROKEN, REPAIR = "rejected", "superseded", "seal_broken", "repair"
END_REASONS = frozenset(
    {
        REJECTED, SUPERSEDED, CORRECTED, SEAL_BROKEN, REPAIR, "relocated", "owner_changed", "retired", "lost",
        "verification_undone",
    }
)  # fmt: skip
"""Why a document can end by itself; any other text is somebody's decision in their own words, shown to staff only."""
_PAPERS: dict[DocumentKind, CertificateKind] = {
    "certificate": "verification_certificate",
    "rejection_notice": "rejection_notice",
    "calibration_certificate": "calibration_certificate",
}

Standing = Literal[
    "calibrated",
    "valid",
    "due_soon",
    "expired",
    "under_review",
    "rejected",
    "superseded",
    "revoked",
    "annulled",
    "suspended",
    "unknown",
]


def document_of(session: Session, verification_id: int | None) -> Certificate | None:
    """The certificate or notice issued for a record; the last one where it was issued anew."""
    if verification_id is None:
        return None
    statement = select(Certificate).where(Certificate.verification_id == verification_id)
    return session.scalar(statement.order_by(Certificate.reissue.desc()).limit(1))


def current(session: Session, instrument_id: int) -> Certificate | None:
    """The document of an instrument that stands, whether its time has run out or not."""
    return session.scalar(
        select(Certificate).where(Certificate.instrument_id == instrument_id, Certificate.standing == "valid")
    )


# -- issuing


def issue(
    session: Session,
    actor: Actor,
    verification: Verification,
    *,
    today: date,
    now: datetime,
    held: Validity | None = None,
    decides: bool = True,
    fonts_folder: Path | None = None,
) -> Certificate:
    """The certificate or rejection notice of an approved record; the instrument's earlier document ends with it.

    With ``decides`` False the record is about the past (a later verification stands, or what it corrects has ended): its
    document has ended before it begins. ``MissingGlyphs`` names characters that neither the fonts of this folder nor those
    at hand anyway can print: what cannot be printed is not issued.
    """
    kind = document_kind(str(verification.verdict), calibration=verification.kind == CALIBRATION)
    corrected = document_of(session, verification.replaces_id)
    before = current(session, verification.instrument_id)
    code, number = secrets.token_urlsafe(16), _number(session, verification, kind, today)
    name = _PAPERS[kind]
    facts = certificate_text.facts_of(
        session, verification, kind=name, number=number, code=code, issued_on=today, held=held,
        replaces=corrected.number if corrected else "", checkpoint=_checkpoint(session),
        previous=_previous(session, corrected or before, verification.instrument_id),
    )  # fmt: skip
    _check_printable(facts, fonts_folder)
    certificate = Certificate(
        number=number, code=code, kind=name, instrument_id=verification.instrument_id,
        verification_id=verification.id, verified_on=verification.verified_on, issued_on=today,
        valid_until=held.until if held else None, validity_rule=_rule(held), standing="valid", end_reason="",
        payload=facts.to_payload(), issued_at=now,
    )  # fmt: skip
    ended = tuple(dict.fromkeys(one for one in (corrected, before if decides else None) if one is not None))
    for one in ended:
        if one.end_reason == ANNULLED:  # it never held: there is nothing left to end
            continue
        rejects = decides and name == "rejection_notice" and one.kind == "verification_certificate"
        standing, reason = (
            ("revoked", REJECTED) if rejects else ("superseded", CORRECTED if one is corrected else SUPERSEDED)
        )
        end_document(session, actor, one, standing, reason, today=today, now=now)
    if not decides:
        _end_at_birth(certificate, corrected, before, today, now)
    certificate_codes.sign(session, certificate, day=today, now=now)
    session.flush()  # the earlier one has ended before this one stands: the database allows one
    session.add(certificate)
    session.flush()
    for one in ended:
        one.replaced_by_id = certificate.id
    _journal_issue(session, actor, certificate, now)
    session.flush()
    return certificate


def reissue(
    session: Session,
    actor: Actor,
    certificate: Certificate,
    facts: CertificateFacts,
    *,
    today: date,
    now: datetime,
    fonts_folder: Path | None = None,
) -> Certificate:
    """The same record certified anew with corrected facts. It holds as long as the one whose place it takes, which ends with it.

    Number, code, day of issue and the head of the journal are put in here.
    """
    verification = certificate.verification
    kind = next(one for one, paper in _PAPERS.items() if paper == certificate.kind)
    code, number = secrets.token_urlsafe(16), _number(session, verification, kind, today)
    facts = replace(
        facts, number=number, issue_date=today.isoformat(), replaces=certificate.number,
        qr_text=f"/c/{code}", public_url=f"/c/{code}", checkpoint=_checkpoint(session),
        previous=(PreviousDocument(certificate.kind, certificate.number, digest(certificate)),),
    )  # fmt: skip
    _check_printable(facts, fonts_folder)
    new = Certificate(
        number=number, code=code, kind=certificate.kind, instrument_id=certificate.instrument_id,
        verification_id=certificate.verification_id, reissue=certificate.reissue + 1,
        verified_on=certificate.verified_on, issued_on=today, valid_until=certificate.valid_until,
        validity_rule=certificate.validity_rule, standing="valid", end_reason="", payload=facts.to_payload(),
        issued_at=now,
    )  # fmt: skip
    end_document(session, actor, certificate, "superseded", CORRECTED, today=today, now=now)
    certificate_codes.sign(session, new, day=today, now=now)
    session.flush()
    session.add(new)
    session.flush()
    certificate.replaced_by_id = new.id
    _journal_issue(session, actor, new, now)
    session.flush()
    return new


def _number(session: Session, verification: Verification, kind: DocumentKind, today: date) -> str:
    body = verification.institute.short_code if verification.institute else ""
    seq = numbering.take(session, f"{kind}/{body}/{today.year}")[0]
    scheme = NumberingScheme(settings.read(session).certificate_number_template)
    return scheme.number(body=body, kind=kind, year=today.year, seq=seq)


def _check_printable(facts: CertificateFacts, fonts_folder: Path | None) -> None:
    if missing := unprintable(facts.to_payload(), fonts_folder):
        raise MissingGlyphs(missing)


def _previous(session: Session, before: Certificate | None, instrument_id: int) -> PreviousDocument | None:
    """The document before this one, with the fingerprint the journal has of it: the one it corrects, else the latest."""
    found = before or session.scalar(
        select(Certificate).where(Certificate.instrument_id == instrument_id).order_by(Certificate.id.desc()).limit(1)
    )
    return PreviousDocument(found.kind, found.number, digest(found)) if found else None


def _rule(held: Validity | None) -> str:
    return f"{held.rule}; {held.interval.months} months; {held.interval.clause}"[:200] if held else ""


def _checkpoint(session: Session) -> str:
    """The journal's head as it was before this document: paper bears witness to the record."""
    head = session.execute(select(JournalHead.seq, JournalHead.hash).where(JournalHead.id == 1)).one_or_none()
    return f"{head.seq}:{head.hash}" if head else ""


def _journal_issue(session: Session, actor: Actor, certificate: Certificate, now: datetime) -> None:
    until = certificate.valid_until.isoformat() if certificate.valid_until else None
    record(
        session, actor, "certificate.issued", certificate, at=now, instrument=certificate.instrument_id,
        changes={
            "number": [None, certificate.number], "kind": [None, certificate.kind], "valid_until": [None, until],
            "signed_by": [None, certificate.signed_by],
            **digest_changes(certificate),
        },
    )  # fmt: skip


# -- ending


def end_document(
    session: Session, actor: Actor, certificate: Certificate, standing: str, reason: str, *, today: date, now: datetime
) -> None:
    """End a document, or say otherwise why it ended. The day and the instant of its first end stay."""
    was = [certificate.standing, certificate.end_reason]
    certificate.standing, certificate.end_reason = standing, reason[:200]
    if certificate.ended_on is None:
        certificate.ended_on, certificate.ended_at = today, now
    record(
        session, actor, "certificate.ended", certificate, at=now, instrument=certificate.instrument_id, reason=reason,
        changes={"standing": [was[0], standing], "end_reason": [was[1], certificate.end_reason]},
    )  # fmt: skip


def _end_at_birth(
    certificate: Certificate, corrected: Certificate | None, before: Certificate | None, today: date, now: datetime
) -> None:
    certificate.standing, certificate.end_reason = "superseded", SUPERSEDED
    certificate.ended_on, certificate.ended_at = today, now
    certificate.replaced_by_id = before.id if before else None
    if corrected is not None and corrected.replaced_by_id is not None:
        certificate.replaced_by_id = corrected.replaced_by_id


def end_current(
    session: Session, actor: Actor, instrument: Instrument, reason: str, *, today: date, now: datetime
) -> Certificate | None:
    """End the certificate that stands, because a seal broke or a repair began; None when there is none.

    The instrument is due from today on. Its state is the caller's matter.
    """
    session.flush()
    certificate = current(session, instrument.id)
    if certificate is None or certificate.kind != "verification_certificate":
        return None
    end_document(session, actor, certificate, "revoked", reason, today=today, now=now)
    due_now(session, actor, instrument, today, now)
    session.flush()
    return certificate


def due_now(session: Session, actor: Actor, instrument: Instrument, today: date, now: datetime) -> None:
    """Overdue from today on: what ended today does not hold today."""
    yesterday = today - timedelta(days=1)
    if instrument.due_basis == "certificate" and (instrument.due_date is None or instrument.due_date > yesterday):
        was = instrument.due_date.isoformat() if instrument.due_date else None
        instrument.due_date, instrument.updated_at = yesterday, now
        changes = {"due_date": [was, yesterday.isoformat()]}
        record(session, actor, "instrument.due_now", instrument, at=now, changes=changes)


# -- what it is worth


def holds(certificate: Certificate | None, today: date) -> bool:
    """Whether a certificate stands, undoubted, and its time has not run out: its last valid day is valid all day."""
    return (
        certificate is not None
        and certificate.kind == "verification_certificate"
        and certificate.standing == "valid"
        and not certificate.under_review
        and (certificate.valid_until is None or today <= certificate.valid_until)
    )


_BY_STATE: dict[str, Standing] = {
    "rejected": "rejected",
    "suspended": "suspended",
    "under_repair": "revoked",
    "awaiting_verification": "revoked",
    "retired": "revoked",
    "lost": "revoked",
}
"""State of an instrument → what a certificate is worth that nobody has ended: never valid."""


def standing(certificate: Certificate | None, instrument: Instrument | None, today: date, warn_days: int) -> Standing:
    """What a document is worth today, in one word. It says valid only when nothing speaks against it."""
    if certificate is None:
        return "unknown"
    if certificate.end_reason == ANNULLED:
        return "annulled"
    if certificate.standing == "superseded":
        return "superseded"
    if certificate.kind == "rejection_notice":
        return "rejected" if certificate.standing == "valid" else "revoked"
    if certificate.standing == "revoked":
        return "rejected" if certificate.end_reason == REJECTED else "revoked"
    if certificate.kind == "calibration_certificate":
        # It says what was measured; it is valid for nothing, and nothing in it runs out.
        return "under_review" if certificate.under_review else "calibrated"
    if instrument is not None and instrument.state in _BY_STATE:
        return _BY_STATE[instrument.state]
    if certificate.under_review:
        return "under_review"
    if certificate.valid_until is None:
        return "valid"
    left = (certificate.valid_until - today).days
    if left < 0:
        return "expired"
    return "due_soon" if left <= warn_days else "valid"
