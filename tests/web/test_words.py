"""Every text people see has its Chinese, with the same gaps, worded once."""

from __future__ import annotations

import pytest
from flask import Flask

from metrology.cli import translating
from metrology.cli.translating import Text
from metrology.web import labels, languages, problems


@pytest.fixture(scope="module")
def found() -> dict[str, Text]:
    return translating.texts()


def test_every_text_has_its_chinese(found: dict[str, Text]) -> None:
    lacking = translating.missing(found, translating.merged())
    assert [f"{text.place} {text.english}" for text in lacking] == []


def test_chinese_has_the_gaps_of_the_english(found: dict[str, Text]) -> None:
    assert [text.english for text in translating.mismatched(found, translating.merged())] == []


def test_no_text_is_worded_twice() -> None:
    assert [f"{loser.place} {loser.english}" for _winner, loser in translating.conflicts()] == []


def test_every_line_is_used(found: dict[str, Text]) -> None:
    unused = [f"{line.place} {line.english}" for line in translating.lines() if line.english not in found]
    assert unused == []


def test_the_catalogue_is_made_of_these_lines(found: dict[str, Text]) -> None:
    """``make words`` after a change of text; the catalogue is what translators and the program read."""
    made = translating.written(translating.catalogue(found, translating.merged()))
    assert made == (translating.TARGET / "messages.po").read_bytes()


def test_per_cent_signs_of_templates_and_problems_are_doubled(found: dict[str, Text]) -> None:
    """Jinja and ``problems.sentence`` fill gaps with ``%`` even where there are none."""
    chinese = translating.merged()
    filled = [
        text
        for text in found.values()
        if any(place.startswith(("templates/", "metrology/web/sentences/")) for place, _ in text.places)
    ]
    for text in filled:
        gaps = dict.fromkeys(translating.placeholders(text.plural or text.english), 1)
        for wording in (text.english, text.plural or "", chinese.get(text.english, "")):
            assert isinstance(wording % gaps, str)


def test_labels_follow_the_language_of_the_request(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        assert str(labels.VERDICTS["conforms"]) == "Conforms"
    with app.test_request_context("/?lang=zh_Hans_CN"):
        assert str(labels.VERDICTS["conforms"]) == "合格"


@pytest.mark.parametrize(("language", "said"), [("en", "Li, Wang"), ("zh_Hans_CN", "Li、Wang")])
def test_names_stand_after_each_other_as_the_language_has_it(app: Flask, language: str, said: str) -> None:
    with app.test_request_context(f"/?lang={language}"):
        assert languages.listed(["Li", "Wang"]) == said


def test_a_problem_without_a_sentence_still_says_its_code(app: Flask) -> None:
    with app.test_request_context("/?lang=zh_Hans_CN"):
        assert problems.sentence("never_heard_of") == "无法完成此操作（never_heard_of）。"
