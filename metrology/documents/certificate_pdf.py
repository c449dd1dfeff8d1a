"""Verification certificate (检定证书), rejection notice (检定结果通知书) and calibration certificate (校准证书) as PDF/A-3.

The template `certificate.typ` holds the layout; here the facts are arranged for it: note marks for the limits, columns
that nothing stands in left out, the QR code drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from metrology.documents.certificate_facts import CertificateFacts, PointResult, ResultTable
from metrology.documents.qr import qr_svg
from metrology.documents.typesetting import Attachment, typeset

CertificateLanguage = Literal["zh", "en", "zh-en"]

_LONG_QR_TEXT: Final = 90
"""From here on the code carries a signature and is printed larger, to keep its modules above 0.4 mm."""
_COLUMNS: Final = ("reference", "indication", "error", "uncertainty", "coverage_factor", "mpe")


def certificate_pdf(
    facts: CertificateFacts,
    *,
    language: CertificateLanguage,
    fonts_folder: Path | None = None,
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """The certificate in Chinese (`zh`), English (`en`, where there is any) or both: the same facts give the same bytes.

    Raises `MissingGlyphs` when a character of the facts cannot be printed.
    """
    payload = facts.to_payload()
    marks = _NoteMarks()
    data: dict[str, Any] = {
        **payload,
        "language": language,
        "tables": [_table(table, marks) for table in facts.tables],
        "notes": marks.notes,
        "has_unconfirmed": any(not row.confirmed for table in facts.tables for row in table.rows),
        "qr_svg": qr_svg(facts.qr_text, border=0, error_correction="Q"),
        "qr_mm": 38 if len(facts.qr_text) > _LONG_QR_TEXT else 30,
    }
    day = date.fromisoformat(facts.issue_date)
    return typeset("certificate.typ", data, day=day, fonts_folder=fonts_folder, attachments=attachments)


class _NoteMarks:
    """Numbers each different way a limit was found; the rows show the number, the note below says it once."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], str] = {}

    def mark(self, formula: str, clause: str) -> str:
        if not (formula or clause):
            return ""
        return self._numbers.setdefault((formula, clause), str(len(self._numbers) + 1))

    @property
    def notes(self) -> list[dict[str, str]]:
        return [{"mark": mark, "formula": key[0], "clause": key[1]} for key, mark in self._numbers.items()]


def _table(table: ResultTable, marks: _NoteMarks) -> dict[str, Any]:
    """Heading and rows for the template; `shown` names the columns in which something stands."""
    rows = [
        {
            "point": {"zh": row.point, "en": row.point_en},
            "cells": {name: getattr(row, name) for name in _COLUMNS},
            "extra": _extra(row, len(table.extra_headings)),
            "within": row.within,
            "confirmed": row.confirmed,
            "mark": marks.mark(row.formula, row.clause),
        }
        for row in table.rows
    ]
    return {
        "title": _both(table.title),
        "point_heading": _both(table.point_heading),
        "unit": table.unit,
        "error_unit": table.error_unit or table.unit,
        "shown": [name for name in _COLUMNS if any(getattr(row, name) for row in table.rows)],
        "judged": any(row.within is not None for row in table.rows),
        "marked": any(row["mark"] for row in rows),
        "extra_headings": _all_both(table.extra_headings),
        "rows": rows,
        "note": _both(table.note),
        "status": table.status,
    }


def _extra(row: PointResult, count: int) -> list[dict[str, str]]:
    english = (*row.extra_en, *[""] * count)
    return [{"zh": text, "en": english[index]} for index, text in enumerate((*row.extra, *[""] * count)[:count])]


def _both(text: Any) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _all_both(texts: Iterable[Any]) -> list[dict[str, str]]:
    return [_both(text) for text in texts]
