"""The page on which an administrator confirms numbers of the law, and what other pages then show."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.services import law
from tests.people import create_user, sign_in

PAGE = "/types/digital_indicating_scale/numbers?lang=en"
JJG_539 = {"edition": "JJG 539-2016", "document": "JJG 539-2016"}


@pytest.fixture
def administrator(client: FlaskClient, session: Session) -> FlaskClient:
    sign_in(client, create_user(session, "administrator", name="王管理"))
    return client


def test_several_numbers_are_confirmed_at_once(administrator: FlaskClient, session: Session) -> None:
    answer = administrator.post(PAGE, data={**JJG_539, "clause": "7.2", "key": ["loads", "interval"], "do": "confirm"})
    assert answer.status_code == 302
    page = administrator.get(PAGE).text
    assert page.count("王管理") >= 2
    assert "JJG 539-2016 7.2" in administrator.get("/types/digital_indicating_scale?lang=en").text
    assert law.edition(session, "digital_indicating_scale", "JJG 539-2016").numbers["loads"].confirmed


def test_a_number_that_differs_is_refused_with_what_was_typed(administrator: FlaskClient, session: Session) -> None:
    typed = {**JJG_539, "key": ["loads", "interval"], "read.loads": "6", "read.interval": "12 month", "do": "confirm"}
    answer = administrator.post(PAGE, data=typed)
    assert answer.status_code == 422
    assert "loads cannot be confirmed: here it is 5, the text has 6." in answer.text
    assert 'value="12 month"' in answer.text
    assert answer.text.count("checked") == 2
    assert not law.edition(session, "digital_indicating_scale", "JJG 539-2016").numbers["interval"].confirmed


def test_the_text_says_otherwise(administrator: FlaskClient, session: Session) -> None:
    typed = {**JJG_539, "key": ["loads"], "read.loads": "6", "reason": "Table 3", "do": "dispute"}
    assert administrator.post(PAGE, data=typed).status_code == 302
    for address in (PAGE, "/types/digital_indicating_scale?lang=en"):
        page = administrator.get(address).text
        assert "disputed" in page
        assert "the text has 6" in page
    taken = {"edition": "JJG 539-2016", "key": ["loads"], "reason": "misread", "do": "withdraw"}
    assert administrator.post(PAGE, data=taken).status_code == 302
    assert law.edition(session, "digital_indicating_scale", "JJG 539-2016").disputed == {}


def test_others_read_only(client: FlaskClient, session: Session) -> None:
    sign_in(client, create_user(session, "verifier"))
    page = client.get(PAGE).text
    assert 'name="key"' not in page
    assert client.post(PAGE, data={**JJG_539, "key": ["loads"]}).status_code == 403


def test_a_kind_without_a_regulation_has_no_such_page(administrator: FlaskClient) -> None:
    assert administrator.get("/types/glass_clinical_thermometer/numbers").status_code == 404
