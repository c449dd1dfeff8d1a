"""Planning: what falls due, in groups that one visit takes, and the calendar on which visits are laid and moved."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from metrology.optimization.workdays import day_kind, next_workday
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.persistence.keyset import KeysetQuery, Order, Position
from metrology.persistence.visits import VisitItem
from metrology.services import due_groups, visit_days
from metrology.services.due_groups import GROUPINGS, HORIZONS, DueFilter
from metrology.web.due_query import districts, due_filter, due_pairs, types
from metrology.web.requests import actor, or_404, requires, today

blueprint = Blueprint("plan", __name__, url_prefix="/plan")
PAGE = 50
ROWS = 100
SIDE = 30


@blueprint.get("/due")
@requires("plan.view")
def due() -> str:
    """What falls due, by place, by holder, or by district and week."""
    by = request.args.get("by", "place")
    by = by if by in GROUPINGS else "place"
    offset = max(0, request.args.get("offset", 0, type=int))
    chosen = due_filter()
    found = due_groups.due_groups(db.session(), actor(), chosen, by, today=today(), offset=offset, limit=PAGE)
    query = {**due_pairs(), "by": by}
    return render_template(
        "plan/due.html",
        found=found,
        by=by,
        chosen=chosen,
        query=query,
        tabs=[(_tab_words(one), url_for(".due", **{**query, "by": one}), one == by) for one in GROUPINGS],
        next_url=url_for(".due", **query, offset=offset + PAGE) if found.count > offset + PAGE else None,
        districts=districts(),
        types=types(),
        horizons=HORIZONS,
        verifiers=visit_days.verifiers(db.session(), actor()),
        proposed=_proposed(),
        until=today() + timedelta(days=chosen.within_days),
        rotations=due_groups.rotations(db.session(), actor(), until=today() + timedelta(days=chosen.within_days)),
        hidden=due_pairs(),
    )


@blueprint.get("/due/group")
@requires("plan.view")
def group() -> str:
    """The instruments of one group, to be chosen one by one."""
    key = request.args.get("group", "")
    named = or_404(due_groups.name_of(db.session(), actor(), key))
    chosen = due_filter()
    session = db.session()
    statement = due_groups.selection(session, actor(), chosen, today=today())
    query = KeysetQuery(
        Order(Instrument.due_date, Instrument.id, nullable=True),
        tuple(
            one for one in (statement.whereclause, due_groups.of_group(session, key, today=today())) if one is not None
        ),
    )
    page = query.page(session, ROWS, after=_position(request.args.get("after", "")))
    rows = _instruments(page.keys)
    last = page.positions[-1] if page.positions and page.has_next else None
    return render_template(
        "plan/group.html",
        group=named,
        rows=rows,
        visits=_open_visits(page.keys),
        count=query.count(session, 2000),
        next_url=url_for(".group", group=key, after=f"{last.value or ''}.{last.key}", **due_pairs()) if last else None,
        proposed=_proposed(),
        verifiers=visit_days.verifiers(session, actor()),
        hidden=due_pairs(),
        back=url_for(".due", by=key.partition(":")[0], **due_pairs()),
    )


@blueprint.get("/calendar")
@requires("plan.view")
def calendar() -> str:
    """Visits on their days, by month or week; what falls due beside them, to be laid on a day."""
    view = "week" if request.args.get("view") == "week" else "month"
    day = _day(request.args.get("day", "")) or today()
    verifier_id = request.args.get("verifier", type=int)
    first, last = (visit_days.week_span if view == "week" else visit_days.month_span)(day)
    span = visit_days.calendar(db.session(), actor(), first, last, today=today(), verifier_id=verifier_id)
    chosen = due_filter()
    kept: dict[str, Any] = {**due_pairs(), **({"verifier": verifier_id} if verifier_id else {})}
    return render_template(
        "plan/calendar.html",
        span=span,
        view=view,
        day=day,
        title=_title(view, day, first, last),
        url=lambda **changes: url_for(".calendar", **{"view": view, "day": day.isoformat(), **kept, **changes}),
        before=_step(view, day, -1).isoformat(),
        after=_step(view, day, 1).isoformat(),
        verifier_id=verifier_id,
        verifiers=visit_days.verifiers(db.session(), actor()),
        waiting=_waiting(chosen),
        chosen=chosen,
        hidden=due_pairs(),
        types=types(),
        districts=districts(),
        proposed=_proposed(),
        is_announced=day_kind(last).is_announced,
    )


def _waiting(chosen: DueFilter) -> due_groups.DueList:
    """What the side of the calendar offers: the groups with most to do that are not planned."""
    return due_groups.due_groups(db.session(), actor(), chosen, "place", today=today(), limit=SIDE, only_left=True)


def _proposed() -> date:
    """The day that stands in a form before anyone chose: the next working day."""
    return next_workday(today() + timedelta(days=1))


def _tab_words(by: str) -> str:
    return {
        "place": str(_("By market, station, community")),
        "holder": str(_("By holder")),
        "week": str(_("By district and week")),
    }[by]


def _title(view: str, day: date, first: date, last: date) -> str:
    if view == "week":
        return f"{first.isoformat()} – {last.isoformat()}"
    return str(_("%(month)s/%(year)s", year=day.year, month=day.month))


def _step(view: str, day: date, steps: int) -> date:
    if view == "week":
        return day + timedelta(days=7 * steps)
    months = day.year * 12 + day.month - 1 + steps
    return date(months // 12, months % 12 + 1, 1)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def _position(text: str) -> Position | None:
    value, _dot, key = text.rpartition(".")
    return Position(_day(value), int(key)) if key.isdecimal() and len(key) < 19 else None


def _instruments(keys: list[int]) -> list[Instrument]:
    statement = (
        select(Instrument)
        .where(Instrument.id.in_(keys))
        .options(selectinload(Instrument.place), selectinload(Instrument.holder))
    )
    found = {row.id: row for row in db.session.scalars(statement)}
    return [found[key] for key in keys]


def _open_visits(keys: list[int]) -> dict[int, Any]:
    """The open visit of each instrument that has one."""
    statement = select(VisitItem).where(VisitItem.open_key.in_(keys)).options(selectinload(VisitItem.visit))
    return {item.instrument_id: item.visit for item in db.session.scalars(statement)}
