"""The checker in JavaScript on every kept code and list, with both implementations of Ed25519: word, detail, colour and facts as kept.

``tests/archive`` is what the Python checker is held to as well, so the two agree.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from metrology.settings import ROOT
from tests.bureau import NOW, Bureau
from tests.chromium import browser, needs_chromium

pytestmark = [needs_chromium, pytest.mark.browser]
ARCHIVE = ROOT / "tests" / "archive"
FILES = sorted(ARCHIVE.glob("certificate_code_v*.json"))
FLIPS = 2_000
PAGE = "http://localhost/"  # a secure context without a certificate

SETUP = """async () => {
  const [ed25519, keys, status, verdict] = await Promise.all(
    ["ed25519", "keys", "status", "verdict"].map((name) => import(`/static/js/verify/${name}.js`)));
  const quietly = async (work) => {
    try { return [await work(), "accepted"]; } catch (refusal) {
      if (!refusal.word) throw refusal;
      return [null, refusal.word];
    }
  };
  globalThis.checker = {
    cryptos: { WebCrypto: await ed25519.webCrypto(), kept: await ed25519.kept() },
    roots: (file, names) => names.map((name) => file.roots[name]),
    keyList: (body, roots, now, kept, crypto) => quietly(() => keys.accept(body, { roots, kept, now, crypto })),
    statusList: (body, list, now, version, crypto) =>
      quietly(() => status.accept(body, { keys: list, keptVersion: () => version, now, crypto })),
    check: (text, list, lists, now, crypto) =>
      verdict.check(text, { keys: list, lists: new Map(lists.map((one) => [one.shard, one])), now, crypto }),
  };
}"""
CODES = """async ([file, name]) => {
  const { checker } = globalThis, crypto = checker.cryptos[name], answers = {};
  for (const one of file.codes) {
    const now = Date.parse(one.now), roots = checker.roots(file, one.roots);
    const [list] = one.keys ? await checker.keyList(file.key_lists[one.keys], roots, now, null, crypto) : [null];
    const lists = [];
    for (const status of list ? one.status : []) {
      const [found] = await checker.statusList(file.status_lists[status], list, now, 0, crypto);
      if (found) lists.push(found);
    }
    const { word, detail, colour, facts } = await checker.check(one.text, list, lists, now, crypto);
    answers[one.name] = { word, detail, colour, facts };
  }
  return answers;
}"""
KEY_LISTS = """async ([file, name]) => {
  const { checker } = globalThis, crypto = checker.cryptos[name], answers = {};
  for (const one of file.key_list_cases) {
    const now = Date.parse(one.now), roots = checker.roots(file, one.roots);
    const [kept] = one.kept ? await checker.keyList(file.key_lists[one.kept], roots, now, null, crypto) : [null];
    [, answers[one.name]] = await checker.keyList(file.key_lists[one.list], roots, now, kept, crypto);
  }
  return answers;
}"""
STATUS_LISTS = """async ([file, name]) => {
  const { checker } = globalThis, crypto = checker.cryptos[name], answers = {};
  for (const one of file.status_list_cases) {
    const now = Date.parse(one.now);
    const [list] = await checker.keyList(file.key_lists[one.keys], checker.roots(file, one.roots), now, null, crypto);
    [, answers[one.name]] = await checker.statusList(file.status_lists[one.list], list, now, one.kept_version, crypto);
  }
  return answers;
}"""
FLIPPING = """async ([{ text, keys, status, roots, now, flips, stride }, name]) => {
  const { checker } = globalThis, crypto = checker.cryptos[name], words = {};
  const [list] = await checker.keyList(keys, roots, now, null, crypto);
  const [found] = await checker.statusList(status, list, now, 0, crypto);
  const [address, digits] = text.split("#");
  const count = BigInt(digits).toString(2).length - 8;
  let at = 1;
  for (let done = 0; done < flips; done += 1) {
    at = (at * 48271) % 2147483647; // Park and Miller: the same flips each time
    let bits = 0n;
    for (let more = 0; more <= done % stride; more += 1) bits ^= 1n << BigInt((at * (more + 1)) % count);
    const flipped = `${address}#${BigInt(digits) ^ bits}`;
    const { word } = await checker.check(flipped, list, [found], now, crypto);
    words[word] = (words[word] ?? 0) + 1;
  }
  return words;
}"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """A page with nothing but the modules, all from static/."""

    def answer(route: Any) -> None:
        path = urlsplit(route.request.url).path
        if path == "/":
            route.fulfill(content_type="text/html", body="<!doctype html><title>t</title>")
        else:
            route.fulfill(body=(ROOT / path.lstrip("/")).read_bytes(), content_type=mimetypes.guess_type(path)[0])

    with browser() as chromium:
        opened = chromium.new_page()
        opened.route("**/*", answer)
        opened.goto(PAGE)
        opened.evaluate(SETUP)
        yield opened


@pytest.fixture(params=["WebCrypto", "kept"])
def crypto(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def archive(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(request.param.read_text(encoding="utf-8"))
    return found


def test_there_is_an_archive() -> None:
    assert FILES


def test_this_browser_has_both(page: Any) -> None:
    assert page.evaluate("Object.values(checker.cryptos).map((one) => one.name)") == ["WebCrypto", "noble-ed25519"]


def test_every_code_gets_its_answer(page: Any, archive: dict[str, Any], crypto: str) -> None:
    expected = {one["name"]: one["expect"] for one in archive["codes"]}
    assert len(expected) == len(archive["codes"]) >= 60
    assert page.evaluate(CODES, [archive, crypto]) == expected


def test_every_key_list_is_taken_or_refused_by_name(page: Any, archive: dict[str, Any], crypto: str) -> None:
    expected = {one["name"]: one["expect"] for one in archive["key_list_cases"]}
    assert page.evaluate(KEY_LISTS, [archive, crypto]) == expected


def test_every_status_list_is_taken_or_refused_by_name(page: Any, archive: dict[str, Any], crypto: str) -> None:
    expected = {one["name"]: one["expect"] for one in archive["status_list_cases"]}
    assert page.evaluate(STATUS_LISTS, [archive, crypto]) == expected


def test_no_flipped_code_is_accepted(page: Any, crypto: str) -> None:
    bureau = Bureau()
    usual = {
        "text": bureau.code(), "keys": bureau.key_list(), "status": bureau.status_list(), "roots": bureau.pins,
        "now": NOW.timestamp() * 1000, "stride": 3,
    }  # fmt: skip
    assert page.evaluate(FLIPPING, [{**usual, "flips": 1, "stride": 0}, crypto]) == {
        "valid": 1
    }  # nothing flipped: the test can fail
    words = page.evaluate(FLIPPING, [{**usual, "flips": FLIPS if crypto == "WebCrypto" else FLIPS // 10}, crypto])
    assert "valid" not in words
    assert set(words) <= {"forged", "malformed", "key_unknown", "unknown_version"}
    assert {"forged", "malformed"} <= set(words)
