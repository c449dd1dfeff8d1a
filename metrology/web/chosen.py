"""Rows chosen in a list: single ones (``id``, repeated), or all that match its address (``all_matching`` and ``query``)."""

from __future__ import annotations

from itertools import islice

from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from metrology.domain.problems import Problem
from metrology.web import listing
from metrology.web.listing import ListDefinition, Listing


def chosen_keys(definition: ListDefinition, form: MultiDict[str, str], *, limit: int) -> list[int]:
    """Keys of the rows a form of the list names, within the scope of the one who asks; refused when none or too many."""
    shown = Listing(definition, listing.asking(listing.args_of(form.get("query", ""))))
    session, key = shown.asking.session, shown.order.key
    if form.get("all_matching"):
        keys = next(shown.query.chunks(session, limit + 1), [])
    else:
        asked = [int(value) for value in islice(form.getlist("id"), limit + 1) if value.isdecimal() and len(value) < 19]
        scope = definition.within(select(definition.model), shown.asking).whereclause
        statement = select(key).where(key.in_(asked))
        visible = set(session.scalars(statement if scope is None else statement.where(scope)))
        keys = [one for one in dict.fromkeys(asked) if one in visible]
    if not keys:
        raise Problem("nothing_selected")
    if len(keys) > limit:
        raise Problem("too_many_selected", limit=limit)
    return keys
