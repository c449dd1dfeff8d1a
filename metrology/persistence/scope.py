"""The rows an actor may see: its district, or its own holder's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, false, or_

from metrology.domain.authority import Actor
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.places import Place


def within(statement: Select[Any], actor: Actor, model: type[Instrument | Holder | Place] = Instrument) -> Select[Any]:
    """Narrow a statement on instruments, holders or places to the actor's scope (one more equality, so indexes serve)."""
    if actor.is_holder:
        if actor.holder_id is None:
            return statement.where(false())
        own = {Instrument: Instrument.holder_id, Holder: Holder.id, Place: Place.organiser_id}[model]
        return statement.where(own == actor.holder_id)
    if actor.district_code is None:
        return statement
    if model is Instrument:
        return statement.where(Instrument.district_code == actor.district_code)
    column = model.district_code
    return statement.where(or_(column == actor.district_code, column.is_(None)))
