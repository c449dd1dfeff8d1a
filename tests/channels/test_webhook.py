"""Posting to an address somebody typed: never into a private network, never where a name did not lead when it was looked at."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from metrology.channels import webhook
from metrology.channels.outcome import NotSent
from metrology.channels.webhook import is_public, post, target_of
from tests.receiver import Receiver, receiving, say, wait


@pytest.fixture
def box() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def send(box: Receiver, url: str = "", hosts: frozenset[str] | None = None) -> webhook.Answer:
    named = frozenset({box.host}) if hosts is None else hosts
    return post(target_of(url or box.url, named), b'{"a":1}', {"webhook-id": "m1"})


def resolved(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Every name stands for these addresses; what was connected to."""
    connected: list[str] = []

    def found(_host: str, port: int, **_more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    def connect(address: tuple[str, int], **_more: Any) -> socket.socket:
        connected.append(address[0])
        wire = socket.socket()
        wire.connect(address)
        return wire

    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setattr(socket, "create_connection", connect)
    return connected


# -- what may be called


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://erp.example.cn/in", "webhook_needs_https"),
        ("ftp://erp.example.cn/in", "bad_webhook_url"),
        ("erp.example.cn/in", "bad_webhook_url"),
        ("https:///in", "bad_webhook_url"),
        ("https://erp.example.cn:99999/in", "bad_webhook_url"),
        ("https://[::1/in", "bad_webhook_url"),
        ("https://erp.example.cn/in\r\nX-Other: 1", "bad_webhook_url"),
        ("https://erp.example.cn\\@10.0.0.1/in", "bad_webhook_url"),
        ("https://计量.example.cn/in", "bad_webhook_url"),
        ("https://erp.example.cn/" + "a" * 500, "bad_webhook_url"),
        ("https://user:word@erp.example.cn/in", "webhook_url_secret"),
        ("https://erp.example.cn/in#part", "webhook_url_secret"),
        ("https://127.0.0.1/in", "webhook_host_private"),
        ("https://10.1.2.3/in", "webhook_host_private"),
        ("https://169.254.169.254/latest/meta-data", "webhook_host_private"),
        ("https://[::ffff:192.168.1.1]/in", "webhook_host_private"),
    ],
)  # fmt: skip
def test_addresses_that_are_never_called(url: str, code: str) -> None:
    with pytest.raises(NotSent, match=code) as refused:
        target_of(url, frozenset({"other.example.cn"}))
    assert refused.value.is_final


@pytest.mark.parametrize(("headers", "asked"), [({}, ""), ({"Retry-After": "120"}, "120")])
def test_an_answer_says_when_it_wants_to_be_asked_again(box: Receiver, headers: dict[str, str], asked: str) -> None:
    box.replies.append(say(503, **headers))
    assert send(box).retry_after == asked


def test_hosts_the_installation_names_may_be_private_and_plain() -> None:
    assert target_of("http://10.1.2.3:8080/in?a=1", {"10.1.2.3:8080"}).path == "/in?a=1"
    assert target_of("http://erp.lan/in", {"erp.lan"}).netloc == "erp.lan"
    with pytest.raises(NotSent):
        target_of("http://10.1.2.3:8081/in", {"10.1.2.3:8080"})


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *[(one, False) for one in ("0.0.0.0", "127.8.9.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.1.1")],
        *[(one, False) for one in ("100.64.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255")],
        *[(one, False) for one in ("::", "::1", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "2001:db8::1")],
        *[(one, False) for one in ("64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:1::1")],
        *[(one, True) for one in ("8.8.8.8", "2400:3200::1", "64:ff9b::808:808", "::ffff:8.8.8.8")],
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, *, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("8.8.8.8", "10.0.0.1"), ("::1",)])
def test_a_name_that_leads_into_a_private_network_is_not_called(
    box: Receiver, monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    connected = resolved(monkeypatch, *addresses)
    with pytest.raises(NotSent, match="private network"):
        send(box, f"https://erp.example.cn:{box.port}/in", frozenset())
    assert (connected, box.messages) == ([], [])


def test_the_connection_goes_to_the_address_that_was_looked_at(box: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    connected = resolved(monkeypatch, "127.0.0.1")
    assert send(box, f"http://erp.lan:{box.port}/in", frozenset({"erp.lan"})).status == 204
    assert connected == ["127.0.0.1"]
    assert box.messages[0].headers["host"] == f"erp.lan:{box.port}"


# -- what is answered


def test_a_message_comes_whole_with_its_headers(box: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert send(box).status == 204
    (message,) = box.messages
    assert (message.path, message.body, message.id) == ("/in", b'{"a":1}', "m1")
    assert message.headers["content-type"] == "application/json"


def test_redirects_are_answers_like_others(box: Receiver) -> None:
    with receiving() as inner:
        box.replies.append(say(307, b"", Location=inner.url))
        assert send(box).status == 307
        assert inner.messages == []


def test_of_an_answer_only_the_beginning_is_kept(box: Receiver) -> None:
    box.replies.append(say(500, b"a\x00\xffb" + b"x" * 1_000_000))
    answer = send(box)
    assert (answer.status, len(answer.text)) == (500, 500)
    assert answer.text.startswith("a �b")


def test_who_does_not_answer_is_left(box: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT", 0.2)
    box.replies.append(wait(1))
    with pytest.raises(NotSent, match="timed out"):
        send(box)


def test_who_answers_letter_by_letter_is_cut_off(box: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "TOTAL", 0.5)

    def drip(request: Any) -> None:
        request.send_response(200)
        for _time in range(100):
            try:
                request.wfile.write(b"X-Drip: 1\r\n")
            except OSError:
                return
            time.sleep(0.05)

    box.replies.append(drip)
    begin = time.monotonic()
    with pytest.raises(NotSent):
        send(box)
    assert time.monotonic() - begin < 3


def test_what_is_no_http_and_who_is_not_there(box: Receiver) -> None:
    box.replies.append(lambda request: request.wfile.write(b"hello\r\n") and None)
    with pytest.raises(NotSent):
        send(box)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(NotSent):
        send(box, f"http://{gone}/in", frozenset({gone}))
    with pytest.raises(NotSent):
        send(box, "http://nowhere.invalid/in", frozenset({"nowhere.invalid"}))


def test_a_certificate_nobody_vouches_for_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with receiving(context) as box:
        with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            send(box)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert send(box).status == 204
        assert len(box.messages) == 1


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "erp")])
    day = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(day - timedelta(days=1))
        .not_valid_after(day + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "cert.pem"
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    pem = serialization.Encoding.PEM
    file.write_bytes(key.private_bytes(pem, form, plain) + made.public_bytes(pem))
    return file
