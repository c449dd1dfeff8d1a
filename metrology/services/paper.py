"""What a certificate offers: its PDF in a language, signed and with the machine-readable certificate inside; DCC; JSON.

Everything is made from the facts fixed at issue, and refused when they are no longer what the journal says. Issuing makes
no paper: a PDF is made when it is first asked for and kept, so that everybody is given the same bytes.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from metrology.documents import signing_key
from metrology.documents.certificate_facts import CertificateFacts
from metrology.documents.certificate_json import certificate_json
from metrology.documents.certificate_pdf import CertificateLanguage, certificate_pdf
from metrology.documents.dcc import dcc_tree, dcc_xml
from metrology.documents.signed_pdf import sign_pdf
from metrology.documents.signed_xml import sign_xml
from metrology.documents.signing_key import SigningKey
from metrology.documents.typesetting import Attachment, unprintable
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.verifications import Verification
from metrology.services import certificate_codes
from metrology.services.record_digest import digest, is_intact
from metrology.settings import Settings

LANGUAGES: Final[tuple[CertificateLanguage, ...]] = ("zh", "en", "zh-en")
XML_NAME: Final = "certificate.xml"
JSON_NAME: Final = "certificate.json"
_REASON: Final = "签发 Issue of {number}"


@dataclass(frozen=True, slots=True)
class Press:
    """What papers are made with."""

    public_url: str
    """Scheme and host printed below the code and held by it."""
    fonts_folder: Path | None = None
    key: SigningKey | None = None
    """Signs PDF and XML; None leaves both unsigned."""
    kept_in: Path | None = None
    """Folder of the papers made so far; None makes them anew each time."""


def press(settings: Settings, organisation: str, now: datetime) -> Press:
    """The press of an installation: its fonts, its key (of the bureau, or its own made at first use), its folder of papers."""
    return Press(
        settings.public_url, settings.fonts_folder, key_of(settings, organisation, now), settings.shared / "paper"
    )


def key_of(settings: Settings, organisation: str, now: datetime) -> SigningKey:
    """The key that signs papers."""
    if settings.signing_file:
        file = Path(settings.signing_file)
        return _from_file(file, settings.signing_passphrase, settings.timestamp_url)
    return _own(settings.shared / "keys" / "paper", organisation, now.date(), settings.timestamp_url)


@lru_cache(maxsize=4)
def _from_file(path: Path, passphrase: str, timestamp_url: str) -> SigningKey:
    return signing_key.from_pkcs12(path, passphrase, timestamp_url)


@lru_cache(maxsize=4)
def _own(folder: Path, organisation: str, day: date, timestamp_url: str) -> SigningKey:
    """Looked for once a day: a key that is about to run out is renewed."""
    midday = datetime.fromisoformat(f"{day.isoformat()}T12:00:00+00:00")
    return signing_key.own(folder, organisation, midday, timestamp_url)


# -- what is offered


def pdf(session: Session, certificate: Certificate, language: CertificateLanguage, with_: Press) -> bytes:
    """The document as PDF/A-3, signed, with its DCC and JSON inside.

    Problem ``certificate_altered`` when it is no longer what was issued, ``missing_glyphs`` when no font has a character.
    """
    facts = facts_of(session, certificate, with_.public_url)
    kept = _kept_at(certificate, facts, language, with_)
    if kept is not None and kept.exists():
        return kept.read_bytes()
    paper = certificate_pdf(
        facts, language=language, fonts_folder=with_.fonts_folder, attachments=_inside(certificate, facts, with_)
    )
    is_whole = True
    if with_.key is not None:
        paper, is_whole = sign_pdf(paper, with_.key, reason=_REASON.format(number=certificate.number))
    if kept is None or not is_whole:
        return paper
    return _keep(kept, paper)


def dcc(session: Session, certificate: Certificate, with_: Press) -> bytes:
    """The document as Digital Calibration Certificate, signed where the press has a key."""
    return _dcc(facts_of(session, certificate, with_.public_url), with_)


def json(session: Session, certificate: Certificate, with_: Press) -> str:
    """The same facts as JSON."""
    return certificate_json(facts_of(session, certificate, with_.public_url), digest(certificate))


def facts_of(session: Session, certificate: Certificate, public_url: str) -> CertificateFacts:
    """What was fixed at issue, with the address by which the public reaches the registry."""
    if not is_intact(session, certificate):
        raise Problem("certificate_altered", "payload", number=certificate.number)
    facts = CertificateFacts.from_payload(certificate.payload)
    qr_text = certificate_codes.text_of(certificate, "P2", public_url)
    return replace(facts, qr_text=qr_text, public_url=public_url + facts.public_url)


def _dcc(facts: CertificateFacts, with_: Press) -> bytes:
    return dcc_xml(facts) if with_.key is None else sign_xml(dcc_tree(facts, is_sealed=True), with_.key)


def _inside(certificate: Certificate, facts: CertificateFacts, with_: Press) -> list[Attachment]:
    told = certificate_json(facts, digest(certificate))
    return [
        Attachment(XML_NAME, _dcc(facts, with_).decode(), "application/xml", "data", "数字校准证书 DCC 3.3.0"),
        Attachment(JSON_NAME, told, "application/json", "source", "证书数据 Facts of the certificate"),
    ]


def unprintable_of(record: Verification, fonts_folder: Path | None) -> tuple[str, ...]:
    """Characters a certificate of a record would need that no font at hand has: told before anybody approves in vain."""
    instrument = record.instrument
    people = (record.verifier, record.checker, record.approver)
    holder = instrument.holder
    return unprintable(
        {
            "instrument": [instrument.model, instrument.serial_number, instrument.manufacturer, instrument.part_label],
            "holder": [holder.name, holder.address] if holder else [],
            "record": [record.place_text, *map(str, record.nameplate.values())],
            "seals": [str(seal.get(key) or "") for seal in record.seals or () for key in ("number", "position")],
            "people": [one.name for one in people if one],
            "standards": [[use.standard.name, use.standard.serial_number] for use in record.standards],
        },
        fonts_folder,
    )


# -- kept


def _kept_at(
    certificate: Certificate, facts: CertificateFacts, language: CertificateLanguage, with_: Press
) -> Path | None:
    """Where a paper is kept: by what it says and by whose authority it is signed, not by the release that made it."""
    if with_.kept_in is None:
        return None
    top = (with_.key.chain[-1] if with_.key.chain else with_.key.certificate) if with_.key else None
    authority = top.subject.rfc4514_string() if top else ""
    said = "\n".join([digest(certificate), language, facts.qr_text, facts.public_url, authority])
    name = sha256(said.encode()).hexdigest()
    return with_.kept_in / name[:2] / f"{name}.pdf"


def _keep(path: Path, paper: bytes) -> bytes:
    """Keep a paper; what another request has kept meanwhile is given instead."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(paper)
        os.link(name, path)
    except FileExistsError:
        return path.read_bytes()
    finally:
        Path(name).unlink()
    return paper
