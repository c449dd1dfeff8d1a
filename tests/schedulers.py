"""Schedulers in processes of their own, on the database of a test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from flask import Flask

from metrology.settings import ROOT
from tests.conftest import NOW


def start(app: Flask, program: str, begin: float, minutes: int, **more: str) -> subprocess.Popen[bytes]:
    """Start a program with the instant to begin at, minutes to add to ``NOW``, and ``NOW``; ``more`` are settings."""
    settings = app.config["METROLOGY"]
    environment = {
        **os.environ,
        "METROLOGY_INSTANCE": str(settings.instance),
        "DATABASE_URL": settings.database_url.replace("+psycopg", ""),
        "METROLOGY_SCHEDULER": "0",
        "PYTHONPATH": str(ROOT),
        **more,
    }
    arguments = [sys.executable, "-c", program, str(begin), str(minutes), NOW.isoformat()]
    return subprocess.Popen(arguments, env=environment, cwd=Path(ROOT), stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes], *, within: int) -> None:
    """Wait so many seconds at most until it is done, well."""
    _out, said = process.communicate(timeout=within)
    assert process.returncode == 0, said.decode()
