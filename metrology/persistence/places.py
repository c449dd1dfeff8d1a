"""Places of use, in a tree: market → stall, fuel station → island, community → building."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from metrology.persistence.columns import Instant, Key, Line, Name, reference
from metrology.persistence.database import Model
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder

PLACE_KINDS = (
    "market",
    "stall",
    "station",
    "island",
    "community",
    "building",
    "hospital",
    "enterprise",
    "laboratory",
    "other",
)


class Place(Model):
    """Where instruments stand. ``path`` holds the keys of all its ancestors and its own, so that a subtree is one index range."""

    __tablename__ = "place"
    __table_args__ = (
        CheckConstraint("kind in " + str(PLACE_KINDS), name="kind_known"),
        Index("ix_place_name_id", "name", "id"),
        Index("ix_place_full_name_id", "full_name", "id"),
        Index("ix_place_name_beginning", "name", postgresql_ops={"name": "text_pattern_ops"}).ddl_if(
            dialect="postgresql"
        ),
        Index("ix_place_district_code_name_id", "district_code", "name", "id"),
    )

    id: Mapped[Key]
    parent_id: Mapped[int | None] = reference("place.id", nullable=True)
    path: Mapped[str] = mapped_column(String(200), index=True, default="", comment="/1/5/9/ : ancestors and itself")
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[Name]
    full_name: Mapped[str] = mapped_column(String(400), default="", comment="names from the root, for lists")
    identity_key: Mapped[str] = mapped_column(String(400), unique=True, comment="parent|kind|name|district, normalised")
    district_code: Mapped[str | None] = mapped_column(ForeignKey("district.code"))
    address: Mapped[Line]
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6, asdecimal=True))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6, asdecimal=True))
    organiser_id: Mapped[int | None] = reference("holder.id", nullable=True)
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1)

    parent: Mapped[Place | None] = relationship(remote_side="Place.id")
    district: Mapped[District | None] = relationship(lazy="joined")
    organiser: Mapped[Holder | None] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form
