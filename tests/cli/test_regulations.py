from pathlib import Path

from metrology.cli.regulations import table, types
from metrology.domain.authority import Actor
from metrology.services import confirming, law
from metrology.services.confirming import Cited
from tests.conftest import NOW
from tests.people import create_user

DOCUMENT = Path(__file__).parents[2] / "docs" / "regulations.md"


def test_the_document_lists_the_types_as_they_are():
    listed = DOCUMENT.read_text(encoding="utf-8").partition("## Types and editions")[2]
    assert [line for line in listed.splitlines() if line.startswith("|")] == list(table())


def test_the_command_prints_the_list(app):
    printed = app.test_cli_runner().invoke(types).output.splitlines()
    assert printed == list(table())
    assert any("JJG 1204-2025 | 2027-01-08" in line and line.endswith("| all |") for line in printed)


def test_the_command_knows_what_was_confirmed(app, session):
    user = create_user(session, "administrator")
    cited = Cited(document="JJG 1204-2025")
    numbers = law.edition(session, "electronic_price_computing_scale", "JJG 1204-2025").numbers
    actor = Actor(user.id, user.name, frozenset({"administrator"}))
    given = ("electronic_price_computing_scale", "JJG 1204-2025")
    confirming.confirm(session, actor, *given, dict.fromkeys(set(numbers) - {"interval", "loads"}, ""), cited, now=NOW)
    confirming.dispute(session, actor, *given, {"loads": "6"}, cited, now=NOW)
    session.commit()
    printed = app.test_cli_runner().invoke(types).output
    assert "| JJG 1204-2025 | 2027-01-08 | 25 | `interval`, `loads`; disputed: `loads` (6) |" in printed
