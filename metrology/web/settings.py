"""Settings of the bureau: its name on paper, validity, numbering, warnings."""

from __future__ import annotations

from dataclasses import fields
from functools import partial

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, SelectField, StringField, URLField
from wtforms.validators import InputRequired, Length, NumberRange

from metrology.persistence.database import db
from metrology.services import settings as bureau
from metrology.services.settings import BureauSettings, KeptSettings
from metrology.web.changed import VersionedForm, keep
from metrology.web.choices import choices
from metrology.web.requests import actor, allowed, now, requires

blueprint = Blueprint("settings", __name__, url_prefix="/settings")


class SettingsForm(VersionedForm):
    """What the bureau decides for itself. A field bears the name of its setting."""

    bureau_name = StringField(_l("Name of the bureau"), [InputRequired(), Length(max=200)])
    bureau_name_en = StringField(_l("Name in English"), [Length(max=200)])
    validity_rule = SelectField(
        _l("Last day of validity"),
        choices=choices(
            [
                ("anniversary_minus_one", _l("the day before the anniversary (2026-05-22 for one year: 2027-05-21)")),
                ("anniversary", _l("the anniversary itself (2026-05-22 for one year: 2027-05-22)")),
            ]
        ),
        description=_l("Holds for certificates issued from now on."),
    )
    certificate_number_template = StringField(
        _l("Numbers of certificates"),
        [InputRequired(), Length(max=60)],
        description=_l(
            "{body} is the short code of the institute, {kind} the kind of paper, {yyyy} the year, {seq:06d} counts. All four are needed."
        ),
    )
    warn_days = IntegerField(
        _l("Warn before the last day"),
        [InputRequired(), NumberRange(0, 365)],
        description=_l('From then on the public page says "due soon".'),
    )
    complaint_phone = StringField(_l("Phone for complaints"), [Length(max=60)])
    complaint_url = URLField(_l("Page for complaints"), [Length(max=300)])
    scan_alarm_networks = IntegerField(
        _l("Unusual from so many networks a day"),
        [InputRequired(), NumberRange(2, 10_000)],
        description=_l("A label opened from more places than that in a day may have been copied: staff see a hint."),
    )
    report_mail_domains = StringField(
        _l("Domains for further addresses of subscribed reports"),
        [Length(max=300)],
        filters=[lambda text: text or ""],
        description=_l(
            "With blanks between, such as xinxiang.gov.cn. Empty: reports go to accounts' own addresses alone."
        ),
    )
    reminder_officer_digest = BooleanField(_l("Send officers a digest of the reminders that go to holders"))

    def show(self, row: KeptSettings) -> None:
        """Fill the fields with what is kept."""
        super().show(row)
        kept = row.settings
        for field in fields(kept):
            self[field.name].data = getattr(kept, field.name)


@blueprint.get("/")
@requires("setting.view")
def edit() -> str:
    """Look at the settings; change them where the role may."""
    kept, form = KeptSettings(db.session()), SettingsForm()
    form.show(kept)
    return _page(form)


def _page(form: SettingsForm, **more: object) -> str:
    return render_template("settings/edit.html", form=form, may_change=allowed("setting.edit"), **more)


@blueprint.post("/change")
@requires("setting.edit")
def change() -> Response:
    """Change the settings."""
    kept, form = KeptSettings(db.session()), SettingsForm()

    def save() -> None:
        values = {field.name: form[field.name].data for field in fields(BureauSettings) if field.name in form}
        bureau.change(db.session(), actor(), values, now=now(), seen=int(form.version.data or 0))

    refused = keep(form, kept, partial(_page, form), save)
    if refused is not None:
        return refused
    flash(_("The settings were changed."), "success")
    return redirect(url_for(".edit"))
