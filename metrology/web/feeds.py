"""A person's own calendar address: made, shown once, ended; and the feed behind it, which needs no log-in."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from metrology.documents.calendar_feed import CALENDAR_TYPE, calendar_ics
from metrology.persistence.database import db
from metrology.services import calendar_feeds
from metrology.web.beside import kept
from metrology.web.flashes import say
from metrology.web.rates import LOOKUPS, PAGES, check, count, limited
from metrology.web.requests import actor, now, public, requires, settings, today

blueprint = Blueprint("feeds", __name__, url_prefix="/calendar")
LONGEST_TOKEN = 64


@blueprint.get("/")
@requires("account.own")
def page() -> str:
    """Whether there is an address, since when, and when it was last fetched."""
    feed = calendar_feeds.feed_of(db.session(), actor().user_id or 0)
    return render_template("visits/feed.html", feed=feed, address="")


@blueprint.post("/")
@requires("account.own")
def make() -> Response:
    """A new address, shown this once: only its hash is kept."""
    token = calendar_feeds.make_feed(db.session(), actor(), now=now())
    address = settings().public_url + url_for(".ics", token=token)
    feed = calendar_feeds.feed_of(db.session(), actor().user_id or 0)
    answer = make_response(render_template("visits/feed.html", feed=feed, address=address))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/end")
@requires("account.own")
def end() -> BaseResponse:
    """The address works no more."""
    if calendar_feeds.end_feed(db.session(), actor(), now=now()):
        say(_("The calendar address works no more."))
    return redirect(url_for(".page"))


@blueprint.get("/<token>.ics")
@public
@limited(PAGES)
def ics(token: str) -> Response:
    """The feed of an address. An unknown one is counted, so that nobody tries many."""
    check(LOOKUPS)
    feed = calendar_feeds.find(db.session(), token) if len(token) <= LONGEST_TOKEN else None
    if feed is None:
        count(LOOKUPS)
        abort(404)
    if feed.last_fetched_on != today() and request.method == "GET":
        with kept() as session:
            calendar_feeds.note_fetch(session, feed.id, today=today())
    events = calendar_feeds.events(db.session(), feed.user, today=today(), public_url=settings().public_url)
    body = calendar_ics(events, name=f"{feed.user.name} · 强制检定")
    headers = {"Cache-Control": "private, max-age=900", "Content-Disposition": "inline; filename=calendar.ics"}
    return Response(body, content_type=CALENDAR_TYPE, headers=headers)
