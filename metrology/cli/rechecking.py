"""``flask --app run recheck-verdicts``: recompute every verdict from what was kept; exit 1 when one would come out otherwise."""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, TextIO

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from metrology import create_app, regulations
from metrology.persistence.database import db, reading
from metrology.services import rechecking
from metrology.services.rechecking import Chunk, Outcome
from metrology.settings import Settings

_TOLD = 50
_WORDS = {"verdict": "another verdict", "figures": "other figures", "unknown": "cannot be recomputed"}
Done = tuple[int, list[Outcome]]
"""How many records a stretch held, and those that would differ."""


@click.command("recheck-verdicts")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only records of this day of verification or later.")
@click.option("--type", "type_code", help="Only records of this instrument type, by its code.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many records, the oldest first.")
@click.option(
    "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that recompute at once."
)
@click.option(
    "--report", type=click.File("w", encoding="utf-8", lazy=False), help="Write what differs here, a JSON line each."
)
@with_appcontext
def recheck_verdicts(
    *, since: datetime | None, type_code: str | None, limit: int | None, jobs: int, report: TextIO | None
) -> None:
    """Recompute the verdict of every record handed in from its readings and edition, and name those that would differ."""
    if type_code is not None and type_code not in regulations.all_types():
        raise click.BadParameter(f"no instrument type has the code {type_code}", param_hint="--type")
    asked: dict[str, Any] = {"since": since.date() if since else None, "type_code": type_code}
    counts: Counter[str] = Counter()
    with reading():
        session = db.session()
        total = rechecking.count(session, **asked)
        stretches = rechecking.chunks(session, limit=limit, **asked)
        total = total if limit is None else min(total, limit)
        with click.progressbar(length=total, label="Recomputing verdicts", file=sys.stderr) as bar:
            for count, differing in _recompute(stretches, asked, jobs):
                _tell(differing, counts, report)
                counts["records"] += count
                bar.update(count)
        session.rollback()
    _conclude(counts, report)


def _recompute(stretches: Iterable[Chunk], asked: dict[str, Any], jobs: int) -> Iterator[Done]:
    if jobs == 1:
        for chunk in stretches:
            yield _stretch(chunk, asked)
        return
    settings: Settings = current_app.config["METROLOGY"]
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin, (settings,))
    with pool:
        rest = iter(stretches)
        waiting = [pool.submit(_stretch_apart, chunk, asked) for chunk in islice(rest, 2 * jobs)]
        while waiting:  # a few stretches are handed out at a time, so that nothing heaps up
            yield waiting.pop(0).result()
            waiting += [pool.submit(_stretch_apart, chunk, asked) for chunk in islice(rest, 1)]


def _stretch(chunk: Chunk, asked: dict[str, Any]) -> Done:
    session = db.session()
    differing, count = [], 0
    for outcome in rechecking.recheck(session, after_id=chunk.after_id, until_id=chunk.until_id, **asked):
        count += 1
        if not outcome.is_same:
            differing.append(outcome)
    session.rollback()
    return count, differing


_app: Flask | None = None


def _begin(settings: Settings) -> None:
    """A process of the pool makes its own application, once."""
    global _app  # noqa: PLW0603 - the pool gives its work no other place to keep it
    _app = create_app(replace(settings, scheduler=False))


def _stretch_apart(chunk: Chunk, asked: dict[str, Any]) -> Done:
    if _app is None:  # pragma: no cover - the pool begins every process with _begin
        raise RuntimeError("the process was not begun")
    with _app.app_context(), reading():
        return _stretch(chunk, asked)


def _tell(differing: list[Outcome], counts: Counter[str], report: TextIO | None) -> None:
    for outcome in differing:
        counts[outcome.kind] += 1
        if report is not None:
            report.write(json.dumps(outcome.to_dict(), ensure_ascii=False) + "\n")
        if sum(counts[kind] for kind in _WORDS) <= _TOLD:
            click.echo(
                f"{outcome.number} ({outcome.type_code}, {outcome.edition}): {_WORDS[outcome.kind]}; "
                f"was {outcome.was}, would be {outcome.would_be or 'none'}; {outcome.difference}"
            )


def _conclude(counts: Counter[str], report: TextIO | None) -> None:
    differing = {kind: counts[kind] for kind in _WORDS}
    if report is not None:
        report.write(json.dumps({"records": counts["records"], **differing}) + "\n")
    if not any(differing.values()):
        click.echo(f"{counts['records']} records recomputed; every verdict comes out as it was kept.")
        return
    told = ", ".join(f"{number} {_WORDS[kind]}" for kind, number in differing.items() if number)
    click.echo(f"{counts['records']} records recomputed: {told}.", err=True)
    sys.exit(1)


commands = [recheck_verdicts]
