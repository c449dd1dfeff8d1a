"""The schema of the DCC, where it is at hand, and questions to a DCC in tests."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

NS = {"dcc": "https://ptb.de/dcc", "si": "https://ptb.de/si", "ds": "http://www.w3.org/2000/09/xmldsig#"}
FOLDER = Path(os.environ.get("DCC_SCHEMA", Path(__file__).resolve().parents[3] / "shared" / "dcc-schema"))
SCHEMA_FILE = FOLDER / "v3.3.0" / "dcc.xsd"
needs_schema = pytest.mark.skipif(
    not SCHEMA_FILE.exists(), reason=f"the DCC schema of PTB is not at {FOLDER} (set DCC_SCHEMA to its folder)"
)


@lru_cache(maxsize=1)
def schema() -> Any:
    return etree.XMLSchema(etree.parse(str(SCHEMA_FILE)))


def faults(xml: bytes) -> list[str]:
    """What the schema has against a document."""
    found = schema()
    return [] if found.validate(etree.fromstring(xml)) else [str(error) for error in found.error_log]


def found(xml: bytes, path: str) -> list[Any]:
    return etree.fromstring(xml).xpath(path, namespaces=NS)


def texts(xml: bytes, path: str) -> list[str]:
    return [one if isinstance(one, str) else (one.text or "") for one in found(xml, path)]
