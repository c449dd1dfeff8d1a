"""Webhooks: other systems that are told of changes; their secrets, what was sent to them, and how they stand."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import or_, select
from werkzeug.wrappers import Response
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Length

from metrology.domain.problems import Problem
from metrology.persistence import webhooks as kept
from metrology.persistence.database import db
from metrology.persistence.people import User
from metrology.persistence.webhooks import WebhookDelivery, WebhookEndpoint
from metrology.services import webhooks
from metrology.services.webhooks import LONGEST_OVERLAP, OVERLAP, WebhookFacts
from metrology.web import webhook_words
from metrology.web.account_forms import ChoicesField
from metrology.web.changed import VersionedForm, keep
from metrology.web.flashes import say
from metrology.web.problems import show_on
from metrology.web.refusals import told_at
from metrology.web.requests import actor, now, or_404, requires, settings, today

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")
PAGE = 20


class WebhookForm(VersionedForm):
    """An endpoint: which system, where, what it is told of."""

    name = StringField(
        _l("What it is for"), [InputRequired(), Length(max=200)], description=_l("The system that is told.")
    )
    url = StringField(
        _l("Its address"),
        [InputRequired(), Length(max=500)],
        description=_l("https://…; messages are posted there, signed. No redirect is followed."),
    )
    kinds = ChoicesField(_l("What it is told of"))

    def __init__(self, owner: User, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.owner = owner
        self.kinds.choices = [(kind, str(webhook_words.KINDS[kind])) for kind in webhooks.reader_of(owner).kinds]

    def blank(self) -> WebhookForm:
        """The same form with nothing typed."""
        return WebhookForm(self.owner, formdata=None)

    def show(self, row: WebhookEndpoint) -> None:
        """Fill the fields with what is kept."""
        self.process(obj=row)

    def facts(self) -> WebhookFacts:
        """What was typed."""
        return WebhookFacts(self.name.data or "", self.url.data or "", tuple(self.kinds.data or ()))


class RotateForm(FlaskForm):
    """A new secret in place of another."""

    old_until = DateField(
        _l("Signed with the old one too until"),
        [InputRequired()],
        description=_l("Time to put the new one in place, at most 90 days."),
    )


def _row(webhook_id: int) -> WebhookEndpoint:
    found: WebhookEndpoint = or_404(db.session.get(WebhookEndpoint, webhook_id))
    return found


def _accounts() -> list[User]:
    """Whose rights a new endpoint may have: one's own, or those of an account nobody signs in with."""
    is_open = or_(User.id == actor().user_id, User.password.is_(None), User.password == "")
    return list(db.session.scalars(select(User).where(User.active.is_(True), is_open).order_by(User.name).limit(500)))


@blueprint.get("/")
@requires("webhook.view")
def listing() -> str:
    """Every endpoint."""
    return render_template(
        "webhooks/listing.html", rows=kept.endpoints(db.session()), words=webhook_words, shown=webhooks.shown_url
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires("webhook.edit")
def new() -> Response:
    """First whose rights it has, then the rest; its secret is shown once."""
    accounts = _accounts()
    asked = request.args.get("owner", type=int)
    owner = next((one for one in accounts if one.id == asked), None)
    form = WebhookForm(owner) if owner else None
    if form is not None and owner is not None:
        if not form.is_submitted():
            form.kinds.data = [value for value, _label in form.kinds.choices]
        elif form.validate():
            try:
                row, secret = webhooks.make(db.session(), actor(), owner, form.facts(), settings=settings(), now=now())
            except Problem as problem:
                show_on(form, problem)
            else:
                return _shown(row, secret)
    page = render_template("webhooks/new.html", form=form, owner=owner, accounts=accounts)
    return make_response(page, 422 if request.method == "POST" else 200)


def _shown(row: WebhookEndpoint, secret: str) -> Response:
    """The one time a secret is told."""
    answer = make_response(render_template("webhooks/secret.html", row=row, secret=secret))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/<int:webhook_id>")
@requires("webhook.view")
def detail(webhook_id: int) -> str:
    """How it stands, and the messages sent to it."""
    row, session = _row(webhook_id), db.session()
    before = request.args.get("before", type=int)
    found, next_key = webhooks.deliveries(session, row, before=before, limit=PAGE)
    return render_template(
        "webhooks/detail.html",
        row=row,
        behind=webhooks.behind(session, row),
        deliveries=found,
        older=url_for(".detail", webhook_id=row.id, before=next_key) if next_key else None,
        newest=url_for(".detail", webhook_id=row.id) if before else None,
        words=webhook_words,
        shown=webhooks.shown_url,
        today=today(),
    )


@blueprint.get("/<int:webhook_id>/messages/<int:delivery_id>")
@requires("webhook.view")
def message(webhook_id: int, delivery_id: int) -> str:
    """A message as it is sent."""
    row = _row(webhook_id)
    found: WebhookDelivery = or_404(db.session.get(WebhookDelivery, delivery_id))
    or_404(found if found.endpoint_id == row.id else None)
    body = json.dumps(json.loads(found.body), ensure_ascii=False, indent=1)
    return render_template("webhooks/message.html", row=row, message=found, body=body, words=webhook_words)


@blueprint.route("/<int:webhook_id>/edit", methods=["GET", "POST"])
@requires("webhook.edit")
def edit(webhook_id: int) -> Response:
    """Another name, address or other kinds."""
    row = _row(webhook_id)
    form = WebhookForm(row.owner)

    def page(**more: object) -> str:
        return render_template("webhooks/edit.html", form=form, row=row, **more)

    if not form.is_submitted():
        form.show(row)
        return make_response(page())
    refused = keep(
        form,
        row,
        page,
        lambda: webhooks.change(db.session(), actor(), row, form.facts(), settings=settings(), now=now()),
    )
    if refused is not None:
        return refused
    say(_("The webhook “%(name)s” was changed.", name=row.name))
    return redirect(url_for(".detail", webhook_id=webhook_id))


@blueprint.route("/<int:webhook_id>/rotate", methods=["GET", "POST"])
@requires("webhook.edit")
def rotate(webhook_id: int) -> Response:
    """A new secret, shown once; for some days messages carry both signatures."""
    row, form = _row(webhook_id), RotateForm()
    if not form.is_submitted():
        form.old_until.data = today() + OVERLAP
    elif form.validate():
        try:
            secret = webhooks.rotate(
                db.session(), actor(), row, form.old_until.data, settings=settings(), today=today(), now=now()
            )
        except Problem as problem:
            show_on(form, problem)
        else:
            return _shown(row, secret)
    page = render_template("webhooks/rotate.html", form=form, row=row, most=today() + LONGEST_OVERLAP)
    return make_response(page, 422 if form.is_submitted() else 200)


def _back(row: WebhookEndpoint) -> Response:
    return redirect(url_for(".detail", webhook_id=row.id))


@blueprint.post("/<int:webhook_id>/test")
@requires("webhook.edit")
@told_at(".detail", "webhook_id")
def test(webhook_id: int) -> Response:
    """Have a message sent that tells of nothing."""
    row = _row(webhook_id)
    webhooks.test(db.session(), actor(), row, now=now())
    say(_("A test message goes out within half a minute; what was answered then stands below."), "info")
    return _back(row)


@blueprint.post("/<int:webhook_id>/pause")
@requires("webhook.edit")
@told_at(".detail", "webhook_id")
def pause(webhook_id: int) -> Response:
    """Send nothing for a while."""
    row = _row(webhook_id)
    webhooks.pause(db.session(), actor(), row, now=now())
    say(_("Paused. Nothing is lost: it goes on where it stopped."), undo_url=url_for(".resume", webhook_id=row.id))
    return _back(row)


@blueprint.post("/<int:webhook_id>/resume")
@requires("webhook.edit")
@told_at(".detail", "webhook_id")
def resume(webhook_id: int) -> Response:
    """Go on where it stopped."""
    row = _row(webhook_id)
    webhooks.resume(db.session(), actor(), row, now=now())
    say(_("It goes on where it stopped."))
    return _back(row)


@blueprint.post("/<int:webhook_id>/begin-anew")
@requires("webhook.edit")
@told_at(".detail", "webhook_id")
def begin_anew(webhook_id: int) -> Response:
    """Go on behind the last change: what lies between is not told."""
    row = _row(webhook_id)
    webhooks.resume(db.session(), actor(), row, now=now(), from_now=True)
    say(_("It is told of what changes from now on."))
    return _back(row)


@blueprint.post("/<int:webhook_id>/end")
@requires("webhook.edit")
@told_at(".detail", "webhook_id")
def end(webhook_id: int) -> Response:
    """Send nothing any more, ever."""
    row = _row(webhook_id)
    webhooks.end(db.session(), actor(), row, now=now())
    say(_("The webhook “%(name)s” has ended.", name=row.name))
    return _back(row)
