"""Gathering texts and wording them in Chinese."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from metrology.cli import translating


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "metrology").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "metrology" / "page.py").write_text(
        'a = _("Due")\nb = ngettext("%(num)d day", "%(num)d days", 2)\nc = _l("Seal")\n'
    )
    (tmp_path / "templates" / "page.html").write_text("<h1>{{ _('Due') }}</h1>{% trans %}Only here{% endtrans %}")
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_texts_of_program_and_templates_are_gathered(root: Path) -> None:
    found = translating.texts(root)
    assert set(found) == {"Due", "%(num)d day", "Seal", "Only here"}
    assert found["%(num)d day"].plural == "%(num)d days"
    assert found["Due"].places == [("metrology/page.py", 1), ("templates/page.html", 1)]


def test_labels_win_over_other_areas(tmp_path: Path) -> None:
    write(tmp_path, "areas.tsv", "Seal\t封印\n")
    write(tmp_path, "labels.tsv", "Seal\t铅封\n")
    assert translating.merged(tmp_path) == {"Seal": "铅封"}
    assert [(winner.file.name, loser.file.name) for winner, loser in translating.conflicts(tmp_path)] == [
        ("labels.tsv", "areas.tsv")
    ]


def test_the_same_wording_twice_is_no_conflict(tmp_path: Path) -> None:
    write(tmp_path, "a.tsv", "Seal\t封印\n")
    write(tmp_path, "b.tsv", "Seal\t封印\n")
    assert translating.conflicts(tmp_path) == []


@pytest.mark.parametrize("line", ["Seal", "Seal\t", "Seal 封印"])
def test_a_line_without_chinese_is_named(tmp_path: Path, line: str) -> None:
    write(tmp_path, "a.tsv", f"Due\t到期\n{line}\n")
    with pytest.raises(click.ClickException, match=r"a\.tsv:2"):
        translating.merged(tmp_path)


def test_line_ends_are_written_as_escapes(tmp_path: Path) -> None:
    write(tmp_path, "a.tsv", "One\\nTwo\t一\\n二\n")
    assert translating.merged(tmp_path) == {"One\nTwo": "一\n二"}


@pytest.mark.parametrize(
    ("english", "chinese", "differs"),
    [
        ("%(n)s left", "还有 %(n)s", False),
        ("%(n)s left", "还有 %(m)s", True),
        ("{n} chosen", "已选", True),
        ("100 %", "百分之百", False),
    ],
)
def test_gaps_are_compared(english: str, chinese: str, differs: bool) -> None:
    texts = {english: translating.Text(english)}
    assert bool(translating.mismatched(texts, {english: chinese})) is differs


def test_the_plural_has_the_gaps_that_count() -> None:
    texts = {"one day": translating.Text("one day", "%(num)d days")}
    assert translating.mismatched(texts, {"one day": "%(num)d 天"}) == []


def test_the_catalogue_does_not_change_with_the_day(root: Path) -> None:
    found = translating.texts(root)
    made = translating.written(translating.catalogue(found, {"Due": "到期", "%(num)d day": "%(num)d 天"}))
    assert b"Date" not in made
    assert 'msgid "Due"\nmsgstr "到期"\n'.encode() in made
    assert 'msgid_plural "%(num)d days"\nmsgstr[0] "%(num)d 天"\n'.encode() in made
