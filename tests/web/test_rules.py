"""Pages of rules entered by an institute: the form keeps what was typed, the sheet can be tried, another person decides."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.persistence.rules_versions import RulesVersion
from tests.conftest import TODAY
from tests.forms import form_on
from tests.generic import KIND
from tests.people import create_user, sign_in
from tests.tokens import Program, create_token

FORM: dict[str, Any] = {
    "document": "JJG 1164-2019", "in_force": "2020-03-27", "title.zh": "红外耳温计检定规程", "measurand.zh": "温度",
    "unit": "℃", "low": "35", "high": "42", "points": "35\n37\n41.5", "readings": "1", "limits.0.absolute": "0.2",
    "rounding": "0.01", "items": "外观 | appearance | 6.1\n标志\tmarks\t6.2", "temperature.from": "15", "temperature.to": "35",
    "interval": "12", "mode": "periodic", "standard.zh": "黑体辐射源", "standard.ratio": "1/3",
    "parts.limits.clause": "5.1", "parts.limits.source": "JJG 1164-2019",
}  # fmt: skip


@pytest.fixture
def verifier(client: FlaskClient, session: Session) -> FlaskClient:
    sign_in(client, create_user(session, "verifier", name="录入甲"))
    return client


def begun(client: FlaskClient) -> str:
    answer = client.post(f"/rules/{KIND}/start")
    assert answer.status_code == 302
    return answer.location


def opened(client: FlaskClient, edit: str) -> dict[str, str]:
    """The version that a form carries."""
    return {"version": form_on(client.get(edit).text)["version"]}


def as_person(client: FlaskClient, session: Session, *roles: str) -> None:
    sign_in(client, create_user(session, *roles))


def test_rules_are_entered_tried_proposed_and_approved(verifier: FlaskClient, session: Session) -> None:
    edit = begun(verifier)
    assert "JJG 1164" in verifier.get(edit).text
    assert begun(verifier) == edit  # the open draft is taken up again
    answer = verifier.post(edit, data={**opened(verifier, edit), **FORM, "do": "save"})
    page = edit.removesuffix("/edit")
    assert answer.location == page
    tried = verifier.get(f"{page}?lang=en&range=35~42&x.p1=35.3&x.p2=37.1").text
    assert "0.30\u2009°C" in tried
    assert "±0.2\u2009°C" in tried
    assert tried.count("does not") == 1
    assert verifier.post(edit, data={**opened(verifier, edit), **FORM, "do": "propose"}).status_code == 302
    assert "You proposed it" not in verifier.get(f"{page}?lang=en").text  # a verifier decides about none
    assert verifier.post(f"{page}/approve").status_code == 403
    as_person(verifier, session, "approver")
    shown = verifier.get(f"{page}?lang=en").text
    seen = shown.partition('name="seen" value="')[2].partition('"')[0]
    refused = verifier.post(f"{page}/approve?lang=en", data={"seen": seen, "part": ["limits"], "source": " "})
    assert refused.status_code == 422
    assert "Name the document" in refused.text
    assert (
        verifier.post(f"{page}/approve", data={"seen": seen, "part": ["limits"], "source": "p. 4"}).status_code == 302
    )
    row = session.query(RulesVersion).one()
    assert (row.state, row.sources, row.rules["items"][1]["en"]) == ("approved", {"limits": "p. 4"}, "marks")
    assert "JJG 1164-2019 v1" in verifier.get(f"/types/{KIND}").text
    assert "JJG 1164-2019 v1" in verifier.get("/rules/").text


def test_what_was_typed_is_kept_with_every_fault(verifier: FlaskClient) -> None:
    edit = begun(verifier)
    wrong = {**FORM, "points": "warm", "unit": "furlong", "limits.0.absolute": "-1", "do": "propose"}
    answer = verifier.post(f"{edit}?lang=en", data={**opened(verifier, edit), **wrong})
    assert answer.status_code == 422
    for words in ("no unit known here", "must be above 0", "warm"):
        assert words in answer.text
    assert "warm" in verifier.get(edit).text
    assert "Still to be put right" in verifier.get(f"{edit.removesuffix('/edit')}?lang=en").text


def test_who_proposed_is_told_that_another_decides(client: FlaskClient, session: Session) -> None:
    as_person(client, session, "verifier", "approver")
    edit = begun(client)
    client.post(edit, data={**opened(client, edit), **FORM, "do": "propose"})
    page = edit.removesuffix("/edit")
    assert "another person decides" in client.get(f"{page}?lang=en").text
    assert client.post(f"{page}/approve", data={"seen": "x"}).status_code == 422
    assert client.post(f"{page}/return", data={"reason": "x"}).status_code == 422


def test_returned_edited_discarded(verifier: FlaskClient, session: Session) -> None:
    edit = begun(verifier)
    verifier.post(edit, data={**opened(verifier, edit), **FORM, "do": "propose"})
    page = edit.removesuffix("/edit")
    as_person(verifier, session, "approver")
    assert verifier.post(f"{page}/return", data={"reason": "点数不全"}).status_code == 302
    as_person(verifier, session, "officer")
    assert "点数不全" in verifier.get(edit).text
    assert verifier.post(f"{page}/discard").status_code == 302
    assert verifier.get(edit).status_code == 302


def test_a_version_ends_from_a_day(verifier: FlaskClient, session: Session) -> None:
    edit = begun(verifier)
    verifier.post(edit, data={**opened(verifier, edit), **FORM, "do": "propose"})
    page = edit.removesuffix("/edit")
    as_person(verifier, session, "approver")
    seen = verifier.get(page).text.partition('name="seen" value="')[2].partition('"')[0]
    verifier.post(f"{page}/approve", data={"seen": seen})
    assert verifier.post(f"{page}/withdraw", data={"from_day": "soon", "reason": "x"}).status_code == 422
    day = (TODAY + timedelta(days=9)).isoformat()
    assert verifier.post(f"{page}/withdraw", data={"from_day": day, "reason": "废止"}).status_code == 302
    assert day in verifier.get(f"/rules/{KIND}").text


def test_kinds_with_a_file_say_so(verifier: FlaskClient) -> None:
    assert "nothing needs to be entered" in verifier.get("/rules/digital_indicating_scale?lang=en").text
    assert verifier.get("/rules/nonsense").status_code == 404


def test_what_somebody_else_kept_meanwhile_is_shown_beside_what_was_typed(
    verifier: FlaskClient, session: Session
) -> None:
    edit = begun(verifier)
    mine = {**opened(verifier, edit), **FORM, "do": "save"}
    assert verifier.post(edit, data={**mine, "repeatability": "0.1", "points": "36\r\n37"}).status_code == 302
    late = verifier.post(f"{edit}?lang=en", data={**mine, "repeatability": "0.7"})
    assert late.status_code == 409
    assert dict(re.findall(r"<li>([^<]*): <strong>([^<]*)</strong>", late.text)) == {
        "Repeatability": "0.1", "Test points": "36\n37",
    }  # fmt: skip
    still = form_on(late.text)
    assert still["repeatability"] == "0.7"
    row = session.query(RulesVersion).one()
    assert row.rules["repeatability"] == "0.1"
    assert verifier.post(edit, data={**still, "do": "save"}).status_code == 302
    session.expire_all()
    assert row.rules["repeatability"] == "0.7"


def test_a_program_says_which_draft_it_read(session: Session, client: FlaskClient) -> None:
    program = Program(client, create_token(session, create_user(session, "officer")))
    session.commit()
    made = program.post(f"types/{KIND}/rules")
    address, tag = f"rules/{made.get_json()['id']}", made.headers["ETag"]
    assert program.ask("PUT", address, json={"rules": {"unit": "°C"}}).status_code == 428
    kept = program.ask("PUT", address, json={"rules": {"unit": "°C"}}, match=tag)
    assert (kept.status_code, kept.headers["ETag"] != tag) == (200, True)
    late = program.ask("PUT", address, json={"rules": {"unit": "K"}}, match=tag)
    assert (late.status_code, late.get_json()["code"]) == (412, "changed_meanwhile")
    assert program.get(address).headers["ETag"] == kept.headers["ETag"]
