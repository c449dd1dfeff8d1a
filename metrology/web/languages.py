"""Languages: zh_Hans_CN first, en complete; chosen by account, cookie, or what the browser asks for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from babel import Locale
from flask import Blueprint, Flask, current_app, g, redirect, request
from flask_babel import Babel, Domain, get_locale
from flask_login import current_user
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response

from metrology.settings import ROOT, Settings
from metrology.web import catalogues
from metrology.web.requests import public, settings

LANGUAGES = {"zh_Hans_CN": "简体中文", "en": "English"}
blueprint = Blueprint("languages", __name__)


class Words(Domain):
    """The texts of the pages. A page has several hundred, so that looking the language up for each would be a tenth of its time."""

    def __init__(self, domain: str) -> None:
        super().__init__(domain=domain)
        self._of: dict[Locale, Any] = {}

    def get_translations(self) -> Any:
        """The catalogue of this request's language."""
        locale = getattr(g.get("_flask_babel"), "babel_locale", None) if g else None
        found = self._of.get(locale) if locale is not None else None
        if found is None:
            found = super().get_translations()
            if g and (locale := get_locale()) is not None:
                self._of[locale] = found
        return found


def init_app(app: Flask) -> None:
    """Set up translations from ``translations/``."""
    found: Settings = app.config["METROLOGY"]
    folder = str(catalogues.compiled(ROOT / "translations", found.instance / "translations"))
    babel = Babel(
        app,
        default_locale="zh_Hans_CN",
        default_timezone="Asia/Shanghai",
        default_translation_directories=folder,
        locale_selector=choose,
    )
    babel.domain_instance = Words(domain="messages")
    app.jinja_env.globals.update(LANGUAGES=LANGUAGES, get_locale=get_locale, is_zh=is_zh)
    app.jinja_env.filters["listed"] = listed


def choose() -> str:
    """Language of this request: ``?lang=``, the account's, the cookie's, then the browser's; Chinese when none fits."""
    if "language" in g:
        return str(g.language)
    cookies = request.cookies
    asked = (request.args.get("lang") if request.query_string else None) or cookies.get("language")
    is_perhaps_known = current_app.config["SESSION_COOKIE_NAME"] in cookies  # nobody is looked for who brings nothing
    if not asked and is_perhaps_known and current_user and current_user.is_authenticated:
        asked = current_user.language
    if not asked:
        asked = _of_browser(request.headers.get("Accept-Language", ""))
    found = asked if asked in LANGUAGES else "zh_Hans_CN"
    g.language = found
    return found


@lru_cache(maxsize=1000)
def _of_browser(accepted: str) -> str:
    """The language a browser would rather read; browsers say so in few ways."""
    best = parse_accept_header(accepted, LanguageAccept).best_match(["zh", "en"], "zh") if accepted else "zh"
    return "en" if best == "en" else "zh_Hans_CN"


def is_zh() -> bool:
    """Whether this request is answered in Chinese (bilingual data picks its column by it)."""
    locale = get_locale()
    return locale is None or locale.language == "zh"


def listed(words: Iterable[Any]) -> str:
    """Names after each other, with the mark the reader's language puts between them."""
    return ("、" if is_zh() else ", ").join(str(word) for word in words)


@blueprint.get("/language/<language>")
@public
def switch(language: str) -> Response:
    """Remember the language in a cookie and go back."""
    target = request.args.get("next", "/")
    if not target.startswith("/") or target.startswith(("//", "/\\")):
        target = "/"
    response = redirect(target)
    if language in LANGUAGES:
        response.set_cookie(
            "language", language, max_age=365 * 86400, samesite="Lax", secure=settings().is_https, httponly=True
        )
    return response
