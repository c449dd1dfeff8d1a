"""The certificate of a lot (成批检定证书), A4: what the meters have in common, and a table with a line for each.

Drawn from plain values in Chinese (`zh`), English (`en`) or both (`zh-en`). Rejected meters stand apart, before the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from metrology.documents.certificate_facts import Bilingual
from metrology.documents.qr import qr_svg
from metrology.documents.typesetting import typeset


@dataclass(frozen=True, slots=True)
class LotRow:
    """A meter of the lot, as its own document says."""

    serial_number: str
    registry_number: str
    verdict: str
    certificate_number: str
    """Of its own certificate or notice."""
    valid_until: str
    failed: tuple[str, ...] = ()

    def line(self) -> str:
        """What the fingerprint of the table is made of."""
        return f"{self.serial_number}\t{self.verdict}\t{self.certificate_number}\t{self.valid_until}\n"


@dataclass(frozen=True, slots=True)
class LotFacts:
    """Everything printed besides the table. What is shared with the meters' own documents has their form (``certificate_facts``)."""

    number: str
    lot_number: str
    lot_code: str
    code: str
    body: Mapping[str, Any]
    applicant: str
    name: Bilingual
    model: str
    manufacturer: str
    nameplate: Sequence[Mapping[str, Any]]
    serials: tuple[str, str]
    """First and last of the lot, in its order."""
    kind: Mapping[str, str]
    verified_on: str
    issued_on: str
    valid_until: tuple[str, ...]
    """The one day of all, or the first and the last."""
    validity_rule: Mapping[str, str]
    place: str
    environment: Sequence[Mapping[str, Any]]
    regulations: Sequence[Mapping[str, Any]]
    standards: Sequence[Mapping[str, Any]]
    verifier: str
    checker: str
    approver: str
    conforming: int
    rejected: int
    unread: int
    """Meters of the lot that were not verified, and are certified by nothing."""
    meters_sha256: str
    """Fingerprint of the table of meters."""
    has_unconfirmed: bool = False
    """Whether a limit rests on a number that nobody has checked against the text of the regulation."""

    def to_payload(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {"form": 1, **asdict(self)}

    @classmethod
    def of_payload(cls, payload: Mapping[str, Any]) -> LotFacts:
        """What :meth:`to_payload` gave."""
        known = {one.name for one in fields(cls)}
        said = {key: value for key, value in payload.items() if key in known}
        lists = {"serials": tuple(said["serials"]), "valid_until": tuple(said["valid_until"])}
        return cls(**{**said, **lists, "name": Bilingual(**said["name"])})


def lot_pdf(
    facts: LotFacts,
    rows: Sequence[LotRow],
    *,
    public_url: str,
    language: str = "zh",
    fonts_folder: Path | None = None,
) -> bytes:
    """The document. ``public_url`` is the scheme and host that its code leads to."""
    address = f"{public_url}/lot/{facts.code}"
    data = {
        **asdict(facts), "language": language, "qr_svg": qr_svg(address, border=0), "address": address,
        "rejected_rows": [asdict(row) for row in rows if row.verdict != "conforms"],
        "rows": [asdict(row) for row in rows if row.verdict == "conforms"],
    }  # fmt: skip
    return typeset("lot.typ", data, day=date.fromisoformat(facts.issued_on), fonts_folder=fonts_folder)
