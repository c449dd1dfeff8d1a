"""Sends a finished job to a thermal printer over TCP (port 9100 as a rule); only to printers the installation names."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Final, Literal

from metrology.domain.problems import Problem

TIMEOUT: Final = 10.0
Language = Literal["zpl", "tspl"]
_LANGUAGES: Final[dict[str, Language]] = {"zpl": "zpl", "tspl": "tspl"}


@dataclass(frozen=True, slots=True)
class LabelPrinter:
    """A printer by its name, where it listens, and what it speaks."""

    name: str
    host: str
    port: int
    language: Language


def parse(text: str) -> tuple[LabelPrinter, ...]:
    """The printers of the setting.

    >>> parse("前台=192.0.2.7:9100/zpl")
    (LabelPrinter(name='前台', host='192.0.2.7', port=9100, language='zpl'),)
    """
    found = []
    for entry in (part.strip() for part in text.split(",") if part.strip()):
        name, _equals, address = entry.partition("=")
        place, _slash, language = address.rpartition("/")
        host, _colon, port = place.rpartition(":")
        known = _LANGUAGES.get(language.strip().lower())
        if not name.strip() or not host.strip() or not port.strip().isdecimal() or known is None:
            raise ValueError(f"METROLOGY_LABEL_PRINTERS: {entry!r} is not name=host:port/zpl or /tspl")
        found.append(LabelPrinter(name.strip(), host.strip(), int(port), known))
    return tuple(found)


def send(printer: LabelPrinter, job: bytes) -> None:
    """Hand a job over. That it was printed, only a look at the printer tells."""
    try:
        with socket.create_connection((printer.host, printer.port), timeout=TIMEOUT) as line:
            line.sendall(job)
            line.shutdown(socket.SHUT_WR)
    except OSError as fault:
        raise Problem("printer_unreachable", "printer", name=printer.name) from fault
