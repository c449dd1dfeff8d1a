"""What every list offers: filters kept under a name, columns and density, sorted headings, the lists of holders, places and types."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.persistence.database import reading
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.journal import JournalEntry
from metrology.persistence.preferences import SavedFilter
from metrology.services import searching
from metrology.services.list_preferences import save_filter
from metrology.web.listing import DEFINITIONS, Listing
from tests.conftest import NOW
from tests.people import create_user, sign_in
from tests.services.test_searching import OFFICER, create_holder, create_instrument, create_place


@pytest.fixture
def officer(client: FlaskClient, session: Session) -> Any:
    user = create_user(session, "officer")
    sign_in(client, user)
    return user


def headings(page: str) -> list[str]:
    return [
        re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r'<th scope="col"[^>]*>(.*?)</th>', page, re.DOTALL)
    ]


# -- kept filters


def keep(client: FlaskClient, query: str, name: str = "我的", **more: str) -> Any:
    return client.post("/lists/instruments/saved", data={"query": query, "name": name, **more})


def test_a_filter_is_kept_without_its_page_and_without_what_is_no_filter(
    client: FlaskClient, officer: Any, session: Session
) -> None:
    create_instrument(session, "A1")
    answer = keep(client, "due=overdue&after=xyz&evil=1&district=410702&district=410703")
    assert (answer.status_code, answer.location) == (302, "/instruments/?district=410702&district=410703&due=overdue")
    (row,) = session.query(SavedFilter).all()
    assert (row.page, row.name, row.query) == ("instruments", "我的", "district=410702&district=410703&due=overdue")
    assert "/instruments/?district=410702&amp;district=410703&amp;due=overdue" in client.get("/instruments/").text


def test_a_name_used_again_takes_the_new_filter(client: FlaskClient, officer: Any, session: Session) -> None:
    keep(client, "due=overdue")
    keep(client, "due=30", is_shared="1")
    (row,) = session.query(SavedFilter).all()
    assert (row.query, row.is_shared) == ("due=30", True)


def test_others_see_only_what_is_shared(client: FlaskClient, officer: Any, session: Session) -> None:
    keep(client, "due=30", "只有我")
    keep(client, "due=60", "大家的", is_shared="1")
    create_instrument(session, "A1")
    client.get("/instruments/")
    sign_in(client, create_user(session, "auditor"))
    page = client.get("/instruments/").text
    assert ("大家的" in page, "只有我" in page) == (True, False)
    assert "/lists/saved/" not in page


def test_one_removes_ones_own_only(client: FlaskClient, officer: Any, session: Session) -> None:
    keep(client, "due=60", "大家的", is_shared="1")
    key = session.query(SavedFilter.id).scalar()
    own = client
    sign_in(own, create_user(session, "auditor"))
    assert own.post(f"/lists/saved/{key}/remove").status_code == 404
    sign_in(own, officer)
    assert own.post(f"/lists/saved/{key}/remove").status_code == 302
    assert session.query(SavedFilter).count() == 0
    actions = [entry.action for entry in session.query(JournalEntry).filter_by(object_kind="saved_filter")]
    assert actions == ["saved_filter.kept", "saved_filter.removed"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\u200bb"])
def test_a_filter_needs_a_readable_name(client: FlaskClient, officer: Any, session: Session, name: str) -> None:
    keep(client, "due=60", name)
    assert session.query(SavedFilter).count() == 0


def test_a_filter_too_long_is_refused_whole(client: FlaskClient, officer: Any, session: Session) -> None:
    assert keep(client, "q=" + "x" * 4000).status_code == 422
    assert session.query(SavedFilter).count() == 0


def test_a_kept_filter_cannot_lead_elsewhere(session: Session) -> None:
    user = create_user(session, "officer")
    row = save_filter(
        session,
        OFFICER.__class__(user.id, "x", frozenset({"officer"})),
        "instruments",
        "n",
        "due=30",
        is_shared=False,
        now=NOW,
    )
    assert row.query == "due=30"


# -- columns


def test_columns_and_density_are_remembered_for_each_person(
    client: FlaskClient, officer: Any, session: Session
) -> None:
    create_instrument(session, "A1")
    session.commit()
    client.post("/lists/instruments/layout", data={"column": ["serial", "number", "nonsense"], "density": "dense"})
    keep(client, "due=60", "乙")
    keep(client, "due=30", "甲")
    page = client.get("/instruments/?lang=en").text
    assert sorted(re.findall(r'href="/instruments/\?(due=\d+)"', page)) == ["due=30", "due=60"]
    assert headings(page) == ["Number", "Serial number"]
    assert "grid-wrap is-tall is-dense" in page
    sign_in(client, create_user(session, "auditor"))
    assert "Due date" in headings(client.get("/instruments/?lang=en").text)[-2]


def test_an_unknown_density_is_refused(client: FlaskClient, officer: Any) -> None:
    assert client.post("/lists/instruments/layout", data={"column": "serial", "density": "x"}).status_code == 422


def test_a_heading_sorts_and_says_how(client: FlaskClient, officer: Any, session: Session) -> None:
    create_instrument(session, "A1")
    session.commit()
    page = client.get("/instruments/?sort=serial").text
    assert re.search(r'aria-sort="ascending">\s*<a href="/instruments/\?sort=-serial">', page)
    page = client.get("/instruments/?sort=-serial").text
    assert re.search(r'aria-sort="descending">\s*<a href="/instruments/\?sort=serial">', page)


def test_every_list_has_a_page_its_columns_and_a_default_order(client: FlaskClient, officer: Any) -> None:
    assert {"instruments", "holders", "places", "types", "standards"} <= set(DEFINITIONS)
    for page, definition in DEFINITIONS.items():
        keys = [column.key for column in definition.columns]
        assert len(set(keys)) == len(keys), page
        assert definition.default_sort.removeprefix("-") in definition.sorts
        assert {column.sort for column in definition.columns if column.sort} <= set(definition.sorts), page


@pytest.mark.parametrize("page", ["instruments", "holders", "places", "types", "standards"])
def test_every_column_can_be_shown_and_taken_along(
    client: FlaskClient, officer: Any, session: Session, page: str
) -> None:
    holder, place = create_holder(session, "张记"), create_place(session, "东湖")
    place.organiser_id = holder.id
    create_instrument(session, "A1", holder_id=holder.id, place_id=place.id, nameplate={"max": "30 kg"})
    create_instrument(session, "A2", is_assembly=True)
    session.commit()
    columns = [column.key for column in DEFINITIONS[page].columns]
    client.post(f"/lists/{page}/layout", data={"column": columns, "density": "roomy"})
    assert client.get(f"/{page}/").status_code == 200
    assert client.get(f"/lists/{page}/export.xlsx").status_code == 200
    exported = client.get(f"/lists/{page}/export.csv", buffered=True).get_data(as_text=True)
    assert len(exported.splitlines()[0].split(",")) == len(columns)


# -- holders, places, types


def names(page: str) -> list[str]:
    cells = re.findall(r'<td data-label="(?:Name|名称)"[^>]*>(.*?)</td>', page, re.DOTALL)
    return [re.sub(r"<[^>]+>|\s", "", cell) for cell in cells]


@pytest.fixture
def neighbours(session: Session) -> None:
    zhang, li = create_holder(session, "张记水产"), create_holder(session, "李记蔬菜", district="410721")
    li.kind, li.is_active = "vendor", False
    market, stall = create_place(session, "东湖市场"), create_place(session, "1号摊位", district=None)
    stall.path, stall.full_name, stall.kind = f"{market.path}{stall.id}/", "东湖市场/1号摊位", "stall"
    market.organiser_id = zhang.id
    searching.index(session, zhang, li, market, stall)
    session.commit()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/holders/", ["张记水产", "李记蔬菜不再有效"]),
        ("/holders/?q=水产", ["张记水产"]),
        ("/holders/?q=张", ["张记水产"]),
        ("/holders/?kind=vendor", ["李记蔬菜不再有效"]),
        ("/holders/?district=410702", ["张记水产"]),
        ("/holders/?active=no", ["李记蔬菜不再有效"]),
        ("/holders/?kind=nonsense", []),
        ("/places/", ["东湖市场", "东湖市场/1号摊位"]),
        ("/places/?kind=stall", ["东湖市场/1号摊位"]),
        ("/places/?place=1", ["东湖市场", "东湖市场/1号摊位"]),
        ("/places/?place=2", ["东湖市场/1号摊位"]),
        ("/places/?district=none", ["东湖市场/1号摊位"]),
        ("/places/?organiser=1", ["东湖市场"]),
        ("/places/?q=摊位", ["东湖市场/1号摊位"]),
    ],
)
def test_neighbours_are_found(
    client: FlaskClient, officer: Any, neighbours: None, address: str, expected: list[str]
) -> None:
    found = names(client.get(address).text)
    assert sorted(name.split("已停用")[0] for name in found) == sorted(name.split("不再有效")[0] for name in expected)


def test_a_holder_sees_itself_and_no_list_of_places(client: FlaskClient, session: Session, neighbours: None) -> None:
    sign_in(client, create_user(session, "holder", holder_id=1))
    assert names(client.get("/holders/").text) == ["张记水产"]
    assert client.get("/places/").status_code == 403
    assert client.get("/lists/places/export.csv").status_code == 403


def test_types_show_what_is_computed_and_what_is_unconfirmed(
    client: FlaskClient, officer: Any, session: Session
) -> None:
    page = client.get("/types/?lang=en&rules=yes&q=水表").text
    assert "cold water meter" in page
    count = session.query(TypeEntry).filter_by(has_rules=True).count()
    assert f"{count} rows" in client.get("/types/?lang=en&rules=yes").text
    assert "Nothing matches" in client.get("/types/?lang=en&q=无此器具").text


def test_an_export_keeps_little_of_the_database_in_memory(
    client: FlaskClient, officer: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite alone has a cache of its own for each connection; PostgreSQL has nothing to be set."""
    create_instrument(session, "A1")
    session.commit()
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    during: list[int] = []
    held: list[Session] = []

    def load(shown: Listing, own: Session, *given: Any) -> list[Any]:
        held.append(own)
        during.append(cache_of(own))
        return whole(shown, own, *given)

    def cache_of(own: Session) -> int:
        return int(own.connection().exec_driver_sql("PRAGMA cache_size").scalar_one()) if is_sqlite else 0

    whole = Listing.load
    monkeypatch.setattr(Listing, "load", load)
    exported = client.get("/lists/instruments/export.csv", buffered=True).get_data(as_text=True)
    assert len(exported.splitlines()) == 2
    assert during == [-8 * 1024 if is_sqlite else 0]
    with reading(), Session(held[0].get_bind()) as after:
        assert cache_of(after) == (-64 * 1024 if is_sqlite else 0)
