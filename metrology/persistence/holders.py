"""Holders of instruments (使用单位/个人) and the contacts who are told of what falls due."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Instant, Key, Line, Name, Words, reference
from metrology.persistence.database import Model
from metrology.persistence.districts import District

HOLDER_KINDS = ("enterprise", "vendor", "utility", "hospital", "government", "market_organiser", "other")


class Holder(Model):
    """An enterprise, vendor, utility, hospital or office that holds instruments."""

    __tablename__ = "holder"
    __table_args__ = (
        CheckConstraint("kind in " + str(HOLDER_KINDS), name="kind_known"),
        CheckConstraint("length(name) > 0", name="has_name"),
        Index("ix_holder_name_id", "name", "id"),
        Index("ix_holder_name_beginning", "name", postgresql_ops={"name": "text_pattern_ops"}).ddl_if(
            dialect="postgresql"
        ),
        Index("ix_holder_district_code_name_id", "district_code", "name", "id"),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[Name]
    kind: Mapped[str] = mapped_column(String(20), default="enterprise")
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True, comment="unified social credit code, GB 32100")
    identity_key: Mapped[str] = mapped_column(
        String(300), unique=True, comment="uscc, or normalised name|market|stall for small vendors without one"
    )
    district_code: Mapped[str | None] = mapped_column(ForeignKey("district.code"))
    address: Mapped[Line]
    legal_representative: Mapped[Line]
    industry: Mapped[Line]
    notes: Mapped[Words]
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1)

    district: Mapped[District | None] = relationship(lazy="joined")
    contacts: Mapped[list[Contact]] = relationship(back_populates="holder", order_by="Contact.id")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form


class Contact(Model):
    """A person to be told, and how."""

    __tablename__ = "contact"

    id: Mapped[Key]
    holder_id: Mapped[int] = reference("holder.id")
    name: Mapped[Name]
    post: Mapped[Line]
    phone: Mapped[Line]
    email: Mapped[Line]
    wecom_webhook: Mapped[str] = mapped_column(
        String(500), default="", comment="WeCom group robot; only its own host is called"
    )
    notify_email: Mapped[bool] = mapped_column(Boolean, default=True)
    notify_wecom: Mapped[bool] = mapped_column(Boolean, default=False)
    language: Mapped[str] = mapped_column(String(20), default="zh_Hans_CN")
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    holder: Mapped[Holder] = relationship(back_populates="contacts")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form
