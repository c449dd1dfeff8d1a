"""Security headers on every answer: a strict content security policy without inline script or style."""

from __future__ import annotations

from flask import Flask, Response, request

from metrology.web.requests import settings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)

_FIXED = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()"),
)
"""What every answer says that does not say otherwise itself."""


def init_app(app: Flask) -> None:
    """Put the headers on."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    headers, path = response.headers, request.path
    given = {name.lower() for name, _value in headers}
    for name, value in _FIXED:
        if name.lower() not in given:
            headers.add(name, value)
    if "referrer-policy" not in given:
        headers.add("Referrer-Policy", "no-referrer" if path.startswith(("/c/", "/i/")) else "same-origin")
    if "strict-transport-security" not in given and settings().is_https:
        headers.add("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if "cache-control" not in given and request.endpoint != "static" and not path.startswith("/bootstrap"):
        headers.add("Cache-Control", "no-store")
    return response
