"""Forms of visits: what is planned with, and on which day it moves."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from metrology.persistence.database import db
from metrology.persistence.visits import Visit
from metrology.services.visit_days import verifiers
from metrology.services.visiting import VisitFacts
from metrology.web.changed import VersionedForm
from metrology.web.requests import actor


class DayForm(FlaskForm):
    """A day, and that it is meant when it is not worked."""

    planned_on = DateField(_l("Day of the visit"), [InputRequired()])
    confirmed = BooleanField(_l("Plan it on this day all the same"))


class VisitForm(VersionedForm, DayForm):
    """A visit: when, by whom, and what to know."""

    title = StringField(
        _l("Title"), [Length(max=200)], description=_l("Empty: the name of the place or holder is taken.")
    )
    verifier_ids = SelectMultipleField(
        _l("Verifiers"), coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    notes = TextAreaField(
        _l("Notes"),
        [Length(max=2000)],
        description=_l("Printed on the day sheet: keys, whom to ask for, what to bring."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verifier_ids.choices = [(person.id, person.name) for person in verifiers(db.session(), actor())]

    def show(self, row: Visit) -> None:
        """Fill the fields with what is kept."""
        super().show(row)
        self.planned_on.data, self.title.data, self.notes.data = row.planned_on, row.title, row.notes
        self.verifier_ids.data = [person.id for person in row.verifiers]

    def facts(self) -> VisitFacts:
        """What was typed."""
        return VisitFacts(
            planned_on=self.planned_on.data or date.min,
            title=self.title.data or "",
            verifier_ids=tuple(self.verifier_ids.data or ()),
            notes=self.notes.data or "",
        )
