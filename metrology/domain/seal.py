"""Seals and verification marks (铅封、检定标记): what a broken one ends.

An instrument whose seal is broken or whose mark is damaged counts as not verified (OIML V 1 2.20, 2.22; JJG 539 names
it as a reason for subsequent verification): its certificate ends that day and it awaits verification.
"""

from dataclasses import dataclass
from typing import Literal

from metrology.domain.instrument import Cause, State

SealState = Literal["intact", "broken", "missing", "removed_for_repair", "replaced"]
SEAL_STATES: tuple[SealState, ...] = ("intact", "broken", "missing", "removed_for_repair", "replaced")


@dataclass(frozen=True, slots=True)
class Consequence:
    """What follows for the certificate and the instrument; `move` is None when the instrument stays where it is."""

    ends_certificate: bool
    move: State | None = None
    cause: Cause | None = None


def consequence(seal: SealState, instrument: State) -> Consequence:
    """What the state of a seal means for the instrument in its state.

    >>> consequence("broken", "in_use")
    Consequence(ends_certificate=True, move='awaiting_verification', cause='seal_broken')
    >>> consequence("replaced", "in_use")
    Consequence(ends_certificate=False, move=None, cause=None)
    """
    if seal in ("intact", "replaced"):
        # A seal is only ever replaced by a verifier, in a verification that stands for itself.
        return Consequence(ends_certificate=False)
    if seal == "removed_for_repair":
        moves = instrument in ("in_use", "suspended", "awaiting_verification", "rejected")
        return Consequence(
            ends_certificate=True, move="under_repair" if moves else None, cause="repair" if moves else None
        )
    moves = instrument in ("in_use", "suspended")
    return Consequence(
        ends_certificate=True, move="awaiting_verification" if moves else None, cause="seal_broken" if moves else None
    )
