"""My account: the browsers I am logged in with, and ending them."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, session, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from metrology.persistence.database import db
from metrology.persistence.people import LoginSession
from metrology.services import signing_in
from metrology.web.requests import actor, now, or_404, requires

blueprint = Blueprint("sessions", __name__, url_prefix="/sessions")
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.filters["browser"] = browser


def browser(text: str) -> str:
    """What a browser says of itself, in two words."""
    name = next((word for mark, word in _BROWSERS if mark in text), "")
    system = next((word for mark, word in _SYSTEMS if mark in text), "")
    return " · ".join(part for part in (name, system) if part) or _("Unknown browser")


@blueprint.get("/")
@requires("account.own")
def listing() -> str:
    """Where I am logged in."""
    rows = signing_in.open_sessions(db.session(), current_user, now=now())
    return render_template("sessions/listing.html", rows=rows, own_id=g.login_session.id)


@blueprint.post("/<int:session_id>/end")
@requires("account.own")
def end(session_id: int) -> Response:
    """Log out one of my browsers."""
    login = or_404(db.session.get(LoginSession, session_id))
    or_404(login if login.user_id == current_user.id else None)
    signing_in.end_session(db.session(), actor(), login, now=now())
    flash(_("That browser was logged out."), "success")
    return redirect(url_for("sessions.listing"))


@blueprint.post("/end-others")
@requires("account.own")
def end_others() -> Response:
    """Log out all my other browsers."""
    count = signing_in.end_sessions(db.session(), actor(), current_user, now=now(), but=session["login"])
    flash(_("Other browsers logged out: %(count)s", count=count), "success")
    return redirect(url_for("sessions.listing"))
