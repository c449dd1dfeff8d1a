"""What others would use, beside the registry in the same run: Flask-Admin's list, Datasette's facets, pandas on the spreadsheet.

They live in an environment of their own (``python3 -m venv build/peers && build/peers/bin/pip install -r bench/peers.txt``; made when it is
missing), read the same SQLite file, and are told nothing of the registry but its table. ``bench.peer`` runs in that environment.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import xlsxwriter
from sqlalchemy import text
from werkzeug.datastructures import MultiDict

from bench import measuring
from bench.areas.lists import rendered
from bench.measuring import Measure, several
from bench.registries import FOLDER, Registry
from bench.rows import TODAY
from metrology.domain.authority import Actor
from metrology.persistence.database import db, reading
from metrology.services.reporting import overdue_report
from metrology.settings import ROOT
from metrology.web import instrument_lists, listing
from metrology.web.list_filters import Asking

AREA = "peers"
ENVIRONMENT = ROOT / "build" / "peers"
MOST_OF_SHEET = 1_000_000
_WHO = Actor(1, "bench", frozenset({"officer", "manager"}))
_SHEET = "select number, type_code, holder_id, district_code, state, due_date from instrument order by id"
_TIMEOUT = 900


def measure(registry: Registry) -> Iterator[Measure]:
    """Ours and theirs, one after the other; a peer that cannot be run says why."""
    if registry.database != "sqlite" or measuring.ONLY_ONCE:
        return
    refusal = _environment()
    if refusal:
        click.echo(f"  peers are left out: {refusal}")
        return
    with registry.app.test_request_context(), reading():
        path = str(db.engine.url.database)
        ways: list[tuple[str, str, Callable[[], object]]] = [
            ("a list of instruments; beside: Flask-Admin", "admin", _list),
            ("counts of the overdue by district and type; beside: Datasette's facets", "facets", _report),
        ]
        for name, peer, ours in ways:
            yield from _beside(registry, name, ours, peer, path)
        if registry.size <= MOST_OF_SHEET:
            with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
                sheet = _spreadsheet(Path(folder) / "instruments.xlsx")
                yield from _beside(
                    registry,
                    "the overdue report; beside: openpyxl and pandas on the spreadsheet",
                    _report,
                    "pandas",
                    sheet,
                )
        db.session.remove()


def _beside(registry: Registry, name: str, ours: Callable[[], object], peer: str, path: str) -> Iterator[Measure]:
    seconds = several(ours, rounds=7)
    try:
        done = subprocess.run(  # noqa: S603 - our own module, in the environment of the peers
            [str(ENVIRONMENT / "bin" / "python"), str(ROOT / "bench" / "peer.py"), peer, path, TODAY.isoformat()],
            capture_output=True, text=True, timeout=_TIMEOUT, check=True,
        )  # fmt: skip
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        yield Measure(
            AREA, name, registry.name, registry.database, seconds, told["seconds"], per="times", note=told["note"]
        )
    except subprocess.TimeoutExpired:
        yield Measure(
            AREA, name, registry.name, registry.database, seconds, per="times", note=f"the peer took over {_TIMEOUT} s"
        )
    except subprocess.CalledProcessError as error:
        click.echo(f"  {peer} failed: {error.stderr[-500:]}")


def _environment() -> str:
    """Make it where it is missing; why not, where it cannot be made."""
    if (ENVIRONMENT / "bin" / "datasette").exists():
        return ""
    pip = str(ENVIRONMENT / "bin" / "pip")
    wanted = str(ROOT / "bench" / "peers.txt")
    for command in ([sys.executable, "-m", "venv", str(ENVIRONMENT)], [pip, "install", "-q", "-r", wanted]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["no reason told"])[-1]
    return ""


def _list() -> object:
    db.session.expunge_all()
    asking = Asking(db.session(), _WHO, TODAY, MultiDict({"state": "in_use"}))
    return rendered(listing.Listing(instrument_lists.INSTRUMENTS, asking))


def _report() -> object:
    db.session.expunge_all()
    return overdue_report(db.session(), _WHO, today=TODAY)


def _spreadsheet(path: Path) -> str:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["number", "type_code", "holder_id", "district_code", "state", "due_date"])
    rows = db.session.connection().execution_options(yield_per=1000).execute(text(_SHEET))
    for number, row in enumerate(rows, start=1):
        sheet.write_row(number, 0, list(row))
    book.close()
    return str(path)
