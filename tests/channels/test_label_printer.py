"""Label printers: only those named, one connection a job, and a silent one is said so."""

from __future__ import annotations

import socket
import threading

import pytest

from metrology.channels.label_printer import LabelPrinter, parse, send
from metrology.domain.problems import Problem


def test_a_job_arrives_whole() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        got: list[bytes] = []

        def take() -> None:
            line, _address = listening.accept()
            with line:
                while piece := line.recv(65536):
                    got.append(piece)

        thread = threading.Thread(target=take)
        thread.start()
        job = b"^XA^FS^XZ" * 20_000
        send(LabelPrinter("p", "127.0.0.1", listening.getsockname()[1], "zpl"), job)
        thread.join(timeout=10)
    assert b"".join(got) == job


def test_a_printer_that_is_off_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Problem, match="printer_unreachable"):
        send(LabelPrinter("前台", "127.0.0.1", port, "zpl"), b"x")


def test_printers_are_named_by_the_setting() -> None:
    assert parse("") == ()
    both = parse("前台=10.0.0.5:9100/zpl, 仓库=printer.lan:6101/TSPL")
    assert [(one.name, one.host, one.port, one.language) for one in both] == [
        ("前台", "10.0.0.5", 9100, "zpl"),
        ("仓库", "printer.lan", 6101, "tspl"),
    ]


@pytest.mark.parametrize("text", ["front", "a=host/zpl", "a=host:x/zpl", "a=host:9100", "a=host:9100/pcl", "=h:1/zpl"])
def test_a_setting_that_is_wrong_is_said_at_once(text: str) -> None:
    with pytest.raises(ValueError, match="METROLOGY_LABEL_PRINTERS"):
        parse(text)
