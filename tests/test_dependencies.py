"""What we install is not known to be bad, and is written down exactly.

The floors are kept by hand: there is no advisory service to ask everywhere a build runs, and one that cannot be reached
answers "nothing found". The control entry shows that the comparison can fail.
"""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from metrology.persistence import sqlite_safety
from metrology.persistence.database import SAFE_SQLITE, sqlite_library
from metrology.persistence.sqlite_safety import UnsafeLibrary, warning_about

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([0-9][0-9a-z.]*)(?:\s*;.*)?")
FLOORS = {
    # package → first release without a known hole that matters here, and what it was
    "jinja2": "3.1.6",  # out of the sandbox by |attr (CVE-2025-27516)
    "werkzeug": "3.1.6",  # device names of Windows in safe_join (GHSA-29vq-49wr-vm6x)
    "flask": "3.1.1",  # sessions signed with a stale key (CVE-2025-47278)
    "pillow": "11.3.0",  # buffer overflow when saving DDS (CVE-2025-48379)
    "cryptography": "44.0.1",  # OpenSSL in the wheels (CVE-2024-12797)
    "requests": "2.32.4",  # credentials of .netrc sent elsewhere (CVE-2024-47081)
    "urllib3": "2.6.3",  # decompression bombs behind redirects (CVE-2026-21441)
    "waitress": "3.0.1",  # request smuggling by pipelining (CVE-2024-49768)
    "idna": "3.7",  # quadratic time (CVE-2024-3651)
    "cbor2": "5.9.0",  # nesting without end (CVE-2026-26209)
    "pysqlite3": "0.6.1",  # bundles an SQLite without the WAL-reset bug
}
CONTROL = {"jinja2": "2.11.2"}
"""A release with known holes: the check must refuse it."""


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def below_floor(installed: dict[str, str], floors: dict[str, str]) -> list[str]:
    return [
        f"{name} {installed[name]} < {floor}"
        for name, floor in floors.items()
        if name in installed and _number(installed[name]) < _number(floor)
    ]


def pinned(file: str) -> dict[str, str]:
    lines = [line.partition("#")[0].strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines()]
    matches = {line: PIN.fullmatch(line) for line in lines if line and not line.startswith("-r ")}
    loose = [line for line, match in matches.items() if match is None]
    assert not loose, f"not pinned to one release in {file}: {loose}"
    return {match[1].lower().replace("_", "-"): match[2] for match in matches.values() if match}


def installed() -> dict[str, str]:
    return {one.name.lower().replace("_", "-"): one.version for one in metadata.distributions()}


def test_nothing_installed_is_below_its_floor() -> None:
    assert below_floor(installed(), FLOORS) == []


def test_the_check_refuses_a_release_with_known_holes() -> None:
    assert below_floor({**installed(), **CONTROL}, FLOORS) == ["jinja2 2.11.2 < 3.1.6"]


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_installed_so(file: str) -> None:
    have = installed()
    other = {name: (version, have.get(name)) for name, version in pinned(file).items() if have.get(name) != version}
    assert other == {}


def test_floors_name_packages_we_have() -> None:
    assert set(FLOORS) - set(installed()) == set()


def test_sqlite_has_no_wal_reset_bug() -> None:
    assert tuple(sqlite_library().sqlite_version_info) >= SAFE_SQLITE == (3, 51, 3)


def test_an_old_sqlite_serves_one_process_with_a_warning_and_never_several() -> None:
    assert "3.40.1" in (warning_about("sqlite:///a.db", workers=1, version=(3, 40, 1)) or "")
    with pytest.raises(UnsafeLibrary, match="METROLOGY_WORKERS=1"):
        warning_about("sqlite:///a.db", workers=2, version=(3, 51, 2))
    assert warning_about("sqlite:///a.db", workers=2, version=(3, 51, 3)) is None


def test_the_application_asks_at_its_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from metrology import create_app
    from metrology.settings import load

    class Old:
        sqlite_version_info = (3, 40, 1)

    monkeypatch.setattr(sqlite_safety, "sqlite_library", lambda: Old)
    with pytest.raises(UnsafeLibrary):
        create_app(load({"METROLOGY_INSTANCE": str(tmp_path), "METROLOGY_WORKERS": "2"}))


def test_python_is_the_one_promised() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11"
