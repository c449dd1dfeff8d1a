"""The change feed: nothing skipped with several writers, scope told as coming and going, no values, cursors that know their journal."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence import journal
from metrology.persistence.change_feed import KINDS
from metrology.persistence.database import db, reading
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, Seal
from metrology.persistence.journal import record
from metrology.persistence.places import Place
from metrology.services import change_feed, contacting, holding, locating, revising
from metrology.services.change_feed import Change, FeedPage
from metrology.services.contacting import ContactFacts
from metrology.services.placing import PlaceFacts, register_place, revise_place
from tests.conftest import NOW
from tests.records import create_holder, create_scale, create_team

OFFICER = Actor(1, "Wang", frozenset({"officer"}))
HONGQI, WEIBIN = "410702", "410703"
OF_HONGQI, OF_WEIBIN = replace(OFFICER, district_code=HONGQI), replace(OFFICER, district_code=WEIBIN)


def read(session: Session, actor: Actor = OFFICER, *, after: str = "", limit: int = 100, **asked: object) -> FeedPage:
    session.commit()
    return change_feed.page(session, change_feed.reader(actor, **asked), after=after, limit=limit)  # type: ignore[arg-type]


def now_of(session: Session, actor: Actor = OFFICER) -> str:
    return read(session, actor, after="now").next


def told(page: FeedPage) -> list[tuple[str, str, int]]:
    return [(one.change, one.kind, one.key) for one in page.changes]


def in_district(session: Session, district: str, name: str = "甲公司") -> tuple[Holder, Instrument]:
    holder = create_holder(session, name)
    holder.district_code = district
    session.flush()
    return holder, create_scale(session, f"S-{name}", holder_id=holder.id)


# -- order, and nothing skipped


def test_a_change_is_told_once_and_the_cursor_goes_on(session: Session) -> None:
    start = now_of(session)
    scale = create_scale(session)
    page = read(session, after=start)
    assert ("entered", "instrument", scale.id) in told(page)
    assert read(session, after=page.next).changes == ()


def test_pages_together_tell_what_one_page_tells_in_order(session: Session) -> None:
    start = now_of(session)
    for number in range(7):
        create_scale(session, f"SC{number}")
    whole = read(session, after=start)
    cursor, found, more = start, list[Change](), True
    while more:
        page = read(session, after=cursor, limit=2)
        assert len(page.changes) <= 2
        found += page.changes
        cursor, more = page.next, page.has_more
    assert found == list(whole.changes)
    assert [one.seq for one in found] == sorted({one.seq for one in found})


def test_what_is_rolled_back_is_never_told(session: Session) -> None:
    start = now_of(session)
    create_scale(session)
    session.rollback()
    assert read(session, after=start).changes == ()


def test_a_reader_beside_two_writers_skips_nothing(app: Flask) -> None:
    """Two connections write, each with pauses between change and commit; a third follows. It is told all, once, in order."""
    done = threading.Event()
    seen: list[int] = []

    def write(name: str) -> None:
        with app.app_context():
            for number in range(12):
                session = db.session()
                holder = Holder(
                    number=f"{name}{number}", name=f"{name}{number}", identity_key=f"{name}{number}",
                    created_at=NOW, updated_at=NOW,
                )  # fmt: skip
                session.add(holder)
                record(session, OFFICER, "holder.created", holder, at=NOW)
                if db.engine.dialect.name == "postgresql":
                    session.flush()
                    time.sleep(0.002 * (number % 3))  # the other writer changes and commits meanwhile
                session.commit()
                db.session.remove()

    def follow() -> None:
        with app.app_context():
            cursor, is_last = "", False
            while True:
                is_last = done.is_set()
                with reading():
                    page = change_feed.page(
                        db.session(), change_feed.reader(OFFICER, kinds=["holder"]), after=cursor, limit=5
                    )
                    db.session.remove()
                seen.extend(one.seq for one in page.changes)
                cursor = page.next
                if is_last and not page.has_more:
                    return

    writers = [threading.Thread(target=write, args=(name,)) for name in "AB"]
    follower = threading.Thread(target=follow)
    for thread in (*writers, follower):
        thread.start()
    for thread in writers:
        thread.join(60)
    done.set()
    follower.join(60)
    with app.app_context():
        kept = list(db.session.execute(text("select seq from journal_entry where object_kind = 'holder' order by seq")))
    assert len(seen) == 24
    assert seen == [row.seq for row in kept]


def test_a_number_is_not_given_while_a_smaller_one_may_still_come(app: Flask) -> None:
    """PostgreSQL: one writer stands between writing its entry and its commit; another waits, and is not seen before it."""
    with app.app_context():
        if db.engine.dialect.name != "postgresql":
            return  # SQLite has one writer at a time
        first, second = Session(db.engine), Session(db.engine)
        before, _hash = journal_head(first)
        first.rollback()
        _add(first, "first")
        journal._write_pending(first)
        _add(second, "second")
        other = threading.Thread(target=second.commit)
        other.start()
        other.join(0.3)
        assert other.is_alive(), "the second writer must wait for the first"
        with Session(db.engine) as third:
            assert journal_head(third)[0] == before
        first.commit()
        other.join(30)
        with Session(db.engine) as third:
            names = [
                row.name
                for row in third.execute(
                    text(
                        "select h.name from journal_entry j join holder h on h.id = j.object_id::bigint"
                        " where j.object_kind = 'holder' order by j.seq"
                    )
                )
            ]
        assert names == ["first", "second"]
        second.close()


def journal_head(session: Session) -> tuple[int, str]:
    row = session.execute(text("select seq, hash from journal_head")).one()
    return row.seq, row.hash


def _add(session: Session, name: str) -> None:
    holder = Holder(number=name, name=name, identity_key=name, created_at=NOW, updated_at=NOW)
    session.add(holder)
    record(session, OFFICER, "holder.created", holder, at=NOW)


# -- scope


def test_another_district_is_told_nothing(session: Session) -> None:
    start = now_of(session, OF_WEIBIN)
    in_district(session, HONGQI)
    page = read(session, OF_WEIBIN, after=start)
    assert page.changes == ()
    assert not page.has_more, "the cursor has gone over what is not for it"


def test_an_instrument_that_moves_is_gone_for_one_district_and_enters_the_other(session: Session) -> None:
    _holder, scale = in_district(session, HONGQI)
    other, _scale = in_district(session, WEIBIN, "乙公司")
    left, came = now_of(session, OF_HONGQI), now_of(session, OF_WEIBIN)
    facts = {"holder_id": other.id, "district_code": WEIBIN}
    revising.revise(session, OFFICER, scale, facts, now=NOW)
    assert told(read(session, OF_HONGQI, after=left)) == [("gone", "instrument", scale.id)]
    assert told(read(session, OF_WEIBIN, after=came)) == [("entered", "instrument", scale.id)]
    city = now_of(session)
    revising.revise(session, OFFICER, scale, {"model": "ACS-15"}, now=NOW)
    assert read(session, OF_HONGQI, after=left).changes[1:] == ()
    assert [(one.change, one.fields) for one in read(session, after=city).changes] == [("changed", ("model",))]


def test_a_holder_account_is_told_of_its_own_and_of_what_it_lost(session: Session) -> None:
    ours, scale = in_district(session, HONGQI)
    other, foreign = in_district(session, HONGQI, "乙公司")
    account = Actor(9, "Li", frozenset({"holder"}), holder_id=ours.id)
    start = now_of(session, account)
    revising.revise(session, OFFICER, foreign, {"model": "X"}, now=NOW)
    revising.revise(session, OFFICER, scale, {"model": "Y"}, now=NOW)
    revising.revise(session, OFFICER, scale, {"holder_id": other.id}, now=NOW)
    page = read(session, account, after=start)
    # What was told at once as changed is not there any more when it is read: only that it went.
    assert told(page) == [("gone", "instrument", scale.id)]


def test_instruments_that_follow_their_holder_to_another_district_are_told_one_by_one(session: Session) -> None:
    holder, scale = in_district(session, HONGQI)
    left, came = now_of(session, OF_HONGQI), now_of(session, OF_WEIBIN)
    holding.revise_holder(session, OFFICER, holder, {"district_code": WEIBIN}, now=NOW)
    both = {("holder", holder.id), ("instrument", scale.id)}
    assert {(kind, key) for change, kind, key in told(read(session, OF_HONGQI, after=left)) if change == "gone"} == both
    assert {(kind, key) for _change, kind, key in told(read(session, OF_WEIBIN, after=came))} == both


def test_a_place_within_a_place_that_moves_is_told_too(session: Session) -> None:
    market = register_place(session, OFFICER, PlaceFacts(name="示范市场", kind="market", district_code=HONGQI), now=NOW)
    stall = register_place(session, OFFICER, PlaceFacts(name="A-1", kind="stall", parent_id=market.id), now=NOW)
    left = now_of(session, OF_HONGQI)
    revise_place(session, OFFICER, market, {"district_code": WEIBIN}, now=NOW)
    assert sorted(told(read(session, OF_HONGQI, after=left))) == [
        ("gone", "place", market.id),
        ("gone", "place", stall.id),
    ]
    assert session.get_one(Place, stall.id).district_code == WEIBIN


def test_many_that_follow_at_once_are_told_as_many(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    holder, _scale = in_district(session, HONGQI)
    create_scale(session, "second", holder_id=holder.id)
    left, foreign = now_of(session, OF_HONGQI), now_of(session, replace(OFFICER, district_code="410704"))
    monkeypatch.setattr(locating, "RIPPLE_AT_ONCE", 1)
    holding.revise_holder(session, OFFICER, holder, {"district_code": WEIBIN}, now=NOW)
    assert ("many", "holder", holder.id) in told(read(session, OF_HONGQI, after=left))
    assert told(read(session, replace(OFFICER, district_code="410704"), after=foreign)) == []


def test_an_import_taken_back_is_told_as_gone(session: Session) -> None:
    _holder, scale = in_district(session, HONGQI)
    seal = Seal(instrument_id=scale.id, number="XX-1")
    session.add(seal)
    session.flush()
    start, other = now_of(session, OF_HONGQI), now_of(session, OF_WEIBIN)
    for row, facts in ((seal, {"instrument_id": scale.id}), (scale, {"district_code": HONGQI})):
        kept = {"number": [row.number, None]} | {name: [value, None] for name, value in facts.items()}
        record(session, OFFICER, f"{row.__tablename__}.withdrawn", (row.__tablename__, row.id), at=NOW, changes=kept)
        session.delete(row)
        session.flush()
    assert told(read(session, OF_HONGQI, after=start)) == [("gone", "instrument", scale.id)]
    assert read(session, OF_WEIBIN, after=other).changes == ()
    assert {kind for _change, kind, _key in told(read(session))} >= {"seal", "instrument"}


# -- what is said


def test_no_value_and_no_field_of_a_person_is_told(session: Session) -> None:
    holder = create_holder(session)
    start = now_of(session)
    contacting.add_contact(
        session, OFFICER, holder, ContactFacts(name="张三", phone="13800000000", email="zhang@example.cn"),
        wecom_hosts=(), now=NOW,
    )  # fmt: skip
    page = read(session, after=start)
    (one,) = page.changes
    assert (one.kind, one.by) == ("contact", None)
    assert {"phone", "email"}.isdisjoint(one.fields)
    assert not any(secret in repr(page) for secret in ("张三", "13800000000", "zhang@example.cn"))


def test_who_did_it_is_told_to_whom_the_journal_is_open(session: Session) -> None:
    start = now_of(session)
    create_scale(session)
    auditor = Actor(3, "Zhao", frozenset({"auditor"}))
    assert all(one.by for one in read(session, auditor, after=start).changes)
    assert {one.by for one in read(session, after=start).changes} == {None}


def test_kinds_are_those_of_the_role_and_narrowed_by_wish(session: Session) -> None:
    create_team(session)
    account = Actor(9, "Li", frozenset({"holder"}), holder_id=1)
    assert "verification" not in change_feed.reader(account).kinds
    with pytest.raises(Problem) as refused:
        change_feed.reader(account, kinds=["verification"])
    assert (refused.value.code, refused.value.field) == ("bad_choice", "kind")
    create_scale(session)
    assert {one.kind for one in read(session, kinds=["holder"]).changes} <= {"holder"}
    assert {one.kind for one in read(session, kinds=["instrument"]).changes} == {"instrument"}


def test_accounts_and_settings_are_never_told(session: Session) -> None:
    record(
        session, OFFICER, "setting.changed", ("registry_setting", "warn_days"), at=NOW, changes={"warn_days": [1, 2]}
    )
    assert {one.kind for one in read(session, Actor(1, "A", frozenset({"administrator"}))).changes} <= set(KINDS)


# -- cursors


def test_a_cursor_of_another_scope_leads_nowhere(session: Session) -> None:
    cursor = now_of(session, OF_HONGQI)
    with pytest.raises(Problem) as refused:
        read(session, OF_WEIBIN, after=cursor)
    assert (refused.value.code, refused.value.params) == ("cursor_lost", {"why": "scope"})


@pytest.mark.parametrize("end", ["ffffffff", "beyond"])
def test_a_cursor_of_a_journal_that_was_restored_is_refused(session: Session, end: str) -> None:
    create_scale(session)
    seq, _link, mark = now_of(session).split(".")
    cursor = f"{int(seq) + 5}.{'0' * 8}.{mark}" if end == "beyond" else f"{seq}.{end}.{mark}"
    with pytest.raises(Problem) as refused:
        read(session, after=cursor)
    assert (refused.value.code, refused.value.params) == ("cursor_lost", {"why": "history"})


@pytest.mark.parametrize("text_given", ["x", "1", "1.2.3", "-1.00000000.00000000", "9" * 40 + ".00000000.00000000"])
def test_what_is_no_cursor_is_refused(session: Session, text_given: str) -> None:
    with pytest.raises(Problem, match="bad_cursor"):
        read(session, after=text_given)


@pytest.mark.parametrize("limit", [0, 501])
def test_a_page_has_one_to_five_hundred_changes(session: Session, limit: int) -> None:
    with pytest.raises(Problem, match="out_of_range"):
        read(session, limit=limit)
    assert read(session, limit=500).next


def test_a_page_looks_through_so_many_entries_and_says_that_there_is_more(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_feed, "LOOKED_AT", 3)
    cursor = now_of(session, OF_WEIBIN)
    in_district(session, HONGQI)
    for number in range(4):
        create_scale(session, f"N{number}")
    _other, scale = in_district(session, WEIBIN, "乙公司")
    pages = 0
    found: list[tuple[str, str, int]] = []
    while True:
        page = read(session, OF_WEIBIN, after=cursor)
        pages, cursor, found = pages + 1, page.next, found + told(page)
        if not page.has_more:
            break
    assert pages >= 2
    assert ("entered", "instrument", scale.id) in found


def test_who_starts_from_nothing_is_told_all_there_is(session: Session) -> None:
    scale = create_scale(session)
    assert ("entered", "instrument", scale.id) in told(read(session))
