"""Tokens of the API: my own, and those an administrator makes for a system's account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Length

from metrology.domain.problems import Problem
from metrology.domain.token_scopes import VERBS, scopes_for
from metrology.persistence.api_tokens import ApiToken
from metrology.persistence.database import db
from metrology.persistence.people import User
from metrology.services import api_tokens
from metrology.services.api_tokens import LONGEST_OVERLAP, OVERLAP, USUAL, TokenFacts
from metrology.web.account_forms import ChoicesField
from metrology.web.problems import show_on
from metrology.web.requests import actor, allowed, now, or_404, requires, settings, today

blueprint = Blueprint("api_tokens", __name__, url_prefix="/tokens")


class TokenForm(FlaskForm):
    """A new token."""

    name = StringField(
        _l("What it is for"), [InputRequired(), Length(max=200)], description=_l("The system that will use it.")
    )
    expires_on = DateField(
        _l("Valid until"), [InputRequired()], description=_l("Its last day; at most two years from now.")
    )
    scopes = ChoicesField(_l("What it may do"))

    def __init__(self, user: User, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scopes.choices = [(scope, scope) for scope in scopes_for(user.role_names)]

    def facts(self) -> TokenFacts:
        """What was typed."""
        return TokenFacts(self.name.data or "", tuple(self.scopes.data or ()), self.expires_on.data)


class RotateForm(FlaskForm):
    """A new token in place of another."""

    old_until = DateField(
        _l("The old one is taken until"),
        [InputRequired()],
        description=_l("Time to put the new one in place, at most 90 days."),
    )


def _owner(user_id: int) -> User:
    """Whose tokens: one's own, or a system's for an administrator."""
    user: User = or_404(db.session.get(User, user_id))
    return or_404(user if user.id == current_user.id or allowed("user.edit") else None)  # type: ignore[no-any-return]


def _token(token_id: int) -> ApiToken:
    row: ApiToken = or_404(db.session.get(ApiToken, token_id))
    _owner(row.user_id)
    return row


@blueprint.get("/")
@requires("account.own")
def listing() -> Response | str:
    """My tokens."""
    return _listing(current_user)


@blueprint.get("/of/<int:user_id>")
@requires("user.edit")
def of_user(user_id: int) -> Response | str:
    """The tokens of an account."""
    return _listing(_owner(user_id))


def _listing(user: User) -> str:
    rows = [(row, api_tokens.refusal(row, today=today())) for row in api_tokens.tokens_of(db.session(), user)]
    soon = today() + timedelta(days=30)
    own = user.id == current_user.id
    return render_template(
        "api_tokens/listing.html", user=user, rows=rows, own=own, soon=soon, may_make=own or not user.password
    )


@blueprint.route("/of/<int:user_id>/new", methods=["GET", "POST"])
@requires("account.own")
def new(user_id: int) -> Response | str:
    """Make a token; it is shown once."""
    user = _owner(user_id)
    form = TokenForm(user)
    if not form.is_submitted():
        form.expires_on.data = today() + USUAL
    elif form.validate():
        try:
            row, token = api_tokens.make(db.session(), actor(), user, form.facts(), today=today(), now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            return _shown(row, token)
    page = render_template(
        "api_tokens/form.html", form=form, user=user, own=user.id == current_user.id, groups=_groups(form)
    )
    return make_response(page, 422 if form.is_submitted() else 200)


AREAS = {
    "account": _l("The account itself and its work of today"),
    "instruments": _l("Instruments"), "holders": _l("Holders"), "places": _l("Places"), "law": _l("Types and regulations"),
    "search": _l("Search"), "lots": _l("Lots"), "ledgers": _l("Ledgers in"), "labels": _l("Labels"),
    "complaints": _l("Complaints"), "papers": _l("Printing and packages"), "verifications": _l("Verifications"),
    "certificates": _l("Certificates"), "standards": _l("Measurement standards"),
    "people": _l("Institutes and qualifications"), "plan": _l("Plan and visits"), "reminders": _l("Reminders"),
    "reports": _l("Reports"), "targets": _l("Targets"), "statements": _l("Statements"), "lists": _l("Own lists"),
    "users": _l("Accounts"), "settings": _l("Settings"), "journal": _l("Journal"), "tasks": _l("Background work"),
}  # fmt: skip
"""What the areas of scopes are called; a new one shows its code until it is named here."""


def _groups(form: TokenForm) -> list[tuple[str, Any, list[Any]]]:
    """The scopes by area (code, name), each with its boxes for reading, changing, deciding."""
    found: dict[str, dict[str, Any]] = {}
    for box in form.scopes:
        area, _colon, verb = box.data.partition(":")
        found.setdefault(area, {})[verb] = box
    return [(area, AREAS.get(area, area), [boxes.get(verb) for verb in VERBS]) for area, boxes in found.items()]


def _shown(row: ApiToken, token: str) -> Response:
    """The one time a token is told: only its hash is kept."""
    page = render_template(
        "api_tokens/token.html", row=row, token=token, back=_back(row), address=settings().public_url
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _back(row: ApiToken) -> str:
    return url_for(".listing") if row.user_id == current_user.id else url_for(".of_user", user_id=row.user_id)


@blueprint.route("/<int:token_id>/rotate", methods=["GET", "POST"])
@requires("account.own")
def rotate(token_id: int) -> Response | str:
    """A new token in place of this one, which is taken for some days more."""
    row, form = _token(token_id), RotateForm()
    if not form.is_submitted():
        form.old_until.data = min(today() + OVERLAP, row.expires_on)
    elif form.validate():
        try:
            new_row, token = api_tokens.rotate(
                db.session(), actor(), row, form.old_until.data, today=today(), now=now()
            )
        except Problem as problem:
            show_on(form, problem)
        else:
            return _shown(new_row, token)
    page = render_template(
        "api_tokens/rotate.html", form=form, row=row, back=_back(row), most=today() + LONGEST_OVERLAP
    )
    return make_response(page, 422 if form.is_submitted() else 200)


@blueprint.post("/<int:token_id>/revoke")
@requires("account.own")
def revoke(token_id: int) -> Response:
    """From now on this token is not taken."""
    row = _token(token_id)
    api_tokens.revoke(db.session(), actor(), row, now=now())
    flash(_("The token “%(name)s” is revoked.", name=row.name), "success")
    return redirect(_back(row))
