"""Each certificate gets a slot of its own and signed codes in the transaction that issues it; the list is never behind the rows."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from metrology.documents.code_checker import StatusList, check, open_key_list, open_status_list, roots_of
from metrology.domain.authority import Actor
from metrology.domain.status_list import SLOTS, slot
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalEntry
from metrology.persistence.status_lists import StatusMark, StatusShard
from metrology.services import certificate_codes, certifying, keys, status_lists
from tests.conftest import NOW, TODAY
from tests.records import OFFICER, REJECTING, Team, certify, create_scale, create_team, scale_readings

INITIAL = scale_readings(kind="initial")
SYSTEM = Actor.system()


def issued(session: Session, team: Team, serial: str = "S1") -> Certificate:
    certificate = certify(session, team, create_scale(session, serial), INITIAL)
    session.commit()
    return certificate


def listed(session: Session, shard: int = 0) -> StatusList:
    """What the public gets now, without anybody asking for a new list first."""
    row = status_lists.fresh(session, shard, now=NOW) or status_lists.renew(session, shard, now=NOW)
    session.commit()
    assert row is not None
    ring = keys.ring()
    return open_status_list(row.token, open_key_list(ring.body(), roots_of(ring.roots()), now=NOW), now=NOW)


# -- at issue


def test_a_certificate_is_signed_in_the_transaction_that_issues_it(session: Session) -> None:
    certificate = issued(session, create_team(session))
    ring = keys.ring()
    found = open_key_list(ring.body(), roots_of(ring.roots()), now=NOW)
    said = {}
    for profile in ("P0", "P1", "P2"):
        shade = check(
            certificate_codes.text_of(certificate, profile, ring.origin), found, {0: listed(session)}, now=NOW
        )
        said[profile] = (shade.word, shade.facts)
    assert (said["P0"], said["P1"][0], said["P2"][0]) == (("unsigned", None), "valid", "valid")
    label, page = said["P1"][1], said["P2"][1]
    assert label is not None
    assert page is not None
    assert (label.serial, label.result, label.verified, label.until, label.signed) == (
        "S1", "conforms", certificate.verified_on, certificate.valid_until, TODAY,
    )  # fmt: skip
    assert (label.status_index, page.number, page.kind, page.model) == (
        certificate.status_index, certificate.number, "数字指示秤", "ACS-30",
    )  # fmt: skip
    issue = session.scalars(select(JournalEntry).where(JournalEntry.action == "certificate.issued")).one()
    assert issue.changes["signed_by"] == [None, certificate.signed_by]


def test_a_notice_says_rejected_by_itself(session: Session) -> None:
    notice = certify(session, create_team(session), create_scale(session), scale_readings(REJECTING, kind="initial"))
    session.commit()
    ring = keys.ring()
    found = open_key_list(ring.body(), roots_of(ring.roots()), now=NOW)
    text_ = certificate_codes.text_of(notice, "P1", ring.origin)
    assert check(text_, found, {0: listed(session)}, now=NOW).word == "rejected"
    assert listed(session).status(notice.status_index or 0) == 0


def test_slot_and_codes_are_fixed(session: Session) -> None:
    certificate = issued(session, create_team(session))
    for change in (
        "status_index = 5",
        "status_index = null",
        "label_code = page_code",
        "page_code = null",
        "signed_by = null",
    ):
        with pytest.raises(DBAPIError, match="is fixed"):
            session.execute(text(f"update certificate set {change} where id = {certificate.id}"))
        session.rollback()
    session.execute(
        text(f"update certificate set label_code = page_code, signed_by = 'another' where id = {certificate.id}")
    )
    session.rollback()


def test_no_two_certificates_share_a_slot(session: Session) -> None:
    team = create_team(session)
    first, second = issued(session, team, "S1"), issued(session, team, "S2")
    shard = session.scalars(select(StatusShard)).one()
    assert [first.status_index, second.status_index] == [slot(shard.permutation_key, count) for count in (0, 1)]
    assert shard.taken == 2


def test_a_full_shard_is_followed_by_the_next(session: Session) -> None:
    status_lists.take_index(session)
    session.execute(update(StatusShard).values(taken=SLOTS - 1))
    assert status_lists.take_index(session) // SLOTS == 0
    assert status_lists.take_index(session) // SLOTS == 1
    shards = status_lists.shards(session)
    assert [(one.id, one.taken) for one in shards] == [(0, SLOTS), (1, 1)]
    assert shards[0].permutation_key != shards[1].permutation_key


def test_a_slot_is_given_once_to_those_who_ask_at_once(app: Flask) -> None:
    taken: list[int] = []
    lock = threading.Lock()

    def take() -> None:
        with app.app_context(), Session(db.engine) as session:
            for _ in range(5):
                index = status_lists.take_index(session)
                session.commit()
                with lock:
                    taken.append(index)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(taken)) == 30
    with app.app_context():
        assert db.session().scalar(select(func.sum(StatusShard.taken))) == 30


# -- the list


def test_a_revocation_is_listed_at_once(session: Session) -> None:
    team = create_team(session)
    certificate, other = issued(session, team, "S1"), issued(session, team, "S2")
    before = listed(session)
    assert before.status(certificate.status_index or 0) == 0
    assert status_lists.fresh(session, 0, now=NOW) is not None
    certifying.end_document(session, OFFICER, certificate, "revoked", "记录有误", today=TODAY, now=NOW)
    session.commit()
    assert status_lists.fresh(session, 0, now=NOW) is None
    after = listed(session)
    assert after.version == before.version + 1
    assert [after.status(one.status_index or 0) for one in (certificate, other)] == [1, 0]


def test_what_was_undone_leaves_no_mark(session: Session) -> None:
    certificate = issued(session, create_team(session))
    listed(session)
    certificate.under_review = True
    session.flush()
    session.rollback()
    assert status_lists.fresh(session, 0, now=NOW) is not None


def test_a_later_verification_supersedes_in_the_list(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    first = certify(session, team, scale, INITIAL)
    second = certify(session, team, scale, scale_readings(), kind="subsequent")
    session.commit()
    status = listed(session)
    assert [status.status(one.status_index or 0) for one in (first, second)] == [3, 0]


def test_a_repair_and_a_loss_are_listed(session: Session) -> None:
    certificate = issued(session, create_team(session))
    scale = session.get_one(Instrument, certificate.instrument_id)
    listed(session)
    scale.state = "lost"
    session.commit()
    assert listed(session).status(certificate.status_index or 0) == 1


def test_a_mark_that_is_committed_while_a_list_is_made_asks_for_the_next(app: Flask) -> None:
    """Two connections: what the first has not committed when the second signs is not forgotten."""
    if "sqlite" in app.config["SQLALCHEMY_DATABASE_URI"]:
        pytest.skip("SQLite has one writer at a time")
    with app.app_context():
        session = db.session()
        certificate = issued(session, create_team(session))
        listed(session)
        with Session(db.engine) as slow:
            slow.get_one(Certificate, certificate.id).under_review = True
            slow.flush()
            status_lists.renew(session, 0, now=NOW)
            session.commit()
            assert status_lists.fresh(session, 0, now=NOW) is not None
            slow.commit()
        assert status_lists.fresh(session, 0, now=NOW) is None
        session.expire_all()
        assert listed(session).status(certificate.status_index or 0) == 2
        session.remove() if hasattr(session, "remove") else session.close()


def test_a_list_is_made_anew_before_it_is_old(session: Session) -> None:
    issued(session, create_team(session))
    version = listed(session).version
    assert status_lists.renew_stale(session, now=NOW + timedelta(hours=11)) == 0
    assert status_lists.renew_stale(session, now=NOW + timedelta(hours=12)) == 1
    assert session.scalars(select(StatusShard.version)).one() > version
    assert session.scalar(select(func.count()).select_from(StatusMark)) == 0


def test_a_restored_database_neither_falls_behind_nor_gives_a_slot_again(session: Session) -> None:
    issued(session, create_team(session))
    before = listed(session)
    session.execute(update(StatusShard).values(version=1, signed_at=None))  # as an older backup has it
    status_lists.close_shard(session)
    later = NOW + timedelta(minutes=1)
    row = status_lists.renew(session, 0, now=later)
    assert row is not None
    assert row.version > before.version
    assert status_lists.take_index(session) // SLOTS == 1


def test_a_list_is_changed_where_marks_are_and_made_anew_when_it_is_old(session: Session) -> None:
    team = create_team(session)
    first, second = issued(session, team, "S1"), issued(session, team, "S2")
    listed(session)
    rows = f"update certificate set standing = 'revoked', ended_on = '2026-11-22' where id = {first.id}"
    session.execute(text(rows))  # behind the registry's back: nothing marks it
    second.under_review = True
    session.commit()
    at_once = listed(session)
    assert [at_once.status(one.status_index or 0) for one in (first, second)] == [0, 2]
    second.under_review = False
    session.commit()
    assert listed(session).status(second.status_index or 0) == 0
    row = status_lists.renew(session, 0, now=NOW + timedelta(hours=12))  # and found when the list is made from all rows
    assert row is not None
    assert (row.bits or b"")[(first.status_index or 0) % SLOTS // 4] != 0


def test_there_is_no_list_of_a_shard_that_is_not(session: Session) -> None:
    assert status_lists.renew(session, 7, now=NOW) is None


# -- certificates of before


def test_what_was_issued_without_a_code_is_signed_later(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    team = create_team(session)
    with monkeypatch.context() as without:
        without.setattr(keys, "_rings", [])
        old = [issued(session, team, f"S{count}") for count in range(3)]
    assert [one.status_index for one in old] == [None] * 3
    certifying.end_document(session, OFFICER, old[1], "revoked", "记录有误", today=TODAY, now=NOW)
    session.commit()
    assert list(certificate_codes.sign_missing(session, SYSTEM, day=TODAY, now=NOW)) == [3]
    assert list(certificate_codes.sign_missing(session, SYSTEM, day=TODAY, now=NOW)) == []
    found = session.scalars(select(Certificate).order_by(Certificate.id)).all()
    assert len({one.status_index for one in found} - {None}) == 3
    assert [listed(session).status(one.status_index or 0) for one in found] == [0, 1, 0]
    assert session.scalar(select(func.count()).where(JournalEntry.action == "certificate.signed")) == 3
