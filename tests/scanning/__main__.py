"""``python -m tests.scanning [SHOTS]``: the tables of docs/scanning.md, measured anew (100 photographs for each figure)."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from tests.scanning.codes import fullest
from tests.scanning.rates import HARMS, PIXELS, by_distance, by_harm


def _table(heading: list[str], rows: Iterable[list[str]]) -> None:
    print("| " + " | ".join(heading) + " |")
    print("|" + "---|" * len(heading))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


def main() -> None:
    shots = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    texts = fullest()
    _table(
        ["profile, side, printer", "QR", "dots a module", *(f"{side} px" for side in PIXELS)], by_distance(texts, shots)
    )
    print()
    _table(["at 450 px", *HARMS], by_harm(texts, shots))


if __name__ == "__main__":
    main()
