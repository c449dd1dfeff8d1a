"""/verify in a real browser: what it says of a code with the network on and off, by camera, photograph and text, and what no server sees."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image

from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.services import certificate_codes, certifying, keys
from metrology.web import verify_page
from tests.bureau import TODAY, Bureau, Front, Pair
from tests.chromium import SIZES, browser, needs_chromium, served
from tests.conftest import Bench
from tests.records import OFFICER, certify, create_scale, create_team
from tests.scanning.photographing import Print, Shot, photograph

pytestmark = [needs_chromium, pytest.mark.browser]
NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
REVOKED, REVIEWED, SUPERSEDED, ELSEWHERE = 1, 2, 3, 5 * 131_072


class Registry:
    """The application behind waitress with a bureau's lists; it can be switched off."""

    def __init__(self, front: Front, base: str) -> None:
        self.front, self.base = front, base
        self.bureau = front.bureau = Bureau(origin=base, now=NOW, statuses={REVOKED: 1, REVIEWED: 2, SUPERSEDED: 3})

    def stop(self, page: Any) -> None:
        """No network for this browser; and should a request get through all the same, nobody answers it."""
        page.context.set_offline(True)
        self.front.is_off = True


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Front, str]]:
    bench = Bench("sqlite", tmp_path_factory.mktemp("verify"), "verify")
    made = Front(bench.app, Bureau())
    with served(made, threads=12) as base:
        yield made, base
    bench.remove()


@pytest.fixture
def registry(front: tuple[Front, str], monkeypatch: pytest.MonkeyPatch) -> Registry:
    made, base = front
    made.is_off = made.withheld = False
    made.log.clear()
    found = Registry(made, base)
    monkeypatch.setattr(verify_page, "_pins", lambda: found.bureau.pins)
    return found


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera will see: a test writes it before it scans."""
    return tmp_path_factory.mktemp("camera") / "label.mjpeg"


@pytest.fixture(scope="module")
def chromium(film: Path) -> Iterator[Any]:
    camera = (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    with browser(*camera) as opened:
        yield opened


@pytest.fixture
def phone(chromium: Any) -> Iterator[Any]:
    """A telephone whose clock stands at NOW, with nothing kept."""
    context = chromium.new_context(viewport=SIZES["phone"], locale="zh-CN")
    context.clock.set_fixed_time(NOW)
    yield context.new_page()
    context.close()


def open_page(page: Any, address: str, *, code: str = "") -> None:
    page.goto("about:blank")
    page.goto(f"{address}/verify" + (f"#code={quote(code, safe='')}" if code else ""))
    page.wait_for_selector("[data-begun]", state="attached")


def word(page: Any) -> str | None:
    found: str | None = page.get_attribute("[data-verify]", "data-word")
    return found


def ask(page: Any, text: str) -> str | None:
    """Type a text and check it."""
    page.evaluate("document.querySelector('.by-text').open = true")
    page.evaluate("delete document.querySelector('[data-verify]').dataset.word")
    page.fill("[data-text]", text)
    page.click("[data-typed] button")
    page.wait_for_selector("[data-word]", state="attached")
    return word(page)


def keep(page: Any, registry: Registry) -> None:
    """Open the page once and wait until it is kept."""
    open_page(page, registry.base)
    page.wait_for_selector("[data-offline=ready]", state="attached")
    page.wait_for_selector("[data-state=ready]")
    page.evaluate("""() => navigator.serviceWorker.controller ? null : new Promise((done) => {
      navigator.serviceWorker.addEventListener("controllerchange", () => done(null), { once: true });
    })""")


def flipped(code: str) -> str:
    """The code with one bit of its signature changed."""
    address, digits = code.split("#")
    return f"{address}#{int(digits) ^ 8}"


def test_without_a_network_it_still_tells_them_all_apart(phone: Any, registry: Registry) -> None:
    bureau = registry.bureau
    keep(phone, registry)
    registry.stop(phone)
    open_page(phone, registry.base)
    answers = {
        "valid": bureau.code(),
        "expired": bureau.code(until=TODAY - timedelta(days=1)),
        "revoked": bureau.code(REVOKED),
        "under_review": bureau.code(REVIEWED),
        "superseded": bureau.code(SUPERSEDED),
        "rejected": bureau.code(result=2, until=None),
        "not_yet_valid": bureau.code(verified=TODAY + timedelta(days=1)),
        "forged": flipped(bureau.code()),
        "key_unknown": bureau.code(signer=Pair("somebody else")),
        "status_missing": bureau.code(ELSEWHERE),
        "foreign_address": bureau.code(origin="https://jl-example.cn"),
        "unsigned": bureau.code().split("#")[0],
        "malformed": "weixin://pay/1",
    }
    assert {expected: ask(phone, code) for expected, code in answers.items()} == {one: one for one in answers}


def test_the_last_day_is_valid_and_the_next_is_not(phone: Any, registry: Registry) -> None:
    keep(phone, registry)
    assert ask(phone, registry.bureau.code(until=TODAY)) == "valid"
    assert "即将到期" in phone.inner_text(".band")
    assert "今天到期" in phone.inner_text(".band .until")
    phone.clock.set_fixed_time(datetime(2026, 11, 25, 15, 59, 59, tzinfo=UTC))
    assert ask(phone, registry.bureau.code(until=TODAY)) == "valid"
    phone.clock.set_fixed_time(datetime(2026, 11, 25, 16, 0, tzinfo=UTC))  # midnight in Shanghai
    assert ask(phone, registry.bureau.code(until=TODAY)) == "expired"


def test_an_old_list_is_amber_and_never_green(phone: Any, registry: Registry) -> None:
    keep(phone, registry)
    registry.stop(phone)
    phone.clock.set_fixed_time(NOW + timedelta(days=7) - timedelta(seconds=1))
    open_page(phone, registry.base)
    assert ask(phone, registry.bureau.code()) == "valid"
    phone.clock.set_fixed_time(NOW + timedelta(days=7))
    open_page(phone, registry.base)
    assert ask(phone, registry.bureau.code()) == "status_too_old"
    assert phone.get_attribute(".band", "class") == "band is-unsure"
    assert phone.get_attribute("[data-state]", "data-state") == "old"
    assert ask(phone, registry.bureau.code(REVOKED)) == "revoked"  # what was taken back stays so


def test_who_was_never_online_is_told_so(phone: Any, registry: Registry) -> None:
    registry.front.withheld = True
    open_page(phone, registry.base, code=registry.bureau.code())
    assert word(phone) == "keys_missing"
    assert "尚未就绪" in phone.inner_text("[data-state]")
    assert not phone.query_selector(".serial")  # nothing in it is to be believed or shown
    registry.front.withheld = False
    open_page(phone, registry.base, code=registry.bureau.code())
    phone.wait_for_selector("[data-word=valid]", state="attached")  # judged again as soon as the lists are there


def test_what_is_revoked_is_seen_with_the_next_list(phone: Any, registry: Registry) -> None:
    open_page(phone, registry.base, code=registry.bureau.code(9))
    assert word(phone) == "valid"
    registry.bureau.statuses[9], registry.bureau.status_version = 1, 2
    open_page(phone, registry.base, code=registry.bureau.code(9))
    phone.wait_for_selector("[data-word=revoked]", state="attached")


def test_an_older_list_is_refused_and_the_kept_one_stays(phone: Any, registry: Registry) -> None:
    registry.bureau.statuses[9], registry.bureau.status_version = 1, 8
    open_page(phone, registry.base)
    registry.bureau.statuses, registry.bureau.status_version = {}, 7
    open_page(phone, registry.base)
    assert "rollback" in phone.inner_text("[data-state]")
    assert ask(phone, registry.bureau.code(9)) == "revoked"


def test_an_older_key_list_is_refused(phone: Any, registry: Registry) -> None:
    registry.bureau.version = 2
    open_page(phone, registry.base)
    registry.bureau.version = 1
    open_page(phone, registry.base)
    assert "rollback" in phone.inner_text("[data-state]")


def test_keys_of_another_root_are_not_taken(phone: Any, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    pins = registry.bureau.pins
    monkeypatch.setattr(verify_page, "_pins", lambda: pins)
    registry.bureau.root = Pair("a root of somebody else")
    open_page(phone, registry.base, code=registry.bureau.code())
    assert word(phone) == "keys_missing"
    assert "unknown_root" in phone.inner_text("[data-state]")


def test_a_clock_set_back_makes_nothing_valid_again(phone: Any, registry: Registry) -> None:
    gone = registry.bureau.code(until=TODAY - timedelta(days=1))
    keep(phone, registry)
    phone.clock.set_fixed_time(NOW - timedelta(days=30))
    open_page(phone, registry.base, code=gone)
    assert word(phone) == "expired"


def test_the_fragment_is_in_no_request(phone: Any, registry: Registry) -> None:
    code = registry.bureau.code()
    address, digits = code.split("#")
    open_page(phone, registry.base, code=code)
    phone.goto(code)  # the live page of a code nobody was given
    phone.wait_for_load_state("networkidle")
    assert any(f"GET {address.removeprefix(registry.base)}" in line for line in registry.front.log)
    assert not [line for line in registry.front.log if digits[:20] in line or "#" in line or "code=" in line]


def test_http_without_webcrypto_uses_the_kept_script(chromium: Any, registry: Registry) -> None:
    """A name that is no localhost and no https: no crypto.subtle, no service worker, the same answers."""
    context = chromium.new_context(viewport=SIZES["phone"], locale="zh-CN")
    context.clock.set_fixed_time(NOW)
    page = context.new_page()
    plain = "http://registry.test"
    page.route(
        f"{plain}/**",
        lambda route: route.fulfill(response=route.fetch(url=route.request.url.replace(plain, registry.base))),
    )
    registry.bureau.origin = plain
    open_page(page, plain, code=registry.bureau.code())
    assert not page.evaluate("isSecureContext || Boolean(crypto.subtle)")
    page.wait_for_selector("[data-word=valid]", state="attached")
    assert "noble-ed25519" in page.inner_text(".how-checked")
    assert page.is_visible("[data-insecure]")
    assert ask(page, flipped(registry.bureau.code())) == "forged"
    assert ask(page, registry.bureau.code(REVOKED)) == "revoked"
    context.close()


def test_what_a_buyer_compares_stands_large(phone: Any, registry: Registry) -> None:
    open_page(phone, registry.base, code=registry.bureau.code())
    phone.wait_for_selector("[data-word=valid]", state="attached")
    text = phone.inner_text("[data-answer]")
    for said in ("检定有效", "Valid", "还有 177 天", "数字指示秤", "ACS-30", "SC100001", "请与铭牌核对", "Compare with the nameplate",
                 "新乡市计量技术检测中心", "XXJL-JD-2026-000123", "2026-05-22", "2027-05-21"):  # fmt: skip
        assert said in text
    assert phone.evaluate("parseFloat(getComputedStyle(document.querySelector('.serial')).fontSize)") >= 28
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    assert phone.evaluate("document.activeElement.matches('[data-answer][role=status]')")
    assert phone.get_attribute("[data-answer] a[data-row=live]", "href") == registry.bureau.code().split("#")[0]


def test_a_label_without_serial_number_shows_the_register(phone: Any, registry: Registry) -> None:
    items = registry.bureau.code(serial="", page=None)
    assert items
    open_page(phone, registry.base, code=registry.bureau.code(serial="", page=("DW-9", "", "", "", "")))
    phone.wait_for_selector("[data-word=valid]", state="attached")
    assert phone.inner_text(".serial") == "DW-9"
    assert "登记编号" in phone.inner_text(".serial-label")


def test_the_label_of_an_instrument_leads_to_its_page_where_the_address_is_the_bureaus(
    phone: Any, registry: Registry
) -> None:
    open_page(phone, registry.base)
    for origin, leads in ((registry.base, True), ("https://jl-example.cn", False)):
        assert ask(phone, f"{origin}/i/AAAAAAAAAAAAAAAAAAAAAA") == "malformed"
        assert phone.get_attribute(".band", "data-band") == "instrument_label"
        assert phone.get_attribute(".band", "class") == "band is-unsure"
        link = phone.query_selector("[data-row=live]")
        assert (link is not None) is leads
        if link is not None:
            assert link.get_attribute("href") == f"{origin}/i/AAAAAAAAAAAAAAAAAAAAAA"


def test_what_a_code_says_is_text_and_never_markup(phone: Any, registry: Registry) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    open_page(
        phone,
        registry.base,
        code=registry.bureau.code(serial=hostile, page=(hostile, hostile, hostile, hostile, hostile)),
    )
    phone.wait_for_selector("[data-word=valid]", state="attached")
    assert phone.inner_text(".serial") == hostile
    assert not phone.query_selector("[data-answer] img")


def test_a_certificate_of_this_registry_from_issue_to_revocation(chromium: Any, front: tuple[Front, str]) -> None:
    """With our own issuer, keys and lists: the code opens, proves itself, and is told revoked as soon as it is."""
    app: Any = front[0].app
    with app.app_context():
        session = db.session()
        certificate = certify(session, create_team(session), create_scale(session), today=TODAY)
        session.commit()
        code, origin = certificate_codes.text_of(certificate, "P2", keys.ring().origin), keys.ring().origin
    context = chromium.new_context(viewport=SIZES["phone"], locale="zh-CN", service_workers="block")
    page = context.new_page()
    with served(app) as base:
        page.route(
            f"{origin}/**",
            lambda route: route.fulfill(response=route.fetch(url=route.request.url.replace(origin, base))),
        )
        page.goto(code)
        page.click("[data-verify-link]")
        page.wait_for_selector("[data-word=valid]", state="attached")
        assert page.inner_text(".serial") == "SC100001"
        with app.app_context():
            session = db.session()
            found = session.get(Certificate, certificate.id)
            certifying.end_document(session, OFFICER, found, "revoked", "repair", today=TODAY, now=NOW)
            session.commit()
        page.reload()
        page.wait_for_selector("[data-word=revoked]", state="attached")
        assert page.get_attribute(".band", "class") == "band is-revoked"
    context.close()


# -- pictures and the camera


def picture_of(code: str, folder: Path, pixels: int = 500) -> Path:
    """A photograph of the code on paper."""
    file = folder / "code.jpg"
    file.write_bytes(
        photograph(Print(code, 34, 300, "Q"), Shot(pixels, turn=8, tilt=0.02, defocus=0.6, noise=4), Random(7))
    )
    return file


def test_a_photograph_is_read_on_the_device_without_a_network(phone: Any, registry: Registry, tmp_path: Path) -> None:
    keep(phone, registry)
    registry.stop(phone)
    open_page(phone, registry.base)
    phone.set_input_files("[data-picture]", picture_of(registry.bureau.code(), tmp_path))
    phone.wait_for_selector("[data-word=valid]", state="attached")


def test_a_photograph_the_device_cannot_read_is_sent_once(chromium: Any, registry: Registry, tmp_path: Path) -> None:
    context = chromium.new_context(viewport=SIZES["phone"], service_workers="block")
    context.clock.set_fixed_time(NOW)
    page = context.new_page()
    page.route("**/vendor/qr/decode.js*", lambda route: route.abort())
    open_page(page, registry.base)
    page.set_input_files("[data-picture]", picture_of(registry.bureau.code(REVOKED), tmp_path))
    page.wait_for_selector("[data-word=revoked]", state="attached")
    assert sum("POST /verify/picture" in line for line in registry.front.log) == 1
    context.close()


def test_a_photograph_of_nothing_says_so(phone: Any, registry: Registry, tmp_path: Path) -> None:
    Image.new("RGB", (300, 300), "white").save(tmp_path / "white.png")
    open_page(phone, registry.base)
    phone.set_input_files("[data-picture]", tmp_path / "white.png")
    phone.wait_for_selector("[data-message]:has-text('没有识读到')")
    assert word(phone) is None


def test_the_camera_reads_a_label(phone: Any, registry: Registry, film: Path) -> None:
    frame = photograph(
        Print(registry.bureau.code(page=None), 21, 300, "M", is_thermal=True), Shot(420, turn=5, noise=3), Random(3)
    )
    film.write_bytes(frame * 3)
    open_page(phone, registry.base)
    phone.click("[data-scan]")
    phone.wait_for_selector("[data-word=valid]", state="attached")
    assert phone.inner_text(".serial") == "SC100001"
    assert phone.is_hidden("[data-scanner]")
    assert phone.evaluate("document.querySelector('video').srcObject") is None  # the camera is off again


def test_the_camera_can_be_stopped(phone: Any, registry: Registry, film: Path) -> None:
    blank = io.BytesIO()
    Image.new("L", (640, 480), 200).save(blank, "JPEG")
    film.write_bytes(blank.getvalue() * 3)
    open_page(phone, registry.base)
    phone.click("[data-scan]")
    phone.click("[data-stop]")
    phone.wait_for_selector("[data-scanner]", state="hidden")
    assert phone.evaluate("document.querySelector('video').srcObject") is None
    assert word(phone) is None


def test_without_a_camera_it_says_what_else_to_do(phone: Any, registry: Registry) -> None:
    phone.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))"
    )
    open_page(phone, registry.base)
    phone.click("[data-scan]")
    phone.wait_for_selector("[data-message]:has-text('选择照片')")
    assert phone.is_hidden("[data-scanner]")


# -- as an app


def test_it_is_an_app_with_a_worker_of_its_own_scope(phone: Any, registry: Registry) -> None:
    keep(phone, registry)
    scopes = phone.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.map((one) => one.scope))")
    assert scopes == [f"{registry.base}/verify"]
    names = phone.evaluate("caches.keys()")
    assert len([name for name in names if name != "verify-choices"]) == 1


def test_a_new_release_takes_the_place_of_the_old_one(
    phone: Any, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(phone, registry)
    first = set(phone.evaluate("caches.keys()")) - {"verify-choices"}
    plain = verify_page._page
    monkeypatch.setattr(
        verify_page,
        "_page",
        lambda *given, **named: plain(*given, **named).replace("</main>", "<p id='new'></p></main>"),
    )
    phone.evaluate("""() => new Promise((done) => {
      navigator.serviceWorker.addEventListener("controllerchange", done, { once: true });
      navigator.serviceWorker.getRegistration("/verify").then((one) => one.update());
    }).then(() => navigator.serviceWorker.getRegistration("/verify"))
      .then(({ active }) => active.state === "activated" || new Promise((done) => active.addEventListener("statechange", done)))
      .then(() => null)""")
    second = set(phone.evaluate("caches.keys()")) - {"verify-choices"}
    assert len(second) == 1
    assert not second & first
    registry.stop(phone)
    open_page(phone, registry.base)
    assert phone.query_selector("#new")


def test_both_languages_are_kept_and_the_choice_stays(phone: Any, registry: Registry) -> None:
    keep(phone, registry)
    registry.stop(phone)
    open_page(phone, registry.base)
    assert phone.inner_text("h1") == "核验证书真伪"
    phone.click(".language a")
    phone.wait_for_selector("[data-begun]", state="attached")
    assert phone.inner_text("h1") == "Check a certificate"
    open_page(phone, registry.base)
    assert phone.inner_text("h1") == "Check a certificate"


def test_who_reads_english_gets_english_without_having_chosen(chromium: Any, registry: Registry) -> None:
    context = chromium.new_context(viewport=SIZES["phone"], locale="en-US")
    page = context.new_page()
    context.clock.set_fixed_time(NOW)
    keep(page, registry)
    page.evaluate("caches.delete('verify-choices')")
    registry.stop(page)
    open_page(page, registry.base)
    assert page.inner_text("h1") == "Check a certificate"
    context.close()


def test_a_registry_begun_anew_is_believed_again(
    phone: Any, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same address with other roots (an example city made again): what was kept of the earlier one does not stand in the way."""
    registry.bureau.version = 5
    open_page(phone, registry.base)
    anew = replace(
        registry.bureau, root=Pair("new root"), next_root=Pair("newer root"), certificate=Pair("new"), version=1
    )
    registry.front.bureau = anew
    monkeypatch.setattr(verify_page, "_pins", lambda: anew.pins)
    with contextlib.suppress(Exception):
        phone.evaluate(
            "navigator.serviceWorker.getRegistrations().then((all) => Promise.all(all.map((one) => one.unregister())))"
        )
    open_page(phone, registry.base, code=anew.code())
    phone.wait_for_selector("[data-word=valid]", state="attached")


def test_without_scripts_the_page_asks_the_registry(chromium: Any, registry: Registry, tmp_path: Path) -> None:
    context = chromium.new_context(viewport=SIZES["phone"], java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{registry.base}/verify")
    assert page.is_visible("input[type=file][name=picture]")
    assert page.is_hidden("[data-verify]")
    page.set_input_files("input[name=picture]", picture_of(registry.bureau.code(), tmp_path))
    page.click(".by-hand button")
    assert page.url == registry.bureau.code().split("#")[0]
    assert "查无此码" in page.inner_text(
        ".band"
    )  # the live page has the last word: this bureau's codes are not in its register
    context.close()
