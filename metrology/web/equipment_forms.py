"""Forms of equipment: what a piece is, its certificates and intermediate checks, its place in a standard; and of what is above."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from sqlalchemy import select
from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from metrology.persistence.database import db
from metrology.persistence.equipment import Equipment, OutsideInstitute, OutsideStandard
from metrology.persistence.people import Institute
from metrology.persistence.standards import MeasurementStandard
from metrology.services import outside
from metrology.services.equipment import CertificateFacts, CheckFacts, EquipmentFacts
from metrology.services.outside import OutsideInstituteFacts, OutsideStandardFacts
from metrology.web import labels
from metrology.web.changed import VersionedForm
from metrology.web.choices import choices
from metrology.web.filters import pick


def _key(value: Any) -> int | None:
    return int(value) if value and str(value).isdecimal() else None


def standard_choices(none: Any = None) -> list[tuple[str, Any]]:
    """The standards of the house that are not withdrawn, by number."""
    rows = db.session.scalars(
        select(MeasurementStandard)
        .where(MeasurementStandard.state != "withdrawn")
        .order_by(MeasurementStandard.number)
        .limit(1000)
    )
    made = [(str(row.id), f"{row.number} {row.name}") for row in rows]
    return made if none is None else [("", none), *made]


class EquipmentForm(VersionedForm):
    """What is kept of a piece of equipment. A field bears the name of its fact."""

    name = StringField(_l("Name"), [InputRequired(), Length(max=200)])
    name_en = StringField(_l("Name in English"), [Length(max=200)])
    number = StringField(
        _l("Own number"), [Length(max=80)], description=_l("Left empty, the registry gives the next one.")
    )
    model = StringField(_l("Model"), [Length(max=200)])
    serial_number = StringField(_l("Serial number"), [Length(max=200)])
    manufacturer = StringField(_l("Manufacturer"), [Length(max=200)])
    institute_id = SelectField(_l("Institute"), coerce=_key)
    range_text = StringField(_l("Range, as printed"), [Length(max=200)])
    range_low = StringField(
        _l("Range from"), [Length(max=60)], description=_l("A quantity, such as 1 g. Empty: no limit.")
    )
    range_high = StringField(_l("Range to"), [Length(max=60)])
    accuracy_text = StringField(_l("Class or |MPE|, as the maker states it"), [Length(max=200)])
    check_months = IntegerField(
        _l("Intermediate check every … months"),
        [Optional(), NumberRange(min=1, max=60)],
        description=_l("Empty: none is planned."),
    )
    notes = TextAreaField(_l("Notes"), [Length(max=4000)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        institutes = db.session.scalars(select(Institute).order_by(Institute.name))
        self.institute_id.choices = choices(
            [("", _l("any institute")), *((str(row.id), row.name) for row in institutes)]
        )

    def show(self, row: Equipment) -> None:
        """Fill the fields with what is kept."""
        super().show(row)
        for name in EquipmentFacts.__dataclass_fields__:
            self[name].data = getattr(row, name)

    def facts(self) -> EquipmentFacts:
        """What was typed."""
        values: dict[str, Any] = {name: self[name].data for name in EquipmentFacts.__dataclass_fields__}
        empty = ("institute_id", "check_months")
        said: dict[str, Any] = {name: value if name in empty else value or "" for name, value in values.items()}
        return EquipmentFacts(**said)


class EquipmentCertificateForm(FlaskForm):
    """What a certificate of a piece says, and the standard it was made with."""

    number = StringField(_l("Certificate number"), [InputRequired(), Length(max=200)])
    kind = SelectField(_l("Kind"), choices=choices(labels.EQUIPMENT_CERTIFICATE_KINDS.items()))
    outside_institute_id = SelectField(_l("Issued by an institute above"), coerce=_key)
    outside_standard_id = SelectField(
        _l("with its standard"),
        coerce=_key,
        description=_l("Where the certificate names it: the chain goes on from it."),
    )
    own_standard_id = SelectField(_l("or made here, with our own standard"), coerce=_key)
    valid_from = DateField(_l("Valid from"), [InputRequired()])
    valid_until = DateField(_l("Valid until"), [InputRequired()])
    accuracy = StringField(
        _l("U or |MPE|"),
        [Length(max=60)],
        description=_l("A quantity: 0.005 % or 5 mg. It is set against the limit of the instrument."),
    )
    coverage_factor = StringField(_l("Coverage factor k"), [Length(max=20)])
    accuracy_text = StringField(_l("Class or uncertainty, as printed"), [Length(max=200)])
    range_low = StringField(
        _l("Calibrated from"), [Length(max=60)], description=_l("Only where narrower than its own range.")
    )
    range_high = StringField(_l("Calibrated to"), [Length(max=60)])
    result = TextAreaField(_l("Results and corrections"), [Length(max=4000)])
    file = FileField(_l("The certificate as PDF or photograph"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        above = outside.standards(db.session())
        self.outside_institute_id.choices = choices(
            [("", "—"), *((str(row.id), pick(row) or row.name) for row in outside.institutes(db.session()))]
        )
        self.outside_standard_id.choices = choices(
            [("", "—"), *((str(row.id), f"{row.institute.name} · {row.name} {row.number}".strip()) for row in above)]
        )
        self.own_standard_id.choices = choices(standard_choices("—"))

    def facts(self) -> CertificateFacts:
        """What was typed."""
        values: dict[str, Any] = {name: self[name].data for name in CertificateFacts.__dataclass_fields__}
        kept = ("valid_from", "valid_until", "outside_institute_id", "outside_standard_id", "own_standard_id")
        said: dict[str, Any] = {name: value if name in kept else value or "" for name, value in values.items()}
        return CertificateFacts(**said)


class CheckForm(FlaskForm):
    """An intermediate check."""

    checked_on = DateField(_l("Checked on"), [InputRequired()])
    method = StringField(
        _l("Method"), [Length(max=200)], description=_l("Check standard, comparison with another, control chart …")
    )
    found = StringField(_l("Found"), [Length(max=200)])
    limit = StringField(_l("Limit"), [Length(max=200)])
    result = SelectField(_l("Result"), choices=choices(labels.CHECK_RESULTS.items()))
    notes = TextAreaField(_l("Notes"), [Length(max=4000)])

    def facts(self) -> CheckFacts:
        """What was typed."""
        return CheckFacts(
            checked_on=self.checked_on.data, result=self.result.data or "", method=self.method.data or "",
            found=self.found.data or "", limit=self.limit.data or "", notes=self.notes.data or "",
        )  # fmt: skip


class PlaceForm(FlaskForm):
    """A piece becomes part of a standard."""

    standard_id = SelectField(_l("Measurement standard"), [InputRequired()], coerce=_key)
    role = SelectField(_l("As"), choices=choices(labels.EQUIPMENT_ROLES.items()))
    since = DateField(_l("From"), [InputRequired()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.standard_id.choices = choices(standard_choices("—"))


class OutsideInstituteForm(VersionedForm):
    """An institute above ours."""

    name = StringField(_l("Name"), [InputRequired(), Length(max=200)])
    name_en = StringField(_l("Name in English"), [Length(max=200)])
    level = SelectField(_l("Level"), choices=choices(labels.OUTSIDE_LEVELS.items()))
    notes = TextAreaField(_l("Notes"), [Length(max=4000)])

    def facts(self) -> OutsideInstituteFacts:
        """What was typed."""
        return OutsideInstituteFacts(
            name=self.name.data or "", level=self.level.data or "", name_en=self.name_en.data or "",
            notes=self.notes.data or "",
        )  # fmt: skip

    def show(self, row: OutsideInstitute) -> None:
        """Fill the fields with what is kept."""
        super().show(row)
        for name in OutsideInstituteFacts.__dataclass_fields__:
            self[name].data = getattr(row, name)


class OutsideStandardForm(VersionedForm):
    """A standard above ours."""

    institute_id = SelectField(_l("Institute"), [InputRequired()], coerce=_key)
    name = StringField(_l("Name"), [InputRequired(), Length(max=200)])
    name_en = StringField(_l("Name in English"), [Length(max=200)])
    number = StringField(_l("Examination certificate, or number of the national standard"), [Length(max=200)])
    accuracy_text = StringField(_l("Class or uncertainty, as printed"), [Length(max=200)])
    is_primary = BooleanField(_l("A national primary standard (国家计量基准): nothing is above it"))
    traces_to_id = SelectField(_l("Traces to"), coerce=_key)
    notes = TextAreaField(_l("Notes"), [Length(max=4000)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = outside.institutes(db.session())
        self.institute_id.choices = choices([("", "—"), *((str(row.id), row.name) for row in rows)])
        above = outside.standards(db.session())
        self.traces_to_id.choices = choices(
            [("", _l("not stated")), *((str(row.id), f"{row.institute.name} · {row.name}") for row in above)]
        )

    def facts(self) -> OutsideStandardFacts:
        """What was typed."""
        return OutsideStandardFacts(
            institute_id=self.institute_id.data or 0, name=self.name.data or "", name_en=self.name_en.data or "",
            number=self.number.data or "", accuracy_text=self.accuracy_text.data or "",
            is_primary=bool(self.is_primary.data), traces_to_id=self.traces_to_id.data, notes=self.notes.data or "",
        )  # fmt: skip

    def show(self, row: OutsideStandard) -> None:
        """Fill the fields with what is kept."""
        super().show(row)
        for name in OutsideStandardFacts.__dataclass_fields__:
            self[name].data = getattr(row, name)
