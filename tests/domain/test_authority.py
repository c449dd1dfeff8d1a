"""Who may do and see what; every page and role is walked in tests/web, the rule itself is here."""

import pytest

from metrology.domain.authority import ACTIONS, ROLES, Actor, allowed_actions, may, sees

OFFICER = Actor(1, "an officer", frozenset({"officer"}))
DISTRICT = Actor(2, "of a district", frozenset({"officer"}), district_code="410702")
HOLDER = Actor(3, "a holder", frozenset({"holder"}), holder_id=7)
OF_NONE = Actor(4, "a holder without holder", frozenset({"holder"}))


def test_by_any_of_the_roles():
    assert may(OFFICER, "instrument.move")
    assert not may(HOLDER, "instrument.move")
    assert may(Actor(5, "both", frozenset({"holder", "officer"})), "instrument.move")
    assert not may(Actor(6, "nobody"), "today.view")
    with pytest.raises(KeyError):
        may(OFFICER, "instrument.melt")


@pytest.mark.parametrize(
    ("actor", "district", "holder", "seen"),
    [
        (OFFICER, "410702", 7, True),
        (OFFICER, None, None, True),
        (DISTRICT, "410702", 7, True),
        (DISTRICT, None, 7, True),
        (DISTRICT, "410703", 7, False),
        (HOLDER, "410702", 7, True),
        (HOLDER, "410702", 8, False),
        (HOLDER, "410702", None, False),
        (OF_NONE, "410702", None, False),
        (OF_NONE, "410702", 7, False),
    ],
)
def test_within_its_scope(actor, district, holder, seen):
    assert sees(actor, district_code=district, holder_id=holder) is seen


def test_the_actions_of_roles():
    assert allowed_actions([]) == frozenset()
    assert allowed_actions(iter(ROLES)) == frozenset(ACTIONS)
    assert allowed_actions(["holder"]) == {action for action, who in ACTIONS.items() if "holder" in who}
    assert "instrument.move" not in allowed_actions(["holder"])


def test_the_system_acts_as_administrator_and_officer():
    system = Actor.system()
    assert (system.user_id, system.name, system.roles) == (None, "system", {"administrator", "officer"})
