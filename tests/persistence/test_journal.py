"""The journal is chained, appended in the change's own transaction, and shows tampering."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.holders import Holder
from metrology.persistence.journal import JournalEntry, record, verify_chain
from tests.conftest import NOW

OFFICER = Actor(None, "Wang", frozenset({"officer"}))


def _holder(session: Session, name: str) -> Holder:
    holder = Holder(number=name, name=name, identity_key=name, created_at=NOW, updated_at=NOW)
    session.add(holder)
    record(session, OFFICER, "holder.created", holder, at=NOW)
    return holder


def test_entry_is_written_with_the_change(session: Session) -> None:
    holder = _holder(session, "示范")
    session.commit()
    entry = session.query(JournalEntry).filter_by(object_kind="holder").one()
    assert (entry.object_id, entry.action, entry.actor_name) == (str(holder.id), "holder.created", "Wang")
    assert entry.changes["name"] == [None, "示范"]


def test_nothing_is_written_when_the_change_is_undone(session: Session) -> None:
    _holder(session, "A")
    session.rollback()
    _holder(session, "B")
    session.commit()
    assert [entry.changes["name"][1] for entry in session.query(JournalEntry).filter_by(object_kind="holder")] == ["B"]


def test_chain_holds_over_many_transactions(session: Session) -> None:
    for name in "ABC":
        _holder(session, name)
        _holder(session, name * 2)
        session.commit()
    assert list(verify_chain(session)) == []


def test_database_refuses_to_change_or_delete_an_entry(session: Session) -> None:
    _holder(session, "A")
    session.commit()
    for statement in ("update journal_entry set actor_name = 'x'", "delete from journal_entry"):
        with pytest.raises((DatabaseError, DBAPIError), match="append only"):
            session.execute(text(statement))
        session.rollback()


def test_a_touched_entry_is_named(session: Session) -> None:
    for name in "ABC":
        _holder(session, name)
        session.commit()
    seq = (
        session.query(JournalEntry.seq)
        .filter(JournalEntry.object_kind == "holder")
        .order_by(JournalEntry.seq)
        .all()[1][0]
    )
    _without_triggers(session, f"update journal_entry set actor_name = 'Li' where seq = {seq}")
    assert list(verify_chain(session)) == [(seq, "altered")]


def test_a_cut_tail_disagrees_with_the_head(session: Session) -> None:
    for name in "AB":
        _holder(session, name)
        session.commit()
    _without_triggers(session, "delete from journal_entry where seq = (select max(seq) from journal_entry)")
    assert [fault for _seq, fault in verify_chain(session)] == ["head"]


def _without_triggers(session: Session, statement: str) -> None:
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("drop trigger journal_entry_no_update"))
        session.execute(text("drop trigger journal_entry_no_delete"))
    else:
        session.execute(text("alter table journal_entry disable trigger all"))
    session.execute(text(statement))
    session.commit()
    session.expire_all()
