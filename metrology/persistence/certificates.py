"""Certificates (检定证书) and rejection notices (检定结果通知书). Issued once; only their standing changes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from metrology.persistence.columns import CanonicalJson, Instant, Key, Line, reference, sparse_index
from metrology.persistence.database import Model, UtcDateTime
from metrology.persistence.instruments import Instrument
from metrology.persistence.verifications import Verification

KINDS = ("verification_certificate", "rejection_notice", "calibration_certificate")
STANDINGS = ("valid", "superseded", "revoked")


class Certificate(Model):
    """A certificate or rejection notice, found by an unguessable code.

    ``standing`` is what the bureau decided; whether its time has run out is asked of ``valid_until`` and the day. An
    instrument has one document that stands: a certificate or a notice. ``under_review`` doubts it without ending it.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        CheckConstraint("kind in " + str(KINDS), name="kind_known"),
        CheckConstraint("standing in " + str(STANDINGS), name="standing_known"),
        CheckConstraint("kind = 'verification_certificate' or valid_until is null", name="notice_has_no_validity"),
        CheckConstraint("standing = 'valid' or ended_on is not null", name="ended_has_day"),
        UniqueConstraint("verification_id", "reissue", name="uq_certificate_verification_id_reissue"),
        Index("ix_certificate_instrument_id_id", "instrument_id", "id"),
        Index(
            "uq_certificate_current",
            "instrument_id",
            unique=True,
            sqlite_where=text("standing = 'valid'"),
            postgresql_where=text("standing = 'valid'"),
        ),
        sparse_index("ix_certificate_replaced_by_id", "replaced_by_id"),
        Index("ix_certificate_issued_on_id", "issued_on", "id"),
        Index(
            "ix_certificate_under_review",
            "id",
            sqlite_where=text("under_review = 1"),
            postgresql_where=text("under_review"),
        ),
        Index("uq_certificate_status_index", "status_index", unique=True),
        Index("ix_certificate_signed_by", "signed_by"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(60), unique=True)
    code: Mapped[str] = mapped_column(String(24), unique=True, comment="128 random bits, base64url")
    kind: Mapped[str] = mapped_column(String(32))
    instrument_id: Mapped[int] = reference("instrument.id", index=False)
    verification_id: Mapped[int] = reference("verification.id", index=False)
    reissue: Mapped[int] = mapped_column(
        default=0, server_default="0", comment="how often it was issued anew because data on it were wrong"
    )
    verified_on: Mapped[date] = mapped_column(Date)
    issued_on: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date, comment="last valid day; empty: no limit, or a notice")
    validity_rule: Mapped[Line]
    standing: Mapped[str] = mapped_column(String(16), default="valid")
    ended_on: Mapped[date | None] = mapped_column(Date)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[Line]
    replaced_by_id: Mapped[int | None] = reference("certificate.id", nullable=True, index=False)
    under_review: Mapped[bool] = mapped_column(
        Boolean,
        default=False,
        server_default=false(),
        comment="an open case doubts a standard it was judged with: it holds for nothing until the case is closed",
    )
    payload: Mapped[Any] = deferred(
        mapped_column(CanonicalJson, comment="every fact printed; the PDF is made from it alone")
    )
    issued_at: Mapped[Instant]
    status_index: Mapped[int | None] = mapped_column(
        BigInteger, comment="its random slot in the status list; empty: not signed yet"
    )
    label_code: Mapped[bytes | None] = deferred(mapped_column(LargeBinary, comment="COSE_Sign1 of profile P1"))
    page_code: Mapped[bytes | None] = deferred(mapped_column(LargeBinary, comment="COSE_Sign1 of profile P2"))
    signed_by: Mapped[str | None] = mapped_column(
        String(16),
        comment="id of the key; the codes change with it only, when a stolen key's certificates are signed again",
    )

    instrument: Mapped[Instrument] = relationship()
    verification: Mapped[Verification] = relationship()
    replaced_by: Mapped[Certificate | None] = relationship(remote_side="Certificate.id")
