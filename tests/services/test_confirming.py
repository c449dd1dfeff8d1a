"""Numbers of the law confirmed and disputed by people: what holds, for which value, and what a verdict then says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from metrology import regulations
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.database import db, reading
from metrology.persistence.journal import JournalEntry
from metrology.persistence.law import NumberConfirmation
from metrology.services import confirming, judging, law
from metrology.services.confirming import Cited
from tests.conftest import NOW, TODAY
from tests.people import create_user
from tests.records import certify, create_scale, create_team, fill, hand_in, start

SCALE = "digital_indicating_scale"
JJG_539 = "JJG 539-2016"
TEXT = Cited(document="JJG 539-2016", clause="7.2.3")


@pytest.fixture
def administrator(session: Session) -> Actor:
    user = create_user(session, "administrator", name="管理员")
    return Actor(user.id, user.name, frozenset({"administrator"}))


def confirm(session: Session, actor: Actor, **read: str) -> list[NumberConfirmation]:
    return confirming.confirm(session, actor, SCALE, JJG_539, read, TEXT, now=NOW)


def edition(session: Session) -> Any:
    return law.edition(session, SCALE, JJG_539)


def test_a_number_is_unconfirmed_until_somebody_cites_the_text(session: Session, administrator: Actor) -> None:
    assert not edition(session).numbers["loads"].confirmed
    confirm(session, administrator, loads="", interval="12")
    found = edition(session).numbers
    assert (found["loads"].confirmed, found["loads"].source) == (True, "JJG 539-2016 7.2.3")
    assert found["interval"].confirmed
    assert not found["temperature_from"].confirmed
    assert not regulations.get(SCALE).edition(JJG_539).numbers["loads"].confirmed  # the file stays as it is


@pytest.mark.parametrize("read", ["-10", "-10 °C", "−10℃", "-10.0 °C"])
def test_what_was_read_is_compared_by_value(session: Session, administrator: Actor, read: str) -> None:
    assert edition(session).numbers["temperature_from"].text() == "-10 °C"
    confirm(session, administrator, temperature_from=read)
    assert edition(session).numbers["temperature_from"].confirmed


@pytest.mark.parametrize(
    ("read", "code"),
    [("-9", "number_differs"), ("-10 K", "number_differs"), ("cold", "bad_quantity"), ("5 kg", "bad_quantity")],
)
def test_another_value_is_no_confirmation(session: Session, administrator: Actor, read: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        confirm(session, administrator, temperature_from=read)
    assert (refused.value.code, refused.value.field) == (code, "temperature_from")
    assert session.scalar(select(NumberConfirmation.id)) is None


@pytest.mark.parametrize(
    ("read", "document", "code"),
    [
        ({}, "JJG 539-2016", "nothing_chosen"),
        ({"loads": ""}, "  ", "source_needed"),
        ({"no.such": ""}, "JJG 539-2016", "bad_choice"),
    ],
)
def test_a_confirmation_names_numbers_and_a_document(
    session: Session, administrator: Actor, read: dict[str, str], document: str, code: str
) -> None:
    with pytest.raises(Problem, match=code):
        confirming.confirm(session, administrator, SCALE, JJG_539, read, Cited(document=document), now=NOW)


def test_the_day_of_an_edition_is_confirmed_like_a_number(session: Session, administrator: Actor) -> None:
    dispenser = "fuel_dispenser"
    assert "edition" in law.edition(session, dispenser, "JJG 443-2015").unconfirmed()
    with pytest.raises(Problem, match="number_differs"):
        confirming.confirm(
            session,
            administrator,
            dispenser,
            "JJG 443-2015",
            {"edition": "2016-06-08"},
            Cited(document="公告"),
            now=NOW,
        )
    confirming.confirm(
        session, administrator, dispenser, "JJG 443-2015", {"edition": "2016-06-07"}, Cited(document="公告"), now=NOW
    )
    assert "edition" not in law.edition(session, dispenser, "JJG 443-2015").unconfirmed()


def test_a_number_that_differs_is_disputed_and_confirmed_no_more(session: Session, administrator: Actor) -> None:
    key = next(key for key, number in edition(session).numbers.items() if number.confirmed and number.unit == "e")
    ours = edition(session).numbers[key]
    confirming.dispute(session, administrator, SCALE, JJG_539, {key: "7 e"}, TEXT, now=NOW)
    assert edition(session).disputed == {key: "7 e"}
    assert not edition(session).numbers[key].confirmed
    assert edition(session).value(key) == ours.value  # what is judged by stays: a release puts it right
    with pytest.raises(Problem, match="number_agrees"):
        confirming.dispute(session, administrator, SCALE, JJG_539, {key: ours.text()}, TEXT, now=NOW)
    with pytest.raises(Problem, match="text_value_needed"):
        confirming.dispute(session, administrator, SCALE, JJG_539, {key: ""}, TEXT, now=NOW)
    confirming.withdraw(session, administrator, SCALE, JJG_539, [key], "misread", now=NOW)
    assert edition(session).disputed == {}
    assert edition(session).numbers[key].confirmed  # as the file has it


def test_withdrawing_is_a_further_row_with_a_reason(session: Session, administrator: Actor) -> None:
    confirm(session, administrator, loads="")
    with pytest.raises(Problem, match="reason_needed"):
        confirming.withdraw(session, administrator, SCALE, JJG_539, ["loads"], " ", now=NOW)
    confirming.withdraw(session, administrator, SCALE, JJG_539, ["loads"], "read in a draft", now=NOW)
    assert not edition(session).numbers["loads"].confirmed
    rows = session.scalars(select(NumberConfirmation).order_by(NumberConfirmation.id)).all()
    assert [row.finding for row in rows] == ["confirmed", "withdrawn"]
    with pytest.raises(Problem, match="nothing_stated"):
        confirming.withdraw(session, administrator, SCALE, JJG_539, ["loads"], "again", now=NOW)
    session.commit()
    told = session.scalars(
        select(JournalEntry.action).where(JournalEntry.action.like("law.%")).order_by(JournalEntry.seq)
    )
    assert list(told) == ["law.number_confirmed", "law.number_withdrawn"]


@pytest.mark.parametrize("statement", ["update number_confirmation set value = '1'", "delete from number_confirmation"])
def test_statements_are_appended_only(session: Session, administrator: Actor, statement: str) -> None:
    confirm(session, administrator, loads="")
    session.commit()
    with pytest.raises(DatabaseError):
        session.execute(text(statement))


def test_a_confirmation_speaks_of_a_value_and_of_no_other(
    session: Session, administrator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(session, administrator, interval="12", loads="")
    known = regulations.all_types()
    one = known[SCALE]
    later = replace(one, editions=tuple(each.with_numbers({"interval": "24"}) for each in one.editions))
    session.commit()
    monkeypatch.setattr(regulations, "all_types", lambda: {**known, SCALE: later})
    found = law.edition(session, SCALE, JJG_539)
    assert (found.numbers["interval"].text(), found.numbers["interval"].confirmed) == ("24 month", False)
    told = {row.key: row for row in confirming.standings(session, SCALE, found)}
    assert not told["interval"].holds
    assert told["loads"].holds


def test_verdicts_and_papers_say_what_is_confirmed_and_past_ones_keep_what_they_said(
    session: Session, administrator: Actor
) -> None:
    team = create_team(session)
    before = hand_in(session, team, create_scale(session, "SC-1"))
    doubted = before.judgement["unconfirmed"]
    assert doubted
    confirming.confirm(session, administrator, SCALE, JJG_539, dict.fromkeys(doubted, ""), TEXT, now=NOW)
    second = create_scale(session, "SC-2")
    draft = fill(session, team, start(session, team, second))
    assert judging.preview(session, draft, today=TODAY).verdict.unconfirmed == ()
    certificate = certify(session, team, create_scale(session, "SC-3"))
    rows = [row for table in certificate.payload["tables"] for row in table["rows"]]
    assert rows
    assert all(row["confirmed"] for row in rows)
    assert before.judgement["unconfirmed"] == doubted


def test_a_verdict_on_a_disputed_number_says_so_on_record_and_paper(session: Session, administrator: Actor) -> None:
    team = create_team(session)
    used = hand_in(session, team, create_scale(session, "SC-1")).judgement["findings"][0]["numbers"][0]
    confirming.dispute(session, administrator, SCALE, JJG_539, {used: "77"}, TEXT, now=NOW)
    certificate = certify(session, team, create_scale(session, "SC-2"))
    record = certificate.verification
    assert record.judgement["disputed"] == [used]
    assert used in record.judgement["unconfirmed"]
    assert record.judgement["confirmed"] is False
    assert any("77" in remark["zh"] for remark in certificate.payload["remarks"])


def test_other_sessions_see_a_confirmation_once_it_is_committed(session: Session, administrator: Actor) -> None:
    session.commit()
    with Session(db.engine) as other:

        def seen() -> bool:
            with reading():
                confirmed = law.edition(other, SCALE, JJG_539).numbers["loads"].confirmed
                other.rollback()
            return bool(confirmed)

        assert not seen()
        confirm(session, administrator, loads="")
        assert not seen()
        session.commit()
        assert seen()


def test_what_was_rolled_back_was_never_law(session: Session, administrator: Actor) -> None:
    user_id = administrator.user_id
    session.commit()
    confirm(session, administrator, loads="")
    assert edition(session).numbers["loads"].confirmed
    session.rollback()
    assert not edition(session).numbers["loads"].confirmed
    assert user_id is not None


def test_the_law_is_read_once_while_nobody_changes_it(
    session: Session, administrator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(session, administrator, loads="")
    session.commit()
    law.types(session)
    read: list[int] = []
    whole = law._read
    monkeypatch.setattr(law, "_read", lambda *given: read.append(1) or whole(*given))
    for _ in range(3):
        law.types(session)
        session.commit()
    assert read == []
    confirming.confirm(session, administrator, SCALE, JJG_539, {"interval": ""}, TEXT, now=NOW + timedelta(days=1))
    law.types(session)
    assert read == [1]
