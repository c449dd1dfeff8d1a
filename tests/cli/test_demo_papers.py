"""The example city's lots, comparison and kept reports: what a newcomer opens is there, and none of it is the same all over."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from metrology.cli.demo.city import City, Made
from metrology.cli.demo.comparison import TYPE, compare_ledgers
from metrology.cli.demo.history import History, instant
from metrology.cli.demo.kept import keep_reports
from metrology.cli.demo.lots import begin_lot, certify_lot
from metrology.cli.demo.paperwork import _answered
from metrology.domain.authority import Actor
from metrology.persistence.certificates import Certificate
from metrology.persistence.complaints import Complaint
from metrology.persistence.lots import LotMeter
from metrology.persistence.reconciliations import ReconciliationRow
from metrology.persistence.saved_reports import SavedReport, Subscription
from metrology.persistence.tasks import Task
from metrology.persistence.verifications import Verification
from metrology.services import keeping_reports
from metrology.services.report_kinds import Reader, kind_of
from tests.conftest import NOW, TODAY
from tests.ledgers import METER_HEADINGS, meter_row
from tests.people import create_user
from tests.records import Team, actor_of, certify, create_scale, create_team

METER = Made("water", "红旗区", dict(zip(METER_HEADINGS, meter_row(), strict=True)), 72, date(2024, 1, 1))


def _history(session: Session) -> tuple[History, Team]:
    team = create_team(session)
    people = {role: team.actor(role) for role in ("verifier", "checker", "approver")}
    people["verifier2"] = people["verifier"]
    people["officer"] = actor_of(create_user(session, "officer"))
    serving = {"cold_water_meter": [team.standard.id], "digital_indicating_scale": [team.standard.id]}
    return History(session, City([METER]), serving, people=people), team


def _waiting_tasks(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Task).where(Task.state != "done")) or 0


def test_one_lot_is_certified_with_rejected_meters_and_one_is_half_read(session: Session) -> None:
    history, _team = _history(session)
    certified = certify_lot(history, TODAY - timedelta(days=40))
    open_lot = begin_lot(history, today=TODAY, now=NOW)

    def outcomes(lot_id: int) -> Counter[str]:
        rows = session.execute(select(LotMeter.verdict, LotMeter.problem).where(LotMeter.lot_id == lot_id))
        return Counter(verdict or problem or "unread" for verdict, problem in rows)

    assert (certified.state, certified.verified_on) == ("approved", TODAY - timedelta(days=52))
    assert certified.certificate_number
    assert outcomes(certified.id) == {"conforms": 38, "rejected": 2}
    assert open_lot.state == "draft"
    assert outcomes(open_lot.id) == {"conforms": 11, "lot_row_incomplete": 1, "unread": 12}
    assert _waiting_tasks(session) == 0


def test_certificates_follow_their_verifications_by_days_and_before_the_month_ends(session: Session) -> None:
    history, _team = _history(session)
    last = TODAY - timedelta(days=1)
    for number in range(24):
        scale = create_scale(session, f"SC{number}")
        assert history._verify(scale, TODAY - timedelta(days=1 + number % 12), last)
    rows = session.execute(select(Verification.days_taken, Verification.approved_at)).all()
    assert len({row.days_taken for row in rows}) > 3
    assert max(row.approved_at for row in rows) < instant(TODAY, 0)


def test_what_was_rejected_is_repaired_and_verified_as_such(session: Session) -> None:
    history, team = _history(session)
    scale = create_scale(session)
    certify(session, team, scale)
    scale.state = "rejected"
    assert history._verify(scale, TODAY + timedelta(days=8), TODAY + timedelta(days=9))
    kinds = session.scalars(select(Verification.kind).order_by(Verification.id)).all()
    assert (scale.state, kinds[-1]) == ("in_use", "after_repair")


def test_complaints_of_the_past_year_are_answered(session: Session) -> None:
    officer = actor_of(create_user(session, "officer"))
    _answered(session, officer, [create_scale(session)], TODAY, NOW)
    states = session.execute(select(Complaint.state, Complaint.received_at)).all()
    assert {row.state for row in states} == {"closed"}
    assert len({(row.received_at.year, row.received_at.month) for row in states}) > 6


def test_their_ledger_differs_from_ours_in_every_way(session: Session) -> None:
    team = create_team(session)
    for number in range(1, 25):
        certify(session, team, create_scale(session, f"SC{number:03d}", type_code=TYPE))
    session.execute(update(Certificate).values(issued_on=TODAY))
    people = {"officer": actor_of(create_user(session, "officer"))}
    one = compare_ledgers(session, people, today=TODAY, now=NOW)
    rows = session.execute(
        select(ReconciliationRow.finding, ReconciliationRow.decision).where(
            ReconciliationRow.reconciliation_id == one.id
        )
    ).all()
    assert {row.finding for row in rows} == {"same", "different", "doubtful", "theirs_only", "ours_only", "unreadable"}
    assert {"theirs", "ours"} <= {row.decision for row in rows}
    assert _waiting_tasks(session) == 0


def test_kept_reports_open_for_whom_they_are_shared_with(session: Session) -> None:
    people: dict[str, Actor] = {role: actor_of(create_user(session, role)) for role in ("manager", "officer")}
    kept = keep_reports(session, people, now=NOW)
    assert session.scalar(select(func.count()).select_from(Subscription)) == 2
    assert set(keeping_reports.seen(session, people["officer"])) == set(kept)
    for row in session.scalars(select(SavedReport)):
        reader = Reader(session, people["manager"], TODAY, "en", row.name)
        kind = kind_of(row.kind)
        kind.check(reader, row.query)
        assert kind.pdf(reader, row.query).startswith(b"%PDF")
