"""Mail and WeCom against servers on the loopback: what arrives, and what a refusal says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from aiosmtpd.controller import Controller

from metrology.channels.mail import send_mail
from metrology.channels.outcome import NotSent, NotSetUp
from metrology.channels.wecom import send_wecom


class Mailbox:
    """Takes what comes, or refuses it."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.answer = "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        if self.answer.startswith("5") or self.answer.startswith("4"):
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the same
        self.letters.append(envelope.content)
        return self.answer


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=0)
    # aiosmtpd connects to itself to see that it runs, so the port must be known before
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        controller.port = free.getsockname()[1]
    controller.start()
    yield box, f"mailto://127.0.0.1:{controller.port}?from=jl@bureau.example.cn&mode=insecure"
    controller.stop()


def _send(url: str, message_id: str = "abc@metrology") -> None:
    send_mail(
        url,
        sender="",
        recipient="owner@example.cn",
        subject="强制检定提醒\n二",
        body="第一行\n水表 W1",
        message_id=message_id,
    )


def test_a_letter_arrives_as_written(mailbox: tuple[Mailbox, str]) -> None:
    box, url = mailbox
    _send(url)
    letter = message_from_bytes(box.letters[0])
    assert str(make_header(decode_header(letter["Subject"]))) == "强制检定提醒 二"
    assert letter.get_all("Message-ID") == ["<abc@metrology>"]
    body = next(part for part in letter.walk() if part.get_content_type() == "text/plain")
    payload = body.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert "水表 W1" in payload.decode()


def test_a_second_try_has_the_same_message_id(mailbox: tuple[Mailbox, str]) -> None:
    box, url = mailbox
    _send(url)
    _send(url)
    assert {message_from_bytes(data)["Message-ID"] for data in box.letters} == {"<abc@metrology>"}


@pytest.mark.parametrize(("answer", "is_final"), [("550 no such user", True), ("450 try later", False)])
def test_a_refused_recipient_is_told_from_a_busy_server(
    mailbox: tuple[Mailbox, str], answer: str, is_final: bool
) -> None:
    box, url = mailbox
    box.answer = answer
    with pytest.raises(NotSent) as refusal:
        _send(url)
    assert refusal.value.is_final is is_final


def test_no_server_is_a_fault_to_try_again() -> None:
    with pytest.raises(NotSent) as refusal:
        _send("mailto://127.0.0.1:9?from=a@example.cn&mode=insecure")
    assert not refusal.value.is_final


def test_without_a_setting_it_says_so() -> None:
    with pytest.raises(NotSetUp):
        _send("")


class Robot(BaseHTTPRequestHandler):
    said: ClassVar[list[dict[str, Any]]] = []
    errcode = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Robot.said.append(json.loads(body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"errcode": Robot.errcode, "errmsg": "api freq out of limit"}).encode())

    def log_message(self, *_args: Any) -> None:
        """Stay silent."""


@pytest.fixture
def robot() -> Iterator[str]:
    Robot.said, Robot.errcode = [], 0
    server = HTTPServer(("127.0.0.1", 0), Robot)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_robot_gets_the_text(robot: str) -> None:
    send_wecom(f"http://{robot}/cgi-bin/webhook/send?key=abc", subject="提醒", body="水表", hosts=[robot])
    assert Robot.said == [{"msgtype": "text", "text": {"content": "提醒\n水表"}}]


def test_a_long_text_is_cut_between_letters(robot: str) -> None:
    send_wecom(f"http://{robot}/cgi-bin/webhook/send?key=abc", subject="", body="水" * 2000, hosts=[robot])
    content = Robot.said[0]["text"]["content"]
    assert len(content.encode()) <= 2048
    assert content.endswith("水…")


def test_a_refusal_inside_http_200_is_seen(robot: str) -> None:
    Robot.errcode = 45009
    with pytest.raises(NotSent, match="45009"):
        send_wecom(f"http://{robot}/cgi-bin/webhook/send?key=abc", subject="", body="x", hosts=[robot])


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:22/?key=a",
        "https://evil.example/?key=a",
        "file:///etc/passwd?key=a",
        "https://qyapi.weixin.qq.com/x",
    ],
)
def test_no_other_address_is_called(url: str) -> None:
    with pytest.raises(NotSent) as refusal:
        send_wecom(url, subject="", body="x", hosts=["qyapi.weixin.qq.com"])
    assert refusal.value.is_final
