"""Who may do what: one table of actions and roles, and the scope (district, holder) within which it holds.

A page, an API call and a command ask ``may(actor, action)``; an object outside the actor's scope does not exist for it
(``sees``). Roles follow 计量检定印、证管理办法 and JJF 1069: the one who verifies, the one who checks and the one who approves
are three people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

ROLES = (
    "administrator",
    "manager",
    "officer",
    "verifier",
    "checker",
    "approver",
    "holder",
    "auditor",
)
STAFF = frozenset(ROLES) - {"holder"}
_READ_ALL = STAFF
_A, _M, _O, _V, _C, _P, _H, _U = ROLES


def _roles(*names: str) -> frozenset[str]:
    return frozenset(names)


ACTIONS: dict[str, frozenset[str]] = {
    # everyone with an account
    "today.view": frozenset(ROLES),
    "account.own": frozenset(ROLES),
    # the registry
    "instrument.view": frozenset(ROLES),
    "instrument.edit": _roles(_O, _H),
    "instrument.move": _roles(_O),
    "instrument.report": _roles(_O, _H),
    "instrument.export": _roles(_A, _M, _O, _V, _C, _P, _U, _H),
    "holder.view": _roles(_A, _M, _O, _V, _C, _P, _U, _H),
    "holder.edit": _roles(_O),
    "holder.contacts": _roles(_O, _H),
    "place.view": _READ_ALL,
    "place.edit": _roles(_O),
    "type.view": frozenset(ROLES),
    "number.confirm": _roles(_A),
    "rules.view": _READ_ALL,
    "rules.edit": _roles(_O, _V, _C),
    "rules.approve": _roles(_A, _P),
    "law.try": _roles(_A, _M, _U),
    "seal.edit": _roles(_O, _V),
    "attachment.edit": _roles(_O, _V, _H),
    "search": frozenset(ROLES),
    # lots: meters delivered together
    "lot.view": frozenset(ROLES),
    "lot.edit": _roles(_O, _V),
    "lot.return": _roles(_C, _P),
    "lot.rotate": _roles(_O),
    # ledgers
    "import.view": _roles(_A, _O, _M, _U),
    "import.run": _roles(_O),
    # labels, complaints of the public, printing
    "label.view": _READ_ALL,
    "label.order": _roles(_O),
    "label.bind": _roles(_O, _V),
    "label.print": _roles(_O, _V, _C, _P),
    "label.layout": _roles(_A, _O),
    "complaint.view": _roles(_A, _M, _O, _U),
    "complaint.handle": _roles(_O),
    "print.view": _READ_ALL,
    "print.mark": _roles(_O, _V, _C, _P),
    "package.make": frozenset(ROLES),
    # verification and certificates
    "verification.view": _READ_ALL,
    "verification.record": _roles(_V),
    "verification.check": _roles(_C),
    "verification.approve": _roles(_P),
    "certificate.view": frozenset(ROLES),
    "certificate.propose_ending": _roles(_O, _P),
    "certificate.decide_ending": _roles(_P),
    "standard.view": _READ_ALL,
    "standard.edit": _roles(_O),
    "case.open": _roles(_O, _P),
    "case.decide": _roles(_M, _P),
    "person.view": _READ_ALL,
    "person.edit": _roles(_A),
    # plan and remind
    "plan.view": _READ_ALL,
    "plan.edit": _roles(_O),
    "visit.note": _roles(_O, _V),
    "reminder.view": _roles(_A, _M, _O, _U),
    "reminder.send": _roles(_O),
    # reports
    "report.view": _roles(_A, _M, _O, _U),
    "report.export": _roles(_A, _M, _O, _U),
    "target.edit": _roles(_A, _M),
    "statement.view": _roles(_A, _M, _O, _P, _U),
    "statement.prepare": _roles(_M, _O),
    "statement.approve": _roles(_M, _P),
    "list.build": _READ_ALL,
    "report.keep": _READ_ALL,
    "report.subscribe": _READ_ALL,
    # administration
    "user.view": _roles(_A, _U),
    "user.edit": _roles(_A),
    "webhook.view": _roles(_A, _U),
    "webhook.edit": _roles(_A),
    "setting.view": _roles(_A, _U),
    "setting.edit": _roles(_A),
    "journal.view": _roles(_A, _U),
    "task.view": _roles(_A, _O, _M, _U),
    "task.edit": _roles(_A, _O),
}
"""Action → the roles that may. A new page names its action here and nowhere else."""


@dataclass(frozen=True)
class Actor:
    """Someone who does something: a signed-in person, or the system itself (``Actor.system()``)."""

    user_id: int | None
    name: str
    roles: frozenset[str] = field(default_factory=frozenset)
    district_code: str | None = None
    """Division the person works in; None means the whole city."""
    holder_id: int | None = None
    """Holder the account belongs to; set for every account with the role holder."""
    institute_id: int | None = None
    ip: str | None = None
    only: frozenset[str] | None = None
    """The actions a token of the API is narrowed to; None narrows nothing."""

    @classmethod
    def system(cls) -> Actor:
        """The scheduler, a command, an import that continues after a restart."""
        return cls(None, "system", frozenset({"administrator", "officer"}))

    @property
    def is_holder(self) -> bool:
        """Whether the account sees its own holder's things only."""
        return "holder" in self.roles and not (self.roles & STAFF)


NOBODY = Actor(None, "public")


def may(actor: Actor, action: str) -> bool:
    """Whether the actor's roles (and its token) allow an action. An unknown action is a mistake of the program: KeyError."""
    return bool(actor.roles & ACTIONS[action]) and (actor.only is None or action in actor.only)


def sees(actor: Actor, *, district_code: str | None, holder_id: int | None) -> bool:
    """Whether an object lies within the actor's scope."""
    if actor.is_holder:
        return holder_id is not None and holder_id == actor.holder_id
    return actor.district_code is None or district_code is None or actor.district_code == district_code


def allowed_actions(roles: Iterable[str]) -> frozenset[str]:
    """Every action that any of the roles may do."""
    mine = frozenset(roles)
    return frozenset(action for action, who in ACTIONS.items() if who & mine)
