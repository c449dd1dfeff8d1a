"""What everybody may know who scans a code: the document, the instrument and its seals; no person's name.

An individual vendor's name is personal data (民法典 1034): the market and the stall stand in its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from metrology import regulations
from metrology.persistence.certificates import Certificate
from metrology.persistence.instrument_labels import InstrumentLabel
from metrology.persistence.instruments import Instrument
from metrology.persistence.verifications import Verification
from metrology.services import assembling, certifying, labelling, lot_of_meter
from metrology.services.certifying import Standing
from metrology.services.lot_of_meter import LotSaid
from metrology.services.record_digest import is_intact
from metrology.services.validity import stands

PUBLIC_HOLDERS = frozenset({"enterprise", "utility", "hospital", "government", "market_organiser"})
HISTORY_SHOWN = 5
_CODE = re.compile(r"[A-Za-z0-9_-]{16,27}")


@dataclass(frozen=True, slots=True)
class PastVerification:
    """A line of the history: when and with which verdict, empty for a calibration."""

    verified_on: date
    verdict: str
    kind: str


@dataclass(frozen=True, slots=True)
class PublicFacts:
    """What the public page shows. Texts in two languages are mappings with ``zh`` and ``en``."""

    standing: Standing
    state: str
    certificate: Any
    """The document, as far as it is shown; None where there is none."""
    current: Certificate | None
    """The document that stands today, where it is another one."""
    name: dict[str, str]
    model: str
    serial_number: str
    manufacturer: str
    part_label: str
    part_name: dict[str, str]
    """What the part is called (油枪, nozzle); empty for a whole instrument."""
    holder: str
    place: str
    institute: dict[str, str]
    seals: tuple[Any, ...]
    history: tuple[PastVerification, ...]
    instrument_id: int
    public_code: str
    """The code in force; empty when its label is void and not replaced."""
    lot: LotSaid | None = None
    """The lot it was delivered and verified in, where the document shown is of that time."""
    parts: tuple[PublicFacts, ...] = ()
    is_altered: bool = False
    """Whether the document is no longer what the journal says was issued: then nothing is told of it."""

    @property
    def is_notice(self) -> bool:
        """Whether the code is that of a rejection notice."""
        return self.certificate is not None and self.certificate.kind == "rejection_notice"


def is_code(text: str) -> bool:
    """Whether a text has the form of a code."""
    return _CODE.fullmatch(text) is not None


def by_certificate(session: Session, code: str, *, today: date, warn_days: int) -> PublicFacts | None:
    """What the code of a certificate or notice opens; None for a code that nobody was given."""
    if not _CODE.fullmatch(code):
        return None
    statement = select(Certificate).where(Certificate.code == code).options(*_with(joinedload(Certificate.instrument)))
    certificate = session.scalar(statement)
    if certificate is None:
        return None
    worth = certifying.standing(certificate, certificate.instrument, today, warn_days)
    return _facts(session, certificate.instrument, certificate, worth)


def unbound_label(session: Session, code: str) -> InstrumentLabel | None:
    """The label with this code when it says nothing of an instrument: it is blank, or void."""
    label = labelling.by_code(session, code) if _CODE.fullmatch(code) else None
    return label if label is not None and label.state != "bound" else None


def by_instrument(session: Session, code: str, *, today: date, warn_days: int) -> PublicFacts | None:
    """What the label of an instrument opens: the document that stands, those of its parts for a whole.

    None for a code nobody was given, and for a label that is blank or void: such a one is never taken for an instrument.
    """
    if not _CODE.fullmatch(code):
        return None
    label = labelling.by_code(session, code)
    if label is not None and label.state != "bound":
        return None
    which = Instrument.public_code == code if label is None else Instrument.id == label.instrument_id
    statement = select(Instrument).where(which)
    instrument = session.scalar(
        statement.options(joinedload(Instrument.holder), joinedload(Instrument.place), selectinload(Instrument.seals))
    )
    if instrument is None:
        return None
    found = _of(session, instrument, today, warn_days)
    if not instrument.is_assembly:
        return found
    parts = tuple(_of(session, part, today, warn_days) for part in assembling.parts_of(session, instrument))
    return _facts(session, instrument, None, "unknown", parts)


def _of(session: Session, instrument: Instrument, today: date, warn_days: int) -> PublicFacts:
    """By what stands, or the last document when none does. A ledger's word alone makes nothing valid."""
    certificate = certifying.current(session, instrument.id) or session.scalar(
        select(Certificate).where(Certificate.instrument_id == instrument.id).order_by(Certificate.id.desc()).limit(1)
    )
    return _facts(session, instrument, certificate, certifying.standing(certificate, instrument, today, warn_days))


def _with(load: Any) -> tuple[Any, ...]:
    return (
        load.joinedload(Instrument.holder),
        load.joinedload(Instrument.place),
        load.selectinload(Instrument.seals),
    )


def _facts(
    session: Session,
    instrument: Instrument,
    certificate: Certificate | None,
    worth: Standing,
    parts: tuple[PublicFacts, ...] = (),
) -> PublicFacts:
    if certificate is not None and not is_intact(session, certificate):
        told = _facts(session, instrument, None, "unknown")
        current = None if told.current is certificate else told.current
        return replace(told, current=current, history=(), is_altered=True)
    payload: dict[str, Any] = certificate.payload if certificate else {}
    printed = payload.get("instrument") or {}
    stands_now = certifying.current(session, instrument.id)
    return PublicFacts(
        standing=worth,
        state=instrument.state,
        certificate=certificate,
        current=None if stands_now is None or stands_now is certificate else stands_now,
        name=name_of(instrument.type_code, instrument.type.name_zh, instrument.type.name_en),
        model=printed.get("model", instrument.model),
        serial_number=printed.get("serial_number", instrument.serial_number),
        manufacturer=printed.get("manufacturer", instrument.manufacturer),
        part_label=instrument.part_label,
        part_name=part_name_of(instrument.type_code, instrument.part_label),
        holder=instrument.holder.name if instrument.holder and instrument.holder.kind in PUBLIC_HOLDERS else "",
        place=(instrument.place.full_name or instrument.place.name) if instrument.place else "",
        institute=dict(payload["body"]["name"]) if payload else {},
        seals=tuple(seal for seal in instrument.seals if seal.state == "intact"),
        history=tuple(_history(session, instrument)),
        instrument_id=instrument.id,
        public_code=labelling.code_in_force(session, instrument) or "",
        lot=lot_of_meter.of(session, instrument.id, certificate),
        parts=parts,
    )


def name_of(type_code: str, zh: str, en: str) -> dict[str, str]:
    """What a type is called: by its file, or as its entry says where it has none."""
    known = regulations.all_types().get(type_code)
    return {"zh": zh, "en": en} if known is None else dict(known.names)


def part_name_of(type_code: str, part_label: str) -> dict[str, str]:
    """What a part of this type is called; nothing for a whole."""
    known = regulations.all_types().get(type_code) if part_label else None
    return dict(known.part.names) if known is not None and known.part is not None else {}


def _history(session: Session, instrument: Instrument) -> list[PastVerification]:
    rows = session.execute(
        select(Verification.verified_on, Verification.verdict, Verification.kind)
        .where(Verification.instrument_id == instrument.id, stands())
        .order_by(Verification.verified_on.desc(), Verification.id.desc())
        .limit(HISTORY_SHOWN)
    )
    return [PastVerification(row.verified_on, row.verdict or "", row.kind) for row in rows]
