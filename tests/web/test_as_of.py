"""Was it legal that day, through the pages, the API and on paper: with the entries that prove it and what was known then."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.documents.key_vault import make
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.checkpoints import Checkpoint
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalEntry
from metrology.services import as_of, checkpointing, ending, moving
from tests.conftest import NOW, TODAY
from tests.people import create_user, sign_in
from tests.records import OFFICER, Team, actor_of, certify, create_scale, create_team, scale_readings
from tests.tampering import without_triggers

INITIAL = scale_readings(kind="initial")
LATER = date(2027, 3, 1)


def instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


@dataclass
class Case:
    """A scale verified on 22 November 2026; today is some day in March 2027."""

    app: Flask
    session: Session
    team: Team
    scale: Instrument
    certificate: Certificate

    def on(self, day: date, known: date | None = None) -> as_of.DayAnswer:
        return as_of.of_day(
            self.session, self.scale, day, today=LATER, now=instant(LATER) + timedelta(hours=3), known=known
        )

    def words(self, *days: date, known: date | None = None) -> list[str]:
        self.session.commit()
        return [self.on(day, known).answer.word for day in days]

    def browser(self, *roles: str, **fields: Any) -> FlaskClient:
        client = self.app.test_client()
        sign_in(client, create_user(self.session, *roles, **fields))
        return client


@pytest.fixture
def case(app: Flask, session: Session, set_today: Any) -> Case:
    set_today(LATER)
    team = create_team(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale, INITIAL)
    session.commit()
    return Case(app, session, team, scale, certificate)


def test_verified_and_in_use(case: Case) -> None:
    assert case.words(TODAY - timedelta(days=1), TODAY, LATER) == ["none", "held", "held"]


def test_an_annulment_later_reaches_back_and_both_are_told(case: Case) -> None:
    proposed = ending.propose(
        case.session, actor_of(create_user(case.session, "officer")), case.certificate, "annulment", "未检定", now=NOW
    )
    day = date(2027, 2, 10)
    ending.confirm(case.session, case.team.actor("approver"), proposed, today=day, now=instant(day))
    asked = date(2026, 12, 1)
    assert case.words(asked) == ["annulled"]
    assert case.words(asked, known=date(2027, 2, 9)) == ["held"]
    found = case.on(asked)
    assert (found.then.word, found.certificate) == ("held", case.certificate)
    assert [one.action for one in found.proofs] == ["certificate.issued", "certificate.ended"]


def test_what_was_revoked_held_until_the_day_before(case: Case) -> None:
    proposed = ending.propose(
        case.session, actor_of(create_user(case.session, "officer")), case.certificate, "revocation", "有误", now=NOW
    )
    day = date(2027, 2, 10)
    ending.confirm(case.session, case.team.actor("approver"), proposed, today=day, now=instant(day))
    assert case.words(day - timedelta(days=1), day) == ["held", "ended"]


def test_out_of_use_for_a_while(case: Case) -> None:
    for day, state, cause in ((date(2027, 1, 5), "suspended", "request"), (date(2027, 1, 9), "in_use", "restart")):
        moving.move_instrument(
            case.session, OFFICER, case.scale, state, cause=cause, reason="停业", today=day, now=instant(day)
        )
    days = [date(2027, 1, number) for number in (4, 5, 8, 9)]
    assert case.words(*days) == ["held", "out_of_use", "out_of_use", "held"]
    assert [one.action for one in case.on(days[1]).proofs] == ["certificate.issued", "instrument.moved"]


def test_the_proof_names_entries_of_the_journal_and_the_checkpoint_over_them(case: Case) -> None:
    found = case.on(TODAY)
    entry = case.session.scalars(
        select(JournalEntry).where(JournalEntry.action == "certificate.issued").order_by(JournalEntry.seq)
    ).one()
    assert [(one.seq, one.hash) for one in found.proofs if one.action == "certificate.issued"] == [
        (entry.seq, entry.hash)
    ]
    assert found.checkpoint is None
    checkpointing.make(case.session, make("journal"), origin="jl.example.cn/journal", sinks=(), now=NOW)
    case.session.commit()
    assert case.on(TODAY).checkpoint is case.session.scalars(select(Checkpoint)).one()


def test_days_to_come_are_not_answered(case: Case) -> None:
    with pytest.raises(Problem, match="day_to_come"):
        case.on(LATER + timedelta(days=1))
    with pytest.raises(Problem, match="day_to_come"):
        case.on(TODAY, known=LATER + timedelta(days=1))


@pytest.mark.parametrize(
    "statement",
    [
        "update certificate set valid_until = '2099-01-01'",
        "update certificate set standing = 'superseded', end_reason = 'superseded', ended_on = '2026-12-01'",
    ],
)
def test_nothing_is_answered_from_a_touched_document(case: Case, statement: str) -> None:
    without_triggers(case.session, "certificate", statement)
    with pytest.raises(Problem, match="certificate_altered"):
        case.on(TODAY)


# -- pages, API, paper


def test_the_page(case: Case) -> None:
    page = case.browser("officer").get(f"/instruments/{case.scale.id}/as-of?on=2026-12-01").text
    assert "检定有效" in page
    assert case.certificate.number in page
    assert "certificate.issued" not in page  # in words
    refused = case.browser("officer").get(f"/instruments/{case.scale.id}/as-of?on=2028-01-01")
    assert refused.status_code == 422
    assert case.browser("officer").get(f"/instruments/{case.scale.id}/as-of?on=nonsense").status_code == 422
    holder = case.browser("holder", holder_id=case.scale.holder_id)
    assert holder.get(f"/instruments/{case.scale.id}/as-of").status_code == 200


def test_the_api(case: Case) -> None:
    address = f"/api/public/status/{case.certificate.code}"
    told = case.app.test_client().get(f"{address}?on=2026-12-01").get_json()
    assert (told["legal"], told["answer"], told["document"]["number"]) == (True, "held", case.certificate.number)
    assert told["because"]["en"] == f"{case.certificate.number}, verified on 2026-11-22, held that day."
    assert "certificate.issued" in [one["action"] for one in told["proof"]["entries"]]
    assert len(told["proof"]["head"]["hash"]) == 64
    before = case.app.test_client().get(f"{address}?on=2026-12-01&known=2026-11-21").get_json()
    assert (before["legal"], before["answer"], before["document"]) == (False, "none", None)
    for wrong in ("?on=x", "?on=", "?known=2026-12-01", "?on=2028-01-01"):
        assert case.app.test_client().get(address + wrong).status_code == 422, wrong
    assert case.app.test_client().get("/api/public/status/AAAAAAAAAAAAAAAAAAAAAA?on=2026-12-01").status_code == 404


def test_the_statement_says_the_same_and_prints_the_head(case: Case, tmp_path: Path) -> None:
    checkpointing.make(case.session, make("journal"), origin="jl.example.cn/journal", sinks=(), now=NOW)
    case.session.commit()
    browser = case.browser("officer")
    for language in ("zh", "zh-en"):
        answer = browser.get(f"/instruments/{case.scale.id}/as-of.pdf?on=2026-12-01&language={language}")
        assert answer.mimetype == "application/pdf"
        file = tmp_path / f"{language}.pdf"
        file.write_bytes(answer.data)
        words = subprocess.run(
            ["pdftotext", "-layout", str(file), "-"], check=True, capture_output=True, text=True
        ).stdout
        plain = "".join(words.split())
        head = case.on(TODAY).head
        for wanted in (
            "检定有效",
            case.certificate.number,
            "SC100001",
            f"{head[0]}:{head[1]}",
            "jl.example.cn/journal",
        ):
            assert "".join(wanted.split()) in plain, (language, wanted)
        assert ("Statementofverificationstatus" in plain) is (language == "zh-en")
