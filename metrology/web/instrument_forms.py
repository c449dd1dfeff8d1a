"""The form of an instrument, drawn from the characteristics of its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from metrology import regulations
from metrology.domain.nameplate import Characteristic
from metrology.domain.problems import Problem
from metrology.domain.regulation import InstrumentType
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.services.instrument_facts import ALL_PURPOSES, InstrumentFacts, SealFacts
from metrology.web import labels
from metrology.web.changed import VersionedForm
from metrology.web.choices import choices
from metrology.web.filters import pick
from metrology.web.lookup import HolderField, OwnPlaceField, PlaceField
from metrology.web.problems import sentence_of, show_on
from metrology.web.requests import actor

PLATE = "nameplate_"
PLAIN = (
    "manufacturer", "model", "serial_number", "part_label", "type_approval_number", "identification_code", "factory_code",
    "repair_code", "lot_code", "location", "notes",
)  # fmt: skip
DAYS = ("manufactured_on", "installed_on", "last_verified_on", "due_date")


class _Marked:
    """Marks a field as needed for the reader; whether it is filled is said by ``validate``."""

    field_flags: Mapping[str, Any] = InputRequired().field_flags

    def __call__(self, form: Any, field: Any) -> None:
        """Nothing to refuse."""


class InstrumentForm(VersionedForm):
    """What is said of an instrument; ``bound`` adds the nameplate of its type."""

    type_code = SelectField(_l("Instrument type"))
    manufacturer = StringField(_l("Manufacturer"))
    model = StringField(_l("Model"))
    serial_number = StringField(_l("Serial number"), [_Marked()], description=_l("As it stands on the nameplate."))
    part_label = StringField()
    purpose = SelectField(_l("Purpose"))
    is_onsite = RadioField(_l("How it is verified"), default="yes")
    holder_id = HolderField(_l("Holder"), description=_l("Type a number, a name or a credit code."))
    place_id = PlaceField(_l("Place"), description=_l("Type part of its name."))
    manufactured_on = DateField(_l("Manufactured on"), [Optional()])
    installed_on = DateField(_l("Installed on"), [Optional()])
    last_verified_on = DateField(_l("Last verified on"), [Optional()])
    due_date = DateField(
        _l("Valid until"),
        [Optional()],
        description=_l("Empty: it follows from the last verification and the interval."),
    )
    type_approval_number = StringField(_l("Type approval number"))
    identification_code = StringField(_l("Identification code"), description=_l("GB/T 36377"))
    factory_code = StringField(_l("Production code"))
    repair_code = StringField(_l("Repair code"))
    lot_code = StringField(_l("Lot"))
    location = StringField(_l("Within its place"), description=_l("Door, counter, room or line."))
    seals = TextAreaField(_l("Seals"), description=_l("One a line: the number, a blank, where it sits."))
    notes = TextAreaField(_l("Notes"))

    kind: InstrumentType
    plate_fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type_code.choices = type_choices()
        if not self.is_submitted():
            self.type_code.data = self.kind.code
            self.purpose.data = (*self.kind.purposes, "trade")[0]
        self.purpose.choices = choices((code, labels.PURPOSES[code]) for code in ALL_PURPOSES)
        self.is_onsite.choices = choices([("yes", _("where it stands")), ("no", _("brought in"))])
        if actor().is_holder:
            self._leave_to_the_bureau()

    def _leave_to_the_bureau(self) -> None:
        """A holder's account says what stands on the nameplate and where; the rest is the bureau's."""
        for name in ("last_verified_on", "due_date", "seals", "holder_id", "notes"):
            del self[name]

    @property
    def plate(self) -> list[tuple[Any, Characteristic]]:
        """The fields of the nameplate with what they hold."""
        return [(self[f"{PLATE}{one.key}"], one) for one in self.kind.nameplate]

    def show(self, row: Instrument) -> None:
        """Fill the fields with what is kept."""
        super().show(row)
        self.type_code.data, self.purpose.data = row.type_code, row.purpose
        self.is_onsite.data = "yes" if row.is_onsite else "no"
        for name in (*PLAIN, *DAYS):
            if name in self:
                self[name].data = getattr(row, name)
        self.show_plate(row.nameplate)

    def show_plate(self, nameplate: Mapping[str, str]) -> None:
        """Fill the fields of the nameplate; the unit stands beside the field."""
        for field, one in self.plate:
            value = nameplate.get(one.key)
            if value is not None:
                field.data = value.removesuffix(f" {one.unit}") if one.unit else value

    def validate(self, extra_validators: Any = None) -> bool:
        """Everything that is wrong on the nameplate at once; the rest is said by the service."""
        is_valid = bool(super().validate(extra_validators))
        for field, one in self.plate:
            if self._is_asked(one) and (field.data or "").strip():
                try:
                    one.normalise(field.data)
                except Problem as problem:
                    field.errors = [*field.errors, sentence_of(problem)]
                    is_valid = False
            elif one.required and self._is_asked(one) and not field.errors:
                field.errors = [sentence_of(Problem("missing_characteristic"))]
                is_valid = False
        return is_valid

    def _is_asked(self, one: Characteristic) -> bool:
        """What belongs to a part is not asked of the whole."""
        return not one.of_part or self.kind.part is None or bool((self.part_label.data or "").strip())

    def said(self) -> dict[str, Any]:
        """What was typed, as fields of InstrumentFacts. Problem for a holder or place that is not there."""
        said: dict[str, Any] = {name: self[name].data or "" for name in PLAIN if name in self}
        said |= {name: self[name].data for name in DAYS if name in self}
        said |= {
            "type_code": self.kind.code,
            "purpose": self.purpose.data,
            "is_onsite": self.is_onsite.data != "no",
            "nameplate": {one.key: field.data or "" for field, one in self.plate if self._is_asked(one)},
        }
        for name in ("holder_id", "place_id"):
            if name in self:
                row = self[name].row()
                said[name] = row.id if row is not None else None
        return said

    def facts(self) -> InstrumentFacts:
        """What was typed of a new instrument."""
        lines = (line.split(maxsplit=1) for line in (self.seals.data or "").splitlines()) if "seals" in self else ()
        seals = tuple(SealFacts(*line) for line in lines if line)
        return InstrumentFacts(**self.said(), seals=seals)

    def show_problem(self, problem: Problem) -> None:
        """Put what is wrong at its field."""
        problem.field = (problem.field or "").replace("nameplate.", PLATE) or None
        show_on(self, problem)


def bound(kind: InstrumentType) -> type[InstrumentForm]:
    """The form of a type."""
    fields = {f"{PLATE}{one.key}": _field(one) for one in kind.nameplate}
    if actor().is_holder:
        fields["place_id"] = OwnPlaceField(
            _l("Place"), description=_l("Places where instruments of yours stand already.")
        )
    form: type[InstrumentForm] = type(InstrumentForm.__name__, (InstrumentForm,), {**fields, "kind": kind})
    if kind.part is not None:
        form.part_label = StringField(
            pick(kind.part.number),
            description=_("Empty: the whole. With a number: the %(part)s of that number.", part=pick(kind.part.names)),
        )
    return form


def _field(one: Characteristic) -> Any:
    hint = pick(one.hint) if one.hint else None
    required = [_Marked()] if one.required else []
    if one.kind == "choice":
        offered = [SelectChoice("", "—"), *(SelectChoice(choice.value, pick(choice.labels)) for choice in one.choices)]
        return SelectField(pick(one.labels), required, choices=offered, description=hint, validate_choice=False)
    return StringField(pick(one.labels), required, description=hint)


def type_choices() -> list[SelectChoice]:
    """Types that can be registered, by kind of the catalogue; those whose verdicts are computed come first."""
    rows = db.session.scalars(select(TypeEntry).where(TypeEntry.is_current).order_by(TypeEntry.position)).all()
    known = regulations.all_types()
    ready = [SelectChoice(row.code, pick(row), optgroup=_("Verdicts computed")) for row in rows if row.has_rules]
    others = [
        SelectChoice(row.code, pick(row), optgroup=pick(row, "group") if row.is_mandatory else _("Not mandatory"))
        for row in rows
        if not row.has_rules and row.code in known
    ]
    return [*ready, *others]
