"""Search: the page of results by kind, and the few lines that show below the box as one types."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from metrology.persistence.database import db
from metrology.persistence.search import plain
from metrology.services import searching
from metrology.services.searching import SearchGroup
from metrology.web.requests import actor, allowed, requires

blueprint = Blueprint("search", __name__, url_prefix="/search")

KINDS = {
    "instrument": _l("Instruments"),
    "holder": _l("Holders"),
    "place": _l("Places"),
    "certificate": _l("Certificates"),
    "measurement_standard": _l("Measurement standards"),
    "instrument_type": _l("Instrument types"),
}
LISTS = {
    "instrument": "instruments.listing",
    "holder": "holders.listing",
    "place": "places.listing",
    "certificate": "certificates.listing",
    "measurement_standard": "standards.listing",
    "instrument_type": "types.listing",
}
SUGGESTED = 5
SHOWN = 10
LONGEST = 200


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.filters["marked"] = marked


@blueprint.get("/")
@requires("search")
def index() -> str:
    """What is found, by kind."""
    text = request.args.get("q", "").strip()[:LONGEST]
    groups = searching.search(db.session(), actor(), text, limit_per_kind=SHOWN)
    return render_template(
        "search/index.html", text=text, words=searching.query_words(text), groups=_shown(groups, text)
    )


@blueprint.get("/suggest")
@requires("search")
def suggest() -> str:
    """A fragment for the list below the search box."""
    text = request.args.get("q", "").strip()[:LONGEST]
    groups = searching.search(db.session(), actor(), text, limit_per_kind=SUGGESTED)
    return render_template(
        "search/_suggestions.html", text=text, words=searching.query_words(text), groups=_shown(groups, text)
    )


def _shown(groups: list[SearchGroup], text: str) -> list[dict[str, Any]]:
    """Groups with their words, and the list that shows the rest."""
    return [
        {
            "kind": group.kind,
            "label": KINDS[group.kind],
            "rows": [hit.row for hit in group.hits],
            "more": _list_of(group.kind, text) if group.has_more else None,
        }
        for group in groups
    ]


def _list_of(kind: str, text: str) -> str | None:
    from flask import current_app

    endpoint = LISTS[kind]
    view = current_app.view_functions.get(endpoint)
    action = getattr(view, "action", None)
    return (
        url_for(endpoint, q=text, state="all" if kind == "instrument" else None) if action and allowed(action) else None
    )


def marked(text: str | None, words: tuple[str, ...]) -> Markup:
    """The text with the places marked where the words of a query stand, however width, case and blanks differ."""
    text = text or ""
    letters, places = "", []
    for place, letter in enumerate(text):
        folded = plain(letter)
        letters += folded
        places += [place] * len(folded)
    hits: set[int] = set()
    for word in words:
        start = letters.find(word)
        while start >= 0:
            hits.update(places[start : start + len(word)])
            start = letters.find(word, start + 1)
    return Markup().join(_pieces(text, hits))


def _pieces(text: str, hits: set[int]) -> list[Markup]:
    pieces: list[Markup] = []
    start = 0
    while start < len(text):
        end = start
        while end < len(text) and (end in hits) == (start in hits):
            end += 1
        piece = escape(text[start:end])
        pieces.append(Markup("<mark>{}</mark>").format(piece) if start in hits else piece)
        start = end
    return pieces
