"""Settings: keys are made once and kept private; the public address follows host and port unless it is said."""

from __future__ import annotations

from pathlib import Path

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
