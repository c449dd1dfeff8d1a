"""Words for days: weekdays, official days off, make-up days, and years whose days off are not yet announced."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from metrology.domain.problems import Problem
from metrology.optimization.workdays import DayKind, day_kind

blueprint = Blueprint("day_words", __name__)

WEEKDAYS = (_l("Mon"), _l("Tue"), _l("Wed"), _l("Thu"), _l("Fri"), _l("Sat"), _l("Sun"))
HOLIDAYS: dict[str, Any] = {
    "New Year's Day": _l("New Year's Day"),
    "Spring Festival": _l("Spring Festival"),
    "Tomb-sweeping Day": _l("Tomb-sweeping Day"),
    "Labour Day": _l("Labour Day"),
    "Dragon Boat Festival": _l("Dragon Boat Festival"),
    "National Day": _l("National Day"),
    "Mid-autumn Festival": _l("Mid-autumn Festival"),
}


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.filters.update(weekday=weekday, day_note=day_note)
    state.app.jinja_env.globals.update(day_kind=day_kind, WEEKDAYS=WEEKDAYS)


def weekday(day: date) -> str:
    """The weekday, short."""
    return str(WEEKDAYS[day.weekday()])


def day_note(kind: DayKind) -> str:
    """What is unusual about a day: its holiday, or that it is worked to make up for one; nothing for a usual one."""
    if kind.holiday:
        return str(HOLIDAYS.get(kind.holiday, kind.holiday))
    if kind.is_make_up:
        return str(_("Make-up workday"))
    return ""


def refuse_day_off(day: date, *, is_confirmed: bool) -> None:
    """Ask once before something is planned on a day that is not worked. Raises Problem ``day_is_off``."""
    kind = day_kind(day)
    if not kind.is_workday and not is_confirmed:
        why = day_note(kind) or (_("a Saturday") if day.weekday() == 5 else _("a Sunday"))
        raise Problem("day_is_off", "planned_on", day=day.isoformat(), why=why)
