"""One chart of each kind for the page of components."""

from __future__ import annotations

from types import SimpleNamespace

from flask_babel import gettext as _

from metrology.web import charts
from metrology.web.charts import Figure, Interval

_MONTHS = ("2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08")
_RATES: tuple[float | None, ...] = (86.1, 87.4, None, 88.0, 90.2, 91.5, 91.1, 93.0, 94.8, 95.6)
_BEFORE: tuple[float | None, ...] = (80.0, 81.5, 79.9, 83.0, 84.1, 84.9, 86.0, 85.2, 87.7, 88.3)
_PLACES = (("红旗区", 97.2, 412), ("牧野区", 91.0, 280), ("辉县市", 84.5, 96))


def samples() -> SimpleNamespace:
    """What each macro of the charts is given."""
    ages = (_("up to 30 days"), _("31 to 90 days"), _("over 90 days"))
    kinds = ("age_1", "age_2", "age_4")
    parts = [
        [Figure(name, n, kind=kind, url="#") for name, n, kind in zip(ages, counts, kinds, strict=True)]
        for counts in ((640, 380, 184), (220, 150, 42), (180, 70, 30))
    ]
    return SimpleNamespace(
        bars=charts.bars(
            [Figure(name, rate, f"{rate} %", "#", "valid" if rate >= 90 else "due_soon") for name, rate, _n in _PLACES],
            most=100,
            target=90,
            unit=" %",
        ),
        stack=charts.stack(parts[0]),
        stacks=[
            charts.stack(figures, most=1204, label=name, url="#")
            for (name, _rate, _n), figures in zip(_PLACES, parts, strict=True)
        ],
        columns=charts.columns(
            [_month(day, rate) for day, rate in zip(_MONTHS, _RATES, strict=True)],
            earlier=[_month(day, rate) for day, rate in zip(_MONTHS, _BEFORE, strict=True)],
            target=95,
            target_words="95 %",
            most=100,
            unit=" %",
        ),
        intervals=charts.intervals(
            [
                Interval(Figure("正星科技", 97.9, "97.9 %", "#"), 95.9, 99.1, 412),
                Interval(Figure("托肯恒山", 93.1, "93.1 %", "#"), 87.9, 96.5, 160),
                Interval(Figure("某衡器厂", 79.2, "79.2 %", "#"), 65.0, 89.5, 48),
                Interval(Figure("新厂", None), None, None, 0),
            ],
            first=60,
            target=95,
        ),
        pareto=charts.pareto(
            [
                Figure(name, n, url="#", kind="expired", note="红旗区")
                for name, n in (("示范农贸市场", 96), ("城东加油站", 61), ("城西农贸市场", 40), ("某超市", 22))
            ],
            total=260,
        ),
    )


def _month(day: str, rate: float | None) -> Figure:
    year, _dash, month = day.partition("-")
    shown = "—" if rate is None else f"{rate} %"
    return Figure(month, rate, shown, "#", "info", year if month in ("01", "11") else "")
