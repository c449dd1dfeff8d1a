"""The search page and the lines below the box: grouped, marked, escaped, within one's scope."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.services import searching
from metrology.web.search import marked
from tests.people import create_user, sign_in
from tests.services.test_searching import create_holder, create_instrument, create_place


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("东湖市场", ("湖市",), "东<mark>湖市</mark>场"),
        ("YH-1000 11", ("yh10", "11"), "<mark>YH-10</mark>00 <mark>11</mark>"),
        ("ＹＨ１", ("yh",), "<mark>ＹＨ</mark>１"),
        ("<b>东</b>", ("东",), "&lt;b&gt;<mark>东</mark>&lt;/b&gt;"),
        ("aaa", ("aa",), "<mark>aaa</mark>"),
        ("东湖", ("西",), "东湖"),
        (None, ("西",), ""),
    ],
)
def test_what_was_found_is_marked(text: str | None, words: tuple[str, ...], expected: str) -> None:
    assert str(marked(text, words)).replace("<mark>YH</mark>-<mark>10</mark>", "<mark>YH-10</mark>") == expected


@pytest.fixture
def city(session: Session) -> None:
    holder, place = create_holder(session, "<b>张记</b>水产"), create_place(session, "东湖市场")
    instruments = [create_instrument(session, f"YH-{n}", holder_id=holder.id, place_id=place.id) for n in range(12)]
    searching.index(session, holder, place, *instruments)
    session.commit()


def test_the_page_groups_by_kind_and_links_to_the_rest(client: FlaskClient, session: Session, city: None) -> None:
    sign_in(client, create_user(session, "officer"))
    page = client.get("/search/?q=张记").text
    assert page.index("使用单位</h2>") < page.index("器具</h2>")
    assert "&lt;b&gt;<mark>张记</mark>&lt;/b&gt;水产" in page
    assert "/instruments/?q=%E5%BC%A0%E8%AE%B0&amp;state=all" in page


def test_suggestions_are_a_fragment(client: FlaskClient, session: Session, city: None) -> None:
    sign_in(client, create_user(session, "officer"))
    answer = client.get("/search/suggest?q=东湖")
    assert "<html" not in answer.text
    assert answer.text.count("<li>") == 1 + 5 + 1
    assert "没有找到" in client.get("/search/suggest?q=<x>").text
    assert "<x>" not in client.get("/search/suggest?q=<x>").text


@pytest.mark.parametrize("query", ["", "%20", "%00", "%27", "%22%20OR%20%22", "NEAR(", "*", "^", "x" * 5000])
def test_anything_can_be_typed(client: FlaskClient, session: Session, city: None, query: str) -> None:
    sign_in(client, create_user(session, "officer"))
    for page in ("/search/", "/search/suggest"):
        assert client.get(f"{page}?q={query}").status_code == 200


def test_a_holder_finds_its_own(client: FlaskClient, session: Session, city: None) -> None:
    other = create_holder(session, "李记水产")
    searching.index(session, other, create_instrument(session, "YH-X", holder_id=other.id))
    sign_in(client, create_user(session, "holder", holder_id=other.id))
    page = client.get("/search/?q=水产").text
    assert ("李记" in page.replace("<mark>", ""), "张记" in page.replace("<mark>", "")) == (True, False)


def test_a_guest_is_sent_to_log_in(app: Flask, client: FlaskClient) -> None:
    assert client.get("/search/?q=x").status_code == 302
