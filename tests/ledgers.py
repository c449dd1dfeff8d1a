"""Ledgers for tests: small ones made here, and those of ``../shared`` where they are."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter
from stdnum.cn import uscc as stdnum_uscc

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "shared" / "examples" / "ledgers"
EXPECTED: dict[str, Any] = json.loads((EXAMPLES / "expected.json").read_text())["files"] if EXAMPLES.is_dir() else {}

SCALE_HEADINGS = (
    "序号", "市场名称", "摊位号", "使用单位(人)", "统一社会信用代码", "区县", "器具名称", "规格型号", "最大秤量", "检定分度值e",
    "准确度等级", "出厂编号", "制造单位", "上次检定日期", "有效期至", "备注",
)  # fmt: skip
FUEL_HEADINGS = (
    "加油站名称", "统一社会信用代码", "区县", "地址", "加油机型号", "加油机出厂编号", "制造厂", "枪号", "油品", "准确度等级",
    "检定日期", "有效期至", "铅封号",
)  # fmt: skip
METER_HEADINGS = (
    "供水单位", "统一社会信用代码", "批号", "器具名称", "型号", "公称口径", "Q3(m³/h)", "Q3/Q1", "准确度等级", "出厂编号", "制造单位",
    "首检日期", "安装日期", "安装地址", "区县",
)  # fmt: skip


def create_uscc(number: int) -> str:
    """A credit code of a vendor in Hongqi with a right check character."""
    start = f"92410702{number:09d}"
    return start + stdnum_uscc.calc_check_digit(start)


def scale_row(number: int = 1, **said: str) -> list[str]:
    """A usual line of a market's ledger."""
    usual = {
        "序号": str(number), "市场名称": "东湖集贸市场", "摊位号": f"A{number:02d}", "使用单位(人)": f"经营户{number:03d}",
        "统一社会信用代码": create_uscc(number), "区县": "红旗区", "器具名称": "电子计价秤", "规格型号": "ACS-30", "最大秤量": "30kg",
        "检定分度值e": "10g", "准确度等级": "Ⅲ级", "出厂编号": f"DH{100000 + number}", "制造单位": "示范衡器有限公司",
        "上次检定日期": "2026-05-22", "有效期至": "2027.5.21", "备注": "",
    }  # fmt: skip
    return list({**usual, **said}.values())


def nozzle_row(label: int = 1, **said: str) -> list[str]:
    """A usual line of a fuel company's ledger: one nozzle."""
    usual = {
        "加油站名称": "示范加油站01", "统一社会信用代码": create_uscc(900), "区县": "红旗区", "地址": "红旗区示范路1号", "加油机型号": "SK65",
        "加油机出厂编号": "JY10001", "制造厂": "示范加油设备有限公司", "枪号": str(label), "油品": "92#", "准确度等级": "±0.30%",
        "检定日期": "2026-08-23", "有效期至": "2027年2月21日", "铅封号": f"QF{label:06d}",
    }  # fmt: skip
    return list({**usual, **said}.values())


def meter_row(number: int = 1, **said: str) -> list[str]:
    """A usual line of a water utility's ledger."""
    usual = {
        "供水单位": "示范供水公司", "统一社会信用代码": create_uscc(800), "批号": "LOT001", "器具名称": "饮用冷水水表", "型号": "LXS-20E",
        "公称口径": "DN15", "Q3(m³/h)": "2.5", "Q3/Q1": "R100", "准确度等级": "2级", "出厂编号": f"W{10000000 + number}",
        "制造单位": "示范水表厂", "首检日期": "2024-01-01", "安装日期": "2024-02-10", "安装地址": f"红旗区示范小区1号楼{number}户",
        "区县": "红旗区",
    }  # fmt: skip
    return list({**usual, **said}.values())


def as_csv(rows: Sequence[Sequence[Any]], encoding: str = "utf-8-sig", delimiter: str = ",") -> bytes:
    """Rows as delimited text."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(
    *sheets: Sequence[Sequence[Any]], names: Sequence[str] = (), merged: Sequence[str] = (), hidden: Sequence[int] = ()
) -> bytes:
    """Rows as a workbook; ``merged`` are ranges of the first sheet, whose text stands in their first cell."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for index, rows in enumerate(sheets):
        sheet = book.add_worksheet(names[index] if index < len(names) else None)
        if index in hidden:
            sheet.hide()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, date):
                    sheet.write_datetime(row, column, cell, day)
                elif cell not in (None, ""):
                    sheet.write(row, column, cell)
        for block in merged if index == 0 else ():
            first = block.split(":")[0]
            row, column = int("".join(filter(str.isdigit, first))) - 1, ord(first[0]) - 65
            sheet.merge_range(block, rows[row][column] if column < len(rows[row]) else "")
    book.close()
    return out.getvalue()


def market_ledger(*rows: Sequence[Any]) -> bytes:
    """A market's ledger as kept: a title, a note, the headings, the rows and their sum."""
    title = ["集贸市场在用计量器具台账"]
    note = ["填报单位:示范市场管理方    填报日期:2026-11-01"]
    total = ["合计", "", "", str(len(rows))]
    return as_xlsx([title, note, SCALE_HEADINGS, *rows, total], names=["台账"], merged=["A1:P1"])


def fuel_ledger(*rows: Sequence[Any]) -> bytes:
    """A fuel company's ledger."""
    return as_csv([FUEL_HEADINGS, *rows], "gb18030")


def meter_ledger(*rows: Sequence[Any]) -> bytes:
    """A water utility's ledger."""
    return as_csv([METER_HEADINGS, *rows])
