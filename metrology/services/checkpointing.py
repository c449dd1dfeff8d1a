"""Checkpoints of the journal: signed now and then, and taken to places where nobody here can rewrite them.

The chain alone shows an entry that was touched. A tail that was cut, a journal written anew, and an old backup put back show only
against what somebody else keeps. A checkpoint is no change of the registry, so it makes no entry of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from metrology.channels import witness
from metrology.channels.outcome import NotSent
from metrology.documents.signed_note import NoteSigner, write_note
from metrology.domain.problems import Problem
from metrology.persistence.checkpoints import Checkpoint, CheckpointDelivery
from metrology.persistence.journal import GENESIS, JournalEntry, JournalHead, verify_chain
from metrology.persistence.reminders import Notice
from metrology.services.outbox import message_id_of
from metrology.settings import Settings

EVERY = timedelta(minutes=10)
ENTRIES = 1000
MAIL_EVERY = timedelta(hours=1)
"""A mailbox gets the newest checkpoint this often at most: each vouches for all entries before it."""
LONGEST_PAUSE = timedelta(hours=1)

Sender = Callable[[Session, Checkpoint, str], None]


def sinks_of(settings: Settings) -> tuple[str, ...]:
    """The places checkpoints are taken to."""
    return tuple(dict.fromkeys(settings.checkpoint_sinks.replace(",", " ").split()))


def origin_of(settings: Settings) -> str:
    """The name of this journal in its notes: the host of the registry."""
    return f"{urlsplit(settings.public_url).netloc}/journal"


def file_name(size: int) -> str:
    """Under which a folder keeps a checkpoint: in the order of their sizes."""
    return f"{size:012d}.note"


# -- making


def last(session: Session) -> Checkpoint | None:
    """The newest checkpoint."""
    return session.scalar(select(Checkpoint).order_by(Checkpoint.size.desc()).limit(1))


def is_due(session: Session, *, now: datetime) -> bool:
    """Whether ten minutes have passed with anything written, or a thousand entries."""
    head = session.scalar(select(JournalHead.seq).where(JournalHead.id == 1)) or 0
    before = last(session)
    if before is None:
        return head > 0
    return head >= before.size + ENTRIES or (head > before.size and now >= before.at + EVERY)


def is_late(session: Session, *, now: datetime) -> bool:
    """Whether one has been due for three times as long as it should: the ticker stands, or the journal does not fit."""
    head = session.scalar(select(JournalHead.seq).where(JournalHead.id == 1)) or 0
    before = last(session)
    since = before.size if before is not None else 0
    if head <= since:
        return False
    first = session.scalar(select(JournalEntry.at).where(JournalEntry.seq == since + 1))
    return first is None or now > first + 3 * EVERY


def make(
    session: Session, signer: NoteSigner, *, origin: str, sinks: Sequence[str], now: datetime
) -> Checkpoint | None:
    """Sign the journal as it is and queue the note for each sink; None when nothing was written since the last one.

    First the entries since the last checkpoint are walked: what does not fit is not signed, ``Problem("journal_broken")``.
    """
    head = session.execute(select(JournalHead.seq, JournalHead.hash).where(JournalHead.id == 1)).one_or_none()
    before = last(session)
    if head is None or head.seq == 0 or (before is not None and head.seq == before.size):
        return None
    _check_since(session, before, head.seq, head.hash)
    made = Checkpoint(
        size=head.seq, hash=head.hash, at=now, kid=signer.kid,
        note=write_note(origin, head.seq, head.hash, now, signer),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:  # another process was as quick
        return None
    for sink in sinks:
        if not (sink.startswith("mailto:") and _mailed_lately(session, sink, now)):
            session.add(CheckpointDelivery(checkpoint=made, sink=sink, state="queued", not_before=now, last_error=""))
    session.flush()
    return made


def _check_since(session: Session, before: Checkpoint | None, size: int, head: str) -> None:
    start, link = (before.size, before.hash) if before is not None else (0, GENESIS)
    fault = next(iter(verify_chain(session, after=start, link=link, upto=(size, head))), None)
    if fault is not None:
        raise Problem("journal_broken", None, seq=fault[0], fault=fault[1])


def _mailed_lately(session: Session, sink: str, now: datetime) -> bool:
    statement = select(CheckpointDelivery.id).join(Checkpoint).where(CheckpointDelivery.sink == sink)
    return session.scalar(statement.where(Checkpoint.at > now - MAIL_EVERY).limit(1)) is not None


# -- taking them out


def deliver_due(
    session: Session, *, settings: Settings, now: Callable[[], datetime], limit: int = 200
) -> tuple[int, int]:
    """Take queued checkpoints out, the oldest first: how many went, how many failed and are tried again. Commits after each."""
    statement = (
        select(CheckpointDelivery)
        .where(CheckpointDelivery.state == "queued", CheckpointDelivery.not_before <= now())
        .order_by(CheckpointDelivery.not_before, CheckpointDelivery.id)
        .limit(limit)
    )
    sent = failed = 0
    for delivery in list(session.scalars(statement)):
        delivery.tries += 1
        try:
            _send(session, delivery, settings, now())
        except NotSent as fault:
            pause = min(timedelta(seconds=30) * 2 ** min(delivery.tries - 1, 10), LONGEST_PAUSE)
            delivery.not_before, delivery.last_error = now() + pause, str(fault)[:2000]
            failed += 1
        else:
            delivery.state, delivery.sent_at, delivery.last_error = "sent", now(), ""
            sent += 1
        session.commit()
    return sent, failed


def _send(session: Session, delivery: CheckpointDelivery, settings: Settings, now: datetime) -> None:
    sink, checkpoint = delivery.sink, delivery.checkpoint
    kind, _colon, target = sink.partition(":")
    if kind == "dir":
        witness.to_folder(target, file_name(checkpoint.size), checkpoint.note)
    elif kind == "mailto":
        _mail(session, checkpoint, target, now)
    elif kind in ("https", "http"):
        hosts = [host.strip() for host in settings.checkpoint_hosts.split(",")]
        witness.to_url(sink, checkpoint.note, hosts=hosts)
    else:
        raise NotSent(f"{sink} is neither dir:, mailto: nor https:", is_final=True)


def _mail(session: Session, checkpoint: Checkpoint, recipient: str, now: datetime) -> None:
    """Into the outbox, which sends it, tries again and shows what became of it."""
    key = f"checkpoint/{checkpoint.size}/{recipient}"[:120]
    if session.scalar(select(Notice.id).where(Notice.key == key)) is not None:
        return
    session.add(
        Notice(
            key=key, kind="checkpoint", channel="email", recipient=recipient, message_id=message_id_of(key), facts={},
            subject=f"日志检查点 {checkpoint.size} / Journal checkpoint {checkpoint.size}", body=checkpoint.note,
            not_before=now, created_at=now,
        )
    )  # fmt: skip


# -- how it stands


@dataclass(frozen=True, slots=True)
class SinkState:
    """One place: how many checkpoints wait for it, the last that arrived, and what went wrong."""

    sink: str
    waiting: int
    last_size: int | None
    last_sent_at: datetime | None
    last_error: str


def states(session: Session, sinks: Sequence[str]) -> list[SinkState]:
    """How each place stands; those that are no longer set but still waited for, too."""
    waiting = {
        sink: (count, first)
        for sink, count, first in session.execute(
            select(CheckpointDelivery.sink, func.count(), func.min(CheckpointDelivery.id))
            .where(CheckpointDelivery.state == "queued")
            .group_by(CheckpointDelivery.sink)
        )
    }
    return [_state(session, sink, *waiting.get(sink, (0, None))) for sink in dict.fromkeys([*sinks, *waiting])]


def _state(session: Session, sink: str, count: int, first: int | None) -> SinkState:
    arrived = session.execute(
        select(CheckpointDelivery.checkpoint_size, CheckpointDelivery.sent_at)
        .where(CheckpointDelivery.sink == sink, CheckpointDelivery.state == "sent")
        .order_by(CheckpointDelivery.checkpoint_size.desc())
        .limit(1)
    ).one_or_none()
    oldest = session.get(CheckpointDelivery, first) if first is not None else None
    return SinkState(
        sink, count, arrived.checkpoint_size if arrived else None, arrived.sent_at if arrived else None,
        oldest.last_error if oldest else "",
    )  # fmt: skip


def unsent(session: Session) -> int:
    """How many deliveries wait, in all."""
    return session.scalar(select(func.count()).where(CheckpointDelivery.state == "queued")) or 0
