"""What several subjects of own lists share: types, districts, scope, and conditions on days and codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from metrology.documents.bilingual import Bilingual
from metrology.domain.problems import Problem
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.keyset import Condition
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.services.own_list_parts import Asked, ListFilter, Names

TYPES = Names(TypeEntry.code, TypeEntry.name_zh, TypeEntry.name_en)
DISTRICTS = Names(District.code, District.name_zh, District.name_en)
HOLDERS = Names(Holder.id, Holder.name, Holder.name)
PLACES = Names(Place.id, Place.full_name, Place.full_name)
NONE = "none"
"""Stands for "without one" in filters by district."""


def equals(column: InstrumentedAttribute[Any]) -> Callable[[Asked, tuple[str, ...]], Condition]:
    """The column has one of the values; ``none``: it has none."""

    def where(_asked: Asked, values: tuple[str, ...]) -> Condition:
        codes = [value for value in values if value != NONE]
        here: Condition = column.in_(codes)
        return here if len(codes) == len(values) else or_(here, column.is_(None))

    return where


def days(column: Any) -> Callable[[Asked, tuple[str, ...]], Condition | None]:
    """The column lies between two days, both included; an empty end is open."""

    def where(_asked: Asked, values: tuple[str, ...]) -> Condition | None:
        first, last = (day(value) for value in values)
        conditions: list[Condition] = []
        if first is not None:
            conditions.append(column >= first)
        if last is not None:
            conditions.append(column <= last)
        return None if not conditions else conditions[0] if len(conditions) == 1 else conditions[0] & conditions[1]

    return where


def day(text: str) -> date | None:
    """An ISO day, or nothing."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise Problem("own_list_bad_day", None, value=text[:20]) from fault


def key_of(text: str) -> int:
    """The key of a thing of the registry."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Problem("own_list_bad_value", None, value=text[:40])
    return int(text)


def of_scope(column: Any) -> Callable[[Asked], Condition | None]:
    """What belongs to instruments that the one who asks may see."""

    def scope(asked: Asked) -> Condition | None:
        if asked.actor.district_code is None and not asked.actor.is_holder:
            return None
        found: Condition = column.in_(within(select(Instrument.id), asked.actor))
        return found

    return scope


def place_path(asked: Asked, text: str) -> str:
    """The path of a place that a filter names, within the scope of the one who asks."""
    statement = select(Place.path).where(Place.id == key_of(text))
    found: str | None = asked.session.scalar(within(statement, asked.actor, Place))
    return found or "/none/"


def month_of(column: Any) -> Callable[[Asked], ColumnElement[Any]]:
    """The month of a day, ``2026-11``; empty where there is no day."""

    def month(asked: Asked) -> ColumnElement[Any]:
        is_sqlite = asked.session.get_bind().dialect.name == "sqlite"
        text = func.strftime("%Y-%m", column) if is_sqlite else func.to_char(column, "YYYY-MM")
        return func.coalesce(text, "")

    return month


def plain(column: Any) -> Callable[[Asked], Any]:
    """The column itself, whoever asks."""
    return lambda _asked: column


TYPE_MEANING = Bilingual(
    "器具种类，依强制检定目录（市场监管总局公告 2020 年第 42 号）或法规文件。",
    "Kind of instrument, by the catalogue or the regulation.",
)
DISTRICT_MEANING = Bilingual(
    "器具所在场所的县（市、区）；场所未登记的，取使用单位所在县（市、区）。",
    "District of its place, else of its holder.",
)


def type_filter(column: InstrumentedAttribute[Any], **options: Any) -> ListFilter:
    """Of some kinds of instruments."""
    return ListFilter(
        key="type", name=Bilingual("器具种类", "Type"), kind="choices", where=equals(column), names=TYPES, **options
    )
