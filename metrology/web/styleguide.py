"""Every component on one page (administrators): to look at after a change, and to copy from."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from flask import Blueprint, jsonify, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    FileField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length

from metrology.web.flashes import say
from metrology.web.requests import requires, today
from metrology.web.styleguide_charts import samples

blueprint = Blueprint("styleguide", __name__)


class SampleForm(FlaskForm):
    """One field of each kind."""

    serial = StringField(
        _l("Serial number"), [DataRequired(), Length(max=40)], description=_l("As it stands on the nameplate.")
    )
    kind = SelectField(
        _l("Instrument type"),
        choices=[
            SelectChoice("fuel_dispenser", _l("Fuel dispenser")),
            SelectChoice("balance", _l("Weighing instrument")),
        ],
    )
    since = DateField(_l("In use since"))
    capacity = DecimalField(_l("Maximum capacity"), places=None)
    notes = TextAreaField(_l("Notes"))
    purpose = RadioField(
        _l("Purpose"),
        choices=[SelectChoice("trade", _l("Trade settlement")), SelectChoice("medical", _l("Medical care"))],
        default="trade",
    )
    is_fixed = BooleanField(_l("Fixed to its place"))
    photo = FileField(_l("Photo of the nameplate"))


@blueprint.get("/styleguide")
@requires("setting.view")
def index() -> str:
    """Show every component."""
    form = SampleForm(request.args if "errors" in request.args else None, meta={"csrf": False})
    if "errors" in request.args:
        form.validate()
    if "flash" in request.args:
        say(_("Saved."))
        say(_("The instrument was retired."), "warning", label=_("To the list"), url="/", undo_url="/styleguide")
    rows = [
        SimpleNamespace(serial=f"JYJ-2024-{number:04}", due=today() + timedelta(days=shift))
        for number, shift in enumerate((-40, 0, 12, 180), 17)
    ]
    return render_template("styleguide.html", form=form, rows=rows, drawn=samples())


@blueprint.get("/styleguide/progress")
@requires("setting.view")
def progress() -> Response:
    """A task that is always half way."""
    return jsonify(progress=4820, total=12000, note=_("Reading rows"), state="running")
