"""Was it legal that day: the edges of days, the two times, and a slow model that paints calendars, on random lives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrology.domain.as_of import AsOf, Document, DocumentEnd, Doubt, StateChange, judge

START = date(2026, 1, 1)
FOR_EVER = datetime(2099, 1, 1, tzinfo=UTC)
CERTIFICATE, NOTICE = "verification_certificate", "rejection_notice"


def day(number: int) -> date:
    return START + timedelta(days=number)


def noon(number: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, 1, 4, tzinfo=UTC) + timedelta(days=number, minutes=minute)


def certificate(key: int = 1, verified: int = 10, until: int | None = 20, issued: int = 13, **more: Any) -> Document:
    return Document(key, CERTIFICATE, day(verified), None if until is None else day(until), noon(issued), **more)


def ended(document: Document, on: int, reason: str = "seal_broken", known: int | None = None) -> Document:
    end = DocumentEnd(noon(on if known is None else known), reason)
    return replace(document, ended_on=day(on), ends=(*document.ends, end))


def word(documents: list[Document], on: int, *states: StateChange, known: datetime = FOR_EVER) -> str:
    return judge(documents, states, day(on), known).word


def state(number: int, name: str) -> StateChange:
    return StateChange(noon(number), day(number), name)


@pytest.mark.parametrize(
    ("on", "expected"), [(9, "none"), (10, "held"), (12, "held"), (20, "held"), (21, "expired"), (400, "expired")]
)
def test_a_certificate_holds_from_its_verification_to_its_last_day(on: int, expected: str) -> None:
    assert word([certificate()], on) == expected


def test_a_certificate_without_limit_holds_on() -> None:
    assert word([certificate(until=None)], 9000) == "held"


@pytest.mark.parametrize(("on", "expected"), [(14, "held"), (15, "ended"), (16, "ended")])
def test_what_ended_holds_until_the_day_before(on: int, expected: str) -> None:
    assert word([ended(certificate(), 15)], on) == expected


def test_before_it_was_issued_nobody_knew() -> None:
    assert word([certificate(issued=13)], 11, known=noon(12)) == "none"
    assert word([certificate(issued=13)], 11, known=noon(13)) == "held"


def test_an_annulment_reaches_back_but_was_not_known_then() -> None:
    annulled = replace(certificate(), ended_on=day(50), ends=(DocumentEnd(noon(50), "annulled"),))
    assert word([annulled], 12) == "annulled"
    assert word([annulled], 12, known=noon(49)) == "held"
    assert word([annulled], 12, known=noon(50)) == "annulled"


def test_what_had_ended_can_be_found_never_to_have_held() -> None:
    first = ended(certificate(), 15)
    annulled = replace(first, ends=(*first.ends, DocumentEnd(noon(60), "annulled")))
    assert (word([first], 12), word([annulled], 12)) == ("held", "annulled")
    assert word([annulled], 12, known=noon(59)) == "held"


def test_an_annulled_successor_does_not_bring_the_earlier_back() -> None:
    first = ended(certificate(1, 10, 100, 10), 30, "superseded")
    second = replace(certificate(2, 30, 120, 30), ended_on=day(40), ends=(DocumentEnd(noon(40), "annulled"),))
    assert word([first, second], 29) == "held"
    assert word([first, second], 35) == "annulled"
    assert word([first, second], 110) == "annulled"
    assert word([first, second], 121) == "ended"


def test_what_was_corrected_counts_for_nothing_and_its_correction_for_all() -> None:
    wrong = ended(certificate(1, 10, 20, 10), 50, "corrected")
    right = certificate(2, 10, 15, 50)
    assert word([wrong, right], 18) == "expired"
    assert word([wrong, right], 12) == "held"
    assert word([wrong, right], 18, known=noon(49)) == "held"


def test_a_rejection_counts_from_the_day_it_was_found() -> None:
    first = ended(certificate(1, 10, 100, 10), 33, "rejected")
    notice = Document(2, NOTICE, day(30), None, noon(33))
    assert [word([first, notice], on) for on in (29, 30, 31, 33)] == ["held", "rejected", "rejected", "rejected"]
    assert word([first, notice], 31, known=noon(32)) == "held"


def test_a_notice_taken_back_leaves_nothing() -> None:
    notice = ended(Document(1, NOTICE, day(10), None, noon(10)), 20, "标准器用错")
    assert (word([notice], 19), word([notice], 20)) == ("rejected", "ended")


def test_a_document_that_had_ended_at_birth_proves_nothing() -> None:
    assert word([certificate(until=None, is_stated=False)], 12) == "unproven"


@pytest.mark.parametrize("name", ["suspended", "under_repair", "awaiting_verification", "retired", "lost", "rejected"])
def test_an_instrument_out_of_use_is_not_legal(name: str) -> None:
    assert word([certificate()], 15, state(14, name)) == "out_of_use"
    assert word([certificate()], 13, state(14, name)) == "held"
    assert word([certificate()], 16, state(14, name), state(16, "in_use")) == "held"


def test_the_verification_answers_for_states_before_it() -> None:
    assert word([certificate()], 11, state(2, "awaiting_verification")) == "held"
    assert word([certificate()], 10, state(10, "under_repair")) == "held"
    assert word([certificate()], 11, state(11, "suspended")) == "out_of_use"


def test_what_is_doubted_proves_nothing_until_it_is_cleared_up() -> None:
    doubted = replace(certificate(), doubts=(Doubt(noon(30), True), Doubt(noon(40), True)))
    assert word([doubted], 12) == "under_review"
    assert word([doubted], 12, known=noon(29)) == "held"
    cleared = replace(doubted, doubts=(*doubted.doubts, Doubt(noon(50), False)))
    assert word([cleared], 12) == "under_review"  # two cases doubted it
    cleared = replace(cleared, doubts=(*cleared.doubts, Doubt(noon(60), False)))
    assert word([cleared], 12) == "held"
    assert word([cleared], 12, known=noon(59)) == "under_review"


# -- a model that is slow and plain


LAST = 60
reasons = st.sampled_from(["annulled", "corrected", "superseded", "seal_broken", "rejected", "记录有误"])
names = st.sampled_from(["in_use", "suspended", "under_repair", "awaiting_verification", "retired"])


@st.composite
def documents(draw: st.DrawFn) -> list[Document]:
    found = []
    for key in range(draw(st.integers(0, 4))):
        verified = draw(st.integers(0, LAST - 10))
        issued = draw(st.integers(verified, LAST))
        kind = draw(st.sampled_from([CERTIFICATE, CERTIFICATE, NOTICE]))
        until = None if kind == NOTICE else draw(st.none() | st.integers(verified, LAST + 5))
        one = Document(key, kind, day(verified), None if until is None else day(until), noon(issued, key))
        one = replace(one, is_stated=draw(st.integers(0, 9)) > 0)
        raised = sorted(draw(st.lists(st.integers(issued, LAST), max_size=3, unique=True)))
        one = replace(one, doubts=tuple(Doubt(noon(at, 60), place % 2 == 0) for place, at in enumerate(raised)))
        times = sorted(draw(st.lists(st.integers(issued, LAST), max_size=2, unique=True)))
        if times:
            ends = tuple(DocumentEnd(noon(at, 30 + key), draw(reasons)) for at in times)
            one = replace(one, ended_on=day(times[0]), ends=ends)
        found.append(one)
    return found


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Document], list[StateChange]]:
    days = draw(st.lists(st.integers(0, LAST), max_size=4))
    return draw(documents()), [
        StateChange(noon(number, 100 + place), day(number), draw(names)) for place, number in enumerate(sorted(days))
    ]


def painted(docs: list[Document], states: list[StateChange], on: date, known: datetime) -> AsOf:
    """The same by painting a calendar: each document over the days from its verification on, later ones over earlier ones."""
    calendar: dict[date, Document | None] = {day(number): None for number in range(LAST + 20)}
    void: dict[date, Document | None] = dict(calendar)
    for one in sorted(docs, key=lambda each: (each.verified_on, each.key)):
        if one.issued_at > known:
            continue
        reason = ""
        for end in one.ends:
            if end.at <= known:
                reason = end.reason
        for each in calendar:
            if each < one.verified_on:
                continue
            if reason == "annulled":
                void[each] = one
            elif reason != "corrected":
                calendar[each] = one
    answer = _of_day(calendar[on], states, on, known)
    ghost = void[on]
    covers = ghost is not None and (ghost.valid_until is None or ghost.valid_until >= on)
    if answer.word in ("none", "ended", "expired", "unproven") and ghost is not None and covers:
        owner = calendar[on]
        if owner is None or (ghost.verified_on, ghost.key) > (owner.verified_on, owner.key):
            return AsOf("annulled", ghost)
    return answer


def _of_day(one: Document | None, states: list[StateChange], on: date, known: datetime) -> AsOf:
    if one is None:
        return AsOf("none")
    had_ended = any(end.at <= known for end in one.ends) and one.ended_on is not None and one.ended_on <= on
    if had_ended:
        return AsOf("ended", one)
    if one.kind == NOTICE:
        return AsOf("rejected", one)
    if not one.is_stated:
        return AsOf("unproven", one)
    if one.valid_until is not None and one.valid_until < on:
        return AsOf("expired", one)
    open_doubt = False
    for doubt in one.doubts:
        if doubt.at <= known:
            open_doubt = doubt.is_open
    if open_doubt:
        return AsOf("under_review", one)
    current: StateChange | None = None
    for change in sorted(states, key=lambda each: each.at):
        if change.at > known or change.on > on:
            continue
        before_it = change.on <= one.verified_on and change.at < one.issued_at
        current = None if before_it else change
    if current is not None and current.state != "in_use":
        return AsOf("out_of_use", one, current)
    return AsOf("held", one, current)


@settings(max_examples=400, deadline=None)
@given(lives(), st.integers(0, LAST), st.integers(0, LAST))
def test_random_lives_agree_with_the_painted_calendar(
    life: tuple[list[Document], list[StateChange]], on: int, known: int
) -> None:
    docs, states = life
    expected = painted(docs, states, day(on), noon(known, 200))
    assert judge(docs, states, day(on), noon(known, 200)) == expected


@settings(max_examples=200, deadline=None)
@given(lives(), st.integers(0, LAST))
def test_nothing_is_legal_without_a_certificate_over_the_day(
    life: tuple[list[Document], list[StateChange]], on: int
) -> None:
    answer = judge(*life, day(on), FOR_EVER)
    if answer.is_legal:
        one = answer.document
        assert one is not None
        assert one.kind == CERTIFICATE
        assert one.verified_on <= day(on)
        assert one.valid_until is None or day(on) <= one.valid_until
        assert one.end(FOR_EVER) is None or (one.ended_on is not None and day(on) < one.ended_on)


def test_what_is_known_at_an_instant_is_known_at_it() -> None:
    moved = StateChange(noon(15), day(15), "suspended")
    answer = judge([certificate()], [moved], day(16), noon(15))
    assert (answer.word, answer.state) == ("out_of_use", moved)
    assert word([certificate()], 16, moved, known=noon(15, -1)) == "held"
    doubted = certificate(doubts=(Doubt(noon(15), is_open=True),))
    assert word([doubted], 16, known=noon(15)) == "under_review"
    assert word([doubted], 16, known=noon(15, -1)) == "held"


def test_a_rejection_rests_on_its_notice() -> None:
    notice = replace(certificate(), kind=NOTICE, valid_until=None)
    assert judge([notice], [], day(12), FOR_EVER) == AsOf("rejected", notice)


@pytest.mark.parametrize(
    ("earlier", "on", "expected"),
    [
        (certificate(1, 2, 5, 3), 12, "annulled"),  # had expired
        (replace(certificate(1, 2, 30, 3), is_stated=False), 12, "annulled"),  # states no validity
        (ended(certificate(1, 2, 30, 3), 11), 12, "annulled"),
        (certificate(1, 2, 30, 3), 12, "held"),
        (replace(certificate(1, 2, None, 3), kind=NOTICE), 12, "rejected"),
    ],
)
def test_what_was_annulled_speaks_where_nothing_earlier_does(earlier: Document, on: int, expected: str) -> None:
    annulled = replace(certificate(2), ended_on=day(50), ends=(DocumentEnd(noon(50), "annulled"),))
    assert word([earlier, annulled], on) == expected


def test_an_annulled_one_says_nothing_of_what_came_after_it() -> None:
    annulled = replace(certificate(1, 2, 30, 3), ended_on=day(50), ends=(DocumentEnd(noon(50), "annulled"),))
    assert word([annulled, certificate(2, 10, 12, 11)], 14) == "expired"
