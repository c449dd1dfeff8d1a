from pathlib import Path

from metrology.cli.regulations import table, types

DOCUMENT = Path(__file__).parents[2] / "docs" / "regulations.md"


def test_the_document_lists_the_types_as_they_are():
    listed = DOCUMENT.read_text(encoding="utf-8").partition("## Types and editions")[2]
    assert [line for line in listed.splitlines() if line.startswith("|")] == list(table())


def test_the_command_prints_the_list(app):
    printed = app.test_cli_runner().invoke(types).output.splitlines()
    assert printed == list(table())
    assert any("JJG 1204-2025 | 2027-01-08" in line and line.endswith("| all |") for line in printed)
