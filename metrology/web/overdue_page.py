"""The overdue report as drawn: its charts, each figure with the address of the instruments behind it.

A list of instruments shows them as they are now, so the figures of a past day open the list of that day. Where what each
instrument was is not kept they open none. Names of districts, types, places and holders open the report narrowed to them, of the same day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from metrology.domain.schedule import AGEING
from metrology.services.reporting import OverdueGroup, OverdueReport, TrendPoint
from metrology.web import charts
from metrology.web.charts import Columns, Figure, Pareto, Stack
from metrology.web.district_map import Tile, places, step_of
from metrology.web.filters import pick

AGEING_KINDS = ("age_1", "age_2", "age_3", "age_4")
"""Colours of the ageing bar, from late to very late."""


def ageing_words() -> list[str]:
    """The classes of ageing, in words."""
    return [
        str(_("%(first)d–%(last)d days", first=one.first, last=one.last))
        if one.last
        else str(_("over %(days)d days", days=one.first - 1))
        for one in AGEING
    ]


@dataclass(frozen=True)
class Links:
    """Addresses of what stands behind the figures of one report. ``query`` is what the report is narrowed to."""

    report: OverdueReport
    query: Mapping[str, str]

    def _list(self, **values: str | None) -> str | None:
        kept: dict[str, Any] = {key: value for key, value in values.items() if value}
        if not self.report.is_past:
            return url_for("instruments.listing", **kept)
        if not self.report.is_known_one_by_one:
            return None
        return url_for("instruments_then.listing", **{**self._day(), **kept})

    def overdue(self, **narrower: str | None) -> str | None:
        """Of the overdue."""
        return self._list(**{**self.query, "due": "overdue", "state": "in_use", **narrower})

    def ahead(self, days: int, planned: str | None = None) -> str | None:
        """Of those that fall overdue within so many days, whatever age the report is narrowed to."""
        first = self.report.day
        last = first + timedelta(days=days - 1)
        rest = {key: value for key, value in self.query.items() if key != "age"}
        return self._list(
            **rest, state="in_use", due_from=first.isoformat(), due_to=last.isoformat(), planned=planned
        )  # fmt: skip

    def in_use(self, **narrower: str | None) -> str | None:
        """Of all in use that the figures count."""
        rest = {key: value for key, value in self.query.items() if key != "age"}
        return self._list(**{**rest, "state": "in_use", "counted": "yes", **narrower})

    def never(self) -> str | None:
        """Of those that wait for their first verification."""
        rest = {key: value for key, value in self.query.items() if key != "age"}
        return self._list(**rest, state="awaiting_verification", counted="never")

    def narrowed(self, **narrower: str) -> str:
        """The report of one group."""
        kept: dict[str, Any] = {**self.query, **self._day(), **narrower}
        return url_for("reports.overdue", **kept)

    def on(self, point: TrendPoint) -> str | None:
        """The report as a past day ended, where that is known."""
        known_from = self.report.known_from
        if known_from is None or point.day < known_from or point.overdue is None:
            return None
        kept: dict[str, Any] = {**self.query, "as_of": point.day.isoformat()}
        return url_for("reports.overdue", **kept)

    def _day(self) -> dict[str, str]:
        return {"as_of": self.report.day.isoformat()} if self.report.is_past else {}


def name_of(group: OverdueGroup) -> str:
    """The name of a group in the reader's language."""
    return pick({"zh": group.name, "en": group.name_en}) or str(_("No district recorded"))


def district_of(group: OverdueGroup) -> str:
    """The district a holder or place lies in."""
    return pick({"zh": group.district_zh, "en": group.district_en})


def ageing(report: OverdueReport, links: Links) -> Stack:
    """How old the overdue are, as one bar. Of a report of one age the others are nothing, and open no list."""
    chosen = report.chosen.age
    return charts.stack(
        [
            Figure(
                words, count, kind=kind, url=links.overdue(age=bucket.code) if chosen in (None, bucket.code) else None
            )
            for words, count, kind, bucket in zip(ageing_words(), report.ageing, AGEING_KINDS, AGEING, strict=True)
        ]
    )


def tiles(groups: Sequence[OverdueGroup], links: Links) -> list[Tile]:
    """The districts as a picture; those without a code stand in the table only."""
    shown = [group for group in groups if group.key]
    where = places([group.key for group in shown])
    drawn = [
        Tile(
            group.key, name_of(group), *where[group.key], group.total, group.in_use, step_of(group.total, group.in_use),
            links.narrowed(district=group.key),
        )
        for group in shown
    ]  # fmt: skip
    return sorted(drawn, key=lambda tile: (tile.row, tile.column))


def trend(
    points: Sequence[TrendPoint], now: TrendPoint, links: Links | None = None, *, is_past: bool = False
) -> Columns | None:
    """The ends of the last months and the day itself; None when fewer than two are known."""
    if sum(point.overdue is not None for point in points) < 1:
        return None
    figures = [
        Figure(
            f"{point.day.month:02d}",
            point.overdue,
            url=links.on(point) if links else None,
            kind="expired",
            note=f"{point.day.year}" if index == 0 or point.day.month == 1 else "",
        )
        for index, point in enumerate(points)
    ]
    last = now.day.strftime("%m-%d") if is_past else str(_("now"))
    return charts.columns([*figures, Figure(last, now.overdue, kind="expired", url=links.overdue() if links else None)])


def pareto(groups: Sequence[OverdueGroup], total: int, key: str, links: Links) -> Pareto:
    """Holders or places, the worst first, with what they come to together of all that is overdue."""
    return charts.pareto(
        [
            Figure(
                name_of(group),
                group.total,
                url=links.overdue(**{key: group.key}),
                kind="expired",
                note=_beside(group),
                label_url=links.narrowed(**{key: group.key}),
            )
            for group in groups
        ],
        total=total,
    )


def _beside(group: OverdueGroup) -> str:
    parts = [district_of(group)]
    if group.oldest:
        parts.append(str(_("oldest since %(day)s", day=group.oldest.isoformat())))
    if group.planned:
        parts.append(str(_("%(count)s planned", count=f"{group.planned:,}")))
    return " · ".join(part for part in parts if part)


def enough_words(drawn: Pareto) -> str:
    """What the curve says in a sentence; nothing when it says little."""
    if drawn.most_of_it is None or drawn.total == 0 or len(drawn.rows) == 1:
        return ""
    return str(
        ngettext(
            "%(num)d of them has four fifths of all that is overdue.",
            "%(num)d of them have four fifths of all that is overdue.",
            drawn.most_of_it,
        )
    )
