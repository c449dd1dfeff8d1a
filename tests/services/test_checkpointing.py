"""Checkpoints: when one is signed, that it goes out until it is there, and that what was done to a journal is found and named."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from metrology.documents.key_vault import SigningKey, make
from metrology.documents.signed_note import is_signed, read_note, write_note
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.jobs import checkpoints as job
from metrology.persistence.checkpoints import Checkpoint, CheckpointDelivery
from metrology.persistence.database import db
from metrology.persistence.journal import GENESIS, JournalEntry, entry_hash, record
from metrology.persistence.reminders import Notice
from metrology.services import checkpoint_keys, checkpointing, keys
from metrology.services.journal_audit import Witness, audit, read_witnesses
from metrology.settings import Settings
from tests.conftest import NOW
from tests.tampering import without_triggers

OFFICER = Actor(None, "Wang", frozenset({"officer"}))
ORIGIN = "jl.example.cn/journal"
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def signer() -> SigningKey:
    return make("journal")


def write(session: Session, count: int = 1, *, at: datetime = NOW) -> None:
    for number in range(count):
        change = {"x": [None, number]}
        record(session, OFFICER, "setting.changed", ("registry_setting", f"key{number}"), at=at, changes=change)
    session.commit()


def sign(session: Session, signer: SigningKey, *sinks: str, at: datetime = NOW) -> Checkpoint | None:
    made = checkpointing.make(session, signer, origin=ORIGIN, sinks=sinks, now=at)
    session.commit()
    return made


def set_to(app: Flask, **values: Any) -> Settings:
    found: Settings = app.config["METROLOGY"]
    return replace(found, **values)


# -- when


@pytest.mark.parametrize(
    ("entries", "minutes", "due"), [(0, 60, False), (1, 9, False), (1, 10, True), (999, 9, False), (1000, 0, True)]
)
def test_one_is_due_after_ten_minutes_or_a_thousand_entries(
    session: Session, signer: SigningKey, entries: int, minutes: int, due: bool
) -> None:
    write(session)
    sign(session, signer)
    write(session, entries)
    assert checkpointing.is_due(session, now=NOW + minutes * MINUTE) is due


def test_the_first_is_due_with_the_first_entry(session: Session, signer: SigningKey) -> None:
    assert not checkpointing.is_due(session, now=NOW)
    assert sign(session, signer) is None
    write(session)
    assert checkpointing.is_due(session, now=NOW)
    assert sign(session, signer) is not None
    assert sign(session, signer) is None  # nothing was written since


def test_a_note_says_what_the_journal_was(session: Session, signer: SigningKey) -> None:
    write(session, 3)
    made = sign(session, signer)
    assert made is not None
    note = read_note(made.note)
    head = session.scalars(select(JournalEntry.hash).order_by(JournalEntry.seq.desc())).first()
    assert (note.origin, note.size, note.hash, note.at) == (ORIGIN, 3, head, NOW)
    assert is_signed(note, [signer.public])
    assert not is_signed(note, [make("journal").public])


@pytest.mark.parametrize(
    ("old", "new"), [("\n3\n", "\n4\n"), ("time 2026-11-22", "time 2026-11-23"), ("jl.example.cn", "jl.example.com")]
)
def test_a_note_that_was_changed_is_not_signed(signer: SigningKey, old: str, new: str) -> None:
    text = write_note(ORIGIN, 3, "ab" * 32, NOW, signer)
    body, signature = text.split("\n\n")
    changed = read_note(body.replace(old.strip("\n") if "\n" not in old else old, new) + "\n\n" + signature)
    assert not is_signed(changed, [signer.public])


@pytest.mark.parametrize(
    "text",
    ["", "x", "a\nb\nc\n\nd\n", "a b\n1\nq\ntime 2026-11-22T00:00:00Z\n\n— a b\n", f"{ORIGIN}\n01\n\n", "x" * 5000],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="note_unreadable"):
        read_note(text)


def test_a_broken_journal_is_not_signed(session: Session, signer: SigningKey) -> None:
    write(session, 3)
    sign(session, signer)
    write(session, 3)
    without_triggers(session, "journal_entry", "update journal_entry set reason = 'x' where seq = 5")
    with pytest.raises(Problem, match="journal_broken") as refused:
        sign(session, signer)
    assert refused.value.params == {"seq": "5", "fault": "altered"}


def test_the_database_keeps_checkpoints(session: Session, signer: SigningKey) -> None:
    write(session)
    sign(session, signer)
    for statement in ("update checkpoint set note = 'x'", "delete from checkpoint"):
        with pytest.raises(DBAPIError, match="append only"):
            session.execute(text(statement))
        session.rollback()


# -- where to


@contextmanager
def listening(status: int = 200) -> Iterator[tuple[str, list[str]]]:
    got: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", got
    finally:
        server.shutdown()
        server.server_close()


def deliver(session: Session, settings: Settings, at: datetime = NOW) -> tuple[int, int]:
    return checkpointing.deliver_due(session, settings=settings, now=lambda: at)


def test_a_folder_gets_a_file_that_is_never_written_again(
    app: Flask, session: Session, signer: SigningKey, tmp_path: Path
) -> None:
    write(session)
    made = sign(session, signer, f"dir:{tmp_path}")
    assert made is not None
    assert deliver(session, set_to(app)) == (1, 0)
    file = tmp_path / "000000000001.note"
    assert file.read_text() == made.note
    assert file.stat().st_mode & 0o222 == 0
    assert deliver(session, set_to(app)) == (0, 0)


def test_another_note_of_the_same_size_in_the_folder_is_a_fault_that_shows(
    app: Flask, session: Session, signer: SigningKey, tmp_path: Path
) -> None:
    write(session)
    (tmp_path / "000000000001.note").write_text("another journal")
    sign(session, signer, f"dir:{tmp_path}")
    assert deliver(session, set_to(app)) == (0, 1)
    (state,) = checkpointing.states(session, [f"dir:{tmp_path}"])
    assert (state.waiting, "says something else" in state.last_error) == (1, True)


def test_what_did_not_arrive_is_tried_again(app: Flask, session: Session, signer: SigningKey, tmp_path: Path) -> None:
    blocked = tmp_path / "witness"
    blocked.write_text("a file where a folder should be")
    write(session)
    sign(session, signer, f"dir:{blocked}")
    assert deliver(session, set_to(app)) == (0, 1)
    assert deliver(session, set_to(app), NOW + timedelta(seconds=29)) == (0, 0)
    assert deliver(session, set_to(app), NOW + timedelta(seconds=30)) == (0, 1)
    assert checkpointing.unsent(session) == 1
    blocked.unlink()
    assert deliver(session, set_to(app), NOW + timedelta(hours=2)) == (1, 0)
    assert [one.name for one in blocked.iterdir()] == ["000000000001.note"]


def test_an_address_gets_it_only_when_its_host_is_allowed(app: Flask, session: Session, signer: SigningKey) -> None:
    with listening() as (host, got):
        write(session)
        made = sign(session, signer, f"http://{host}/in")
        assert deliver(session, set_to(app, checkpoint_hosts="witness.example.cn")) == (0, 1)
        assert got == []
        assert deliver(session, set_to(app, checkpoint_hosts=f"witness.example.cn, {host}"), NOW + MINUTE) == (1, 0)
        assert made is not None
        assert got == [made.note]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_address_that_does_not_take_it_is_asked_again(
    app: Flask, session: Session, signer: SigningKey, status: int
) -> None:
    with listening(status) as (host, _got):
        write(session)
        sign(session, signer, f"http://{host}/in")
        assert deliver(session, set_to(app, checkpoint_hosts=host)) == (0, 1)
    assert session.scalars(select(CheckpointDelivery)).one().last_error == f"HTTP {status}"


@pytest.mark.parametrize("sink", ["http://witness.example.cn/in", "ftp://witness.example.cn", "nonsense"])
def test_what_is_no_safe_place_is_refused(app: Flask, session: Session, signer: SigningKey, sink: str) -> None:
    write(session)
    sign(session, signer, sink)
    assert deliver(session, set_to(app, checkpoint_hosts="witness.example.cn")) == (0, 1)


def test_a_mailbox_gets_the_newest_once_an_hour(app: Flask, session: Session, signer: SigningKey) -> None:
    for minutes in (0, 10, 59, 60):
        write(session)
        sign(session, signer, "mailto:audit@example.cn", at=NOW + minutes * MINUTE)
        deliver(session, set_to(app), NOW + minutes * MINUTE)
    notices = session.scalars(select(Notice).order_by(Notice.id)).all()
    assert [(one.recipient, read_note(one.body).size) for one in notices] == [
        ("audit@example.cn", 1),
        ("audit@example.cn", 4),
    ]


def test_the_ticker_signs_and_takes_out(app: Flask, session: Session, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("metrology.persistence.clock.now_utc", lambda: NOW)
    settings = set_to(app, checkpoint_sinks=f"dir:{tmp_path / 'a'} dir:{tmp_path / 'b'}")
    write(session)
    for regular in job.REGULAR:
        regular.run(session, now=NOW, settings=settings, today=NOW.date())
        session.commit()
    for name in ("a", "b"):
        found, bad = read_witnesses(tmp_path / name, checkpoint_keys.public_keys(now=NOW))
        assert ([one.size for one in found], bad) == ([1], [])
    assert keys.signer("journal", now=NOW).kid == session.scalars(select(Checkpoint.kid)).one()


def test_one_that_is_late_is_told(session: Session, signer: SigningKey) -> None:
    assert not checkpointing.is_late(session, now=NOW)
    write(session)
    assert not checkpointing.is_late(session, now=NOW + 30 * MINUTE)
    assert checkpointing.is_late(session, now=NOW + 31 * MINUTE)
    sign(session, signer, at=NOW + 31 * MINUTE)
    assert not checkpointing.is_late(session, now=NOW + 90 * MINUTE)


# -- what was done to the journal


def kept(session: Session, signer: SigningKey, folder: Path) -> list[Witness]:
    """Ten entries with checkpoints after 4 and 8, kept in a folder."""
    for count in (4, 4, 2):
        write(session, count)
        if count == 4:
            made = sign(session, signer)
            assert made is not None
            (folder / checkpointing.file_name(made.size)).write_text(made.note)
    found, bad = read_witnesses(folder, [signer.public])
    assert ([one.size for one in found], bad) == ([4, 8], [])
    assert list(audit(session, found)) == []
    return found


def told(session: Session, witnesses: list[Witness]) -> tuple[int, int, str]:
    """The first fault."""
    session.expire_all()
    first = next(iter(audit(session, witnesses)))
    return first.seq, first.last, first.kind


def _rehash(session: Session) -> None:
    """Give every entry the hash its facts have, in their order; and the head that of the last."""
    columns = list(JournalEntry.__table__.columns)
    prev, last = GENESIS, 0
    for row in [dict(one._mapping) for one in session.execute(select(*columns).order_by(JournalEntry.seq))]:
        facts = {key: value for key, value in row.items() if key not in ("prev_hash", "hash")}
        facts["at"] = facts["at"].isoformat()
        new, last = entry_hash(prev, facts), row["seq"]
        session.execute(text(f"update journal_entry set prev_hash = '{prev}', hash = '{new}' where seq = {last}"))
        prev = new
    session.execute(text(f"update journal_head set seq = {last}, hash = '{prev}'"))
    session.commit()


def test_an_edit_is_named(session: Session, signer: SigningKey, tmp_path: Path) -> None:
    witnesses = kept(session, signer, tmp_path)
    without_triggers(session, "journal_entry", "update journal_entry set actor_name = 'Li' where seq = 6")
    assert told(session, witnesses) == (6, 6, "altered")


def test_a_deletion_is_named(session: Session, signer: SigningKey, tmp_path: Path) -> None:
    witnesses = kept(session, signer, tmp_path)
    without_triggers(session, "journal_entry", "delete from journal_entry where seq = 6")
    assert told(session, witnesses) == (6, 6, "missing")


def test_two_that_changed_places_are_named(session: Session, signer: SigningKey, tmp_path: Path) -> None:
    witnesses = kept(session, signer, tmp_path)
    without_triggers(
        session,
        "journal_entry",
        "update journal_entry set seq = 99 where seq = 6",
        "update journal_entry set seq = 6 where seq = 7",
        "update journal_entry set seq = 7 where seq = 99",
    )
    assert told(session, witnesses)[0] == 6


def test_an_insertion_is_named(session: Session, signer: SigningKey, tmp_path: Path) -> None:
    witnesses = kept(session, signer, tmp_path)
    copied = ", ".join(column.name for column in JournalEntry.__table__.columns if column.name not in ("seq", "hash"))
    without_triggers(
        session,
        "journal_entry",
        f"insert into journal_entry (seq, hash, {copied}) select 11, '{'0' * 64}', {copied} from journal_entry where seq = 10",
    )
    assert told(session, witnesses)[0] == 11


def test_a_cut_tail_is_found_though_the_head_was_moved(session: Session, signer: SigningKey, tmp_path: Path) -> None:
    witnesses = kept(session, signer, tmp_path)
    without_triggers(
        session,
        "journal_entry",
        "delete from journal_entry where seq > 6",
        "update journal_head set seq = 6, hash = (select hash from journal_entry where seq = 6)",
    )
    assert list(audit(session)) == []  # the chain alone is blind to it
    assert told(session, witnesses) == (7, 8, "cut")


def test_a_rewritten_journal_is_found_and_the_first_entry_in_doubt_named(
    session: Session, signer: SigningKey, tmp_path: Path
) -> None:
    witnesses = kept(session, signer, tmp_path)
    without_triggers(session, "journal_entry", "update journal_entry set actor_name = 'Li' where seq = 6")
    _rehash(session)
    assert list(audit(session)) == []  # the chain alone is blind to it
    assert told(session, witnesses) == (5, 8, "rewritten")


def test_a_head_on_paper_narrows_it_down(session: Session, signer: SigningKey, tmp_path: Path) -> None:
    witnesses = kept(session, signer, tmp_path)
    printed = session.scalars(select(JournalEntry.hash).where(JournalEntry.seq == 5)).one()
    without_triggers(session, "journal_entry", "update journal_entry set actor_name = 'Li' where seq = 6")
    _rehash(session)
    assert told(session, [*witnesses, Witness(5, printed, "certificate")]) == (6, 8, "rewritten")


def test_two_checkpoints_of_one_size_that_differ_are_told(session: Session, signer: SigningKey, tmp_path: Path) -> None:
    witnesses = kept(session, signer, tmp_path)
    assert told(session, [*witnesses, Witness(4, "ab" * 32, "other")]) == (4, 4, "forked")


def test_an_old_backup_put_back_is_found(app: Flask, session: Session, signer: SigningKey, tmp_path: Path) -> None:
    """SQLite's file is put back; on PostgreSQL what came since is taken out of every table, which is the same."""
    write(session, 4)
    made = sign(session, signer)
    assert made is not None
    session.rollback()
    backup = tmp_path / "backup.db"
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        with db.engine.connect() as connection:
            connection.connection.driver_connection.execute(f"vacuum into '{backup}'")  # type: ignore[union-attr]
    write(session, 4)
    later = sign(session, signer)
    assert later is not None
    for one in (made, later):
        (tmp_path / checkpointing.file_name(one.size)).write_text(one.note)
    session.close()
    if is_sqlite:
        file = db.engine.url.database
        db.engine.dispose()
        for name in (f"{file}-wal", f"{file}-shm"):
            Path(name).unlink(missing_ok=True)
        shutil.copyfile(backup, str(file))
    else:
        without_triggers(session, "checkpoint", "delete from checkpoint where size > 4")
        without_triggers(
            session, "journal_entry", "delete from journal_entry where seq > 4",
            "update journal_head set seq = 4, hash = (select hash from journal_entry where seq = 4)",
        )  # fmt: skip
    witnesses, bad = read_witnesses(tmp_path, [signer.public])
    assert bad == []
    assert list(audit(session)) == []  # the chain alone is blind to it
    assert told(session, witnesses) == (5, 8, "restored")
    write(session, 6, at=NOW + MINUTE)  # and work goes on as if nothing had been
    assert told(session, witnesses) == (5, 8, "rewritten")


def test_a_note_of_another_key_is_not_believed(session: Session, signer: SigningKey, tmp_path: Path) -> None:
    kept(session, signer, tmp_path)
    (tmp_path / "000000000009.note").write_text(write_note(ORIGIN, 9, "ab" * 32, NOW, make("journal")))
    (tmp_path / "000000000010.note").write_text("no note")
    found, bad = read_witnesses(tmp_path, [signer.public])
    assert ([one.size for one in found], bad) == ([4, 8], ["000000000009.note", "000000000010.note"])
