"""What everybody is told of the lot a meter belongs to: which, how many meters it has, and whether this one was verified in it.

A lot is named once it has its certificate. A meter of it without readings was not verified, and that is said; a meter that was
verified again later is told of by that later document alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, or_, select
from sqlalchemy.orm import Session

from metrology.persistence.certificates import Certificate
from metrology.persistence.lots import Lot, LotMeter
from metrology.persistence.verifications import Verification


@dataclass(frozen=True, slots=True)
class LotSaid:
    """A certified lot, as the page of one of its meters names it. Numbers are text with thousands set apart."""

    number: str
    code: str
    meters: str
    verified: str
    """How many of them were verified: the others have no verdict from this lot."""
    is_own: bool
    """Whether the document shown rests on the readings of this meter in this lot."""


def statement(instrument_id: Any, verification_id: Any, verified_on: Any) -> Select[Any]:
    """The question for the newest certified lot of a meter, in the order ``said`` reads it.

    The document shown is of this record and day (both None: there is none). A record that corrects the one of the lot counts
    as it.
    """
    own: ColumnElement[bool] = false()
    if verification_id is not None:
        corrected = Verification.id == verification_id, Verification.replaces_id == LotMeter.verification_id
        own = or_(LotMeter.verification_id == verification_id, exists().where(*corrected))
    without = LotMeter.verification_id.is_(None)
    is_later = without if verified_on is None else without & (Lot.verified_on >= verified_on)
    numbers = [Lot.payload[name].as_integer().label(name) for name in ("conforming", "rejected", "unread")]
    return (
        select(
            Lot.number,
            Lot.code,
            *numbers,
            own.label("is_own"),
            is_later.label("is_later"),
        )
        .join(LotMeter, LotMeter.lot_id == Lot.id)
        .where(LotMeter.instrument_id == instrument_id, Lot.code.is_not(None))
        .order_by(LotMeter.id.desc())
        .limit(1)
    )


def said(row: Any) -> LotSaid | None:
    """What a row of ``statement`` comes to; None where it says nothing of what is shown."""
    if row is None:
        return None
    number, code, conforming, rejected, unread, is_own, is_later = row
    if not is_own and not is_later:
        return None
    verified = conforming + rejected
    return LotSaid(number, code, f"{verified + unread:,}", f"{verified:,}", bool(is_own))


def of(session: Session, instrument_id: int, certificate: Certificate | None) -> LotSaid | None:
    """The lot to be named beside a document of a meter, or beside the lack of one."""
    shown = (None, None) if certificate is None else (certificate.verification_id, certificate.verified_on)
    return said(session.execute(statement(instrument_id, *shown)).first())
