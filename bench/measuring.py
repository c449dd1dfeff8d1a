"""Doing two things in turn, many times, and saying how much longer the one took."""

from __future__ import annotations

import gc
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
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
