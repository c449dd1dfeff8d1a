"""Taking a text out of reach of whoever administers the database: to a folder (another machine's, mounted) or to a web address."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

import requests

from metrology.channels.outcome import NotSent

TIMEOUT = (5, 15)
TEXT_TYPE = "text/plain; charset=utf-8"


def to_folder(folder: str, name: str, text: str) -> None:
    """Write a file that is never written again. The same text under the same name is done already; another raises NotSent.

    On the disk when this returns. Let the folder allow adding files and nothing else, where the system can (``chattr +a``).
    """
    target = Path(folder) / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    except FileExistsError:
        if _same(target, text):
            return
        raise NotSent(
            f"{target} is there and says something else: the journal was rewritten, or the folder was"
        ) from None
    except OSError as fault:
        raise NotSent(f"{type(fault).__name__}: {fault}") from fault
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _sync(target.parent)
    except OSError as fault:
        target.unlink(missing_ok=True)
        raise NotSent(f"{type(fault).__name__}: {fault}") from fault


def _same(target: Path, text: str) -> bool:
    try:
        return target.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def to_url(url: str, text: str, *, hosts: Collection[str]) -> None:
    """Post a text. Raises NotSent; finally for an address that is none of ``hosts`` or not encrypted. Follows no redirect."""
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == "127.0.0.1")
    if parts.netloc not in hosts or not is_safe:
        raise NotSent(
            f"{parts.netloc or url} is no host that may be called (METROLOGY_CHECKPOINT_HOSTS)", is_final=True
        )
    try:
        answer = requests.post(
            url, data=text.encode(), headers={"Content-Type": TEXT_TYPE}, timeout=TIMEOUT, allow_redirects=False
        )
    except requests.RequestException as fault:
        raise NotSent(f"{type(fault).__name__}: {fault}") from fault
    if not 200 <= answer.status_code < 300:
        raise NotSent(f"HTTP {answer.status_code}")
