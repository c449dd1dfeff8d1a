"""Forms of qualifications and institutes."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import BooleanField, DateField, EmailField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from metrology import regulations
from metrology.persistence.authorisations import Authorisation
from metrology.persistence.database import db
from metrology.persistence.districts import District
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.people import Institute, Qualification
from metrology.services.authorisations import AuthorisationFacts
from metrology.services.people import ALL_TYPES, InstituteFacts, QualificationFacts
from metrology.web import labels
from metrology.web.changed import VersionedForm
from metrology.web.choices import choices
from metrology.web.filters import pick


def type_choices() -> list[tuple[str, Any]]:
    """All types, and each of the catalogue."""
    rows = db.session.scalars(
        select(TypeEntry).where(TypeEntry.is_current).order_by(TypeEntry.position, TypeEntry.code)
    )
    return [(ALL_TYPES, _l("All types")), *((row.code, pick(row)) for row in rows)]


class QualificationForm(VersionedForm):
    """What a certificate of qualification says; several types of one certificate are kept at once."""

    type_codes = SelectMultipleField(
        _l("Instrument types"),
        [InputRequired()],
        description=_l("Several: hold Ctrl or ⌘ while clicking."),
        render_kw={"size": 10},
    )
    certificate_number = StringField(_l("Certificate number"), [InputRequired(), Length(max=200)])
    grade = SelectField(_l("Grade"), choices=choices(labels.QUALIFICATION_GRADES.items()))
    valid_from = DateField(_l("Valid from"), [InputRequired()])
    valid_until = DateField(_l("Valid until"), [InputRequired()])
    notes = TextAreaField(_l("Notes"), [Length(max=2000)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type_codes.choices = choices(type_choices())

    def show(self, row: Qualification) -> None:
        """Fill the fields with what is kept."""
        super().show(row)
        self.type_codes.data, self.certificate_number.data, self.grade.data = (
            [row.type_code],
            row.certificate_number,
            row.grade,
        )
        self.valid_from.data, self.valid_until.data, self.notes.data = row.valid_from, row.valid_until, row.notes

    def facts(self) -> list[QualificationFacts]:
        """What was typed, one for each type."""
        return [
            QualificationFacts(
                type_code,
                self.certificate_number.data or "",
                self.valid_from.data,
                self.valid_until.data,
                self.grade.data or "",
                self.notes.data or "",
            )
            for type_code in self.type_codes.data or ()
        ]


class OneQualificationForm(QualificationForm):
    """A qualification kept already: its type stays one."""

    type_codes = SelectField(_l("Instrument type"), [InputRequired()])

    def show(self, row: Qualification) -> None:
        """Fill the fields with what is kept."""
        super().show(row)
        self.type_codes.data = row.type_code

    def is_behind(self, row: Qualification) -> bool:
        """Whether something else was kept since; of one that was replaced or ended the service says that."""
        return row.is_kept and row.ended_on is None and super().is_behind(row)

    def facts(self) -> list[QualificationFacts]:
        """What was typed."""
        chosen, self.type_codes.data = self.type_codes.data, [self.type_codes.data]
        try:
            return super().facts()
        finally:
            self.type_codes.data = chosen


class AuthorisationForm(FlaskForm):
    """Items of an authorisation: the same for each type chosen."""

    number = StringField(_l("Authorisation number"), [InputRequired(), Length(max=200)])
    type_codes = SelectMultipleField(
        _l("Instrument types"),
        [InputRequired()],
        description=_l("Several: hold Ctrl or ⌘ while clicking."),
        render_kw={"size": 10},
    )
    valid_from = DateField(_l("Valid from"), [InputRequired()])
    valid_until = DateField(_l("Valid until"), [InputRequired()])
    district_code = SelectField(_l("District"))
    characteristic = SelectField(
        _l("Limited by"),
        description=_l("A characteristic of the nameplate, where the authorisation is for a range of it."),
    )
    low = StringField(_l("Range from"), [Length(max=60)])
    high = StringField(
        _l("Range to"), [Length(max=60)], description=_l("As the nameplate has it: 300 for DN 300, 150 kg.")
    )
    notes = TextAreaField(_l("Notes"), [Length(max=2000)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type_codes.choices = choices(type_choices())
        districts = db.session.scalars(select(District).order_by(District.position))
        self.district_code.choices = choices(
            [("", _l("The whole city")), *((row.code, pick(row)) for row in districts)]
        )
        found: dict[str, str] = {}
        for one in regulations.all_types().values():
            for each in one.nameplate:
                if each.kind in ("quantity", "integer", "number"):
                    found.setdefault(each.key, pick(each.labels))
        self.characteristic.choices = choices([("", _l("nothing")), *sorted(found.items(), key=lambda pair: pair[1])])

    def show(self, row: Authorisation) -> None:
        """Fill the fields with what is kept."""
        self.type_codes.data = [row.type_code]
        for name in ("number", "valid_from", "valid_until", "district_code", "characteristic", "low", "high", "notes"):
            self[name].data = getattr(row, name)

    def facts(self) -> list[AuthorisationFacts]:
        """What was typed, one for each type."""
        return [
            AuthorisationFacts(
                number=self.number.data or "", type_code=code, valid_from=self.valid_from.data,
                valid_until=self.valid_until.data, characteristic=self.characteristic.data or "",
                low=self.low.data or "", high=self.high.data or "", district_code=self.district_code.data or None,
                notes=self.notes.data or "",
            )
            for code in self.type_codes.data or ()
        ]  # fmt: skip


class InstituteForm(VersionedForm):
    """A body that verifies. A field bears the name of its fact."""

    name = StringField(_l("Name"), [InputRequired(), Length(max=200)])
    name_en = StringField(_l("Name in English"), [Length(max=200)])
    short_code = StringField(
        _l("Short code"),
        [InputRequired(), Length(max=20)],
        description=_l("Latin letters and digits; begins the numbers of its certificates."),
    )
    uscc = StringField(_l("Unified social credit code"), [Length(max=24)])
    authorisation_number = StringField(_l("Authorisation number"), [Length(max=200)])
    authorised_until = DateField(_l("Authorised until"), [Optional()])
    district_code = SelectField(_l("District"))
    address = StringField(_l("Address"), [Length(max=200)])
    postcode = StringField(_l("Postcode"), [Length(max=20)])
    phone = StringField(_l("Phone"), [Length(max=100)])
    fax = StringField(_l("Fax"), [Length(max=100)])
    email = EmailField(_l("Mail address"), [Length(max=200)])
    website = StringField(_l("Website"), [Length(max=200)])
    is_active = BooleanField(_l("Verifies and certifies"), default=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        districts = db.session.scalars(select(District).order_by(District.position))
        self.district_code.choices = choices(
            [("", _l("The whole city")), *((row.code, pick(row)) for row in districts)]
        )

    def show(self, row: Institute) -> None:
        """Fill the fields with what is kept."""
        super().show(row)
        for name in InstituteFacts.__dataclass_fields__:
            self[name].data = getattr(row, name)

    def facts(self) -> InstituteFacts:
        """What was typed."""
        empty: dict[str, Any] = {"authorised_until": None, "is_active": False}
        return InstituteFacts(
            **{name: self[name].data or empty.get(name, "") for name in InstituteFacts.__dataclass_fields__}
        )
