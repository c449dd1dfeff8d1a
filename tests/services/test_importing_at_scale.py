"""A ledger comes in alike line by line and by the thousand, and nothing is lost or doubled when the process is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrology.persistence import tallies
from metrology.persistence.database import Model, reading
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalEntry, verify_chain
from metrology.persistence.ledgers import LedgerBatch, LedgerRow
from metrology.persistence.search import SearchDocument
from metrology.services import ledger_chunks, ledger_rows
from metrology.services.tallying import differences
from metrology.settings import ROOT
from tests import conftest
from tests.conftest import NOW
from tests.ledgers import (
    FUEL_HEADINGS,
    METER_HEADINGS,
    SCALE_HEADINGS,
    as_csv,
    as_xlsx,
    create_uscc,
    meter_row,
    nozzle_row,
    scale_row,
)
from tests.services.test_importing import imported

TABLES = ("instrument", "holder", "place", "seal", "contact", "ledger_row", "search_document", "journal_entry")
_BY_CHANCE = {"id", "public_code", "hash", "prev_hash", "at", "seq", "done_at", "created_at", "updated_at"}
_KEYS = {"instrument_id", "parent_id", "object_id", "holder_id", "place_id", "path", "made", "body", "number", "title"}
"""What holds keys or numbers: in which order new things get them depends on the size of the chunks."""


def first() -> bytes:
    """Sheets with what a ledger can hold: good lines, wrong ones, lines twice, nozzles with seals, remarks, errors."""
    scales = [scale_row(number) for number in range(1, 31)]
    scales[3] = scale_row(2)
    scales[7] = scale_row(8, 上次检定日期="待定")
    scales[9] = scale_row(10, 出厂编号="#N/A")
    scales[11] = scale_row(12, 器具名称="无此器具")
    scales[13] = scale_row(14, 区县="无此区")
    scales[15] = scale_row(16, 备注="一\t二", 制造单位="", 最大秤量="15")
    scales[17] = scale_row(18, 摊位号="", 市场名称="")
    nozzles = [
        nozzle_row(label, 加油机出厂编号=f"JY{label // 4}", 铅封号=f"A{label}、B{label}") for label in range(1, 17)
    ]
    meters = [
        meter_row(number, 安装地址=f"红旗区小区{number % 3}{number % 5}号楼{number}户") for number in range(1, 41)
    ]
    meters[5] = meter_row(6, 首检日期="2028-01-01")
    return as_xlsx(
        [SCALE_HEADINGS, *scales], [(*FUEL_HEADINGS, "联系人", "电话"), *([*row, "张三", "13800000000"] for row in nozzles)],
        [METER_HEADINGS, *meters],
    )  # fmt: skip


def second() -> bytes:
    """The next ledger of the same: unchanged lines, changed ones, new ones."""
    scales = [scale_row(number) for number in range(1, 21)]
    scales[0] = scale_row(1, 规格型号="ACS-15", 上次检定日期="2026-11-02", 有效期至="2027-11-01")
    scales[1] = scale_row(2, 制造单位="")
    scales[2] = scale_row(3, 摊位号="C09", **{"使用单位(人)": "新户", "统一社会信用代码": create_uscc(500)})
    nozzles = [
        nozzle_row(label, 加油机出厂编号=f"JY{label // 4}", 铅封号=f"A{label}、C{label}") for label in range(1, 22)
    ]
    return as_xlsx([SCALE_HEADINGS, *scales], [FUEL_HEADINGS, *nozzles])


def told(session: Session) -> dict[str, list[Any]]:
    """All that is kept of it, but keys and chance."""
    found: dict[str, list[Any]] = {}
    for name in TABLES:
        table = Model.metadata.tables[name]
        rows = [dict(row) for row in session.execute(select(table)).mappings()]
        if name == "journal_entry":
            rows = [row for row in rows if row["action"] not in ("ledger.imported", "instrument.followed_parts")]
            for row in rows:
                row["changes"] = {key: value for key, value in row["changes"].items() if key not in _BY_CHANCE | _KEYS}
        found[name] = sorted(
            repr({key: _plain(value) for key, value in row.items() if key not in _BY_CHANCE | _KEYS}) for row in rows
        )
    for table in tallies.TALLIES[:2]:
        keys = [table.c[key] for key in tallies.keys_of(table)]
        counted = session.execute(select(*keys, func.sum(table.c.instruments)).group_by(*keys)).all()
        found[table.name] = sorted(repr(tuple(row)) for row in counted if row[-1])
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: one for key, one in sorted(value.items()) if not str(key).isdigit() and key not in _KEYS}
    return value


def test_lines_come_in_alike_one_by_one_and_all_at_once(
    request: pytest.FixtureRequest, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = []
    for size in (1, 7, 2000):
        monkeypatch.setattr(ledger_chunks, "CHUNK", size)
        conftest._benches[request.node.callspec.params["app"]].reset()
        with app.app_context():
            from metrology.persistence.database import db

            session = db.session()
            for data in (first(), second()):
                batch = imported(session, data)
                assert batch.state == "done"
            assert list(verify_chain(session)) == []
            assert list(differences(session)) == []
            kept.append(told(session))
            assert session.scalar(select(func.count()).select_from(SearchDocument)) == sum(
                session.scalar(select(func.count()).select_from(Model.metadata.tables[name])) or 0
                for name in ("instrument", "holder", "place")
            )
            db.session.remove()
    for name in kept[0]:
        assert kept[1][name] == kept[0][name], name
        assert kept[2][name] == kept[0][name], name
    assert len(kept[0]["instrument"]) > 80
    assert sum("'rejected'" in row for row in kept[0]["ledger_row"]) == 7


def test_a_memory_of_texts_does_not_mix_lines_up(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nameplates, holders and days are read once for all lines that say the same: lines that differ in one of them differ."""
    monkeypatch.setattr(ledger_rows, "_MOST_HOLDERS", 2)
    rows = [
        meter_row(
            number, 批号=f"L{number % 2}", 准确度等级=("1级", "2级")[number % 2], 公称口径=("DN15", "DN20", "DN25")[number % 3],
            首检日期=f"2024-01-{number % 28 + 1:02d}", 供水单位=f"示范供水公司{number % 5}", 统一社会信用代码=create_uscc(700 + number % 5),
        )
        for number in range(60)
    ]  # fmt: skip
    imported(session, as_csv([METER_HEADINGS, *rows]), name="m.csv")
    found = {one.serial_number: one for one in session.scalars(select(Instrument))}
    assert len(found) == 60
    for number in range(60):
        one = found[f"W{10000000 + number}"]
        assert (one.lot_code, one.nameplate["accuracy_class"], one.nameplate["dn"]) == (
            f"L{number % 2}", ("1", "2")[number % 2], ("15", "20", "25")[number % 3],
        )  # fmt: skip
        assert one.last_verified_on is not None
        assert one.last_verified_on.day == number % 28 + 1
        assert one.holder is not None
        assert one.holder.uscc == create_uscc(700 + number % 5)
        assert one.due_date is not None
        assert one.due_date > one.last_verified_on


# -- kill -9

LINES, CHUNK, KILLS = 240, 20, 2
IMPORT = """
import sys, time
from datetime import datetime
from pathlib import Path
from metrology import create_app
from metrology.domain.authority import Actor
from metrology.persistence.database import db
from metrology.services import importing, ledger_chunks
from metrology.settings import load
import dataclasses
ledger_chunks.CHUNK = int(sys.argv[2])
now = datetime.fromisoformat(sys.argv[3])
with create_app(dataclasses.replace(load(), scheduler=False)).app_context():
    session = db.session()
    importing.import_now(
        session, Actor.system(), Path(sys.argv[1]).read_bytes(), "m.csv", today=now.date(), now=lambda: now,
        step=lambda progress, total=None, note="": (time.sleep(0.05), session.commit()),
    )
    session.commit()
"""


def _process(app: Flask, path: Path) -> subprocess.Popen[bytes]:
    settings = app.config["METROLOGY"]
    environment = {
        **os.environ,
        "METROLOGY_INSTANCE": str(settings.instance),
        "DATABASE_URL": settings.database_url.replace("+psycopg", ""),
        "PYTHONPATH": str(ROOT),
    }
    arguments = [sys.executable, "-c", IMPORT, str(path), str(CHUNK), NOW.isoformat()]
    return subprocess.Popen(arguments, env=environment, cwd=Path(ROOT), stderr=subprocess.PIPE)


def _rows(session: Session) -> int:
    """Lines done. It only reads: on SQLite it would be in the way otherwise."""
    session.rollback()
    with reading():
        counted = _counted(session)
        session.rollback()
    return counted


def _counted(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(LedgerRow).where(LedgerRow.done_at.is_not(None))) or 0


@pytest.mark.timeout(600)
def test_a_process_killed_again_and_again_loses_and_doubles_nothing(
    app: Flask, session: Session, tmp_path: Path
) -> None:
    rows = [meter_row(number) for number in range(LINES)]
    rows[LINES // 2], rows[LINES - 5] = meter_row(3), meter_row(7, 首检日期="待定")
    path = tmp_path / "m.csv"
    path.write_bytes(as_csv([METER_HEADINGS, *rows]))
    seen = 0
    for _kill in range(KILLS):
        process = _process(app, path)
        while process.poll() is None and _rows(session) == seen:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        now_there = _rows(session)
        assert now_there % CHUNK == 0
        assert now_there > seen
        seen = now_there
    assert seen < LINES, "killed too late: nothing was left to go on with"
    process = _process(app, path)
    _out, said = process.communicate(timeout=300)
    assert process.returncode == 0, said.decode()
    session.rollback()
    batch = session.scalars(select(LedgerBatch)).one()
    assert (batch.state, batch.counts["created"], batch.counts["rejected"]) == ("done", LINES - 2, 2)
    assert _rows(session) == LINES
    for model, number in ((Instrument, LINES - 2), (SearchDocument, None)):
        counted = session.scalar(select(func.count()).select_from(model))
        assert number is None or counted == number
    assert (
        session.scalar(
            select(func.count()).select_from(JournalEntry).where(JournalEntry.action == "instrument.registered")
        )
        == LINES - 2
    )
    documents = select(func.count()).select_from(SearchDocument).where(SearchDocument.kind == "instrument")
    assert session.scalar(documents) == LINES - 2
    assert list(verify_chain(session)) == []
    assert list(differences(session)) == []
