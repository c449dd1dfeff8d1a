"""Complaints of the public: told by anyone who scanned a code, decided on within seven working days, answered.

The one who complains is no user: a receipt (sixty random bits) follows the complaint. A contact is personal data; it is shown
to those who handle the complaint, never journalled, and emptied ninety days after the end.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from metrology.documents.photo import plain_photo
from metrology.domain.authority import NOBODY, Actor
from metrology.domain.complaint import ACCEPT_WITHIN_WORKDAYS, OPEN_STATES, check_step
from metrology.domain.problems import Problem
from metrology.optimization.workdays import day_kind
from metrology.persistence.complaints import KINDS, Complaint
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.services import attaching, cleaning, numbering
from metrology.services.locating import must_lie_within

_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that are mistaken for others."""
_GROUPS: Final = 3
MOST_OPEN: Final = 20
"""Open complaints of one instrument; more say nothing new: the office looks at it anyway."""
KEPT_CONTACT: Final = timedelta(days=90)
MOST_TEXT: Final = 2000
LARGEST_PHOTO: Final = 8_000_000
PUBLIC: Final = Actor(None, NOBODY.name)
"""Who complains: nobody the registry knows, and no address of theirs is kept in the journal."""


def new_receipt() -> str:
    """Twelve letters and digits in three groups, to be read aloud and typed.

    >>> len(new_receipt()), new_receipt().count("-")
    (14, 2)
    """
    groups = ("".join(secrets.choice(_LETTERS) for _letter in range(4)) for _group in range(_GROUPS))
    return "-".join(groups)


def receipt_of(text: str) -> str:
    """A receipt as it was typed: blanks and dashes do not count, nor does case."""
    plain = "".join(c for c in text.upper() if c.isascii() and c.isalnum())[:12]
    return "-".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def accept_by(received: date) -> date:
    """The last day to decide on acceptance: the seventh working day after that of receipt."""
    day, left = received, ACCEPT_WITHIN_WORKDAYS
    while left:
        day += timedelta(days=1)
        left -= day_kind(day).is_workday
    return day


def complain(
    session: Session,
    *,
    receipt: str,
    instrument: Instrument | None,
    scanned_code: str,
    kind: str,
    text: str,
    seller: str = "",
    contact: str = "",
    photo: bytes = b"",
    today: date,
    now: datetime,
) -> Complaint:
    """Take a complaint. The same receipt again is the same complaint: a form that was sent twice made one."""
    known = session.scalar(select(Complaint).where(Complaint.receipt == receipt))
    if known is not None:
        return known
    if kind not in KINDS:
        raise Problem("choose_what_is_wrong", "kind")
    text = cleaning.paragraph("text", text, MOST_TEXT)
    if kind == "other" and not text:
        raise Problem("say_what_is_wrong", "text")
    if instrument is not None and len(open_on(session, instrument)) >= MOST_OPEN:
        raise Problem("enough_complaints")
    complaint = Complaint(
        number=numbering.next_number(session, "complaint"), receipt=receipt,
        instrument_id=instrument.id if instrument else None, scanned_code=scanned_code[:60],
        district_code=instrument.district_code if instrument else None, kind=kind, text=text,
        seller=cleaning.words("seller", seller, 200), contact=cleaning.words("contact", contact, 120),
        received_at=now, accept_by=accept_by(today), state="received", finding="", answer="",
    )  # fmt: skip
    session.add(complaint)
    changes = {"number": [None, complaint.number], "kind": [None, kind]}
    record(session, PUBLIC, "complaint.received", complaint, at=now, instrument=instrument, changes=changes)
    session.flush()
    if photo:
        if len(photo) > LARGEST_PHOTO:
            raise Problem("file_too_large", "photo", limit=LARGEST_PHOTO // 1_000_000)
        attaching.attach(session, PUBLIC, complaint, plain_photo(photo), name="photo", now=now, instrument=instrument)
    return complaint


def followed(session: Session, receipt: str) -> Complaint | None:
    """The complaint of a receipt; None for one nobody was given."""
    wanted = receipt_of(receipt)
    statement = select(Complaint).where(Complaint.receipt == wanted).options(joinedload(Complaint.instrument))
    return session.scalar(statement) if len(wanted) == 14 else None


# -- the office


def decide(
    session: Session, actor: Actor, complaint: Complaint, *, accepts: bool, answer: str = "", now: datetime
) -> None:
    """Accept a complaint, or decline it with the reason its reporter is told."""
    to = "accepted" if accepts else "declined"
    _step(session, actor, complaint, to)
    answer = cleaning.paragraph("answer", answer, MOST_TEXT)
    if not accepts and not answer:
        raise Problem("reason_needed", "answer")
    complaint.state, complaint.decided_at, complaint.decided_by_id = to, now, actor.user_id
    if not accepts:
        complaint.closed_at, complaint.answer = now, answer
    _journal(session, actor, complaint, "complaint.accepted" if accepts else "complaint.refused", answer, now)


def inspect(
    session: Session, actor: Actor, complaint: Complaint, finding: str, *, inspected_on: date | None, today: date, now: datetime
) -> None:  # fmt: skip
    """Note what weighing again or looking at the instrument showed."""
    _step(session, actor, complaint, "inspected")
    finding = cleaning.paragraph("finding", finding, MOST_TEXT)
    if not finding:
        raise Problem("finding_needed", "finding")
    day = cleaning.day("inspected_on", inspected_on, today, future="future_date") or today
    complaint.state, complaint.finding, complaint.inspected_on = "inspected", finding, day
    _journal(session, actor, complaint, "complaint.inspected", finding, now)


def close(session: Session, actor: Actor, complaint: Complaint, answer: str, *, now: datetime) -> None:
    """Close a complaint with the answer its reporter reads."""
    _step(session, actor, complaint, "closed")
    answer = cleaning.paragraph("answer", answer, MOST_TEXT)
    if not answer:
        raise Problem("answer_needed", "answer")
    complaint.state, complaint.answer, complaint.closed_at = "closed", answer, now
    _journal(session, actor, complaint, "complaint.closed", answer, now)


def _step(session: Session, actor: Actor, complaint: Complaint, to: str) -> None:
    must_lie_within(actor, complaint.district_code, "state")
    session.refresh(complaint, with_for_update={"of": Complaint})
    check_step(complaint.state, to)


def _journal(session: Session, actor: Actor, complaint: Complaint, action: str, reason: str, now: datetime) -> None:
    changes = {"number": [None, complaint.number], "state": [None, complaint.state]}
    record(
        session, actor, action, complaint, at=now, instrument=complaint.instrument_id, changes=changes, reason=reason
    )
    session.flush()


def scoped(statement: Select[Any], actor: Actor) -> Select[Any]:
    """Narrow to the actor's district; what belongs to none is everyone's."""
    mine = actor.district_code
    if mine is None:
        return statement
    return statement.where(or_(Complaint.district_code == mine, Complaint.district_code.is_(None)))


def seen(session: Session, actor: Actor, complaint_id: int) -> Complaint | None:
    """A complaint within the actor's scope."""
    statement = select(Complaint).where(Complaint.id == complaint_id).options(joinedload(Complaint.instrument))
    found: Complaint | None = session.scalar(scoped(statement, actor))
    return found


def open_on(session: Session, instrument: Instrument) -> list[Complaint]:
    """The complaints about an instrument that wait for an answer, the oldest first."""
    statement = select(Complaint).where(Complaint.instrument_id == instrument.id, Complaint.state.in_(OPEN_STATES))
    return list(session.scalars(statement.order_by(Complaint.id)))


def waiting(session: Session, actor: Actor, *, today: date) -> tuple[int, int]:
    """How many complaints are open, and how many of them were not decided on in time."""
    unread = scoped(select(Complaint).where(Complaint.state.in_(OPEN_STATES)), actor).subquery()
    late = (unread.c.state == "received") & (unread.c.accept_by < today)
    row = session.execute(select(func.count(), func.count().filter(late)).select_from(unread)).one()
    return int(row[0]), int(row[1])


def forget_contacts(session: Session, *, now: datetime) -> int:
    """Empty the contacts of complaints that ended ninety days ago; tell how many."""
    gone = session.execute(
        update(Complaint)
        .where(Complaint.closed_at < now - KEPT_CONTACT, Complaint.contact != "")
        .values(contact="")
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
