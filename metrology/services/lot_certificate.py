"""The certificate of a lot (成批检定证书): one document that lists every meter with its verdict and its own certificate.

It replaces no meter's certificate: each has its own number and code. It is fixed at issue; the table is drawn from what was fixed
of the meters' own documents, and its fingerprint stands on the lot and in the journal.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.documents.lot_pdf import LotFacts, LotRow, lot_pdf
from metrology.documents.typesetting import unprintable
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.lots import Lot, LotMeter
from metrology.services import law, numbering
from metrology.services.certificate_tables import bilingual
from metrology.services.lots import counts_of
from metrology.services.paper import Press

_AT_ONCE = 1000


def issue(
    session: Session, actor: Actor, lot: Lot, *, today: date, now: datetime, fonts_folder: Path | None = None
) -> None:
    """Give an approved lot its certificate; once."""
    if lot.code is not None:
        return
    body = lot.institute.short_code if lot.institute else ""
    seq = numbering.take(session, f"lot_certificate/{body}/{today.year}")[0]
    number, code = f"{body}-PC-{today.year}-{seq:06d}", secrets.token_urlsafe(16)
    facts = _facts(session, lot, number, code, today)
    if missing := unprintable(facts.to_payload(), fonts_folder):
        raise Problem("missing_glyphs", None, characters=" ".join(missing))
    lot.certificate_number, lot.code, lot.issued_on, lot.payload = number, code, today, facts.to_payload()
    changes: dict[str, list[Any]] = {
        "certificate_number": [None, number], "meters": [None, facts.conforming + facts.rejected],
        "rejected": [None, facts.rejected], "sha256": [None, facts.meters_sha256],
    }  # fmt: skip
    record(session, actor, "lot.certified", lot, at=now, changes=changes)
    session.flush()


def _facts(session: Session, lot: Lot, number: str, code: str, today: date) -> LotFacts:
    one = law.type_of(session, lot.type_code)
    first: dict[str, Any] | None = None
    conforming = rejected = 0
    digest = hashlib.sha256()
    until: set[str] = set()
    ends: list[str] = []
    for row, payload in _rows(session, lot):
        first = first or payload
        conforming, rejected = conforming + (row.verdict == "conforms"), rejected + (row.verdict != "conforms")
        digest.update(row.line().encode())
        if row.verdict == "conforms":
            until.add(row.valid_until)
        ends = [ends[0] if ends else row.serial_number, row.serial_number]
    if first is None:
        raise Problem("lot_without_readings", "readings", number=lot.number)
    days = sorted(day for day in until if day)
    return LotFacts(
        number=number, lot_number=lot.number, lot_code=lot.lot_code, code=code, body=first["body"],
        applicant=lot.holder.name, name=bilingual(one.names), model=lot.model, manufacturer=lot.manufacturer,
        nameplate=first["instrument"]["nameplate"], serials=(ends[0], ends[-1]), kind=first["verification_kind"],
        verified_on=str(lot.verified_on), issued_on=today.isoformat(), valid_until=tuple(dict.fromkeys(days[:1] + days[-1:])),
        validity_rule=first["validity_rule"], place=lot.place_text, environment=first["environment"],
        regulations=first["regulations"], standards=first["standards"], verifier=first["verifier"], checker=first["checker"],
        approver=first["approver"], conforming=conforming, rejected=rejected, meters_sha256=digest.hexdigest(),
        unread=_unread(session, lot), has_unconfirmed=_unconfirmed(first),
    )  # fmt: skip


def _unconfirmed(payload: dict[str, Any]) -> bool:
    return any(not row["confirmed"] for table in payload["tables"] for row in table["rows"] if "confirmed" in row)


def _unread(session: Session, lot: Lot) -> int:
    counts = counts_of(session, [lot.id])[lot.id]
    return counts.meters - counts.judged


def _rows(session: Session, lot: Lot) -> Iterator[tuple[LotRow, dict[str, Any]]]:
    """The meters that have a document, in their order, as the documents that were first issued say."""
    last = 0
    while True:
        statement = (
            select(LotMeter.position, Instrument.serial_number, Instrument.number, Certificate)
            .join(Instrument, Instrument.id == LotMeter.instrument_id)
            .join(Certificate, Certificate.verification_id == LotMeter.verification_id)
            .where(LotMeter.lot_id == lot.id, LotMeter.position > last, Certificate.reissue == 0)
            .order_by(LotMeter.position)
            .limit(_AT_ONCE)
        )
        found = session.execute(statement).all()
        if not found:
            return
        for position, _serial, registry_number, certificate in found:
            payload = certificate.payload
            conforms = certificate.kind == "verification_certificate"
            yield (
                LotRow(
                    serial_number=payload["instrument"]["serial_number"], registry_number=registry_number,
                    verdict="conforms" if conforms else "rejected", certificate_number=certificate.number,
                    valid_until=certificate.valid_until.isoformat() if certificate.valid_until else "",
                    failed=tuple(_failed(payload)),
                ),
                payload,
            )  # fmt: skip
            last = position


def _failed(payload: dict[str, Any]) -> Iterator[str]:
    for item in payload.get("failed_items") or ():
        yield str(item.get("zh") or item) if isinstance(item, dict) else str(item)


def pdf(session: Session, lot: Lot, press: Press, *, language: str) -> bytes:
    """The certificate with its table of meters; Problem ``certificate_altered`` where the meters are no longer what was certified."""
    if lot.code is None:
        raise Problem("lot_not_in_state", "state", number=lot.number, state=lot.state)
    facts = LotFacts.of_payload(lot.payload)
    rows = [row for row, _payload in _rows(session, lot)]
    digest = hashlib.sha256("".join(row.line() for row in rows).encode()).hexdigest()
    if digest != facts.meters_sha256:
        raise Problem("certificate_altered", number=facts.number)
    return lot_pdf(facts, rows, public_url=press.public_url, language=language, fonts_folder=press.fonts_folder)


__all__ = ["issue", "pdf"]
