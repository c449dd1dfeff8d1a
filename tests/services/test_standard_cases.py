"""A standard found defective: everything judged with it is doubted, weighed, told, verified again, decided by two, and all undone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalEntry, verify_chain
from metrology.persistence.reminders import Notice
from metrology.persistence.standard_cases import ReviewItem, StandardCase
from metrology.persistence.tasks import Task
from metrology.services import case_campaign, case_gathering, case_notices, certifying, standard_cases, verifying
from metrology.services.standard_cases import Selection
from tests.conftest import NOW, TODAY
from tests.records import (
    REJECTING,
    Team,
    certify,
    create_scale,
    create_standard,
    create_team,
    fill,
    finish,
    hand_in,
    scale_readings,
    start,
)
from tests.standards import (
    OFFICER,
    create_contact,
    create_equipment,
    decide,
    gather,
    open_case,
    two_deciders,
)

INITIAL = scale_readings(kind="initial")
NEAR = scale_readings({"0": "0.5 g"}, kind="initial")
"""Error of 4.5 g against a limit of 5 g at the first load: a tenth of the limit is left."""
FROM = TODAY - timedelta(days=30)
DUE = date(2027, 11, 21)


@pytest.fixture
def team(session: Session) -> Team:
    return create_team(session)


def items(session: Session, case: StandardCase) -> list[ReviewItem]:
    return list(session.scalars(select(ReviewItem).filter_by(case_id=case.id).order_by(ReviewItem.rank, ReviewItem.id)))


def refused(work: Any) -> str:
    with pytest.raises(Problem) as problem:
        work()
    return problem.value.code


def worth(session: Session, certificate: Certificate) -> str:
    session.refresh(certificate)
    return certifying.standing(certificate, certificate.instrument, TODAY, 30)


# -- what is found


def test_what_was_judged_since_the_day_is_found_smallest_margin_first(session: Session, team: Team) -> None:
    before = certify(session, team, create_scale(session, "S1"), INITIAL, today=FROM - timedelta(days=1))
    on_the_day = certify(session, team, create_scale(session, "S2"), INITIAL, today=FROM)
    near = certify(session, team, create_scale(session, "S3"), NEAR)
    notice = certify(session, team, create_scale(session, "S4"), scale_readings(REJECTING, kind="initial"))
    case = gather(session, open_case(session, two_deciders(session)[0], team.standard))
    found = items(session, case)
    assert {one.certificate_id for one in found} == {on_the_day.id, near.id, notice.id}
    assert (found[0].margin, found[0].point) == (100_000, "weighing[0]")
    assert found[-1].certificate_id == on_the_day.id
    assert [worth(session, one) for one in (before, on_the_day, near, notice)] == [
        "valid",
        "under_review",
        "under_review",
        "rejected",
    ]
    assert (case.found, case.state) == (3, "open")


def test_another_standards_certificates_are_not_touched(session: Session, team: Team) -> None:
    other = create_standard(session, team.institute, "BZ-OTHER")
    draft = start(session, team, create_scale(session))
    fill(session, team, draft, INITIAL, standard_ids=[other.id])
    certificate = finish(session, team, verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW))
    assert certificate is not None
    gather(session, open_case(session, two_deciders(session)[0], team.standard))
    assert worth(session, certificate) == "valid"


def test_equipment_is_doubted_for_the_days_it_was_in_the_standard(session: Session, team: Team) -> None:
    piece = create_equipment(session, None, since=FROM)
    days = [FROM + timedelta(days=offset) for offset in (4, 5, 10, 11)]
    made = [certify(session, team, create_scale(session, f"S{i}"), INITIAL, today=day) for i, day in enumerate(days)]
    from metrology.services import equipment

    place = equipment.put_into(session, OFFICER, piece, team.standard, role="main", since=days[1], now=NOW)
    equipment.take_out(session, OFFICER, place, until=days[2], now=NOW)
    case = gather(session, open_case(session, two_deciders(session)[0], piece))
    assert {one.certificate_id for one in items(session, case)} == {made[1].id, made[2].id}
    assert [worth(session, one) for one in made] == ["valid", "under_review", "under_review", "valid"]


def test_the_error_found_says_which_verdicts_would_turn(session: Session, team: Team) -> None:
    near = certify(session, team, create_scale(session, "S1"), NEAR)
    well = certify(session, team, create_scale(session, "S2"), INITIAL)
    case = gather(session, open_case(session, two_deciders(session)[0], team.standard, error="+0.6 g"))
    assert {one.certificate_id: one.outlook for one in items(session, case)} == {near.id: "turns", well.id: "stays"}
    assert case.error == "0.6 g"


def test_gathering_begun_again_finds_nothing_twice(
    session: Session, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [certify(session, team, create_scale(session, f"S{i}"), INITIAL) for i in range(5)]
    case = open_case(session, two_deciders(session)[0], team.standard)
    session.commit()
    monkeypatch.setattr(case_gathering, "CHUNK", 2)

    class CutError(Exception):
        pass

    def cut_off(*_told: Any) -> None:
        session.commit()
        raise CutError

    with pytest.raises(CutError):
        case_gathering.gather(session, case, now=lambda: NOW, step=cut_off)
    assert case.found == 2
    gather(session, case)
    assert (case.found, len(items(session, case))) == (5, len(made))
    doubted = select(JournalEntry).filter_by(action="certificate.doubted")
    assert len(session.scalars(doubted).all()) == 5
    assert list(verify_chain(session)) == []


def test_what_has_ended_is_found_and_left(session: Session, team: Team) -> None:
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL, today=TODAY - timedelta(days=10))
    second = certify(session, team, scale)
    case = gather(session, open_case(session, two_deciders(session)[0], team.standard))
    assert {one.certificate_id: one.state for one in items(session, case)} == {first.id: "ended", second.id: "open"}
    assert (worth(session, first), worth(session, second)) == ("superseded", "under_review")


# -- opening


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"defective_from": TODAY + timedelta(days=1)}, "defective_in_future"),
        ({"defective_from": TODAY}, None),
        ({"finding": " "}, "reason_needed"),
        ({"error": "viel"}, "bad_quantity"),
        ({"error": "0 g"}, "error_is_zero"),
        ({"reverify_by": TODAY - timedelta(days=1)}, "reverify_in_past"),
    ],
)
def test_a_case_is_opened_with_a_day_and_a_finding(
    session: Session, team: Team, said: dict[str, Any], code: str | None
) -> None:
    actor = two_deciders(session)[0]
    if code is not None:
        assert refused(lambda: open_case(session, actor, team.standard, **said)) == code
        return
    case = open_case(session, actor, team.standard, **said)
    assert (case.number, case.state, team.standard.state) == ("SZ00000001", "gathering", "suspended")
    assert session.scalars(select(Task.key)).all() == [f"case.gather/{case.id}"]
    assert refused(lambda: open_case(session, actor, team.standard)) == "case_open_already"


def test_from_the_marking_on_nothing_is_recorded_or_approved_with_it(session: Session, team: Team) -> None:
    waiting = hand_in(session, team, create_scale(session, "S1"), INITIAL)
    draft = fill(session, team, start(session, team, create_scale(session, "S2")), INITIAL)
    case = open_case(session, two_deciders(session)[0], team.standard)
    with pytest.raises(Problem) as problem:
        verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW)
    assert problem.value.code == "standard_lapsed"
    assert refused(lambda: finish(session, team, waiting)) == "standard_in_doubt"
    gather(session, case)
    decided = two_deciders(session)
    assert (
        refused(lambda: standard_cases.say_fit(session, decided[0], case, TODAY, "检定合格", now=NOW))
        == "case_not_closed"
    )


def test_put_to_use_again_it_serves_only_from_the_day_it_is_fit(session: Session, team: Team) -> None:
    deciders = two_deciders(session)
    certify(session, team, create_scale(session, "S1"), INITIAL)
    case = gather(session, open_case(session, deciders[0], team.standard))
    decide(session, deciders, case, "revoke")
    assert case.state == "closed"
    team.standard.state = "in_use"
    draft = fill(session, team, start(session, team, create_scale(session, "S2")), INITIAL)
    submit = lambda: verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW)  # noqa: E731
    assert refused(submit) == "standard_in_doubt"
    standard_cases.say_fit(session, deciders[0], case, TODAY, "经省院检定合格", now=NOW)
    assert submit().verdict == "conforms"


# -- what follows


def test_instruments_become_due_and_get_their_day_back(session: Session, team: Team) -> None:
    deciders = two_deciders(session)
    scale = create_scale(session)
    certify(session, team, scale, INITIAL)
    case = gather(session, open_case(session, deciders[0], team.standard))
    assert scale.due_date == TODAY + timedelta(days=30)
    decide(session, deciders, case, "clear")
    assert (scale.due_date, case.state) == (DUE, "closed")
    assert worth(session, certifying.current(session, scale.id)) == "valid"  # type: ignore[arg-type]


def test_what_is_due_sooner_stays_as_it_is(session: Session, team: Team) -> None:
    scale = create_scale(session)
    certify(session, team, scale, INITIAL)
    scale.due_date = TODAY + timedelta(days=7)
    session.commit()
    case = gather(session, open_case(session, two_deciders(session)[0], team.standard))
    assert (scale.due_date, items(session, case)[0].made_due) == (TODAY + timedelta(days=7), None)


def test_holders_are_told_by_drafts_that_an_officer_sends(session: Session, team: Team) -> None:
    certify(session, team, create_scale(session), INITIAL)
    create_contact(session, session.scalars(select(Holder)).one())
    case = gather(session, open_case(session, two_deciders(session)[0], team.standard))
    notice = session.scalars(select(Notice)).one()
    assert (notice.state, notice.recipient, case.drafted, case.unreachable) == ("draft", "zhang@example.cn", 1, 0)
    assert "列入审查" in notice.subject
    assert "XXJL-JD-2026-000001" in notice.body
    case_notices.draft(session, case, "doubt", now=NOW, public_url="")
    assert case.drafted == 1
    assert case_notices.send(session, OFFICER, case, now=NOW) == 1
    session.refresh(notice)
    assert notice.state == "queued"


def test_a_campaign_is_planned_by_place_and_dissolved(session: Session, team: Team) -> None:
    deciders = two_deciders(session)
    for serial in ("S1", "S2"):
        certify(session, team, create_scale(session, serial), INITIAL)
    case = gather(session, open_case(session, deciders[0], team.standard))
    (group,) = case_campaign.groups(session, deciders[0], case)
    assert (group.place, group.count, group.smallest) == (None, 2, 1_000_000)
    (visit,) = case_campaign.prepare(session, deciders[0], case, [group.key], first_day=TODAY, today=TODAY, now=NOW)
    assert (len(visit.items), visit.planned_on) == (2, date(2026, 11, 23))  # the 22nd is a Sunday
    assert case_campaign.groups(session, deciders[0], case) == []
    decide(session, deciders, case, "fall")
    session.refresh(visit)
    assert (visit.state, visit.cancel_reason) == ("cancelled", case.number)


# -- two people


def test_nobody_confirms_what_he_proposed(session: Session, team: Team) -> None:
    deciders = two_deciders(session)
    certify(session, team, create_scale(session), INITIAL)
    case = gather(session, open_case(session, deciders[0], team.standard))
    propose = lambda: standard_cases.propose(session, deciders[0], case, "clear", Selection(), "复核合格", now=NOW)  # noqa: E731
    decision = propose()
    assert refused(lambda: standard_cases.confirm(session, deciders[0], decision, now=NOW)) == "confirmer_is_proposer"
    standard_cases.withdraw(session, deciders[0], decision, now=NOW)
    assert refused(lambda: standard_cases.confirm(session, deciders[1], decision, now=NOW)) == "decision_not_waiting"
    again = propose()
    session.commit()
    again.confirmed_by_id, again.state = again.proposed_by_id, "confirmed"
    with pytest.raises(DBAPIError):
        session.flush()


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        (Selection(outlook="stays"), ["turns"]),
        (Selection(least_margin=500_000), ["turns"]),
        (Selection(), []),
        (Selection(verdict="conforms"), []),
    ],
)
def test_items_are_decided_by_what_they_have_in_common(
    session: Session, team: Team, selection: Selection, left: list[str]
) -> None:
    deciders = two_deciders(session)
    certify(session, team, create_scale(session, "S1"), NEAR)
    certify(session, team, create_scale(session, "S2"), INITIAL)
    case = gather(session, open_case(session, deciders[0], team.standard, error="0.6 g"))
    decide(session, deciders, case, "clear", selection)
    assert [one.outlook for one in items(session, case) if one.state == "open"] == left
    assert case.state == ("open" if left else "closed")


def test_nothing_to_decide_is_refused(session: Session, team: Team) -> None:
    deciders = two_deciders(session)
    certify(session, team, create_scale(session), INITIAL)
    case = gather(session, open_case(session, deciders[0], team.standard))
    chosen = Selection(verdict="rejected")
    assert (
        refused(lambda: standard_cases.propose(session, deciders[0], case, "clear", chosen, "x", now=NOW))
        == "nothing_to_decide"
    )
    assert (
        refused(lambda: standard_cases.propose(session, deciders[0], case, "clear", Selection(), "", now=NOW))
        == "reason_needed"
    )


def test_a_revoked_one_ends_and_its_holder_is_told(session: Session, team: Team) -> None:
    deciders = two_deciders(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale, INITIAL)
    create_contact(session, session.scalars(select(Holder)).one())
    case = gather(session, open_case(session, deciders[0], team.standard))
    decide(session, deciders, case, "revoke")
    assert worth(session, certificate) == "revoked"
    assert certificate.end_reason == "SZ00000001 复核结论"
    assert (scale.state, scale.due_date) == ("awaiting_verification", TODAY - timedelta(days=1))
    told = session.scalars(select(Notice).order_by(Notice.id)).all()
    assert [one.kind for one in told] == ["case_doubt", "case_result"]
    assert "撤销" in told[1].body


# -- the finding falls


@pytest.mark.parametrize("decided", ["", "clear", "revoke"])
def test_when_the_finding_falls_everything_stands_as_before(session: Session, team: Team, decided: str) -> None:
    deciders = two_deciders(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale, INITIAL)
    create_contact(session, session.scalars(select(Holder)).one())
    before = (
        certificate.standing,
        certificate.end_reason,
        certificate.ended_on,
        scale.state,
        scale.due_date,
        scale.due_basis,
    )
    case = gather(session, open_case(session, deciders[0], team.standard))
    if decided:
        decide(session, deciders, case, decided)
    decide(session, deciders, case, "fall")
    session.refresh(certificate)
    after = (
        certificate.standing,
        certificate.end_reason,
        certificate.ended_on,
        scale.state,
        scale.due_date,
        scale.due_basis,
    )
    assert after == before
    assert worth(session, certificate) == "valid"
    assert (case.state, team.standard.state) == ("fallen", "in_use")
    assert {notice.state for notice in session.scalars(select(Notice))} == {"withdrawn"}
    assert hand_in(session, team, create_scale(session, "S2"), INITIAL).verdict == "conforms"
    assert list(verify_chain(session)) == []


def test_who_was_told_is_told_that_it_stands(session: Session, team: Team) -> None:
    deciders = two_deciders(session)
    certify(session, team, create_scale(session), INITIAL)
    create_contact(session, session.scalars(select(Holder)).one())
    case = gather(session, open_case(session, deciders[0], team.standard))
    session.scalars(select(Notice)).one().state = "sent"
    session.commit()
    decide(session, deciders, case, "fall")
    told = session.scalars(select(Notice).order_by(Notice.id)).all()
    assert [(one.kind, one.state) for one in told] == [("case_doubt", "sent"), ("case_fallen", "draft")]
    assert "恢复原有效力" in told[1].body


def test_a_later_certificate_is_not_pushed_aside(session: Session, team: Team) -> None:
    deciders = two_deciders(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL)
    case = gather(session, open_case(session, deciders[0], team.standard))
    decide(session, deciders, case, "revoke")
    other = create_standard(session, team.institute, "BZ-2")
    draft = start(session, team, scale)
    fill(session, team, draft, standard_ids=[other.id])
    second = finish(session, team, verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW))
    assert second is not None
    decide(session, deciders, case, "fall")
    assert (worth(session, first), first.replaced_by_id, worth(session, second)) == ("superseded", second.id, "valid")
    assert scale.due_date == DUE


def test_two_cases_hold_a_certificate_until_both_are_closed(session: Session, team: Team) -> None:
    deciders = two_deciders(session)
    scale = create_scale(session)
    certificate = certify(session, team, scale, INITIAL)
    piece = create_equipment(session, team.standard)
    by_standard = gather(session, open_case(session, deciders[0], team.standard))
    by_piece = gather(session, open_case(session, deciders[0], piece))
    decide(session, deciders, by_standard, "clear")
    assert (worth(session, certificate), scale.due_date) == ("under_review", TODAY + timedelta(days=30))
    decide(session, deciders, by_piece, "clear")
    assert (worth(session, certificate), by_piece.state) == ("valid", "closed")


def test_only_the_whole_city_decides(session: Session, team: Team) -> None:
    from tests.people import create_user

    local = standard_cases.actor_of(create_user(session, "approver", district_code="410702"))
    assert refused(lambda: open_case(session, local, team.standard)) == "whole_city_needed"
    assert refused(lambda: open_case(session, OFFICER, team.standard)) == "person_needed"


def test_what_was_said_of_a_case_cannot_be_changed(session: Session, team: Team) -> None:
    case = open_case(session, two_deciders(session)[0], team.standard)
    session.commit()
    case.finding = "没有问题"
    with pytest.raises(DBAPIError, match="standard_case is fixed"):
        session.flush()
    session.rollback()
    assert session.scalars(select(Instrument)).all() == []
