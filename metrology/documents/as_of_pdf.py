"""A statement about one day: whether an instrument was legal on it, with what proves that. Drawn from plain values, A4."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from metrology.documents.certificate_facts import Bilingual
from metrology.documents.certificate_pdf import CertificateLanguage
from metrology.documents.qr import qr_svg
from metrology.documents.typesetting import typeset


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """An entry of the journal that proves something."""

    seq: str
    at: str
    what: Bilingual
    hash: str


@dataclass(frozen=True, slots=True)
class DayStatement:
    """All that the statement says. Days are ISO; instants are Shanghai's, as text."""

    body_name: str
    on: str
    made_on: str
    known: str
    """Up to when the registry's entries count."""
    answer: Bilingual
    """Such as `检定有效`."""
    is_legal: bool
    because: Bilingual
    then: Bilingual
    """What was known on the day itself, where that was something else; empty otherwise."""
    instrument: tuple[tuple[Bilingual, str], ...]
    document: tuple[tuple[Bilingual, str], ...]
    """Facts of the certificate or notice; empty when there is none."""
    entries: tuple[StatementEntry, ...]
    checkpoint: str
    """The signed note, or empty."""
    head: str
    """`number:hash` of the journal's last entry."""
    qr_text: str
    """Address of the document's public page, or empty."""


def day_statement_pdf(
    statement: DayStatement, *, language: CertificateLanguage = "zh", fonts_folder: Path | None = None
) -> bytes:
    """The statement in Chinese (`zh`) or Chinese with English (`zh-en`)."""
    data = {
        **asdict(statement),
        "instrument": [{"label": asdict(label), "value": value} for label, value in statement.instrument],
        "document": [{"label": asdict(label), "value": value} for label, value in statement.document],
        "qr_svg": qr_svg(statement.qr_text, border=0) if statement.qr_text else "",
        "language": language,
    }
    return typeset("as_of.typ", data, day=date.fromisoformat(statement.made_on), fonts_folder=fonts_folder)
