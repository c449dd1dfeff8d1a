"""What the page of a list asks the database: a few questions, and no more of them for many rows."""

from __future__ import annotations

import re

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.domain.authority import STAFF
from metrology.persistence.database import db
from metrology.web import listing
from metrology.web.listing import DEFINITIONS
from tests.asking import asked
from tests.people import create_user, sign_in
from tests.records import certify, create_scale, create_standard, create_team
from tests.services.test_searching import create_holder, create_place

USUAL = 6
"""Who asks, the mark of the law, the keys of the page, how the person likes the list, the rows, how many there are."""
MOST = {
    "certificates": 7,  # and the days of warning, from the settings
    "reminders": 8,  # and three counts of messages
    "tasks": 12,  # and how the ticker and the journal's checkpoints stand
    "visits": 8,  # and those who verify
    "print_queue": 7,  # and the roles of those who asked
}


@pytest.fixture
def staff(client: FlaskClient, session: Session) -> None:
    """The browser of someone who may see every list."""
    sign_in(client, create_user(session, *STAFF))


def create_rows(session: Session, count: int) -> None:
    """So many rows of the lists one works with, of different holders, places, districts and people."""
    team = create_team(session)
    for number in range(count):
        district = (None, "410702", "410703", "410711")[number % 4]
        holder = create_holder(session, f"张记{number}", district=district)
        place = create_place(session, f"东湖{number}", district=district)
        place.organiser_id = holder.id
        scale = create_scale(session, f"SC-{number}")
        scale.holder_id, scale.place_id, scale.district_code = holder.id, place.id, district
        certify(session, team, scale)
        create_standard(session, team.institute, f"BZ-{number}")
    session.commit()


def questions(client: FlaskClient, address: str) -> list[str]:
    """What a page asks that was opened before."""
    assert client.get(address).status_code == 200
    with asked(db.engine) as made:
        assert client.get(address).status_code == 200
    return [statement for statement, _values in made if statement.startswith("SELECT")]


def test_each_list_asks_a_few_questions(
    app: Flask, client: FlaskClient, staff: None, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    create_rows(session, 3)
    with app.test_request_context():
        addresses = {page: url_for(one.endpoint) for page, one in DEFINITIONS.items() if page != "instruments_then"}
    found = {page: questions(client, address) for page, address in addresses.items()}
    assert {page: made for page, made in found.items() if len(made) > MOST.get(page, USUAL)} == {}
    assert len(found["instruments"]) == USUAL


@pytest.mark.parametrize("page", ["instruments", "holders", "places", "standards", "verifications", "certificates"])
def test_more_rows_and_every_column_are_no_more_questions(
    client: FlaskClient, staff: None, session: Session, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    create_rows(session, 5)
    columns = [column.key for column in DEFINITIONS[page].columns]
    client.post(f"/lists/{page}/layout", data={"column": columns, "density": "usual"})
    made = []
    for size in (1, 4):
        monkeypatch.setattr(listing, "PAGE_SIZE", size)
        made.append(len(questions(client, f"/{page}/")))
    assert made[0] == made[1]


def test_what_stands_on_one_page_is_not_counted_again(client: FlaskClient, staff: None, session: Session) -> None:
    create_rows(session, 3)
    assert re.search(r"<p>\s*3 rows", client.get("/holders/?lang=en").text)
    assert len(questions(client, "/holders/")) == USUAL - 1


def test_the_next_page_asks_no_more(
    client: FlaskClient, staff: None, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    create_rows(session, 6)
    first = client.get("/instruments/?sort=number").text
    address = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert len(questions(client, address)) == USUAL
