"""Requests of other systems: a page of instruments, first and deep, and the change feed; with token, limits and JSON.

Bare is a hand-written query of the same rows with ``json.dumps``, behind no server, token or limit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, text
from werkzeug.datastructures import MultiDict

from bench.areas.lists import CASES as LISTS
from bench.areas.lists import far_down
from bench.measuring import Measure, in_turn, profiled
from bench.registries import Registry
from metrology.domain.authority import Actor
from metrology.persistence.api_tokens import ApiToken
from metrology.persistence.clock import today_cn
from metrology.persistence.database import db, transaction
from metrology.persistence.people import Role, User
from metrology.services import api_tokens
from metrology.web import instrument_lists, listing
from metrology.web.list_filters import Asking

AREA = "api"
_PAGE = 50
_ROWS = "select * from instrument i where i.state = 'in_use'{} order by i.due_date, i.id limit 51"
_FEED = (
    "select seq, at, action, object_kind, object_id, instrument_id, changes from journal_entry "
    "where seq > :seq order by seq limit 100"
)


def measure(registry: Registry) -> Iterator[Measure]:
    """Each page beside its query by hand."""
    with registry.app.app_context():
        token = _token()
        position, seq, link = _deep(registry)
        db.session.remove()
    client, headers = registry.app.test_client(), {"Authorization": f"Bearer {token}"}

    def asked(path: str) -> Callable[[], Any]:
        def go() -> None:
            answer = client.get(f"/api/v1/{path}", headers=headers)
            assert answer.status_code == 200, answer.get_data(as_text=True)

        return go

    first = f"instruments?state=in_use&limit={_PAGE}"
    after = " and (i.due_date, i.id) > (:day, :id)"
    cases = (
        ("a page of 50 instruments", first, _ROWS.format(""), {}),
        ("a page, nine tenths down", f"{first}&cursor={position.cursor}", _ROWS.format(after), position.values),
        ("the change feed, 100 entries", "changes?limit=100", _FEED, {"seq": 0}),
        ("the feed, nine tenths down", f"changes?limit=100&after={seq}.{link}", _FEED, {"seq": seq}),
    )
    for name, path, hand, values in cases:
        ours, bare = in_turn(asked(path), _by_hand(registry, hand, values), rounds=9)
        yield profiled(Measure(AREA, name, registry.name, registry.database, ours, bare, per="requests"), asked(path))


class _Position:
    """A place far down: as the API says it, and by hand."""

    def __init__(self, cursor: str, values: dict[str, Any]) -> None:
        self.cursor, self.values = cursor, values


def _deep(registry: Registry) -> tuple[_Position, int, str]:
    session = db.session()
    with registry.app.test_request_context():
        position = far_down(LISTS[0], registry.size)
        asking = Asking(session, _WHO, today_cn(), MultiDict({"state": "in_use"}))
        assert position is not None
        cursor = listing.Listing(instrument_lists.INSTRUMENTS, asking).cursor(position)
    head, _link = _head()
    seq = head * 9 // 10
    hashed = session.scalar(text("select hash from journal_entry where seq = :seq"), {"seq": seq})
    return _Position(cursor, {"day": position.value, "id": position.key}), seq, f"{str(hashed)[:8]}.{_mark()}"


_WHO = Actor(1, "bench", frozenset({"officer"}))


def _head() -> tuple[int, str]:
    from metrology.services import journal

    return journal.head(db.session())


def _mark() -> str:
    from metrology.services.change_feed import reader

    return reader(_WHO).mark


def _token() -> str:
    """A new token of an officer of the city; those of earlier runs go."""
    with transaction(db.session()) as session:
        user = session.get_one(User, 1)
        session.execute(delete(ApiToken).where(ApiToken.user_id == user.id))
        if not user.role_names:
            user.roles.append(session.scalars(select(Role).where(Role.name == "officer")).one())
            session.flush()
        day = today_cn()
        facts = api_tokens.TokenFacts("bench", api_tokens.scopes_for(user.role_names), day + timedelta(days=30))
        actor = Actor(user.id, user.name, user.role_names)
        _row, token = api_tokens.make(session, actor, user, facts, today=day, now=datetime.now(tz=UTC))
    return token


def _by_hand(registry: Registry, hand: str, values: dict[str, Any]) -> Callable[[], object]:
    def go() -> object:
        with registry.app.app_context(), db.engine.connect() as connection:
            rows = connection.execute(text(hand), values).mappings()
            return json.dumps([dict(row) for row in rows], ensure_ascii=False, default=str)

    return go
