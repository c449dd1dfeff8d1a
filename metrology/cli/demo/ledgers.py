"""The city's ledgers, written as offices write them, for the real import to read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from metrology.cli.demo.city import Made
from metrology.documents.spreadsheet_out import ListColumn, write_csv, write_xlsx
from metrology.domain.schedule import due_date

_DATES = {
    "market": ("上次检定日期", "有效期至"),
    "fuel": ("检定日期", "有效期至"),
    "enterprise": ("上次检定日期", "有效期至"),
}
TITLES = {
    "market": "集贸市场在用计量器具台账",
    "fuel": "加油站加油机台账",
    "enterprise": "强制检定工作计量器具台账",
    "water": "居民水表台账",
    "gas": "居民燃气表台账",
    "energy": "居民电能表台账",
}


def ledger_file(ledger: str, instruments: Iterable[Made]) -> tuple[str, bytes]:
    """Name and bytes of a ledger: markets as XLSX, fuel stations as GB18030, utilities as UTF-8."""
    rows = [_row(one) for one in instruments]
    headings = list(dict.fromkeys(key for row in rows for key in row))
    columns = [ListColumn(heading) for heading in headings]
    values = ([row.get(heading) for heading in headings] for row in rows)
    if ledger == "market":
        with write_xlsx(columns, values, title=TITLES[ledger]) as file:
            return f"{TITLES[ledger]}.xlsx", file.read()
    data = b"".join(write_csv(columns, values))
    if ledger == "fuel":
        data = data.decode("utf-8-sig").encode("gb18030")
    return f"{TITLES[ledger]}.csv", data


def _row(one: Made) -> dict[str, str | date | None]:
    row: dict[str, str | date | None] = dict(one.cells)
    if one.ledger in _DATES:
        verified, until = _DATES[one.ledger]
        row[verified] = one.verified_on.strftime("%Y年%-m月%-d日") if one.ledger == "fuel" else one.verified_on
        row[until] = due_date(one.verified_on, one.months)
    return row
