"""Holders, their contacts and places are registered, looked at and changed through their pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.persistence.holders import Contact, Holder
from metrology.persistence.places import Place
from metrology.services import placing
from metrology.services.placing import PlaceFacts
from tests.conftest import NOW, TODAY
from tests.people import create_user, sign_in
from tests.records import OFFICER, create_holder, create_scale

USCC = "91110000600037341L"


@pytest.fixture(autouse=True)
def _on_the_day(set_today: Any) -> None:
    set_today(TODAY)


@pytest.fixture
def officer(session: Session, client: FlaskClient) -> Iterator[FlaskClient]:
    sign_in(client, create_user(session, "officer"))
    return client


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def version_on(page: str) -> str:
    found = re.search(r'name="version"[^>]*value="(\d+)"', page)
    assert found is not None
    return found[1]


def market(session: Session, name: str = "东湖市场", district: str = "410702") -> Place:
    facts = PlaceFacts(name=name, kind="market", district_code=district)
    place = placing.register_place(session, OFFICER, facts, now=NOW)
    session.commit()
    return place


# -- holders


def test_a_holder_is_registered(officer: FlaskClient, session: Session) -> None:
    said = {"name": "示范商贸", "uscc": USCC, "kind": "", "district_code": "410702"}
    assert officer.post("/holders/new", data=said).status_code == 302
    holder = session.scalars(select(Holder)).one()
    assert (holder.uscc, holder.kind, holder.number) == (USCC, "enterprise", "DW00000001")
    page = text(officer.get(f"/holders/{holder.id}?lang=en"))
    assert USCC in page


@pytest.mark.parametrize(("field", "value"), [("uscc", "91110000600037341N"), ("name", "无")])
def test_a_wrong_field_is_said_where_it_stands(officer: FlaskClient, session: Session, field: str, value: str) -> None:
    said = {"name": "示范商贸", "uscc": "", "kind": "", "district_code": "", "address": "某路 1 号", field: value}
    answer = officer.post("/holders/new?lang=en", data=said)
    page = text(answer)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in page
    assert 'value="某路 1 号"' in page
    assert session.scalar(select(Holder)) is None


def test_a_known_holder_is_shown_instead(officer: FlaskClient, session: Session) -> None:
    said = {"name": "示范商贸", "uscc": USCC, "kind": "", "district_code": ""}
    officer.post("/holders/new", data=said)
    known = session.scalars(select(Holder)).one()
    answer = officer.post("/holders/new?lang=en", data={**said, "name": "另名"})
    assert answer.status_code == 422
    assert f'href="/holders/{known.id}"' in text(answer)


def test_typed_over_somebody_elses_change_nothing_is_lost(officer: FlaskClient, session: Session) -> None:
    holder = create_holder(session)
    session.commit()
    path = f"/holders/{holder.id}/edit"
    version = version_on(text(officer.get(path)))
    said = {"name": "示范超市有限公司", "kind": "enterprise", "district_code": "", "version": version}
    assert officer.post(path, data={**said, "address": "甲路"}).status_code == 302
    answer = officer.post(f"{path}?lang=en", data={**said, "address": "乙路"})
    page = text(answer)
    assert answer.status_code == 409
    assert 'value="乙路"' in page
    assert "甲路" in page
    assert officer.post(path, data={**said, "address": "乙路", "version": version_on(page)}).status_code == 302
    session.expire_all()
    assert holder.address == "乙路"


def test_counts_are_links_to_the_instruments(officer: FlaskClient, session: Session) -> None:
    scale = create_scale(session, due_date=TODAY.replace(day=1))
    session.commit()
    page = text(officer.get(f"/holders/{scale.holder_id}?lang=en"))
    assert f"/instruments/?due=overdue&amp;holder={scale.holder_id}" in page


def test_a_holder_with_instruments_stays_open_and_the_reason_is_said(officer: FlaskClient, session: Session) -> None:
    scale = create_scale(session)
    session.commit()
    answer = officer.post(f"/holders/{scale.holder_id}/active?lang=en", data={"active": "0", "reason": "x"})
    assert "It still holds instruments" in text(officer.get(f"{answer.location}?lang=en"))


def test_holders_are_offered_while_one_types(officer: FlaskClient, session: Session) -> None:
    said = {"name": "示范商贸", "uscc": USCC, "kind": "", "district_code": "410702"}
    officer.post("/holders/new", data=said)
    offered = officer.get("/holders/choices?q=商贸&lang=en").get_json()
    assert offered == [{"value": "DW00000001 示范商贸", "note": "Hongqi District"}]
    assert officer.get("/holders/choices?q=").get_json() == []


# -- contacts


def test_contacts_are_named_changed_and_removed(officer: FlaskClient, session: Session) -> None:
    holder = create_holder(session)
    session.commit()
    said = {"name": "王", "email": "wang@example.cn", "notify_email": "y", "language": "zh_Hans_CN"}
    assert officer.post(f"/holders/{holder.id}/contacts/new", data=said).status_code == 302
    contact = session.scalars(select(Contact)).one()
    path = f"/holders/{holder.id}/contacts/{contact.id}"
    said["version"] = version_on(text(officer.get(path)))
    assert officer.post(path, data={**said, "notify_email": ""}).status_code == 302
    said["version"] = version_on(text(officer.get(path)))
    answer = officer.post(f"{path}?lang=en", data={**said, "wecom_webhook": "https://evil.example/?key=1"})
    assert answer.status_code == 422
    assert 'id="wecom_webhook-error"' in text(answer)
    officer.post(f"{path}/remove")
    session.expire_all()
    assert (contact.notify_email, contact.is_active) == (False, False)
    assert officer.get(path).status_code == 404


def test_a_holders_account_keeps_its_own_contacts(client: FlaskClient, session: Session) -> None:
    mine, other = create_holder(session, "甲"), create_holder(session, "乙")
    sign_in(client, create_user(session, "holder", holder_id=mine.id))
    said = {"name": "王", "email": "wang@example.cn", "notify_email": "y", "language": "zh_Hans_CN"}
    assert client.post(f"/holders/{mine.id}/contacts/new", data=said).status_code == 302
    assert client.post(f"/holders/{other.id}/contacts/new", data=said).status_code == 404
    assert client.get(f"/holders/{mine.id}/edit").status_code == 403
    assert client.get(f"/holders/{other.id}").status_code == 404


# -- places


def test_a_stall_is_registered_in_its_market(officer: FlaskClient, session: Session) -> None:
    place = market(session)
    said = {"name": "A1", "kind": "stall", "parent_id": f"#{place.id} 东湖市场", "district_code": ""}
    assert officer.post("/places/new", data=said).status_code == 302
    stall = session.scalars(select(Place).where(Place.kind == "stall")).one()
    assert (stall.parent_id, stall.district_code) == (place.id, "410702")
    page = text(officer.get(f"/places/{place.id}?lang=en"))
    assert f'href="/places/{stall.id}"' in page
    answer = officer.post("/places/new?lang=en", data=said)
    assert answer.status_code == 422
    assert f'href="/places/{stall.id}"' in text(answer)


def test_a_place_that_cannot_be_is_refused(officer: FlaskClient, session: Session) -> None:
    place = market(session)
    path = f"/places/{place.id}/edit"
    said = {
        "name": "东湖市场",
        "kind": "market",
        "version": version_on(text(officer.get(path))),
        "district_code": "410702",
    }
    for field, value in (("parent_id", f"#{place.id}"), ("parent_id", "某处"), ("latitude", "91")):
        answer = officer.post(f"{path}?lang=en", data={**said, field: value})
        assert answer.status_code == 422
        assert "-error" in text(answer)


def test_counts_of_a_market_are_those_of_its_stalls(officer: FlaskClient, session: Session) -> None:
    place = market(session)
    stall = placing.register_place(session, OFFICER, PlaceFacts(name="A1", kind="stall", parent_id=place.id), now=NOW)
    create_scale(session, "S1", place_id=stall.id, due_date=TODAY.replace(day=1))
    create_scale(session, "S2", place_id=stall.id)
    session.commit()
    page = text(officer.get(f"/places/{place.id}?lang=en"))
    assert re.search(rf'href="/instruments/\?place={stall.id}">2</a>', page)
    assert re.search(rf'href="/instruments/\?place={stall.id}&amp;due=overdue">1</a>', page)


def test_places_of_another_district_are_not_there(client: FlaskClient, session: Session) -> None:
    place = market(session, district="410703")
    sign_in(client, create_user(session, "officer", district_code="410702"))
    assert client.get(f"/places/{place.id}").status_code == 404
    assert client.get("/places/choices?q=东湖").get_json() == []
    said = {"name": "B", "kind": "market", "district_code": "410703"}
    assert client.post("/places/new", data=said).status_code == 422
