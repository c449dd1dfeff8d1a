"""Forms of accounts and one-time links."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import or_, select
from wtforms import EmailField, PasswordField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from metrology.domain.authority import ROLES
from metrology.domain.identifiers import compact_uscc
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.people import User
from metrology.services import people
from metrology.services.accounts import AccountFacts
from metrology.services.passwords import password_refusal
from metrology.web import labels
from metrology.web.changed import VersionedForm
from metrology.web.choices import choices
from metrology.web.filters import pick
from metrology.web.languages import LANGUAGES
from metrology.web.problems import sentence_of

_NEW = {"autocomplete": "new-password"}


class ChoicesField(SelectMultipleField):
    """Several of a few, as check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class AccountForm(VersionedForm):
    """An account: who, in which roles, and where."""

    name = StringField(_l("Full name"), [InputRequired(), Length(max=200)])
    email = EmailField(_l("Mail address"), [InputRequired(), Length(max=255)], description=_l("With it one logs in."))
    phone = StringField(_l("Phone"), [Length(max=200)])
    language = RadioField(_l("Language"), choices=choices(LANGUAGES.items()), default="zh_Hans_CN")
    roles = ChoicesField(_l("Roles"), choices=choices((role, labels.ROLES[role]) for role in ROLES))
    district_code = SelectField(_l("District"), description=_l("Empty: the whole city."))
    institute_id = SelectField(_l("Institute"), description=_l("For those who verify, check and approve."))
    holder_id = StringField(
        _l("Holder"),
        [Length(max=60)],
        description=_l("For the role of a holder: its number or unified social credit code."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        districts = db.session.scalars(select(District).order_by(District.position))
        self.district_code.choices = choices(
            [("", _l("The whole city")), *((row.code, pick(row)) for row in districts)]
        )
        self.institute_id.choices = choices(
            [("", "—"), *((str(row.id), row.name) for row in people.institutes(db.session()))]
        )

    def show(self, row: User) -> None:
        """Fill the fields with what is kept."""
        super().show(row)
        for name in ("name", "email", "phone", "language"):
            self[name].data = getattr(row, name)
        self.roles.data = sorted(row.role_names)
        self.district_code.data = row.district_code or ""
        self.institute_id.data = str(row.institute_id or "")
        holder = db.session.get(Holder, row.holder_id) if row.holder_id else None
        self.holder_id.data = holder.number if holder else ""

    def facts(self) -> AccountFacts:
        """What was typed."""
        return AccountFacts(
            email=self.email.data or "",
            name=self.name.data or "",
            roles=tuple(self.roles.data or ()),
            district_code=self.district_code.data or None,
            holder_id=self._holder_id(),
            institute_id=int(self.institute_id.data) if self.institute_id.data else None,
            phone=self.phone.data or "",
            language=self.language.data or "zh_Hans_CN",
        )

    def _holder_id(self) -> int | None:
        text = compact_uscc(self.holder_id.data or "")
        if not text:
            return None
        found = db.session.scalar(select(Holder.id).where(or_(Holder.number == text, Holder.uscc == text)))
        if found is None:
            raise Problem("holder_needed", "holder_id")
        return found


class ChoosePasswordForm(FlaskForm):
    """A new password, twice."""

    password = PasswordField(_l("New password"), [InputRequired(), Length(max=512)], render_kw=_NEW)
    again = PasswordField(_l("New password again"), [InputRequired(), Length(max=512)], render_kw=_NEW)

    def accepts(self, *known: str) -> bool:
        """Whether both are the same and the rule allows it; ``known`` is what others know of the person."""
        if not self.validate_on_submit():
            return False
        if self.password.data != self.again.data:
            self.again.errors = [_l("The two passwords are not the same.")]
            return False
        refused = password_refusal(self.password.data or "", known=known)
        if refused:
            self.password.errors = [sentence_of(refused)]
        return refused is None


class FirstAdministratorForm(ChoosePasswordForm):
    """The account that makes all others."""

    name = StringField(_l("Full name"), [InputRequired(), Length(max=200)], render_kw={"autocomplete": "name"})
    email = EmailField(_l("Mail address"), [InputRequired(), Length(max=255)], render_kw={"autocomplete": "username"})
