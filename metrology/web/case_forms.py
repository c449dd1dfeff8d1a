"""Forms of cases: what was found, and the visits of the campaign."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from metrology.services.standard_cases import CaseFacts


class CaseForm(FlaskForm):
    """A standard, or a piece of equipment, is found defective."""

    defective_from = DateField(
        _l("Defective from"),
        [InputRequired()],
        description=_l(
            "The day after its value was last proven right: the last calibration or check that was in order."
        ),
    )
    finding = TextAreaField(_l("What was found, and how"), [InputRequired(), Length(max=4000)])
    error = StringField(
        _l("Error found"),
        [Length(max=60)],
        description=_l(
            "The value it gave less the true value, with sign and unit: +0.02 % or -0.5 g. Left empty where it is not known."
        ),
    )
    reverify_by = DateField(
        _l("Verify again by"), [InputRequired()], description=_l("The doubted instruments become due then.")
    )

    def facts(self) -> CaseFacts:
        """What was typed."""
        values: dict[str, Any] = {name: self[name].data for name in CaseFacts.__dataclass_fields__}
        said: dict[str, Any] = {name: value or "" for name, value in values.items()}
        return CaseFacts(**said)
