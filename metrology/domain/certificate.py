"""Certificates and rejection notices: their numbers and how long they hold.

There is no national format for certificate numbers; a body sets its own, unique and never used again.

>>> NumberingScheme().number(body="XX", kind="certificate", year=2026, seq=17)
'XX-JD-2026-000017'
"""

import string
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from metrology.domain.problems import BadNumbering
from metrology.domain.schedule import ANNIVERSARY_MINUS_ONE, DueRule, Interval, due_date

DocumentKind = Literal["certificate", "rejection_notice", "calibration_certificate"]
DOCUMENT_KINDS: tuple[DocumentKind, ...] = ("certificate", "rejection_notice", "calibration_certificate")
_FIELDS = frozenset({"body", "kind", "yyyy", "yy", "seq"})
_LONGEST = 40


def _short_kinds() -> dict[str, str]:
    # 检定 JD, 通知 TZ, 校准 XZ: the letters people know from paper.
    return {"certificate": "JD", "rejection_notice": "TZ", "calibration_certificate": "XZ"}


@dataclass(frozen=True, slots=True)
class NumberingScheme:
    """A template with {body}, {kind}, {yyyy} or {yy} and {seq}; `seq` counts by body, kind and year."""

    template: str = "{body}-{kind}-{yyyy}-{seq:06d}"
    kinds: dict[str, str] = field(default_factory=_short_kinds)

    def __post_init__(self) -> None:
        try:
            named = [name for _, name, _, _ in string.Formatter().parse(self.template) if name is not None]
        except ValueError as error:
            raise BadNumbering("template", value=self.template) from error
        # Without one of these, two documents would get the same number.
        complete = {"body", "kind", "seq"} <= set(named) and {"yyyy", "yy"} & set(named)
        if not complete or not set(named) <= _FIELDS or len(set(self.kinds.values())) != len(self.kinds):
            raise BadNumbering("template", value=self.template)
        try:
            self.number(body="X", kind="certificate", year=2000, seq=1)
        except (ValueError, KeyError) as error:
            raise BadNumbering("template", value=self.template) from error

    def number(self, *, body: str, kind: DocumentKind, year: int, seq: int) -> str:
        """The number of a document."""
        text = self.template.format(
            body=body, kind=self.kinds[kind], yyyy=f"{year:04d}", yy=f"{year % 100:02d}", seq=seq
        )
        if seq < 1 or not text.isprintable() or len(text) > _LONGEST:
            raise BadNumbering("number", value=text)
        return text


def document_kind(verdict: str, *, calibration: bool = False) -> DocumentKind:
    """What a verdict is certified with."""
    if calibration:
        return "calibration_certificate"
    return "certificate" if verdict == "conforms" else "rejection_notice"


def valid_until(
    kind: DocumentKind, verified_on: date, interval: Interval, rule: DueRule = ANNIVERSARY_MINUS_ONE
) -> date | None:
    """有效期至: only a certificate of verification has one; a rejection notice and a calibration certificate have none.

    >>> valid_until("certificate", date(2026, 5, 22), Interval(months=6, mode="periodic"))
    datetime.date(2026, 11, 21)
    """
    return due_date(verified_on, interval, rule) if kind == "certificate" else None
