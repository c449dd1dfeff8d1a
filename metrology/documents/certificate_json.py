"""The certificate as JSON: the same facts as on paper, for a program. Described in `docs/certificate-json.md`.

The schema (`docs/certificate.schema.json`) is drawn from the facts themselves, so that both say the same.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from metrology.documents.certificate_facts import CertificateFacts

FORMAT: Final = "metrology-certificate"
VERSION: Final = 1
"""Grows when a name changes its meaning or goes; names that are added leave it as it is."""
_NOT_TOLD: Final = frozenset({"form", "qr_text"})


def certificate_json(facts: CertificateFacts, fingerprint: str) -> str:
    """The facts as a JSON text; ``fingerprint`` is the SHA-256 the journal keeps of the certificate."""
    told = {name: value for name, value in facts.to_payload().items() if name not in _NOT_TOLD}
    head = {"format": FORMAT, "version": VERSION, "fingerprint": fingerprint}
    return json.dumps({**head, **told}, ensure_ascii=False, indent=1)


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what ``certificate_json`` gives."""
    body = _schema_of(CertificateFacts)
    for name in _NOT_TOLD:
        body["properties"].pop(name, None)
    head = {
        "format": {"const": FORMAT},
        "version": {"const": VERSION},
        "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Certificate of the registry of measuring instruments",
        "type": "object",
        "properties": {**head, **body["properties"]},
        "required": [*head, *(name for name in body["required"] if name not in _NOT_TOLD)],
    }


def _schema_of(kind: Any) -> dict[str, Any]:
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        always = [one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING]
        return {
            "type": "object",
            "properties": {name: _schema_of(hint) for name, hint in hints.items()},
            "required": always,
        }
    origin = get_origin(kind)
    if origin is tuple:
        return {"type": "array", "items": _schema_of(get_args(kind)[0])}
    if origin is Literal:
        return {"enum": list(get_args(kind))}
    if origin is UnionType:
        return {"anyOf": [_schema_of(one) for one in get_args(kind)]}
    return {"type": {str: "string", bool: "boolean", NoneType: "null"}[kind]}
