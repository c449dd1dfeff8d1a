"""Filters by where things are, shared by the lists of the registry: districts, and places with all below them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute, lazyload, load_only

from metrology.persistence.holders import Holder
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.services import catalogue
from metrology.services.catalogue import Named
from metrology.web.list_filters import Asking, Choices, Condition, named

HOLDER_NAME = (load_only(Holder.name), lazyload(Holder.district))
"""Of a holder the name alone."""
PLACE_NAME = (load_only(Place.name, Place.full_name), lazyload(Place.district))
"""Of a place its names alone."""


def district_choices(asking: Asking) -> Choices:
    """The districts of the one who asks, and having none."""
    return [*named(districts(asking)), ("none", _l("no district"))]


def districts(asking: Asking) -> list[Named]:
    """The districts of the one who asks."""
    mine = asking.actor.district_code
    return [one for one in catalogue.read(asking.session).districts if mine in (None, one.code)]


def in_districts(column: InstrumentedAttribute[Any]) -> Callable[[Asking, list[str]], Condition]:
    """In one of the districts, or in none."""

    def where(_asking: Asking, values: list[str]) -> Condition:
        codes = [value for value in values if value != "none"]
        here = column.in_(codes)
        return here if len(codes) == len(values) else or_(here, column.is_(None))

    return where


def holder_name(asking: Asking, key: int) -> str | None:
    """The name of a holder, for those who may see it."""
    name: str | None = asking.session.scalar(within(select(Holder.name).where(Holder.id == key), asking.actor, Holder))
    return name


def place_name(asking: Asking, key: int) -> str | None:
    """The name of a place with those above it. A holder sees where its instruments stand, wherever that is."""
    statement = select(Place.full_name).where(Place.id == key)
    name: str | None = asking.session.scalar(
        statement if asking.actor.is_holder else within(statement, asking.actor, Place)
    )
    return name


def subtree(asking: Asking, key: int) -> Select[int]:
    """Keys of a place and of all below it: one range of the paths."""
    path = asking.session.scalar(select(Place.path).where(Place.id == key)) or "none"
    return select(Place.id).where(Place.path >= path, Place.path < path[:-1] + chr(ord("/") + 1))
