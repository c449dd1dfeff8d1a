"""Was an instrument legal on a day? From its documents, how they ended, and its states: as known now, or as was known then.

Two times are kept apart: the day that is asked about, and the instant up to which the registry's entries count. A certificate
annulled in June never held in May as known today, though in May nobody knew.

>>> from datetime import UTC
>>> issued = datetime(2026, 5, 4, 2, tzinfo=UTC)
>>> document = Document(1, "verification_certificate", date(2026, 5, 1), date(2027, 4, 30), issued)
>>> judge([document], [], date(2026, 5, 2), issued).word
'held'
>>> judge([document], [], date(2026, 5, 2), datetime(2026, 5, 3, 2, tzinfo=UTC)).word  # not issued yet
'none'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Word = Literal["held", "expired", "rejected", "ended", "annulled", "under_review", "out_of_use", "unproven", "none"]
VOID = frozenset({"annulled", "corrected"})
"""Reasons after which a document counts for nothing, on any day: it never held, or what it said was wrong."""


@dataclass(frozen=True, slots=True)
class DocumentEnd:
    """That a document ended, or was found to have ended otherwise; ``at`` is when the registry knew."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """That somebody began to doubt a document, or that a doubt was cleared up."""

    at: datetime
    is_open: bool


@dataclass(frozen=True, slots=True)
class Document:
    """A certificate or rejection notice. ``key`` grows with each that is issued."""

    key: int
    kind: str
    verified_on: date
    valid_until: date | None
    """Last valid day, all day; None where there is no limit."""
    issued_at: datetime
    ended_on: date | None = None
    """First day on which it holds no more."""
    ends: tuple[DocumentEnd, ...] = field(default=())
    is_stated: bool = True
    """False where it had ended when it was issued, so that it states no validity."""

    doubts: tuple[Doubt, ...] = ()

    def is_doubted(self, known: datetime) -> bool:
        """Whether more doubts had been raised than cleared up by what was known at an instant."""
        return sum(1 if one.is_open else -1 for one in self.doubts if one.at <= known) > 0

    def end(self, known: datetime) -> DocumentEnd | None:
        """How it had ended by what was known at an instant."""
        told = [one for one in self.ends if one.at <= known]
        return max(told, key=lambda one: one.at) if told else None


@dataclass(frozen=True, slots=True)
class StateChange:
    """A state of the instrument from a day on; ``at`` is when the registry knew."""

    at: datetime
    on: date
    state: str


@dataclass(frozen=True, slots=True)
class AsOf:
    """The answer in a word, with the document and the state it rests on.

    *held*: verified, and in use. *expired*: the last valid day had passed. *rejected*: found not to conform. *ended*: the document
    had ended before. *annulled*: there was one, but it never held. *under_review*: it is doubted, so it proves nothing until that is
    settled. *out_of_use*: the document held, but the instrument was
    suspended, under repair, awaiting verification, given up or lost. *unproven*: a document states no validity. *none*: there
    was no document.
    """

    word: Word
    document: Document | None = None
    state: StateChange | None = None

    @property
    def is_legal(self) -> bool:
        """Whether it could be used for trade, safety, medicine or the environment that day."""
        return self.word == "held"


def judge(documents: Iterable[Document], states: Sequence[StateChange], on: date, known: datetime) -> AsOf:
    """What held on a day, by what was known at an instant. Nothing that is not proven counts as legal.

    The document of the latest verification up to the day governs. It counts from the day of verification (its issue only
    makes that known) to the day before it ended, or to its last valid day. ``states`` stand in the order of their entries.
    """
    told = [one for one in documents if one.issued_at <= known and one.verified_on <= on]
    counting = [one for one in told if (end := one.end(known)) is None or end.reason not in VOID]
    answer = _by(_latest(counting), states, on, known)
    if answer.is_legal:
        return answer
    annulled = _latest([one for one in told if (end := one.end(known)) is not None and end.reason == "annulled"])
    if annulled is not None and (annulled.valid_until is None or on <= annulled.valid_until):
        later = answer.document is None or _order(annulled) > _order(answer.document)
        if later and answer.word in ("none", "ended", "expired", "unproven"):
            return AsOf("annulled", annulled)
    return answer


def _order(document: Document) -> tuple[date, int]:
    return document.verified_on, document.key


def _latest(documents: Sequence[Document]) -> Document | None:
    return max(documents, key=_order, default=None)


def _by(document: Document | None, states: Sequence[StateChange], on: date, known: datetime) -> AsOf:
    if document is None:
        return AsOf("none")
    if document.end(known) is not None and document.ended_on is not None and on >= document.ended_on:
        return AsOf("ended", document)
    if document.kind == "rejection_notice":
        return AsOf("rejected", document)
    if not document.is_stated:
        return AsOf("unproven", document)
    if document.valid_until is not None and on > document.valid_until:
        return AsOf("expired", document)
    if document.is_doubted(known):
        return AsOf("under_review", document)
    state = _state(document, states, on, known)
    if state is not None and state.state != "in_use":
        return AsOf("out_of_use", document, state)
    return AsOf("held", document, state)


def _state(document: Document, states: Sequence[StateChange], on: date, known: datetime) -> StateChange | None:
    """The state at the end of the day, where it came after the verification: that one answered for all before it."""
    told = [one for one in states if one.at <= known and one.on <= on]
    last = told[-1] if told else None
    if last is None or (last.on <= document.verified_on and last.at < document.issued_at):
        return None
    return last
