"""Pages behind one-time links: choose a password; create the first administrator of a new registry."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from metrology.domain.problems import Problem
from metrology.persistence.database import db, reading
from metrology.persistence.people import AccountLink
from metrology.services import account_links, accounts
from metrology.services.accounts import AccountFacts
from metrology.web import rates
from metrology.web.account_forms import ChoosePasswordForm, FirstAdministratorForm
from metrology.web.accounts import hashed
from metrology.web.languages import choose
from metrology.web.problems import show_on
from metrology.web.requests import now, public

blueprint = Blueprint("links", __name__)


def _found(token: str, purpose: str) -> AccountLink | None:
    """The link, read in a transaction that ends here: no lock is held while a password is hashed."""
    rates.count(rates.LINK)
    with reading():
        link = account_links.find_link(db.session(), token, purpose, now=now())
        if request.method == "POST":
            db.session.commit()
    return link


def _gone() -> Response:
    return make_response(render_template("accounts/link_gone.html"), 404)


@blueprint.route("/choose-password/<token>", methods=["GET", "POST"])
@public
def choose_password(token: str) -> Response | str:
    """The owner of an account chooses a password."""
    link = _found(token, account_links.PASSWORD)
    if link is None or link.user is None:
        return _gone()
    form, user = ChoosePasswordForm(), link.user
    if request.method == "GET":
        return render_template("accounts/choose_password.html", form=form, user=user)
    if not form.accepts(user.name, user.email, user.phone):
        return make_response(render_template("accounts/choose_password.html", form=form, user=user), 422)
    accounts.choose_password(db.session(), link, hashed(form.password.data or ""), now=now(), ip=request.remote_addr)
    flash(_("The password is set. Please log in with it."), "success")
    return redirect(url_for("security.login"))


@blueprint.route("/first-administrator/<token>", methods=["GET", "POST"])
@public
def first_administrator(token: str) -> Response | str:
    """Create the account that makes all others."""
    link = _found(token, account_links.FIRST)
    if link is None:
        return _gone()
    form = FirstAdministratorForm()
    if request.method == "GET":
        return render_template("accounts/first_administrator.html", form=form)
    if form.accepts(form.name.data or "", form.email.data or ""):
        facts = AccountFacts(form.email.data or "", form.name.data or "", ("administrator",), language=choose())
        try:
            accounts.create_first_administrator(
                db.session(), link, facts, hashed(form.password.data or ""), now=now(), ip=request.remote_addr
            )
        except Problem as problem:
            show_on(form, problem)
        else:
            flash(_("The account is made. Please log in with it."), "success")
            return redirect(url_for("security.login"))
    return make_response(render_template("accounts/first_administrator.html", form=form), 422)
