"""What templates may call: dates with their distance, quantities, bilingual names, labels of codes, permissions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Flask
from flask_babel import gettext as _
from flask_babel import ngettext

from metrology.persistence.clock import SHANGHAI
from metrology.services.indicator_papers import difference
from metrology.web import labels
from metrology.web.languages import is_zh
from metrology.web.requests import actor, allowed, settings, today


def init_app(app: Flask) -> None:
    """Add filters and globals."""
    app.jinja_env.filters.update(
        day=day, instant=instant, distance=distance, quantity=quantity, pick=pick, label=label, thousands=thousands,
        difference=difference,
    )  # fmt: skip
    app.jinja_env.globals.update(allowed=allowed, actor=actor, today=today, labels=labels, settings=settings)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def day(value: date | None) -> str:
    """ISO day, or a dash."""
    return value.isoformat() if value else "—"


def instant(value: datetime | None) -> str:
    """Instant as Shanghai's clocks show it, to the minute."""
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if value else "—"


def distance(value: date | None, since: date | None = None) -> str:
    """How far a due date is from today or from a past day, in words: 12 days left, due today, 40 days overdue."""
    if value is None:
        return ""
    days = (value - (since or today())).days
    if days == 0:
        return str(_("last day today") if since is None else _("last day"))
    if days > 0:
        return str(ngettext("%(num)d day left", "%(num)d days left", days))
    return str(ngettext("%(num)d day overdue", "%(num)d days overdue", -days))


def quantity(text: str | None) -> str:
    """A quantity with a thin space before its unit."""
    if not text:
        return "—"
    number, _space, unit = str(text).partition(" ")
    return f"{number}\u2009{unit}" if unit else number


def pick(thing: Any, key: str = "name") -> str:
    """The text of a bilingual thing in the reader's language: {zh, en} as a mapping or values, or ``name_zh`` and ``name_en``."""
    if thing is None:
        return ""
    if isinstance(thing, dict):
        return str(thing.get("zh" if is_zh() else "en") or thing.get("zh") or thing.get("en") or "")
    zh, en = getattr(thing, f"{key}_zh", None), getattr(thing, f"{key}_en", None)
    if zh is None and hasattr(thing, "zh"):
        zh, en = thing.zh, thing.en
    if zh is None:
        zh = getattr(thing, key, "")
    return str((zh if is_zh() else en) or zh or "")


def label(code: str | None, table: str) -> str:
    """The word of a code: ``state|label('INSTRUMENT_STATES')``."""
    if not code:
        return "—"
    return str(getattr(labels, table).get(code, code))


def thousands(value: int | None) -> str:
    """A count with separators."""
    return "—" if value is None else f"{value:,}"
