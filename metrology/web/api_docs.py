"""What programs may do here, for people: the OpenAPI document, and its pages drawn from it."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, render_template

from metrology.web.api.document import document, document_answer
from metrology.web.languages import is_zh
from metrology.web.problems import API_STATUS, known
from metrology.web.requests import or_404, public

blueprint = Blueprint("api_docs", __name__, url_prefix="/api/v1")
_GAP = re.compile(r"%\((\w+)\)s")
_METHODS = ("get", "post", "patch", "put", "delete")


@blueprint.get("/openapi.json")
@public
def openapi() -> Response:
    """The document for programs."""
    return document_answer()


@blueprint.get("/docs")
@public
def docs() -> str:
    """What there is, by area."""
    found = document()
    areas = [(tag["name"], _words(tag["description"]), _operations(found, tag["name"])) for tag in found["tags"]]
    return render_template("api_docs/listing.html", areas=areas, scopes=found["components"]["securitySchemes"])


@blueprint.get("/docs/problems")
@public
def problems() -> str:
    """Every code of a refusal, its status and its sentence."""
    rows = [
        (code, API_STATUS.get(code, 422), _GAP.sub(r"‹\1›", str(said)).replace("%%", "%"))
        for code, said in sorted(known().items())
    ]
    return render_template("api_docs/problems.html", rows=rows)


@blueprint.get("/docs/<area>")
@public
def area(area: str) -> str:
    """One area: each operation with what is sent and answered."""
    found = document()
    tag = or_404(next((one for one in found["tags"] if one["name"] == area), None))
    return render_template(
        "api_docs/area.html",
        area=area,
        title=_words(tag["description"]),
        operations=_operations(found, area),
        shape=shape,
        choices=choices,
    )


def _words(both: str) -> str:
    zh, _blank, en = both.partition(" ")
    return zh if is_zh() else en


def _operations(found: dict[str, Any], tag: str) -> list[dict[str, Any]]:
    rows = []
    for path, methods in found["paths"].items():
        for method in _METHODS:
            one = methods.get(method)
            if one and tag in one["tags"]:
                rows.append({"method": method.upper(), "path": path, "summary": _summary(one), **_parts(found, one)})
    return rows


def choices(schema: dict[str, Any]) -> list[str]:
    """What a value, or each of a list, may be, where that is told."""
    known = schema.get("enum") or schema.get("items", {}).get("enum", ())
    return [str(one) for one in known if one not in ("", None)]


def _summary(one: dict[str, Any]) -> str:
    return str(one.get("x-summary-zh") if is_zh() else one.get("summary", ""))


def _parts(found: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    body = one.get("requestBody", {}).get("content", {})
    good: dict[str, Any] = next((answer for code, answer in one["responses"].items() if code.startswith("2")), {})
    return {
        "id": "-".join(one["tags"]),
        "description": one.get("description", ""),
        "scopes": one["security"][0]["token"],
        "parameters": one["parameters"],
        "body": [(media, rows(found, part.get("schema", {}))) for media, part in body.items()],
        "status": next((code for code in one["responses"] if code.startswith("2")), ""),
        "answer": [(media, rows(found, part.get("schema", {}))) for media, part in good.get("content", {}).items()],
        "refusals": sorted(code for code in one["responses"] if not code.startswith("2")),
    }


def shape(schema: dict[str, Any]) -> str:
    """The type of a value in a few words."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]  # type: ignore[no-any-return]
    if "allOf" in schema:
        return shape(schema["allOf"][0])
    if "anyOf" in schema or "oneOf" in schema:
        return " | ".join(shape(one) for one in schema.get("anyOf") or schema["oneOf"])
    kind = schema.get("type", "any")
    kinds = [kind] if isinstance(kind, str) else list(kind)
    words = [schema.get("format", one) if one == "string" else one for one in kinds]
    if "array" in kinds:
        return f"[{shape(schema.get('items', {}))}]"
    return " | ".join(words)


def rows(found: dict[str, Any], schema: dict[str, Any], prefix: str = "", depth: int = 0) -> list[dict[str, Any]]:
    """The fields of an object, those of inner ones below theirs."""
    name = schema.get("$ref", "").rpartition("/")[2]
    whole = found["components"]["schemas"].get(name, schema)
    told = []
    for key, field in whole.get("properties", {}).items():
        told.append(
            {
                "name": f"{prefix}{key}", "type": shape(field), "about": field.get("description", ""),
                "required": key in whole.get("required", ()), "choices": choices(field),
            }
        )  # fmt: skip
        inner = field.get("items", field)
        if "$ref" in inner and depth < 2:
            told += rows(found, inner, f"{prefix}{key}{'[]' if 'items' in field else ''}.", depth + 1)
    return told
