"""Writes ``certificate_code_v1.json``: codes of version 1 with keys and lists, and the answer that each must get at a fixed clock.

    python -m tests.archive.make_certificate_code_v1

Nothing of ``metrology`` is used: bytes are put together here by hand. The file is kept for ever; what a later release adds goes into a
file of its own, and this script then only shows how the old one came to be. It writes the same bytes each time.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FILE = Path(__file__).with_name("certificate_code_v1.json")
NOW = "2026-11-25T04:00:00Z"
ORIGIN = "https://jl.example.cn"
SLOTS = 131_072


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class Pair:
    """A key pair made from its name; ``begins`` asks for a name whose key id begins with these digits."""

    def __init__(self, name: str, begins: str = "") -> None:
        for count in range(1_000_000):
            self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"{name} {count}".encode()).digest())
            self.x = self.private.public_key().public_bytes_raw()
            self.kid = hashlib.sha256(self.x).hexdigest()[:16]
            if self.kid.startswith(begins):
                return

    def public(self) -> dict[str, str]:
        return {"kid": self.kid, "alg": "EdDSA", "crv": "Ed25519", "x": b64(self.x)}


ROOT, NEXT_ROOT, OTHER_ROOT = Pair("root"), Pair("next root"), Pair("other root")
USUAL = Pair("certificate")
TWIN = Pair("certificate with the same first byte", USUAL.kid[:2])
OLD, WORN, STOLEN, COMING = Pair("retired"), Pair("past verify_until"), Pair("stolen"), Pair("not yet signing")
STATUS, STOLEN_STATUS, JOURNAL, STRANGER = Pair("status"), Pair("stolen status"), Pair("journal"), Pair("of nobody")


# -- key lists


def entry(pair: Pair, purpose: str, *days: str, state: str = "active", since: str | None = None) -> dict[str, Any]:
    sign_from, sign_until, verify_until = days or ("2020-01-01", "2027-12-10", "2037-12-10")
    return {
        **pair.public(), "purpose": purpose, "sign_from": sign_from, "sign_until": sign_until,
        "verify_until": verify_until, "state": state, "since": since,
    }  # fmt: skip


def key_list(**changed: Any) -> dict[str, Any]:
    return {
        "version": 3, "issued": "2026-11-20T00:00:00Z", "expires": "2027-02-20T00:00:00Z", "origins": [ORIGIN, "http://10.0.0.5:8000"],
        "prev_hash": "ab" * 32,
        "roots": [{**ROOT.public(), "role": "current"}, {**NEXT_ROOT.public(), "role": "next"}],
        "keys": [
            entry(USUAL, "certificate"), entry(TWIN, "certificate"),
            entry(OLD, "certificate", "2020-01-01", "2025-06-30", "2035-06-30", state="retired"),
            entry(WORN, "certificate", "2020-01-01", "2021-12-31", "2026-11-24", state="retired"),
            entry(STOLEN, "certificate", state="revoked", since="2026-06-01T16:00:00Z"),
            entry(COMING, "certificate", "2026-11-26", "2028-01-01", "2038-01-01"),
            entry(STATUS, "status"), entry(STOLEN_STATUS, "status", state="revoked", since="2026-06-01T00:00:00Z"),
            entry(JOURNAL, "journal"),
        ],
        **changed,
    }  # fmt: skip


def to_bytes(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def envelope(content: Any, *roots: Pair, header: dict[str, Any] | None = None, touched: bool = False) -> str:
    payload = b64(content if isinstance(content, bytes) else to_bytes(content))
    signatures = []
    for root in roots or (ROOT,):
        named = {"alg": "EdDSA", "kid": root.kid, "typ": "metrology-keys+json"} if header is None else header
        protected = b64(to_bytes(named))
        signature = root.private.sign(f"{protected}.{payload}".encode())
        if touched:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        signatures.append({"protected": protected, "signature": b64(signature)})
    return json.dumps({"payload": payload, "signatures": signatures})


HASH = hashlib.sha256(to_bytes(key_list())).hexdigest()
V4 = {"version": 4, "issued": "2026-11-24T00:00:00Z", "prev_hash": HASH}
HEADER = {"alg": "EdDSA", "kid": ROOT.kid, "typ": "metrology-keys+json"}


def without(content: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key != name}


def wrong_kid() -> dict[str, Any]:
    content = key_list()
    content["keys"][0] = {**content["keys"][0], "kid": "0123456789abcdef"}
    return content


KEY_LISTS = {
    "usual": envelope(key_list()),
    "expired": envelope(key_list(issued="2026-07-01T00:00:00Z", expires="2026-11-25T04:00:00Z")),
    "fresh_for_a_second": envelope(key_list(expires="2026-11-25T04:00:01Z")),
    "of_another_root": envelope(key_list(), OTHER_ROOT),
    "by_two_roots": envelope(key_list(), OTHER_ROOT, ROOT),
    "by_next_root": envelope(key_list(**V4), NEXT_ROOT),
    "other_root_under_our_name": envelope(key_list(), OTHER_ROOT, header=HEADER),
    "touched": envelope(key_list(), touched=True),
    "version_2": envelope(key_list(version=2)),
    "version_3_other": envelope(key_list(expires="2027-03-01T00:00:00Z")),
    "version_4": envelope(key_list(**V4)),
    "version_4_off_chain": envelope(key_list(**{**V4, "prev_hash": "cd" * 32})),
    "version_9": envelope(key_list(version=9, prev_hash="cd" * 32)),
    "from_future": envelope(key_list(issued="2026-11-25T04:10:01Z")),
    "ten_minutes_ahead": envelope(key_list(issued="2026-11-25T04:10:00Z")),
    "further_members": envelope(key_list(note="passed over")),
    "no_json": "<html>not found</html>",
    "no_signature": json.dumps({"payload": b64(to_bytes(key_list())), "signatures": []}),
    "alg_none": envelope(key_list(), header={**HEADER, "alg": "none"}),
    "other_typ": envelope(key_list(), header={**HEADER, "typ": "statuslist+jwt"}),
    "further_header": envelope(key_list(), header={**HEADER, "jku": "https://evil.example"}),
    "padded": envelope(key_list()).replace('", "signatures"', '=", "signatures"', 1),
    "no_keys": envelope(without(key_list(), "keys")),
    "version_as_text": envelope(key_list(version="3")),
    "kid_not_of_its_key": envelope(wrong_kid()),
    "revoked_without_since": envelope(key_list(keys=[entry(USUAL, "certificate", state="revoked")])),
    "payload_no_json": envelope(b"nothing"),
}
KEY_LIST_CASES: list[tuple[str, list[str], str | None, str]] = [
    ("usual", ["root"], None, "accepted"), ("usual", ["root", "next_root"], "usual", "accepted"),
    ("expired", ["root"], None, "accepted"), ("by_two_roots", ["root"], None, "accepted"),
    ("by_next_root", ["root", "next_root"], "usual", "accepted"), ("by_next_root", ["root"], None, "unknown_root"),
    ("of_another_root", ["root", "next_root"], None, "unknown_root"), ("usual", [], None, "unknown_root"),
    ("other_root_under_our_name", ["root"], None, "bad_signature"), ("touched", ["root"], None, "bad_signature"),
    ("version_2", ["root"], None, "accepted"), ("version_2", ["root"], "usual", "rollback"),
    ("version_3_other", ["root"], "usual", "fork"), ("version_4", ["root"], "usual", "accepted"),
    ("version_4_off_chain", ["root"], "usual", "broken_chain"), ("version_4_off_chain", ["root"], None, "accepted"),
    ("version_9", ["root"], "usual", "accepted"), ("from_future", ["root"], None, "from_future"),
    ("ten_minutes_ahead", ["root"], None, "accepted"), ("further_members", ["root"], None, "accepted"),
    *((name, ["root"], None, "bad_form") for name in (
        "no_json", "no_signature", "alg_none", "other_typ", "further_header", "padded", "no_keys", "version_as_text",
        "kid_not_of_its_key", "revoked_without_since", "payload_no_json",
    )),
]  # fmt: skip


# -- status lists


def bits(statuses: dict[int, int], size: int = SLOTS // 4) -> bytes:
    made = bytearray(size)
    for slot, status in statuses.items():
        made[slot // 4] |= status << (2 * (slot % 4))
    return bytes(made)


IAT = int(datetime(2026, 11, 25, 3, tzinfo=UTC).timestamp())
STATUSES = bits({11: 1, 12: 2, 13: 3, 131_071: 1})


def token(pair: Pair = STATUS, *, header: dict[str, Any] | None = None, touched: bool = False, **changed: Any) -> str:
    content = {
        "iss": ORIGIN, "sub": f"{ORIGIN}/status/0", "shard": 0, "version": 12, "iat": IAT, "exp": IAT + 604_800, "ttl": 86_400,
        "status_list": {"bits": 2, "lst": b64(zlib.compress(STATUSES, 9))}, **changed,
    }  # fmt: skip
    named = {"alg": "EdDSA", "kid": pair.kid, "typ": "statuslist+jwt"} if header is None else header
    message = f"{b64(to_bytes(named))}.{b64(to_bytes(content))}"
    signature = pair.private.sign(message.encode())
    return f"{message}.{b64(signature[:-1] + bytes([signature[-1] ^ touched]))}"


def lst(data: bytes) -> dict[str, Any]:
    return {"status_list": {"bits": 2, "lst": b64(data)}}


STATUS_HEADER = {"alg": "EdDSA", "kid": STATUS.kid, "typ": "statuslist+jwt"}
STATUS_LISTS = {
    "usual": token(),
    "shard_1": token(shard=1, sub=f"{ORIGIN}/status/1", **lst(zlib.compress(bits({5: 3}), 9))),
    "older": token(version=11, **lst(zlib.compress(bits({}), 9))),
    "expired": token(iat=IAT - 604_800, exp=IAT + 3_600),
    "of_another_office": token(iss="https://other.example.cn", sub="https://other.example.cn/status/0"),
    "sub_of_another_shard": token(sub=f"{ORIGIN}/status/1"),
    "by_a_stranger": token(STRANGER),
    "by_the_journal_key": token(JOURNAL),
    "by_a_certificate_key": token(USUAL),
    "by_a_stolen_key": token(STOLEN_STATUS),
    "stranger_under_our_name": token(STRANGER, header=STATUS_HEADER),
    "touched": token(touched=True),
    "short": token(**lst(zlib.compress(STATUSES[:-1], 9))),
    "long": token(**lst(zlib.compress(STATUSES + b"\x00", 9))),
    "cut_off": token(**lst(zlib.compress(STATUSES, 9)[:-5])),
    "followed": token(**lst(zlib.compress(STATUSES, 9) + b"\x00")),
    "no_zlib": token(**lst(b"nothing packed")),
    "one_bit_each": token(status_list={"bits": 1, "lst": b64(zlib.compress(STATUSES, 9))}),
    "bomb": token(**lst(zlib.compress(b"\x00" * 5_000_000, 9))),
    "from_future": token(iat=IAT + 4_201),
    "ten_minutes_ahead": token(iat=IAT + 4_200),
    "two_parts": token().rpartition(".")[0],
    "no_token": "not found",
    "alg_none": token(header={**STATUS_HEADER, "alg": "none"}),
    "other_typ": token(header={**STATUS_HEADER, "typ": "metrology-keys+json"}),
    "no_shard": token(shard=None),
    "negative_version": token(version=-1),
}  # fmt: skip
STATUS_CASES: list[tuple[str, int, str]] = [
    ("usual", 0, "accepted"), ("usual", 12, "accepted"), ("usual", 13, "rollback"), ("older", 12, "rollback"),
    ("shard_1", 0, "accepted"), ("expired", 0, "accepted"), ("ten_minutes_ahead", 0, "accepted"), ("from_future", 0, "from_future"),
    ("of_another_office", 0, "wrong_issuer"), ("sub_of_another_shard", 0, "wrong_issuer"),
    *((name, 0, "unknown_key") for name in ("by_a_stranger", "by_the_journal_key", "by_a_certificate_key", "by_a_stolen_key")),
    ("stranger_under_our_name", 0, "bad_signature"), ("touched", 0, "bad_signature"),
    *((name, 0, "wrong_length") for name in ("short", "long", "cut_off", "followed", "no_zlib", "one_bit_each", "bomb")),
    *((name, 0, "bad_form") for name in ("two_parts", "no_token", "alg_none", "other_typ", "no_shard", "negative_version")),
]  # fmt: skip


# -- codes


ID = bytes(range(0x10, 0x20))
CODE = b64(ID)


def day(iso: str) -> int:
    return (date.fromisoformat(iso) - date(2020, 1, 1)).days


LABEL = [1, "SC100001", 1, day("2026-11-22"), day("2027-11-21"), 10, day("2026-11-23")]
PAGE = [
    2, "SC100001", 1, day("2026-11-22"), day("2027-11-21"), 10, day("2026-11-23"), "QJ00000042", "XXJL-JD-2026-000001", "数字指示秤", "ACS-30",
    "新乡市计量技术检测中心",
]  # fmt: skip


def label(**changed: Any) -> list[Any]:
    names = ("schema", "serial", "result", "verified", "until", "index", "signed")
    items = dict(zip(names, LABEL, strict=True)) | changed
    return [items[name] for name in names]


def protected_of(pair: Pair, size: int = 1) -> bytes:
    return cbor2.dumps({1: -8, 4: bytes.fromhex(pair.kid)[:size]}, canonical=True)


def seal(payload: Any, pair: Pair = USUAL, *, protected: bytes | None = None, aad: bytes = ID) -> list[Any]:
    """The four parts of a COSE_Sign1; a payload given as bytes is signed as it is."""
    header = protected_of(pair) if protected is None else protected
    content = payload if isinstance(payload, bytes) else cbor2.dumps(payload, canonical=True)
    signature = pair.private.sign(cbor2.dumps(["Signature1", header, aad, content], canonical=True))
    return [header, {}, content, signature]


def pack(cose: Any) -> bytes:
    return cose if isinstance(cose, bytes) else cbor2.dumps(cose, canonical=True)


def text(cose: Any, *, origin: str = ORIGIN, code: str = CODE, version: int = 1) -> str:
    return f"{origin}/c/{code}#{int.from_bytes(bytes([version]) + pack(cose), 'big')}"


GOOD = seal(LABEL)
GOOD_BYTES = pack(GOOD)
GOOD_TEXT = text(GOOD)
PROTECTED = protected_of(USUAL)


def head(data: bytes, old: bytes, new: bytes) -> bytes:
    """The bytes with their first piece of a kind written otherwise."""
    assert old in data
    return data.replace(old, new, 1)


def facts(payload: list[Any]) -> dict[str, Any]:
    iso = [
        None if one is None else date.fromordinal(date(2020, 1, 1).toordinal() + one).isoformat()
        for one in (payload[3], payload[4], payload[6])
    ]
    more = payload[7:] if payload[0] == 2 else [*payload[7:], "", "", "", "", ""][:5]
    return {
        "serial": payload[1], "result": {1: "conforms", 2: "rejected", 3: "calibrated"}[payload[2]], "verified": iso[0], "until": iso[1],
        "status_index": payload[5], "signed": iso[2], **dict(zip(("register", "number", "kind", "model", "body"), more, strict=True)),
    }  # fmt: skip


Case = tuple[str, str, str, str, "list[Any] | None", dict[str, Any]]


def case(name: str, code: str, word: str, payload: list[Any] | None = None, *, detail: str = "", **lists: Any) -> Case:
    return (name, code, word, detail, payload, lists)


def known(name: str, payload: list[Any], word: str, pair: Pair = USUAL, **lists: Any) -> Case:
    """A code that is well signed."""
    return case(name, text(seal(payload, pair)), word, payload, **lists)


def malformed(name: str, code: str, detail: str) -> Case:
    return case(name, code, "malformed", detail=detail)


def no_room(name: str, raw: bytes, detail: str) -> Case:
    return malformed(name, text(raw), detail)


def payload_case(name: str, payload: Any) -> Case:
    return malformed(name, text(seal(payload)), "bad_payload")


CASES: list[Case] = [
    # what holds
    known("a label", LABEL, "valid"),
    known("a page", PAGE, "valid"),
    case("white space around", f"  {GOOD_TEXT}\r\n", "valid", LABEL),
    known("no limit of validity", label(until=None), "valid"),
    known("its last valid day", label(until=day("2026-11-25")), "valid"),
    known("verified and signed today", label(verified=day("2026-11-25"), signed=day("2026-11-25")), "valid"),
    known("verified before 2020", label(verified=-40), "valid"),
    known("without a serial number, by our own", [*label(serial=""), "QJ00000042"], "valid"),
    known("a serial number in Chinese, shortened", label(serial="豫计…０１号"), "valid"),
    known("calibrated", label(result=3, until=None), "valid"),
    known("the twin of the key id signs", LABEL, "valid", TWIN),
    case("a key id of eight bytes", text(seal(LABEL, protected=protected_of(USUAL, 8))), "valid", LABEL),
    case("a key id of two bytes tells twins apart", text(seal(LABEL, TWIN, protected=protected_of(TWIN, 2))), "valid", LABEL),
    known("signed by a retired key in its time", label(verified=day("2025-06-28"), signed=day("2025-06-30"), until=day("2026-12-31")), "valid", OLD),
    case("the bureau's second address", text(GOOD, origin="http://10.0.0.5:8000"), "valid", LABEL),
    case("an address in capitals", text(GOOD, origin="https://JL.Example.cn"), "valid", LABEL),
    known("the last slot but one of the second shard", label(index=SLOTS + 4), "valid", status=["usual", "shard_1"]),
    known("the key list's last second", LABEL, "valid", keys="fresh_for_a_second"),
    # what holds no more, or not yet
    known("the day after its last", label(until=day("2026-11-24")), "expired"),
    known("expired, with nothing but a key list", label(until=day("2026-11-24")), "expired", status=[]),
    known("verified tomorrow", label(verified=day("2026-11-26")), "not_yet_valid"),
    known("signed tomorrow", label(signed=day("2026-11-26")), "not_yet_valid"),
    known("an hour before midnight in Shanghai", label(until=day("2026-11-25")), "valid", now="2026-11-25T15:59:59Z"),
    known("midnight in Shanghai", label(until=day("2026-11-25")), "expired", now="2026-11-25T16:00:00Z"),
    known("revoked", label(index=11), "revoked"),
    known("the last slot of a shard revoked", label(index=131_071), "revoked"),
    known("under review", label(index=12), "under_review"),
    known("under review and expired", label(index=12, until=day("2026-11-24")), "under_review"),
    known("superseded", label(index=13), "superseded"),
    known("superseded in the second shard", label(index=SLOTS + 5), "superseded", status=["shard_1"]),
    known("rejected", label(result=2, until=None), "rejected"),
    known("a rejection taken back", label(result=2, until=None, index=11), "revoked"),
    known("revoked by a list that is too old", label(index=11), "revoked", status=["expired"]),
    # what cannot be decided
    known("status list too old", LABEL, "status_too_old", status=["expired"]),
    known("no status list", LABEL, "status_missing", status=[]),
    known("the list of another shard", LABEL, "status_missing", status=["shard_1"]),
    known("a status list of another office", LABEL, "status_missing", status=["of_another_office"]),
    known("a status list by a stranger", LABEL, "status_missing", status=["stranger_under_our_name"]),
    known("a status list by a stolen key", label(index=11), "status_missing", status=["by_a_stolen_key"]),
    known("a short status list", LABEL, "status_missing", status=["short"]),
    known("key list too old", LABEL, "keys_too_old", keys="expired"),
    known("both lists too old", LABEL, "keys_too_old", keys="expired", status=["expired"]),
    case("no key list", GOOD_TEXT, "keys_missing", keys=None),
    case("a key list of another root", GOOD_TEXT, "keys_missing", keys="of_another_root"),
    case("no digits", f"{ORIGIN}/c/{CODE}", "unsigned"),
    case("nothing behind the mark", f"{ORIGIN}/c/{CODE}#", "unsigned"),
    case("copied onto another address", text(GOOD, origin="https://jl-example.cn"), "foreign_address", LABEL),
    case("expired on another address", text(seal(label(until=0)), origin="https://jl-example.cn"), "expired", label(until=0)),
    case("a newer version", text(GOOD, version=2), "unknown_version"),
    case("version 255", text(GOOD, version=255), "unknown_version"),
    case("a single digit", f"{ORIGIN}/c/{CODE}#7", "unknown_version"),
    case("a newer schema", text(seal([3, "SC100001", {1: 2}])), "unknown_schema"),
    case("schema 0", text(seal([0])), "unknown_schema"),
    # keys
    case("a key id of nobody", text(seal(LABEL, STRANGER)), "key_unknown"),
    case("a key of another purpose", text(seal(LABEL, JOURNAL)), "key_unknown"),
    case("a stranger under our key id", text(seal(LABEL, STRANGER, protected=PROTECTED)), "forged"),
    case("a stranger under all of our key id", text(seal(LABEL, STRANGER, protected=protected_of(USUAL, 8))), "forged"),
    case("the key id says the twin alone", text(seal(LABEL, USUAL, protected=protected_of(TWIN, 8))), "forged"),
    known("signed on the day the key was stolen", label(verified=day("2026-06-01"), signed=day("2026-06-02")), "key_revoked", STOLEN),
    known("signed the day before the key was stolen", label(verified=day("2026-06-01"), signed=day("2026-06-01")), "key_compromised", STOLEN),
    known("stolen key, and expired anyway", label(verified=0, signed=0, until=300), "expired", STOLEN),
    known("signed before the key's first day", label(signed=day("2026-11-25")), "signed_out_of_time", COMING),
    known("signed after the key's last day", label(verified=day("2025-06-28"), signed=day("2025-07-01"), until=day("2026-12-31")), "signed_out_of_time", OLD),
    known("the key is believed no more", label(verified=day("2021-12-01"), signed=day("2021-12-31"), until=None), "key_expired", WORN),
    known("the key's last day of belief", label(verified=day("2021-12-01"), signed=day("2021-12-31"), until=None), "valid", WORN, now="2026-11-24T15:59:59Z", status=["expired"]),
    # the text
    malformed("nothing", "", "not_a_code"),
    malformed("some words", "检定证书 XXJL-JD-2026-000001", "not_a_code"),
    malformed("another path", GOOD_TEXT.replace("/c/", "/i/"), "not_a_code"),
    malformed("a path before", GOOD_TEXT.replace("/c/", "/registry/c/"), "not_a_code"),
    malformed("a query", GOOD_TEXT.replace("#", "?a=b#"), "not_a_code"),
    malformed("another scheme", GOOD_TEXT.replace("https", "ftp"), "not_a_code"),
    malformed("a user in the address", GOOD_TEXT.replace("https://", "https://jl.example.cn@"), "not_a_code"),
    malformed("far too long", GOOD_TEXT + "1" * 2_000, "not_a_code"),
    malformed("an id too short", GOOD_TEXT.replace(CODE, CODE[:-1]), "bad_id"),
    malformed("an id too long", GOOD_TEXT.replace(CODE, CODE + "A"), "bad_id"),
    malformed("an id in base64", GOOD_TEXT.replace(CODE, "+" + CODE[1:]), "bad_id"),
    malformed("an id with unused bits set", GOOD_TEXT.replace(CODE, CODE[:-1] + "B"), "bad_id"),
    malformed("a padded id", GOOD_TEXT.replace(CODE, CODE + "=="), "bad_id"),
    malformed("a leading zero", GOOD_TEXT.replace("#", "#0"), "bad_digits"),
    malformed("a sign", GOOD_TEXT.replace("#", "#+"), "bad_digits"),
    malformed("a letter among the digits", GOOD_TEXT[:-3] + "x" + GOOD_TEXT[-2:], "bad_digits"),
    malformed("digits of another script", GOOD_TEXT[:-1] + "\u0663", "bad_digits"),
    malformed("a second mark", GOOD_TEXT + "#1", "bad_digits"),
    malformed("a line break within the digits", GOOD_TEXT[:-20] + "\n" + GOOD_TEXT[-20:], "bad_digits"),
    malformed("a thousand digits and one", f"{ORIGIN}/c/{CODE}#" + "1" * 1_001, "bad_digits"),
    # the outer CBOR
    malformed("only a version", f"{ORIGIN}/c/{CODE}#1", "bad_cbor"),
    no_room("one byte missing", GOOD_BYTES[:-1], "bad_cbor"),
    no_room("one byte too many", GOOD_BYTES + b"\x00", "bad_cbor"),
    no_room("a second item behind", GOOD_BYTES + GOOD_BYTES, "bad_cbor"),
    no_room("the tag of COSE_Sign1", b"\xd2" + GOOD_BYTES, "bad_cbor"),
    no_room("another tag", b"\xd1" + GOOD_BYTES, "bad_cbor"),
    no_room("an array without an announced length", b"\x9f" + GOOD_BYTES[1:] + b"\xff", "not_canonical"),
    no_room("the array's length in two bytes", b"\x98\x04" + GOOD_BYTES[1:], "not_canonical"),
    no_room("the signature's length in three bytes", head(GOOD_BYTES, b"\x58\x40", b"\x59\x00\x40"), "not_canonical"),
    no_room("the payload in pieces", head(GOOD_BYTES, b"\x58\x40", b"\x5f\x58\x40") + b"\xff", "not_canonical"),
    no_room("a reserved length", b"\x9c" + GOOD_BYTES[1:], "bad_cbor"),
    no_room("an array of 2^63", b"\x9b\x80" + b"\x00" * 7 + GOOD_BYTES[1:], "bad_cbor"),
    no_room("bytes of 2^64 - 1", b"\x84\x5b" + b"\xff" * 8, "bad_cbor"),
    no_room("arrays in arrays", b"\x81" * 60 + b"\x00", "bad_cbor"),
    no_room("a float", b"\x84\xf9\x3c\x00\xa0\x40\x40", "bad_cbor"),
    no_room("true", b"\xf5", "bad_cbor"),
    no_room("text that is no UTF-8", b"\x84\x62\xc3\x28\xa0\x40\x40", "bad_cbor"),
    # COSE
    no_room("a number", b"\x00", "bad_cose"),
    no_room("an array of three", pack(GOOD[:3]), "bad_cose"),
    no_room("an array of five", pack([*GOOD, 0]), "bad_cose"),
    no_room("the protected header as a map", pack([{1: -8, 4: bytes.fromhex(USUAL.kid)[:1]}, *GOOD[1:]]), "bad_cose"),
    no_room("no payload", pack([GOOD[0], {}, None, GOOD[3]]), "bad_cose"),
    no_room("a signature of 63 bytes", pack([*GOOD[:3], GOOD[3][:63]]), "bad_cose"),
    no_room("a signature of 65 bytes", pack([*GOOD[:3], GOOD[3] + b"\x00"]), "bad_cose"),
    no_room("an empty signature", pack([*GOOD[:3], b""]), "bad_cose"),
    no_room("something in the unprotected header", pack([GOOD[0], {3: 0}, *GOOD[2:]]), "bad_cose"),
    no_room("the algorithm in the unprotected header", pack(
        [(p := cbor2.dumps({4: bytes.fromhex(USUAL.kid)[:1]})), {1: -8}, *seal(LABEL, protected=p)[2:]]), "bad_cose"),
    no_room("the key id in the unprotected header", pack(
        [(p := cbor2.dumps({1: -8})), {4: bytes.fromhex(USUAL.kid)[:1]}, *seal(LABEL, protected=p)[2:]]), "bad_cose"),
    # the protected header, each well signed
    *(malformed(name, text(seal(LABEL, protected=header)), detail) for name, header, detail in (
        ("no algorithm", cbor2.dumps({4: bytes.fromhex(USUAL.kid)[:1]}), "bad_algorithm"),
        ("an empty protected header", b"\xa0", "bad_algorithm"),
        ("ES256", cbor2.dumps({1: -7, 4: bytes.fromhex(USUAL.kid)[:1]}), "bad_algorithm"),
        ("HMAC", cbor2.dumps({1: 5, 4: bytes.fromhex(USUAL.kid)[:1]}), "bad_algorithm"),
        ("the algorithm by name", cbor2.dumps({1: "EdDSA", 4: bytes.fromhex(USUAL.kid)[:1]}), "bad_algorithm"),
        ("the algorithm as null", b"\xa2\x01\xf6" + PROTECTED[3:], "bad_algorithm"),
        ("no key id", cbor2.dumps({1: -8}), "bad_cose"),
        ("an empty key id", cbor2.dumps({1: -8, 4: b""}), "bad_cose"),
        ("a key id of nine bytes", cbor2.dumps({1: -8, 4: bytes.fromhex(USUAL.kid) + b"\x00"}), "bad_cose"),
        ("a key id as text", cbor2.dumps({1: -8, 4: USUAL.kid}), "bad_cose"),
        ("a critical header", cbor2.dumps({1: -8, 2: [4], 4: bytes.fromhex(USUAL.kid)[:1]}), "bad_cose"),
        ("a header of our own", cbor2.dumps({1: -8, 4: bytes.fromhex(USUAL.kid)[:1], 99: 0}), "bad_cose"),
        ("the algorithm twice", b"\xa3\x01\x27\x01\x27" + PROTECTED[3:], "not_canonical"),
        ("the algorithm twice, once another", b"\xa3\x01\x26\x01\x27" + PROTECTED[3:], "not_canonical"),
        ("labels in the wrong order", b"\xa2" + PROTECTED[3:] + PROTECTED[1:3], "not_canonical"),
        ("the algorithm in two bytes", b"\xa2\x01\x38\x07" + PROTECTED[3:], "not_canonical"),
        ("a header without an announced length", b"\xbf" + PROTECTED[1:] + b"\xff", "not_canonical"),
        ("bytes behind the header", PROTECTED + b"\x00", "bad_cbor"),
        ("no header at all", b"", "bad_cbor"),
        ("a header that is an array", cbor2.dumps([1, -8]), "bad_cose"),
    )),
    # the signature
    case("the id of another certificate", text(GOOD, code=b64(bytes(16))), "forged"),
    case("signed without the id", text(seal(LABEL, aad=b"")), "forged"),
    case("a bit of the payload", text([*GOOD[:2], GOOD[2][:-1] + bytes([GOOD[2][-1] ^ 1]), GOOD[3]]), "forged"),
    case("a bit of the signature", text([*GOOD[:3], bytes([GOOD[3][0] ^ 1]) + GOOD[3][1:]]), "forged"),
    case("another code's signature", text([*GOOD[:3], seal(PAGE)[3]]), "forged"),
    case("a signature of zeros", text([*GOOD[:3], bytes(64)]), "forged"),
    case("S raised by the group order", text([*GOOD[:3], GOOD[3][:32] + (
        (int.from_bytes(GOOD[3][32:], "little") + (1 << 252) + 27742317777372353535851937790883648493) % (1 << 256)
    ).to_bytes(32, "little")]), "forged"),
    case("the payload of a page under a label's signature", text([*GOOD[:2], seal(PAGE)[2], GOOD[3]]), "forged"),
    # the payload, each well signed
    payload_case("an empty payload", b""),
    payload_case("a payload that is a map", {1: 1}),
    payload_case("an empty array", []),
    payload_case("a schema as text", ["1", *LABEL[1:]]),
    payload_case("an item missing", LABEL[:-1]),
    payload_case("an item too many", [*LABEL, "QJ00000042"]),
    payload_case("no serial number and no number of ours", label(serial="")),
    payload_case("a page without its body", PAGE[:-1]),
    payload_case("a page with more", [*PAGE, 0]),
    payload_case("a serial number that is a number", label(serial=100001)),
    payload_case("a result that is not known", label(result=4)),
    payload_case("result 0", label(result=0)),
    payload_case("no day of verification", label(verified=None)),
    payload_case("a day as text", label(until="2027-11-21")),
    payload_case("a day far away", label(until=100_001)),
    payload_case("a negative status index", label(index=-1)),
    payload_case("a status index of 33 bits", label(index=1 << 32)),
    payload_case("a serial number that turns the writing", label(serial="SC\u202e100001")),
    payload_case("a serial number with a line break", label(serial="SC\n100001")),
    payload_case("a serial number of 201 letters", label(serial="S" * 201)),
    payload_case("a float for a day", label(until=2881.0)),
    payload_case("a payload written longer", b"\x98\x07" + cbor2.dumps(LABEL)[1:]),
    payload_case("bytes behind the payload", cbor2.dumps(LABEL) + b"\x00"),
    payload_case("an integer written longer", head(cbor2.dumps(label(index=10)), b"\x0a\x19", b"\x18\x0a\x19")),
    known("the serial number of 200 letters", label(serial="S" * 200), "valid"),
    known("the farthest day", label(until=100_000), "valid"),
    known("the last status index there can be", label(index=(1 << 32) - 1), "status_missing"),
]  # fmt: skip
COLOURS = {
    "green": {"valid"},
    "amber": {
        "unsigned", "unknown_version", "keys_missing", "key_unknown", "unknown_schema", "under_review", "key_compromised", "key_expired",
        "keys_too_old", "status_missing", "status_too_old", "foreign_address",
    },
}  # fmt: skip


def colour(word: str) -> str:
    return next((colour for colour, words in COLOURS.items() if word in words), "red")


def document() -> dict[str, Any]:
    codes = []
    for name, code, word, detail, payload, lists in CASES:
        codes.append(
            {
                "name": name, "text": code, "roots": ["root", "next_root"], "keys": lists.get("keys", "usual"),
                "status": lists.get("status", ["usual"]), "now": lists.get("now", NOW),
                "expect": {"word": word, "detail": detail, "colour": colour(word), "facts": None if payload is None else facts(payload)},
            }
        )  # fmt: skip
    return {
        "format": 1,
        "roots": {
            name: {"kid": pair.kid, "x": b64(pair.x)}
            for name, pair in (("root", ROOT), ("next_root", NEXT_ROOT), ("other_root", OTHER_ROOT))
        },
        "key_lists": KEY_LISTS,
        "status_lists": STATUS_LISTS,
        "codes": codes,
        "key_list_cases": [
            {"name": f"{name}, {word}", "list": name, "roots": roots, "kept": kept, "now": NOW, "expect": word}
            for name, roots, kept, word in KEY_LIST_CASES
        ],
        "status_list_cases": [
            {
                "name": f"{name}, {word}", "list": name, "keys": "usual", "roots": ["root"], "kept_version": kept,
                "now": NOW, "expect": word,
            }
            for name, kept, word in STATUS_CASES
        ],
    }  # fmt: skip


if __name__ == "__main__":
    FILE.write_text(json.dumps(document(), ensure_ascii=False, indent=1) + "\n")
