import pytest

from metrology.domain.instrument import FINAL, STATES, after_verification, causes, check_move, moves, restarts_in
from metrology.domain.problems import MoveNotAllowed
from metrology.domain.seal import consequence


@pytest.mark.parametrize(
    ("state", "to"),
    [
        ("in_use", {"suspended", "under_repair", "awaiting_verification", "rejected", "retired", "lost"}),
        ("suspended", {"in_use", "awaiting_verification", "under_repair", "rejected", "retired", "lost"}),
        ("under_repair", {"awaiting_verification", "retired", "lost"}),
        ("awaiting_verification", {"in_use", "suspended", "under_repair", "rejected", "retired", "lost"}),
        ("rejected", {"under_repair", "retired"}),
        ("retired", set()),
        ("lost", {"awaiting_verification"}),
    ],
)
def test_moves(state, to):
    assert moves(state) == to


def test_every_state_has_its_moves_and_none_moves_to_itself():
    assert all(state not in moves(state) for state in STATES)
    assert {state for state in STATES if not moves(state)} == FINAL


@pytest.mark.parametrize("cause", ["request", "restart", "repaired", "found"])
def test_nothing_but_repair_and_verification_brings_a_rejected_instrument_back(cause):
    with pytest.raises(MoveNotAllowed):
        check_move("rejected", "in_use", cause)
    with pytest.raises(MoveNotAllowed):
        check_move("rejected", "awaiting_verification", cause)


def test_after_repair_comes_verification():
    check_move("under_repair", "awaiting_verification", "repaired")
    with pytest.raises(MoveNotAllowed):
        check_move("under_repair", "in_use", "repaired")
    check_move("awaiting_verification", "in_use", "conforming_verification")


def test_a_restart_needs_a_certificate_that_holds():
    check_move("suspended", "in_use", "restart", certificate_holds=True)
    with pytest.raises(MoveNotAllowed, match="move_not_allowed"):
        check_move("suspended", "in_use", "restart", certificate_holds=False)
    assert restarts_in(certificate_holds=True) == "in_use"
    assert restarts_in(certificate_holds=False) == "awaiting_verification"


def test_a_wrong_rejection_is_undone_only_by_its_correction():
    assert causes("rejected", "awaiting_verification") == {"verification_undone"}


def test_the_move_refused_is_named():
    with pytest.raises(MoveNotAllowed) as refused:
        check_move("retired", "in_use", "request")
    assert refused.value.params == {"from": "retired", "to": "in_use", "cause": "request"}


def test_a_verdict_moves_the_instrument():
    assert after_verification("conforms") == "in_use"
    assert after_verification("rejected") == "rejected"


@pytest.mark.parametrize(
    ("seal", "state", "ends", "move"),
    [
        ("intact", "in_use", False, None),
        ("replaced", "in_use", False, None),
        ("broken", "in_use", True, "awaiting_verification"),
        ("missing", "suspended", True, "awaiting_verification"),
        ("broken", "rejected", True, None),
        ("removed_for_repair", "in_use", True, "under_repair"),
        ("removed_for_repair", "retired", True, None),
    ],
)
def test_a_broken_seal_ends_the_certificate(seal, state, ends, move):
    found = consequence(seal, state)
    assert (found.ends_certificate, found.move) == (ends, move)
    if found.move:
        check_move(state, found.move, found.cause)


@pytest.mark.parametrize("state", STATES)
def test_what_a_broken_seal_moves(state):
    for seal in ("broken", "missing"):
        found = consequence(seal, state)
        moves_to = ("awaiting_verification", "seal_broken") if state in {"in_use", "suspended"} else (None, None)
        assert (found.ends_certificate, found.move, found.cause) == (True, *moves_to)
    found = consequence("removed_for_repair", state)
    repaired = state in {"in_use", "suspended", "awaiting_verification", "rejected"}
    assert (found.ends_certificate, found.move, found.cause) == (
        (True, "under_repair", "repair") if repaired else (True, None, None)
    )
    for seal in ("intact", "replaced"):
        found = consequence(seal, state)
        assert (found.ends_certificate, found.move, found.cause) == (False, None, None)


def test_a_move_is_refused_by_what_it_was():
    with pytest.raises(MoveNotAllowed) as refused:
        check_move("lost", "in_use", "found")
    assert refused.value.field == "state"
    assert refused.value.params == {"from": "lost", "to": "in_use", "cause": "found"}
