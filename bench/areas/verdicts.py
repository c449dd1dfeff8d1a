"""Verdicts in a second, of each type, on one core: from text to verdict with the sheet drawn, and as a record is judged again."""

from __future__ import annotations

import json
from collections.abc import Iterator

from bench.measuring import Measure, several
from bench.rows import record_of
from metrology import regulations

AREA = "verdicts"
_TIMES = 20


def alone() -> Iterator[Measure]:
    """Each type with rules: its first whole conforming example, judged from text."""
    for code, kind in sorted(regulations.all_types().items()):
        if not kind.has_rules:
            continue
        record = record_of(code)
        edition = kind.edition(record.edition)
        plate, readings = json.loads(record.nameplate), json.loads(record.readings)

        def judge() -> None:
            for _time in range(_TIMES):
                verdict = edition.judge(plate, record.kind, readings)  # noqa: B023 - called before the next turn
                assert verdict.verdict == "conforms"

        seconds = several(judge)
        yield Measure(AREA, kind.names["en"], "—", "—", seconds, per="verdicts", count=_TIMES, note=edition.code)
