"""Fields in which a holder or a place is named by typing: its number and name are offered while one types.

They work without a script too: the number alone, the credit code or the exact name is understood.
"""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, url_for
from sqlalchemy import or_, select
from wtforms import SelectField, StringField

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.services import searching
from metrology.services.cleaning import key_of
from metrology.web.choices import choices
from metrology.web.filters import pick
from metrology.web.requests import actor

OFFERED = 12


class LookupField(StringField):
    """Text that names a row; ``row()`` finds it within the scope of the one who asks."""

    model: Any
    endpoint: str
    unknown: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept: Any = None

    def keep(self, row: Holder | Place | None) -> None:
        """Show what is kept; it stays allowed even where it lies outside one's scope."""
        self.kept = row
        if row is not None and not self.raw_data:
            self.data = self.text_of(row)

    def text_of(self, row: Any) -> str:
        """How a row is written in the field."""
        raise NotImplementedError

    def matching(self, text: str) -> Any:
        """Condition on rows that the text names exactly."""
        raise NotImplementedError

    def row(self) -> Any:
        """The row that is named; None for no text; Problem for a text that names none or several."""
        text = (self.data or "").strip()
        if not text:
            return None
        if self.kept is not None and text == self.text_of(self.kept):
            return self.kept
        statement = within(select(self.model).where(self.matching(text)), actor(), self.model)
        found = db.session.scalars(statement.limit(2)).all()
        if len(found) != 1:
            raise Problem(self.unknown, self.name)
        return found[0]

    def __call__(self, **kwargs: Any) -> Any:
        """The input with what ``lookup.js`` needs."""
        kwargs.setdefault("autocomplete", "off")
        return super().__call__(**{"data-lookup": url_for(self.endpoint), **kwargs})


class HolderField(LookupField):
    """``DW00000012 示范超市``: the number says which."""

    model = Holder
    endpoint = "holders.choices"
    unknown = "unknown_holder"

    def text_of(self, row: Holder) -> str:
        """Number and name."""
        return holder_text(row)

    def matching(self, text: str) -> Any:
        """By number, credit code or name."""
        number = text.split(maxsplit=1)[0].upper()
        return or_(Holder.number == number, Holder.uscc == text.upper(), Holder.name == text)


class PlaceField(LookupField):
    """``#12 东湖市场 / A1``: the number says which."""

    model = Place
    endpoint = "places.choices"
    unknown = "unknown_place"

    def text_of(self, row: Place) -> str:
        """Key and full name."""
        return place_text(row)

    def matching(self, text: str) -> Any:
        """By key or full name."""
        number = text.split(maxsplit=1)[0].removeprefix("#")
        if text.startswith("#") and number.isdecimal() and len(number) < 19:
            return Place.id == int(number)
        return Place.full_name == text


class OwnPlaceField(SelectField):
    """For accounts of holders: places they run, and those where instruments of theirs stand already."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, validate_choice=False, **kwargs)
        self._rows = {str(place.id): place for place in _own_places(actor().holder_id)}
        self.choices = choices([("", "—"), *((key, place.full_name) for key, place in self._rows.items())])

    def keep(self, row: Place | None) -> None:
        """Show what is kept."""
        if row is not None and not self.raw_data:
            self.data = str(row.id)

    def row(self) -> Place | None:
        """The place that is chosen."""
        return self._rows.get(self.data or "")


def _own_places(holder_id: int | None) -> list[Place]:
    if holder_id is None:
        return []
    standing = select(Instrument.place_id).where(Instrument.holder_id == holder_id).distinct()
    statement = select(Place).where(or_(Place.organiser_id == holder_id, Place.id.in_(standing)), Place.is_active)
    return list(db.session.scalars(statement.order_by(Place.full_name, Place.id).limit(500)))


def holder_text(row: Holder) -> str:
    """A holder as written in a field."""
    return f"{row.number} {row.name}"


def place_text(row: Place) -> str:
    """A place as written in a field."""
    return f"#{row.id} {row.full_name or row.name}"


def offer(model: Any, kind: str, text: str) -> Response:
    """What is offered while one types: the best few, each with what is written and a second line."""
    condition = searching.condition(db.session(), actor(), kind, text) if key_of(text) else None
    rows = []
    if condition is not None:
        statement = within(select(model).where(condition, model.is_active), actor(), model)
        rows = list(db.session.scalars(statement.order_by(model.name, model.id).limit(OFFERED)))
    write = holder_text if kind == "holder" else place_text
    return jsonify([{"value": write(row), "note": pick(row.district) if row.district else ""} for row in rows])
