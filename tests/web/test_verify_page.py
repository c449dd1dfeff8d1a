"""/verify on the server's side: what it hands out, what it reads for browsers that cannot, and what it refuses."""

from __future__ import annotations

import gzip
import io
import json
import re
from hashlib import sha256
from random import Random
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session

from metrology.documents.qr import qr_png
from metrology.services import certificate_lookup
from metrology.settings import ROOT
from metrology.web import rates, verify_page
from metrology.web.verify_words import ANSWERS, CALIBRATED, LABEL, NEAR_END, NO_CODE
from tests.bureau import TODAY, Bureau
from tests.records import certify, create_scale, create_team
from tests.scanning.photographing import Print, Shot, photograph

ZH = {"Accept-Language": "zh-CN"}
STATIC = ROOT / "static"
SCRIPTS = STATIC / "js" / "verify"
FORMAT = (ROOT / "docs" / "certificate-code.md").read_text(encoding="utf-8")


def words_of_the_format() -> dict[str, str]:
    """Word → colour, from the table of the page of the format."""
    rows = re.findall(r"^\| \d+ \| `(\w+)`.*? \| (green|amber|red) \| \d+ \|", FORMAT, re.MULTILINE)
    assert len(rows) == 30
    return dict(rows)


# -- words


def test_every_word_of_the_format_has_its_band() -> None:
    assert set(ANSWERS) - {NEAR_END, CALIBRATED, NO_CODE, LABEL} == set(words_of_the_format())


def test_nothing_but_valid_is_green() -> None:
    assert {name for name, band in ANSWERS.items() if band.kind == "valid"} == {"valid"}
    unsure = {word for word, colour in words_of_the_format().items() if colour == "amber"}
    assert {ANSWERS[word].kind for word in unsure} == {"unsure", "review"}
    assert not {ANSWERS[word].kind for word in set(words_of_the_format()) - unsure} & {"unsure", "review", "due_soon"}


def test_every_band_has_icon_and_both_words(client: FlaskClient) -> None:
    page = client.get("/verify", headers=ZH).text
    for name, band in ANSWERS.items():
        drawn = page.partition(f'data-band="{name}"')[2].partition("</header>")[0]
        assert "<svg" in drawn
        assert band.zh in drawn
        assert band.en in drawn


# -- the page


def test_the_page_is_public_and_needs_no_script(client: FlaskClient) -> None:
    answer = client.get("/verify", headers=ZH)
    page = answer.text
    assert answer.status_code == 200
    assert "核验证书真伪" in page
    assert "请与铭牌核对" in page
    assert "Compare with the nameplate" in page
    assert "127.0.0.1:8000" in page  # the official domain
    by_hand = page.partition("<noscript>")[2].partition("</noscript>")[0]
    assert 'method="post"' in by_hand
    assert 'name="picture"' in by_hand
    assert 'name="number"' in by_hand


def test_the_page_in_english(client: FlaskClient) -> None:
    page = client.get("/verify?lang=en").text
    assert "Check a certificate" in page
    assert "What a signature cannot prove" in page
    assert re.search(r'<html lang="en">', page)


def test_it_weighs_little(client: FlaskClient) -> None:
    """Transferred and packed: the page's own scripts stay under 60 kB, all that a first visit loads under 120 kB."""
    own = [file for file in SCRIPTS.glob("*.js") if file.name != "link.js"]
    packed = {file.name: len(gzip.compress(file.read_bytes())) for file in own}
    assert sum(file.stat().st_size for file in own) < 60_000
    sheets = sum(len(gzip.compress((STATIC / f"css/{name}.css").read_bytes())) for name in verify_page._SHEETS)
    assert sum(packed.values()) + sheets + len(gzip.compress(client.get("/verify").data)) < 120_000


def test_the_certificate_leads_here_and_takes_the_fragment_along(
    client: FlaskClient, session: Session, set_today: Any
) -> None:
    certificate = certify(session, create_team(session), create_scale(session))
    session.commit()
    page = client.get(f"/c/{certificate.code}", headers=ZH).text
    assert re.search(r'<a [^>]*href="/verify"[^>]*data-verify-link', page)
    assert "核验真伪" in page
    assert re.search(r'<script type="module" src="/static/js/verify/link.js\?v=[0-9a-f]+">', page)


# -- as an app


def test_the_manifest_makes_it_an_app(client: FlaskClient) -> None:
    answer = client.get("/verify/manifest.webmanifest?lang=zh_Hans_CN")
    about = json.loads(answer.data)
    assert answer.mimetype == "application/manifest+json"
    assert (about["start_url"], about["scope"], about["display"], about["name"]) == (
        "/verify",
        "/verify",
        "standalone",
        "核验证书真伪",
    )
    assert {(icon["sizes"], icon.get("purpose", "any")) for icon in about["icons"]} >= {
        ("192x192", "any"), ("512x512", "any"), ("512x512", "maskable"),
    }  # fmt: skip
    for icon in about["icons"]:
        file = client.get(icon["src"])
        assert file.status_code == 200
        assert file.mimetype == icon["type"]
        if icon["sizes"] != "any":
            assert "x".join(map(str, Image.open(io.BytesIO(file.data)).size)) == icon["sizes"]


def test_the_maskable_icon_reaches_its_edges() -> None:
    icon = Image.open(STATIC / "icons" / "mark-maskable-512.png").convert("RGBA")
    assert {icon.getpixel(corner) for corner in ((0, 0), (511, 0), (0, 511), (511, 511))} == {(11, 90, 112, 255)}


def shell(client: FlaskClient) -> dict[str, Any]:
    script = client.get("/verify/worker.js").text
    found: dict[str, Any] = json.loads(re.match(r"const SHELL = (.*);\n", script)[1])  # type: ignore[index]
    return found


def test_the_worker_comes_with_its_headers(client: FlaskClient) -> None:
    answer = client.get("/verify/worker.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Service-Worker-Allowed"] == "/verify"
    assert answer.headers["Cache-Control"] == "no-cache"
    policy = answer.headers["Content-Security-Policy"]
    for part in ("worker-src 'self'", "manifest-src 'self'", "script-src 'self'", "connect-src 'self'"):
        assert part in policy
    assert "unsafe" not in policy
    assert "Set-Cookie" not in answer.headers


def test_the_worker_keeps_all_the_page_uses_and_all_of_it_is_there(client: FlaskClient) -> None:
    kept = shell(client)
    for address in (*kept["files"], *kept["pages"].values()):
        assert client.get(address).status_code == 200, address
    page = client.get("/verify?lang=zh_Hans_CN").text
    used = re.findall(r'(?:src|href)="(/static/[^"]+|/verify/[^"]+)"', page)
    assert set(used) <= set(kept["files"])
    scripts = {file.name for file in SCRIPTS.glob("*.js")} - {"worker.js", "link.js"}
    imported = {name for file in SCRIPTS.glob("*.js") for name in re.findall(r'from "\./([\w.-]+)"', file.read_text())}
    assert imported <= scripts
    assert {f"/static/js/verify/{name}" for name in scripts} <= set(kept["paths"])


def test_the_worker_is_the_same_until_something_changes(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.get("/verify/worker.js").text
    assert client.get("/verify/worker.js", headers={"Accept-Language": "en"}).text == first
    monkeypatch.setattr(verify_page, "_pins", lambda: [{"kid": "0" * 16, "x": "A"}])
    assert client.get("/verify/worker.js").text != first


def test_the_token_is_fresh_and_no_page_is_kept_by_others(client: FlaskClient) -> None:
    answer = client.get("/verify/token")
    assert len(answer.json["token"]) > 20
    assert answer.headers["Cache-Control"] == "no-store"


# -- photographs and what is typed


def picture(text: str) -> io.BytesIO:
    return io.BytesIO(qr_png(text, module_px=4))


def test_a_photograph_is_read(client: FlaskClient) -> None:
    code = Bureau().code()
    photo = photograph(Print(code, 34, 300, "Q"), Shot(450, turn=12, tilt=0.03, noise=6), Random(1))
    answer = client.post("/verify/picture", data={"picture": (io.BytesIO(photo), "p.jpg")})
    assert answer.json == {"texts": [code]}


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "file_empty"), (b"no picture", "image_unreadable"), (b"x" * 2_000, "picture_too_large")]
)
def test_what_is_no_photograph_is_refused(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, data: bytes, code: str
) -> None:
    monkeypatch.setattr(verify_page, "LARGEST_PICTURE", 1_999)
    answer = client.post("/verify/picture", data={"picture": (io.BytesIO(data), "p.jpg")})
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_a_photograph_needs_a_token(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        client = app.test_client()
        token = client.get("/verify/token").json["token"]
        photo = picture("https://a.cn/c/x").getvalue()
        assert client.post("/verify/picture", data={"picture": (io.BytesIO(photo), "p.png")}).status_code == 400
        with_token = client.post(
            "/verify/picture", data={"picture": (io.BytesIO(photo), "p.png")}, headers={"X-CSRFToken": token}
        )
        assert with_token.json == {"texts": ["https://a.cn/c/x"]}
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_photographs_are_not_sent_without_end(app: Flask, set_today: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", True)
    monkeypatch.setattr(rates, "_pending", {})
    set_today(TODAY)  # one instant: no window ends meanwhile
    client = app.test_client()
    answers = [client.post("/verify/picture").status_code for _ in range(rates.PICTURES.count + 10)]
    assert (answers[0], answers[-1]) == (422, 429)


def test_without_scripts_a_photograph_leads_to_the_live_page(
    client: FlaskClient, session: Session, set_today: Any
) -> None:
    certificate = certify(session, create_team(session), create_scale(session))
    session.commit()
    for given in (
        {"picture": (picture(f"https://jl.example.cn/c/{certificate.code}#123"), "p.png")},
        {"text": f" https://jl.example.cn/c/{certificate.code} "},
        {"number": certificate.number, "serial_number": " sc100001 "},
    ):
        answer = client.post("/verify", data=given)
        assert (answer.status_code, answer.location) == (303, f"/c/{certificate.code}")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "请提供照片"),
        ({"text": "weixin://pay"}, "不是证书编码"),
        ({"number": "XXJL-JD-2026-000001"}, "请提供照片"),
        ({"number": "XXJL-JD-2026-000001", "serial_number": "1"}, "没有证书同时具有"),
    ],
)
def test_what_leads_nowhere_is_said_and_kept(client: FlaskClient, given: dict[str, str], said: str) -> None:
    answer = client.post("/verify", data=given, headers=ZH)
    assert answer.status_code == 422
    assert said in answer.text
    for value in given.values():
        assert f'value="{value}"' in answer.text


def test_a_photograph_without_code_is_told_so(client: FlaskClient) -> None:
    blank = io.BytesIO()
    Image.new("L", (80, 80), 255).save(blank, "PNG")
    blank.seek(0)
    answer = client.post("/verify", data={"picture": (blank, "p.png")}, headers=ZH)
    assert answer.status_code == 422
    assert "没有识读到" in answer.text


def test_a_number_alone_or_with_another_serial_number_finds_nothing(session: Session, set_today: Any) -> None:
    """Numbers follow one another: who knows one knows the next."""
    certificate = certify(session, create_team(session), create_scale(session))
    assert certificate_lookup.code_by_number(session, certificate.number, "SC100001") == certificate.code
    for number, serial, code in (
        (certificate.number, "", "number_and_serial_needed"),
        (certificate.number, "SC100002", "no_such_certificate"),
        (certificate.number + "0", "SC100001", "no_such_certificate"),
    ):
        with pytest.raises(Exception, match=code):
            certificate_lookup.code_by_number(session, number, serial)


def test_wrong_numbers_are_not_tried_without_end(app: Flask, set_today: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", True)
    monkeypatch.setattr(rates, "_pending", {})
    set_today(TODAY)  # one instant: no window ends meanwhile
    client = app.test_client()
    answers = [client.post("/verify", data={"number": str(one), "serial_number": "1"}).status_code for one in range(25)]
    assert (answers[0], answers[-1]) == (422, 429)


# -- what others wrote


def test_vendored_scripts_are_the_published_ones() -> None:
    """static/vendor/README.md names release and hash of each file; a change is a new release, looked at."""
    noted = dict(
        reversed(line.split())
        for line in re.findall(r"^[0-9a-f]{64}  \S+$", (STATIC / "vendor/README.md").read_text(), re.MULTILINE)
    )
    there = {
        file.relative_to(STATIC / "vendor").as_posix(): sha256(file.read_bytes()).hexdigest()
        for file in (STATIC / "vendor").rglob("*")
        if file.is_file() and file.name != "README.md"
    }
    assert there == noted
    for folder in ("noble-ed25519", "noble-hashes", "qr"):
        assert any(name.startswith(f"{folder}/LICENSE") for name in there)
