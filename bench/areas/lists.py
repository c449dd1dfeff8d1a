"""List pages and searches, the first page and a deep one, beside a hand-written query plus the same rendering."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from flask import render_template
from sqlalchemy import text
from werkzeug.datastructures import MultiDict

from bench.measuring import Measure, in_turn, profiled
from bench.registries import Registry
from bench.rows import TODAY
from metrology.domain.authority import Actor
from metrology.persistence.database import db, reading
from metrology.persistence.keyset import Position
from metrology.persistence.search import KIND_MARKS, doubled
from metrology.services import searching
from metrology.web import instrument_lists, listing
from metrology.web.list_filters import Asking

AREA = "lists"
_WHO = Actor(1, "bench", frozenset({"officer", "manager"}))
_HAND = (
    "select i.id, i.number, i.model, i.serial_number, i.state, i.due_date, i.last_verified_on, t.name_zh, h.name, p.full_name "
    "from instrument i join instrument_type t on t.code = i.type_code left join holder h on h.id = i.holder_id "
    "left join place p on p.id = i.place_id "
)
_PAGE = 51


@dataclass(frozen=True)
class Case:
    """A list as the address asks for it, and by hand: condition and order (``i`` is the instrument)."""

    name: str
    query: dict[str, str]
    where: str
    order: tuple[str, ...] = ("i.due_date", "i.id")


CASES = (
    Case("in use, by due date", {"state": "in_use"}, "i.state = 'in_use'"),
    Case("one district's overdue", {"state": "in_use", "district": "410703", "due": "overdue"},
         "i.state = 'in_use' and i.district_code = '410703' and i.due_date < :today"),
    Case("one type", {"state": "in_use", "type": "pressure_gauge"}, "i.state = 'in_use' and i.type_code = 'pressure_gauge'"),
    Case("one holder", {"state": "in_use", "holder": "1"}, "i.state = 'in_use' and i.holder_id = 1"),
    Case("all, by number", {"state": "all", "sort": "number"}, "1 = 1", ("i.number",)),
)  # fmt: skip


def measure(registry: Registry) -> Iterator[Measure]:
    """Each list: its first page and one far down, beside the hand-written query with the same page drawn from kept rows."""
    app = registry.app
    with app.test_request_context(), reading():
        for case in CASES:
            yield _measured(registry, case, None)
            position = far_down(case, registry.size)
            if position is not None:
                yield _measured(registry, case, position)
        yield from _searches(registry)
        db.session.remove()


def _measured(registry: Registry, case: Case, after: Position | None) -> Measure:
    definition = instrument_lists.INSTRUMENTS
    order = ", ".join(case.order)
    beyond, values = "", {"today": TODAY}
    if after is not None:
        marks = ", ".join(f":at{n}" for n in range(len(case.order)))
        beyond = f" and ({order}) > ({marks})"
        values |= {f"at{n}": value for n, value in enumerate((after.value, after.key)[: len(case.order)])}
    hand = text(f"{_HAND} where {case.where}{beyond} order by {order} limit {_PAGE}")
    cursor = {} if after is None else {"after": listing.Listing(definition, _asking(case.query)).cursor(after)}

    shown = listing.Listing(definition, _asking({**case.query, **cursor}))
    rendered(shown)  # what it asks for is kept by it: rendered again, it asks nothing

    def ours() -> object:
        db.session.expunge_all()
        db.session().info.clear()  # what one request has asked is asked again by the next
        return rendered(listing.Listing(definition, _asking({**case.query, **cursor})))

    def by_hand() -> object:
        db.session.execute(hand, values).all()
        return rendered(shown)

    seconds, bare = in_turn(ours, by_hand, rounds=9)
    name = case.name if after is None else f"{case.name}, nine tenths down"
    made = Measure(AREA, name, registry.name, registry.database, seconds, bare, per="pages", target=1.5)
    return profiled(made, ours)


def rendered(shown: listing.Listing) -> str:
    """The page of a list, without the frame around it."""
    return render_template(shown.definition.template, list=shown, primary=None, links=[], empty=("", ""))


def _asking(query: dict[str, str]) -> Asking:
    return Asking(db.session(), _WHO, TODAY, MultiDict(query))


def far_down(case: Case, size: int) -> Position | None:
    """Where nine tenths of a list are above, found by walking back from its end."""
    backwards = ", ".join(f"{column} desc" for column in case.order)
    columns = ", ".join((*case.order, "i.id")[:2])
    offset = text(
        f"select {columns} from instrument i where {case.where} and {case.order[0]} is not null "
        f"order by {backwards} limit 1 offset {min(size // 200, 20_000)}"
    )
    row = db.session.execute(offset, {"today": TODAY}).first()
    if row is None:
        return None
    value = date.fromisoformat(row[0]) if case.order[0] == "i.due_date" and isinstance(row[0], str) else row[0]
    return Position(value, row[1])


def _searches(registry: Registry) -> Iterator[Measure]:
    """Search as one types: a serial number, part of one, a maker's name that a fifth of the city has."""
    session = db.session()
    serial = str(
        session.scalar(text("select serial_number from instrument where id = :id"), {"id": registry.size // 2})
    )
    for name, words in (("a serial number", serial), ("part of one", serial[2:9]), ("a common maker", "三川智慧")):

        def ours(words: str = words) -> object:
            session.expunge_all()
            return searching.search(session, _WHO, words)

        def bare(words: str = words) -> object:
            return session.execute(_BY_TRIGRAMS[registry.database], {"found": _term(registry.database, words)}).all()

        seconds, alone = in_turn(ours, bare)
        yield Measure(
            AREA, f"search: {name}; bare: instruments that hold it, by the index", registry.name, registry.database, seconds,
            alone, per="searches", note=f"{1000 * (seconds - alone):.0f} ms more: exact numbers, four other kinds, the rows found",
        )  # fmt: skip


def _term(database: str, words: str) -> str:
    own = (KIND_MARKS["instrument"], doubled(words))
    return " AND ".join(f'"{one}"' for one in own) if database == "sqlite" else f"%{own[1]}%"


_BY_TRIGRAMS = {
    "sqlite": text(
        "select d.object_id from search_index join search_document d on d.id = search_index.rowid "
        "where search_index match :found limit 40"
    ),
    "postgresql": text("select object_id from search_document where body like '%ins%' and body like :found limit 40"),
}
