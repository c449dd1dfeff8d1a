"""Accounts: who may use the registry, in which roles and where. Made, changed, deactivated; never deleted."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.holders import Holder
from metrology.persistence.people import User
from metrology.services import account_links, accounts, journal, signing_in
from metrology.services.journal import JournalFilter
from metrology.web.account_forms import AccountForm
from metrology.web.changed import keep
from metrology.web.problems import sentence_of, show_on
from metrology.web.requests import actor, now, or_404, requires, settings

blueprint = Blueprint("users", __name__, url_prefix="/users")
NARROWED_BY = ("q", "role", "state")


@blueprint.get("/")
@requires("user.view")
def listing() -> str:
    """All accounts."""
    asked: dict[str, Any] = {key: request.args.get(key, "").strip() for key in NARROWED_BY}
    found: dict[str, Any] = {"text": asked["q"], "role": asked["role"], "state": asked["state"]}
    rows, next_key = accounts.list_users(db.session(), now=now(), after=request.args.get("after", type=int), **found)
    total = accounts.count_users(db.session(), now=now(), **found)
    next_url = (
        url_for(".listing", **{key: value for key, value in asked.items() if value}, after=next_key)
        if next_key
        else None
    )
    states = {user.id: accounts.state_of(user, now=now()) for user in rows}
    return render_template("users/listing.html", rows=rows, states=states, total=total, asked=asked, next_url=next_url)


@blueprint.route("/new", methods=["GET", "POST"])
@requires("user.edit")
def new() -> Response | str:
    """Make an account; answers with the link for its owner."""
    form = AccountForm()
    if request.method == "GET":
        holder = db.session.get(Holder, request.args.get("holder", 0, type=int))
        if holder is not None:
            form.roles.data, form.holder_id.data = ["holder"], holder.number
        return render_template("users/form.html", form=form, user=None)
    if form.validate():
        try:
            user = accounts.create_user(db.session(), actor(), form.facts(), now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            return _link_page(user)
    return make_response(render_template("users/form.html", form=form, user=None), 422)


def _link_page(user: User) -> Response:
    """The one time the link is told: the registry keeps only its hash."""
    token = account_links.make_password_link(db.session(), actor(), user, now=now())
    address = settings().public_url + url_for("links.choose_password", token=token)
    subject = _("Your account in the metrology registry")
    text = _(
        "Hello %(name)s,\n\nplease choose a password for your account within 72 hours:\n\n%(address)s\n\nThe link works once.",
        name=user.name,
        address=address,
    )
    letter = f"mailto:{quote(user.email)}?subject={quote(subject)}&body={quote(text)}"
    answer = make_response(render_template("users/link.html", user=user, address=address, letter=letter))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _user(user_id: int) -> User:
    found: User = or_404(db.session.get(User, user_id))
    return found


@blueprint.get("/<int:user_id>")
@requires("user.view")
def detail(user_id: int) -> str:
    """An account: what it may do, where it is logged in, what was changed."""
    user = _user(user_id)
    changes, _next = journal.entries(db.session(), JournalFilter(object_kind="user", object_id=str(user.id)), limit=20)
    return render_template(
        "users/detail.html",
        user=user,
        state=accounts.state_of(user, now=now()),
        holder=db.session.get(Holder, user.holder_id) if user.holder_id else None,
        sessions=signing_in.open_sessions(db.session(), user, now=now()),
        changes=changes,
    )


@blueprint.route("/<int:user_id>/edit", methods=["GET", "POST"])
@requires("user.edit")
def edit(user_id: int) -> Response | str:
    """Change an account."""
    user, form = _user(user_id), AccountForm()

    def page(**more: object) -> str:
        return render_template("users/form.html", form=form, user=user, **more)

    if request.method == "GET":
        form.show(user)
        return page()
    refused = keep(form, user, page, lambda: accounts.change_user(db.session(), actor(), user, form.facts(), now=now()))
    if refused is not None:
        return refused
    flash(_("The account was changed."), "success")
    return redirect(url_for(".detail", user_id=user_id))


@blueprint.post("/<int:user_id>/link")
@requires("user.edit")
def link(user_id: int) -> Response:
    """A link by which the owner chooses a password; the password of now holds until then."""
    return _link_page(_user(user_id))


@blueprint.post("/<int:user_id>/reset")
@requires("user.edit")
def reset(user_id: int) -> Response:
    """The password holds no longer, all sessions end; a link lets the owner choose another."""
    user = _user(user_id)
    accounts.withdraw_password(db.session(), actor(), user, now=now())
    return _link_page(user)


@blueprint.post("/<int:user_id>/deactivate")
@requires("user.edit")
def deactivate(user_id: int) -> Response:
    """End the use of an account."""
    user = _user(user_id)
    try:
        accounts.deactivate(db.session(), actor(), user, now=now(), reason=request.form.get("reason", "").strip()[:500])
    except Problem as problem:
        db.session.rollback()
        flash(sentence_of(problem), "error")
    else:
        flash(_("The account is deactivated; its sessions have ended."), "success")
    return redirect(url_for(".detail", user_id=user_id))


@blueprint.post("/<int:user_id>/reactivate")
@requires("user.edit")
def reactivate(user_id: int) -> Response:
    """Let an account be used again."""
    accounts.reactivate(db.session(), actor(), _user(user_id), now=now())
    flash(_("The account is active again."), "success")
    return redirect(url_for(".detail", user_id=user_id))


@blueprint.post("/<int:user_id>/unlock")
@requires("user.edit")
def unlock(user_id: int) -> Response:
    """Lift the lock of wrong passwords."""
    accounts.unlock(db.session(), actor(), _user(user_id), now=now())
    flash(_("The account is unlocked."), "success")
    return redirect(url_for(".detail", user_id=user_id))


@blueprint.post("/<int:user_id>/end-sessions")
@requires("user.edit")
def end_sessions(user_id: int) -> Response:
    """Log an account out everywhere."""
    count = signing_in.end_sessions(db.session(), actor(), _user(user_id), now=now())
    flash(_("Browsers logged out: %(count)s", count=count), "success")
    return redirect(url_for(".detail", user_id=user_id))


@blueprint.post("/<int:user_id>/remove-second-factor")
@requires("user.edit")
def remove_second_factor(user_id: int) -> Response:
    """For one who lost the phone and the recovery codes."""
    accounts.remove_second_factor(db.session(), actor(), _user(user_id), now=now())
    flash(_("The second factor is removed; the account is logged out everywhere."), "success")
    return redirect(url_for(".detail", user_id=user_id))
