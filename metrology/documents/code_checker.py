"""Check the code on a certificate with no network and no trust in a server: one file, to be copied alone.

It needs ``cryptography`` and nothing of this project; that is why it is longer than its neighbours. What it does is written down in
docs/certificate-code.md, section by section, and `tests/archive/` holds codes with the answer that each must get.

    keys = open_key_list(body, roots, now=now)           # body of /.well-known/metrology-keys.json
    status = open_status_list(body, keys, now=now)       # body of /status/<shard>
    check(text, keys, {status.shard: status}, now=now)   # → Shade(word="valid", colour="green", …)

Nothing in a code is believed before its signature holds; amber is never shown as green.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

VERSION: Final = 1
EDDSA: Final = -8
EPOCH: Final = date(2020, 1, 1)
SLOTS: Final = 131_072
LONGEST_TEXT, LONGEST_DIGITS, LONGEST_LIST = 2_000, 1_000, 1_000_000
SKEW: Final = timedelta(minutes=10)
"""How far ahead of our clock a list may have been issued."""

RESULTS: Final = {1: "conforms", 2: "rejected", 3: "calibrated"}
WORDS: Final[dict[str, tuple[str, int]]] = {
    "valid": ("green", 0),
    "revoked": ("red", 10),
    "superseded": ("red", 11),
    "rejected": ("red", 12),
    "not_yet_valid": ("red", 13),
    "expired": ("red", 14),
    "malformed": ("red", 20),
    "forged": ("red", 21),
    "key_revoked": ("red", 22),
    "signed_out_of_time": ("red", 23),
    "unsigned": ("amber", 30),
    "unknown_version": ("amber", 31),
    "keys_missing": ("amber", 32),
    "key_unknown": ("amber", 33),
    "unknown_schema": ("amber", 34),
    "under_review": ("amber", 35),
    "key_compromised": ("amber", 36),
    "key_expired": ("amber", 37),
    "keys_too_old": ("amber", 38),
    "status_missing": ("amber", 39),
    "status_too_old": ("amber", 40),
    "foreign_address": ("amber", 41),
}
"""Word → colour and exit code of the command."""


class Refused(Exception):  # noqa: N818 - a refusal, named as it reads
    """A key list or status list that is not accepted; ``args[0]`` is the stable word. What was kept before stays in use."""

    @property
    def word(self) -> str:
        """The stable word."""
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Facts:
    """What a code says. Days are dates; a text that the code's schema lacks is empty."""

    serial: str
    result: str
    verified: date
    until: date | None
    status_index: int
    signed: date
    register: str = ""
    number: str = ""
    kind: str = ""
    model: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Shade:
    """The answer: one word, its colour, for ``malformed`` a detail; what the code says once its signature holds."""

    word: str
    detail: str = ""
    facts: Facts | None = None

    @property
    def colour(self) -> str:
        """``green``, ``amber`` or ``red``."""
        return WORDS[self.word][0]

    @property
    def exit_code(self) -> int:
        """What a command ends with: 0 for green, 10 to 29 for red, from 30 on for amber."""
        return WORDS[self.word][1]


@dataclass(frozen=True, slots=True)
class Key:
    """A public key of the key list. Days are inclusive, in Shanghai."""

    kid: str
    public: Ed25519PublicKey
    purpose: str
    sign_from: date
    sign_until: date
    verify_until: date
    state: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class KeyList:
    """An accepted key list."""

    version: int
    issued: datetime
    expires: datetime
    origins: tuple[str, ...]
    roots: Mapping[str, str]
    """Roots to trust from now on: key id → public key, base64url."""
    keys: tuple[Key, ...]
    digest: str
    """SHA-256 of the payload, hex: what the next list names as ``prev_hash``."""


@dataclass(frozen=True, slots=True)
class StatusList:
    """An accepted status list of one shard."""

    shard: int
    version: int
    issued: datetime
    expires: datetime
    bits: bytes = field(repr=False)

    def status(self, index: int) -> int:
        """0 valid, 1 revoked, 2 under review, 3 superseded."""
        slot = index % SLOTS
        return self.bits[slot // 4] >> (2 * (slot % 4)) & 3


def day_of(instant: datetime) -> date:
    """The civil day in Shanghai: eight hours ahead of UTC, without summer time since 1991."""
    return (instant.astimezone(UTC) + timedelta(hours=8)).date()


# -- the text


_TEXT = re.compile(r"(https?://[A-Za-z0-9.\-]+(?::[0-9]{1,5})?)/c/([^/?#]*)(?:#(.*))?", re.DOTALL)
_ID = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")
_DIGITS = re.compile(r"[1-9][0-9]{0,999}")


class _Fault(Exception):  # noqa: N818 - caught in this file alone
    """Word and detail of what ends the check early."""


def check(text: str, keys: KeyList | None, status: Mapping[int, StatusList], *, now: datetime) -> Shade:
    """What a code is worth at an instant, by the lists one has."""
    try:
        origin, aad, signed = _read_text(text)
        protected, payload, signature, kid = _read_cose(signed)
        if keys is None:
            return Shade("keys_missing")
        key = _signer(keys, kid, protected, aad, payload, signature)
        return _judge(_read_payload(payload), key, keys, status, origin, now)
    except _Fault as fault:
        return Shade(*fault.args)


def _read_text(text: str) -> tuple[str, bytes, bytes]:
    """Origin, the 16 bytes of the id, and the bytes behind the version."""
    text = text.strip(" \t\r\n\f\v")
    found = _TEXT.fullmatch(text) if len(text) <= LONGEST_TEXT else None
    if found is None:
        raise _Fault("malformed", "not_a_code")
    origin, identity, digits = found.groups()
    if not _ID.fullmatch(identity):
        raise _Fault("malformed", "bad_id")
    if not digits:
        raise _Fault("unsigned")
    if not _DIGITS.fullmatch(digits):
        raise _Fault("malformed", "bad_digits")
    number = int(digits)
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if data[0] != VERSION:
        raise _Fault("unknown_version")
    return origin.lower(), base64.urlsafe_b64decode(identity + "=="), data[1:]


# -- CBOR, strictly: what is not written in the one shortest way is refused


def read_cbor(data: bytes) -> Any:
    """The one item that the bytes are: integers, bytes, text, lists, dicts and None. Faults as the page says."""
    item, end = _item(data, 0, 1)
    if end != len(data):
        raise _Fault("malformed", "bad_cbor")
    return item


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if at >= len(data) or depth > 4:
        raise _Fault("malformed", "bad_cbor")
    major, low = data[at] >> 5, data[at] & 31
    if data[at] == 0xF6:
        return None, at + 1
    if major > 5:
        raise _Fault("malformed", "bad_cbor")
    value, at = _argument(data, at + 1, low)
    if major < 2:
        return (value if major == 0 else -1 - value), at
    if major < 4:
        end = at + value
        if end > len(data):
            raise _Fault("malformed", "bad_cbor")
        return (data[at:end] if major == 2 else _utf8(data[at:end])), end
    return _list(data, at, value, depth) if major == 4 else _map(data, at, value, depth)


def _argument(data: bytes, at: int, low: int) -> tuple[int, int]:
    if low < 24:
        return low, at
    if low == 31:
        raise _Fault("malformed", "not_canonical")
    size = 1 << (low - 24)
    if low > 27 or at + size > len(data):
        raise _Fault("malformed", "bad_cbor")
    value = int.from_bytes(data[at : at + size], "big")
    if value < (24 if size == 1 else 1 << (4 * size)):
        raise _Fault("malformed", "not_canonical")
    return value, at + size


def _utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _Fault("malformed", "bad_cbor") from error


def _list(data: bytes, at: int, count: int, depth: int) -> tuple[list[Any], int]:
    items = []
    for _ in range(count):
        item, at = _item(data, at, depth + 1)
        items.append(item)
    return items, at


def _map(data: bytes, at: int, count: int, depth: int) -> tuple[dict[Any, Any], int]:
    found: dict[Any, Any] = {}
    last = b""
    for _ in range(count):
        start = at
        key, at = _item(data, at, depth + 1)
        written = data[start:at]
        if written <= last:
            raise _Fault("malformed", "not_canonical")
        if isinstance(key, list | dict):
            raise _Fault("malformed", "bad_cbor")
        found[key], at = _item(data, at, depth + 1)
        last = written
    return found, at


# -- COSE_Sign1


def _read_cose(data: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Protected header, payload and signature as bytes, and the key id."""
    cose = read_cbor(data)
    if not isinstance(cose, list) or [type(part) for part in cose] != [bytes, dict, bytes, bytes]:
        raise _Fault("malformed", "bad_cose")
    protected, unprotected, payload, signature = cose
    if len(signature) != 64 or unprotected:
        raise _Fault("malformed", "bad_cose")
    header = read_cbor(protected)
    if not isinstance(header, dict):
        raise _Fault("malformed", "bad_cose")
    if header.get(1) != EDDSA:
        raise _Fault("malformed", "bad_algorithm")
    kid = header.get(4)
    if not isinstance(kid, bytes) or not 1 <= len(kid) <= 8 or len(header) != 2:
        raise _Fault("malformed", "bad_cose")
    return protected, payload, signature, kid


def _bytes_head(length: int) -> bytes:
    """The head of a CBOR byte string."""
    if length < 24:
        return bytes([0x40 | length])
    return b"\x58" + bytes([length]) if length < 256 else b"\x59" + length.to_bytes(2, "big")


def to_be_signed(protected: bytes, aad: bytes, payload: bytes) -> bytes:
    """The Sig_structure of RFC 9052 §4.4."""
    parts = b"".join(_bytes_head(len(part)) + part for part in (protected, aad, payload))
    return b"\x84\x6aSignature1" + parts


def _signer(keys: KeyList, kid: bytes, protected: bytes, aad: bytes, payload: bytes, signature: bytes) -> Key:
    start = kid.hex()
    candidates = [key for key in keys.keys if key.purpose == "certificate" and key.kid.startswith(start)]
    if not candidates:
        raise _Fault("key_unknown")
    message = to_be_signed(protected, aad, payload)
    for key in candidates:
        if _is_signed(key.public, signature, message):
            return key
    raise _Fault("forged")


def _is_signed(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


# -- the payload


_SHAPES: Final = {1: ("serial",), 2: ("serial", "register", "number", "kind", "model", "body")}
"""Schema → its texts: the serial number at 1, the others from 7 on."""
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
FURTHEST: Final = 100_000


def _read_payload(payload: bytes) -> Facts:
    try:
        items = read_cbor(payload)
    except _Fault as fault:
        raise _Fault("malformed", "bad_payload") from fault
    if not isinstance(items, list) or not items or not isinstance(items[0], int):
        raise _Fault("malformed", "bad_payload")
    if items[0] not in _SHAPES:
        raise _Fault("unknown_schema")
    names = _SHAPES[items[0]]
    if items[0] == 1 and len(items) == 8 and items[1] == "":
        names = ("serial", "register")
    if len(items) != 6 + len(names) or (items[0] == 1 and items[1] == "" and len(items) == 7):
        raise _Fault("malformed", "bad_payload")
    texts = [items[1], *items[7:]]
    _, _, result, verified, until, index, signed = items[:7]
    good = (
        all(isinstance(one, str) and len(one) <= 200 and not _UNSEEN.search(one) for one in texts)
        and isinstance(result, int)
        and result in RESULTS
        and all(isinstance(day, int) and abs(day) <= FURTHEST for day in (verified, signed))
        and (until is None or (isinstance(until, int) and abs(until) <= FURTHEST))
        and isinstance(index, int)
        and 0 <= index < 1 << 32
    )
    if not good:
        raise _Fault("malformed", "bad_payload")
    return Facts(
        result=RESULTS[result],
        verified=_day(verified),
        until=None if until is None else _day(until),
        status_index=index,
        signed=_day(signed),
        **dict(zip(names, texts, strict=True)),
    )


def _day(number: int) -> date:
    return EPOCH + timedelta(days=number)


# -- the verdict


def _judge(
    facts: Facts, key: Key, keys: KeyList, status: Mapping[int, StatusList], origin: str, now: datetime
) -> Shade:
    """The first that applies, in the order of the page's table from line 16 on."""
    today = day_of(now)
    listed = status.get(facts.status_index // SLOTS)
    value = listed.status(facts.status_index) if listed else 0
    is_stolen = key.state == "revoked"
    since = day_of(key.since) if key.since else date.min
    lines: tuple[tuple[str, bool], ...] = (
        ("key_revoked", is_stolen and facts.signed >= since),
        ("signed_out_of_time", not key.sign_from <= facts.signed <= key.sign_until),
        ("revoked", value == 1),
        ("superseded", value == 3),
        ("rejected", facts.result == "rejected"),
        ("under_review", value == 2),
        ("not_yet_valid", facts.verified > today or facts.signed > today),
        ("expired", facts.until is not None and facts.until < today),
        ("key_compromised", is_stolen),
        ("key_expired", today > key.verify_until),
        ("keys_too_old", now >= keys.expires),
        ("status_missing", listed is None),
        ("status_too_old", listed is not None and now >= listed.expires),
        ("foreign_address", origin not in keys.origins),
    )
    return Shade(next((word for word, applies in lines if applies), "valid"), facts=facts)


# -- lists


def open_key_list(
    body: bytes | str, roots: Mapping[str, str], *, now: datetime, kept: KeyList | None = None
) -> KeyList:
    """Accept a key list signed by one of the roots (key id → public key, base64url), or refuse it by name."""
    envelope = _json(_text_of(body))
    signatures = envelope.get("signatures") if isinstance(envelope, dict) else None
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= 16:
        _refuse("bad_form")
    payload = envelope.get("payload")
    named = [one for one in (_root_signature(each) for each in signatures) if one[0] in roots]
    content = _unpadded(payload)
    if not named:
        _refuse("unknown_root")
    if not any(
        _is_signed(_public(roots[kid]), signature, f"{protected}.{payload}".encode())
        for kid, protected, signature in named
    ):
        _refuse("bad_signature")
    found = _key_list(content)
    if kept is not None:
        if found.version < kept.version:
            _refuse("rollback")
        if found.version == kept.version and found.digest != kept.digest:
            _refuse("fork")
        if found.version == kept.version + 1 and json.loads(content)["prev_hash"] != kept.digest:
            _refuse("broken_chain")
    if found.issued > now + SKEW:
        _refuse("from_future")
    return found


def _root_signature(one: Any) -> tuple[str, str, bytes]:
    if not isinstance(one, dict):
        _refuse("bad_form")
    protected: Any = one.get("protected")
    return _header(protected, "metrology-keys+json"), protected, _unpadded(one.get("signature"))


def _key_list(content: bytes) -> KeyList:
    facts = _json(content.decode(errors="surrogateescape"))
    try:
        origins, previous = facts["origins"], facts["prev_hash"]
        if not all(isinstance(one, str) for one in (*origins, previous)) or not isinstance(origins, list):
            _refuse("bad_form")
        return KeyList(
            version=_positive(facts["version"]),
            issued=_instant(facts["issued"]),
            expires=_instant(facts["expires"]),
            origins=tuple(origins),
            roots={one["kid"]: one["x"] for one in facts["roots"] if _named(one)},
            keys=tuple(_key(one) for one in facts["keys"]),
            digest=hashlib.sha256(content).hexdigest(),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("bad_form") from error


def _key(facts: Mapping[str, Any]) -> Key:
    state, since = facts["state"], facts["since"]
    purpose = facts["purpose"]
    if state not in ("active", "retired", "revoked") or (state == "revoked") != (since is not None):
        _refuse("bad_form")
    if not isinstance(purpose, str):
        _refuse("bad_form")
    return Key(
        kid=facts["kid"], public=_named(facts), purpose=purpose, state=state,
        sign_from=_iso(facts["sign_from"]), sign_until=_iso(facts["sign_until"]), verify_until=_iso(facts["verify_until"]),
        since=None if since is None else _instant(since),
    )  # fmt: skip


def _named(facts: Mapping[str, Any]) -> Ed25519PublicKey:
    """The public key of an entry whose id is what it must be."""
    if facts["alg"] != "EdDSA" or facts["crv"] != "Ed25519" or facts["kid"] != key_id(_unpadded(facts["x"])):
        _refuse("bad_form")
    return _public(facts["x"])


def key_id(public: bytes) -> str:
    """The id of a public key: 16 hex digits."""
    return hashlib.sha256(public).hexdigest()[:16]


def open_status_list(
    body: bytes | str, keys: KeyList, *, now: datetime, kept: Mapping[int, StatusList] | None = None
) -> StatusList:
    """Accept a status list, or refuse it by name."""
    token = _text_of(body)
    parts = token.split(".")
    if len(parts) != 3:
        _refuse("bad_form")
    kid = _header(parts[0], "statuslist+jwt")
    content, signature = _unpadded(parts[1]), _unpadded(parts[2])
    key = next((key for key in keys.keys if key.purpose == "status" and key.kid == kid), None)
    if key is None or key.state == "revoked":
        _refuse("unknown_key")
    if not _is_signed(key.public, signature, f"{parts[0]}.{parts[1]}".encode()):
        _refuse("bad_signature")
    found = _status_list(content, keys)
    if found.issued > now + SKEW:
        _refuse("from_future")
    if kept and found.shard in kept and found.version < kept[found.shard].version:
        _refuse("rollback")
    return found


def _status_list(content: bytes, keys: KeyList) -> StatusList:
    facts = _json(content.decode(errors="surrogateescape"))
    try:
        issuer, subject, packed = facts["iss"], facts["sub"], facts["status_list"]["lst"]
        shard, version = _whole(facts["shard"]), _positive(facts["version"])
        issued, expires, _ttl = _whole(facts["iat"]), _whole(facts["exp"]), _whole(facts["ttl"])
        width = _whole(facts["status_list"]["bits"])
        found = StatusList(
            shard, version, datetime.fromtimestamp(issued, UTC), datetime.fromtimestamp(expires, UTC), b""
        )
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise Refused("bad_form") from error
    compressed = _unpadded(packed)
    if issuer not in keys.origins or subject != f"{issuer}/status/{shard}":
        _refuse("wrong_issuer")
    bits = _inflate(compressed)
    if width != 2 or bits is None or len(bits) != SLOTS // 4:
        _refuse("wrong_length")
    return StatusList(found.shard, found.version, found.issued, found.expires, bits)


def _inflate(packed: bytes) -> bytes | None:
    """What is packed, if it unpacks to one list and nothing more: a bomb is not unpacked."""
    reader = zlib.decompressobj()
    try:
        bits = reader.decompress(packed, SLOTS // 4 + 1)
    except zlib.error:
        return None
    return bits if reader.eof and not reader.unused_data else None


# -- small parts


def _refuse(word: str) -> NoReturn:
    raise Refused(word)


def _text_of(body: bytes | str) -> str:
    if len(body) > LONGEST_LIST:
        _refuse("bad_form")
    try:
        return (body if isinstance(body, str) else body.decode()).strip(" \t\r\n")
    except UnicodeDecodeError as error:
        raise Refused("bad_form") from error


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("bad_form") from error


def _unpadded(text: Any) -> bytes:
    """Base64url without padding, written in the one way there is."""
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        _refuse("bad_form")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise Refused("bad_form") from error
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        _refuse("bad_form")
    return data


def _header(protected: Any, kind: str) -> str:
    """The key id that a protected header names; a header with anything else in it is refused."""
    header = _json(_unpadded(protected).decode(errors="surrogateescape"))
    if not isinstance(header, dict) or set(header) != {"alg", "kid", "typ"}:
        _refuse("bad_form")
    kid = header["kid"]
    if header["alg"] != "EdDSA" or header["typ"] != kind or not isinstance(kid, str):
        _refuse("bad_form")
    return kid


def _public(text: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(_unpadded(text))
    except ValueError as error:
        raise Refused("bad_form") from error


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        _refuse("bad_form")
    return value


def _positive(value: Any) -> int:
    return _whole(value) or _refuse("bad_form")


def _iso(text: Any) -> date:
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        _refuse("bad_form")
    return date.fromisoformat(text)


def _instant(text: Any) -> datetime:
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text):
        _refuse("bad_form")
    return datetime.fromisoformat(text)


def roots_of(entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Roots as ``open_key_list`` takes them, from the entries of ``/.well-known/metrology-roots.json``."""
    found = {}
    for one in entries:
        if key_id(_unpadded(one["x"])) != one["kid"]:
            _refuse("bad_form")
        found[one["kid"]] = one["x"]
    return found
