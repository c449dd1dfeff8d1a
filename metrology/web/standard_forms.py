"""Forms of measurement standards: what one is, and a new certificate of it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import DateField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from metrology.persistence.database import db
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.people import Institute
from metrology.persistence.standards import MeasurementStandard
from metrology.services.standards import CertificateFacts, StandardFacts
from metrology.web import labels
from metrology.web.changed import VersionedForm
from metrology.web.choices import choices
from metrology.web.filters import pick


class CertificateForm(VersionedForm):
    """What a new certificate of a standard says."""

    certificate_number = StringField(_l("Certificate number"), [InputRequired(), Length(max=200)])
    certificate_issuer = StringField(_l("Issued by"), [Length(max=200)])
    valid_from = DateField(_l("Valid from"), [InputRequired()])
    valid_until = DateField(_l("Valid until"), [InputRequired()])
    accuracy = StringField(
        _l("U or |MPE|"),
        [Length(max=60)],
        description=_l("A quantity: 0.005 % or 5 mg. It is set against the limit of the instrument."),
    )

    def certificate(self) -> CertificateFacts:
        """What was typed."""
        return CertificateFacts(
            number=self.certificate_number.data or "",
            issuer=self.certificate_issuer.data or "",
            accuracy=self.accuracy.data or "",
            valid_from=self.valid_from.data,
            valid_until=self.valid_until.data,
        )


class StandardForm(CertificateForm):
    """What is kept of a standard."""

    kind = SelectField(
        _l("Kind"), choices=choices(labels.STANDARD_KINDS.items()), default="public", validate_choice=False
    )
    public_number = StringField(
        _l("Public standard certificate"),
        [Length(max=200)],
        description=_l("社会公用计量标准证书号, where it has one."),
    )
    number = StringField(
        _l("Own number"), [Length(max=80)], description=_l("Left empty, the registry gives the next one.")
    )
    name = StringField(_l("Name"), [InputRequired(), Length(max=200)])
    name_en = StringField(_l("Name in English"), [Length(max=200)])
    serial_number = StringField(_l("Serial number"), [Length(max=200)])
    manufacturer = StringField(_l("Manufacturer"), [Length(max=200)])
    examination_number = StringField(
        _l("Examination certificate"),
        [Length(max=200)],
        description=_l("Of the establishment of the standard (计量标准考核证书)."),
    )
    examination_valid_until = DateField(_l("Examination valid until"), [Optional()])
    range_text = StringField(_l("Range, as printed"), [Length(max=200)])
    range_low = StringField(
        _l("Range from"), [Length(max=60)], description=_l("A quantity, such as 1 g. Empty: no limit.")
    )
    range_high = StringField(_l("Range to"), [Length(max=60)])
    accuracy_text = StringField(_l("Class or uncertainty, as printed"), [Length(max=200)])
    type_codes = SelectMultipleField(
        _l("Serves"), description=_l("Several: hold Ctrl or ⌘ while clicking."), render_kw={"size": 8}
    )
    institute_id = SelectField(_l("Institute"), coerce=lambda value: int(value) if value else None)
    notes = TextAreaField(_l("Notes"), [Length(max=4000)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = select(TypeEntry).where(TypeEntry.is_current)
        order = (TypeEntry.has_rules.desc(), TypeEntry.position, TypeEntry.code)
        rows = db.session.scalars(types.order_by(*order))
        self.type_codes.choices = choices((row.code, pick(row)) for row in rows)
        institutes = db.session.scalars(select(Institute).order_by(Institute.name))
        self.institute_id.choices = choices(
            [("", _l("any institute")), *((str(row.id), row.name) for row in institutes)]
        )

    def facts(self) -> StandardFacts:
        """What was typed."""
        values = {one.name: self[one.name].data for one in fields(StandardFacts)}
        texts = {name: value or "" for name, value in values.items() if name not in _NOT_TEXT}
        texts["kind"] = texts["kind"] or "public"
        return StandardFacts(
            **texts,
            valid_from=self.valid_from.data,
            valid_until=self.valid_until.data,
            examination_valid_until=self.examination_valid_until.data,
            type_codes=tuple(self.type_codes.data or ()),
            institute_id=self.institute_id.data,
        )


_NOT_TEXT = frozenset({"valid_from", "valid_until", "examination_valid_until", "type_codes", "institute_id"})


class StandardChangeForm(StandardForm):
    """The same for a standard that is there: its certificate is renewed, not edited."""

    certificate_number = certificate_issuer = valid_from = valid_until = None

    def show(self, row: MeasurementStandard) -> None:
        """Fill the fields with what is kept."""
        self.process(obj=row)

    def facts_for(self, standard: MeasurementStandard) -> StandardFacts:
        """What was typed, with the certificate the standard has."""
        values: dict[str, Any] = {}
        for one in fields(StandardFacts):
            values[one.name] = self[one.name].data if one.name in self else getattr(standard, one.name)
        for name, value in values.items():
            if value is None and name not in _NOT_TEXT:
                values[name] = ""
        values["kind"] = values["kind"] or standard.kind
        return StandardFacts(**{**values, "type_codes": tuple(self.type_codes.data or ())})
