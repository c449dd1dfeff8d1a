"""The nightly dumps of certificate statuses, for whoever has the token, or for everybody where the installation says so."""

from __future__ import annotations

import hmac
from pathlib import Path

from flask import Blueprint, Response, abort, jsonify, request, send_file, url_for
from werkzeug.wrappers import Response as BaseResponse

from metrology.services import status_dump
from metrology.web import rates
from metrology.web.requests import or_404, public, settings

blueprint = Blueprint("public_dumps", __name__, url_prefix="/api/public/dumps")
TYPES = {".gz": "application/gzip", ".json": "application/json"}


@blueprint.after_request
def _told(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="dumps"'
    return rates.tell(response)


def _check_allowed() -> None:
    """404 where dumps are not offered, 401 without the token where they are not public."""
    if settings().dump_public:
        return
    token = settings().dump_token
    if not token:
        abort(404)
    kind, _blank, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        rates.count(rates.LOOKUPS)
        abort(401)


@blueprint.get("/")
@public
@rates.limited(rates.STATUS)
def listing() -> Response:
    """The dumps that are kept, the newest first."""
    _check_allowed()
    found = status_dump.dumps(Path(settings().dump_folder))
    return jsonify(
        dumps=[
            {
                "day": one.day.isoformat(),
                "bytes": one.data.stat().st_size,
                "data": url_for(".file", name=one.data.name),
                "manifest": url_for(".file", name=one.manifest.name),
            }
            for one in found
        ]
    )


@blueprint.get("/<name>")
@public
@rates.limited(rates.STATUS)
def file(name: str) -> BaseResponse:
    """The lines (gzip) or the signed manifest of a day; broken off downloads go on (Range)."""
    _check_allowed()
    found: Path = or_404(status_dump.file_of(Path(settings().dump_folder), name))
    answer = send_file(
        found.resolve(), mimetype=TYPES[found.suffix], as_attachment=True, download_name=found.name, conditional=True
    )
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
