"""Labels: blank, bound once, void for good; one in force for an instrument, whoever tries what."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.label import is_code
from metrology.domain.problems import Problem
from metrology.persistence.instrument_labels import InstrumentLabel, LabelBatch
from metrology.persistence.journal import JournalEntry
from metrology.services import labelling, visit_finding
from tests.conftest import NOW
from tests.people import create_user
from tests.records import OFFICER, create_scale

REFUSED = (IntegrityError, OperationalError, InternalError, ProgrammingError)


def batch_of(session: Session, count: int = 3, prefix: str = "XX") -> LabelBatch:
    return labelling.order_batch(session, OFFICER, prefix=prefix, count=count, layout="L7160", note="", now=NOW)


def blank(session: Session) -> InstrumentLabel:
    batch = batch_of(session, 1)
    return labelling.labels_of(session, batch, batch.first, batch.last)[0]


# -- stock


def test_a_batch_goes_on_where_the_last_ended(session: Session) -> None:
    first, second, other = batch_of(session, 3), batch_of(session, 2), batch_of(session, 1, "FZ")
    assert [(one.first, one.last) for one in (first, second, other)] == [(1, 3), (4, 5), (1, 1)]
    rows = labelling.labels_of(session, second, 4, 5)
    assert [row.number for row in rows] == ["XX00000004", "XX00000005"]
    assert all(is_code(row.code) and row.state == "blank" for row in rows)


def test_codes_are_all_different_and_not_in_order(session: Session) -> None:
    batch = batch_of(session, 200)
    codes = [row.code for row in labelling.labels_of(session, batch, 1, 200)]
    assert len(set(codes)) == 200
    assert codes != sorted(codes)
    assert len({code[:3] for code in codes}) > 80


@pytest.mark.parametrize("prefix", ["", "1A", "TOOLONGX", "QJ", "X-1", "新"])
def test_a_prefix_that_misleads_is_refused(session: Session, prefix: str) -> None:
    with pytest.raises(Problem, match="bad_label_prefix"):
        batch_of(session, prefix=prefix)


@pytest.mark.parametrize("count", [0, 10_001])
def test_a_batch_has_its_limits(session: Session, count: int) -> None:
    with pytest.raises(Problem, match="bad_batch_size"):
        batch_of(session, count)


def test_a_lost_range_is_void_but_what_is_bound_stays(session: Session) -> None:
    batch = batch_of(session, 5)
    scale = create_scale(session)
    second = labelling.labels_of(session, batch, 2, 2)[0]
    labelling.bind(session, OFFICER, second, scale, now=NOW)
    assert labelling.void_blanks(session, OFFICER, batch, first=1, last=3, reason="丢失", now=NOW) == 2
    counts = labelling.counts_of(session, [batch])[batch.id]
    assert (counts.blank, counts.bound, counts.void) == (2, 1, 2)
    with pytest.raises(Problem, match="no_blank_labels"):
        labelling.void_blanks(session, OFFICER, batch, first=1, last=3, reason="丢失", now=NOW)


@pytest.mark.parametrize(("first", "last", "code"), [(0, 2, "range"), (3, 2, "range"), (1, 6, "range")])
def test_a_range_lies_in_its_batch(session: Session, first: int, last: int, code: str) -> None:
    batch = batch_of(session, 5)
    with pytest.raises(Problem, match=code):
        labelling.void_blanks(session, OFFICER, batch, first=first, last=last, reason="x", now=NOW)


def test_loss_needs_a_reason(session: Session) -> None:
    with pytest.raises(Problem, match="reason_needed"):
        labelling.void_blanks(session, OFFICER, batch_of(session), first=1, last=3, reason="  ", now=NOW)


def test_who_took_them_is_kept_in_order(session: Session) -> None:
    batch, taker = batch_of(session, 5), create_user(session, "verifier", name="李检定")
    labelling.hand_out(session, OFFICER, batch, first=1, last=2, taker=taker, now=NOW)
    session.refresh(batch)
    assert [(one.first, one.last, one.taker.name) for one in batch.handouts] == [(1, 2, "李检定")]
    with pytest.raises(REFUSED):
        session.execute(text("update label_handout set last = 5"))


# -- binding


def test_a_blank_label_is_bound_once(session: Session) -> None:
    label, scale, other = blank(session), create_scale(session), create_scale(session, "SC100002")
    own = scale.public_code
    assert labelling.code_in_force(session, scale) == own
    labelling.bind(session, OFFICER, label, scale, now=NOW)
    assert labelling.code_in_force(session, scale) == label.code
    assert label.instrument_id == scale.id
    with pytest.raises(Problem, match="label_not_blank"):
        labelling.bind(session, OFFICER, label, other, now=NOW)
    retired = labelling.by_code(session, own)
    assert retired is not None
    assert (retired.state, retired.instrument_id) == ("void", scale.id)


def test_binding_another_needs_a_reason_and_voids_the_old(session: Session) -> None:
    scale, first, second = create_scale(session), blank(session), blank(session)
    labelling.bind(session, OFFICER, first, scale, now=NOW)
    with pytest.raises(Problem, match="reason_needed"):
        labelling.bind(session, OFFICER, second, scale, now=NOW)
    labelling.bind(session, OFFICER, second, scale, reason="标签磨损", now=NOW)
    assert (first.state, first.void_reason) == ("void", "标签磨损")
    states = {one.number: one.state for one in labelling.history(session, scale.id)}
    assert states == {second.number: "bound", first.number: "void", f"{scale.number}-1": "void"}
    assert labelling.code_in_force(session, scale) == second.code


@pytest.mark.parametrize("state", ["retired", "lost"])
def test_what_is_gone_gets_no_label(session: Session, state: str) -> None:
    scale = create_scale(session)
    scale.state = state
    session.flush()
    with pytest.raises(Problem, match="label_for_gone"):
        labelling.bind(session, OFFICER, blank(session), scale, now=NOW)


def test_another_district_is_out_of_reach(session: Session) -> None:
    scale = create_scale(session)
    scale.district_code = "410783"
    session.flush()
    elsewhere = Actor(None, "Zhao", frozenset({"verifier"}), district_code="410702")
    with pytest.raises(Problem, match="outside_scope"):
        labelling.bind(session, elsewhere, blank(session), scale, now=NOW)


def test_a_lost_label_leaves_none_in_force_until_a_new_one_is_made(session: Session) -> None:
    scale = create_scale(session)
    labelling.void_current(session, OFFICER, scale, "被复制", now=NOW)
    assert labelling.code_in_force(session, scale) is None
    with pytest.raises(Problem, match="no_label_in_force"):
        labelling.void_current(session, OFFICER, scale, "再次", now=NOW)
    new = labelling.replace_own(session, OFFICER, scale, "重新打印", now=NOW)
    assert labelling.code_in_force(session, scale) == new.code != scale.public_code
    assert new.number == f"{scale.number}-2"


def test_what_happened_to_labels_is_on_the_instruments_timeline(session: Session) -> None:
    scale, label = create_scale(session), blank(session)
    labelling.bind(session, OFFICER, label, scale, now=NOW)
    session.commit()
    told = session.scalars(
        select(JournalEntry.action).where(JournalEntry.instrument_id == scale.id).order_by(JournalEntry.seq)
    ).all()
    assert list(told)[-2:] == ["label.voided", "label.bound"]


# -- what the database holds by itself


def test_the_database_binds_one_label_to_an_instrument(session: Session) -> None:
    scale, first, second = create_scale(session), blank(session), blank(session)
    labelling.bind(session, OFFICER, first, scale, now=NOW)
    with pytest.raises(IntegrityError):
        session.execute(
            text("update instrument_label set state = 'bound', instrument_id = :i, bound_at = :t where id = :k"),
            {"i": scale.id, "t": "2026-11-22 02:00:00", "k": second.id},
        )


@pytest.mark.parametrize(
    "change",
    [
        "state = 'blank', instrument_id = null, bound_at = null",
        "instrument_id = (select max(id) from instrument)",
        "code = '123456789012345678901234567'",
        "number = 'XX99999999'",
        "state = 'bound', void_at = null",
    ],
)
def test_a_label_never_goes_back(session: Session, change: str) -> None:
    scale, label = create_scale(session), blank(session)
    create_scale(session, "SC100002")
    labelling.bind(session, OFFICER, label, scale, now=NOW)
    if "void_at" in change:
        labelling.void_current(session, OFFICER, scale, "x", now=NOW)
    with pytest.raises(REFUSED):
        session.execute(text(f"update instrument_label set {change} where id = {label.id}"))


def test_a_label_is_never_deleted(session: Session) -> None:
    label = blank(session)
    with pytest.raises(REFUSED):
        session.execute(text(f"delete from instrument_label where id = {label.id}"))


# -- finding by label


def test_a_label_names_its_instrument_on_site_and_a_void_one_names_nothing(session: Session) -> None:
    scale, label = create_scale(session), blank(session)
    labelling.bind(session, OFFICER, label, scale, now=NOW)
    for name in (label.number.lower(), label.code, f"https://jl.example.cn/i/{label.code}", scale.number):
        assert visit_finding.find_named(session, OFFICER, name) == ([scale.id], [])
    assert visit_finding.find_named(session, OFFICER, scale.public_code) == ([], [scale.public_code])
