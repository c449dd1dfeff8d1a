"""Administrative divisions (GB/T 2260) and the development zones that have no code there."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from metrology.persistence.columns import Name
from metrology.persistence.database import Model


class District(Model):
    """A county, city district or development zone of the city."""

    __tablename__ = "district"
    __table_args__ = (CheckConstraint("length(code) >= 6", name="code_long_enough"),)

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name_zh: Mapped[Name]
    name_en: Mapped[Name]
    is_extension: Mapped[bool] = mapped_column(
        Boolean, default=False, comment="own code: development zones have none in GB/T 2260"
    )
    position: Mapped[int] = mapped_column(default=0)
