"""A ledger as the national system might send it back beside the example city's results: mostly alike, here and there not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from metrology.cli.demo.tasks import close
from metrology.documents.spreadsheet_out import ListColumn, write_xlsx
from metrology.documents.workbook import Cell
from metrology.domain.authority import Actor
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.reconciliations import Reconciliation, ReconciliationRow
from metrology.persistence.tasks import Task
from metrology.services import national_sheet, reconciliation_deciding, reconciling
from metrology.services.national_sheet import ResultsFilter

TYPE = "electronic_price_computing_scale"
_FILE = "国家强检系统台账(示范).xlsx"
_DAYS_BACK = 365
_COLUMNS = (
    "器具名称", "型号规格", "出厂编号", "生产厂家", "使用地点行政区划", "器具用途", "送检方式", "单位名称", "统一社会信用代码", "检定日期",
    "有效期至",
)  # fmt: skip
"""Of the national template."""
_PLATE = {"最大秤量": "max", "检定分度值e": "e", "准确度等级": "accuracy_class"}
"""What a scale is not told apart without, and a ledger says besides."""
_LEFT_OUT, _OTHER_MODEL, _OTHER_DAY, _OTHER_MAKER = 11, 7, 13, 23
"""Of so many rows one is not in their ledger, or says something else."""
_DECISIONS = (("theirs", "已核对铭牌,按国家系统更正"), ("ours", "已核对铭牌,本系统无误"))


def compare_ledgers(session: Session, people: Mapping[str, Actor], *, today: date, now: datetime) -> Reconciliation:
    """Compare their ledger with the registry; decide the first differences, and leave the rest."""
    officer = people["officer"]
    ours = ResultsFilter(today - timedelta(days=_DAYS_BACK), today, TYPE)
    headings = [*_COLUMNS, *_PLATE, "市场名称", "摊位号"]
    rows = ([row.get(heading) for heading in headings] for row in _theirs(_ours(session, officer, ours)))
    with write_xlsx([ListColumn(one) for one in headings], rows, title="台账") as file:
        key = reconciling.start(session, officer, file.read(), _FILE, now=now).id
    result = reconciling.compare(session, key, today=today, now=lambda: now, step=lambda *_told: session.commit())
    one = session.get_one(Reconciliation, key)
    close(session.get_one(Task, one.task_id), result, now=now)
    different = select(ReconciliationRow.id).where(
        ReconciliationRow.reconciliation_id == key, ReconciliationRow.finding == "different"
    )
    first = session.scalars(different.order_by(ReconciliationRow.id).limit(len(_DECISIONS))).all()
    for row, (decision, why) in zip(first, _DECISIONS, strict=False):
        reconciliation_deciding.decide(session, officer, one, [row], decision, note=why, today=today, now=now)
    session.commit()
    return one


def _ours(session: Session, officer: Actor, chosen: ResultsFilter) -> Iterator[dict[str, Cell]]:
    """Our results by heading, with what is on the nameplates and where they stand."""
    instruments = (
        select(Certificate.number, Instrument)
        .join(Instrument, Instrument.id == Certificate.instrument_id)
        .where(Instrument.type_code == TYPE)
        .options(joinedload(Instrument.place))
    )
    known = {row[0]: row[1] for row in session.execute(instruments)}
    titles = national_sheet.headings()
    for cells in list(national_sheet.results(session, officer, chosen)):
        row = dict(zip(titles, cells, strict=True))
        one = known[str(row["证书编号"])]
        plate = {heading: one.nameplate.get(key) for heading, key in _PLATE.items()}
        market, _mark, stall = (one.place.full_name if one.place else "").partition(" / ")
        yield {**row, **plate, "市场名称": market, "摊位号": stall}


def _theirs(ours: Iterator[dict[str, Cell]]) -> Iterator[dict[str, Cell]]:
    """Our rows as another system has them: some missing, some with another model, day or maker, and three we do not have."""
    first: dict[str, Cell] = {}
    for number, row in enumerate(ours, 1):
        first = first or row
        if number % _LEFT_OUT == 0:
            continue
        said, due = dict(row), row["有效期至"]
        if number % _OTHER_MODEL == 0:
            said["型号规格"] = f"{row['型号规格']}A"
        if number % _OTHER_DAY == 0 and isinstance(due, date):
            said["有效期至"] = due + timedelta(days=30)
        if number % _OTHER_MAKER == 0:
            said["生产厂家"] = "示范衡器制造有限公司"
        yield said
    for serial in ("GJ700001", "GJ700002", None) if first else ():
        yield {**first, "出厂编号": serial}
