"""The statement of a month or year (计量工作报表) on A4: indicators, instruments by type and by district, signatures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from metrology.documents.sheet_pdf import SheetLanguage
from metrology.documents.typesetting import typeset


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A type or district: in use, verified, conforming, rejected, certificates, overdue."""

    zh: str
    en: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StatementPaper:
    """Everything the paper says; figures of a draft are of the day of printing, and the paper says so."""

    body_name: str
    number: str
    period: str
    days: str
    scope: str
    is_yearly: bool
    is_draft: bool
    version: int
    replaces: str
    reason: str
    digest: str
    prepared_by: str
    approved_by: str
    approved_at: str
    indicators: tuple[tuple[str, str, str, str], ...]
    """Name (zh, en), figure, target."""
    types: tuple[StatementLine, ...]
    districts: tuple[StatementLine, ...]
    complaints: int


def statement_pdf(
    paper: StatementPaper, *, day: date, language: SheetLanguage = "zh", fonts_folder: Path | None = None
) -> bytes:
    """The pages; tables go on over as many as they need, headings repeated."""
    data = {**asdict(paper), "printed_on": day.isoformat(), "language": language}
    return typeset("statement.typ", data, day=day, fonts_folder=fonts_folder)
