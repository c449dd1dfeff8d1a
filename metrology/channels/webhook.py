"""Posting a message to another system's address, which somebody typed: guarded against being led into our own network.

The name is resolved here, every address it stands for must be a public one, and the connection goes to the very address that was
looked at: a name that answers otherwise a moment later leads nowhere. No redirect is followed, no proxy of the environment
asked, and everything together is over within ``TOTAL``. Hosts the installation names (``METROLOGY_WEBHOOK_HOSTS``) may be
private and without TLS.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import certifi

from metrology.channels.outcome import NotSent

TIMEOUT = 10.0
"""Seconds for a single step: connecting, or a silence while reading."""
TOTAL = 20.0
"""Seconds for all of it, however slowly the other side answers."""
READ = 64 * 1024
"""Bytes of an answer that are looked at."""
SHOWN = 500
LONGEST = 500
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said: its status, how its body begins, and when it wants to be asked again (``Retry-After``)."""

    status: int
    text: str
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be called."""

    scheme: str
    host: str
    port: int
    path: str
    is_named: bool
    """Whether the installation names its host: then it may be private."""

    @property
    def netloc(self) -> str:
        """Host and port, as the Host header says them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"https": 443, "http": 80}[self.scheme] else f"{host}:{self.port}"


def target_of(url: str, hosts: Collection[str]) -> Target:
    """What an address names. Raises NotSent, finally, for one that may never be called; names are not resolved here."""
    parts = _parts(url)
    try:
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        port = 0
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in ("https", "http") or not host or not port:
        raise NotSent("bad_webhook_url", is_final=True)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise NotSent("webhook_url_secret", is_final=True)
    is_named = host in hosts or f"{host}:{port}" in hosts
    if parts.scheme != "https" and not is_named:
        raise NotSent("webhook_needs_https", is_final=True)
    literal = _literal(host)
    if literal is not None and not is_named and not is_public(literal):
        raise NotSent("webhook_host_private", is_final=True)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, is_named)


def _parts(url: str) -> SplitResult:
    is_plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if not is_plain or len(url) > LONGEST:
        raise NotSent("bad_webhook_url", is_final=True)
    try:
        return urlsplit(url)
    except ValueError as fault:
        raise NotSent("bad_webhook_url", is_final=True) from fault


def _literal(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: _Address) -> bool:
    """Whether an address is one of the whole Internet's, also once a gateway has unpacked what lies in it."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.sixtofour is not None or address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _addresses(target: Target) -> list[str]:
    """The addresses to try. Raises NotSent when one of them is not public and the host is not named."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as fault:
        raise NotSent(f"{target.host}: {fault}") from fault
    texts = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not target.is_named and not all(is_public(ipaddress.ip_address(text.partition("%")[0])) for text in texts):
        raise NotSent(f"{target.host} leads into a private network")
    return texts


def post(target: Target, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Post a JSON body; the answer, whatever its status. Raises NotSent when there is none."""
    try:
        with _connection(target) as connection:
            connection.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
            sent = {"Host": target.netloc, "Content-Type": "application/json", "Content-Length": str(len(body))}
            for name, value in {**sent, "User-Agent": "metrology-webhooks/1", "Connection": "close", **headers}.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, _shown(answer.read(READ)), answer.getheader("Retry-After", ""))
    except (OSError, http.client.HTTPException, ValueError) as fault:
        said = "timed out" if isinstance(fault, TimeoutError) else str(fault)
        raise NotSent(f"{type(fault).__name__}: {said}"[:SHOWN]) from fault


@contextmanager
def _connection(target: Target) -> Iterator[http.client.HTTPConnection]:
    """A connection to an address that was looked at, cut when the time is over."""
    with _open(target) as wire:
        timer = threading.Timer(TOTAL, _cut, [wire])
        timer.daemon = True
        timer.start()
        try:
            if isinstance(wire, ssl.SSLSocket):
                wire.do_handshake()
            connection = http.client.HTTPConnection(target.host, target.port)
            connection.auto_open = 0  # it must never resolve the name again
            connection.sock = wire
            yield connection
        finally:
            timer.cancel()


def _open(target: Target) -> socket.socket:
    fault: OSError | None = None
    for address in _addresses(target)[:4]:
        try:
            wire = socket.create_connection((address, target.port), timeout=TIMEOUT)
        except OSError as refused:
            fault = refused
            continue
        if target.scheme == "http":
            return wire
        return _context().wrap_socket(wire, server_hostname=target.host, do_handshake_on_connect=False)
    raise fault or OSError("no address")


def _context() -> ssl.SSLContext:
    """What the machine trusts (an office's own authority is installed there), and what certifi brings."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _cut(wire: socket.socket) -> None:
    try:
        socket.socket.shutdown(wire, socket.SHUT_RDWR)  # of the plain socket: the one of TLS is not for other threads
    except OSError:
        return


def _shown(data: bytes) -> str:
    """How an answer begins, without what cannot be shown or kept."""
    text = data.decode("utf-8", errors="replace")
    return "".join(letter if letter.isprintable() else " " for letter in text[: SHOWN * 2])[:SHOWN].strip()
