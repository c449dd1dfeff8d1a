"""Decisions to end a certificate: proposed by one person, confirmed or declined by another. What was decided stays.

撤销 ends it from the day of the decision, 自始无效 says that it never held, 更正换发 issues a corrected one in its place.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.certificates import Certificate
from metrology.persistence.columns import Instant, Key, Words, reference
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.people import User

KINDS = ("revocation", "annulment", "replacement")
STATES = ("proposed", "confirmed", "declined", "withdrawn")


class Ending(Model):
    """A proposal to end a certificate or notice, and what became of it.

    What was proposed never changes, and once decided nothing does (triggers refuse). A document has one open proposal.
    """

    __tablename__ = "certificate_ending"
    __table_args__ = (
        CheckConstraint("kind in " + str(KINDS), name="kind_known"),
        CheckConstraint("state in " + str(STATES), name="state_known"),
        CheckConstraint("length(reason) > 0", name="has_reason"),
        CheckConstraint(
            "state = 'proposed' or (decided_by_id is not null and decided_at is not null)", name="decided_by_someone"
        ),
        CheckConstraint("state not in ('confirmed', 'declined') or decided_by_id <> proposed_by_id", name="two_people"),
        CheckConstraint("state <> 'withdrawn' or decided_by_id = proposed_by_id", name="withdrawn_by_proposer"),
        CheckConstraint(
            "(successor_id is not null) = (kind = 'replacement' and state = 'confirmed')", name="replaced_by_one"
        ),
        Index(
            "uq_certificate_ending_open",
            "certificate_id",
            unique=True,
            sqlite_where=text("state = 'proposed'"),
            postgresql_where=text("state = 'proposed'"),
        ),
        Index("ix_certificate_ending_certificate_id_id", "certificate_id", "id"),
        Index("ix_certificate_ending_state_id", "state", "id"),
    )

    id: Mapped[Key]
    certificate_id: Mapped[int] = reference("certificate.id", index=False)
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[Words]
    state: Mapped[str] = mapped_column(String(12), default="proposed")
    proposed_by_id: Mapped[int] = reference("user.id", index=False)
    proposed_at: Mapped[Instant]
    decided_by_id: Mapped[int | None] = reference("user.id", nullable=True, index=False)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision_note: Mapped[Words]
    successor_id: Mapped[int | None] = reference("certificate.id", nullable=True, index=False)

    certificate: Mapped[Certificate] = relationship(foreign_keys=[certificate_id])
    successor: Mapped[Certificate | None] = relationship(foreign_keys=[successor_id])
    proposed_by: Mapped[User] = relationship(foreign_keys=[proposed_by_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])
