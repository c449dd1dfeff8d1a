"""Bodies that would be taken but for one value: a text too long, a code nobody knows, a key of nothing, a day at the end of the calendar.

What schemathesis makes up is refused for its first fault; these come as far as the database, which keeps lengths and references on
PostgreSQL alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from metrology.persistence import clock
from tests.conftest import DIALECTS, NOW, TODAY
from tests.records import SCALE_PLATE
from tests.web.test_api_document import Registry, operations

LONG, UNKNOWN = "长" * 4001, "nothing of the kind"
FAR = ("0001-01-01", "9999-12-31")
KEYS = (2**63 - 1,)
NAMED = {
    "owner_id": "user_id", "taker_id": "user_id", "verifier_ids": "user_id", "parent_id": "place_id", "organiser_id": "holder_id",
    "own_standard_id": "standard_id", "traces_to_id": "outside_standard_id", "ids": "instrument_id", "holder": "holder_id",
    "instrument_ids": "instrument_id", "certificate_ids": "certificate_id", "standard_ids": "standard_id",
}  # fmt: skip
"""Keys in bodies → the argument of an address that is the same kind of thing."""
TEXTS = {
    "type_code": "digital_indicating_scale", "district_code": "410702", "edition": "JJG 539-2016", "email": "a@example.test",
    "url": "https://erp.example.com/in", "short_code": "ABC", "prefix": "AB", "uscc": "", "name": "示范", "number": "N-1",
    "characteristic": "", "low": "", "high": "", "range_low": "", "range_high": "", "accuracy": "", "coverage_factor": "2",
    "latitude": "", "longitude": "", "phone": "0373 2001000", "wecom_webhook": "", "error": "", "verdict": "", "website": "",
    "complaint_url": "", "report_mail_domains": "", "certificate_number_template": "", "market": "", "stall": "", "after": "",
    "part_label": "", "manufacturer": "示范衡器有限公司", "layout": "vendor",
}  # fmt: skip


WORDS = ("示范文字", "示范", "示范衡器有限公司", "N-1", "")
"""Of the texts above, those that are no code."""


class Bodies:
    """What is sent to an operation, drawn from the document."""

    def __init__(self, told: dict[str, Any], keys: dict[str, Any]) -> None:
        self.shapes, self.keys = told["components"]["schemas"], keys

    def good(self, name: str, shape: dict[str, Any]) -> Any:
        """A value that makes sense, as far as the document and the names of fields say it."""
        shape = self.shapes[shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape
        if "enum" in shape:
            return shape["enum"][0]
        kind = shape["type"][0] if isinstance(shape.get("type"), list) else shape.get("type")
        if kind == "array":
            return [self.good(name, shape["items"])]
        if kind == "object":
            if name == "nameplate":
                return dict(SCALE_PLATE)
            return {key: self.good(key, one) for key, one in shape.get("properties", {}).items()}
        if kind == "integer":
            return self.keys.get(NAMED.get(name, name), max(1, shape.get("minimum", 1)))
        if kind == "string":
            return TODAY.isoformat() if shape.get("format") == "date" else TEXTS.get(name, "示范文字")
        return kind == "boolean"

    def spoilt(self, name: str, shape: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The good body with one value in turn that is not."""
        body = self.good(name, shape)
        for key, value in body.items() if isinstance(body, dict) else ():
            yield from ({**body, key: worse} for worse in _worse(value))


def _worse(value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool) or value is None:
        return ()
    if isinstance(value, int):
        return KEYS
    if isinstance(value, list):
        return tuple([worse] for worse in _worse(value[0])) if value else ()
    if isinstance(value, dict):
        return tuple({**value, key: worse} for key, one in value.items() for worse in _worse(one)[:1])
    if value == TODAY.isoformat():
        return FAR
    return (LONG if value in WORDS else UNKNOWN,)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("dialect", DIALECTS[1:])
def test_one_bad_value_is_refused_by_name(dialect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_utc", lambda: NOW)
    logging.disable(logging.CRITICAL)
    registry = Registry(dialect, tmp_path)
    monkeypatch.setattr(Session, "commit", Session.flush)
    client = registry.app.test_client()
    told = client.get("/api/v1/openapi.json").get_json()
    bodies = Bodies(told, {argument: value for (_path, argument), value in registry.values.items()})
    headers = {"Authorization": f"Bearer {registry.tokens[0]}", "If-Match": "*"}
    faults, taken, asked = [], 0, 0
    try:
        for method, path, one in operations(told):
            shape = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            if shape is None or path.endswith("/bulk"):
                continue
            address = path.format(**{key: value for (of, key), value in registry.values.items() if of == path})
            answer = client.open(address, method=method, headers=headers, json=bodies.good("", shape))
            taken += answer.status_code < 300
            for body in bodies.spoilt("", shape):
                answer = client.open(address, method=method, headers=headers, json=body)
                asked += 1
                if str(answer.status_code) not in one["responses"]:
                    faults.append(f"{method} {path} {answer.status_code} {str(body)[:300]}")
    finally:
        monkeypatch.undo()
        logging.disable(logging.NOTSET)
        registry.bench.remove()
    assert faults == []
    assert taken >= 50, "good bodies are taken: otherwise nothing comes as far as the database"
    assert asked >= 400
