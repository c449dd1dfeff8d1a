"""``/verify``: the page that checks a certificate's code on the reader's own device, and works without a network.

The scripts in ``static/js/verify/`` decide; the server hands out the page, its parts for keeping, and reads photographs that a
browser cannot. Where scripts are off it looks the certificate up itself.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, current_app, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as BaseResponse

from metrology.documents.qr import read_qr
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.services import certificate_lookup, keys, settings
from metrology.web import rates
from metrology.web.languages import LANGUAGES
from metrology.web.problems import sentence_of
from metrology.web.requests import public
from metrology.web.requests import settings as installation
from metrology.web.verify_words import ANSWERS

blueprint = Blueprint("verify_page", __name__, url_prefix="/verify")
LARGEST_PICTURE = 15_000_000
"""Bytes of a photograph: a telephone's has three to eight million."""
_FIELDS = ("text", "number", "serial_number")
_SHEETS = ("tokens", "core", "parts", "forms", "badges", "public", "scan", "verify")
_ICONS = ("mark.svg", "mark-192.png", "mark-512.png", "mark-maskable-512.png")
_FOLDERS = ("js/verify", "vendor")


@blueprint.get("")
@public
@rates.limited(rates.PAGES)
def index() -> str:
    """The page."""
    return _page()


@blueprint.post("")
@public
@rates.limited(rates.PICTURES)
def by_hand() -> BaseResponse | tuple[str, int]:
    """For a browser without scripts: leads a photograph, a text or a number to the certificate's live page."""
    try:
        code = _code_asked_for()
    except Problem as problem:
        rates.count(rates.LOOKUPS)
        kept = {name: request.form.get(name, "")[:300] for name in _FIELDS}
        return _page(sentence_of(problem), kept), 422
    return redirect(url_for("scan.certificate", code=code), 303)


def _code_asked_for() -> str:
    sent = request.files.get("picture")
    is_picture = sent is not None and bool(sent.filename)
    texts = read_qr(_picture_bytes()) if is_picture else [request.form.get("text", "").strip()[:2000]]
    given = [text for text in texts if text]
    codes = [code for code in map(certificate_lookup.code_in, given) if code]
    if codes:
        return codes[0]
    if given:
        raise Problem("not_a_certificate_code", "text")
    if is_picture:
        raise Problem("no_code_in_picture", "picture")
    number, serial_number = request.form.get("number", ""), request.form.get("serial_number", "")
    return certificate_lookup.code_by_number(db.session(), number[:100], serial_number[:200])


@blueprint.post("/picture")
@public
@rates.limited(rates.PICTURES)
def picture() -> Response:
    """The texts of the codes in a photograph. It is read, answered and forgotten."""
    try:
        return jsonify(texts=read_qr(_picture_bytes()))
    except Problem as problem:
        answer = jsonify(code=problem.code, detail=sentence_of(problem))
        answer.status_code = 422
        return answer


def _picture_bytes() -> bytes:
    sent = request.files.get("picture")
    data = sent.stream.read(LARGEST_PICTURE + 1) if sent is not None else b""
    if not data:
        raise Problem("file_empty", "picture")
    if len(data) > LARGEST_PICTURE:
        raise Problem("picture_too_large", "picture", limit=LARGEST_PICTURE // 1_000_000)
    return data


@blueprint.get("/token")
@public
def token() -> Response:
    """A fresh token for sending a photograph: the page itself may have been kept for months."""
    return jsonify(token=generate_csrf())


@blueprint.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """What an installed app is called and looks like."""
    icons = [
        {"src": _static("icons/mark.svg"), "sizes": "any", "type": "image/svg+xml"},
        {"src": _static("icons/mark-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": _static("icons/mark-512.png"), "sizes": "512x512", "type": "image/png"},
        {"src": _static("icons/mark-maskable-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
    ]
    about = {
        "id": url_for(".index"), "name": _("Check a certificate"), "short_name": _("Check the code"), "start_url": url_for(".index"),
        "description": _("Check the code on a certificate of verification, also without a network."),
        "scope": url_for(".index"), "display": "standalone", "lang": request.args.get("lang", "").replace("_", "-") or "zh-CN",
        "background_color": "#f5f7f8", "theme_color": "#0b5a70", "icons": icons,
    }  # fmt: skip
    answer = make_response(json.dumps(about, ensure_ascii=False))
    answer.mimetype = "application/manifest+json"
    return answer


@blueprint.get("/worker.js")
@public
def worker() -> Response:
    """The service worker, with the list of what it keeps. Its text changes whenever anything on that list does."""
    files = [_static(name) for name in _kept_files()]
    pages = {language: url_for(".index", lang=language) for language in LANGUAGES}
    manifests = [url_for(".manifest", lang=language) for language in LANGUAGES]
    shell = {
        "version": _version(), "pages": pages, "files": files + manifests,
        "paths": [f"{current_app.static_url_path}/{name}" for name in _kept_files()] + [url_for(".manifest")],
    }  # fmt: skip
    script = (_static_folder() / "js" / "verify" / "worker.js").read_text(encoding="utf-8")
    answer = make_response(f"const SHELL = {json.dumps(shell)};\n{script}")
    answer.mimetype = "text/javascript"
    answer.headers["Service-Worker-Allowed"] = url_for(".index")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _page(problem: str = "", kept: dict[str, str] | None = None, *, has_token: bool = True) -> str:
    return render_template(
        "verify/page.html",
        answers=ANSWERS,
        pins=json.dumps(_pins(), separators=(",", ":")),
        bureau=settings.read(db.session()),
        domain=installation().public_url.partition("://")[2],
        has_token=has_token,
        problem=problem,
        kept=kept or dict.fromkeys(_FIELDS, ""),
    )


def _pins() -> list[dict[str, str]]:
    """The roots that the page trusts from the start: the current and the next one of this installation."""
    return [{"kid": root["kid"], "x": root["x"]} for root in keys.ring().roots()]


def _static(name: str) -> str:
    return url_for("static", filename=name)


def _static_folder() -> Path:
    return Path(current_app.static_folder or "")


@cache
def _kept_files() -> tuple[str, ...]:
    """Names below ``static/`` of all that the page uses."""
    static = _static_folder()
    scripts = sorted(
        file.relative_to(static).as_posix()
        for folder in _FOLDERS
        for file in (static / folder).rglob("*.js")
        if file.name not in {"worker.js", "link.js"}
    )
    return (*(f"css/{sheet}.css" for sheet in _SHEETS), *(f"icons/{icon}" for icon in _ICONS), *scripts)


def _version() -> str:
    """What changes when any file, the page in any language, or what is pinned in it does."""
    digest = hashlib.sha256()
    for name in (*_kept_files(), "js/verify/worker.js"):
        digest.update(f"{name}\0".encode() + (_static_folder() / name).read_bytes())
    for language in LANGUAGES:
        with force_locale(language):
            digest.update(_page(has_token=False).encode())
    return digest.hexdigest()[:16]
