"""States of an instrument and the moves the law allows between them.

>>> sorted(moves("rejected"))
['retired', 'under_repair']
>>> check_move("awaiting_verification", "in_use", "conforming_verification")
>>> check_move("rejected", "in_use", "restart")
Traceback (most recent call last):
metrology.domain.problems.MoveNotAllowed: move_not_allowed (state): from=rejected, to=in_use, cause=restart
"""

from collections.abc import Mapping
from typing import Literal

from metrology.domain.problems import MoveNotAllowed

State = Literal["in_use", "suspended", "under_repair", "awaiting_verification", "rejected", "retired", "lost"]
Cause = Literal[
    "request",
    "conforming_verification",
    "restart",
    "rejecting_verification",
    "repair",
    "repaired",
    "seal_broken",
    "expired_rest",
    "relocated",
    "owner_changed",
    "verification_undone",
    "found",
]

STATES: tuple[State, ...] = (
    "in_use",
    "suspended",
    "under_repair",
    "awaiting_verification",
    "rejected",
    "retired",
    "lost",
)
FINAL: frozenset[State] = frozenset({"retired"})
# States in which an instrument may not be used for trade, safety, medicine or the environment.
NOT_USABLE: frozenset[State] = frozenset(STATES) - {"in_use"}
# States that fall due and are reminded of. What is not in use is verified when it is put to use again.
SCHEDULED: frozenset[State] = frozenset({"in_use", "awaiting_verification"})

# (from, to): the causes that allow it. `restart` asks for a certificate that still holds (`restarts_in`).
_MOVES: Mapping[tuple[State, State], frozenset[Cause]] = {
    ("in_use", "suspended"): frozenset({"request"}),
    ("in_use", "under_repair"): frozenset({"repair"}),
    ("in_use", "awaiting_verification"): frozenset(
        {"seal_broken", "relocated", "owner_changed", "verification_undone"}
    ),
    ("in_use", "rejected"): frozenset({"rejecting_verification"}),
    ("in_use", "retired"): frozenset({"request"}),
    ("in_use", "lost"): frozenset({"request"}),
    ("suspended", "in_use"): frozenset({"restart", "conforming_verification"}),
    ("suspended", "awaiting_verification"): frozenset({"expired_rest", "request", "seal_broken"}),
    ("suspended", "under_repair"): frozenset({"repair"}),
    ("suspended", "rejected"): frozenset({"rejecting_verification"}),
    ("suspended", "retired"): frozenset({"request"}),
    ("suspended", "lost"): frozenset({"request"}),
    ("under_repair", "awaiting_verification"): frozenset({"repaired"}),
    ("under_repair", "retired"): frozenset({"request"}),
    ("under_repair", "lost"): frozenset({"request"}),
    ("awaiting_verification", "in_use"): frozenset({"conforming_verification", "restart"}),
    ("awaiting_verification", "suspended"): frozenset({"request"}),
    ("awaiting_verification", "under_repair"): frozenset({"repair"}),
    ("awaiting_verification", "rejected"): frozenset({"rejecting_verification"}),
    ("awaiting_verification", "retired"): frozenset({"request"}),
    ("awaiting_verification", "lost"): frozenset({"request"}),
    # After a rejection: repair and complete verification, or scrap. A correcting record may undo a wrong one.
    ("rejected", "under_repair"): frozenset({"repair"}),
    ("rejected", "retired"): frozenset({"request"}),
    ("rejected", "awaiting_verification"): frozenset({"verification_undone"}),
    ("lost", "awaiting_verification"): frozenset({"found"}),
}


def moves(state: State) -> frozenset[State]:
    """The states a person may move an instrument to. Undoing a verification comes only with its correction."""
    return frozenset(
        to for (come_from, to), causes in _MOVES.items() if come_from == state and causes != {"verification_undone"}
    )


def causes(come_from: State, to: State) -> frozenset[Cause]:
    """What can cause this move; empty when nothing does."""
    return _MOVES.get((come_from, to), frozenset())


def check_move(come_from: State, to: State, cause: Cause, *, certificate_holds: bool | None = None) -> None:
    """Raise MoveNotAllowed unless the cause allows the move. A restart needs a certificate that still holds today."""
    allowed = cause in causes(come_from, to)
    if allowed and cause == "restart" and certificate_holds is False:
        allowed = False
    if not allowed:
        raise MoveNotAllowed("state", **{"from": come_from, "to": to, "cause": cause})


def restarts_in(*, certificate_holds: bool) -> State:
    """Where a suspended instrument goes when it is put to use again."""
    return "in_use" if certificate_holds else "awaiting_verification"


def after_verification(verdict: str) -> State:
    """The state a verdict brings."""
    return "in_use" if verdict == "conforms" else "rejected"
