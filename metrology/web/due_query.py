"""What of an address or a form narrows the due list: read here, sent back by the pages that plan from it."""

from __future__ import annotations

from typing import Any

from flask import request
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from metrology.persistence.database import db
from metrology.persistence.districts import District
from metrology.persistence.instruments import TypeEntry
from metrology.services.due_groups import HORIZONS, DueFilter
from metrology.web.requests import actor

KEYS = ("within", "district", "type", "place", "holder", "planned")


def due_filter(args: MultiDict[str, str] | None = None) -> DueFilter:
    """The filter of a request."""
    asked = request.values if args is None else args
    days = asked.get("within", 30, type=int)
    return DueFilter(
        within_days=days if days in HORIZONS else 30,
        district_code=asked.get("district") or None,
        type_code=asked.get("type") or None,
        place_id=asked.get("place", type=int),
        holder_id=asked.get("holder", type=int),
        with_planned=asked.get("planned") == "1",
    )


def due_pairs() -> dict[str, Any]:
    """The same, for links and hidden fields."""
    return {key: request.values[key] for key in KEYS if request.values.get(key)}


def districts() -> list[District]:
    """The districts of the one who asks."""
    mine = actor().district_code
    rows = db.session.scalars(select(District).order_by(District.position))
    return [row for row in rows if mine is None or row.code == mine]


def types() -> list[TypeEntry]:
    """Types that are verified again and again, those with rules first."""
    statement = select(TypeEntry).where(TypeEntry.is_current.is_(True), TypeEntry.mode != "first_only_scrap")
    return list(db.session.scalars(statement.order_by(TypeEntry.has_rules.desc(), TypeEntry.position)))
