"""Doing two things in turn, many times, and saying how much longer the one took."""

from __future__ import annotations

import cProfile
import gc
import pstats
import resource
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

Work = Callable[[], object]
ONLY_ONCE = False
"""Whether everything is done once without a warm-up: for the tests, which look whether it runs, not how fast."""


@dataclass(frozen=True)
class Measure:
    """One line of the table: seconds a piece of work took here and done bare, and what is aimed at."""

    area: str
    name: str
    size: str
    database: str
    seconds: float
    bare: float | None = None
    per: str = ""
    """What a second holds of, such as ``verdicts``; ``count`` of them were done in ``seconds``."""
    count: int = 1
    target: float | None = None
    note: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """How many times the bare thing's time."""
        return None if not self.bare else self.seconds / self.bare

    @property
    def rate(self) -> float:
        """How many in a second."""
        return self.count / self.seconds if self.seconds else float("inf")

    @property
    def is_met(self) -> bool | None:
        """Whether the aim is met; None where there is none."""
        return None if self.target is None or self.ratio is None else self.ratio <= self.target


def in_turn(ours: Work, bare: Work, *, rounds: int = 9) -> tuple[float, float]:
    """Median seconds of each, done alternately after one warm-up, so that a busy minute falls on both."""
    if ONLY_ONCE:
        return once(ours), once(bare)
    ours()
    bare()
    taken: tuple[list[float], list[float]] = ([], [])
    for _round in range(rounds):
        for work, times in zip((ours, bare), taken, strict=True):
            times.append(once(work))
    return statistics.median(taken[0]), statistics.median(taken[1])


def once(work: Work) -> float:
    """Seconds of one go, with the collector at rest."""
    if not ONLY_ONCE:
        gc.collect()
    gc.disable()
    try:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began
    finally:
        gc.enable()


def profiled(one: Measure, work: Work, *, times: int = 5) -> Measure:
    """The measure with the shares of its time by whose code it is spent in, where it misses its aim."""
    if one.is_met is not False or ONLY_ONCE:
        return one
    return replace(one, extra=shares(work, times=times))


def shares(work: Work, *, times: int = 1) -> dict[str, str]:
    """Whose code the time of some work is spent in, largest first: a package, a part of ours, the interpreter's own functions."""
    profile = cProfile.Profile()
    for _time in range(times):
        profile.runcall(work)
    spent: Counter[str] = Counter()
    for (file, _line, name), (_calls, _all, own, _total, _callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        spent[_whose(file, name)] += own
    total = sum(spent.values()) or 1.0
    return {whose: f"{seconds / total:.0%}" for whose, seconds in spent.most_common(_TOLD) if seconds / total >= _LEAST}


_TOLD, _LEAST = 7, 0.03


def _whose(file: str, name: str) -> str:
    parts = Path(file).parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1].removesuffix(".py")
    if "metrology" in parts and file.endswith(".py"):
        place = len(parts) - 1 - parts[::-1].index("metrology")
        return "/".join(parts[place : place + 2]).removesuffix(".py")
    if "pysqlite3" in name or "psycopg" in name or "sqlite3" in name:
        return "the database and its driver"
    if file.endswith(".html") or "<template>" in file or "templates" in parts:
        return "templates"
    return "Python itself"


def several(work: Work, *, rounds: int = 5) -> float:
    """Median seconds after one warm-up."""
    if ONLY_ONCE:
        return once(work)
    work()
    return statistics.median(once(work) for _round in range(rounds))


def memory() -> int:
    """Resident memory of this process now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 2**20
