"""A document issued anew because data on it were wrong: what the registry says by now stands in the place of what was printed.

Readings, findings, days, standards and people are the record's and stay as they were first printed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from metrology import regulations
from metrology.documents.certificate_facts import Bilingual, CertificateFacts, InstrumentFacts
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.services.certificate_text import NO_HOLDER, instrument_name
from metrology.services.record_digest import is_intact

_OF_INSTRUMENT = ("name", "model", "serial_number", "manufacturer")
_WORDS = {
    "applicant": Bilingual("使用单位", "holder"),
    "applicant_address": Bilingual("使用单位地址", "address of the holder"),
    "name": Bilingual("器具名称", "name of the instrument"),
    "model": Bilingual("型号规格", "model"),
    "serial_number": Bilingual("出厂编号", "serial number"),
    "manufacturer": Bilingual("制造单位", "manufacturer"),
}


@dataclass(frozen=True, slots=True)
class Correction:
    """One thing the new document says otherwise; ``field`` as the facts name it."""

    field: str
    printed: str
    now: str


def corrections(session: Session, certificate: Certificate) -> list[Correction]:
    """What a document issued anew would say otherwise; nothing when the registry still says what was printed.

    Refused of a document that is no longer what the journal says was issued.
    """
    if not is_intact(session, certificate):
        raise Problem("certificate_altered", "payload", number=certificate.number)
    printed = CertificateFacts.from_payload(certificate.payload)
    return [
        Correction(field, _text(before), _text(after))
        for field, before, after in _pairs(printed, _now(certificate, printed))
        if before != after
    ]


def corrected_facts(session: Session, certificate: Certificate) -> CertificateFacts:
    """Facts of the document issued anew, with a remark that says what was put right."""
    changed = corrections(session, certificate)
    if not changed:
        raise Problem("nothing_to_correct", "kind", number=certificate.number)
    words = [_WORDS[one.field] for one in changed]
    remark = Bilingual(
        f"本证书替代 {certificate.number}，更正：{'、'.join(one.zh for one in words)}",
        f"Issued in place of {certificate.number}; corrected: {', '.join(one.en for one in words)}",
    )
    facts = _now(certificate, CertificateFacts.from_payload(certificate.payload))
    return replace(facts, remarks=(*facts.remarks, remark))


def _now(certificate: Certificate, printed: CertificateFacts) -> CertificateFacts:
    instrument = certificate.instrument
    holder = instrument.holder
    known = regulations.all_types().get(instrument.type_code)
    name = instrument_name(known, instrument.part_label) if known else printed.instrument.name
    found = InstrumentFacts(
        name=name, model=instrument.model, serial_number=instrument.serial_number, manufacturer=instrument.manufacturer,
        registry_number=instrument.number, nameplate=printed.instrument.nameplate,
    )  # fmt: skip
    return replace(
        printed,
        instrument=found,
        applicant=Bilingual(holder.name) if holder else NO_HOLDER,
        applicant_address=holder.address if holder else "",
    )


def _pairs(before: CertificateFacts, after: CertificateFacts) -> list[tuple[str, str | Bilingual, str | Bilingual]]:
    of_paper = [(name, getattr(before, name), getattr(after, name)) for name in ("applicant", "applicant_address")]
    old, new = before.instrument, after.instrument
    return of_paper + [(name, getattr(old, name), getattr(new, name)) for name in _OF_INSTRUMENT]


def _text(value: str | Bilingual) -> str:
    return value.zh if isinstance(value, Bilingual) else value
