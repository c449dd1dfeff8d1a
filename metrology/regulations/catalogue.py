"""The catalogue of instruments under mandatory control (实施强制管理的计量器具目录, SAMR announcement 2020 no. 42).

The official annex (40 first-level kinds, 62 varieties) could not be read; `catalogue.csv` is a reconstruction in which
`confirmed` says of each row whether a source about the announcement names it or the first-level kind it belongs to;
intervals and document numbers are unconfirmed throughout. Row order and numbers are not official
and are not kept. Kinds of mode `calibration` are not in the catalogue: they are the common non-mandatory instruments.

Columns: `supervision` P (type approval), V (verification), P+V or empty; `mode`; `interval_months` (or service life when
the mode is rotation); `purposes` separated by spaces; `regulation`, the documents; `synonyms` separated by `|`.
"""

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from metrology.domain.nameplate import Characteristic
from metrology.domain.regulation import InstrumentType
from metrology.domain.schedule import Interval, Mode

_FILE = Path(__file__).with_name("catalogue.csv")

GENERIC_NAMEPLATE = (
    Characteristic(
        key="range",
        labels={"zh": "测量范围", "en": "measuring range"},
        kind="text",
        synonyms=("量程", "测量范围", "范围", "规格", "range"),
    ),
    Characteristic(
        key="accuracy_class",
        labels={"zh": "准确度等级", "en": "accuracy class"},
        kind="text",
        synonyms=("精度等级", "准确度", "精度", "等级", "最大允许误差", "不确定度", "class"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """A kind of instrument: of the mandatory catalogue, or a non-mandatory one for calibration."""

    code: str
    category: dict[str, str]
    names: dict[str, str]
    supervision: str
    mode: Mode
    interval_months: int | None
    purposes: tuple[str, ...]
    regulation: str
    confirmed: bool
    synonyms: tuple[str, ...] = ()

    @property
    def mandatory(self) -> bool:
        """Whether it must be verified when used for one of its purposes."""
        return "V" in self.supervision

    @classmethod
    def of_type(cls, one: InstrumentType) -> "CatalogueEntry":
        """The row of a type known only by its file."""
        interval = one.default_interval
        return cls(
            code=one.code,
            category=dict(one.names),
            names=dict(one.names),
            supervision="V",
            mode=interval.mode,
            interval_months=interval.months,
            purposes=one.purposes,
            regulation=one.editions[-1].code if one.editions else "",
            confirmed=False,
            synonyms=one.synonyms,
        )


@lru_cache(maxsize=1)
def catalogue_rows() -> tuple[CatalogueEntry, ...]:
    """The rows of the data file."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(_entry(row) for row in csv.DictReader(file))


def _entry(row: dict[str, str]) -> CatalogueEntry:
    return CatalogueEntry(
        code=row["code"],
        category={"zh": row["category_zh"], "en": row["category_en"]},
        names={"zh": row["name_zh"], "en": row["name_en"]},
        supervision=row["supervision"],
        mode=cast("Mode", row["mode"]),
        interval_months=int(row["interval_months"]) if row["interval_months"] else None,
        purposes=tuple(row["purposes"].split()),
        regulation=row["regulation"],
        confirmed=row["confirmed"] == "yes",
        synonyms=tuple(filter(None, row["synonyms"].split("|"))),
    )


def generic_type(entry: CatalogueEntry) -> InstrumentType:
    """A catalogue kind without a file: registered and scheduled by the catalogue's interval, never judged."""
    return InstrumentType(
        code=entry.code,
        names=entry.names,
        purposes=entry.purposes,
        nameplate=GENERIC_NAMEPLATE,
        category=entry.code,
        synonyms=entry.synonyms,
        # `confirmed` of a row speaks of its name; no source was read for the intervals.
        default_interval=Interval(
            months=entry.interval_months, mode=entry.mode, clause=entry.regulation, confirmed=False
        ),
    )
