"""``export-registry``, ``check-registry``, ``import-registry``: what they say and answer; the page of the format says what they write."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from metrology.cli import registry_files
from metrology.persistence import whole
from metrology.persistence.database import Model, db
from metrology.persistence.instruments import Instrument
from metrology.persistence.whole import LEFT_OUT, PREPARED, kind_of
from metrology.services.registry_tables import page_with_tables
from metrology.settings import ROOT
from tests.records import create_scale
from tests.whole import MIGRATION, empty_database, stamp

PAGE = ROOT / "docs" / "registry-format.md"


def test_out_checked_and_in(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_files, "head_revision", lambda: MIGRATION)
    with app.app_context():
        stamp(db.engine)
        create_scale(db.session())
        db.session.commit()
        db.session.remove()
    run = app.test_cli_runner().invoke
    out = run(args=["export-registry", str(tmp_path / "all.tar")])
    assert out.exit_code == 0, out.output
    digest = next(line.split()[1] for line in out.output.splitlines() if line.startswith("Digest: "))
    assert "instance/keys" in out.output
    checked = run(args=["check-registry", str(tmp_path / "all.tar"), "--digest", digest])
    assert (checked.exit_code, "is whole" in checked.output) == (0, True)
    with empty_database("sqlite", tmp_path) as engine, monkeypatch.context() as patched:
        patched.setattr(registry_files, "db", type("Db", (), {"engine": engine}))
        into = run(args=["import-registry", str(tmp_path / "all.tar"), "--digest", digest])
        assert into.exit_code == 0, into.output
        assert "The journal holds: 1 entries." in into.output
        with engine.connect() as connection:
            assert connection.scalar(select(func.count()).select_from(Instrument)) == 1
        again = run(args=["import-registry", str(tmp_path / "all.tar")])
    assert again.exit_code == 1
    assert "the database is not empty (due_tally has rows)" in again.output


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["export-registry", "{here}"], "is there already"),
        (["check-registry", "{here}"], "the export lacks manifest.json"),
        (["import-registry", "{here}"], "the export lacks manifest.json"),
    ],
)
def test_refused_with_a_sentence(app: Flask, tmp_path: Path, command: list[str], sentence: str) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sir")
    told = app.test_cli_runner().invoke(args=[one.format(here=tmp_path) for one in command])
    assert (told.exit_code, sentence in told.output) == (1, True), told.output
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


# -- the page of the format


def test_the_page_lists_every_table_and_column() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page_with_tables(text), "run: flask --app run registry-tables"


def test_every_table_is_exported_or_left_out_for_a_reason_the_page_gives() -> None:
    names = set(Model.metadata.tables)
    exported = {one.name for one in whole.tables()}
    assert exported | set(LEFT_OUT) == names
    assert exported.isdisjoint(LEFT_OUT)
    assert set(PREPARED) < exported
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in LEFT_OUT if f"`{name}`" not in text.split("## The tables")[0]] == []


def test_every_kind_of_cell_is_on_the_page() -> None:
    kinds = {kind_of(column.type) for one in whole.tables() for column in one.columns}
    text = PAGE.read_text(encoding="utf-8")
    assert [kind for kind in kinds if f"| `{kind}` |" not in text] == []


def test_every_fault_of_the_services_has_a_sentence() -> None:
    import re

    files = ("documents/registry_file.py", "services/registry_import.py", "services/registry_export.py")
    texts = [(ROOT / "metrology" / name).read_text(encoding="utf-8") for name in files]
    codes = {code for text in texts for code in re.findall(r'Problem\(\s*"(registry_\w+)"', text)}
    assert codes == set(registry_files.FAULTS)
