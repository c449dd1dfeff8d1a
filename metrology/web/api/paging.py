"""Lists of the API: pages by a cursor, with the filters and orders of the list of the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from flask import request
from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import Schema, fields, validate
from sqlalchemy import Select
from werkzeug.datastructures import MultiDict

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.web.api.kit import Area, View
from metrology.web.api.parsing import Refused
from metrology.web.api.schemas import Digits, Text, said, told
from metrology.web.list_filters import Asking, ChoiceFilter, DaysFilter, Labelled
from metrology.web.listing import ListDefinition, Listing
from metrology.web.requests import actor, settings, today

USUAL, MOST = 50, 200
LIMIT: dict[str, Any] = {
    "limit": Digits(load_default=USUAL, validate=validate.Range(1, MOST), metadata={"description": "rows of a page"}),
    "cursor": Text(metadata={"description": "of the page before, from its `next`"}),
}
_shapes: dict[Any, type[Schema]] = {}


def page_of(shape: type[Schema]) -> type[Schema]:
    """The shape of a page: its rows, and the address of the next one."""
    if shape not in _shapes:
        address = fields.String(required=True, allow_none=True, metadata={"description": "address of the next page"})
        name = f"{shape.__name__.removesuffix('Told')}Page"
        _shapes[shape] = told(name, items=fields.List(fields.Nested(shape), required=True), next=address)
    return _shapes[shape]


def next_page(cursor: str) -> str:
    """The address of this list from a cursor on."""
    from urllib.parse import urlencode

    pairs = [(key, value) for key, value in request.args.items(multi=True) if key != "cursor"]
    return f"{request.base_url}?{urlencode([*pairs, ('cursor', cursor)])}"


# -- lists the pages have too


class _ApiListing(Listing):
    """A list as the API asks for it."""

    def asked(self, cursor: str | None, limit: int) -> tuple[list[Any], str | None]:
        """The rows after a cursor, and the next cursor."""
        after = None if cursor is None else self._position(cursor)
        if cursor is not None and after is None:
            raise Problem("bad_cursor", "cursor")
        page = self.query.page(self.asking.session, limit, after=after)
        rows = self.load(self.asking.session, page.keys, self.definition.columns)
        return rows, self.cursor(page.positions[-1]) if page.has_next and page.positions else None


def list_of(
    area: Area, path: str, definition: ListDefinition, shape: type[Schema], *, zh: str, en: str, **more: Any
) -> None:
    """The operation of a list: the filters, orders and scope its page has."""

    def listing(asked: dict[str, Any]) -> Any:
        args = MultiDict([pair for pair in request.args.items(multi=True) if pair[0] not in LIMIT])
        asking = Asking(db.session(), actor(), today(), args)
        if wrong := list(_unknown(definition, asking)):
            raise Refused(wrong)
        shown = _ApiListing(definition, asking)
        rows, cursor = shown.asked(asked.get("cursor"), asked["limit"])
        broken = definition.altered(db.session(), rows)
        kept = [row for row in rows if not broken or row.id not in broken]
        return {"items": kept, "next": next_page(cursor) if cursor else None}

    listing.__doc__ = en
    query = said(f"{definition.page.title().replace('_', '')}Query", None, **{**LIMIT, **_filters(definition)})
    endpoint = more.pop("endpoint", f"list_{definition.page}")
    area.read(path, definition.action, page_of(shape), query=query, zh=zh, endpoint=endpoint, **more)(listing)


def _unknown(definition: ListDefinition, asking: Asking) -> Iterator[Problem]:
    """What a page would find nothing for, and a program would take for an empty list."""
    for one in definition.filters:
        yield from one.unknown(asking)
    sort = asking.value("sort")
    if sort and sort.removeprefix("-") not in definition.sorts:
        yield Problem("bad_choice", "sort", value=sort[:60])


def _filters(definition: ListDefinition) -> dict[str, Any]:
    found: dict[str, Any] = {key: Text() for key in definition.extra_keys}
    for one in definition.filters:
        about: dict[str, Any] = {"format": "date"} if isinstance(one, DaysFilter) else {}
        if isinstance(one, ChoiceFilter) and isinstance(one.choices, Labelled):
            about = {"enum": list(one.choices.table)}
        is_several = isinstance(one, ChoiceFilter) and one.is_multiple
        for key in one.keys:
            found[key] = fields.List(Text(metadata=about)) if is_several else Text(metadata=about)
    orders = ", ".join(f"`{name}`, `-{name}`" for name in definition.sorts)
    found["sort"] = Text(metadata={"description": f"{orders}; default `{definition.default_sort}`"})
    return found


# -- lists by key


def by_key(statement: Select[Any], key: Any, asked: dict[str, Any], *, newest_first: bool = False) -> dict[str, Any]:
    """A page of a statement in the order of its key: each row the first thing the statement selects."""
    name = f"{request.endpoint}"
    start = _key(asked.get("cursor"), name)
    if start is not None:
        statement = statement.where(key < start if newest_first else key > start)
    order = key.desc() if newest_first else key.asc()
    rows = list(db.session.scalars(statement.order_by(order).limit(asked["limit"] + 1)).unique())
    shown = rows[: asked["limit"]]
    last = getattr(shown[-1], key.key) if len(rows) > len(shown) else None
    return {"items": shown, "next": None if last is None else next_page(_signer(name).dumps(last))}


def in_pages(
    fetch: Callable[[Any, int], tuple[Sequence[Any], Any]],
    asked: dict[str, Any],
    show: Callable[[Any], Any] | None = None,
) -> dict[str, Any]:
    """A page of a service that answers rows and the key of the next page."""
    name = f"{request.endpoint}"
    rows, last = fetch(_key(asked.get("cursor"), name), asked["limit"])
    items: Iterable[Any] = rows if show is None else [show(row) for row in rows]
    return {"items": list(items), "next": None if last is None else next_page(_signer(name).dumps(last))}


def _signer(name: str) -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt=f"api {name}")


def _key(cursor: str | None, name: str) -> Any:
    if cursor is None:
        return None
    try:
        return _signer(name).loads(cursor)
    except BadSignature as error:
        raise Problem("bad_cursor", "cursor") from error


def plain_list(rows: Sequence[Any], asked: dict[str, Any]) -> dict[str, Any]:
    """A page of a list short enough to be looked up whole: its cursor is a place in it."""
    name = f"{request.endpoint}"
    start = _key(asked.get("cursor"), name) or 0
    end = start + asked["limit"]
    return {"items": list(rows[start:end]), "next": next_page(_signer(name).dumps(end)) if len(rows) > end else None}


PageQuery = said("PageQuery", None, **LIMIT)

__all__ = ["LIMIT", "PageQuery", "View", "by_key", "in_pages", "list_of", "next_page", "page_of", "plain_list"]
