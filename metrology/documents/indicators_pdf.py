"""The indicators a city is examined on, on A4: figures, targets, a year before, twelve months; then what each means."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from metrology.documents.sheet_pdf import SheetLanguage
from metrology.documents.typesetting import typeset


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """An indicator as it is written; ``trend`` from 0 to 1 by month, None where nothing is known."""

    zh: str
    en: str
    figure: str
    of: str
    """Counted, and against what."""
    interval: str
    before: str
    change: str
    target: str
    meets: str
    """``yes``, ``no``, or empty without a target."""
    trend: tuple[float | None, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class DefinitionText:
    """What an indicator means: headings and sentences, Chinese and English."""

    zh: str
    en: str
    parts: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class IndicatorsPaper:
    """Everything the paper says."""

    body_name: str
    scope: str
    period: str
    days: str
    as_of: str
    """ISO day."""
    months: tuple[str, ...]
    lines: tuple[IndicatorLine, ...]
    definitions: tuple[DefinitionText, ...]


def indicators_pdf(
    paper: IndicatorsPaper, *, language: SheetLanguage = "zh", fonts_folder: Path | None = None
) -> bytes:
    """The pages."""
    data = {**asdict(paper), "language": language}
    return typeset("indicators.typ", data, day=date.fromisoformat(paper.as_of), fonts_folder=fonts_folder)
