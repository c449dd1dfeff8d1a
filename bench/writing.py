"""The table, on the terminal and in docs/performance.md: what a run did not measure anew stays as it was."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from bench.measuring import Measure
from metrology.persistence.database import sqlite_library
from metrology.settings import ROOT

KEPT = ROOT / "docs" / "performance.json"
HEAD = """# Performance

Written by `make bench`; not edited by hand. A figure is the median of several goes; what counts is the **ratio**: the registry and a bare
reference done in turn in one run, for machines are shared and a bad minute then falls on both. Sizes are instruments; there are four
verifications and two certificates to each.

"""


def line(one: Measure) -> str:
    """One measure for the terminal."""
    ratio = "" if one.ratio is None else f"{one.ratio:6.2f}×"
    met = {True: "met", False: "NOT MET", None: ""}[one.is_met]
    where = f"{one.size} {one.database}".strip(" —")
    return f"{one.area:<14} {one.name:<44} {where:<15} {_time(one):>12} {_rate(one):>22} {ratio:>8} {met} {one.note}"


def _time(one: Measure) -> str:
    each = one.seconds / one.count
    return f"{each * 1e6:,.0f} µs" if each < 1e-3 else f"{each * 1e3:,.1f} ms" if each < 1 else f"{each:,.2f} s"


def _rate(one: Measure) -> str:
    return (
        f"{one.rate:,.0f} {one.per}/s"
        if one.per and one.rate >= 10
        else f"{one.rate:,.2f} {one.per}/s"
        if one.per
        else ""
    )


def write(found: list[Measure], path: Path) -> Path:
    """Put the measures of a run into the page, beside those of earlier runs that it did not repeat."""
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    today = datetime.now(tz=UTC).date().isoformat()
    for one in found:
        kept[f"{one.area}|{one.name}|{one.size}|{one.database}"] = {**asdict(one), "day": today, "machine": _machine()}
    KEPT.write_text(json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    path.write_text(HEAD + "\n".join(_sections(kept)) + "\n")
    return path


def _sections(kept: dict[str, dict[str, object]]) -> list[str]:
    lines: list[str] = []
    rows = [
        ({key: value for key, value in row.items() if key not in ("day", "machine")}, row["day"])
        for row in kept.values()
    ]
    for area in sorted({str(row["area"]) for row, _day in rows}):
        lines += [f"## {area.capitalize()}", ""]
        lines += [
            "| what | size | database | each | in a second | bare | ratio | aim | day | |",
            "|---|---|---|--:|--:|--:|--:|--:|---|---|",
        ]
        for row, day in rows:
            if row["area"] == area:
                lines.append(_row(Measure(**row), str(day)))  # type: ignore[arg-type]
        lines.append("")
    lines += _rest([Measure(**row) for row, _day in rows])  # type: ignore[arg-type]
    lines += ["## Machine", "", _machine()]
    if kept_fsync := _fsync():
        lines.append(kept_fsync)
    lines += ["", "Others worked on it at the same time: times are upper bounds, ratios are what counts."]
    return lines


def _rest(measures: list[Measure]) -> list[str]:
    """Where the time goes of what misses its aim, as a profile of the same run found it."""
    missed = [one for one in measures if one.is_met is False]
    if not missed:
        return []
    lines = [
        "## Where the rest goes", "",
        "What misses its aim, with the shares of its own time by whose code it was spent in (cProfile, in the same run).", "",
        "| what | size | database | ratio | aim | spent in |", "|---|---|---|--:|--:|---|",
    ]  # fmt: skip
    for one in missed:
        most_first = sorted(one.extra.items(), key=lambda part: (-int(str(part[1]).rstrip("%")), part[0]))
        spent = ", ".join(f"{whose} {share}" for whose, share in most_first) or "not profiled in that run"
        lines.append(
            f"| {one.area}: {one.name} | {one.size} | {one.database} | {one.ratio:.2f} | {one.target:.2f} | {spent} |"
        )
    return [*lines, ""]


@cache
def _fsync() -> str:
    """How the PostgreSQL of the bench keeps what is committed; nothing when it is not there."""
    from sqlalchemy import create_engine, text

    from bench.registries import POSTGRES

    engine = create_engine(POSTGRES.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as connection:
            told = [
                str(connection.execute(text(f"show {name}")).scalar())
                for name in ("server_version", "fsync", "synchronous_commit", "shared_buffers")
            ]
    except Exception:
        return ""
    return f"PostgreSQL {told[0]}: fsync {told[1]}, synchronous_commit {told[2]}, shared_buffers {told[3]}."


def _row(one: Measure, day: str) -> str:
    bare = "" if one.bare is None else _time(Measure("", "", "", "", one.bare, count=one.count))
    ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
    aim = "" if one.target is None else f"≤ {one.target:.2f} {'✓' if one.is_met else '✗'}"
    cells = (one.name, one.size, one.database, _time(one), _rate(one), bare, ratio, aim, day, one.note)
    return "| " + " | ".join(cells) + " |"


def _machine() -> str:
    parts = ", ".join(
        f"{name} {version(name)}" for name in ("flask", "sqlalchemy", "pysqlite3", "psycopg", "typst", "cryptography")
    )
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {sqlite_library().sqlite_version}, {parts}."
    )
