"""Codes of every release get the answer they must get, from the checker that is shipped and from one that shares no code with it."""

from __future__ import annotations

import ast
import dataclasses
import json
import multiprocessing
import os
import random
import zlib
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from metrology.documents import code_checker
from metrology.documents.code_checker import (
    WORDS,
    Facts,
    KeyList,
    Refused,
    Shade,
    StatusList,
    check,
    open_key_list,
    open_status_list,
)
from tests.archive import make_certificate_code_v1 as v1
from tests.independent_checker import word_of

ARCHIVE = json.loads(Path("tests/archive/certificate_code_v1.json").read_text())
CODES, KEY_CASES, STATUS_CASES = ARCHIVE["codes"], ARCHIVE["key_list_cases"], ARCHIVE["status_list_cases"]
FLIPS = int(os.environ.get("FLIPS", "200000"))  # FLIPS=1000000 for the long look: three minutes of both cores


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def opened(name: str, roots: list[str], now: datetime, kept: KeyList | None = None) -> KeyList:
    trusted = {ARCHIVE["roots"][root]["kid"]: ARCHIVE["roots"][root]["x"] for root in roots}
    return open_key_list(ARCHIVE["key_lists"][name], trusted, now=now, kept=kept)


def lists_of(one: dict[str, Any], now: datetime) -> tuple[KeyList | None, dict[int, StatusList]]:
    """The lists of a case; one that is refused counts as absent."""
    try:
        keys = opened(one["keys"], one["roots"], now) if one["keys"] else None
    except Refused:
        keys = None
    status: dict[int, StatusList] = {}
    for name in one["status"] if keys else ():
        try:
            found = open_status_list(ARCHIVE["status_lists"][name], keys, now=now)
        except Refused:
            continue
        status[found.shard] = found
    return keys, status


def told(facts: Facts | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    names = next(one["expect"]["facts"] for one in CODES if one["expect"]["facts"])
    values = {name: getattr(facts, name) for name in names}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}


@pytest.mark.parametrize("one", CODES, ids=[one["name"] for one in CODES])
def test_a_code_gets_its_answer(one: dict[str, Any]) -> None:
    now = at(one["now"])
    keys, status = lists_of(one, now)
    shade = check(one["text"], keys, status, now=now)
    expected = one["expect"]
    assert (shade.word, shade.detail, shade.colour) == (expected["word"], expected["detail"], expected["colour"])
    assert told(shade.facts) == expected["facts"]


@pytest.mark.parametrize("one", CODES, ids=[one["name"] for one in CODES])
def test_a_second_reading_of_the_page_agrees(one: dict[str, Any]) -> None:
    now = at(one["now"])
    keys, accepted = lists_of(one, now)
    content = json.loads(_payload(json.loads(ARCHIVE["key_lists"][one["keys"]])["payload"])) if keys else None
    status = {}
    for name in one["status"]:
        claims = json.loads(_payload(ARCHIVE["status_lists"][name].split(".")[1]))
        if claims["shard"] in accepted:
            status[claims["shard"]] = {
                "exp": claims["exp"],
                "bits": zlib.decompress(_payload(claims["status_list"]["lst"])),
            }
    assert word_of(one["text"], content, status, now) == one["expect"]["word"]


def _payload(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("one", KEY_CASES, ids=[one["name"] for one in KEY_CASES])
def test_a_key_list_is_accepted_or_refused_by_name(one: dict[str, Any]) -> None:
    now = at(one["now"])
    kept = opened(one["kept"], ["root"], now) if one["kept"] else None
    assert _outcome(lambda: opened(one["list"], one["roots"], now, kept)) == one["expect"]


@pytest.mark.parametrize("one", STATUS_CASES, ids=[one["name"] for one in STATUS_CASES])
def test_a_status_list_is_accepted_or_refused_by_name(one: dict[str, Any]) -> None:
    now = at(one["now"])
    keys = opened(one["keys"], one["roots"], now)
    kept = {shard: StatusList(shard, one["kept_version"], now, now, b"") for shard in (0, 1)}
    assert (
        _outcome(lambda: open_status_list(ARCHIVE["status_lists"][one["list"]], keys, now=now, kept=kept))
        == one["expect"]
    )


def _outcome(opening: Any) -> str:
    try:
        opening()
    except Refused as refusal:
        return refusal.word
    return "accepted"


def test_the_archive_is_what_it_was() -> None:
    assert v1.document() == ARCHIVE
    assert len(CODES) >= 160
    assert sum(one["expect"]["colour"] != "green" for one in CODES) >= 120
    details = {(one["expect"]["word"], one["expect"]["detail"]) for one in CODES}
    assert {word for word, _ in details} == set(WORDS)  # every word there is, is told apart at least once
    assert {detail for word, detail in details if word == "malformed"} == {
        "not_a_code", "bad_id", "bad_digits", "bad_cbor", "not_canonical", "bad_cose", "bad_algorithm", "bad_payload",
    }  # fmt: skip


def test_the_checker_can_be_copied_alone() -> None:
    tree = ast.parse(Path(code_checker.__file__).read_text())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if name.startswith("metrology")]
    assert {name.partition(".")[0] for name in imported} - {"cryptography"} <= {
        "__future__", "base64", "binascii", "hashlib", "json", "re", "zlib", "collections", "dataclasses", "datetime", "typing",
    }  # fmt: skip


def test_every_word_has_its_own_number_and_only_valid_is_green() -> None:
    numbers = [number for _, number in WORDS.values()]
    assert len(set(numbers)) == len(numbers)
    assert [word for word, (colour, _) in WORDS.items() if colour == "green"] == ["valid"]
    assert all((colour == "red") == (10 <= number < 30) for colour, number in WORDS.values() if number)
    assert Shade("valid").exit_code == 0


# -- flips


def _changed(good: bytes, chance: random.Random) -> bytes:
    """A good code with one to eight of its bytes changed."""
    raw = bytearray(good)
    for _ in range(1 if chance.random() < 0.7 else chance.randrange(2, 9)):
        raw[chance.randrange(len(raw))] ^= chance.randrange(1, 256)
    return bytes(raw)


def _flip(task: tuple[int, int]) -> tuple[int, list[str]]:
    """Change good codes ``count`` times; how many were believed, and what ended otherwise than in an answer.

    Every twentieth goes the whole way as text; the others begin at the bytes, where the decisions fall.
    """
    seed, count = task
    chance = random.Random(seed)
    now = datetime(2026, 11, 25, 4, tzinfo=UTC)
    every = opened("usual", ["root"], now)
    keys = dataclasses.replace(every, keys=tuple(key for key in every.keys if key.kid != v1.TWIN.kid))
    status = {0: open_status_list(ARCHIVE["status_lists"]["usual"], keys, now=now)}
    codes = [v1.GOOD_BYTES, v1.pack(v1.seal(v1.PAGE))]
    believed, strange = 0, []
    for turn in range(count):
        cose = _changed(codes[turn % 2], chance)
        if cose in codes:  # two changes took each other back
            continue
        try:
            if turn % 20:
                protected, payload, signature, kid = code_checker._read_cose(cose)
                code_checker._signer(keys, kid, protected, v1.ID, payload, signature)
                believed += 1
            else:
                text = f"{v1.ORIGIN}/c/{v1.CODE}#{int.from_bytes(bytes([1]) + cose, 'big')}"
                shade = check(text, every if turn % 40 else keys, status, now=now)
                believed += shade.colour == "green" or shade.facts is not None
        except code_checker._Fault:
            continue
        except Exception as fault:  # noqa: BLE001 - that none escapes is what is looked at
            strange.append(f"{type(fault).__name__} {cose.hex()}")
    return believed, strange


@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # forking beside threads of other tests' drivers
def test_of_changed_bytes_none_is_accepted() -> None:
    pieces = 20
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.map(_flip, [(seed, FLIPS // pieces) for seed in range(pieces)])
    assert sum(believed for believed, _ in found) == 0
    assert [fault for _, faults in found for fault in faults] == []


def test_the_flips_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checker that skips the signature is caught by the same look."""
    monkeypatch.setattr(code_checker, "_is_signed", lambda *_: True)
    assert _flip((1, 300))[0] > 0


def test_a_checker_that_skips_the_id_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the vector of a swapped id is for: without it in the signature, the other certificate's digits would verify."""
    signed_without = v1.seal(v1.LABEL, aad=b"")
    real = code_checker.to_be_signed
    monkeypatch.setattr(code_checker, "to_be_signed", lambda protected, _aad, payload: real(protected, b"", payload))
    now = datetime(2026, 11, 25, 4, tzinfo=UTC)
    assert check(v1.text(signed_without), opened("usual", ["root"], now), {}, now=now).word == "status_missing"
