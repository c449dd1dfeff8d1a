"""Asks a server for pages from a process of its own: ``python -m bench.load PORT SECONDS CONNECTIONS PREFIX MUST CODES``.

Each connection asks for the next page when the last has come. Each request comes from another network, as phones do, so that the limit
for one network stays on. It prints how many pages came in how many seconds; a page that is not 200, or does not say ``MUST``, ends it.
"""

from __future__ import annotations

import itertools
import random
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
_END = b"\r\n\r\n"
_NETWORKS = 4000


def throughput(port: int, prefix: str, must: str, codes: Path, *, seconds: float, connections: int = 8) -> float:
    """Pages in a second, asked by another process."""
    command = [sys.executable, "-m", "bench.load", str(port), str(seconds), str(connections), prefix, must, str(codes)]
    done = subprocess.run(  # noqa: S603 - our own module
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    pages, taken = done.stdout.split()
    return int(pages) / float(taken)


def _requests(prefix: str, codes: list[str]) -> Iterator[bytes]:
    networks = itertools.cycle(f"10.{n >> 8 & 255}.{n & 255}.7" for n in random.sample(range(65536), _NETWORKS))
    for code in itertools.cycle(codes):
        yield (
            f"GET {prefix}{code} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: {next(networks)}\r\n"
            "Accept-Language: zh-CN\r\n\r\n"
        ).encode()


class _Connection:
    """One connection that asks, and knows when an answer is whole."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._got = bytearray()

    def ask(self, request: bytes) -> None:
        self._got.clear()
        self.socket.sendall(request)

    def answer(self) -> bytes | None:
        """The answer, when all of it has come."""
        self._got += self.socket.recv(1 << 18)
        end = self._got.find(_END)
        if end < 0:
            return None
        head = bytes(self._got[:end]).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return bytes(self._got) if len(self._got) >= end + len(_END) + length else None


def main() -> None:
    """Ask for so many seconds."""
    port, seconds, connections, prefix, must, path = sys.argv[1:]
    codes = Path(path).read_text().split()
    random.shuffle(codes)
    requests, mark = _requests(prefix, codes), must.encode()
    waiting = selectors.DefaultSelector()
    for _connection in range(int(connections)):
        one = _Connection(int(port))
        waiting.register(one.socket, selectors.EVENT_READ, one)
        one.ask(next(requests))
    pages, began = 0, time.perf_counter()
    while (taken := time.perf_counter() - began) < float(seconds) or pages < int(connections):
        for key, _events in waiting.select(1):
            answer = key.data.answer()
            if answer is None:
                continue
            if not answer.startswith(b"HTTP/1.1 200") or mark not in answer:
                sys.exit(f"not the page that was asked for: {answer[:3000].decode(errors='replace')}")
            pages += 1
            key.data.ask(next(requests))
    print(pages, taken)  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
