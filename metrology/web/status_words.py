"""A certificate's status as JSON, as columns of a sheet, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Response
from flask_babel import gettext as _

from metrology.documents.spreadsheet_out import CSV_TYPE, XLSX_TYPE, ListColumn, write_csv, write_xlsx
from metrology.documents.workbook import Cell
from metrology.services.public_status import Answer, PublicStatus
from metrology.services.status_sheets import StatusSheet
from metrology.web.filters import label, pick
from metrology.web.problems import sentence
from metrology.web.scan import BANDS


def as_json(status: PublicStatus, public_url: str) -> dict[str, Any]:
    """What the API tells of a certificate."""
    band = BANDS[status.standing]
    later = status.replaced_by
    return {
        "code": status.code,
        "number": status.number,
        "kind": status.kind,
        "standing": status.standing,
        "standing_words": {"zh": band.zh, "en": band.en},
        "holds": status.holds,
        "result": status.result,
        "verified_on": status.verified_on.isoformat(),
        "issued_on": status.issued_on.isoformat(),
        "valid_until": _day(status.valid_until),
        "ended_on": _day(status.ended_on),
        "replaced_by": {"number": later[0], "code": later[1]} if later else None,
        "instrument": {
            "type": status.instrument_type,
            "name": status.name,
            "model": status.model,
            "manufacturer": status.manufacturer,
            "serial_number": status.serial_number,
        },
        "body": status.body,
        "url": f"{public_url}/c/{status.code}",
    }


def answer_json(answer: Answer, public_url: str) -> dict[str, Any]:
    """One of a list: what was asked, with the certificate or the problem."""
    asked = answer.asked
    given = {"code": asked.text, "number": asked.number, "serial_number": asked.serial_number}
    echoed = {key: text for key, text in given.items() if text}
    if answer.status is None:
        return {"asked": echoed, "problem": {"code": answer.problem, "detail": told(answer)}}
    return {"asked": echoed, "certificate": as_json(answer.status, public_url)}


def told(answer: Answer) -> str:
    """The sentence of what stands in the way of an answer."""
    return sentence(answer.problem, {"number": answer.number})


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


# -- as columns


def headings() -> list[str]:
    """Headings of the columns an answer adds."""
    return [
        str(one)
        for one in (
            _("Standing"), _("Holds today"), _("Certificate number"), _("Verified on"), _("Valid until"), _("Instrument"),
            _("Serial number"), _("Verifying institute"), _("Remark"),
        )
    ]  # fmt: skip


def cells(answer: Answer) -> list[Cell]:
    """What stands in those columns."""
    status = answer.status
    if status is None:
        unknown = label("unknown", "CERTIFICATE_STANDINGS")
        return [unknown, str(_("no")), None, None, None, None, None, None, told(answer)]
    remark = _("Replaced by %(number)s", number=status.replaced_by[0]) if status.replaced_by else None
    return [
        label(status.standing, "CERTIFICATE_STANDINGS"), str(_("yes") if status.holds else _("no")), status.number,
        status.verified_on, status.valid_until, pick(status.name), status.serial_number, pick(status.body), remark,
    ]  # fmt: skip


def sheet_answer(sheet: StatusSheet, answers: Sequence[Answer], *, kind: str = "") -> Response:
    """The sheet that was sent, with columns added: CSV as CSV, XLSX (and XLS) as XLSX."""
    width = max([len(sheet.headings), *(len(row) for row in sheet.rows)], default=0)
    own = [*sheet.headings, *[None] * (width - len(sheet.headings))]
    columns = [ListColumn(str(one or "")) for one in own] + [ListColumn(one) for one in headings()]
    rows = [
        [*row, *[None] * (width - len(row)), *cells(answer)] for row, answer in zip(sheet.rows, answers, strict=True)
    ]
    if (kind or sheet.kind) == "csv":
        response = Response(b"".join(write_csv(columns, rows)), content_type=CSV_TYPE)
        name = "status.csv"
    else:
        with write_xlsx(columns, rows, title=str(_("Status of certificates"))) as book:
            response = Response(book.read(), content_type=XLSX_TYPE)
        name = "status.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
