"""The chain of traceability, walked both ways: from an instrument or a standard up to the national ones, and from above down again.

Upwards it is drawn (``web.chain_picture``) from what a record kept, or from what holds today. Downwards it is counted: how
many records rest on a certificate, a standard, an institute, without loading one of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.certificates import Certificate
from metrology.persistence.equipment import (
    Equipment,
    EquipmentCertificate,
    OutsideInstitute,
    OutsideStandard,
    StandardEquipment,
)
from metrology.persistence.instruments import Instrument
from metrology.persistence.scope import within
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.verifications import StandardUse, Verification
from metrology.services import equipment_state, outside
from metrology.services.serving_standards import certificate_on

COUNTED = 10_000
"""Records are counted to one more than this."""
DEEPEST = 12


@dataclass(slots=True)
class Node:
    """One link of a chain: a thing of the registry, what is said of it, and what stands above it."""

    kind: str
    """instrument, standard, equipment, certificate, outside_standard or outside_institute."""
    key: int
    name: str
    name_en: str = ""
    number: str = ""
    detail: str = ""
    until: date | None = None
    word: str = ""
    """A code that the page says in words: the role of equipment, the level of an institute, the kind of a certificate."""
    institute: str = ""
    is_lapsed: bool = False
    is_top: bool = False
    above: list[Node] = field(default_factory=list)

    @property
    def identity(self) -> tuple[str, int]:
        """What makes it the same link wherever it stands."""
        return self.kind, self.key

    def walk(self) -> Iterator[Node]:
        """Itself and everything above, each link once."""
        seen: set[tuple[str, int]] = set()
        waiting = [self]
        while waiting:
            one = waiting.pop(0)
            if one.identity not in seen:
                seen.add(one.identity)
                yield one
                waiting += one.above


class Chain:
    """Builds chains of one day; a link that several lead to is one link."""

    def __init__(self, session: Session, on: date) -> None:
        self.session, self.on = session, on
        self.known: dict[tuple[str, int], Node] = {}

    def of_record(self, verification: Verification) -> Node:
        """Of an instrument as a record verified it: its standards with the equipment and certificates of that day."""
        instrument = verification.instrument
        root = Node(
            "instrument", instrument.id, instrument.type.name_zh, instrument.type.name_en, instrument.serial_number,
            verification.number,
        )  # fmt: skip
        for use in verification.standards:
            kept = use.snapshot.get("equipment") if use.snapshot else None
            root.above.append(self.of_standard(use.standard, kept=kept))
        return root

    def of_standard(
        self, standard: MeasurementStandard, depth: int = 0, kept: Sequence[dict[str, Any]] | None = None
    ) -> Node:
        """Of a standard on the day: its equipment, main first, each with the certificate that held."""
        node = self._once("standard", standard.id)
        if node is not None:
            return node
        certificate = certificate_on(standard, self.on)
        until = certificate.valid_until if certificate else standard.valid_until
        node = self._keep(
            Node(
                "standard", standard.id, standard.name, standard.name_en, standard.examination_number or standard.number,
                standard.accuracy_text or standard.accuracy, until, is_lapsed=until < self.on,
            )
        )  # fmt: skip
        if depth >= DEEPEST:
            return node
        if kept:
            node.above += self._kept(kept, depth)
        else:
            pieces = equipment_state.pieces_on(self.session, [standard.id], self.on).get(standard.id, [])
            node.above += [self._piece(one.equipment, one.place.role, one.certificate, depth) for one in pieces]
        if not node.above:
            self._without_equipment(node, standard, certificate)
        return node

    def _kept(self, kept: Sequence[dict[str, Any]], depth: int) -> Iterator[Node]:
        """Equipment as a record kept it, with the very certificates it names."""
        for said in kept:
            row = self.session.get(Equipment, said.get("id"))
            key = said.get("certificate_id")
            held = self.session.get(EquipmentCertificate, key) if key else None
            if row is not None:
                yield self._piece(row, str(said.get("role") or ""), held, depth)

    def _piece(self, row: Equipment, role: str, held: EquipmentCertificate | None, depth: int) -> Node:
        node = self._once("equipment", row.id)
        if node is not None:
            return node
        until = held.valid_until if held else None
        node = self._keep(
            Node(
                "equipment", row.id, row.name, row.name_en, row.serial_number or row.number, row.model, word=role,
                is_lapsed=until is None or until < self.on or row.state != "in_use",
            )
        )  # fmt: skip
        if held is not None:
            node.above.append(self._certificate(held, depth))
        return node

    def _certificate(self, held: EquipmentCertificate, depth: int) -> Node:
        node = self._once("certificate", held.id)
        if node is not None:
            return node
        issuer = held.outside_institute
        node = self._keep(
            Node(
                "certificate", held.id, held.number, detail=held.accuracy_text or held.accuracy, until=held.valid_until,
                word=held.kind, institute=issuer.name if issuer else "", is_lapsed=held.valid_until < self.on,
            )
        )  # fmt: skip
        if held.own_standard is not None:
            node.above.append(self.of_standard(held.own_standard, depth + 1))
        elif held.outside_standard is not None:
            node.above.append(self._outside(held.outside_standard))
        elif issuer is not None:
            node.above.append(self._institute(issuer))
        return node

    def _outside(self, standard: OutsideStandard) -> Node:
        below: Node | None = None
        first: Node | None = None
        for one in outside.upwards(standard):
            node = self._once("outside_standard", one.id)
            is_new = node is None
            if node is None:
                node = self._keep(
                    Node(
                        "outside_standard", one.id, one.name, one.name_en, one.number, one.accuracy_text,
                        word=one.institute.level, institute=one.institute.name, is_top=one.is_primary,
                    )
                )  # fmt: skip
            if below is not None and node not in below.above:
                below.above.append(node)
            first = first or node
            if not is_new:
                break
            below = node
        assert first is not None
        return first

    def _institute(self, row: OutsideInstitute) -> Node:
        known = self._once("outside_institute", row.id)
        return known or self._keep(
            Node("outside_institute", row.id, row.name, row.name_en, word=row.level, is_top=row.level == "national")
        )

    def _without_equipment(self, node: Node, standard: MeasurementStandard, certificate: Any) -> None:
        """A standard whose equipment nobody entered traces by its own certificate, as far as is known."""
        number = certificate.number if certificate else standard.certificate_number
        issuer = certificate.issuer if certificate else standard.certificate_issuer
        node.above.append(
            Node(
                "standard_certificate",
                standard.id,
                number,
                until=node.until,
                institute=issuer,
                is_lapsed=node.is_lapsed,
            )
        )

    def _once(self, kind: str, key: int) -> Node | None:
        return self.known.get((kind, key))

    def _keep(self, node: Node) -> Node:
        self.known[node.identity] = node
        return node


def reaches_top(root: Node) -> bool:
    """Whether every way up ends at a national primary standard, or at a national institute."""
    ends = [one for one in root.walk() if not one.above]
    return bool(ends) and all(one.is_top for one in ends)


# -- downwards


@dataclass(frozen=True, slots=True)
class Resting:
    """A standard that rests on something above, by which pieces of equipment, and how many records were made with it."""

    standard: MeasurementStandard
    equipment: tuple[Equipment, ...]
    records: int

    @property
    def is_capped(self) -> bool:
        """Whether there are more records than were counted."""
        return self.records > COUNTED


def resting_on(
    session: Session,
    *,
    outside_ids: Collection[int] = (),
    institute_ids: Collection[int] = (),
    own_ids: Collection[int] = (),
    certificate_ids: Collection[int] = (),
) -> list[Resting]:
    """The standards below, by every way: through certificates of equipment, and through our own standards in between."""
    condition: ColumnElement[bool] = (
        EquipmentCertificate.outside_standard_id.in_(outside_ids)
        | EquipmentCertificate.outside_institute_id.in_(institute_ids)
        | EquipmentCertificate.own_standard_id.in_(own_ids)
        | EquipmentCertificate.id.in_(certificate_ids)
    )
    found: dict[int, set[int]] = {}
    for _level in range(DEEPEST):
        rows = session.execute(
            select(StandardEquipment.standard_id, StandardEquipment.equipment_id)
            .join(EquipmentCertificate, EquipmentCertificate.equipment_id == StandardEquipment.equipment_id)
            .where(condition)
            .distinct()
        ).all()
        fresh = {key for key, _piece in rows} - found.keys()
        for key, piece in rows:
            found.setdefault(key, set()).add(piece)
        if not fresh:
            break
        condition = EquipmentCertificate.own_standard_id.in_(sorted(fresh))
    return _counted(session, found)


def _counted(session: Session, found: dict[int, set[int]]) -> list[Resting]:
    pieces = {key for keys in found.values() for key in keys}
    equipment = {row.id: row for row in session.scalars(select(Equipment).where(Equipment.id.in_(sorted(pieces))))}
    standards = session.scalars(select(MeasurementStandard).where(MeasurementStandard.id.in_(sorted(found))))
    made = [
        Resting(row, tuple(equipment[key] for key in sorted(found[row.id])), count_records(session, row.id))
        for row in standards
    ]
    return sorted(made, key=lambda one: (-one.records, one.standard.number))


def count_records(session: Session, standard_id: int) -> int:
    """Records made with a standard, counted to one over ``COUNTED``."""
    some = select(StandardUse.id).where(StandardUse.standard_id == standard_id).limit(COUNTED + 1)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


@dataclass(frozen=True, slots=True)
class Judged:
    """A record made with a standard, with the document issued for it."""

    use_id: int
    verification: Verification
    certificate: Certificate | None


def judged_with(
    session: Session, actor: Actor, standard_id: int, *, before: int | None = None, limit: int = 50
) -> tuple[list[Judged], int | None]:
    """A page of the records made with a standard within the actor's scope, the latest first, and where the next page begins."""
    statement = (
        select(StandardUse.id, Verification)
        .join(Verification, Verification.id == StandardUse.verification_id)
        .where(StandardUse.standard_id == standard_id)
        .order_by(StandardUse.id.desc())
        .limit(limit + 1)
    )
    if actor.district_code is not None:
        statement = statement.where(Verification.instrument_id.in_(within(select(Instrument.id), actor)))
    if before is not None:
        statement = statement.where(StandardUse.id < before)
    rows = session.execute(statement).all()
    page = rows[:limit]
    keys = [verification.id for _use, verification in page]
    documents = session.scalars(
        select(Certificate).where(Certificate.verification_id.in_(keys)).order_by(Certificate.id)
    )
    by_record = {document.verification_id: document for document in documents}
    instruments = session.scalars(
        select(Instrument).where(Instrument.id.in_([verification.instrument_id for _use, verification in page]))
    )
    _kept = list(instruments)  # read together, so that each row finds its own in the session
    made = [Judged(use, verification, by_record.get(verification.id)) for use, verification in page]
    return made, page[-1][0] if len(rows) > limit else None
