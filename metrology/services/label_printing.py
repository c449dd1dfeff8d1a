"""Labels made ready for a printer: which facts stand on each, as PDF, ZPL or TSPL.

The lifelong label says which instrument it is and nothing that can run out. The 合格 mark is dated and carries the code of its
certificate, signed where the stock and the printer are fine enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.documents import thermal
from metrology.documents.label_layout import LabelSheet
from metrology.documents.label_pdf import Label, dots_of, label_sheet_pdf
from metrology.domain.label import profile_for
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.instrument_labels import InstrumentLabel
from metrology.persistence.instruments import Instrument
from metrology.services import certificate_codes, certifying, labelling, settings
from metrology.services.record_digest import altered

LabelKind = Literal["label", "mark"]
Form = Literal["pdf", "zpl", "tspl"]
FORMS: dict[Form, str] = {
    "pdf": "application/pdf",
    "zpl": "application/octet-stream",
    "tspl": "application/octet-stream",
}
_CHUNK = 500


@dataclass(frozen=True)
class Ready:
    """Labels that can be printed, and the instruments that have none of that kind now."""

    labels: tuple[Label, ...]
    left_out: tuple[Instrument, ...] = ()


def domain_of(base_url: str) -> str:
    """The official domain, as it is printed under a code."""
    return base_url.partition("://")[2]


def code_text(certificate: Certificate, sheet: LabelSheet, base_url: str) -> str:
    """What the code of a certificate says on this stock: signed where it is read back, else the address alone."""
    for profile in (profile_for(sheet.qr, sheet.dots_per_inch), "P0"):
        text = certificate_codes.text_of(certificate, profile, base_url)
        if dots_of(sheet, text):
            break
    return text


def instrument_labels(session: Session, rows: Sequence[Instrument], base_url: str) -> Ready:
    """The lifelong labels of instruments. One whose label is void has none until another is bound or made."""
    codes = labelling.codes_in_force(session, rows)
    body, domain = settings.read(session).bureau_name, domain_of(base_url)
    made = tuple(
        Label(
            "计量器具", f"{base_url}/i/{codes[row.id]}", row.number, row.serial_number,
            instrument_name=f"{row.type.name_zh} {row.part_label}".strip(), body_name=body, note=domain,
        )
        for row in rows
        if row.id in codes
    )  # fmt: skip
    return Ready(made, tuple(row for row in rows if row.id not in codes))


def marks(session: Session, rows: Sequence[Instrument], sheet: LabelSheet, base_url: str, *, today: date) -> Ready:
    """The 合格 marks of instruments whose certificate holds today; the others get none. One that was touched refuses them all."""
    standing = _certificates(session, [row.id for row in rows])
    holding = [
        (row, standing[row.id])
        for row in rows
        if row.state == "in_use" and row.id in standing and certifying.holds(standing[row.id], today)
    ]
    made = tuple(mark(certificate, sheet, base_url) for _row, certificate in holding)
    kept = {row.id for row, _certificate in holding}
    return Ready(made, tuple(row for row in rows if row.id not in kept))


def mark(certificate: Certificate, sheet: LabelSheet, base_url: str) -> Label:
    """The 合格 mark of a certificate: body, number, dates, code (计量检定印、证管理办法)."""
    facts, row = certificate.payload, certificate.instrument
    return Label(
        "合格", code_text(certificate, sheet, base_url), certificate.number, row.serial_number,
        certificate.valid_until.isoformat() if certificate.valid_until else "",
        f"{row.type.name_zh} {row.part_label}".strip(), facts["body"]["name"]["zh"], domain_of(base_url), "mark",
        certificate.verified_on.isoformat(),
    )  # fmt: skip


def blanks(labels: Sequence[InstrumentLabel], body: str, base_url: str) -> Ready:
    """Blank labels: the code, its number, and where it leads."""
    domain = domain_of(base_url)
    return Ready(
        tuple(
            Label("计量器具", f"{base_url}/i/{one.code}", one.number, body_name=body, note=domain, kind="blank")
            for one in labels
        )
    )


def _certificates(session: Session, keys: Sequence[int]) -> dict[int, Certificate]:
    found: dict[int, Certificate] = {}
    for start in range(0, len(keys), _CHUNK):
        statement = select(Certificate).where(
            Certificate.instrument_id.in_(keys[start : start + _CHUNK]),
            Certificate.standing == "valid",
            Certificate.kind == "verification_certificate",
        )
        rows = session.scalars(statement).all()
        broken = altered(session, rows)
        if broken:
            raise Problem("certificate_altered", number=next(row.number for row in rows if row.id in broken))
        found |= {row.instrument_id: row for row in rows}
    return found


def produce(
    labels: Sequence[Label],
    sheet: LabelSheet,
    form: Form,
    *,
    day: date,
    start: int = 1,
    copies: int = 1,
    outlines: bool = False,
    fonts_folder: Path | None = None,
) -> bytes:
    """The file for the printer."""
    if not labels:
        raise Problem("nothing_to_print")
    if form == "pdf":
        return label_sheet_pdf(
            labels, sheet=sheet, day=day, start=start, copies=copies, outlines=outlines, fonts_folder=fonts_folder
        )
    if not 1 <= copies <= 99:
        raise Problem("bad_label_count", "copies", limit=99, count=copies)
    images = thermal.pictures(labels, sheet, fonts_folder=fonts_folder)
    return thermal.zpl(images, copies=copies) if form == "zpl" else thermal.tspl(images, sheet, copies=copies)
