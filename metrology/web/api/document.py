"""The OpenAPI document: what flask-smorest gathers from the operations, completed with tokens, scopes and headers."""

from __future__ import annotations

import copy
from typing import Any

from flask import Response, current_app, json
from flask_smorest import Api

from metrology.domain.token_scopes import SCOPES, scope_of
from metrology.web.api.schemas import ProblemShape

PROBLEM = "application/problem+json"
_RATE_HEADERS = {
    "RateLimit": {"description": 'what is left: `"api";r=1190;t=42`', "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": 'the limit: `"api";q=1200;w=60`', "schema": {"type": "string"}},
}
_KEY = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "description": "Sent again within 48 hours with the same key, the request changes nothing and gets the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}  # fmt: skip
_MATCH = {
    "name": "If-Match", "in": "header", "required": True, "description": "The ETag of what was read.",
    "schema": {"type": "string", "pattern": '^("[0-9]+"|\\*)$'},
}  # fmt: skip
_ABOUT = """The registry for programs. Everything its pages show and do, by the same rules and with the same codes of problems.

Every request carries a token: `Authorization: Bearer metr_…`. A token acts as its account and is narrowed by its scopes.
Times are UTC (RFC 3339), days are days in China, numbers of measurements are exact text with their unit."""


class Registry(Api):
    """flask-smorest, whose refusals are the registry's own (problem+json) and whose document has one address."""

    ERROR_SCHEMA = ProblemShape

    def _register_error_handlers(self) -> None:
        """Refusals are answered by ``web/problems.py``, as for pages."""

    def _register_doc_blueprint(self) -> None:
        """The document is served by ``web/api/reading.py``."""

    def _register_responses(self) -> None:
        super()._register_responses()
        for response in self.spec.components.responses_lazy.values():
            content = response.get("content", {})
            if "application/json" in content:
                content[PROBLEM] = content.pop("application/json")


def document() -> dict[str, Any]:
    """The whole document, made once for each application."""
    kept = current_app.extensions.setdefault("metrology-openapi", {})
    if not kept:
        kept.update(_completed(copy.deepcopy(current_app.extensions["metrology-api"].spec.to_dict())))
    return dict(kept)


def document_answer() -> Response:
    """The document as JSON."""
    answer = Response(json.dumps(document(), ensure_ascii=False, sort_keys=False), mimetype="application/json")
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


def _completed(found: dict[str, Any]) -> dict[str, Any]:
    found["info"]["description"] = _ABOUT
    found["servers"] = [{"url": "/"}]
    found["tags"] = [{**one, "name": one["name"].removeprefix("api_")} for one in found.get("tags", [])]
    about = "A token of the registry. Scopes: " + ", ".join(SCOPES)
    found.setdefault("components", {})["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "metr_…", "description": about}
    }
    for path in found["paths"].values():
        shared = path.pop("parameters", [])
        for method, one in path.items():
            one["parameters"] = [*shared, *one.get("parameters", [])]
            _complete(method, one)
    return found


def _complete(method: str, one: dict[str, Any]) -> None:
    action, locks = one.pop("x-action", None), one.pop("x-locks", False)
    one["summary"] = one.get("summary", "").rstrip(".")
    one["tags"] = [tag.removeprefix("api_") for tag in one["tags"]]
    one["security"] = [{"token": [scope_of(action)] if action else []}]
    if action:
        one["x-action"] = action
    one["parameters"] += [*([_KEY] if method == "post" else []), *([_MATCH] if locks else [])]
    for parameter in one["parameters"]:
        if parameter.get("in") == "path" and parameter["schema"].get("type") == "integer":
            parameter["schema"] = {"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**63 - 1}
    for answer in one["responses"].values():
        if "$ref" not in answer:
            answer["headers"] = {**answer.get("headers", {}), **_RATE_HEADERS}
