"""Another system's ledger beside ours: alike, differing, doubtful, only theirs, only ours; and what is decided of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalEntry
from metrology.persistence.reconciliations import Reconciliation, ReconciliationRow
from metrology.services import importing, national_sheet, reconciliation_deciding, reconciling
from metrology.services.ledger_batches import Step
from metrology.services.national_sheet import ResultsFilter
from tests.conftest import NOW, TODAY
from tests.ledgers import SCALE_HEADINGS, as_xlsx, market_ledger, scale_row
from tests.people import create_user
from tests.records import certify, create_scale, create_team

OFFICER = Actor.system()


def _step(session: Session) -> Step:
    return lambda *_said, **_more: session.commit()


def load(session: Session, rows: Sequence[list[str]]) -> None:
    importing.import_now(
        session, OFFICER, market_ledger(*rows), "ours.xlsx", today=TODAY, now=lambda: NOW, step=_step(session)
    )


def compared(session: Session, rows: Sequence[list[str]], *, actor: Actor = OFFICER, **more: str) -> Reconciliation:
    one = reconciling.start(session, actor, market_ledger(*rows), "theirs.xlsx", now=NOW, **more)
    reconciling.compare(session, one.id, today=TODAY, now=lambda: NOW, step=_step(session))
    session.commit()
    return one


def found(session: Session, one: Reconciliation) -> list[ReconciliationRow]:
    statement = select(ReconciliationRow).where(ReconciliationRow.reconciliation_id == one.id)
    return list(session.scalars(statement.order_by(ReconciliationRow.id)))


def decide(session: Session, one: Reconciliation, row: ReconciliationRow, decision: str) -> Any:
    decided = reconciliation_deciding.decide(
        session, OFFICER, one, [row.id], decision, note="按对方台账", today=TODAY, now=NOW
    )
    session.commit()
    return decided


def serials(session: Session) -> set[str]:
    return set(session.scalars(select(Instrument.serial_number)))


OURS = (scale_row(1), scale_row(2), scale_row(3), scale_row(4))


def test_each_row_is_found_for_what_it_is(session: Session) -> None:
    load(session, OURS)
    theirs = (
        scale_row(1),
        scale_row(2, 规格型号="ACS-15"),
        scale_row(3, 制造单位="另一衡器厂"),
        scale_row(7),
        scale_row(8, 出厂编号=""),
    )
    one = compared(session, theirs, compared_with="all")
    assert one.counts == {
        "same": 1, "different": 1, "doubtful": 1, "theirs_only": 1, "unreadable": 1, "ours_only": 1,
    }  # fmt: skip
    by = {row.finding: row for row in found(session, one)}
    assert by["different"].differences == [["model", "ACS-30", "ACS-15", True]]
    assert by["doubtful"].reasons[0][1] == "manufacturer"
    assert by["ours_only"].label == "DH100004"
    assert by["unreadable"].code == "missing_serial"
    assert serials(session) == {"DH100001", "DH100002", "DH100003", "DH100004"}, "comparing changes nothing"


def test_a_day_of_theirs_that_our_certificate_contradicts_is_shown_and_cannot_be_taken(session: Session) -> None:
    load(session, OURS)
    instrument = session.scalars(select(Instrument).where(Instrument.serial_number == "DH100001")).one()
    instrument.due_basis, instrument.due_date = "certificate", date(2027, 3, 1)
    session.commit()
    one = compared(session, [scale_row(1)])
    row = next(row for row in found(session, one) if row.finding == "different")
    assert row.differences == [["due_date", "2027-03-01", "2027-05-21", False]]
    refused = decide(session, one, row, "theirs").refused
    assert [problem.code for _row, problem in refused] == ["reconciliation_certificate_stands"]
    assert session.get_one(Instrument, instrument.id).due_date == date(2027, 3, 1)


def test_only_ours_are_those_of_the_holders_named_or_of_all(session: Session) -> None:
    load(session, OURS)
    assert compared(session, [scale_row(1)]).counts.get("ours_only") == 0
    assert compared(session, [scale_row(1)], compared_with="all").counts["ours_only"] == 3


def test_retired_instruments_are_not_missed(session: Session) -> None:
    load(session, OURS)
    session.scalars(select(Instrument).where(Instrument.serial_number == "DH100002")).one().state = "retired"
    session.commit()
    assert compared(session, [scale_row(1)], compared_with="all").counts["ours_only"] == 2


def test_an_officer_of_a_district_sees_nothing_of_another(session: Session) -> None:
    load(session, [scale_row(1), scale_row(2, 区县="牧野区")])
    user = create_user(session, "officer", district_code="410711")
    actor = Actor(user.id, "o", frozenset({"officer"}), district_code="410711")
    one = compared(session, [scale_row(1)], actor=actor, compared_with="all")
    labels = {row.label for row in found(session, one) if row.finding == "ours_only"}
    assert labels == {"DH100002"}


def test_theirs_is_taken_through_the_import_and_journalled(session: Session) -> None:
    load(session, OURS)
    one = compared(session, [scale_row(2, 规格型号="ACS-15")])
    row = next(row for row in found(session, one) if row.finding == "different")
    assert decide(session, one, row, "theirs").done == 1
    instrument = session.scalars(select(Instrument).where(Instrument.serial_number == "DH100002")).one()
    assert instrument.model == "ACS-15"
    actions = Counter(session.scalars(select(JournalEntry.action).where(JournalEntry.instrument_id == instrument.id)))
    assert actions["instrument.revised"] == 1 and actions["reconciliation.took_theirs"] == 1
    again = decide(session, one, row, "ours").refused
    assert again[0][1].code == "reconciliation_decided"


def test_what_changed_here_since_is_not_overwritten(session: Session) -> None:
    load(session, OURS)
    one = compared(session, [scale_row(2, 规格型号="ACS-15")])
    session.scalars(select(Instrument).where(Instrument.serial_number == "DH100002")).one().model = "ACS-6"
    session.commit()
    row = next(row for row in found(session, one) if row.finding == "different")
    assert decide(session, one, row, "theirs").refused[0][1].code == "reconciliation_stale"
    assert session.scalars(select(Instrument.model).where(Instrument.serial_number == "DH100002")).one() == "ACS-6"


def test_an_instrument_is_registered_from_their_row_once(session: Session) -> None:
    load(session, OURS)
    one = compared(session, [scale_row(7)])
    row = next(row for row in found(session, one) if row.finding == "theirs_only")
    assert decide(session, one, row, "made").done == 1
    assert "DH100007" in serials(session)
    later = compared(session, [scale_row(7)])
    assert later.counts["same"] == 1


def test_one_row_that_fails_leaves_no_entry_and_the_others_decided(session: Session) -> None:
    load(session, OURS)
    one = compared(session, [scale_row(7), scale_row(8)])
    rows = [row for row in found(session, one) if row.finding == "theirs_only"]
    load(session, [scale_row(7)])
    before = session.scalars(select(JournalEntry.action)).all()
    decided = reconciliation_deciding.decide(
        session, OFFICER, one, [row.id for row in rows], "made", note="", today=TODAY, now=NOW
    )
    session.commit()
    assert decided.done == 1 and [problem.code for _row, problem in decided.refused] == ["duplicate"]
    new = Counter(session.scalars(select(JournalEntry.action))) - Counter(before)
    assert new["instrument.registered"] == 1 and new["reconciliation.registered"] == 1


@pytest.mark.parametrize(
    ("finding", "decision"), [("different", "made"), ("theirs_only", "theirs"), ("ours_only", "made")]
)
def test_a_decision_that_makes_no_sense_is_refused(session: Session, finding: str, decision: str) -> None:
    load(session, OURS)
    one = compared(session, [scale_row(2, 规格型号="ACS-15"), scale_row(7)], compared_with="all")
    row = next(row for row in found(session, one) if row.finding == finding)
    assert decide(session, one, row, decision).refused[0][1].code == "bad_choice"


def test_a_file_without_a_table_fails_with_its_code(session: Session) -> None:
    one = reconciling.start(session, OFFICER, b"a,b\n1,2\n", "x.csv", now=NOW)
    reconciling.compare(session, one.id, today=TODAY, now=lambda: NOW, step=_step(session))
    session.commit()
    assert (one.state, one.error) == ("failed", "no_table_found")


def test_results_stand_under_the_headings_of_the_national_ledger(session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session))
    session.commit()
    day = certificate.issued_on
    rows = list(national_sheet.results(session, OFFICER, ResultsFilter(day, day)))
    said = dict(zip(national_sheet.headings(), rows[0], strict=True))
    assert len(rows) == 1
    assert said["证书编号"] == certificate.number and said["检定结论"] == "合格"
    assert said["出厂编号"] == certificate.instrument.serial_number and said["器具数量"] == "1"
    assert said["有效期至"] == certificate.valid_until


def test_results_outside_the_days_or_revoked_are_left_out(session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session))
    session.commit()
    day = certificate.issued_on
    earlier = date.fromordinal(day.toordinal() - 1)
    assert list(national_sheet.results(session, OFFICER, ResultsFilter(earlier, earlier))) == []
    with pytest.raises(Problem, match="period_ends_before_it_begins"):
        ResultsFilter(day, earlier)


def test_our_own_results_come_back_as_the_same_and_move_nothing(session: Session) -> None:
    load(session, OURS)
    team = create_team(session)
    for instrument in session.scalars(select(Instrument).where(Instrument.lot_code == "")).all():
        if not instrument.is_assembly:
            certify(session, team, instrument)
    session.commit()
    headings = [*national_sheet.headings(), "最大秤量", "检定分度值e"]
    rows = [[*row, "30kg", "10g"] for row in national_sheet.results(session, OFFICER, ResultsFilter(TODAY, TODAY))]
    assert len(rows) == len(OURS)
    assert _sent_back(session, headings, rows).counts == {"same": len(OURS), "ours_only": 0}
    rows[0][headings.index("型号规格")] = "ACS-15"
    one = _sent_back(session, headings, rows)
    row = next(row for row in found(session, one) if row.finding == "different")
    assert row.differences == [["model", "ACS-30", "ACS-15", True]]
    before = {one.id: one.place_id for one in session.scalars(select(Instrument))}
    assert decide(session, one, row, "theirs").done == 1
    assert {one.id: one.place_id for one in session.scalars(select(Instrument))} == before
    assert None not in before.values()


def _sent_back(session: Session, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> Reconciliation:
    one = reconciling.start(session, OFFICER, as_xlsx([headings, *rows]), "theirs.xlsx", now=NOW)
    reconciling.compare(session, one.id, today=TODAY, now=lambda: NOW, step=_step(session))
    session.commit()
    return one


def test_an_address_that_is_not_ours_is_a_difference_of_location_not_of_place(session: Session) -> None:
    load(session, [scale_row(1)])
    theirs = dict(zip(SCALE_HEADINGS, scale_row(1), strict=True))
    del theirs["市场名称"], theirs["摊位号"]
    theirs["安装/使用地点"] = "东门外"
    one = _sent_back(session, list(theirs), [list(theirs.values())])
    row = next(row for row in found(session, one) if row.finding == "different")
    assert row.differences == [["location", None, "东门外", True]]
