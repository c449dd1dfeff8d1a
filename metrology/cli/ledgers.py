"""``flask --app run import-ledger FILE``: check a ledger and bring its good rows in, as the page does."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click
from flask.cli import with_appcontext
from flask_babel import force_locale

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence import clock
from metrology.persistence.database import db, reading
from metrology.persistence.ledgers import LedgerBatch
from metrology.services import importing, ledger_checking
from metrology.web.problems import sentence

FIGURES = ("rows", "accepted", "created", "updated", "unchanged")


@click.command("import-ledger")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would become of each row; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Answer one JSON object.")
@click.option(
    "--language", default="zh_Hans_CN", type=click.Choice(["zh_Hans_CN", "en"]), help="Language of the sentences."
)
@with_appcontext
def import_ledger(file: Path, *, dry_run: bool, as_json: bool, language: str) -> None:
    """Bring a ledger (XLSX, XLS or CSV) into the registry. Refused rows are listed; the good ones go in."""
    with force_locale(language):
        try:
            answer = _preview(file) if dry_run else _import(file, quiet=as_json)
        except Problem as problem:
            db.session.rollback()
            _refuse_file(problem, as_json=as_json)
        _print(answer, as_json=as_json)


def _preview(file: Path) -> dict[str, Any]:
    with reading():
        counts, refused = ledger_checking.preview(
            db.session(), Actor.system(), file.read_bytes(), file.name, today=clock.today_cn(), now=clock.now_utc
        )
        db.session.rollback()
    rejected = [
        _rejected(one.line.row, one.column, one.problem.code, one.problem.params) for one in refused if one.problem
    ]
    return {**_figures(counts.to_dict()), "rejected": rejected}


def _import(file: Path, *, quiet: bool) -> dict[str, Any]:
    session = db.session()

    def step(progress: int, total: int | None = None, note: str = "") -> None:
        del note
        session.commit()
        if not quiet and total and sys.stderr.isatty():
            click.echo(f"\r{progress}/{total}", nl=False, err=True)

    batch: LedgerBatch = importing.import_now(
        session, Actor.system(), file.read_bytes(), file.name, today=clock.today_cn(), now=clock.now_utc, step=step
    )
    rows = importing.refused_rows(session, batch.id)
    rejected = [_rejected(row.row, row.column, row.code, row.params) for row in rows]
    return {**_figures(batch.counts), "rejected": rejected}


def _figures(counts: dict[str, Any]) -> dict[str, int]:
    return {name: counts.get(name, 0) for name in FIGURES}


def _rejected(row: int, column: str, code: str, params: dict[str, str]) -> dict[str, Any]:
    message = sentence(params.get("sentence", code), params)
    return {"row": row, "column": column, "code": code, "message": message}


def _print(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    click.echo("\n" + "  ".join(f"{name} {answer[name]}" for name in FIGURES) + f"  rejected {len(answer['rejected'])}")
    for one in answer["rejected"]:
        click.echo(f"  {one['row']:>7}  {one['column']}  {one['message']} ({one['code']})")


def _refuse_file(problem: Problem, *, as_json: bool) -> NoReturn:
    message = sentence(problem.code, problem.params)
    if as_json:
        click.echo(json.dumps({"problem": {"code": problem.code, "message": message}}, ensure_ascii=False))
    else:
        click.echo(f"{message} ({problem.code})", err=True)
    raise SystemExit(1)


commands: Sequence[click.Command] = [import_ledger]
