"""Measurement standards of the institutes: kept, certified again, taken out of use. Journalled; certificates are appended.

Whether a standard may serve in a verification is asked in ``serving_standards``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import BadQuantity, MoveNotAllowed, Problem
from metrology.domain.quantity import Quantity, parse
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.journal import changes_of, record
from metrology.persistence.people import Institute
from metrology.persistence.standards import KINDS, MeasurementStandard, StandardCertificate
from metrology.persistence.verifications import StandardUse, Verification
from metrology.services import cleaning, numbering, searching

MOVES = {"in_use": ("suspended", "withdrawn"), "suspended": ("in_use", "withdrawn"), "withdrawn": ()}
"""State → states a person may move a standard to. One that was withdrawn is entered anew."""
WARN_DAYS = 60
USES_COUNTED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What a calibration or verification certificate of a standard says."""

    number: str
    valid_from: date
    valid_until: date
    issuer: str = ""
    accuracy: str = ""
    """U or |MPE| as a quantity, relative in % or absolute; empty: as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardFacts:
    """What is kept of a standard, with its newest certificate."""

    name: str
    certificate_number: str
    valid_from: date
    valid_until: date
    kind: str = "public"
    """One of ``persistence.standards.KINDS``: 社会公用, 部门最高, 企事业最高, or a working standard."""
    public_number: str = ""
    """社会公用计量标准证书号."""
    number: str = ""
    """The bureau's own; the next of the registry when empty."""
    name_en: str = ""
    serial_number: str = ""
    manufacturer: str = ""
    examination_number: str = ""
    examination_valid_until: date | None = None
    range_text: str = ""
    range_low: str = ""
    range_high: str = ""
    accuracy: str = ""
    accuracy_text: str = ""
    type_codes: tuple[str, ...] = ()
    certificate_issuer: str = ""
    institute_id: int | None = None
    notes: str = ""

    @property
    def certificate(self) -> CertificateFacts:
        """The part that a renewal brings anew."""
        return CertificateFacts(
            number=self.certificate_number,
            issuer=self.certificate_issuer,
            accuracy=self.accuracy,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )


_CERTIFIED = frozenset({"certificate_number", "certificate_issuer", "valid_from", "valid_until"})


def check(session: Session, facts: StandardFacts) -> StandardFacts:
    """The facts in their normal form, or the Problem of the first that is wrong."""
    lines: dict[str, Any] = {
        name: cleaning.words(name, getattr(facts, name))
        for name in ("name", "name_en", "manufacturer", "range_text", "accuracy_text", "certificate_issuer")
    }
    codes: dict[str, Any] = {
        name: cleaning.code(name, getattr(facts, name))
        for name in ("number", "serial_number", "examination_number", "public_number", "certificate_number")
    }
    if not lines["name"]:
        raise Problem("standard_needs_name", "name")
    if facts.kind not in KINDS:
        raise Problem("bad_choice", "kind", value=facts.kind)
    if len(codes["number"]) > 80:
        raise Problem("text_too_long", "number", limit=80)
    certificate = check_certificate(facts.certificate)
    low, high = _quantity("range_low", facts.range_low), _quantity("range_high", facts.range_high)
    _check_range(low, high)
    _check_types(session, facts.type_codes)
    if facts.institute_id is not None and session.get(Institute, facts.institute_id) is None:
        raise Problem("bad_choice", "institute_id", value=facts.institute_id)
    codes.pop("certificate_number")
    return replace(
        facts,
        **lines,
        **codes,
        range_low=low.plain() if low else "",
        range_high=high.plain() if high else "",
        accuracy=certificate.accuracy,
        certificate_number=certificate.number,
        type_codes=tuple(dict.fromkeys(facts.type_codes)),
        notes=cleaning.paragraph("notes", facts.notes),
    )


def check_certificate(facts: CertificateFacts) -> CertificateFacts:
    """A certificate in its normal form; refused without number, with days in the wrong order, with an unreadable accuracy."""
    number = cleaning.code("certificate_number", facts.number)
    if not number:
        raise Problem("bad_certificate_number", "certificate_number")
    if facts.valid_until < facts.valid_from:
        raise Problem("days_not_in_order", "valid_until")
    accuracy = _quantity("accuracy", facts.accuracy, plus_minus=True)
    issuer = cleaning.words("certificate_issuer", facts.issuer)
    return replace(facts, number=number, issuer=issuer, accuracy=accuracy.magnitude().plain() if accuracy else "")


def _quantity(field: str, text: str, *, plus_minus: bool = False) -> Quantity | None:
    if not text.strip():
        return None
    if len(text) > 60:
        raise BadQuantity(field, value=text[:64])
    return parse(text, plus_minus=plus_minus, field=field)


def _check_range(low: Quantity | None, high: Quantity | None) -> None:
    if low is None or high is None:
        return
    if low.dimension != high.dimension:
        raise Problem("range_of_two_kinds", "range_high", low=low.plain(), high=high.plain())
    if high < low:
        raise Problem("range_not_in_order", "range_high", low=low.plain(), high=high.plain())


def _check_types(session: Session, codes: Collection[str]) -> None:
    known = set(session.scalars(select(TypeEntry.code).where(TypeEntry.code.in_(codes))))
    for code in codes:
        if code not in known:
            raise Problem("bad_choice", "type_codes", value=code)


def create_standard(
    session: Session, actor: Actor, facts: StandardFacts, *, today: date, now: datetime
) -> MeasurementStandard:
    """Keep a new standard with its certificate."""
    facts = check(session, facts)
    if facts.valid_from > today:
        raise Problem("standard_not_valid_yet", "valid_from", valid_from=facts.valid_from.isoformat())
    facts = replace(facts, number=facts.number or numbering.next_number(session, "standard"))
    _check_number(session, facts.number)
    values = {one.name: getattr(facts, one.name) for one in fields(StandardFacts)}
    values["type_codes"] = list(facts.type_codes)
    standard = MeasurementStandard(**values, state="in_use", created_at=now, updated_at=now)
    session.add(standard)
    record(session, actor, "standard.created", standard, at=now)
    session.flush()
    _append(session, standard, facts.certificate, now=now)
    searching.index(session, standard)
    return standard


def facts_of(standard: MeasurementStandard) -> StandardFacts:
    """What is kept of a standard, as facts."""
    values: dict[str, Any] = {one.name: getattr(standard, one.name) for one in fields(StandardFacts)}
    return StandardFacts(**{**values, "type_codes": tuple(standard.type_codes or ())})


def revise_standard(
    session: Session, actor: Actor, standard: MeasurementStandard, facts: StandardFacts, *, now: datetime
) -> MeasurementStandard:
    """Put right what is kept of a standard. Its certificates stay as they are: a new one is a renewal."""
    if standard.state == "withdrawn":
        raise Problem("standard_withdrawn")
    kept = {name: getattr(standard, name) for name in _CERTIFIED}
    facts = check(session, replace(facts, **kept, number=facts.number or standard.number))
    if facts.number != standard.number:
        _check_number(session, facts.number)
    for one in fields(StandardFacts):
        value = list(facts.type_codes) if one.name == "type_codes" else getattr(facts, one.name)
        if one.name not in _CERTIFIED and getattr(standard, one.name) != value:
            setattr(standard, one.name, value)
    if changes_of(standard):
        standard.updated_at = now
        record(session, actor, "standard.revised", standard, at=now)
        session.flush()
        searching.index(session, standard)
    return standard


def renew(
    session: Session,
    actor: Actor,
    standard: MeasurementStandard,
    facts: CertificateFacts | StandardFacts,
    *,
    now: datetime,
) -> StandardCertificate:
    """Append a certificate. The one with the latest first day is that of the standard; an older one fills its history."""
    if standard.state == "withdrawn":
        raise Problem("standard_withdrawn")
    certificate = check_certificate(facts.certificate if isinstance(facts, StandardFacts) else facts)
    known = select(StandardCertificate.id).filter_by(
        standard_id=standard.id,
        number=certificate.number,
        valid_from=certificate.valid_from,
        valid_until=certificate.valid_until,
    )
    if session.scalar(known) is not None:
        raise Problem("standard_certificate_known", "certificate_number", number=certificate.number)
    newest = certificate.valid_from >= standard.valid_from
    if newest:
        standard.certificate_number, standard.certificate_issuer = certificate.number, certificate.issuer
        standard.valid_from, standard.valid_until = certificate.valid_from, certificate.valid_until
        standard.accuracy = certificate.accuracy or standard.accuracy
        standard.updated_at = now
    changes = changes_of(standard) or {"certificate": [None, certificate.number]}
    record(session, actor, "standard.renewed", standard, at=now, changes=changes)
    row = _append(session, standard, certificate, now=now)
    searching.index(session, standard)
    return row


def move_standard(
    session: Session, actor: Actor, standard: MeasurementStandard, to_state: str, *, reason: str, now: datetime
) -> None:
    """Suspend a standard, put it to use again, or withdraw it for good; with a reason."""
    if to_state not in MOVES[standard.state]:
        raise MoveNotAllowed("state", **{"from": standard.state, "to": to_state})
    reason = cleaning.paragraph("reason", reason)
    if not reason:
        raise Problem("reason_needed", "reason")
    standard.state, standard.updated_at = to_state, now
    record(session, actor, f"standard.{to_state}", standard, at=now, reason=reason)
    session.flush()


def standing(standard: MeasurementStandard, today: date, warn_days: int = WARN_DAYS) -> str:
    """What a standard is good for today: ``valid``, ``due_soon``, ``lapsed``, ``not_yet``, ``suspended`` or ``withdrawn``.

    The examination certificate counts too: a standard may not serve beyond it.
    """
    if standard.state != "in_use":
        return standard.state
    ends = [day for day in (standard.valid_until, standard.examination_valid_until) if day is not None]
    if min(ends) < today:
        return "lapsed"
    if standard.valid_from > today:
        return "not_yet"
    return "due_soon" if min(ends) <= today + timedelta(days=warn_days) else "valid"


def use_count(session: Session, standard: MeasurementStandard) -> int:
    """In how many verifications it was used, counted to one over ``USES_COUNTED``."""
    some = select(StandardUse.id).where(StandardUse.standard_id == standard.id).limit(USES_COUNTED + 1)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def latest_uses(session: Session, standard: MeasurementStandard, limit: int = 10) -> list[Verification]:
    """The verifications that used it last."""
    latest = (
        select(StandardUse.verification_id)
        .where(StandardUse.standard_id == standard.id)
        .order_by(StandardUse.id.desc())
        .limit(limit)
    )
    rows = session.scalars(select(Verification).where(Verification.id.in_(list(session.scalars(latest)))))
    return sorted(rows, key=lambda row: row.id, reverse=True)


def _check_number(session: Session, number: str) -> None:
    if session.scalar(select(MeasurementStandard.id).filter_by(number=number)) is not None:
        raise Problem("standard_number_taken", "number", number=number)


def _append(
    session: Session, standard: MeasurementStandard, certificate: CertificateFacts, *, now: datetime
) -> StandardCertificate:
    row = StandardCertificate(
        standard_id=standard.id,
        number=certificate.number,
        issuer=certificate.issuer,
        accuracy=certificate.accuracy or standard.accuracy,
        valid_from=certificate.valid_from,
        valid_until=certificate.valid_until,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    session.expire(standard, ["certificates"])
    return row
