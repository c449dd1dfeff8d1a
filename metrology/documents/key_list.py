"""The list of public keys that the offline root signs: how each next one is written. Form: docs/certificate-code.md, section 4."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

from metrology.documents.code_checker import day_of
from metrology.documents.key_vault import SigningKey, b64, unb64
from metrology.domain.problems import Problem

PURPOSES = ("certificate", "status", "journal", "dump")
BEGINNING = date(2020, 1, 1)
"""From when the first keys of a registry count: before them there was none to be mistaken for."""
OVERLAP = timedelta(days=14)
"""Days between a key's publication and its first signature, and that the one before it still counts from then on."""
SIGNING = timedelta(days=365)
VERIFYING = timedelta(days=3_653)
"""How long after its last signature a key is believed: the longest validity and ten years of keeping records."""
LISTED = timedelta(days=92)
"""How long a list is fresh."""

Content = dict[str, Any]


def first(origin: str, roots: Sequence[Content], keys: Iterable[SigningKey], now: datetime) -> Content:
    """The first list of a registry."""
    until = day_of(now) + SIGNING + OVERLAP
    return {
        "version": 1, "issued": instant(now), "expires": instant(now + LISTED), "origins": [origin], "prev_hash": "",
        "roots": list(roots), "keys": [entry(key, BEGINNING, until) for key in keys],
    }  # fmt: skip


def entry(key: SigningKey, sign_from: date, sign_until: date) -> Content:
    """A key as the list names it."""
    return {
        **public(key), "purpose": key.purpose, "sign_from": sign_from.isoformat(), "sign_until": sign_until.isoformat(),
        "verify_until": (sign_until + VERIFYING).isoformat(), "state": "active", "since": None,
    }  # fmt: skip


def root_entry(key: SigningKey, role: str) -> Content:
    """A root as the list names it: ``current`` or ``next``."""
    return {**public(key), "role": role}


def public(key: SigningKey) -> Content:
    """The public half."""
    return {"kid": key.kid, "alg": "EdDSA", "crv": "Ed25519", "x": key.x}


def following(content: Content, content_bytes: bytes, now: datetime, days: timedelta = LISTED) -> Content:
    """The next list, so far with the same keys."""
    made = deepcopy(content)
    made["version"] = content["version"] + 1
    made["prev_hash"] = hashlib.sha256(content_bytes).hexdigest()
    made["issued"], made["expires"] = instant(now), instant(now + days)
    return made


def with_origin(content: Content, origin: str) -> Content:
    """The registry's address is named; earlier ones stay, their codes are out there."""
    if origin not in content["origins"]:
        content["origins"].insert(0, origin)
    elif content["origins"][0] != origin:
        content["origins"] = [origin, *(one for one in content["origins"] if one != origin)]
    return content


def rotated(content: Content, key: SigningKey, today: date, *, at_once: bool = False) -> Content:
    """A new key beside the ones of its purpose: it signs from the end of the overlap, and they stop an overlap later.

    ``at_once`` is for a key that was lost or stolen: the new one signs from today, the others end where they are.
    """
    begins = today if at_once else today + OVERLAP
    for one in content["keys"]:
        if one["purpose"] == key.purpose and one["state"] == "active" and not at_once:
            one["sign_until"] = min(one["sign_until"], (begins + OVERLAP).isoformat())
    content["keys"].append(entry(key, begins, begins + SIGNING + OVERLAP))
    return content


def retired(content: Content, kid: str, today: date) -> Content:
    """A key signs no more (it was lost, or its time is over); what it signed holds."""
    one = _of(content, kid)
    if one["state"] == "active":
        one["state"], one["sign_until"] = "retired", min(one["sign_until"], today.isoformat())
    return content


def revoked(content: Content, kid: str, since: datetime) -> Content:
    """A key was stolen: nothing it signed from ``since`` on is believed, and what is older must be confirmed otherwise."""
    one = _of(content, kid)
    if one["since"] is None or instant(since) < one["since"]:
        one["state"], one["since"] = "revoked", instant(since)
    return content


def rolled(content: Content, new_next: SigningKey) -> Content:
    """The next root becomes the current one, and a new one is announced."""
    coming = next(one for one in content["roots"] if one["role"] == "next")
    content["roots"] = [{**coming, "role": "current"}, root_entry(new_next, "next")]
    return content


def _of(content: Content, kid: str) -> Content:
    found: Content | None = next((one for one in content["keys"] if one["kid"] == kid), None)
    if found is None:
        raise Problem("key_unknown", "kid", kid=kid)
    return found


def to_bytes(content: Content) -> bytes:
    """The bytes that are signed."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signed(content: bytes, roots: Iterable[SigningKey]) -> str:
    """The list as it is published: JWS, general JSON serialization."""
    payload = b64(content)
    signatures = []
    for root in roots:
        header = {"alg": "EdDSA", "kid": root.kid, "typ": "metrology-keys+json"}
        protected = b64(json.dumps(header, sort_keys=True, separators=(",", ":")).encode())
        signature = root.sign(f"{protected}.{payload}".encode())
        signatures.append({"protected": protected, "signature": b64(signature)})
    return json.dumps({"payload": payload, "signatures": signatures}, indent=1) + "\n"


def content_of(envelope: str) -> bytes:
    """The signed bytes within a published list. Whether the signature holds is the checker's matter."""
    return unb64(json.loads(envelope)["payload"])


def instant(moment: datetime) -> str:
    """An instant as lists write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
