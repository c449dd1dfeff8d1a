"""What everybody may ask of certificates, one or many at once: what each is worth, never whose it is.

A certificate is named by its code, by all that its QR code says, or by its number together with the serial number of the
instrument. The number alone tells nothing: numbers can be counted through, and paper can be copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload, undefer

from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.services import certifying, cleaning
from metrology.services.certifying import Standing
from metrology.services.record_digest import altered

MOST_AT_ONCE = 500
LONGEST = 2000
"""Characters of one thing asked for: more than the longest QR text."""
_CODE = re.compile(r"[A-Za-z0-9_-]{22}")
_IN_ADDRESS = re.compile(r"/c/([A-Za-z0-9_-]{22})(?:[?#/]|$)")
_RESULTS = {
    "verification_certificate": "conforms", "rejection_notice": "rejected", "calibration_certificate": "calibrated",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One certificate asked for: its code or QR text, or its number and the serial number on the nameplate."""

    text: str = ""
    number: str = ""
    serial_number: str = ""

    @property
    def code(self) -> str:
        """The code within the text, or nothing."""
        text = self.text.strip()[:LONGEST]
        if _CODE.fullmatch(text):
            return text
        found = _IN_ADDRESS.search(text)
        return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class PublicStatus:
    """What is answered of a certificate or notice. Texts in two languages are mappings with ``zh`` and ``en``."""

    code: str
    number: str
    kind: str
    standing: Standing
    result: str
    verified_on: date
    issued_on: date
    valid_until: date | None
    ended_on: date | None
    replaced_by: tuple[str, str] | None
    """Number and code of the document in its place."""
    instrument_type: str
    name: dict[str, str]
    model: str
    manufacturer: str
    serial_number: str
    body: dict[str, str]

    @property
    def holds(self) -> bool:
        """Whether the instrument may be used by it today."""
        return self.standing in ("valid", "due_soon")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, and the status or the code of what stands in its way."""

    asked: Asked
    status: PublicStatus | None = None
    problem: str = ""
    number: str = ""
    """Number of the certificate a problem is about."""


def answer_one(session: Session, asked: Asked, *, today: date, warn_days: int) -> Answer:
    """What one certificate is worth today."""
    return answer_all(session, [asked], today=today, warn_days=warn_days)[0]


def answer_all(session: Session, asked: Sequence[Asked], *, today: date, warn_days: int) -> list[Answer]:
    """What each is worth today, in the order asked. At most ``MOST_AT_ONCE``: the caller refuses more."""
    rows = _found(session, asked)
    broken = altered(session, rows)
    by_code = {one.code: one for one in rows}
    by_number = {one.number: one for one in rows}

    def answer(one: Asked) -> Answer:
        if problem := _unasked(one):
            return Answer(one, problem=problem)
        certificate = by_code.get(one.code) if one.code else _with_serial(by_number.get(_number(one)), one)
        if certificate is None:
            return Answer(one, problem="unknown_certificate")
        if certificate.id in broken:
            return Answer(one, problem="certificate_altered", number=certificate.number)
        return Answer(one, status_of(certificate, today, warn_days))

    return [answer(one) for one in asked]


def _unasked(one: Asked) -> str:
    """Why nothing can be looked up, if so."""
    if one.code:
        return ""
    if one.number.strip():
        return "" if one.serial_number.strip() else "serial_number_needed"
    return "unreadable_code" if one.text.strip() else "nothing_asked"


def _number(one: Asked) -> str:
    return "".join(one.number.split()).upper()[:60].replace("\0", "")


def _found(session: Session, asked: Iterable[Asked]) -> list[Certificate]:
    codes = {one.code for one in asked if one.code}
    numbers = {_number(one) for one in asked if not one.code and one.number and one.serial_number}
    wanted: list[ColumnElement[bool]] = []
    if codes:
        wanted.append(Certificate.code.in_(codes))
    if numbers:
        wanted.append(Certificate.number.in_(numbers))
    if not wanted:
        return []
    statement = select(Certificate).where(or_(*wanted)).options(*with_facts())
    return list(session.scalars(statement))


def instrument_of(session: Session, code: str) -> Instrument:
    """The instrument a certificate is of."""
    return session.scalars(select(Instrument).join(Certificate).where(Certificate.code == code)).one()


def with_facts() -> tuple[Any, ...]:
    """Options that load what ``status_of`` reads."""
    return (
        undefer(Certificate.payload),
        joinedload(Certificate.instrument).lazyload(Instrument.type),
        joinedload(Certificate.replaced_by),
    )


def _with_serial(certificate: Certificate | None, one: Asked) -> Certificate | None:
    """The certificate when it is of that instrument. What is printed counts: it is what the reader has in hand."""
    if certificate is None:
        return None
    printed = str(certificate.payload["instrument"]["serial_number"])
    fits = cleaning.key_of(one.serial_number) == cleaning.key_of(printed)
    return certificate if fits else None


def status_of(certificate: Certificate, today: date, warn_days: int) -> PublicStatus:
    """What is told of a certificate, from what was fixed at issue and what has become of it."""
    payload: dict[str, Any] = certificate.payload
    printed = payload["instrument"]
    later = certificate.replaced_by
    return PublicStatus(
        code=certificate.code,
        number=certificate.number,
        kind=certificate.kind,
        standing=certifying.standing(certificate, certificate.instrument, today, warn_days),
        result=_RESULTS.get(certificate.kind, certificate.kind),
        verified_on=certificate.verified_on,
        issued_on=certificate.issued_on,
        valid_until=certificate.valid_until,
        ended_on=certificate.ended_on,
        replaced_by=(later.number, later.code) if later is not None else None,
        instrument_type=certificate.instrument.type_code,
        name=dict(printed["name"]),
        model=printed["model"],
        manufacturer=printed["manufacturer"],
        serial_number=printed["serial_number"],
        body=dict(payload["body"]["name"]),
    )
