"""Two people end a certificate: nothing before the second, everything at once with it, and each decision stays as it was taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.endings import Ending
from metrology.persistence.journal import JournalEntry
from metrology.services import certifying, ending, paper, scanning, verifying, waiting
from metrology.services.paper import Press
from metrology.services.reissuing import corrections
from metrology.services.revising import revise_instrument
from tests.conftest import NOW, TODAY
from tests.people import create_user
from tests.records import (
    OFFICER,
    REJECTING,
    Team,
    actor_of,
    certify,
    create_scale,
    create_team,
    days,
    fill,
    finish,
    scale_readings,
)

INITIAL = scale_readings(kind="initial")
WHY = "原始记录与被检器具不符"


def officer(session: Session) -> Actor:
    return actor_of(create_user(session, "officer"))


def decided(session: Session, team: Team, certificate: Certificate, kind: str, **given: Any) -> Ending:
    """Proposed by an officer and confirmed by the approver."""
    proposed = ending.propose(session, officer(session), certificate, kind, WHY, now=NOW)
    return ending.confirm(session, team.actor("approver"), proposed, today=given.get("today", TODAY), now=NOW)


def worth(session: Session, certificate: Certificate, day: date = TODAY) -> str:
    facts = scanning.by_certificate(session, certificate.code, today=day, warn_days=30)
    assert facts is not None
    return facts.standing


# -- nothing before the second person


@pytest.mark.parametrize("kind", ["revocation", "annulment"])
def test_a_proposal_changes_nothing(session: Session, kind: str) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale, INITIAL)
    before = (certificate.standing, certificate.ended_on, scale.state, scale.due_date)
    ending.propose(session, officer(session), certificate, kind, WHY, now=NOW)
    assert (certificate.standing, certificate.ended_on, scale.state, scale.due_date) == before
    assert worth(session, certificate) == "valid"


def test_the_proposer_cannot_confirm(session: Session) -> None:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), INITIAL)
    proposed = ending.propose(session, team.actor("approver"), certificate, "revocation", WHY, now=NOW)
    with pytest.raises(Problem, match="two_people_needed"):
        ending.confirm(session, team.actor("approver"), proposed, today=TODAY, now=NOW)
    with pytest.raises(Problem, match="two_people_needed"):
        ending.decline(session, team.actor("approver"), proposed, "否", now=NOW)
    assert worth(session, certificate) == "valid"


def test_the_database_wants_two_people_too(session: Session) -> None:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), INITIAL)
    proposed = ending.propose(session, team.actor("approver"), certificate, "revocation", WHY, now=NOW)
    session.commit()
    with pytest.raises(IntegrityError, match="two_people"):
        session.execute(
            text(
                "update certificate_ending set state = 'confirmed', decided_by_id = proposed_by_id, decided_at = proposed_at"
            )
        )
    session.rollback()
    assert session.get_one(Ending, proposed.id).state == "proposed"


def test_an_approver_of_another_institute_decides_nothing(session: Session) -> None:
    team = create_team(session)
    stranger = replace(actor_of(create_user(session, "approver")), institute_id=team.institute.id + 1)
    certificate = certify(session, team, create_scale(session), INITIAL)
    proposed = ending.propose(session, officer(session), certificate, "revocation", WHY, now=NOW)
    assert waiting.endings(session, stranger).total == 0
    assert waiting.endings(session, team.actor("approver")).total == 1
    with pytest.raises(Problem, match="other_institute"):
        ending.confirm(session, stranger, proposed, today=TODAY, now=NOW)


def test_what_one_proposed_oneself_does_not_wait_for_one(session: Session) -> None:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), INITIAL)
    ending.propose(session, team.actor("approver"), certificate, "revocation", WHY, now=NOW)
    assert waiting.endings(session, team.actor("approver")).total == 0
    assert waiting.endings(session, officer(session)).total == 0


@pytest.mark.parametrize("reason", ["", "  ", "corrected", "annulled", "seal_broken"])
def test_a_reason_in_words_is_needed(session: Session, reason: str) -> None:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), INITIAL)
    with pytest.raises(Problem, match="reason_needed"):
        ending.propose(session, team.actor("approver"), certificate, "revocation", reason, now=NOW)


def test_one_proposal_at_a_time(session: Session) -> None:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), INITIAL)
    first = ending.propose(session, officer(session), certificate, "revocation", WHY, now=NOW)
    with pytest.raises(Problem, match="ending_waits"):
        ending.propose(session, team.actor("approver"), certificate, "annulment", WHY, now=NOW)
    ending.decline(session, team.actor("approver"), first, "核对无误", now=NOW)
    assert ending.propose(session, officer(session), certificate, "annulment", WHY, now=NOW).state == "proposed"


def test_a_proposal_is_withdrawn_by_its_proposer_alone(session: Session) -> None:
    team = create_team(session)
    proposer = officer(session)
    certificate = certify(session, team, create_scale(session), INITIAL)
    proposed = ending.propose(session, proposer, certificate, "revocation", WHY, now=NOW)
    with pytest.raises(Problem, match="not_your_proposal"):
        ending.withdraw(session, team.actor("approver"), proposed, now=NOW)
    ending.withdraw(session, proposer, proposed, now=NOW)
    assert proposed.state == "withdrawn"
    with pytest.raises(Problem, match="ending_decided"):
        ending.confirm(session, team.actor("approver"), proposed, today=TODAY, now=NOW)
    assert worth(session, certificate) == "valid"


def test_declining_says_why(session: Session) -> None:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), INITIAL)
    proposed = ending.propose(session, officer(session), certificate, "revocation", WHY, now=NOW)
    with pytest.raises(Problem, match="reason_needed"):
        ending.decline(session, team.actor("approver"), proposed, " ", now=NOW)
    ending.decline(session, team.actor("approver"), proposed, "核对无误", now=NOW)
    assert (proposed.state, proposed.decision_note) == ("declined", "核对无误")
    assert worth(session, certificate) == "valid"


def test_what_was_decided_stays(session: Session) -> None:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), INITIAL)
    decided(session, team, certificate, "revocation")
    session.commit()
    for statement in (
        "update certificate_ending set reason = 'x'",
        "update certificate_ending set decision_note = 'x'",
        "update certificate_ending set state = 'declined'",
        "delete from certificate_ending",
    ):
        with pytest.raises(DBAPIError, match=r"is (fixed|kept)"):
            session.execute(text(statement))
        session.rollback()


# -- revocation


def test_a_revoked_certificate_holds_until_the_day_before(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale, INITIAL)
    decided(session, team, certificate, "revocation")
    assert (certificate.standing, certificate.end_reason, certificate.ended_on) == ("revoked", WHY, TODAY)
    assert (scale.state, scale.due_date) == ("awaiting_verification", TODAY - days(1))
    assert worth(session, certificate) == "revoked"


def test_a_notice_taken_back_lets_the_instrument_be_verified_again(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    notice = certify(session, team, scale, scale_readings(REJECTING, kind="initial"))
    decided(session, team, notice, "revocation")
    assert scale.state == "awaiting_verification"
    assert certify(session, team, scale, scale_readings(), kind="subsequent").kind == "verification_certificate"


def test_what_has_ended_is_not_revoked_again(session: Session) -> None:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), INITIAL)
    decided(session, team, certificate, "revocation")
    with pytest.raises(Problem, match="not_in_force"):
        ending.propose(session, officer(session), certificate, "revocation", WHY, now=NOW)


def test_a_certificate_that_ended_meanwhile_is_not_revoked_by_an_old_proposal(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale, INITIAL)
    proposed = ending.propose(session, officer(session), certificate, "revocation", WHY, now=NOW)
    certifying.end_current(session, OFFICER, scale, "seal_broken", today=TODAY, now=NOW)
    with pytest.raises(Problem, match="not_in_force"):
        ending.confirm(session, team.actor("approver"), proposed, today=TODAY, now=NOW)
    assert certificate.end_reason == "seal_broken"


# -- annulment


def test_an_annulled_certificate_says_so(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale, INITIAL)
    decided(session, team, certificate, "annulment")
    assert (certificate.standing, certificate.end_reason) == ("revoked", "annulled")
    assert worth(session, certificate) == "annulled"
    assert scale.state == "awaiting_verification"


def test_what_was_superseded_can_still_be_annulled_and_the_later_one_stays(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL)
    second = certify(session, team, scale, scale_readings(), kind="subsequent")
    decided(session, team, first, "annulment")
    assert (worth(session, first), worth(session, second), scale.state) == ("annulled", "valid", "in_use")
    assert first.replaced_by_id == second.id


def test_annulling_the_later_one_brings_the_earlier_not_back(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL)
    second = certify(session, team, scale, scale_readings(), kind="subsequent")
    decided(session, team, second, "annulment")
    assert (worth(session, first), certifying.current(session, scale.id)) == ("superseded", None)


def test_an_annulled_certificate_is_not_ended_again(session: Session) -> None:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), INITIAL)
    decided(session, team, certificate, "annulment")
    for kind in ("revocation", "annulment", "replacement"):
        with pytest.raises(Problem, match="annulled_already"):
            ending.propose(session, officer(session), certificate, kind, WHY, now=NOW)


def test_a_corrected_record_follows_an_annulled_one_which_stays_annulled(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL)
    decided(session, team, first, "annulment")
    draft = verifying.correct(session, team.actor("verifier"), first.verification, today=TODAY, now=NOW, reason=WHY)
    fill(session, team, draft, INITIAL)
    second = finish(session, team, verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW))
    assert second is not None
    assert (worth(session, first), worth(session, second), first.replaced_by_id) == ("annulled", "valid", second.id)


def test_an_annulled_verification_is_none_of_the_history(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale, INITIAL)
    decided(session, team, certificate, "annulment")
    facts = scanning.by_instrument(session, scale.public_code, today=TODAY, warn_days=30)
    assert facts is not None
    assert facts.history == ()


# -- replacement


def renamed(session: Session, certificate: Certificate, serial: str = "SC100009") -> None:
    revise_instrument(session, OFFICER, certificate.instrument, {"serial_number": serial}, today=TODAY, now=NOW)


def test_a_replacement_says_what_the_registry_says_by_now(session: Session) -> None:
    team = create_team(session)
    first = certify(session, team, create_scale(session), INITIAL)
    renamed(session, first)
    assert [(one.field, one.printed, one.now) for one in corrections(session, first)] == [
        ("serial_number", "SC100001", "SC100009")
    ]
    done = decided(session, team, first, "replacement")
    new = done.successor
    assert new is not None
    assert (first.standing, first.end_reason, first.replaced_by_id) == ("superseded", "corrected", new.id)
    assert (new.standing, new.valid_until, new.verified_on, new.reissue) == (
        "valid", first.valid_until, first.verified_on, 1,
    )  # fmt: skip
    assert new.number != first.number
    assert new.code != first.code
    printed = new.payload
    assert printed["instrument"]["serial_number"] == "SC100009"
    assert printed["replaces"] == first.number
    assert printed["remarks"][-1]["zh"] == f"本证书替代 {first.number}，更正：出厂编号"
    assert printed["tables"] == first.payload["tables"]
    assert certifying.document_of(session, first.verification_id) is new


def test_the_instrument_stays_as_it_was_when_its_document_is_replaced(session: Session) -> None:
    team = create_team(session)
    first = certify(session, team, create_scale(session), INITIAL)
    renamed(session, first)
    before = (first.instrument.state, first.instrument.due_date)
    decided(session, team, first, "replacement")
    assert (first.instrument.state, first.instrument.due_date) == before


def test_a_replacement_can_be_replaced_again(session: Session) -> None:
    team = create_team(session)
    first = certify(session, team, create_scale(session), INITIAL)
    renamed(session, first)
    second = decided(session, team, first, "replacement").successor
    assert second is not None
    renamed(session, second, "SC100010")
    third = decided(session, team, second, "replacement").successor
    assert third is not None
    assert (third.reissue, third.payload["replaces"], worth(session, third)) == (2, second.number, "valid")
    assert worth(session, second) == "superseded"


def test_a_notice_is_replaced_by_a_notice(session: Session) -> None:
    team = create_team(session)
    notice = certify(session, team, create_scale(session), scale_readings(REJECTING, kind="initial"))
    renamed(session, notice)
    new = decided(session, team, notice, "replacement").successor
    assert new is not None
    assert (new.kind, worth(session, new)) == ("rejection_notice", "rejected")


def test_what_would_say_the_same_is_not_replaced(session: Session) -> None:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), INITIAL)
    with pytest.raises(Problem, match="nothing_to_correct"):
        ending.propose(session, officer(session), certificate, "replacement", WHY, now=NOW)


def test_a_replacement_prints(session: Session) -> None:
    team = create_team(session)
    first = certify(session, team, create_scale(session), INITIAL)
    renamed(session, first)
    new = decided(session, team, first, "replacement").successor
    session.commit()
    assert new is not None
    assert paper.pdf(session, new, "zh", Press("https://jl.example.cn")).startswith(b"%PDF")


# -- the trace


def test_every_step_is_in_the_journal(session: Session) -> None:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), INITIAL)
    proposer = officer(session)
    first = ending.propose(session, proposer, certificate, "revocation", WHY, now=NOW)
    ending.withdraw(session, proposer, first, now=NOW)
    second = ending.propose(session, proposer, certificate, "annulment", WHY, now=NOW)
    ending.decline(session, team.actor("approver"), second, "核对无误", now=NOW)
    third = ending.propose(session, proposer, certificate, "revocation", WHY, now=NOW)
    ending.confirm(session, team.actor("approver"), third, today=TODAY, now=NOW)
    session.commit()
    told = session.execute(
        select(JournalEntry.action, JournalEntry.reason).where(
            JournalEntry.object_kind == "certificate", JournalEntry.action != "certificate.issued"
        ).order_by(JournalEntry.seq)
    ).all()  # fmt: skip
    assert [tuple(row) for row in told] == [
        ("certificate.ending_proposed", WHY),
        ("certificate.ending_withdrawn", ""),
        ("certificate.ending_proposed", WHY),
        ("certificate.ending_declined", "核对无误"),
        ("certificate.ending_proposed", WHY),
        ("certificate.ended", WHY),
        ("certificate.ending_confirmed", ""),
    ]


def test_a_person_is_needed(session: Session) -> None:
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), INITIAL)
    with pytest.raises(Problem, match="person_needed"):
        ending.propose(session, replace(OFFICER, user_id=None), certificate, "revocation", WHY, now=NOW)
