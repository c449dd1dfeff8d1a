"""Scopes of API tokens: an area and what is done there. Each action of ``authority.ACTIONS`` belongs to exactly one.

``read`` looks, ``write`` changes, ``decide`` gives the word of a second or third person. A token never does more than its
account may do now: a scope only takes away.

>>> scope_of("instrument.view"), scope_of("instrument.move"), scope_of("verification.approve")
('instruments:read', 'instruments:write', 'verifications:decide')
"""

from __future__ import annotations

from collections.abc import Iterable

from metrology.domain.authority import ACTIONS, allowed_actions

VERBS = ("read", "write", "decide")
_AREAS = {
    "today": "account", "account": "account", "instrument": "instruments", "seal": "instruments", "attachment": "instruments",
    "holder": "holders", "place": "places", "type": "law", "number": "law", "rules": "law", "law": "law", "search": "search",
    "import": "ledgers", "label": "labels", "complaint": "complaints", "print": "papers", "package": "papers",
    "verification": "verifications", "certificate": "certificates", "standard": "standards", "case": "standards",
    "person": "people", "plan": "plan", "visit": "plan", "reminder": "reminders", "report": "reports", "user": "users",
    "setting": "settings", "journal": "journal", "task": "tasks",
}  # fmt: skip
"""Noun of an action → its area. A noun not named here is an area of its own."""
_DECIDES = frozenset(
    {
        "verification.check", "verification.approve", "certificate.decide_ending", "case.decide", "rules.approve",
        "number.confirm",
    }
)  # fmt: skip
_READS = frozenset({"view", "export", ""})


def scope_of(action: str) -> str:
    """The scope an action belongs to."""
    noun, _dot, verb = action.partition(".")
    done = "decide" if action in _DECIDES or verb in ("approve", "decide") else "read" if verb in _READS else "write"
    return f"{_AREAS.get(noun, f'{noun}s')}:{done}"


SCOPES: tuple[str, ...] = tuple(dict.fromkeys(scope_of(action) for action in ACTIONS))
"""Every scope there is, in the order of the actions."""


def actions_within(scopes: Iterable[str]) -> frozenset[str]:
    """The actions that some scopes open. What is no scope opens nothing."""
    given = frozenset(scopes)
    return frozenset(action for action in ACTIONS if scope_of(action) in given)


def scopes_for(roles: Iterable[str]) -> tuple[str, ...]:
    """The scopes of which these roles may do something."""
    mine = {scope_of(action) for action in allowed_actions(roles)}
    return tuple(scope for scope in SCOPES if scope in mine)
