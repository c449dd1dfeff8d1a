"""Notices of a case to the holders concerned: drafted for an officer to send, withdrawn while unsent, followed by another when sent.

One message for each person of a holder who is told, with all certificates of the holder in it. A draft has a key of its own,
so that none is written twice, however often the drafting is begun again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from metrology.documents.case_notice_text import LISTED, CaseNotice, DoubtedItem, Kind, compose
from metrology.domain.authority import Actor
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.journal import record
from metrology.persistence.places import Place
from metrology.persistence.reminders import Notice
from metrology.persistence.standard_cases import ReviewItem, StandardCase, case_notice
from metrology.services import settings as bureau_settings
from metrology.services.outbox import message_id_of
from metrology.services.reminding import Recipient, recipients_of

HOLDERS = 100
"""Holders whose notices are written before what is done is committed."""
UNSENT = ("draft", "queued", "withheld", "failed")
_STATES: dict[Kind, tuple[str, ...]] = {
    "doubt": ("open",), "fallen": ("open", "cleared", "revoked", "ended", "fallen"), "result": ("cleared", "revoked"),
}  # fmt: skip
"""What a notice lists: the items in these states."""


def draft(
    session: Session,
    case: StandardCase,
    kind: Kind,
    *,
    now: datetime,
    public_url: str,
    step: Callable[[], object] = lambda: None,
    only: Sequence[int] | None = None,
) -> int:
    """Draft a notice for everyone who is told of the holders concerned (``only`` some); the number drafted."""
    made = 0
    for chunk in _holders(session, case, kind):
        for holder_id in chunk:
            if only is not None and holder_id not in only:
                continue
            recipients = recipients_of(session, holder_id)
            if not recipients and kind == "doubt":
                case.unreachable += 1
            for recipient in recipients:
                made += _draft_one(session, case, kind, recipient, holder_id, now=now, public_url=public_url)
        session.flush()
        step()
    case.drafted += made
    session.flush()
    return made


def _holders(session: Session, case: StandardCase, kind: Kind) -> Iterator[list[int]]:
    last = 0
    while True:
        rows = session.scalars(
            select(Instrument.holder_id)
            .join(ReviewItem, ReviewItem.instrument_id == Instrument.id)
            .where(ReviewItem.case_id == case.id, ReviewItem.state.in_(_STATES[kind]), Instrument.holder_id > last)
            .distinct()
            .order_by(Instrument.holder_id)
            .limit(HOLDERS)
        ).all()
        found = [key for key in rows if key is not None]
        if not found:
            return
        last = found[-1]
        yield found


def _draft_one(
    session: Session,
    case: StandardCase,
    kind: Kind,
    recipient: Recipient,
    holder_id: int,
    *,
    now: datetime,
    public_url: str,
) -> int:
    who = hashlib.sha256(recipient.address.encode()).hexdigest()[:16]
    key = f"case/{case.id}/{kind}/{recipient.channel}/{holder_id}/{who}"
    if session.scalar(select(Notice.id).where(Notice.key == key)) is not None:
        return 0
    items, total = _items(session, case, kind, holder_id)
    bureau = bureau_settings.read(session)
    facts = CaseNotice(
        kind=kind, recipient_name=recipient.name, bureau=bureau.bureau_name, bureau_en=bureau.bureau_name_en,
        case=case.number, standard=case.subject.name, standard_en=case.subject.name_en, since=case.defective_from,
        reverify_by=case.reverify_by, items=items, total=total, url=public_url,
    )  # fmt: skip
    subject, body = compose(facts, recipient.language)
    notice = Notice(
        key=key, kind=f"case_{kind}", channel=recipient.channel, recipient=recipient.address, holder_id=holder_id,
        language=recipient.language, subject=subject, body=body, facts={"case": case.number, "certificates": total},
        message_id=message_id_of(key), state="draft", not_before=now, created_at=now,
    )  # fmt: skip
    session.add(notice)
    session.flush()
    session.execute(insert(case_notice).values(case_id=case.id, notice_id=notice.id))
    return 1


def _items(session: Session, case: StandardCase, kind: Kind, holder_id: int) -> tuple[list[DoubtedItem], int]:
    of_holder = (
        ReviewItem.case_id == case.id, ReviewItem.state.in_(_STATES[kind]), Instrument.holder_id == holder_id,
    )  # fmt: skip
    joined = select(ReviewItem.id).join(Instrument, Instrument.id == ReviewItem.instrument_id).where(*of_holder)
    total = session.scalar(select(func.count()).select_from(joined.subquery())) or 0
    rows = session.execute(
        select(
            Certificate.number, TypeEntry.name_zh, TypeEntry.name_en, Instrument.serial_number, Instrument.part_label,
            Place.full_name, Place.name, ReviewItem.state,
        )
        .join(Certificate, Certificate.id == ReviewItem.certificate_id)
        .join(Instrument, Instrument.id == ReviewItem.instrument_id)
        .join(TypeEntry, TypeEntry.code == Instrument.type_code)
        .outerjoin(Place, Place.id == Instrument.place_id)
        .where(*of_holder)
        .order_by(ReviewItem.rank, ReviewItem.id)
        .limit(LISTED)
    ).all()  # fmt: skip
    items = [
        DoubtedItem(number, zh, en, serial, part, full or name or "", state if kind == "result" else "")
        for number, zh, en, serial, part, full, name, state in rows
    ]
    return items, total


def counts(session: Session, case: StandardCase) -> dict[tuple[str, str], int]:
    """(kind, state) → notices of a case."""
    rows = session.execute(
        select(Notice.kind, Notice.state, func.count())
        .join(case_notice, case_notice.c.notice_id == Notice.id)
        .where(case_notice.c.case_id == case.id)
        .group_by(Notice.kind, Notice.state)
    )
    return {(kind, state): count for kind, state, count in rows}


def _of(case: StandardCase) -> Any:
    return Notice.id.in_(select(case_notice.c.notice_id).where(case_notice.c.case_id == case.id))


def send(session: Session, actor: Actor, case: StandardCase, *, now: datetime) -> int:
    """Send all drafts of a case: they go to the outbox. The number of them."""
    moved = session.execute(
        update(Notice)
        .where(_of(case), Notice.state == "draft")
        .values(state="queued", not_before=now)
        .execution_options(synchronize_session=False)
    )
    count = int(cast("Any", moved).rowcount)
    if count:
        record(session, actor, "case.notices_sent", case, at=now, changes={"notices": [None, count]})
    session.flush()
    return count


def take_back(session: Session, case: StandardCase, *, now: datetime, public_url: str) -> None:
    """The finding falls: what was not sent is withdrawn, who was told is told that the certificates stand (drafted)."""
    session.execute(
        update(Notice)
        .where(_of(case), Notice.state.in_(UNSENT))
        .values(state="withdrawn")
        .execution_options(synchronize_session=False)
    )
    told = session.scalars(
        select(Notice.holder_id)
        .where(_of(case), Notice.state.in_(("sent", "sending")), Notice.holder_id.is_not(None))
        .distinct()
    ).all()
    if told:
        draft(session, case, "fallen", now=now, public_url=public_url, only=[key for key in told if key is not None])
