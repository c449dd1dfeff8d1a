"""A complaint goes through acceptance and inspection to an answer, and skips none of them."""

import pytest

from metrology.domain.complaint import COMPLAINT_STATES, check_step, next_states
from metrology.domain.problems import Problem

STEPS = {("received", "accepted"), ("received", "declined"), ("accepted", "inspected"), ("inspected", "closed")}


@pytest.mark.parametrize("state", COMPLAINT_STATES)
@pytest.mark.parametrize("to", COMPLAINT_STATES)
def test_steps(state, to):
    if (state, to) in STEPS:
        check_step(state, to)
        return
    with pytest.raises(Problem) as refused:
        check_step(state, to)
    assert refused.value.to_dict() == {"code": "complaint_step", "field": "state", "params": {"state": state, "to": to}}


def test_nothing_follows_an_end():
    assert [next_states(state) for state in ("closed", "declined", "unknown")] == [(), (), ()]
