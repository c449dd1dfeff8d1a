"""Two people at one form: who saves second is shown what was changed since the form was opened, and what was typed stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from flask import Response, make_response
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm.exc import StaleDataError
from wtforms import BooleanField, HiddenField
from wtforms.fields.choices import SelectFieldBase

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.web.problems import show_on

_UNASKED = ("version", "csrf_token", "confirmed")
"""Fields that say nothing of the thing itself."""


class VersionedForm(FlaskForm):
    """A form of what somebody else may be changing: it carries the version that was there when it was opened."""

    version = HiddenField()

    def show(self, row: Any) -> None:
        """Fill the fields with what is kept; here its version."""
        self.version.data = str(row.version)

    def blank(self) -> Self:
        """The same form with nothing typed."""
        return type(self)(formdata=None)

    def is_behind(self, row: Any) -> bool:
        """Whether something else was kept since the form was opened."""
        return bool(self.version.data != str(row.version))


def keep(form: VersionedForm, row: Any, page: Callable[..., str], save: Callable[[], Any]) -> Response | None:
    """Save what was typed over what was read; None when it is saved, otherwise the page that says why not.

    ``page`` is drawn with ``changed`` (what is kept by now, 409) or with ``problem`` (422).
    """
    if form.is_behind(row):
        return told(form, row, page)
    problem = None
    if form.validate():
        try:
            save()
            db.session.flush()
        except StaleDataError:
            db.session.rollback()
            return told(form, row, page)
        except Problem as refusal:
            db.session.rollback()
            if refusal.code == "changed_meanwhile":
                return told(form, row, page)
            problem = refusal
            show_on(form, problem)
        else:
            return None
    return make_response(page(problem=problem), 422)


def told(form: VersionedForm, row: Any, page: Callable[..., str]) -> Response:
    """What is kept by now, beside what was typed; saved once more, what was typed counts."""
    kept = form.blank()
    kept.show(row)
    form.version.raw_data, form.version.data = None, kept.version.data
    return make_response(page(changed=differences(form, kept)), 409)


def differences(typed: Any, kept: Any) -> list[tuple[str, str]]:
    """What is kept by now where something else was typed: names of fields with their words."""
    return [
        (str(field.label.text), words_of(kept[field.name]))
        for field in typed
        if field.name not in _UNASKED and words_of(field) != words_of(kept[field.name])
    ]


def words_of(field: Any) -> str:
    """What a field says, as one reads it: of choices their words."""
    if isinstance(field, SelectFieldBase):
        chosen = (one for one in field if one.checked or (field.data is None and not one.choice.value))
        return ", ".join(str(one.label.text) for one in chosen)
    if isinstance(field, BooleanField):
        return str(_("yes") if field.data else _("no"))
    return "" if field.data is None else str(field.data)
