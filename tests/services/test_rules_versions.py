"""Rules of a kind without a file: two people, dated versions, and instruments verified and certified by them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from metrology.domain.problems import NotCovered, Problem
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.journal import JournalEntry
from metrology.services import judging, law, rechecking, rules_versions, verifying
from metrology.services.preparing import prepare
from metrology.services.verifying import DraftChanges
from tests.conftest import NOW, TODAY
from tests.generic import KIND, PLATE, RULES, actor_with, approved, proposed, readings
from tests.records import Team, create_scale, create_standard, create_team, finish

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def team(session: Session) -> Team:
    return create_team(session)


def ear_thermometer(session: Session, serial: str = "EW-1") -> Instrument:
    return create_scale(session, serial, type_code=KIND, nameplate=PLATE, model="EW-200", manufacturer="示范医疗器械厂")


def verified(session: Session, team: Team, error: str = "0.0", serial: str = "EW-1", **given: Any) -> Any:
    instrument = ear_thermometer(session, serial)
    standard = create_standard(
        session, team.institute, f"BZ-{serial}", accuracy="0.05 °C", range_low="", range_high="", type_codes=[KIND]
    )
    today = given.pop("today", TODAY)
    actor = team.actor("verifier")
    draft = verifying.start_draft(session, actor, instrument, today=today, now=NOW, **given)
    changes = DraftChanges(readings=readings(error), nameplate=PLATE, standard_ids=[standard.id])
    verifying.save_draft(session, actor, draft, changes, now=NOW)
    return verifying.submit(session, actor, draft, today=today, now=NOW)


# -- two people


def test_a_kind_without_rules_is_not_verified_and_with_them_is(session: Session, team: Team) -> None:
    refused = judging.instrument_refusal(session, ear_thermometer(session))
    assert refused is not None
    assert refused.code == "type_has_no_rules"
    version = approved(session)
    record = verified(session, team, serial="EW-2")
    assert (record.verdict, record.edition_code, version.code) == ("conforms", "JJG 1164-2019 v1", "JJG 1164-2019 v1")
    certificate = finish(session, team, record)
    assert certificate is not None
    assert certificate.valid_until == date(2027, 5, 21)  # six months, as entered
    assert certificate.payload["regulations"][0]["number"] == "JJG 1164-2019"
    rows = certificate.payload["tables"][0]["rows"]
    assert [row["mpe"] for row in rows] == ["±0.2", "±0.2", "±0.2"]
    assert session.get_one(TypeEntry, KIND).has_rules


def test_a_rejected_one_gets_a_notice(session: Session, team: Team) -> None:
    approved(session)
    certificate = finish(session, team, verified(session, team, "0.21"))
    assert certificate is not None
    assert certificate.kind == "rejection_notice"


def test_who_proposed_cannot_approve(session: Session) -> None:
    both = actor_with(session, "verifier", "approver")
    version = proposed(session, both)
    with pytest.raises(Problem, match="proposer_cannot_approve"):
        rules_versions.approve(session, both, version, {}, seen=rules_versions.digest(version), today=TODAY, now=NOW)
    with pytest.raises(DatabaseError):
        session.execute(text("update rules_version set state = 'approved', approver_id = proposer_id"))


def test_what_was_seen_is_what_is_approved(session: Session) -> None:
    version = proposed(session, actor_with(session, "verifier"))
    with pytest.raises(Problem, match="draft_changed_elsewhere"):
        rules_versions.approve(
            session, actor_with(session, "approver"), version, {}, seen="0" * 64, today=TODAY, now=NOW
        )


def test_a_proposal_is_returned_with_a_reason_and_proposed_again(session: Session) -> None:
    verifier, approver = actor_with(session, "verifier"), actor_with(session, "approver")
    version = proposed(session, verifier)
    with pytest.raises(Problem, match="reason_needed"):
        rules_versions.send_back(session, approver, version, " ", now=NOW)
    rules_versions.send_back(session, approver, version, "points?", now=NOW)
    with pytest.raises(Problem, match="rules_not_in_state"):
        rules_versions.send_back(session, approver, version, "again", now=NOW)
    again = rules_versions.start(session, verifier, KIND, now=NOW)
    assert (again.id, again.return_reason) == (version.id, "points?")
    rules_versions.save(session, verifier, again, {**RULES, "points": "36"}, date(2020, 1, 1), now=NOW)
    rules_versions.propose(session, verifier, again, today=TODAY, now=NOW)
    session.commit()
    told = session.scalars(
        select(JournalEntry.action).where(JournalEntry.action.like("rules.%")).order_by(JournalEntry.seq)
    )
    assert list(told) == ["rules.started", "rules.proposed", "rules.returned", "rules.proposed"]


def test_a_draft_is_kept_half_typed_and_proposed_only_when_right(session: Session) -> None:
    verifier = actor_with(session, "verifier")
    draft = rules_versions.start(session, verifier, KIND, now=NOW)
    assert draft.rules["document"] == "JJG 1164"  # what the catalogue knows
    rules_versions.save(session, verifier, draft, {**RULES, "points": "warm"}, None, now=NOW)
    assert draft.rules["points"] == "warm"
    with pytest.raises(Problem, match="bad_quantity"):
        rules_versions.propose(session, verifier, draft, today=TODAY, now=NOW)
    rules_versions.save(session, verifier, draft, RULES, None, now=NOW)
    with pytest.raises(Problem, match="rules_lack"):
        rules_versions.propose(session, verifier, draft, today=TODAY, now=NOW)
    rules_versions.discard(session, verifier, draft, now=NOW)
    assert rules_versions.start(session, verifier, KIND, now=NOW).version == 2


def test_a_kind_with_a_file_takes_no_rules(session: Session) -> None:
    with pytest.raises(Problem, match="kind_has_a_file"):
        rules_versions.start(session, actor_with(session, "verifier"), "digital_indicating_scale", now=NOW)


@pytest.mark.parametrize(
    "change", ["rules = '{}'", "in_force = '2021-01-01'", "code = 'x'", "approver_id = null", "sources = '{\"a\": 1}'"]
)
def test_an_approved_version_is_never_changed(session: Session, change: str) -> None:
    approved(session)
    session.commit()
    with pytest.raises(DatabaseError):
        session.execute(text(f"update rules_version set {change}"))
    session.rollback()
    with pytest.raises(DatabaseError):
        session.execute(text("delete from rules_version"))


# -- versions by day


def test_a_day_gone_by_is_judged_by_the_version_in_force_then(session: Session) -> None:
    approved(session)
    approved(session, in_force=TOMORROW, limits=[{"absolute": "0.1"}])
    assert law.edition_on(session, KIND, TODAY).code == "JJG 1164-2019 v1"
    assert law.edition_on(session, KIND, TOMORROW).code == "JJG 1164-2019 v2"
    assert law.edition(session, KIND, "JJG 1164-2019 v1").numbers["limits.0.absolute"].text() == "0.2 °C"
    with pytest.raises(NotCovered):
        law.edition_on(session, KIND, date(2019, 12, 31))


@pytest.mark.parametrize(
    ("in_force", "code"),
    [
        (date(2020, 1, 1), "version_not_later"),
        (TODAY - timedelta(days=1), "version_changes_the_past"),
        (date(1980, 1, 1), "date_out_of_range"),
    ],
)
def test_a_later_version_changes_no_day_gone_by(session: Session, in_force: date, code: str) -> None:
    approved(session)
    with pytest.raises(Problem, match=code):
        proposed(session, actor_with(session, "verifier"), in_force=in_force)


def test_a_version_is_withdrawn_from_a_day(session: Session, team: Team) -> None:
    version = approved(session)
    record = verified(session, team)
    approver = actor_with(session, "approver")
    with pytest.raises(Problem, match="reason_needed"):
        rules_versions.withdraw(session, approver, version, TOMORROW, "", now=NOW)
    with pytest.raises(Problem, match="withdrawn_before_start"):
        rules_versions.withdraw(session, approver, version, date(2019, 1, 1), "wrong", now=NOW)
    rules_versions.withdraw(session, approver, version, TOMORROW, "the regulation was abolished", now=NOW)
    assert law.edition_on(session, KIND, TODAY).code == version.code
    with pytest.raises(NotCovered):
        law.edition_on(session, KIND, TOMORROW)
    assert law.type_of(session, KIND).interval({}, TODAY).months == 6
    assert law.type_of(session, KIND).interval({}, TOMORROW).months == 12  # the catalogue's
    assert rules_versions.uses(session, version) == 1
    assert rules_versions.uses(session, version, since=TOMORROW) == 0
    assert record.verdict == "conforms"
    assert [one.kind for one in rechecking.recheck(session)] == ["same"]


def test_one_withdrawn_from_its_first_day_was_never_in_force(session: Session) -> None:
    approved(session)
    second = approved(session, in_force=TOMORROW)
    rules_versions.withdraw(session, actor_with(session, "approver"), second, TOMORROW, "typed wrongly", now=NOW)
    assert law.edition_on(session, KIND, TOMORROW).code == "JJG 1164-2019 v1"
    assert approved(session, in_force=TOMORROW).version == 3


# -- what is confirmed


def test_numbers_are_confirmed_as_far_as_both_cite_a_source(session: Session, team: Team) -> None:
    approved(session, sources={"limits": "JJG 1164-2019, p. 3", "points": "p. 5"})
    record = verified(session, team)
    edition = law.edition_on(session, KIND, TODAY)
    assert edition.numbers["limits.0.absolute"].confirmed
    assert not edition.numbers["points.0"].confirmed
    assert record.judgement["unconfirmed"] == []


def test_a_start_keeps_what_institutes_entered(session: Session) -> None:
    approved(session)
    session.commit()
    prepare(session)
    assert session.get_one(TypeEntry, KIND).has_rules
    listed = {entry.code: version for entry, version in rules_versions.kinds(session)}
    assert listed[KIND] is not None
    assert "digital_indicating_scale" not in listed
    assert len(listed) > 60
