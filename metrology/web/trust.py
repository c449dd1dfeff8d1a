"""What an offline checker needs, the same for everybody: key list, roots to pin, status lists (docs/certificate-code.md)."""

from __future__ import annotations

from flask import Blueprint, abort, jsonify, make_response, request, url_for
from werkzeug.wrappers import Response

from metrology.documents.status_token import MEDIA_TYPE
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.status_lists import StatusShard
from metrology.services import keys, status_lists
from metrology.web import rates
from metrology.web.beside import kept
from metrology.web.requests import now, public

blueprint = Blueprint("trust", __name__)
KEYS_KEPT = "public, max-age=3600"
STATUS_KEPT = "public, max-age=60, must-revalidate"
"""A list changes at once; caches on the way may hold it for a minute."""


@blueprint.get("/.well-known/metrology-keys.json")
@public
@rates.limited(rates.PAGES)
def key_list() -> Response:
    """The key list, as the root signed it."""
    return _kept(keys.ring().body() or abort(404), "application/json", KEYS_KEPT)


@blueprint.get("/.well-known/metrology-roots.json")
@public
@rates.limited(rates.PAGES)
def roots() -> Response:
    """The public root keys, to be pinned once and compared with the fingerprint the bureau publishes."""
    return _kept(jsonify(roots=keys.ring().roots()).get_data(as_text=True), "application/json", KEYS_KEPT)


@blueprint.get("/status/")
@public
@rates.limited(rates.PAGES)
def shards() -> Response:
    """Which status lists there are."""
    listed = [
        {"shard": one.id, "url": url_for(".status", shard=one.id), "version": one.version}
        for one in status_lists.shards(db.session())
    ]
    return _kept(jsonify(shards=listed).get_data(as_text=True), "application/json", STATUS_KEPT)


@blueprint.get("/status/<int:shard>")
@public
@rates.limited(rates.PAGES)
def status(shard: int) -> Response:
    """The signed status list of a shard, as things are at this moment."""
    found = status_lists.fresh(db.session(), shard, now=now()) or _renewed(shard)
    return _kept(found.token, MEDIA_TYPE, STATUS_KEPT)


def _renewed(shard: int) -> StatusShard:
    """The list made anew. Where no key may sign there is none: an old one would say that nothing has changed."""
    if db.session().get(StatusShard, shard) is None:
        abort(404)
    try:
        with kept() as session:
            return (
                status_lists.fresh(session, shard, now=now())
                or status_lists.renew(session, shard, now=now())
                or abort(404)
            )
    except Problem:
        abort(503)


def _kept(body: str, media_type: str, how_long: str) -> Response:
    answer = make_response(body)
    answer.mimetype = media_type
    answer.headers["Cache-Control"] = how_long
    answer.headers["Access-Control-Allow-Origin"] = "*"  # anyone's checker may read what everyone may read
    answer.add_etag()
    return answer.make_conditional(request)
