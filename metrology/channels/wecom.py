"""WeCom (企业微信) group robots through apprise. Only hosts the installation names are ever called."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from apprise.exception import AppriseException
from apprise.plugins.wecombot import NotifyWeComBot

from metrology.channels.outcome import NotSent

PER_MINUTE = 20
"""Messages a robot takes a minute (developer.work.weixin.qq.com, document 91770)."""
TEXT_BYTES = 2048


class _Robot(NotifyWeComBot):
    """apprise's robot, which also reads the answer: WeCom refuses with HTTP 200 and an ``errcode``."""

    def send(self, body: str, title: str = "", **_rest: Any) -> bool:
        """Post the text; raise what WeCom says against it."""
        answer = requests.post(
            self.api_url,
            json={"msgtype": "text", "text": {"content": _cut(f"{title}\n{body}".strip())}},
            timeout=self.request_timeout,
            allow_redirects=False,
        )
        if answer.status_code != requests.codes.ok:
            raise NotSent(f"HTTP {answer.status_code}")
        said = answer.json()
        if said.get("errcode") != 0:
            raise NotSent(
                f"errcode {said.get('errcode')}: {said.get('errmsg')}", is_final=said.get("errcode") == INVALID_KEY
            )
        return True


INVALID_KEY = 93000


def send_wecom(webhook: str, *, subject: str, body: str, hosts: Collection[str]) -> None:
    """Send a text to a robot's webhook. Raises NotSent; finally for an address that is none of ``hosts`` or has no key."""
    parts = urlsplit(webhook)
    key = parse_qs(parts.query).get("key", [""])[0]
    if parts.netloc not in hosts or not key or not _is_safe(parts.scheme, parts.hostname):
        raise NotSent("no WeCom robot address", is_final=True)
    try:
        robot = _Robot(key=key)
        robot.api_url = f"{parts.scheme}://{parts.netloc}{parts.path}?key={key}"
        robot.send(body, title=subject)
    except (requests.RequestException, ValueError, AppriseException, TypeError) as fault:
        raise NotSent(f"{type(fault).__name__}: {fault}") from fault


def _is_safe(scheme: str, host: str | None) -> bool:
    return scheme == "https" or (scheme == "http" and host == "127.0.0.1")


def _cut(text: str) -> str:
    """At most 2,048 bytes, cut between letters, saying that it was cut."""
    data = text.encode()
    if len(data) <= TEXT_BYTES:
        return text
    return data[: TEXT_BYTES - 3].decode(errors="ignore") + "…"
