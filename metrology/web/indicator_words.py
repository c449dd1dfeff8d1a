"""Figures and targets of indicators as they are written on pages, papers and sheets."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import gettext as _

from metrology.domain.indicator import Indicator
from metrology.services.indicators import Measure


def figure(one: Measure, indicator: Indicator) -> str:
    """A figure as it is written."""
    return written(one.value, indicator)


def written(value: float | None, indicator: Indicator) -> str:
    """A value in the unit of an indicator."""
    if value is None:
        return "—"
    if indicator.unit == "share":
        return f"{value:.1f}\u2009%"
    if indicator.unit == "per_10000":
        return f"{value:.2f}"
    if indicator.unit == "days":
        return str(_("%(count)s d", count=f"{value:g}"))
    return f"{value:,.0f}"


def target_words(value: Decimal | str | float | None, indicator: Indicator) -> str:
    """A target as it was set, with every decimal; a locked statement may hold it as text."""
    if value is None:
        return "—"
    text = f"{Decimal(str(value)).normalize():,f}"
    if indicator.unit == "share":
        return f"{text}\u2009%"
    return str(_("%(count)s d", count=text)) if indicator.unit == "days" else text
