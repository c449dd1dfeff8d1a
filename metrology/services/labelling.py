"""Instrument labels: ordered blank in batches, handed out, bound once on site, made void with a reason.

An instrument has one label in force. Until one is bound, that is the code it was registered with, printed by us; when another
takes its place the old one is void for good and its public page says so, whatever it is stuck on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.label import is_code, is_prefix, new_code, number_of
from metrology.domain.problems import Problem
from metrology.persistence.instrument_labels import InstrumentLabel, LabelBatch, LabelHandout
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.people import User
from metrology.services import cleaning, numbering
from metrology.services.locating import must_lie_within

MOST_IN_BATCH: Final = 10_000
_CHUNK: Final = 500
GONE: Final = frozenset({"retired", "lost"})


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """How many labels of a batch are blank, bound and void."""

    blank: int = 0
    bound: int = 0
    void: int = 0


# -- stock


def order_batch(
    session: Session, actor: Actor, *, prefix: str, count: int, layout: str, note: str, now: datetime
) -> LabelBatch:
    """Make so many blank labels with codes nobody can guess; their numbers follow those of the prefix given out before."""
    prefix = cleaning.code("prefix", prefix, 20).upper()
    if not is_prefix(prefix):
        raise Problem("bad_label_prefix", "prefix", value=prefix[:20])
    if not 1 <= count <= MOST_IN_BATCH:
        raise Problem("bad_batch_size", "count", limit=MOST_IN_BATCH)
    values = numbering.take(session, f"label/{prefix}", count)
    batch = LabelBatch(
        number=numbering.next_number(session, "label_batch"), prefix=prefix, first=values[0], last=values[-1],
        layout=cleaning.words("layout", layout), note=cleaning.words("note", note),
        ordered_by_id=actor.user_id, ordered_at=now,
    )  # fmt: skip
    session.add(batch)
    record(session, actor, "label_batch.ordered", batch, at=now)
    session.flush()
    for start in range(0, count, _CHUNK):
        session.execute(
            insert(InstrumentLabel),
            [
                {"code": new_code(), "number": number_of(prefix, value), "batch_id": batch.id, "state": "blank", "void_reason": ""}
                for value in values[start : start + _CHUNK]
            ],
        )  # fmt: skip
    return batch


def hand_out(
    session: Session, actor: Actor, batch: LabelBatch, *, first: int, last: int, taker: User, now: datetime
) -> LabelHandout:
    """Note that somebody took a range of a batch along; what was handed out before is then with the later one."""
    _check_range(batch, first, last)
    handout = LabelHandout(
        batch_id=batch.id, first=first, last=last, taker_id=taker.id, given_by_id=actor.user_id, given_at=now
    )
    session.add(handout)
    changes = {"range": [None, _range_words(batch, first, last)], "taker": [None, taker.name]}
    record(session, actor, "label_batch.handed_out", batch, at=now, changes=changes)
    session.flush()
    return handout


def note_printed(session: Session, actor: Actor, batch: LabelBatch, *, first: int, last: int, now: datetime) -> None:
    """Note that the sheets of a range were made: blank labels printed twice are two labels with one code."""
    batch.printed_at, batch.printed_times = now, batch.printed_times + 1
    changes: dict[str, list[Any]] = {
        "range": [None, _range_words(batch, first, last)],
        "printed_times": [None, batch.printed_times],
    }
    record(session, actor, "label_batch.printed", batch, at=now, changes=changes)
    session.flush()


def void_blanks(
    session: Session, actor: Actor, batch: LabelBatch, *, first: int, last: int, reason: str, now: datetime
) -> int:
    """Make the blank labels of a range void, because they were lost or spoilt; tell how many. Bound ones stay bound."""
    _check_range(batch, first, last)
    reason = _reason(reason)
    ends = (number_of(batch.prefix, first), number_of(batch.prefix, last))
    gone = session.execute(
        update(InstrumentLabel)
        .where(InstrumentLabel.batch_id == batch.id, InstrumentLabel.state == "blank")
        .where(InstrumentLabel.number.between(*ends))
        .values(state="void", void_at=now, void_by_id=actor.user_id, void_reason=reason)
        .execution_options(synchronize_session=False)
    )
    count = int(gone.rowcount)  # type: ignore[attr-defined]
    if not count:
        raise Problem("no_blank_labels", "first")
    changes: dict[str, list[Any]] = {"range": [None, _range_words(batch, first, last)], "count": [None, count]}
    record(session, actor, "label_batch.voided", batch, at=now, changes=changes, reason=reason)
    session.flush()
    session.expire_all()
    return count


def counts_of(session: Session, batches: Iterable[LabelBatch]) -> dict[int, BatchCounts]:
    """How many labels of each batch are in which state."""
    keys = [batch.id for batch in batches]
    rows: Any = session.execute(
        select(InstrumentLabel.batch_id, InstrumentLabel.state, func.count())
        .where(InstrumentLabel.batch_id.in_(keys))
        .group_by(InstrumentLabel.batch_id, InstrumentLabel.state)
    )
    counted: dict[int, Counter[str]] = {key: Counter() for key in keys}
    for key, state, count in rows:
        counted[key][state] = count
    return {key: BatchCounts(one["blank"], one["bound"], one["void"]) for key, one in counted.items()}


def labels_of(session: Session, batch: LabelBatch, first: int, last: int) -> list[InstrumentLabel]:
    """The blank labels of a range, in order: what is printed."""
    _check_range(batch, first, last)
    ends = (number_of(batch.prefix, first), number_of(batch.prefix, last))
    statement = select(InstrumentLabel).where(
        InstrumentLabel.batch_id == batch.id, InstrumentLabel.state == "blank", InstrumentLabel.number.between(*ends)
    )
    return list(session.scalars(statement.order_by(InstrumentLabel.id)))


def _check_range(batch: LabelBatch, first: int, last: int) -> None:
    if not batch.first <= first <= last <= batch.last:
        raise Problem("bad_label_range", "first", first=batch.first, last=batch.last)


def _range_words(batch: LabelBatch, first: int, last: int) -> str:
    return f"{number_of(batch.prefix, first)}–{number_of(batch.prefix, last)}"


def _reason(text: str) -> str:
    reason = cleaning.words("reason", text, 200)
    if not reason:
        raise Problem("reason_needed", "reason")
    return reason


# -- one label


def find(session: Session, text: str) -> InstrumentLabel | None:
    """A label by its number, its code, or the address that was scanned; None when there is no such label."""
    word = text.strip().partition("#")[0].rstrip("/").rpartition("/")[2]
    if not word or len(word) > 60:
        return None
    column = InstrumentLabel.code if is_code(word) else InstrumentLabel.number
    found = session.scalar(select(InstrumentLabel).where(column == (word if is_code(word) else word.upper())))
    return found or by_code(session, word)


def by_code(session: Session, code: str) -> InstrumentLabel | None:
    """The label with this code, of those that are written down."""
    return session.scalar(select(InstrumentLabel).where(InstrumentLabel.code == code))


def current(session: Session, instrument_id: int) -> InstrumentLabel | None:
    """The label bound to an instrument; None when its own code serves, or nothing does."""
    return session.scalar(
        select(InstrumentLabel).where(InstrumentLabel.instrument_id == instrument_id, InstrumentLabel.state == "bound")
    )


def history(session: Session, instrument_id: int) -> list[InstrumentLabel]:
    """Every label an instrument had: the one in force, then the others, the latest first."""
    statement = select(InstrumentLabel).where(InstrumentLabel.instrument_id == instrument_id)
    order = (InstrumentLabel.bound_at.desc(), InstrumentLabel.id.desc())
    return sorted(session.scalars(statement.order_by(*order)), key=lambda one: one.state == "void")


def codes_in_force(session: Session, instruments: Sequence[Instrument]) -> dict[int, str]:
    """The code that opens each instrument's page; one whose label is void and not replaced has none."""
    bound: dict[int, str] = {}
    own_void: set[int] = set()
    own = {one.id: one.public_code for one in instruments}
    for start in range(0, len(instruments), _CHUNK):
        keys = [one.id for one in instruments[start : start + _CHUNK]]
        columns = (InstrumentLabel.instrument_id, InstrumentLabel.code, InstrumentLabel.state)
        rows: Any = session.execute(select(*columns).where(InstrumentLabel.instrument_id.in_(keys)))
        for key, code, state in rows:
            if state == "bound":
                bound[key] = code
            elif code == own[key]:
                own_void.add(key)
    return {
        one.id: bound.get(one.id, one.public_code) for one in instruments if one.id in bound or one.id not in own_void
    }


def code_in_force(session: Session, instrument: Instrument) -> str | None:
    """The code that opens an instrument's page; None when its label is void and no other was bound."""
    return codes_in_force(session, [instrument]).get(instrument.id)


def has_label(session: Session, instrument: Instrument) -> bool:
    """Whether a label was bound to it before, so that binding another needs a reason."""
    return (
        session.scalar(select(InstrumentLabel.id).where(InstrumentLabel.instrument_id == instrument.id).limit(1))
        is not None
    )


def bind(
    session: Session, actor: Actor, label: InstrumentLabel, instrument: Instrument, *, reason: str = "", now: datetime
) -> InstrumentLabel:
    """Bind a blank label to an instrument. Where one was bound before, a reason is needed and the old one is void."""
    must_lie_within(actor, instrument.district_code, "instrument")
    session.refresh(label, with_for_update=True)
    session.refresh(instrument, with_for_update={"of": Instrument})
    if label.state != "blank":
        raise Problem("label_not_blank", "label", number=label.number, state=label.state)
    if instrument.state in GONE:
        raise Problem("label_for_gone", "instrument", number=instrument.number)
    if has_label(session, instrument):
        reason = _reason(reason)
    _retire(session, actor, instrument, reason or f"→ {label.number}", now=now)
    label.state, label.instrument_id, label.bound_at, label.bound_by_id = "bound", instrument.id, now, actor.user_id
    record(
        session, actor, "label.bound", label, at=now, instrument=instrument, changes={"number": [None, label.number]},
        reason=reason,
    )  # fmt: skip
    session.flush()
    return label


def void_current(session: Session, actor: Actor, instrument: Instrument, reason: str, *, now: datetime) -> None:
    """Make the label of an instrument void without another: it was lost, or copied. Its page says so at once."""
    must_lie_within(actor, instrument.district_code, "instrument")
    if code_in_force(session, instrument) is None:
        raise Problem("no_label_in_force", "instrument", number=instrument.number)
    _retire(session, actor, instrument, _reason(reason), now=now)


def void_blank(session: Session, actor: Actor, label: InstrumentLabel, reason: str, *, now: datetime) -> None:
    """Make one blank label void: it was spoilt."""
    session.refresh(label, with_for_update=True)
    if label.state != "blank":
        raise Problem("label_not_blank", "label", number=label.number, state=label.state)
    _void(session, actor, label, _reason(reason), now=now)


def replace_own(
    session: Session, actor: Actor, instrument: Instrument, reason: str, *, now: datetime
) -> InstrumentLabel:
    """A new label to be printed for an instrument, bound from the start; the one in force is void."""
    must_lie_within(actor, instrument.district_code, "instrument")
    session.refresh(instrument, with_for_update={"of": Instrument})
    _retire(session, actor, instrument, _reason(reason), now=now)
    turn = len(history(session, instrument.id)) + 1
    label = InstrumentLabel(
        code=new_code(), number=f"{instrument.number}-{turn}", state="bound", instrument_id=instrument.id,
        bound_at=now, bound_by_id=actor.user_id, void_reason="",
    )  # fmt: skip
    session.add(label)
    changes = {"number": [None, label.number]}
    record(session, actor, "label.bound", label, at=now, instrument=instrument, changes=changes, reason=reason)
    session.flush()
    return label


def _retire(session: Session, actor: Actor, instrument: Instrument, reason: str, *, now: datetime) -> None:
    """End what is in force. The code an instrument was registered with is written down when it ends."""
    before = current(session, instrument.id)
    if before is None and code_in_force(session, instrument) is not None:
        before = InstrumentLabel(
            code=instrument.public_code, number=f"{instrument.number}-1", state="bound", instrument_id=instrument.id,
            bound_at=instrument.created_at, void_reason="",
        )  # fmt: skip
        session.add(before)
    if before is not None:
        _void(session, actor, before, reason, now=now)


def _void(session: Session, actor: Actor, label: InstrumentLabel, reason: str, *, now: datetime) -> None:
    was = label.state
    label.state, label.void_at, label.void_by_id, label.void_reason = "void", now, actor.user_id, reason[:200]
    record(
        session, actor, "label.voided", label, at=now, instrument=label.instrument_id, reason=reason,
        changes={"number": [None, label.number], "state": [was, "void"]},
    )  # fmt: skip
    session.flush()
