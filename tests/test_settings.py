"""Settings: keys are made once and kept private; the public address follows host and port unless it is said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from metrology.settings import load


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first = load({"METROLOGY_INSTANCE": str(tmp_path)})
    again = load({"METROLOGY_INSTANCE": str(tmp_path)})
    assert first.secret_key == again.secret_key
    assert len(first.secret_key) >= 64
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    one, two = (load({"METROLOGY_INSTANCE": str(tmp_path / name)}) for name in "ab")
    assert one.secret_key != two.secret_key


def test_public_address_follows_the_port_unless_said(tmp_path: Path) -> None:
    assert load({"METROLOGY_INSTANCE": str(tmp_path), "METROLOGY_PORT": "8123"}).public_url == "http://127.0.0.1:8123"
    said = {"METROLOGY_INSTANCE": str(tmp_path), "METROLOGY_PUBLIC_URL": "https://jl.example.gov.cn/"}
    assert load(said).public_url == "https://jl.example.gov.cn"
    assert load(said).is_https


def test_postgresql_is_reached_by_psycopg(tmp_path: Path) -> None:
    told = load({"METROLOGY_INSTANCE": str(tmp_path), "DATABASE_URL": "postgresql://m@db/metrology"})
    assert told.database_url == "postgresql+psycopg://m@db/metrology"


def test_hosts_with_one_shared_folder_have_the_same_keys(tmp_path: Path) -> None:
    shared = {"METROLOGY_SHARED_FOLDER": str(tmp_path / "shared")}
    one, two = (load({"METROLOGY_INSTANCE": str(tmp_path / name), **shared}) for name in "ab")
    assert (one.secret_key, one.totp_key, one.dump_folder) == (two.secret_key, two.totp_key, two.dump_folder)
    assert one.instance != two.instance
    assert load({"METROLOGY_INSTANCE": str(tmp_path / "c")}).shared == tmp_path / "c"


def test_processes_that_start_at_once_read_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _n: load({"METROLOGY_INSTANCE": str(tmp_path)}).secret_key, range(32)))
    assert len(set(found)) == 1
    assert len(found[0]) >= 64
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["password_salt", "secret_key", "totp_key"]


@pytest.mark.parametrize("primary", ["", "sqlite:///a.db"])
def test_a_replica_needs_a_postgresql_to_follow(tmp_path: Path, primary: str) -> None:
    said = {"METROLOGY_INSTANCE": str(tmp_path), "DATABASE_URL": primary, "DATABASE_REPLICA_URL": "postgresql://m@r/m"}
    with pytest.raises(ValueError, match="DATABASE_REPLICA_URL"):
        load(said)
