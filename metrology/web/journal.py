"""The journal: every change, narrowed by who, what, which thing and when; exported as it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import or_, select
from wtforms import DateField, SelectField, StringField
from wtforms.validators import Optional

from metrology.documents.spreadsheet_out import CSV_TYPE, ListColumn, write_csv
from metrology.persistence.database import db
from metrology.persistence.journal import JournalEntry
from metrology.persistence.people import User
from metrology.services import journal
from metrology.services.journal import JournalFilter
from metrology.web import journal_words
from metrology.web.choices import choices
from metrology.web.requests import requires

blueprint = Blueprint("journal", __name__, url_prefix="/journal")


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.filters.update(
        action_words=journal_words.action,
        kind_words=journal_words.kind,
        field_words=journal_words.field,
        actor_words=journal_words.actor,
        value_words=journal_words.value,
        object_url=journal_words.object_url,
    )


class JournalForm(FlaskForm):
    """What of the journal is looked for."""

    class Meta:
        """A search by address changes nothing."""

        csrf = False

    who = StringField(_l("Who"), description=None)
    action = SelectField(_l("What was done"), default="")
    kind = SelectField(_l("Which"), default="")
    id = StringField(_l("Its number"))
    since = DateField(_l("From"), [Optional()])
    until = DateField(_l("To"), [Optional()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = self.action.data or ""
        exact = [(asked, journal_words.action(asked))] if "." in asked else []
        self.action.choices = choices([("", _("All")), *journal_words.nouns(), *exact])
        self.kind.choices = choices([("", _("All")), *journal_words.kinds()])

    def asked(self) -> tuple[JournalFilter, str | None]:
        """The filter, and what of it could not be understood."""
        if not self.validate():
            return JournalFilter(), _("One of the filters cannot be read, so none is used.")
        who = _account(self.who.data or "")
        if self.who.data and who is None:
            return JournalFilter(actor_id=-1), _("There is no account of this name.")
        return (
            JournalFilter(
                actor_id=who,
                action=self.action.data or "",
                object_kind=self.kind.data or "",
                object_id=(self.id.data or "").strip(),
                since=self.since.data,
                until=self.until.data,
            ),
            None,
        )


def _account(text: str) -> int | None:
    """The account of a name, a mail address or a number."""
    text = text.strip()
    if text.isdigit():
        return int(text)
    if not text:
        return None
    return db.session.scalar(
        select(User.id).where(or_(User.email == text.lower(), User.name == text)).order_by(User.id).limit(1)
    )


def _given() -> dict[str, Any]:
    return {key: value for key, value in request.args.items() if value and key in JournalForm.__dict__}


@blueprint.get("/")
@requires("journal.view")
def listing() -> str:
    """The journal, the newest first."""
    form = JournalForm(request.args)
    asked, problem = form.asked()
    rows, before = journal.entries(db.session(), asked, before=request.args.get("before", type=int))
    next_url = url_for(".listing", **_given(), before=before) if before else None
    return render_template(
        "journal/listing.html",
        form=form,
        rows=rows,
        next_url=next_url,
        asked=_given(),
        problem=problem,
        head=journal.head(db.session()),
    )


@blueprint.get("/export.csv")
@requires("journal.view")
def export() -> Response:
    """The journal as CSV, with its hashes, so that the chain can be checked elsewhere."""
    asked, _problem = JournalForm(request.args).asked()
    headings = (
        "seq",
        "at",
        "actor_id",
        "actor_name",
        "role",
        "ip",
        "action",
        "object_kind",
        "object_id",
        "instrument_id",
    )
    columns = [ListColumn(name) for name in (*headings, "changes", "reason", "prev_hash", "hash")]
    answer = Response(stream_with_context(write_csv(columns, _lines(asked, headings))), content_type=CSV_TYPE)
    answer.headers["Content-Disposition"] = 'attachment; filename="journal.csv"'
    return answer


def _lines(asked: JournalFilter, headings: tuple[str, ...]) -> Iterator[list[Any]]:
    for row in journal.all_entries(db.session(), asked):
        yield [
            *(_plain(row, name) for name in headings),
            journal_words.as_json(row.changes),
            row.reason,
            row.prev_hash,
            row.hash,
        ]


def _plain(row: JournalEntry, name: str) -> Any:
    value = getattr(row, name)
    return value.isoformat() if name == "at" else value
