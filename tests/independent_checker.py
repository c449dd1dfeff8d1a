"""A second reading of docs/certificate-code.md, sections 1 to 3 and 6: `cryptography` and a CBOR library, nothing of ``metrology``.

It shares no code with who writes codes nor with the checker that is shipped, and decides less: one word for everything that is malformed.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PLAIN = (int, bytes, str, list, dict, type(None))


def parts(text: str) -> tuple[str, bytes, bytes] | str:
    """Origin, id and COSE of a text, or the word it is refused with."""
    found = re.fullmatch(r"(https?://[\w.\-]+(?::\d{1,5})?)/c/([^/?#]*)(?:#(.*))?", text.strip(), re.ASCII | re.DOTALL)
    if found is None or len(text.strip()) > 2000:
        return "malformed"
    try:
        identity = urlsafe_b64decode(found[2] + "==")
    except ValueError:
        return "malformed"
    if urlsafe_b64encode(identity).decode() != found[2] + "==" or len(identity) != 16:
        return "malformed"
    if not found[3]:
        return "unsigned"
    if not re.fullmatch(r"[1-9][0-9]{0,999}", found[3]):
        return "malformed"
    number = int(found[3])
    raw = number.to_bytes(-(-number.bit_length() // 8), "big")
    return (found[1].lower(), identity, raw[1:]) if raw[0] == 1 else "unknown_version"


def cbor(data: bytes) -> Any:
    """One item, canonical: what is written again gives the same bytes."""
    try:
        item = cbor2.loads(data)
        if not _is_plain(item) or cbor2.dumps(item) != data:
            raise ValueError("not canonical")
        for one in _maps(item):
            keys = [cbor2.dumps(key) for key in one]
            if keys != sorted(keys):
                raise ValueError("not in order")
    except (
        cbor2.CBORDecodeError,
        cbor2.CBOREncodeError,
        RecursionError,
        TypeError,
        OverflowError,
        MemoryError,
    ) as error:
        raise ValueError("no CBOR") from error
    return item


def _is_plain(item: Any) -> bool:
    if isinstance(item, bool) or not isinstance(item, PLAIN):
        return False
    if isinstance(item, list):
        return all(map(_is_plain, item))
    return all(_is_plain(key) and _is_plain(value) for key, value in item.items()) if isinstance(item, dict) else True


def _maps(item: Any) -> list[dict[Any, Any]]:
    if isinstance(item, dict):
        return [item, *(found for value in item.values() for found in _maps(value))]
    return [found for value in item for found in _maps(value)] if isinstance(item, list) else []


def word_of(text: str, key_list: dict[str, Any] | None, status: dict[int, dict[str, Any]], now: datetime) -> str:
    """The word for a code, by the contents of lists that were accepted."""
    split = parts(text)
    if isinstance(split, str):
        return split
    origin, identity, cose = split
    try:
        protected, unprotected, payload, signature = cbor(cose)
        header = cbor(protected)
        kid = header[4]
        good = (
            unprotected == {} and isinstance(unprotected, dict) and header == {1: -8, 4: kid} and len(signature) == 64
        )
        if not (good and isinstance(kid, bytes) and 1 <= len(kid) <= 8 and isinstance(payload, bytes)):
            return "malformed"
    except (ValueError, KeyError, TypeError, IndexError):
        return "malformed"
    if key_list is None:
        return "keys_missing"
    keys = [key for key in key_list["keys"] if key["purpose"] == "certificate" and key["kid"].startswith(kid.hex())]
    if not keys:
        return "key_unknown"
    message = cbor2.dumps(["Signature1", protected, identity, payload])
    signer = next((key for key in keys if _holds(key["x"], signature, message)), None)
    if signer is None:
        return "forged"
    try:
        items = cbor(payload)
        if type(items) is not list or type(items[0]) is not int:
            return "malformed"
    except (ValueError, IndexError):
        return "malformed"
    if items[0] not in (1, 2):
        return "unknown_schema"
    if not _is_payload(items):
        return "malformed"
    return _verdict(items, signer, key_list, status, origin, now)


def _holds(x: str, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(x + "=")).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _is_payload(items: list[Any]) -> bool:
    schema, serial, *rest = items
    if len(items) != (12 if schema == 2 else 7 + (serial == "")):
        return False
    result, verified, until, index, signed, *texts = rest
    numbers = [result, verified, 0 if until is None else until, index, signed]
    hidden = [*range(32), *range(0x7F, 0xA0), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    return (
        all(type(one) is int for one in numbers)
        and result in (1, 2, 3)
        and max(map(abs, (*numbers[1:3], signed))) <= 100_000
        and 0 <= index < 2**32
        and all(
            isinstance(one, str) and len(one) <= 200 and not {*map(ord, one)} & {*hidden} for one in (serial, *texts)
        )
    )


def _verdict(
    items: list[Any],
    key: dict[str, Any],
    key_list: dict[str, Any],
    status: dict[int, dict[str, Any]],
    origin: str,
    now: datetime,
) -> str:
    _, _, result, verified, until, index, signed = items[:7]
    today = (now.astimezone(timezone(timedelta(hours=8))).date() - date(2020, 1, 1)).days
    listed = status.get(index // 131_072)
    slot = index % 131_072
    value = listed["bits"][slot >> 2] >> (slot & 3) * 2 & 3 if listed else 0
    if key["state"] == "revoked" and signed >= _days(
        datetime.fromisoformat(key["since"]).astimezone(timezone(timedelta(hours=8)))
    ):
        return "key_revoked"
    if not _days(date.fromisoformat(key["sign_from"])) <= signed <= _days(date.fromisoformat(key["sign_until"])):
        return "signed_out_of_time"
    ended = {1: "revoked", 3: "superseded"}.get(value) or {2: "rejected"}.get(result) or {2: "under_review"}.get(value)
    if ended:
        return ended
    if max(verified, signed) > today:
        return "not_yet_valid"
    if until is not None and until < today:
        return "expired"
    if key["state"] == "revoked":
        return "key_compromised"
    if today > _days(date.fromisoformat(key["verify_until"])):
        return "key_expired"
    if now >= datetime.fromisoformat(key_list["expires"]):
        return "keys_too_old"
    if listed is None:
        return "status_missing"
    if now >= datetime.fromtimestamp(listed["exp"], UTC):
        return "status_too_old"
    return "valid" if origin in key_list["origins"] else "foreign_address"


def _days(day: date) -> int:
    return day.toordinal() - date(2020, 1, 1).toordinal()
