"""Headless Chromium for tests and screenshots, driven by Playwright; and a registry served to it on a free port."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

expect.set_options(timeout=30_000)  # as long as everything else waits: machines are shared
BINARY = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"phone": {"width": 360, "height": 780}, "desk": {"width": 1440, "height": 900}}

needs_chromium = pytest.mark.skipif(not BINARY, reason="no Chromium on this machine (Debian package chromium)")


@contextlib.contextmanager
def browser(*flags: str) -> Iterator[Any]:
    """A browser of its own, closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=BINARY, args=[*FLAGS, *flags], headless=True)
        try:
            yield opened
        finally:
            opened.close()


@contextlib.contextmanager
def served(app: Any, threads: int = 4) -> Iterator[str]:
    """An application (any WSGI callable) behind waitress on a free port; its address."""
    import waitress.server

    server = waitress.server.create_server(app, host="127.0.0.1", port=0, threads=threads)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(timeout=5)


def watch(page: Any, faults: list[str]) -> None:
    """Collect what the browser complains of: console errors, exceptions, and answers of 500 and above."""
    page.on(
        "console", lambda message: faults.append(f"{page.url}: {message.text}") if message.type == "error" else None
    )
    page.on("pageerror", lambda fault: faults.append(f"{page.url}: {fault}"))
    page.on(
        "response", lambda answer: faults.append(f"{answer.url}: {answer.status}") if answer.status >= 500 else None
    )


def kept(page: Any) -> None:
    """Wait until all that was typed into a form that saves itself is kept, and what the server answered is shown."""
    page.locator(".save-state:not(.is-behind)", has_text=":").wait_for()


def sign_in(page: Any, base: str, email: str, password: str) -> None:
    """Log in as a person would."""
    page.goto(f"{base}/login")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state("load")
    assert "/login" not in page.url, page.url
