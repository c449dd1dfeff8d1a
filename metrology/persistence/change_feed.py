"""Which kinds of things the change feed tells of, and which of their rows lie within somebody's scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.certificates import Certificate
from metrology.persistence.complaints import Complaint
from metrology.persistence.condition_reports import ConditionReport
from metrology.persistence.database import Model
from metrology.persistence.equipment import Equipment
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.instruments import Attachment, Instrument, Seal
from metrology.persistence.journal import JournalEntry
from metrology.persistence.keyset import among
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.verifications import Verification
from metrology.persistence.visits import Visit


@dataclass(frozen=True, slots=True)
class FedKind:
    """A kind of thing that other systems keep a copy of."""

    model: type[Any]
    action: str
    """Who may do this may be told of it."""
    of: str = ""
    """What it belongs to and whose scope it shares: ``instrument``, ``holder``; empty: a scope of its own, or none."""
    born_with: str = "number"
    """A column that is set once, when the thing is made."""

    @property
    def name(self) -> str:
        """As the journal names it: its table."""
        return str(self.model.__tablename__)


_ALL: Final = (
    FedKind(Instrument, "instrument.view"),
    FedKind(Seal, "instrument.view", of="instrument"),
    FedKind(Attachment, "instrument.view", of="instrument", born_with="file_id"),
    FedKind(ConditionReport, "instrument.view", of="instrument", born_with="kind"),
    FedKind(Verification, "verification.view", of="instrument"),
    FedKind(Certificate, "certificate.view", of="instrument"),
    FedKind(Holder, "holder.view"),
    FedKind(Contact, "holder.contacts", of="holder", born_with="holder_id"),
    FedKind(Place, "place.view", born_with="kind"),
    FedKind(Visit, "plan.view"),
    FedKind(Complaint, "complaint.view"),
    FedKind(MeasurementStandard, "standard.view"),
    FedKind(Equipment, "standard.view"),
)
KINDS: Final = {kind.name: kind for kind in _ALL}
SCOPE_COLUMNS: Final[dict[str, dict[str, str]]] = {
    "instrument": {"district": "district_code", "holder": "holder_id"},
    "holder": {"district": "district_code"},
    "place": {"district": "district_code", "holder": "organiser_id"},
    "visit": {"district": "district_code"},
    "complaint": {"district": "district_code"},
}
"""The columns by which a thing comes into a scope and leaves it."""
OPEN_WITHOUT_DISTRICT: Final = frozenset({"holder", "place", "visit", "complaint"})
"""What stands in no district is seen from every one of them (``scope.within``)."""


def entries_between(session: Session, after: int, upto: int, kinds: Collection[str]) -> Sequence[Any]:
    """Journal entries of some kinds from behind a number to another, in the order in which they were committed.

    Numbers are given under a lock that the transaction keeps to its end (``journal``), so whoever sees a number sees every
    smaller one: none can turn up behind a reader that has gone on.
    """
    table = JournalEntry
    statement = select(
        table.seq, table.at, table.actor_name, table.action, table.object_kind, table.object_id, table.instrument_id,
        table.changes,
    ).where(table.seq > after, table.seq <= upto, table.object_kind.in_(list(kinds)))  # fmt: skip
    return session.execute(statement.order_by(table.seq)).all()


def hash_of(session: Session, seq: int) -> str | None:
    """The hash of an entry; None where the journal has no such number."""
    return session.scalar(select(JournalEntry.hash).where(JournalEntry.seq == seq))


def visible(session: Session, actor: Actor, kind: FedKind, keys: Sequence[int]) -> set[int]:
    """Those of the keys whose rows are there and within the actor's scope."""
    if not keys:
        return set()
    model = kind.model
    statement = _in_scope(select(model.id).where(among(session, model.id, keys)), actor, kind)
    return set(session.scalars(statement))


def _in_scope(statement: Select[Any], actor: Actor, kind: FedKind) -> Select[Any]:
    model: type[Model] = kind.model
    if model is Attachment:
        statement = statement.where(Attachment.object_kind == "instrument")
        return within(statement.join(Instrument, Instrument.id == Attachment.object_id), actor)
    if kind.of == "instrument":
        return within(statement.join(Instrument, Instrument.id == kind.model.instrument_id), actor)
    if kind.of == "holder":
        return within(statement.join(Holder, Holder.id == Contact.holder_id), actor, Holder)
    if model in (Instrument, Holder, Place):
        return within(statement, actor, model)
    if actor.district_code is not None and "district" in SCOPE_COLUMNS.get(kind.name, {}):
        column = kind.model.district_code
        return statement.where(or_(column == actor.district_code, column.is_(None)))
    return statement
