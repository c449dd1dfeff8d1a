"""Forms of holders, their contacts, and places."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import BooleanField, EmailField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import InputRequired

from metrology.persistence.database import db
from metrology.persistence.districts import District
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.places import Place
from metrology.services.contacting import ContactFacts
from metrology.services.holding import HolderFacts, facts_of
from metrology.services.placing import PlaceFacts
from metrology.web import labels
from metrology.web.changed import VersionedForm
from metrology.web.choices import choices
from metrology.web.filters import pick
from metrology.web.languages import LANGUAGES
from metrology.web.lookup import HolderField, PlaceField


def district_choices(empty: str) -> Any:
    """All districts, after what an empty choice means."""
    rows = db.session.scalars(select(District).order_by(District.position))
    return choices([("", empty), *((row.code, pick(row)) for row in rows)])


class HolderForm(VersionedForm):
    """What is said of a holder."""

    name = StringField(_l("Name"), [InputRequired()])
    kind = SelectField(_l("Kind"))
    uscc = StringField(
        _l("Unified social credit code"), description=_l("18 characters. Empty for a small vendor without one.")
    )
    market = StringField(_l("Market"), description=_l("Tells vendors of one name apart who have no credit code."))
    stall = StringField(_l("Stall"))
    district_code = SelectField(_l("District"))
    address = StringField(_l("Address"))
    legal_representative = StringField(_l("Legal representative"))
    industry = StringField(_l("Industry"))
    notes = TextAreaField(_l("Notes"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = choices([("", _("from the credit code")), *labels.HOLDER_KINDS.items()])
        self.district_code.choices = district_choices("—")

    def show(self, row: Holder) -> None:
        """Fill the fields with what is kept."""
        super().show(row)
        facts = facts_of(row)
        for name in HolderFacts.__dataclass_fields__:
            self[name].data = getattr(facts, name) or ""

    def said(self) -> dict[str, Any]:
        """What was typed, as fields of HolderFacts."""
        typed = {name: self[name].data or "" for name in HolderFacts.__dataclass_fields__}
        return {**typed, "kind": typed["kind"] or None, "district_code": typed["district_code"] or None}


class ContactForm(VersionedForm):
    """What is said of a contact."""

    name = StringField(_l("Name"), [InputRequired()])
    post = StringField(_l("Post"))
    phone = TelField(_l("Phone"))
    email = EmailField(_l("Mail address"))
    notify_email = BooleanField(_l("Remind by mail of what falls due"), default=True)
    wecom_webhook = StringField(
        _l("WeCom group robot"), description=_l("The address that WeCom shows for a robot of the group.")
    )
    notify_wecom = BooleanField(_l("Remind by WeCom of what falls due"))
    language = SelectField(_l("Language"), default="zh_Hans_CN")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = choices(LANGUAGES.items())

    def show(self, row: Contact) -> None:
        """Fill the fields with what is kept."""
        super().show(row)
        for name in ContactFacts.__dataclass_fields__:
            self[name].data = getattr(row, name)

    def said(self) -> dict[str, Any]:
        """What was typed, as fields of ContactFacts."""
        typed = {name: self[name].data for name in ContactFacts.__dataclass_fields__}
        return {name: bool(value) if name.startswith("notify") else value or "" for name, value in typed.items()}


class PlaceForm(VersionedForm):
    """What is said of a place."""

    name = StringField(_l("Name"), [InputRequired()])
    kind = SelectField(_l("Kind"), default="market")
    parent_id = PlaceField(
        _l("Stands in"), description=_l("A stall in its market, an island in its station. Empty: in nothing.")
    )
    district_code = SelectField(_l("District"))
    address = StringField(_l("Address"))
    organiser_id = HolderField(_l("Organiser"), description=_l("The holder that runs it."))
    latitude = StringField(_l("Latitude"), description=_l("Degrees north, such as 35.303004"))
    longitude = StringField(_l("Longitude"), description=_l("Degrees east, such as 113.926800"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = choices(labels.PLACE_KINDS.items())
        self.district_code.choices = district_choices(_("that of what it stands in"))

    def show(self, row: Place) -> None:
        """Fill the fields with what is kept."""
        super().show(row)
        for name in ("name", "kind", "address", "latitude", "longitude"):
            self[name].data = getattr(row, name)
        self.district_code.data = row.district_code or ""
        self.keep(row.parent, row.organiser)

    def keep(self, parent: Place | None, organiser: Holder | None) -> None:
        """The place and the holder that are kept."""
        self.parent_id.keep(parent)
        self.organiser_id.keep(organiser)

    def said(self) -> dict[str, Any]:
        """What was typed, as fields of PlaceFacts. A place in another takes its district where it says none."""
        said: dict[str, Any] = {name: self[name].data or "" for name in ("name", "kind", "address")}
        for name in ("latitude", "longitude"):
            said[name] = self[name].data or None
        parent, organiser = self.parent_id.row(), self.organiser_id.row()
        said["parent_id"] = parent.id if parent else None
        said["organiser_id"] = organiser.id if organiser else None
        said["district_code"] = self.district_code.data or (parent.district_code if parent else None)
        return said

    def facts(self) -> PlaceFacts:
        """What was typed of a new place."""
        return PlaceFacts(**self.said())
