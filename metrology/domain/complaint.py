"""Complaints of the public (投诉举报): what may be wrong, and the steps a complaint goes.

Whether it is accepted is decided within seven working days of its receipt (市场监督管理投诉举报处理暂行办法, article 14); what was
found by weighing again or inspecting is noted before it is closed.

>>> next_states("received")
('accepted', 'declined')
>>> next_states("closed")
()
"""

from __future__ import annotations

from typing import Final, Literal

from metrology.domain.problems import Problem

ComplaintKind = Literal["short_measure", "other_serial", "seal_broken", "label_suspect", "expired", "display", "other"]
COMPLAINT_KINDS: Final[tuple[ComplaintKind, ...]] = (
    "short_measure", "other_serial", "seal_broken", "label_suspect", "expired", "display", "other",
)  # fmt: skip
ComplaintState = Literal["received", "accepted", "inspected", "closed", "declined"]
COMPLAINT_STATES: Final[tuple[ComplaintState, ...]] = ("received", "accepted", "inspected", "closed", "declined")
OPEN_STATES: Final[tuple[ComplaintState, ...]] = ("received", "accepted", "inspected")
ACCEPT_WITHIN_WORKDAYS: Final = 7
_NEXT: Final[dict[str, tuple[ComplaintState, ...]]] = {
    "received": ("accepted", "declined"),
    "accepted": ("inspected",),
    "inspected": ("closed",),
}


def next_states(state: str) -> tuple[ComplaintState, ...]:
    """Where a complaint may go from a state."""
    return _NEXT.get(state, ())


def check_step(state: str, to: str) -> None:
    """Refuse a step that skips what the reporter is owed: acceptance, then an inspection, then an answer."""
    if to not in next_states(state):
        raise Problem("complaint_step", "state", state=state, to=to)
